"""What the processes of one sandbox use, read from its own /proc.

The reader has joined the sandbox's file tree but not its processes, so that every
process that it sees there is the learner's, and none of them sees it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.grading.sandbox.limits import Limits

__all__ = ["Meter", "Reading"]

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_ANONYMOUS = re.compile(r"^(?:RssAnon|RssShmem):\s+(\d+) kB", re.MULTILINE)
_SHARED_OUT = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)
_SHM_RSS = 14  # column of /proc/sysvipc/shm


@dataclass(frozen=True)
class Reading:
    """What is in use at one moment, or was at most."""

    memory: int = 0
    cpu_seconds: float = 0.0
    processes: int = 0
    files: int = 0


@dataclass
class Meter:
    """Reads again and again, and says which limit was met first.

    Parameters
    ----------
    limits : Limits
        What may be used.
    folders : tuple of str
        Temporary folders, which are memory.
    """

    limits: Limits
    folders: tuple[str, ...]
    most: Reading = field(default_factory=Reading)

    def met(self) -> str:
        """Read, and return the limit that is met as a sentence, or nothing."""
        now = self._read()
        self.most = Reading(
            max(self.most.memory, now.memory),
            max(self.most.cpu_seconds, now.cpu_seconds),
            max(self.most.processes, now.processes),
            max(self.most.files, now.files),
        )
        limits = self.limits
        if now.memory > limits.memory:
            return f"memory: more than {limits.memory // 2**20} MiB"
        if now.cpu_seconds > limits.cpu_seconds:
            return f"processor time: more than {limits.cpu_seconds:g} seconds"
        if now.files > limits.files:
            return f"files: more than {limits.files}"
        return ""

    def _read(self) -> Reading:
        numbers = [place.name for place in _PROC.iterdir() if place.name.isdigit()]
        held, files = _temporary(self.folders)
        held += _system_v() + sum(_memory_files(numbers))
        memory = held + sum(_resident(number) for number in numbers)
        if memory > self.limits.memory:  # pages that a fork shares were counted twice
            memory = held + sum(_shared_out(number) for number in numbers)
        cpu = sum(_cpu(number) for number in numbers)
        tasks = sum(_tasks(number) for number in numbers)
        return Reading(memory, cpu, tasks, files)


def _text(path: Path) -> str:
    """Return what a file of /proc says; nothing where its process has just ended."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _resident(number: str) -> int:
    found = _ANONYMOUS.findall(_text(_PROC / number / "status"))
    return sum(map(int, found)) * 1024


def _shared_out(number: str) -> int:
    found = _SHARED_OUT.findall(_text(_PROC / number / "smaps_rollup"))
    return sum(map(int, found)) * 1024


def _cpu(number: str) -> float:
    """Processor time of a process and of its children that have ended."""
    after_name = _text(_PROC / number / "stat").rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / _TICK


def _tasks(number: str) -> int:
    try:
        return len(list((_PROC / number / "task").iterdir()))
    except OSError:
        return 0


def _temporary(folders: tuple[str, ...]) -> tuple[int, int]:
    """Bytes and files of the temporary folders."""
    held, files = 0, 0
    for folder in folders:
        about = os.statvfs(folder)
        held += (about.f_blocks - about.f_bfree) * about.f_frsize
        files += about.f_files - about.f_ffree
    return held, files


def _memory_files(numbers: list[str]) -> Iterator[int]:
    """Sizes of files that have no name in any folder, each once."""
    seen: set[int] = set()
    for number in numbers:
        place = _PROC / number / "fd"
        for handle in _handles(place):
            try:
                if not str(handle.readlink()).startswith("/memfd:"):
                    continue
                about = handle.stat()
            except OSError:
                continue
            if about.st_ino not in seen:
                seen.add(about.st_ino)
                yield about.st_blocks * 512


def _handles(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except OSError:
        return []


def _system_v() -> int:
    rows = _text(_PROC / "sysvipc" / "shm").splitlines()[1:]
    return sum(int(row.split()[_SHM_RSS]) for row in rows)
