"""The page of an exercise in the site: its starter, as a notebook that Sphinx reads."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from coursekit.book.imports import Resolver
from coursekit.site.manifest import ExerciseFacts
from coursekit.site.vendor import lock as locks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coursekit.book.layout import Layout
    from coursekit.site.vendor.lock import Lock
    from coursekit.source import Source

_HINT = "<details><summary>"


def exercise_facts(
    layout: Layout, sources: Iterable[Source], *, answers: bool
) -> dict[str, ExerciseFacts]:
    """Return what the site shows of the exercises that have a starter, by name.

    Parameters
    ----------
    layout
        The checkout.
    sources
        The exercises.
    answers
        Whether their answers are published.
    """
    found = (_facts(layout, source, answers=answers) for source in sources)
    return {facts.name: facts for facts in found if facts is not None}


def _facts(layout: Layout, source: Source, *, answers: bool) -> ExerciseFacts | None:
    meta = source.exercise
    starter = read_starter(layout, source.name)
    if meta is None or starter is None:
        return None
    code = [_text(cell) for cell in starter["cells"] if _is_work(cell)]
    imported = Resolver({}).uses(code).others - set(layout.packages)
    return ExerciseFacts(
        name=source.name,
        title=meta.title,
        chapter=meta.chapter,
        minutes=meta.minutes,
        skills=meta.skills,
        data=meta.data,
        runs=list(meta.runs),
        points=_points(starter["cells"]),
        has_answers=answers,
        lacks=sorted(lacking(imported)),
    )


def lacking(imports: Iterable[str]) -> set[str]:
    """Return those of the imported names that the Python of a browser lacks.

    Examples
    --------
    >>> lacking(["numpy", "json", "torch"])
    {'torch'}
    """
    known = locks.read()
    return {name for name in imports if not _is_there(name, known)}


def _is_there(name: str, known: Lock) -> bool:
    return name in sys.stdlib_module_names or known.package_of(name) is not None


def read_starter(layout: Layout, name: str) -> dict[str, Any] | None:
    """Return the starter of an exercise; None where there is none.

    Parameters
    ----------
    layout
        The checkout.
    name
        The exercise, as `part/slug`.
    """
    path = layout.root / "exercises" / f"{name}.ipynb"
    if not path.is_file():
        return None
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def exercise_page(starter: dict[str, Any], facts: ExerciseFacts) -> str:
    """Return the notebook that the site's page is made of.

    Parameters
    ----------
    starter
        The notebook that learners download.
    facts
        What the site shows of it; the page is read again where they change.

    Returns
    -------
    str
        The starter less what is for Colab and nbgrader, each cell with its name and
        role, in no list of contents.
    """
    cells = [_cell(cell) for cell in starter["cells"] if cell["id"] != "bootstrap"]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        "orphan": True,
        "course_facts": repr(facts),
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4}
    return json.dumps(notebook | {"nbformat_minor": 5}, indent=1, sort_keys=True)


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    """Make a cell of the page: its name and role are kept in its metadata."""
    course = {"cell": cell["id"], **cell["metadata"].get("course", {})}
    made = {
        "cell_type": cell["cell_type"],
        "id": cell["id"],
        "metadata": {"course": course},
        "source": _text(cell),
    }
    if cell["cell_type"] == "code":
        return made | {"outputs": [], "execution_count": None}
    if cell["id"].endswith("-hints"):
        made["source"] = _ladder(made["source"], cell["id"].removesuffix("-hints"))
    return made


def _ladder(text: str, question: str) -> str:
    """Put the hints of a question into one box, whose steps unfold one by one."""
    steps = text.replace(_HINT, '<details class="ck-hint"><summary>')
    opened = '<p class="ck-opened ck-live" role="status"></p>'
    head = f'<div class="ck-hints" data-question="{question}">'
    return f"{head}\n\n{steps}\n\n{opened}\n\n</div>"


def _is_work(cell: dict[str, Any]) -> bool:
    return bool(cell["cell_type"] == "code" and cell["id"] != "bootstrap")


def _text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _points(cells: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Return what each question that has a check is worth."""
    roles = [cell["metadata"].get("course", {}) for cell in cells]
    return {
        role["question"]: role["points"]
        for role in roles
        if role.get("role") == "answer"
    }
