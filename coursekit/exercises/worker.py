"""A child process that runs cells, and how it is started and ended.

The child (`serve`) and how it is started (`start` of `Worker`) are apart, so that a
sandbox can start the child its own way. What the child sends back is only shown: no
mark comes of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, Protocol

__all__ = ["Child", "Worker", "WorkerEnded", "serve"]

_LONGEST_REPLY = 20_000_000


class WorkerEnded(RuntimeError):  # noqa: N818 (says what happened)
    """The child process is gone, or had to be ended."""


def serve(
    receive: BinaryIO, send: BinaryIO, set_up: dict[str, Any] | None = None
) -> None:
    """Run cells as they arrive, one JSON object a line, until there are no more.

    Parameters
    ----------
    receive : binary file
        First the set-up, where it is not given here; then `{"run": source}`.
    send : binary file
        One reply a cell: its outputs and its failure, as `session.Outcome` has them.
    set_up : dict, optional
        `{"evidence": folder or null, "forbid": [...]}`.
    """
    from coursekit.exercises.evidence import Writer
    from coursekit.exercises.session import Session

    if set_up is None:
        set_up = json.loads(receive.readline())
    names = {}
    if set_up["evidence"] is not None:
        names["evidence"] = Writer(Path(set_up["evidence"]))
    session = Session(names, set_up["forbid"])
    while line := receive.readline():
        source = json.loads(line)["run"]
        if "evidence(" in source:  # in a learner's cells it may be another thing
            session.names.update(names)
        outcome = session.run(source)
        send.write(outcome.as_json().encode("ascii") + b"\n")
        send.flush()


class Child(Protocol):
    """A started child: the two ends of its pipes and how to end it."""

    receive: BinaryIO
    send: BinaryIO

    def end(self) -> None:
        """End the child, if need be by force, and wait for it."""


class Worker:
    """A child process that runs cells one after the other.

    Parameters
    ----------
    evidence : str or None
        Folder for the evidence.
    forbid : sequence of str
        Modules that cannot be imported.
    start : callable, optional
        Starts the child. By default it is forked from this process where that is
        possible and safe, so that what is imported here is imported there.
    """

    def __init__(
        self,
        evidence: str | None = None,
        forbid: Sequence[str] = (),
        start: Callable[[], Child] | None = None,
    ) -> None:
        self._child: Child | None = (start or _start)()
        self._send({"evidence": evidence, "forbid": list(forbid)})

    def __enter__(self) -> Worker:
        """Use as a context, so that no child is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self.close()

    def run(self, source: str, seconds: float) -> Any:
        """Run one cell and return the reply, decoded and otherwise unchecked.

        Raises
        ------
        WorkerEnded
            If the child ended, sent what is no reply, or took longer than `seconds`.
        """
        self._send({"run": source})
        child = self._living()
        line = _line_within(child.receive, seconds)
        if line is None:
            self.close()
            raise WorkerEnded(f"the cell ran for more than {seconds:g} seconds")
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            self.close()
            raise WorkerEnded("the process ended in this cell") from None

    def close(self) -> None:
        """End the child; nothing of it is left."""
        if self._child:
            self._child.end()
            self._child = None

    def _living(self) -> Child:
        if self._child is None:
            raise WorkerEnded("the process had ended before this cell")
        return self._child

    def _send(self, message: dict[str, Any]) -> None:
        child = self._living()
        try:
            child.send.write(json.dumps(message).encode("ascii") + b"\n")
            child.send.flush()
        except OSError:
            self.close()
            raise WorkerEnded("the process had ended before this cell") from None


def _line_within(stream: BinaryIO, seconds: float) -> bytes | None:
    """One line, or None when it does not come in time (a thread waits for it)."""
    found: list[bytes] = []

    def wait() -> None:
        found.append(stream.readline(_LONGEST_REPLY))

    reader = threading.Thread(target=wait, daemon=True)
    reader.start()
    reader.join(seconds)
    return found[0] if found else None


def _start() -> Child:
    if hasattr(os, "fork") and threading.active_count() == 1:
        return _Forked()
    return _Spawned()


class _Forked:
    """A child that shares the memory of this process until it writes to it."""

    def __init__(self) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(ours_in)
            os.close(ours_out)
            _serve_and_leave(theirs_in, theirs_out)
        os.close(theirs_in)
        os.close(theirs_out)
        self.receive: BinaryIO = os.fdopen(ours_in, "rb")
        self.send: BinaryIO = os.fdopen(ours_out, "wb")

    def end(self) -> None:
        """Kill the child and collect it."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        _close(self.send)
        _close(self.receive)


def _serve_and_leave(receive: int, send: int) -> NoReturn:
    """In the forked child: serve, and never return into the parent's code."""
    status = 1
    try:
        _close_all_but(receive, send)
        _quiet_standard_streams()
        with os.fdopen(receive, "rb") as source, os.fdopen(send, "wb") as sink:
            serve(source, sink)
        status = 0
    finally:
        os._exit(status)


class _Spawned:
    """A child with an interpreter of its own, for systems that cannot fork."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "coursekit.exercises.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the child was started without pipes")
        self.receive: BinaryIO = self._process.stdout  # type: ignore[assignment]
        self.send: BinaryIO = self._process.stdin  # type: ignore[assignment]

    def end(self) -> None:
        """Kill the child and collect it."""
        self._process.kill()
        self._process.wait()
        _close(self.send)
        _close(self.receive)


def _close(stream: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # its other end is gone
        stream.close()


def _quiet_standard_streams() -> None:
    """Nothing that a cell's own children print reaches this process's output."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _close_all_but(*kept: int) -> None:
    """Close what the child inherited: none of it is the business of a cell."""
    begin = 3
    for number in sorted(kept):
        os.closerange(begin, number)
        begin = number + 1
    os.closerange(begin, max(os.sysconf("SC_OPEN_MAX"), begin))


def main() -> None:
    """Serve on standard input and output, kept from the cells that run."""
    receive, send = os.dup(0), os.dup(1)
    _quiet_standard_streams()
    with os.fdopen(receive, "rb") as source, os.fdopen(send, "wb") as sink:
        serve(source, sink)


if __name__ == "__main__":
    main()
