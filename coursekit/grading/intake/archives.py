"""Look into zip files without unpacking them: nothing is ever written to disk.

A zip file is a stranger's. Its own words about sizes are not believed, links in it are
not followed, and a name that would lead out of it is refused.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from coursekit.grading.intake.reading import LARGEST, Unreadable, in_words

__all__ = ["LARGEST_ZIP", "Archive", "Budget", "Member", "opened"]

LARGEST_ZIP = 100_000_000
MOST_ENTRIES = 20_000
LONGEST_NAME = 1_000
_LARGEST_DIRECTORY = 8_000_000
# The records at the end of a zip file: the usual one, and those of large files.
_CLOSING = struct.Struct("<4s4H2LH")
_LOCATOR = 20
_CLOSING_64 = struct.Struct("<4sQ2H2L4Q")
_READ = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


@dataclass
class Budget:
    """Bytes that may still be unpacked: of a zip file, with those inside of it."""

    left: int = LARGEST_ZIP


@dataclass(frozen=True)
class Member:
    """One file in a zip file.

    Attributes
    ----------
    parts
        Its path, by folders.
    time
        When it was last changed, as the zip says; None where it says nothing.
    fault
        Why it is not to be read, one sentence; empty where nothing speaks against it.
    content
        Reads it; raises `Unreadable`.
    """

    parts: tuple[str, ...]
    time: datetime | None
    fault: str
    content: Callable[[int], bytes]


class Archive:
    """An opened zip file.

    Parameters
    ----------
    file : zipfile.ZipFile
        Whose directory has been read.
    budget : Budget
        What may come out of it, all members together.
    """

    def __init__(self, file: zipfile.ZipFile, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def members(self) -> Iterator[Member]:
        """Return its files by name; folders are left out, repeated names say so."""
        seen: set[str] = set()
        for info in sorted(self._file.infolist(), key=lambda info: info.filename):
            if info.filename.endswith("/"):  # `is_dir` fails on an empty name
                continue
            fault = _fault(info)
            if info.filename in seen:
                fault = "The zip file has two files of the same name; one was read."
            seen.add(info.filename)
            yield Member(_parts(info), _time(info), fault, self._reader(info))

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(limit: int = LARGEST) -> bytes:
            most = min(limit, self._budget.left)
            try:
                with self._file.open(info) as stream:
                    content = stream.read(most + 1)
            except _FAULTS:
                raise Unreadable("It is damaged inside of its zip file.") from None
            if len(content) > limit:
                raise Unreadable(
                    f"It has more than {in_words(limit)} when it is unpacked."
                )
            if len(content) > most:
                raise Unreadable("All of the zip file together is too large.")
            self._budget.left -= len(content)
            return content

        return read


def opened(file: IO[bytes], budget: Budget) -> Archive:
    """Open a zip file.

    Parameters
    ----------
    file : binary file
        Can be sought in.
    budget : Budget
        What may be unpacked of it, all members together.

    Returns
    -------
    Archive
        Good for as long as the file is open.

    Raises
    ------
    Unreadable
        If it is not a zip file, damaged, or has too many entries.
    """
    _refuse_large_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except _FAULTS:
        raise Unreadable("The file is not a zip file, or is damaged.") from None
    entries = len(archive.infolist())
    if entries > MOST_ENTRIES:
        raise Unreadable(
            f"The zip file has {entries:,} files; at most {MOST_ENTRIES:,} are read."
        )
    return Archive(archive, budget)


def _refuse_large_directory(file: IO[bytes]) -> None:
    """Look at the size of the directory before Python makes objects of it."""
    size = file.seek(0, 2)
    longest = _CLOSING_64.size + _LOCATOR + _CLOSING.size + 0xFFFF
    file.seek(max(0, size - longest))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _CLOSING.size > len(tail):
        raise Unreadable("The file is not a zip file, or ends too early.")
    directory = _CLOSING.unpack_from(tail, at)[5]
    before = at - _LOCATOR - _CLOSING_64.size
    if before >= 0 and tail.startswith(b"PK\x06\x06", before):
        directory = _CLOSING_64.unpack_from(tail, before)[8]
    if directory > _LARGEST_DIRECTORY:
        raise Unreadable("The zip file has a directory of too many files.")


def _fault(info: zipfile.ZipInfo) -> str:
    if len(info.filename) > LONGEST_NAME:
        return f"Its name in the zip file has {len(info.filename):,} characters."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "It is a link inside of a zip file; links are not followed."
    if _leads_out(info.filename):
        return "Its name in the zip file leads out of the zip file."
    if info.flag_bits & 0x1:
        return "It is locked with a password."
    if info.compress_type not in _READ:
        return "It is packed in a way that is not read; use an ordinary zip file."
    return ""


def _leads_out(name: str) -> bool:
    name = name.replace("\\", "/")
    return name.startswith("/") or ".." in name.split("/") or name[1:2] == ":"


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    parts = info.filename[:LONGEST_NAME].replace("\\", "/").split("/")
    return tuple(part for part in parts if part not in ("", ".", "..")) or ("unnamed",)


def _time(info: zipfile.ZipInfo) -> datetime | None:
    if info.date_time[0] <= 1980:  # what a zip says that knows no time
        return None
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
