"""Write the notebook that learners open, from the source of an exercise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from coursekit.book.imports import Resolver
from coursekit.book.layout import Layout
from coursekit.book.notebooks import bootstrap_cell
from coursekit.exercises.model import Exercise, Question
from coursekit.exercises.strip import BEGIN, strip
from coursekit.source import Cell

__all__ = ["path_of", "starter", "text_of"]

_ROOT = Path(__file__).resolve().parents[2]
_HIDDEN = frozenset({"evidence", "judge", "wrong-answer", "right-answer"})
_LEVELS = {1: "a nudge", 2: "an approach", 3: "a skeleton"}
_NBGRADER = {"schema_version": 3, "task": False}


def starter(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the starter of an exercise.

    Parameters
    ----------
    exercise : Exercise
        The exercise.

    Returns
    -------
    NotebookNode
        The same for the same source: ids come from question and role. Answers are
        skeletons, hints are folded, nothing of the grader is left.
    """
    cells = list(_cells(exercise))
    meta = exercise.meta
    metadata = {
        "kernelspec": {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        },
        "language_info": {"name": "python"},
        "course": {
            "exercise": exercise.name,
            "title": meta.title,
            "chapter": meta.chapter,
            "minutes": meta.minutes,
        },
    }
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells, metadata=metadata
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def text_of(notebook: nbformat.NotebookNode) -> str:
    """Return the text of a notebook's file: the same text for the same notebook."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def path_of(exercise: Exercise, root: Path) -> Path:
    """Return where the starter of an exercise stands."""
    return root / "exercises" / f"{exercise.name}.ipynb"


def _cells(exercise: Exercise) -> Iterator[nbformat.NotebookNode]:
    cells = list(_own_cells(exercise))
    first = next(at for at, cell in enumerate(cells) if cell.cell_type == "code")
    cells.insert(first, _bootstrap(cells))
    if exercise.meta.forbid:
        cells.insert(first, _off_limits(exercise.meta.forbid))
    return iter(cells)


def _off_limits(modules: Iterable[str]) -> nbformat.NotebookNode:
    """Say what cannot be imported when this is marked: before, nothing stops it."""
    *most, last = [f"`{module}`" for module in modules]
    listed = f"{', '.join(most)} and {last}" if most else last
    told = (
        f"Do without {listed}: you build here what they hold, and they cannot be "
        "imported when this is marked."
    )
    return _markdown("off-limits", told, _locked("off-limits"))


def _bootstrap(cells: Iterable[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Make the cell that installs, in Colab, what the others import."""
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    uses = Resolver(Layout(_ROOT).packages).uses(sources)
    ours = {label.partition("/")[0] for label in uses.modules}
    metadata = {"tags": ["bootstrap"], **_locked("bootstrap")}
    return _code("bootstrap", bootstrap_cell(uses.others | ours), metadata)


def _own_cells(exercise: Exercise) -> Iterator[nbformat.NotebookNode]:
    """Make the cells that the source has, in the form that a learner gets."""
    counted: Counter[str] = Counter()
    for cell in exercise.source.cells:
        role = cell.role.role if cell.role else None
        if role in _HIDDEN or cell.kind == "raw":
            continue
        if role == "hint":
            question = exercise.question(str(cell.role and cell.role.question))
            if cell is question.hints[0]:
                yield _hints(question)
        elif role == "manual":
            yield from _manual(cell)
        else:
            yield _plain(exercise, cell, counted)


def _plain(
    exercise: Exercise, cell: Cell, counted: Counter[str]
) -> nbformat.NotebookNode:
    """Make a cell that stays as it is, or an answer that becomes a skeleton."""
    role = cell.role
    if cell.kind == "markdown":
        counted["text"] += 1
        name = f"text-{counted['text']}"
        return _markdown(name, cell.source, _locked(name))
    if role is None:
        counted["given"] += 1
        name = f"given-{counted['given']}"
        return _code(name, cell.source, _locked(name))
    if role.role == "parameters":
        metadata = {"tags": ["parameters"], **_locked("parameters")}
        return _code("parameters", cell.source, metadata)
    question = role.question
    if question is None:
        return _code("summary", cell.source, _locked("summary"))
    if role.role == "answer":
        return _answer(cell, question, role.points or 0)
    counted[question] += 1
    name = f"{question}-check" + (
        f"-{counted[question]}" if counted[question] > 1 else ""
    )
    asked = exercise.question(question)
    points = asked.points / len(asked.checks)
    return _code(name, cell.source, _graded(name, points, question))


def _answer(cell: Cell, question: str, points: int) -> nbformat.NotebookNode:
    name = f"{question}-answer"
    nbgrader = {"grade": False, "grade_id": name, "locked": False, "solution": True}
    course = {"role": "answer", "question": question, "points": points}
    metadata = {"course": course, "nbgrader": _NBGRADER | nbgrader}
    return _code(name, strip(cell.source, question), metadata)


def _graded(name: str, points: float, question: str) -> dict[str, Any]:
    """Of a check: nbgrader gives the question's points for it."""
    nbgrader = {"grade": True, "grade_id": name, "locked": True, "solution": False}
    shown = int(points) if float(points).is_integer() else round(points, 2)
    return {
        "course": {"role": "check", "question": question},
        "nbgrader": _NBGRADER | nbgrader | {"points": shown},
    }


def _locked(name: str) -> dict[str, Any]:
    nbgrader = {"grade": False, "grade_id": name, "locked": True, "solution": False}
    return {"nbgrader": _NBGRADER | nbgrader}


def _hints(question: Question) -> nbformat.NotebookNode:
    folded = []
    for hint in question.hints:
        level = (hint.role.level if hint.role else None) or 1
        told = f"Hint {level} of {len(question.hints)}: {_LEVELS[level]}"
        folded.append(
            f"<details><summary>{told}</summary>\n\n{hint.source.strip()}\n\n</details>"
        )
    name = f"{question.name}-hints"
    return _markdown(name, "\n\n".join(folded), _locked(name))


def _manual(cell: Cell) -> Iterator[nbformat.NotebookNode]:
    """Make the prompt, without the rubric, and the cell to write in."""
    role = cell.role
    if role is None:
        return
    name = f"{role.question}-written"
    prompt = cell.source.split(BEGIN)[0].rstrip()
    head = f"**{role.title}** ({role.points} points, read by a person)"
    yield _markdown(f"{name}-prompt", f"{head}\n\n{prompt}", _locked(f"{name}-prompt"))
    nbgrader = {"grade": True, "grade_id": name, "locked": False, "solution": True}
    course = {"role": "manual", "question": role.question, "points": role.points}
    metadata = {
        "course": course,
        "nbgrader": _NBGRADER | nbgrader | {"points": role.points},
    }
    yield _markdown(name, "*Write your answer here.*", metadata)


def _code(name: str, source: str, metadata: dict[str, Any]) -> nbformat.NotebookNode:
    made: nbformat.NotebookNode = nbformat.v4.new_code_cell(
        source, id=name, metadata=metadata
    )
    return made


def _markdown(
    name: str, source: str, metadata: dict[str, Any]
) -> nbformat.NotebookNode:
    made: nbformat.NotebookNode = nbformat.v4.new_markdown_cell(
        source, id=name, metadata=metadata
    )
    return made
