"""The three things that are measured: time against a tool, memory, and growth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Work = Callable[[], Any]
# Makes the data, once, and returns our work and theirs on the same data.
Pair = Callable[[], tuple[Work, Work]]


@dataclass(frozen=True)
class Case:
    """One row of the table: our time as a ratio to that of a well-known tool.

    Attributes
    ----------
    name
        What is done and on how much, such as "k-means, 20k x 20, k = 10".
    against
        The tool.
    prepare
        Makes the data and returns two functions of no arguments, ours and theirs,
        which do the same work to the same stopping rule.
    goal
        The largest ratio, ours to theirs, that is good enough; None if there is none.
    agree
        Takes what the two returned, in that order, and raises `AssertionError` if
        they did not do the same work. Called once, before anything is timed.
    rounds
        How often the pair is run; the two take turns.
    memory
        Whether peak memory is measured too, each side in a process of its own.
    """

    name: str
    against: str
    prepare: Pair
    agree: Callable[[Any, Any], None]
    goal: float | None = None
    rounds: int = 7
    memory: bool = False


@dataclass(frozen=True)
class Growth:
    """How the time of our code grows with the size of its input.

    Attributes
    ----------
    name
        What is done and what grows.
    prepare
        Takes a size and returns the work.
    sizes
        Sizes, each twice the one before.
    expected
        The exponent that theory gives: time is proportional to size ** expected.
    rounds
        How often each size is run; the fastest counts.
    """

    name: str
    prepare: Callable[[int], Work]
    sizes: tuple[int, ...]
    expected: float
    rounds: int = field(default=3)
