# The verbs that people type every day. Each makes or mends the environment first.
# Without make: python bootstrap.py <verb>

PYTHON ?= python3

.PHONY: help book test audit bench lab doctor format clean

help:  ## say what there is
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

book:  ## make, build and serve the book
	@$(PYTHON) bootstrap.py book

test:  ## prove that everything in it holds
	@$(PYTHON) bootstrap.py test

audit:  ## what is too dear for every time
	@$(PYTHON) bootstrap.py test --audit

bench:  ## measure the library against scikit-learn, torch and others
	@$(PYTHON) bootstrap.py bench $(WORDS)

lab:  ## open JupyterLab on chapters and exercises
	@$(PYTHON) bootstrap.py lab

doctor:  ## say what this machine lacks and how to mend it
	@$(PYTHON) coursekit/doctor.py

format:  ## format and lint the code
	@$(PYTHON) bootstrap.py format

clean:  ## remove what was generated, the environment apart
	@rm -rf _build dist
