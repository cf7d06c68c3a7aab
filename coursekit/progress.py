"""Show how far a long piece of work is: a bar on a terminal, lines elsewhere.

Of some stages nobody knows how much there is to do: their total is 0 until they end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["shown"]

_EVERY = 10.0  # seconds between two lines where there is no terminal


@contextmanager
def shown(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that is told the stage, and how much of how much is done.

    A total of 0 says that this is not known; then only the time goes by.

    Parameters
    ----------
    console : Console
        Where to show it.
    """
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bars(progress)


class _Bars:
    """One bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=None)
        if total:
            self._progress.update(self._bars[stage], completed=done, total=total)


class _Lines:
    """A line when a stage begins and ends, and now and then in between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._total = 0
        self._began = self._last = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._total, self._began = stage, total, now
        elif (done < total or not total) and now - self._last < _EVERY:
            return
        self._last = now
        self._console.print(f"{stage}: {self._said(done, total, now)}")

    def _said(self, done: int, total: int, now: float) -> str:
        passed = f"{now - self._began:.0f} s"
        if not total:
            return f"{passed} so far" if now > self._began else "begun"
        if not self._total:
            return f"done in {passed}"
        return f"{done} of {total}{self._left(done, total, now)}"

    def _left(self, done: int, total: int, now: float) -> str:
        if not 0 < done < total:
            return ""
        seconds = (now - self._began) / done * (total - done)
        return f", about {seconds:.0f} s left"
