"""Every page and exercise that says so runs in the browser's Python, as in the book.

Pyodide and the wheels are those of the built site, run by Node in one process, which
runs the notebooks that are asked for. Each has a kernel and modules of its own.
"""

import json
import os
import re
import subprocess
import threading
from contextlib import suppress

import pytest

from coursekit.book import results
from coursekit.book.exercise_pages import read_starter
from coursekit.book.layout import here
from coursekit.book.plan import plan
from coursekit.exercises.model import load
from coursekit.site import node
from coursekit.site.vendor.pyodide import RELEASE

from .comparing import differences, summary

HERE = here().root / "tests" / "site" / "pyodide"
STATIC = here().root / "coursekit" / "site" / "static" / "run"
PACKAGES = ["numpy", "pandas", "scipy", "scikit-learn", "matplotlib"]
# Cells whose numbers are no result, by a piece of their source, and why; such a cell
# still has to end as in the book. One that agrees after all has no place here.
NO_RESULT = {
    "SGDRegressor(random_state=0)": "a descent that diverges multiplies its rounding",
}
LIMIT = 300  # seconds for a notebook, on a machine that does much else
_MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


def pages():
    return [page for page in plan(here()) if "page" in page.source.course.runs]


def exercises():
    found = [load(path) for path in sorted(here().solutions.glob("*/*.md"))]
    return [exercise for exercise in found if "page" in exercise.meta.runs]


PAGES = {page.name: page for page in pages()}
EXERCISES = {exercise.name: exercise for exercise in exercises()}


def page_notebook(page):
    cells = [{"id": f"cell {c.index}", "source": c.source} for c in page.source.code]
    return {"name": page.name, "cells": cells}


def starter_notebook(exercise, *, solved):
    """The starter, as it is or with the reference in the place of each answer."""
    cells = []
    for cell in read_starter(here(), exercise.name)["cells"]:
        role = cell["metadata"].get("course", {})
        source = "".join(cell["source"])
        if solved and role.get("role") == "answer":
            source = exercise.question(role["question"]).answer.source
        if cell["cell_type"] == "code" and cell["id"] != "bootstrap":
            cells.append({"id": cell["id"], "source": _MARKER.sub("", source)})
    return {"name": f"{exercise.name} {solved}", "cells": cells}


def job(site):
    shim = (STATIC / "shim").rglob("*.py")
    files = {
        f"/course/shim/{path.relative_to(STATIC / 'shim').as_posix()}": path.read_text()
        for path in shim
    }
    files["/course/course_kernel.py"] = (STATIC / "kernel.py").read_text()
    return {
        "site": str(site),
        "packages": PACKAGES,
        "files": files,
        "prelude": (HERE / "prelude.py").read_text(),
    }


class Pyodide:
    """A Node process with the site's Pyodide, which runs each notebook once.

    Parameters
    ----------
    site
        The built site.
    errors
        A file for what Node complains about.
    """

    def __init__(self, site, errors):
        self._errors = errors
        self._ran = {}
        command = [node.node_program(), str(HERE / "run.mjs")]
        pipe = subprocess.PIPE
        with errors.open("w") as said:
            self._node = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=said, text=True
            )
        self._asked(job(site))

    def cells(self, notebook):
        """What each cell of a notebook gave."""
        name = notebook["name"]
        if name not in self._ran:
            self._ran[name] = self._asked(notebook)["cells"]
        return self._ran[name]

    def _asked(self, value):
        """Write a line and read the answer; end Node if none comes."""
        late = threading.Timer(LIMIT, self._node.kill)
        late.start()
        try:
            with suppress(BrokenPipeError):  # an earlier notebook ended it
                print(json.dumps(value), file=self._node.stdin, flush=True)
            for line in self._node.stdout:
                if line[:1] == "{":
                    return json.loads(line)
        finally:
            late.cancel()
        lines = self._errors.read_text().splitlines()
        short = [line for line in lines if len(line) < 200]
        raise AssertionError("\n".join([f"{value.get('name')}: no end", *short[-30:]]))

    def close(self):
        self._node.kill()
        self._node.wait()
        self._node.stdin.close()
        self._node.stdout.close()


@pytest.fixture(scope="module")
def pyodide(site, tmp_path_factory):
    if not (site / "_run" / "manifest.json").is_file():
        reason = f"the site was built without Pyodide {RELEASE}: it was not to be had"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    started = Pyodide(site, tmp_path_factory.mktemp("node") / "errors")
    yield started
    started.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_in_the_browser_what_the_book_shows(name, pyodide):
    page = PAGES[name]
    book = results.outputs(here(), page)
    assert book is not None, "the page was not executed: coursekit run"
    wrong = {}
    cells = pyodide.cells(page_notebook(page))
    for cell, ours, theirs in zip(page.source.code, book, cells, strict=True):
        varies = "varies" in cell.tags
        found = differences(summary(ours), summary(theirs["outputs"]), varies=varies)
        if any(piece in cell.source for piece in NO_RESULT):
            assert found, f"line {cell.line} agrees: take it out of NO_RESULT"
            found = differences(summary(ours), summary(theirs["outputs"]), varies=True)
        if found:
            wrong[f"line {cell.line}"] = found
    assert wrong == {}


def test_every_cell_that_is_let_off_is_there():
    code = [cell.source for page in PAGES.values() for cell in page.source.code]
    assert all(any(piece in source for source in code) for piece in NO_RESULT)


def said(cells):
    """What the checks said: outcomes by question; and every error."""
    text = "".join(
        output["text"]
        for cell in cells
        for output in cell["outputs"]
        if output["kind"] == "stream"
    )
    errors = [o for cell in cells for o in cell["outputs"] if o["kind"] == "error"]
    found = re.findall(r"^(q\d+) (passed|not yet|not answered yet): ", text, re.M)
    return found, errors


@pytest.mark.parametrize("name", EXERCISES)
def test_a_starter_runs_in_the_browser_and_nothing_is_answered_yet(name, pyodide):
    starter = starter_notebook(EXERCISES[name], solved=False)
    found, errors = said(pyodide.cells(starter))
    assert errors == []
    assert {outcome for _, outcome in found} == {"not answered yet"}
    names = {question.name for question in EXERCISES[name].questions}
    assert {question for question, _ in found} == names


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_every_check_in_the_browser(name, pyodide):
    solved = starter_notebook(EXERCISES[name], solved=True)
    found, errors = said(pyodide.cells(solved))
    assert errors == []
    assert {outcome for _, outcome in found} == {"passed"}
    starter = starter_notebook(EXERCISES[name], solved=False)
    assert len(found) == len(said(pyodide.cells(starter))[0])
