"""The answer page of an exercise: its prose and the reference, without the grader's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coursekit.source import Cell, Source

_MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)
_HEADING = re.compile(r"\A\s*# .*\n?")


def answer_page(source: Source) -> str:
    """Return the answer page of an exercise as Markdown.

    Parameters
    ----------
    source
        The exercise's source.

    Returns
    -------
    str
        Title, prose, given code and reference answers. Checks, evidence, judges,
        hints, other answers and the rubric's markers are left out.
    """
    if source.exercise is None:
        raise ValueError(f"{source.path} is not an exercise")
    title = source.exercise.title
    chapter = source.exercise.chapter
    head = (
        "---\norphan: true\n---\n"
        f"# Reference answers: {title}\n\n"
        f"One way to answer the exercise of [its page](/{chapter}.ipynb). It is the "
        "answer that the checks and the grader compare with; yours may read "
        "differently and be as right.\n"
    )
    shown = (_shown(cell) for cell in source.cells)
    return "\n".join([head, *(text for text in shown if text)]) + "\n"


def _shown(cell: Cell) -> str:
    role = cell.role.role if cell.role else None
    if cell.kind == "markdown" and role in (None, "manual"):
        return _MARKER.sub("", _HEADING.sub("", cell.source)) + "\n"
    if cell.kind == "code" and role in (None, "parameters", "answer"):
        code = _MARKER.sub("", cell.source).strip()
        return f"```python\n{code}\n```\n"
    return ""
