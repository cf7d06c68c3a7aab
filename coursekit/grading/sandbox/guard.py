"""The guard of one run: opens its sandbox, watches it, ends it, reads what is left.

Forked from the warm process; it never runs a learner's code itself. It joins the
sandbox's files so that it can read the evidence there, but not its processes, so that
nothing in the sandbox can see, signal or trace it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from coursekit.exercises.evidence import LIMITS as MOST
from coursekit.exercises.worker import serve
from coursekit.grading.sandbox import bubblewrap, kernel
from coursekit.grading.sandbox.limits import Limits
from coursekit.grading.sandbox.request import Request
from coursekit.grading.sandbox.watch import Meter

__all__ = ["guard"]

_POLL = 0.03
_OPENING = 20.0


class _Box(Protocol):
    """Where the cells of one run live."""

    work: str
    out: str

    def start(self, serving: int, ready: int, request: Request) -> None:
        """Fork the child that runs the cells and says when it is ready."""

    def met(self) -> str:
        """Return the limit that is met, or nothing."""

    def end(self) -> None:
        """Leave no process of it."""

    def usage(self) -> dict[str, float]:
        """Say what it took."""

    def clear(self) -> None:
        """Leave no file of it."""


def guard(cells: int, control: socket.socket, request: Request) -> None:
    """Serve one run from its beginning to its end.

    Parameters
    ----------
    cells : int
        Descriptor over which the child gets cells and replies.
    control : socket
        To the grader: what it sends or its end asks for the run's end; then the
        evidence goes back.
    request : Request
        What the run is to be given.
    """
    begun = time.monotonic()
    try:
        box: _Box = _Sandbox(request.limits) if request.isolate else _Plain()
    except (OSError, ValueError, RuntimeError) as error:
        _send(control, {"failed": f"{type(error).__name__}: {error}"})
        return
    limit, wanted = "", False
    try:
        _start(box, cells, request)
        limit, wanted = _watch(control, box, request.limits, begun)
    except (OSError, RuntimeError) as error:
        _send(control, {"failed": f"{type(error).__name__}: {error}"})
    finally:
        box.end()
    try:
        if wanted:
            usage = box.usage() | {"wall_seconds": time.monotonic() - begun}
            _reply(control, box.out, request.questions, limit, usage)
    finally:
        box.clear()


def _start(box: _Box, cells: int, request: Request) -> None:
    """Start the child and see it ready: what ends it before is not a learner's doing.

    Raises
    ------
    RuntimeError
        If it ends, or is not ready in time.
    """
    heard, ready = os.pipe()
    try:
        box.start(cells, ready, request)
        os.close(ready)
        os.close(cells)
        if not select.select([heard], [], [], _OPENING)[0] or not os.read(heard, 1):
            raise RuntimeError("the process that runs the cells did not get ready")
    finally:
        os.close(heard)


def _watch(
    control: socket.socket, box: _Box, limits: Limits, begun: float
) -> tuple[str, bool]:
    """Wait for the grader; return the limit met, and whether it still listens."""
    limit = ""
    while not select.select([control], [], [], _POLL)[0]:
        if limit:
            continue
        limit = box.met()
        if time.monotonic() - begun > limits.run_seconds:
            limit = limit or f"wall time: more than {limits.run_seconds:g} seconds"
        if limit:
            box.end()
    # Once more at the end: a short run may have ended between two looks.
    return limit or box.met(), bool(control.recv(1))


def _reply(
    control: socket.socket,
    out: str,
    questions: Sequence[str],
    limit: str,
    usage: dict[str, float],
) -> None:
    """Send what is left of the run: one line about it, and the files after it."""
    files = [
        (question, name, content)
        for question in questions
        for name, content in _evidence(Path(out) / question)
    ]
    listed = [(question, name, len(content)) for question, name, content in files]
    _send(control, {"limit": limit, "usage": usage, "files": listed})
    for _, _, content in files:
        control.sendall(content)


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode("ascii") + b"\n")


def _evidence(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Read the plain files that evidence may have, and no others, up to its limits."""
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        names = ["manifest.json", *(f"{number}.npy" for number in range(MOST.files))]
        left = MOST.bytes + MOST.manifest + 128 * MOST.files
        for name in names:
            content = _plain_file(place, name, left)
            if content is None:
                continue
            left -= len(content)
            yield name, content
    finally:
        os.close(place)


def _plain_file(place: int, name: str, most: int) -> bytes | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(name, flags, dir_fd=place)
    except OSError:
        return None
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode) or about.st_size > most:
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(most)


class _Sandbox:
    """A sandbox of bubblewrap's, held open by one process in it."""

    work, out = bubblewrap.WORK, bubblewrap.OUT

    def __init__(self, limits: Limits) -> None:
        self._child = 0
        folders = (*bubblewrap.OPEN, "/dev/shm")
        reader, writer = os.pipe()
        try:
            self._holder = subprocess.Popen(
                bubblewrap.inner(limits, writer),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[writer],
            )
        finally:
            os.close(writer)
        try:
            self._first = _first_process(reader)
            self._see_it_open()
            kernel.enter(_only_child(self._first))
        except BaseException:
            self._holder.kill()
            raise
        finally:
            os.close(reader)
        self._meter = Meter(limits, folders)

    def _see_it_open(self) -> None:
        """Return once the holder runs, which is after all else is in place."""
        asked, answer, told = (
            self._holder.stdin,
            self._holder.stdout,
            self._holder.stderr,
        )
        if asked is None or answer is None or told is None:
            raise RuntimeError("bubblewrap was started without pipes")
        with contextlib.suppress(BrokenPipeError):
            asked.write(b".")
            asked.flush()
        ready = select.select([answer], [], [], _OPENING)[0]
        if not ready or not os.read(answer.fileno(), 1):
            self._holder.kill()
            said = told.read(2_000).decode(errors="replace").strip()
            raise RuntimeError(said or "bubblewrap did not open a sandbox")

    def start(self, serving: int, ready: int, request: Request) -> None:
        self._child = os.fork()
        if self._child == 0:
            _run_cells(serving, ready, self, request)

    def met(self) -> str:
        return self._meter.met()

    def end(self) -> None:
        """End the sandbox's first process, and with it, by the kernel, all of them.

        That process is gone only when all others are collected, and the child that
        runs the cells is ours to collect.
        """
        if self._holder.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._first, signal.SIGKILL)
        if self._child:
            os.waitpid(self._child, 0)
        self._holder.wait()

    def usage(self) -> dict[str, float]:
        most = self._meter.most
        return {
            "cpu_seconds": max(most.cpu_seconds, _children_cpu()),
            "memory_mib": most.memory / 2**20,
            "processes": most.processes,
        }

    def clear(self) -> None:
        """Leave it to the kernel: its folders are memory of the sandbox's own."""


def _first_process(reader: int) -> int:
    """Read from bubblewrap the number of the sandbox's first process."""
    told = b""
    while not told.rstrip().endswith(b"}"):
        if not select.select([reader], [], [], _OPENING)[0]:
            raise RuntimeError("bubblewrap did not answer")
        part = os.read(reader, 4096)
        if not part:
            break
        told += part
    if not told:
        return 0
    return int(json.loads(told)["child-pid"])


def _only_child(process: int) -> int:
    """Return the process that the sandbox's first one started: it is fully inside."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    if len(listed) != 1:
        raise RuntimeError(f"found {len(listed)} processes in an empty sandbox")
    return int(listed[0])


class _Plain:
    """No sandbox: a process and a folder of its own, for those who trust the code."""

    def __init__(self) -> None:
        self._child = 0
        self._folder = tempfile.mkdtemp(prefix="grading-")
        self.work = str(Path(self._folder, "work"))
        self.out = str(Path(self._folder, "out"))
        Path(self.work).mkdir()
        Path(self.out).mkdir()

    def start(self, serving: int, ready: int, request: Request) -> None:
        self._child = os.fork()
        if self._child == 0:
            _run_cells(serving, ready, self, request)

    def met(self) -> str:
        return ""

    def end(self) -> None:
        """End the child and its process group; what left the group lives on."""
        if not self._child:
            return
        for target in (-self._child, self._child):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(target, signal.SIGKILL)
        os.waitpid(self._child, 0)
        self._child = 0

    def usage(self) -> dict[str, float]:
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        return {
            "cpu_seconds": _children_cpu(),
            "memory_mib": most / 1024,
            "processes": 1,
        }

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run_cells(serving: int, ready: int, box: _Box, request: Request) -> NoReturn:
    """In the child: keep nothing but the socket, give up everything, and serve."""
    status = 0
    try:
        os.setsid()
        _keep_only(serving, ready)
        _limit(request.limits, alone=request.isolate)
        if request.isolate:
            kernel.drop_privileges()
        os.chdir(box.work)
        os.environ["HOME"] = box.work
        set_up = {"evidence": box.out, "forbid": request.forbid}
        os.write(ready, b".")
        os.close(ready)
        with os.fdopen(serving, "rb") as receive, os.fdopen(os.dup(serving), "wb") as s:
            serve(receive, s, set_up)
    except BaseException:  # noqa: BLE001 (a learner's code may raise anything here)
        status = 1
    finally:
        os._exit(status)


def _keep_only(*kept: int) -> None:
    """Close every other descriptor: each would be a way out."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    begin = 3
    for number in sorted(kept):
        os.closerange(begin, number)
        begin = number + 1
    os.closerange(begin, max(os.sysconf("SC_OPEN_MAX"), begin))


def _limit(limits: Limits, *, alone: bool) -> None:
    """Set what the kernel itself holds each process to.

    Processes are counted by user: without a sandbox those are the instructor's own,
    of which there may be hundreds already.
    """
    seconds = int(limits.cpu_seconds) + 1
    sizes = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
    }
    if alone:
        sizes[resource.RLIMIT_NPROC] = limits.processes
    if hasattr(resource, "RLIMIT_MSGQUEUE"):  # Linux
        sizes[resource.RLIMIT_MSGQUEUE] = 0
        sizes[resource.RLIMIT_AS] = _address_space() + limits.memory
    for name, size in sizes.items():
        hard = resource.getrlimit(name)[1]
        most = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(name, (most, most))


def _address_space() -> int:
    """Bytes of address space that this process begins with."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
