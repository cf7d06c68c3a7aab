"""Runs one page in a process of its own: `python -m coursekit.book.worker FOLDER`.

The folder holds `notebook.ipynb`; the worker writes `executed.ipynb` and `outcome.json`
there and prints one line for each cell that it finishes. It leaves the network before
anything else happens, samples the memory of the kernel and of all that the kernel
starts, and ends what the page left running.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import re
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import nbformat
    import psutil

# What of the way pages are run changes their outputs: it is part of every page's key.
# One thread each, always: two pages run at a time on two cores, and sums taken by a
# different number of threads differ in their last digits.
HOW_PAGES_RUN = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "2",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "COLUMNS": "88",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # Tools that would call home if they could.
    "DO_NOT_TRACK": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
}
_SAMPLE_SECONDS = 0.1
_GRACE_SECONDS = 5.0
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def leave_network() -> bool:
    """Move this process into a network namespace that has a loopback and no more.

    Returns
    -------
    bool
        Whether that worked; where it cannot (not Linux, not allowed) nothing changes.
    """
    if sys.platform != "linux":
        return False
    uid, gid = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if uid == 0 and libc.unshare(_CLONE_NEWNET) == 0:
        return _raise_loopback()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return _raise_loopback()


def _raise_loopback() -> bool:
    """Bring `lo` up, which a new network namespace has down."""
    import fcntl
    import socket

    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        _, flags = struct.unpack("16sH14x", fcntl.ioctl(control, get_flags, request))
        fcntl.ioctl(control, set_flags, struct.pack("16sH14x", b"lo", flags | up))
    return True


@dataclass
class Usage:
    """Samples memory and processor time of a process and of everything below it.

    Attributes
    ----------
    peak
        The most bytes that they had together.
    cpu
        Processor seconds of each, as last seen.
    seen
        Every process that was ever below it.
    """

    root: int
    peak: int = 0
    cpu: dict[int, float] = field(default_factory=dict)
    seen: dict[int, psutil.Process] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Usage:
        self._thread = threading.Thread(target=self._sample_until_done, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _sample_until_done(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            self.sample()

    def sample(self) -> None:
        """Take one sample."""
        import psutil

        try:
            root = psutil.Process(self.root)
            below = root.children(recursive=True)
        except psutil.NoSuchProcess:
            return
        self.seen.update({child.pid: child for child in below})
        self.peak = max(self.peak, sum(map(_resident, [root, *below])))
        for process in [root, *below]:
            before = self.cpu.get(process.pid, 0.0)  # one that ends reads as nothing
            self.cpu[process.pid] = max(before, _cpu(process))

    def left_running(self) -> list[str]:
        """End what still runs below the root; give the command of each."""
        import psutil

        _, alive = psutil.wait_procs(list(self.seen.values()), timeout=_GRACE_SECONDS)
        commands = []
        for process in alive:
            with contextlib.suppress(psutil.Error):
                commands.append(" ".join(process.cmdline())[:200])
                process.kill()
        return commands


def _resident(process: psutil.Process) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _cpu(process: psutil.Process) -> float:
    import psutil

    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def execute(notebook: nbformat.NotebookNode, folder: Path) -> dict[str, Any]:
    """Run a notebook's cells in a fresh kernel.

    Parameters
    ----------
    notebook
        Its outputs are filled in.
    folder
        The working folder of the kernel: empty, so that a page finds nothing but what
        it brings.

    Returns
    -------
    dict
        `seconds`, `cpu_seconds`, `peak_bytes`, `left_running`, `cells` (seconds of
        each) and, where a cell failed, `error`.
    """
    from nbclient import NotebookClient

    folder.mkdir(exist_ok=True)
    cells: list[float] = []
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda **_: _tick(cells),
    )
    started = time.perf_counter()
    error: dict[str, Any] | None = None
    with client.setup_kernel(), Usage(_kernel_pid(client)) as usage:
        cells.append(time.perf_counter())
        error = _run_cells(client, notebook)
        usage.sample()
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": sum(usage.cpu.values()),
        "peak_bytes": usage.peak,
        "left_running": usage.left_running(),
        "cells": [after - before for before, after in itertools.pairwise(cells)],
        "error": error,
    }


def _tick(times: list[float]) -> None:
    times.append(time.perf_counter())
    print("cell", len(times) - 1, flush=True)


def _kernel_pid(client: Any) -> int:
    return int(client.km.provisioner.pid)


def _run_cells(client: Any, notebook: nbformat.NotebookNode) -> dict[str, Any] | None:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    for index, cell in enumerate(notebook.cells):
        try:
            client.execute_cell(cell, index, execution_count=index + 1)
        except CellExecutionError as failure:
            return {
                "cell": index,
                "error": " ".join(plain(f"{failure.ename}: {failure.evalue}").split()),
                "traceback": plain(_traceback(cell)),
            }
        except DeadKernelError:
            sentence = "the kernel died while this cell ran (out of memory, or killed)"
            return {"cell": index, "error": sentence, "traceback": ""}
    return None


def _traceback(cell: nbformat.NotebookNode) -> str:
    errors = [out for out in cell.outputs if out.output_type == "error"]
    return "\n".join(errors[-1].traceback) if errors else ""


def plain(text: str) -> str:
    r"""Return text without the escape codes that colour it.

    Examples
    --------
    >>> plain("\x1b[31mred\x1b[0m")
    'red'
    """
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def main(folder: Path) -> None:
    """Run the notebook of one folder, and write what came of it there."""
    isolated = leave_network()
    import nbformat

    notebook = nbformat.read(folder / "notebook.ipynb", as_version=4)
    outcome = execute(notebook, folder / "work") | {"isolated": isolated}
    nbformat.write(notebook, folder / "executed.ipynb")
    (folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
