"""Let a process of its own prove exercises, and follow how far it is.

It shares among them what takes long to start, and its one thread can be forked. It is
`proofs`, which says in lines of JSON what it has done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from coursekit.book.layout import Layout

__all__ = ["OnProgress", "in_a_process", "nobody"]

OnProgress = Callable[[str, int, int], None]
_SECONDS = 1_800.0  # an exercise, with five seeds
_FEW_SEEDS = 5


def nobody(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def in_a_process(
    paths: Sequence[Path],
    asked: tuple[int, str, int],
    root: Path,
    on_progress: OnProgress = nobody,
) -> list[dict[str, Any]]:
    """Prove exercises.

    Parameters
    ----------
    paths : sequence of Path
        Their sources.
    asked : tuple
        Seeds, `full` or `short`, exercises at a time.
    root : Path
        The checkout.
    on_progress : callable
        Told the stage, and how many steps of how many are done.

    Returns
    -------
    list of dict
        `proofs.Proof` as plain data, one a path. Where the process did not come to
        its end, each has that as its finding.
    """
    limit = _SECONDS * len(paths) * max(asked[0], _FEW_SEEDS) / _FEW_SEEDS
    command = [sys.executable, "-m", "coursekit.exercises.proofs"]
    command += [*map(str, asked), *map(str, paths)]
    followed = _Followed(len(paths), on_progress)
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
        _started(command, root, errors) as process,
        _ended_after(limit, process) as too_long,
    ):
        followed.read(process.stdout or ())
        process.wait()
        errors.seek(0)
        told = f"the proof itself stopped: {errors.read()[-3000:]}"
    if too_long.is_set():
        told = f"the proofs took longer than {limit:.0f} seconds"
    elif len(followed.proofs) == len(paths):
        return followed.proofs
    return [_broken(path, told) for path in paths]


@contextmanager
def _started(
    command: list[str], root: Path, errors: IO[str]
) -> Iterator[subprocess.Popen[str]]:
    """Start the process with one thread, since threads do not survive a fork."""
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    search = [*map(str, Layout(root).search_path), os.environ.get("PYTHONPATH", "")]
    environment = (
        os.environ
        | {f"{name}_NUM_THREADS": "1" for name in threads}
        | {"MPLBACKEND": "agg", "PYTHONPATH": os.pathsep.join(filter(None, search))}
    )
    with subprocess.Popen(
        command,
        env=environment,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # where it is still there; its children notice and follow


@contextmanager
def _ended_after(
    seconds: float, process: subprocess.Popen[str]
) -> Iterator[threading.Event]:
    """End the process by force when its time is up, and say that it was."""
    up = threading.Event()

    def end() -> None:
        up.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield up
    finally:
        timer.cancel()


class _Followed:
    """What the process has said so far."""

    def __init__(self, exercises: int, on_progress: OnProgress) -> None:
        self.proofs: list[dict[str, Any]] = []
        self._exercises = exercises
        self._on_progress = on_progress
        self._steps = 0  # that an exercise takes
        self._done: dict[str, int] = {}

    def read(self, lines: Iterable[str]) -> None:
        """Read to the end, and tell of every step."""
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                continue  # what a library prints is no word of ours
            if isinstance(said, dict):
                self._take(said)

    def _take(self, said: dict[str, Any]) -> None:
        match said:
            case {"proof": dict(proof)}:
                self.proofs.append(proof)
            case {"steps": int(steps)}:
                self._steps = steps
                self._tell()
            case {"step": str(name)}:
                self._done[name] = self._done.get(name, 0) + 1
                self._tell()
            case {"ended": str(name)}:
                if self._done.get(name) != self._steps:
                    self._done[name] = self._steps  # it ended early
                    self._tell()
            case {"nbval": _}:
                self._on_progress("judging by nbval", 0, 0)

    def _tell(self) -> None:
        total = self._exercises * self._steps
        self._on_progress("proving", sum(self._done.values()), total)


def _broken(path: Path, what: str) -> dict[str, Any]:
    finding = {"proof": "proof", "what": what}
    name = f"{path.parent.name}/{path.stem}"
    return {"name": name, "findings": [finding], "tried": 0, "seconds": {}}
