"""The notebook of one run: our cells, and a learner's in their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import nbformat

from coursekit.exercises.model import Exercise
from coursekit.exercises.runs import Run, answers
from coursekit.grading.model import Piece

__all__ = ["paper"]


def paper(
    exercise: Exercise, run: Run, pieces: Sequence[Piece], seed: int
) -> nbformat.NotebookNode:
    """Write the notebook that papermill executes.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    run : Run
        Which evidence is gathered, and for which questions the reference stands in.
    pieces : sequence of Piece
        A learner's code, in the learner's order.
    seed : int
        The secret seed. papermill injects it; it is set again before evidence, since
        a learner's own cells may well use that name.

    Returns
    -------
    NotebookNode
        Each cell says in its metadata, under `course`, what kind it is and to which
        question it belongs.
    """
    cells = [
        _cell(number, *one)
        for number, one in enumerate(_all(exercise, run, pieces, seed))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells, metadata=metadata
    )
    return made


_Made = tuple[str, str, str]  # kind, question, code


def _all(
    exercise: Exercise, run: Run, pieces: Sequence[Piece], seed: int
) -> Iterator[_Made]:
    reference = answers(exercise)
    yield from _own(pieces, "")
    counted = 0
    for cell in exercise.source.code:
        role = cell.role.role if cell.role else "given"
        question = (cell.role.question if cell.role else None) or ""
        if role == "parameters":
            yield role, "", cell.source
            yield from _own(pieces, role)
        elif role == "given":
            counted += 1
            yield role, "", cell.source
            yield from _own(pieces, f"given-{counted}")
        elif role == "answer":
            if question in run.stands_in:
                yield "given", question, reference[question]
            else:
                yield from _answer(pieces, question)
            yield from _own(pieces, f"{question}-answer")
        elif role == "evidence" and question in run.gathers:
            yield "given", question, f"seed = {seed}"
            yield role, question, cell.source


def _own(pieces: Sequence[Piece], after: str) -> Iterator[_Made]:
    """Give the cells that a learner added or changed after one of ours."""
    for piece in pieces:
        if piece.kind != "answer" and piece.after == after:
            yield piece.kind, after.partition("-answer")[0], piece.source


def _answer(pieces: Sequence[Piece], question: str) -> Iterator[_Made]:
    for piece in pieces:
        if piece.kind == "answer" and piece.question == question:
            yield "answer", question, piece.source


def _cell(number: int, kind: str, question: str, code: str) -> nbformat.NotebookNode:
    """Make a cell; not by nbformat, which would validate each one against a schema."""
    tags = ["parameters"] if kind == "parameters" else []
    about = {"kind": kind, "question": question}
    made: nbformat.NotebookNode = nbformat.from_dict(
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {"tags": tags, "course": about},
            "source": code,
            "execution_count": None,
            "outputs": [],
        }
    )
    return made
