"""Every page and exercise that says so runs in the browser's Python, as in the book.

Pyodide and the wheels are those of the built site, run by Node in one process. Each
notebook has a kernel and modules of its own.
"""

import json
import os
import re
import subprocess

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
    notebooks = [
        starter_notebook(exercise, solved=solved)
        for exercise in EXERCISES.values()
        for solved in (False, True)
    ]
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
        "notebooks": [*map(page_notebook, PAGES.values()), *notebooks],
    }


@pytest.fixture(scope="module")
def ran(site, tmp_path_factory):
    """What each notebook gave in Pyodide, by name."""
    if not (site / "_run" / "manifest.json").is_file():
        reason = f"the site was built without Pyodide {RELEASE}: it was not to be had"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    done = subprocess.run(
        [node.node_program(), str(HERE / "run.mjs")],
        input=json.dumps(job(site)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line[:1] == "{"]
    report = {line.get("name", "start"): line for line in lines}
    for name, line in report.items():
        print(f"{name}: {line['seconds']:.1f} s, {line.get('megabytes', 0)} MB")
    short = [line for line in done.stderr.splitlines() if len(line) < 200]
    assert done.returncode == 0, "\n".join([f"after {list(report)[-1:]}", *short[-30:]])
    return report


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_in_the_browser_what_the_book_shows(name, ran):
    page = PAGES[name]
    book = results.outputs(here(), page)
    assert book is not None, "the page was not executed: coursekit run"
    wrong = {}
    for cell, ours, theirs in zip(
        page.source.code, book, ran[name]["cells"], strict=True
    ):
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
def test_a_starter_runs_in_the_browser_and_nothing_is_answered_yet(name, ran):
    found, errors = said(ran[f"{name} False"]["cells"])
    assert errors == []
    assert {outcome for _, outcome in found} == {"not answered yet"}
    names = {question.name for question in EXERCISES[name].questions}
    assert {question for question, _ in found} == names


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_every_check_in_the_browser(name, ran):
    found, errors = said(ran[f"{name} True"]["cells"])
    assert errors == []
    assert {outcome for _, outcome in found} == {"passed"}
    assert len(found) == len(said(ran[f"{name} False"]["cells"])[0])
