"""The grader's side: start the warm process, run cells, take evidence."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from coursekit.exercises.worker import WorkerEnded
from coursekit.grading.sandbox import bubblewrap
from coursekit.grading.sandbox.limits import Limits
from coursekit.grading.sandbox.request import Request
from coursekit.grading.sandbox.tree import search_path

__all__ = ["Left", "Run", "SandboxError", "Warm"]

_STARTING = 120.0
_ENDING = 5.0
_MOST_EVIDENCE = 64 * 2**20
# All that learners' code finds in its environment.
_ENVIRONMENT = {
    "HOME": bubblewrap.WORK,
    "TMPDIR": bubblewrap.TEMPORARY,
    "USER": "learner",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": f"{bubblewrap.TEMPORARY}/matplotlib",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}


class SandboxError(RuntimeError):
    """The sandbox itself failed, which is no fault of the code that it was to run."""


@dataclass(frozen=True)
class Left:
    """What a run leaves: evidence as bytes by question and file, the limit met, use."""

    evidence: dict[str, dict[str, bytes]] = field(default_factory=dict)
    limit: str = ""
    usage: dict[str, float] = field(default_factory=dict)


class Warm:
    """A warm process, from which each run is forked.

    Parameters
    ----------
    modules : iterable of str
        What it imports beforehand.
    forbid : sequence of str
        Modules that cannot be imported.
    files : iterable of Path or None
        What is in the sandbox; None for no sandbox at all.
    given : sequence of str
        Cells that every learner is given: the tables that they load are loaded once.

    Raises
    ------
    SandboxError
        If it does not start.
    """

    def __init__(
        self,
        modules: Iterable[str],
        forbid: Sequence[str],
        files: Iterable[Path] | None,
        given: Sequence[str] = (),
    ) -> None:
        self._forbid = tuple(forbid)
        self._isolate = files is not None
        self._told: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as this)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = self._start(theirs.fileno(), files)
        settings = {
            "modules": sorted(modules),
            "forbid": self._forbid,
            "isolate": self._isolate,
            "given": list(given),
        }
        try:
            self._control.send(json.dumps(settings).encode("ascii"))
            self._await_ready()
        except OSError:
            raise self._failed() from None

    def _start(
        self, handle: int, files: Iterable[Path] | None
    ) -> subprocess.Popen[bytes]:
        command = _python(handle, become_nobody=files is not None)
        environment = dict(_ENVIRONMENT)
        if files is not None:
            command = bubblewrap.outer(files, command, environment)
            environment = {"PATH": os.environ.get("PATH", os.defpath)}
        else:
            home = tempfile.gettempdir()
            environment |= {"HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home}
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._told,
            env=environment,
            pass_fds=[handle],
            start_new_session=True,  # a Ctrl-C is for the grader, which ends its runs
        )

    def _await_ready(self) -> None:
        ready = select.select([self._control], [], [], _STARTING)[0]
        if not ready or self._control.recv(16) != b"ready":
            raise self._failed()

    def _failed(self) -> SandboxError:
        """End what was started and say why it did not work."""
        self._end()
        error = SandboxError(f"the sandbox did not start: {self._last_words()}")
        self._told.close()
        return error

    def _last_words(self) -> str:
        if self._told.closed:
            return "no reason was given"
        self._told.seek(0)
        lines = self._told.read(20_000).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no reason was given"

    def open(self, questions: Iterable[str], limits: Limits) -> Run:
        """Fork a fresh run; no run ever sees another.

        Parameters
        ----------
        questions : iterable of str
            Whose evidence is wanted.
        limits : Limits
            What it may take.

        Returns
        -------
        Run
            To run cells in, and to be finished.

        Raises
        ------
        SandboxError
            If the warm process is gone.
        """
        cells, their_cells = socket.socketpair()
        control, their_control = socket.socketpair()
        wanted = Request(
            tuple(sorted(questions)), self._forbid, limits, self._isolate
        ).as_json()
        handles = [their_cells.fileno(), their_control.fileno()]
        with their_cells, their_control:
            try:
                socket.send_fds(self._control, [wanted], handles)
            except OSError:
                cells.close()
                control.close()
                raise SandboxError(
                    f"the warm process is gone: {self._last_words()}"
                ) from None
        return Run(cells, control, limits)

    def close(self) -> None:
        """End the warm process and every run of it."""
        self._end()
        self._told.close()

    def _end(self) -> None:
        self._control.close()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Warm:
        """Use as a context, so that no process is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


def _python(handle: int, *, become_nobody: bool) -> list[str]:
    """Return the command of the warm process: our search path, no start-up files.

    The environment's python would look for its own settings beside itself; the base
    one is told where modules are.
    """
    code = f"import sys; sys.path[:] = {search_path()!r}; "
    code += "from coursekit.grading.sandbox.warm import main; main(sys.argv[1:])"
    root = become_nobody and os.geteuid() == 0
    user = [str(bubblewrap.NOBODY)] if root else []
    executable = os.path.realpath(sys.executable)
    return [executable, "-s", "-P", "-B", "-c", code, str(handle), *user]


class Run:
    """One run: cells go in, replies come out, and at the end its evidence.

    Parameters
    ----------
    cells, control : socket
        To the process that runs the cells, and to its guard.
    limits : Limits
        What it may take.
    """

    def __init__(
        self, cells: socket.socket, control: socket.socket, limits: Limits
    ) -> None:
        self._cells, self._control, self._limits = cells, control, limits
        self._deadline = time.monotonic() + limits.run_seconds
        self._read = b""
        self._said = 0
        self._over = ""
        self.limits_met: list[str] = []

    def run(self, source: str, seconds: float) -> Any:
        """Run one cell and return the reply, decoded and otherwise unchecked.

        Parameters
        ----------
        source : str
            The cell.
        seconds : float
            At most this long, within what the limits say.

        Raises
        ------
        WorkerEnded
            If the run is over, or this cell ends it.
        """
        if self._over:
            raise WorkerEnded(self._over)
        most = min(seconds, self._limits.cell_seconds)
        until = min(time.monotonic() + most, self._deadline)
        try:
            self._cells.settimeout(most)
            self._cells.sendall(json.dumps({"run": source}).encode("ascii") + b"\n")
            return json.loads(self._line(until))
        except TimeoutError:
            raise self._end(self._too_long(most)) from None
        except (OSError, ValueError, RecursionError):
            raise self._end("") from None

    def _line(self, until: float) -> bytes:
        """Return the next whole line.

        Raises
        ------
        TimeoutError
            If it does not come in time.
        ValueError
            If the other end is gone, or says more than it may.
        """
        parts = [self._read]
        while b"\n" not in parts[-1]:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._cells], [], [], left)[0]:
                raise TimeoutError
            parts.append(self._cells.recv(2**18))
            self._said += len(parts[-1])
            if self._said > self._limits.output_bytes:
                most = self._limits.output_bytes // 2**20
                self.limits_met.append(f"output: more than {most} MiB")
                raise ValueError("output")
            if not parts[-1]:
                raise ValueError("ended")
        line, _, self._read = b"".join(parts).partition(b"\n")
        return line

    def _too_long(self, most: float) -> str:
        if time.monotonic() >= self._deadline:
            return f"wall time: more than {self._limits.run_seconds:g} seconds"
        return f"wall time: a cell ran for more than {most:g} seconds"

    def _end(self, limit: str) -> WorkerEnded:
        """Let no further cell run; the guard is asked when the run is finished."""
        if limit:
            self.limits_met.append(limit)
        self._over = "the process had ended before this cell"
        return WorkerEnded(limit or "the process ended in this cell")

    def finish(self) -> Left:
        """End the run, by force if need be, and take what it left.

        Raises
        ------
        SandboxError
            If its guard failed.
        """
        try:
            self._control.settimeout(_ENDING)
            self._control.sendall(b".")
            with self._control.makefile("rb") as stream:
                return self._left(stream)
        except (OSError, ValueError, KeyError) as error:
            raise SandboxError(f"the guard of a run failed: {error}") from None
        finally:
            self.close()

    def _left(self, stream: IO[bytes]) -> Left:
        head = json.loads(stream.readline(2**20))
        if "failed" in head:
            raise SandboxError(f"a sandbox could not be opened: {head['failed']}")
        if sum(size for _, _, size in head["files"]) > _MOST_EVIDENCE:
            raise SandboxError("the guard announced more evidence than there can be")
        evidence: dict[str, dict[str, bytes]] = {}
        for question, name, size in head["files"]:
            content = stream.read(size)
            if len(content) != size:
                raise SandboxError("the guard ended before it had sent all evidence")
            evidence.setdefault(question, {})[name] = content
        return Left(evidence, head["limit"], head["usage"])

    def close(self) -> None:
        """Give up the run; its guard then ends it."""
        for one in (self._cells, self._control):
            with contextlib.suppress(OSError):
                one.close()

    def __enter__(self) -> Run:
        """Use as a context, so that no run is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give it up, where it was not finished."""
        self.close()
