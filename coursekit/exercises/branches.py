"""Do something in a process of its own and learn how it ended.

The child is forked where that is possible, so that it begins with everything that is
in memory here. Elsewhere, and where COURSEKIT_NO_FORK is set, it is a new interpreter:
then what it does has to be a function of a module, with arguments that can be pickled.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NoReturn

__all__ = ["branch", "can_fork"]

_BEGUN = b"begun"
_DONE = b"done"
_GONE = "its process ended on its own"
_START_SECONDS = 120.0  # for a new interpreter and its imports, on a busy machine
_inside = False  # whether this process is itself a branch: then its group is shared


def can_fork() -> bool:
    """Whether a branch shares the memory of the process that begins it."""
    return hasattr(os, "fork") and not os.environ.get("COURSEKIT_NO_FORK")


def branch(work: Callable[..., None], *args: Any, seconds: float) -> str:
    """Run `work(*args)` in a child process.

    Parameters
    ----------
    work : callable
        What to do; whatever it changes in memory is gone afterwards.
    *args
        What it is given.
    seconds : float
        When to end the child by force, from when its work begins.

    Returns
    -------
    str
        Empty when it came to its end, otherwise why not.
    """
    if not can_fork():
        return _spawn(work, args, seconds)
    watch, signalling = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(watch)
        _work_and_leave(work, args, signalling)
    os.close(signalling)
    try:
        told = _told(watch, seconds)
    finally:
        os.close(watch)
        _end(pid, group=not _inside)
    return told


def _work_and_leave(
    work: Callable[..., None], args: tuple[Any, ...], signalling: int
) -> NoReturn:
    """In the forked child: work, say how it ended, and never return."""
    global _inside
    try:
        if not _inside:
            os.setpgid(0, 0)
        _inside = True
        gc.freeze()  # to collect what the parent made would copy all of its memory
        work(*args)
        os.write(signalling, _DONE)
    except BaseException:  # noqa: BLE001 (told to the parent)
        os.write(signalling, traceback.format_exc()[-2000:].encode())
    finally:
        os._exit(0)


def _told(watch: int, seconds: float) -> str:
    """Return what the child said of its end, or that it said nothing."""
    deadline = time.monotonic() + seconds
    asked_by = os.getppid()
    said = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return _too_long(seconds)
        if os.getppid() != asked_by:
            raise SystemExit("whoever asked for this is gone")
        if not select.select([watch], [], [], min(left, 1.0))[0]:
            continue
        part = os.read(watch, 4096)
        if part == _DONE:
            return ""
        if not part:
            return said.decode(errors="replace") or _GONE
        said += part


def _end(pid: int, *, group: bool) -> None:
    """End the child, with all that it started where it leads them, and collect it."""
    for target in (-pid, pid) if group else (pid,):
        try:
            os.kill(target, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue  # it has ended already
    os.waitpid(pid, 0)


def _spawn(work: Callable[..., None], args: tuple[Any, ...], seconds: float) -> str:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work_and_tell, args=(theirs, work, args))
    process.start()
    theirs.close()
    try:
        if not ours.poll(_START_SECONDS):
            return f"it had not begun within {_START_SECONDS:g} seconds"
        ours.recv_bytes()  # that it has begun: what it imports first is not its work
        if not ours.poll(seconds):
            return _too_long(seconds)
        said = ours.recv_bytes()
    except EOFError:
        return _GONE
    finally:
        process.kill()
        process.join()
        ours.close()
    return "" if said == _DONE else said.decode(errors="replace")


def _work_and_tell(
    signalling: Connection, work: Callable[..., None], args: tuple[Any, ...]
) -> None:
    """In the new interpreter: say that work begins, work, and say how it ended."""
    signalling.send_bytes(_BEGUN)
    try:
        work(*args)
        signalling.send_bytes(_DONE)
    except BaseException:  # noqa: BLE001 (told to the parent)
        signalling.send_bytes(traceback.format_exc()[-2000:].encode())


def _too_long(seconds: float) -> str:
    return f"it ran for more than {seconds:g} seconds"
