"""The notebooks that are executed to gather evidence, and papermill's run of them.

A question that calls an earlier answer (`needs`) is gathered in a run of its own, in
which the reference stands in for that answer: a wrong first answer then costs its own
question alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from coursekit.exercises.model import Exercise
from coursekit.exercises.strip import strip
from coursekit.source import Cell

__all__ = ["Run", "answers", "closure", "execute", "notebook", "papermill_run", "runs"]


@dataclass(frozen=True)
class Run:
    """One execution.

    Attributes
    ----------
    name
        Name of its folder.
    gathers
        Questions whose evidence is written in it.
    stands_in
        Questions that the reference answers in it.
    """

    name: str
    gathers: frozenset[str]
    stands_in: frozenset[str] = frozenset()


def runs(exercise: Exercise) -> list[Run]:
    """Return the executions that a submission takes: one, and one a `needs`."""
    free = frozenset(q.name for q in exercise.questions if not q.needs)
    apart = [
        Run(q.name, frozenset({q.name}), closure(exercise, q.name))
        for q in exercise.questions
        if q.needs
    ]
    return [Run("main", free), *apart]


def closure(exercise: Exercise, question: str) -> frozenset[str]:
    """Return the earlier questions that a question calls, directly or not."""
    found: set[str] = set()
    waiting = list(exercise.question(question).needs)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += exercise.question(name).needs
    return frozenset(found)


def answers(exercise: Exercise, *, stripped: bool = False) -> dict[str, str]:
    """Return the reference's answers by question, or the skeletons."""
    return {
        q.name: strip(q.answer.source, q.name) if stripped else q.answer.source
        for q in exercise.questions
        if q.answer
    }


def notebook(
    exercise: Exercise, run: Run, given: Mapping[str, str]
) -> nbformat.NotebookNode:
    """Write the notebook of one run.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    run : Run
        Which evidence, and for which questions the reference stands in.
    given : mapping of str to str
        The answers of a submission, by question; an absent one runs nothing.

    Returns
    -------
    NotebookNode
        Parameters, given cells, answers and evidence cells in the source's order.
    """
    reference = answers(exercise)
    taken = {q: reference[q] if q in run.stands_in else c for q, c in given.items()}
    taken |= {q: reference[q] for q in run.stands_in}
    cells = []
    for cell in exercise.source.code:
        code = _code_of(cell, run, taken)
        if code is not None:
            tags = {"tags": ["parameters"]} if _role(cell) == "parameters" else {}
            name = f"cell-{cell.index}"
            cells.append(nbformat.v4.new_code_cell(code, id=name, metadata=tags))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells, metadata=metadata
    )
    return made


def _code_of(cell: Cell, run: Run, taken: Mapping[str, str]) -> str | None:
    role = _role(cell)
    question = (cell.role.question if cell.role else None) or ""
    if role in ("given", "parameters"):
        return cell.source
    if role == "answer":
        return taken.get(question)
    return cell.source if role == "evidence" and question in run.gathers else None


def execute(
    exercise: Exercise,
    given: Mapping[str, str],
    seed: int,
    folder: Path,
    *,
    seconds: float | None = None,
) -> dict[str, Path]:
    """Execute a submission's runs through papermill, with our engine.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    given : mapping of str to str
        Answers by question.
    seed : int
        The seed to inject.
    folder : Path
        Where notebooks and evidence go.
    seconds : float, optional
        Limit of one cell.

    Returns
    -------
    dict of str to Path
        Folder of the evidence by question.
    """
    places: dict[str, Path] = {}
    for run in runs(exercise):
        place = folder / run.name
        place.mkdir(parents=True, exist_ok=True)
        papermill_run(
            notebook(exercise, run, given),
            seed,
            output_path=str(place / "out.ipynb"),
            evidence=str(place),
            forbid=exercise.meta.forbid,
            execution_timeout=seconds,
        )
        places |= dict.fromkeys(run.gathers, place)
    return places


def papermill_run(paper: nbformat.NotebookNode, seed: int, **options: Any) -> None:
    """Let papermill execute a notebook in our engine, to its last cell.

    Parameters
    ----------
    paper : NotebookNode
        What to execute.
    seed : int
        The seed to inject.
    **options
        For `engine.CoursekitEngine`; `output_path`, where the executed notebook goes,
        nowhere by default.
    """
    import papermill
    from papermill.engines import papermill_engines

    from coursekit.exercises.engine import CoursekitEngine

    # The entry point is there once the distribution is installed; a checkout that is
    # merely on the path has the engine all the same.
    papermill_engines.register("coursekit", CoursekitEngine)
    try:
        papermill.execute_notebook(
            paper,
            options.pop("output_path", None),
            parameters={"seed": seed},
            engine_name="coursekit",
            progress_bar=False,
            **options,
        )
    except papermill.PapermillExecutionError:
        return  # every cell has run, and what it could not give is missing evidence


def _role(cell: Cell) -> str:
    return cell.role.role if cell.role else "given"
