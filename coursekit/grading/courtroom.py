"""The process in which evidence is judged: `python -m coursekit.grading.courtroom`.

It never ran a learner's code. It is told on standard input what to judge, and says
one JSON object a line: that it is ready, then the verdict of one item after the other.
Whoever started it ends it when a line does not come in time.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from coursekit.exercises.court import Court
from coursekit.exercises.judge import judge
from coursekit.exercises.model import Exercise

__all__ = ["Docket", "Recogniser", "hear"]


class Recogniser(Protocol):
    """What knows the exercise's wrong answers by their evidence."""

    def match(self, item: str, evidence_folder: Path) -> str | None:
        """Return the name of the wrong answer whose evidence this is."""


@dataclass(frozen=True)
class Docket:
    """What one process judges.

    Attributes
    ----------
    exercise
        The exercise.
    work
        Case and item, in order; all items of a case stand together.
    cases
        Folder of the evidence by case.
    expected
        Folder of the reference's evidence.
    seed
        The seed with which all ran.
    catalogue
        Names the mistake behind a lost item, or None.
    memory
        Bytes of memory that the process may take.
    """

    exercise: Exercise
    work: Sequence[tuple[str, str]]
    cases: dict[str, Path]
    expected: Path
    seed: int
    catalogue: Recogniser | None
    memory: int


def hear(docket: Docket) -> Iterator[dict[str, Any]]:
    """Judge one item after the other.

    Parameters
    ----------
    docket : Docket
        What to judge.

    Yields
    ------
    dict
        `case`, `item`, `earned`, `why` and `misconception`; or `fault` alone where
        the reference's own evidence is missing.
    """
    items = {item.id: item for item in docket.exercise.items}
    court, of = None, ""
    for case, name in docket.work:
        if court is None or case != of:
            court, of = Court(docket.cases[case], docket.expected, docket.seed), case
        try:
            verdict = judge([items[name]], court)[0]
        except RuntimeError as error:
            yield {"fault": f"{name}: {error}"}
            return
        lost = not verdict.passed
        yield {
            "case": case,
            "item": name,
            "earned": verdict.earned,
            "why": verdict.why,
            "misconception": _recognised(docket, name, case) if lost else None,
        }


def _recognised(docket: Docket, item: str, case: str) -> str | None:
    """Name the mistake, if it has a name: no mark comes of it, so no error may."""
    if docket.catalogue is None:
        return None
    try:
        return docket.catalogue.match(item, docket.cases[case])
    except Exception:  # noqa: BLE001 (whatever evidence makes it do)
        return None


def _limit_memory(most: int) -> None:
    """Let evidence that unfolds cost an error here, not the whole machine."""
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def main() -> None:
    """Serve one docket; what judge cells print reaches nobody."""
    docket: Docket = pickle.load(sys.stdin.buffer)
    with os.fdopen(os.dup(1), "w", encoding="ascii") as told:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 1)
        os.dup2(nothing, 0)
        _limit_memory(docket.memory)
        told.write('{"ready": true}\n')
        told.flush()
        for said in hear(docket):
            told.write(json.dumps(said) + "\n")
            told.flush()


if __name__ == "__main__":
    main()
