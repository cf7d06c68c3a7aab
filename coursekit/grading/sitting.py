"""Starts the process that judges, and ends it when evidence is too much for it.

A judge cell that hangs, or that takes its process with it, costs its item; the next
process goes on with the item after it.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from coursekit.grading.courtroom import Docket
from coursekit.grading.feedback import STOPPED

__all__ = ["JudgingError", "Limits", "Verdict", "verdicts"]

_ROOT = Path(__file__).resolve().parents[2]
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")


class JudgingError(RuntimeError):
    """The judge itself failed, so that there is no mark; said in one sentence."""


@dataclass(frozen=True)
class Limits:
    """What judging may take.

    Attributes
    ----------
    seconds
        For one item, before the judge is ended and the item is lost.
    start
        For the judge's process to begin.
    stops
        How often one submission may make it necessary to end the judge; after that
        the rest of its items is lost too.
    notebook
        Submissions in one judging notebook.
    rounds
        How often nbval is run for what it did not get to, the first time included.
    """

    seconds: float = 20.0
    start: float = 120.0
    stops: int = 2
    notebook: int = 100
    rounds: int = 4


@dataclass(frozen=True)
class Verdict:
    """What the judge says of an item of a case."""

    passed: bool
    why: str = ""
    misconception: str | None = None

    @property
    def stopped(self) -> bool:
        """Whether the judge had to be ended over it."""
        return self.why.startswith(STOPPED)


def verdicts(
    docket: Docket, limits: Limits, on_progress: Callable[[int, int], None]
) -> dict[tuple[str, str], Verdict]:
    """Judge all that is on the docket.

    Parameters
    ----------
    docket : Docket
        What to judge.
    limits : Limits
        When to end the process.
    on_progress : callable
        Told how many items of how many are judged.

    Returns
    -------
    dict
        A verdict by case and item.

    Raises
    ------
    JudgingError
        If the judge cannot begin, or the reference's own evidence is missing.
    """
    found: dict[tuple[str, str], Verdict] = {}
    stops: dict[str, int] = {}
    while left := [pair for pair in docket.work if pair not in found]:
        sitting = _Sitting(replace(docket, work=left), limits)
        for pair, verdict in sitting:
            found[pair] = verdict
            on_progress(len(found), len(docket.work))
        left = [pair for pair in left if pair not in found]
        if left:
            case = left[0][0]
            stops[case] = stops.get(case, 0) + 1
            out = stops[case] >= limits.stops
            lost = [pair for pair in left if pair[0] == case] if out else left[:1]
            found |= dict.fromkeys(lost, Verdict(False, STOPPED + sitting.reason))
    return found


class _Sitting:
    """One process, from its start to its end."""

    def __init__(self, docket: Docket, limits: Limits) -> None:
        self._docket = docket
        self._limits = limits
        self.reason = "its process ended on its own"

    def __iter__(self) -> Iterator[tuple[tuple[str, str], Verdict]]:
        """Give verdicts as they come, until the process ends or has to be ended."""
        with tempfile.TemporaryFile() as errors, self._started(errors) as process:
            watchdog = _Watchdog(process, self._limits.start)
            try:
                yield from self._heard(process, watchdog, errors)
            finally:
                watchdog.stop()
                process.kill()
        if watchdog.bit:
            self.reason = f"it took more than {self._limits.seconds:g} seconds"

    def _heard(
        self, process: subprocess.Popen[bytes], watchdog: _Watchdog, errors: Any
    ) -> Iterator[tuple[tuple[str, str], Verdict]]:
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise JudgingError("The judge was started without pipes.")
        with stdin:
            _send(stdin, self._docket)
        if not stdout.readline():
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise JudgingError(f"The judge did not begin: {' '.join(told) or 'silent'}")
        watchdog.feed(self._limits.seconds)
        for line in stdout:
            said = json.loads(line)
            if "fault" in said:
                raise JudgingError(f"The exercise cannot be judged: {said['fault']}.")
            watchdog.feed(self._limits.seconds)
            yield (
                (said["case"], said["item"]),
                Verdict(said["earned"] > 0, said["why"], said["misconception"]),
            )

    def _started(self, errors: Any) -> subprocess.Popen[bytes]:
        one = {f"{name}_NUM_THREADS": "1" for name in _THREADS}
        path = filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")])
        return subprocess.Popen(
            [sys.executable, "-m", "coursekit.grading.courtroom"],
            env=os.environ | one | {"PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # a Ctrl-C is for whoever asked for the grading
        )


def _send(stdin: Any, docket: Docket) -> None:
    try:
        pickle.dump(docket, stdin)
        stdin.flush()
    except OSError:
        return  # the process has ended: reading from it says how


class _Watchdog(threading.Thread):
    """Ends a process that was silent for too long."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        super().__init__(daemon=True)
        self.bit = False
        self._process = process
        self._seconds = seconds
        self._fed = threading.Event()
        self._over = False
        self.start()

    def feed(self, seconds: float) -> None:
        """Begin to wait anew."""
        self._seconds = seconds
        self._fed.set()

    def stop(self) -> None:
        """Wait no more."""
        self._over = True
        self._fed.set()
        self.join()

    def run(self) -> None:
        """Wait to be fed, or bite."""
        while self._fed.wait(self._seconds):
            self._fed.clear()
            if self._over:
                return
        self.bit = True
        self._process.kill()
