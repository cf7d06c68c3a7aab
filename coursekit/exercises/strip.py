"""Take the reference out of an answer: the only code that strips anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["BEGIN", "END", "Block", "MarkerError", "blocks", "has_marker", "strip"]

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
# What a person writes who meant a marker: found so that it can be refused.
_NEARLY = re.compile(r"^\s*#+\s*(begin|end)\s*[-_ ]?\s*solution\b.*$", re.IGNORECASE)


class MarkerError(ValueError):
    """A marker that is missing, doubled, misspelt or out of line.

    Attributes
    ----------
    line
        Line of the text, counted from 0, on which it stands.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Block:
    """A block between markers: the markers' lines and their indentation."""

    begin: int
    end: int
    indent: str


def has_marker(text: str) -> bool:
    """Whether a text holds a marker, or a line that was meant as one."""
    return any(_NEARLY.match(line) for line in text.splitlines())


def blocks(text: str) -> list[Block]:
    r"""Find the blocks between `### BEGIN SOLUTION` and `### END SOLUTION`.

    Parameters
    ----------
    text : str
        Source of an answer cell, or the text of a manual one.

    Returns
    -------
    list of Block
        In order; empty where there is no marker.

    Raises
    ------
    MarkerError
        If markers do not pair, differ in their indentation or are misspelt.

    Examples
    --------
    >>> blocks("a\n### BEGIN SOLUTION\nb\n### END SOLUTION")
    [Block(begin=1, end=3, indent='')]
    """
    found: list[Block] = []
    begun: tuple[int, str] | None = None
    for number, word, indent in _markers(text):
        if word == BEGIN:
            if begun:
                raise MarkerError(number, f"a second `{BEGIN}` before `{END}`.")
            begun = (number, indent)
            continue
        if begun is None:
            raise MarkerError(number, f"`{END}` without `{BEGIN}` before it.")
        if indent != begun[1]:
            raise MarkerError(number, f"indent `{END}` exactly as its `{BEGIN}`.")
        found.append(Block(begun[0], number, indent))
        begun = None
    if begun:
        raise MarkerError(begun[0], f"`{BEGIN}` without `{END}` after it.")
    return found


def strip(text: str, question: str) -> str:
    r"""Replace each block of the reference by the place to write.

    Parameters
    ----------
    text : str
        Source of an answer cell.
    question : str
        The question's name, which the empty function raises.

    Returns
    -------
    str
        The skeleton. An indented block raises `NotImplementedError`, one at the top
        level only leaves the comment.

    Raises
    ------
    MarkerError
        As `blocks` does.

    Examples
    --------
    >>> text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    >>> print(strip(text, "q1"))
    def f():
        # YOUR CODE HERE
        raise NotImplementedError("q1")
    """
    lines = text.split("\n")
    for block in reversed(blocks(text)):
        place = [f"{block.indent}# YOUR CODE HERE"]
        if block.indent:
            place.append(f'{block.indent}raise NotImplementedError("{question}")')
        lines[block.begin : block.end + 1] = place
    return "\n".join(lines)


def _markers(text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n")):
        if not _NEARLY.match(line):
            continue
        word = line.strip()
        if word not in (BEGIN, END):
            raise MarkerError(
                number, f"write the marker as `{BEGIN}` or `{END}`, not `{word}`."
            )
        yield number, word, line[: len(line) - len(line.lstrip())]
