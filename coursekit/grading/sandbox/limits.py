"""How much a run of a learner's notebook may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]

_MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of one run.

    Attributes
    ----------
    cell_seconds, run_seconds
        Wall time of one cell, and of the whole run.
    cpu_seconds
        Processor time of all processes of the run.
    memory
        Bytes that its processes, memory files and temporary files hold together.
    processes
        Processes and threads at a time.
    file_bytes, disk_bytes, files
        Size of one file; of all files in one temporary folder; their number.
    open_files
        Open files of one process.
    output_bytes
        What the run may say about itself.
    """

    cell_seconds: float = 60.0
    run_seconds: float = 120.0
    cpu_seconds: float = 120.0
    memory: int = 2_048 * _MIB
    processes: int = 64
    file_bytes: int = 64 * _MIB
    disk_bytes: int = 128 * _MIB
    files: int = 20_000
    open_files: int = 256
    output_bytes: int = 8 * _MIB


LIMITS = Limits()
