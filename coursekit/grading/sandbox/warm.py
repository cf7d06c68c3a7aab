"""The warm process: has imports and data ready, and forks a guard for each run.

Started once a batch in the allow-list of files. It is told module names and the cells
that every learner is given: no solution, no seed, no name of a learner.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from coursekit.exercises.session import Session, hide
from coursekit.exercises.warm import Warmth
from coursekit.grading.sandbox import kernel
from coursekit.grading.sandbox.guard import guard
from coursekit.grading.sandbox.request import Request

__all__ = ["main"]

_LONGEST = 262_144


def main(arguments: list[str]) -> int:
    """Serve on the socket whose descriptor is named, until its other end closes.

    Parameters
    ----------
    arguments : list of str
        The descriptor, and the user to become (or nothing).

    Returns
    -------
    int
        Exit status.
    """
    control = socket.socket(fileno=int(arguments[0]))
    if arguments[1:]:
        _become(int(arguments[1]))
    settings = json.loads(control.recv(_LONGEST))
    if settings["isolate"]:
        kernel.leave_keyring()
    hide(settings["forbid"])
    _import(settings["modules"])
    _load(settings["given"])
    gc.collect()
    gc.freeze()  # so that collecting in a fork does not copy this memory
    control.send(b"ready")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that the kernel collects guards
    while True:
        message, handles, _, _ = socket.recv_fds(control, _LONGEST, 2)
        if not message:
            return 0
        _fork_guard(control, message, handles)


def _become(user: int) -> None:
    """Cease to be root."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _import(modules: Iterable[str]) -> None:
    """Import what the cells will, and open a shell: both cost most the first time.

    Plotting is what learners add most, and takes longest to import.
    """
    for name in (*modules, "matplotlib.pyplot"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # the cell that needs it says so in its own words
    Session()


def _load(cells: Sequence[str]) -> None:
    """Load the tables that given cells load; a fork, which runs them, tells which."""
    with tempfile.TemporaryDirectory() as folder:
        warmth = Warmth(Path(folder))
        warmth.install()
        child = os.fork()
        if child == 0:
            try:
                warmth.leave(_run, cells)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        warmth.take()
        warmth.settle()


def _run(cells: Sequence[str]) -> None:
    session = Session()
    for cell in cells:  # one that needs an answer stops, and the next one runs
        session.run(cell)


def _fork_guard(control: socket.socket, message: bytes, handles: list[int]) -> None:
    sys.stdout.flush()
    if os.fork() == 0:
        status = 1
        try:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            cells, own = handles
            guard(cells, socket.socket(fileno=own), Request.read(message))
            status = 0
        except BaseException:  # noqa: BLE001 (said where the grader reads it)
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)
    for handle in handles:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
