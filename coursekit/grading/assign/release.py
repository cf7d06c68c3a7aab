"""What learners and instructors are given, made from the sources, never from copies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coursekit import settings
from coursekit.exercises import runs
from coursekit.exercises.model import Exercise
from coursekit.exercises.starter import starter, text_of
from coursekit.exercises.strip import BEGIN, END
from coursekit.grading.assign.files import Files
from coursekit.grading.assign.variants import with_seed

__all__ = ["Kit", "file_of", "for_instructor", "render", "solution"]

_TEMPLATES = Path(__file__).with_name("templates")
_BOOK = "ml-engineer-course"
_PACKAGE = re.compile(r'"([a-z-]+) @ (git\+[^"]+)"')


def file_of(exercise: Exercise) -> str:
    """Return the name of an exercise's notebook in a release.

    Every exercise has another; a part of it tells where it belongs.
    """
    return f"{exercise.name.replace('/', '-')}.ipynb"


@dataclass(frozen=True)
class Kit:
    """Exercises as they are handed out, made once for the whole class.

    Attributes
    ----------
    starters
        By file, in the order in which they are listed.
    exercises
        In the same order.
    """

    starters: dict[str, nbformat.NotebookNode]
    exercises: tuple[Exercise, ...]

    @classmethod
    def of(cls, exercises: Sequence[Exercise]) -> Kit:
        """Make the starters of exercises."""
        made = {file_of(one): starter(one) for one in exercises}
        return cls(made, tuple(exercises))

    def files(self, seeds: Sequence[int] | None = None) -> Files:
        """Make what one learner, or the whole class, is given.

        Parameters
        ----------
        seeds : sequence of int, optional
            The learner's own seed for each exercise; without, the source's.

        Returns
        -------
        dict of str to bytes
            A notebook each, and `README.md`.
        """
        files = {"README.md": self._readme(own=seeds is not None).encode()}
        numbers: Sequence[int | None] = seeds or [None] * len(self.starters)
        for (name, notebook), seed in zip(self.starters.items(), numbers, strict=True):
            own = notebook if seed is None else with_seed(notebook, seed)
            files[name] = text_of(own).encode()
        return files

    def _readme(self, *, own: bool) -> str:
        listed = [
            *zip(self.starters, (one.meta for one in self.exercises), strict=True)
        ]
        return render(
            "learner.md.j2",
            title=settings.load().title,
            exercises=listed,
            own=own,
            colab=all("colab" in meta.runs for _, meta in listed),
            packages=self._packages(),
        )

    def _packages(self) -> list[str]:
        """Return what pip is asked for: what the first cells ask for in Colab.

        Colab has most packages already; elsewhere the extra `pages` brings them, and
        `lab` brings what opens a notebook.
        """
        asked: dict[str, str] = {}
        for notebook in self.starters.values():
            first = next(one for one in notebook.cells if one.id == "bootstrap")
            asked |= dict(_PACKAGE.findall(first.source))
        own = {one.meta.extra for one in self.exercises if one.meta.extra}
        extras = {_BOOK: f"[{','.join(sorted({'lab', 'pages', *own}))}]"}
        return [f"{one}{extras.get(one, '')} @ {at}" for one, at in asked.items()]


def solution(exercise: Exercise) -> nbformat.NotebookNode:
    """Make the starter with the reference's answers in it.

    Parameters
    ----------
    exercise : Exercise
        The exercise.

    Returns
    -------
    NotebookNode
        Answers stand between their markers, which are nbgrader's too, and written
        questions have their rubric. For instructors.
    """
    notebook = starter(exercise)
    answers = runs.answers(exercise)
    for cell in notebook.cells:
        about = cell.metadata.get("course", {})
        if about.get("role") == "answer":
            cell.source = answers[about["question"]]
        elif about.get("role") == "manual":
            cell.source = _rubric(exercise, about["question"])
    return notebook


def _rubric(exercise: Exercise, question: str) -> str:
    manual = exercise.question(question).manual
    begun = manual.source.partition(BEGIN)[2] if manual else ""
    return f"{BEGIN}\n{begun.partition(END)[0].strip()}\n{END}"


def for_instructor(exercises: Sequence[Exercise], *, answers: bool) -> Files:
    """Make what belongs to the instructor alone.

    Parameters
    ----------
    exercises : sequence of Exercise
        The exercises of the release.
    answers : bool
        Whether solution notebooks are among it.

    Returns
    -------
    dict of str to bytes
        `README.md`, and `solutions/` with a notebook each.
    """
    said = render(
        "instructor.md.j2",
        exercises=[(one.name, file_of(one), one) for one in exercises],
        answers=answers,
    )
    files = {"README.md": said.encode()}
    if answers:
        for exercise in exercises:
            text = text_of(solution(exercise))
            files[f"solutions/{file_of(exercise)}"] = text.encode()
    return files


def render(template: str, **names: Any) -> str:
    """Fill a template of this package; a name that it lacks is an error."""
    return _environment().get_template(template).render(**names)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
