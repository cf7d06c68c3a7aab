"""Find what was uploaded: files in folders and in zip files, each with its owner.

Nothing is opened that is not an ordinary file, no link is followed, nothing is
unpacked to disk. What cannot be opened is found all the same, with one sentence why.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Literal

from coursekit.grading.intake.archives import LARGEST_ZIP, Budget, Member, opened
from coursekit.grading.intake.names import (
    Owner,
    from_lms,
    is_container,
    legible,
    owner_of,
)
from coursekit.grading.intake.reading import LARGEST, Unreadable, in_words

__all__ = ["Upload", "uploads"]

Kind = Literal["notebook", "zip", "other"]
DEEPEST = 20
MOST_INSIDE = 50
# `.txt` and `.json` are what browsers add to a notebook that they download.
_NOTEBOOK = re.compile(r"\.ipynb(\.(txt|json|ipynb)){,3}$", re.IGNORECASE)
_NOISE = frozenset({"__macosx", "__pycache__", "thumbs.db", "desktop.ini"})
_LINK = "It is a link to another file or folder; links are not followed."
_ZIPS_DEEP = 2
_NO_END = 1 << 62


@dataclass(frozen=True)
class Upload:
    """One file that was found.

    Attributes
    ----------
    file
        Where, relative to the folder; zip files on the way are part of it.
    owner
        What its names say.
    kind
        What its name says it is.
    outermost
        Whether it stands in the outermost folder itself.
    time
        When it was last changed, if that is known.
    fault
        Why it cannot be opened, one sentence; empty where it can.
    content
        Reads it while it is its turn; raises `Unreadable`.
    """

    file: str
    owner: Owner
    kind: Kind
    outermost: bool
    time: datetime | None
    fault: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class _Place:
    """Where a file is.

    `parts` is its path; the first `skipped` are an export's own names, and after
    `trusted` of them (None: all) the names are a learner's. `zips` counts zip files.
    """

    parts: tuple[str, ...] = ()
    skipped: int = 0
    trusted: int | None = None
    zips: int = 0

    def into(self, *parts: str) -> _Place:
        return _Place((*self.parts, *parts), self.skipped, self.trusted, self.zips)

    def unzipped(self, *, export: bool) -> _Place:
        """Return the place inside of a zip file that is at this place."""
        here = len(self.parts)
        if export:
            return _Place(self.parts, here, None, self.zips)
        trusted = here if self.trusted is None else self.trusted
        return _Place(self.parts, self.skipped, trusted, self.zips + 1)

    def upload(
        self,
        *,
        time: datetime | None = None,
        fault: str = "",
        content: Callable[[], bytes] = bytes,
    ) -> Upload:
        trusted = len(self.parts) if self.trusted is None else self.trusted
        own = self.parts[self.skipped :]
        return Upload(
            file="/".join(map(legible, self.parts)),
            owner=owner_of(own, trusted - self.skipped),
            kind=_kind(self.parts[-1]),
            outermost=len(own) == 1,
            time=time,
            fault=fault,
            content=content,
        )


def uploads(path: Path) -> Iterator[Upload]:
    """Find everything that was uploaded.

    Parameters
    ----------
    path : Path
        A folder, a notebook or a zip file.

    Yields
    ------
    Upload
        In the order of their names. Read each before going on to the next.

    Raises
    ------
    Unreadable
        If the path is none of the three.
    """
    if path.is_dir():
        yield from _top(path)
    elif path.is_file() and _kind(path.name) == "zip":
        export = not from_lms(path.name) and _is_export(path, alone=True)
        itself = f"{legible(path.name)}/"  # everything is in it: that need not be said
        for upload in _zip_file(path, _Place((path.name,)), export=export):
            yield replace(upload, file=upload.file.removeprefix(itself))
    elif path.is_file() and _kind(path.name) == "notebook":
        yield _file(path, _Place((path.name,)), path.stat())
    else:
        found = "there is no such file" if not path.exists() else "it is neither"
        raise Unreadable(
            f"`{path}`: expected a folder, a notebook or a zip file; {found}."
        )


def _top(folder: Path) -> Iterator[Upload]:
    """Look into the outermost folder, which may hold nothing but exports."""
    try:
        top = [child for child in _children(folder) if not _is_noise(child.name)]
    except OSError as error:
        told = f"`{folder}` cannot be opened ({error.strerror})."
        raise Unreadable(told) from None
    alone = len(top) == 1
    exports = all(
        _may_be_export(child) and _is_export(child, alone=alone) for child in top
    )
    if not exports:
        yield from _folder(folder, _Place())
        return
    for child in top:
        yield from _zip_file(child, _Place((child.name,)), export=True)


def _kind(name: str) -> Kind:
    if _NOTEBOOK.search(name):
        return "notebook"
    return "zip" if name.lower().endswith(".zip") else "other"


def _is_noise(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _NOISE


# --- folders ---


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda child: child.name)


def _folder(folder: Path, place: _Place) -> Iterator[Upload]:
    try:
        children = _children(folder)
    except OSError as error:
        fault = f"The folder cannot be opened ({error.strerror})."
        yield place.upload(fault=fault)
        return
    for child in children:
        if not _is_noise(child.name):
            yield from _child(child, place.into(child.name))


def _child(path: Path, place: _Place) -> Iterator[Upload]:
    try:
        found = path.lstat()
    except OSError as error:
        yield place.upload(fault=f"It cannot be looked at ({error.strerror}).")
        return
    fault = _fault(found.st_mode, place)
    if fault:
        yield place.upload(time=_time(found), fault=fault)
    elif stat.S_ISDIR(found.st_mode):
        yield from _folder(path, place)
    elif _kind(path.name) == "zip":
        yield from _zip_file(path, place, export=False)
    else:
        yield _file(path, place, found)


def _fault(mode: int, place: _Place) -> str:
    """Say why something in a folder is not to be opened."""
    if stat.S_ISLNK(mode):
        return _LINK
    if stat.S_ISREG(mode):
        return ""
    if not stat.S_ISDIR(mode):
        return "It is a pipe, a socket or a device, not a file."
    if _kind(place.parts[-1]) != "other":
        return "It is a folder that is named as a file."
    if len(place.parts) > DEEPEST:
        return f"Its folder lies more than {DEEPEST} folders deep."
    return ""


def _file(path: Path, place: _Place, found: os.stat_result) -> Upload:
    return place.upload(time=_time(found), content=partial(_content, path))


def _time(found: os.stat_result) -> datetime | None:
    try:
        return datetime.fromtimestamp(found.st_mtime, tz=UTC)
    except (OverflowError, ValueError, OSError):  # of a year that datetime has not
        return None


def _content(path: Path) -> bytes:
    with _ordinary(path) as file:
        content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            size = in_words(os.fstat(file.fileno()).st_size)
            raise Unreadable(
                f"The file has {size}; at most {in_words(LARGEST)} are read."
            )
        return content


@contextmanager
def _ordinary(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, and make sure that it is one: it may have changed since."""
    # Windows has neither of these; there a link needs rights that learners lack.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | flags)
    except OSError as error:
        raise Unreadable(f"The file cannot be opened ({error.strerror}).") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Unreadable("It is not an ordinary file.")
        yield file


# --- zip files ---


def _may_be_export(path: Path) -> bool:
    ordinary = stat.S_ISREG(path.lstat().st_mode)
    return ordinary and _kind(path.name) == "zip" and not from_lms(path.name)


def _is_export(path: Path, *, alone: bool) -> bool:
    """Whether a zip file is an LMS's, with learners in it, rather than a learner's.

    Somebody could put names like the LMS's into a zip file of their own. So one that
    stands beside other uploads is never taken for an export.
    """
    try:
        with _ordinary(path) as file:
            members = list(opened(file, Budget(0)).members())
    except Unreadable:
        return False
    if any(member.fault for member in members):
        return False
    tops = set()
    for member in members:
        parts = member.parts
        if _kind(parts[-1]) != "other" and not any(map(_is_noise, parts)):
            tops.add(parts[1] if is_container(parts[0]) and parts[1:] else parts[0])
    return any(map(from_lms, tops)) or (alone and len(tops) > 1)


def _zip_file(path: Path, place: _Place, *, export: bool) -> Iterator[Upload]:
    try:
        with _ordinary(path) as file:
            found = os.fstat(file.fileno())
            if export:
                yield from _export(file, place)
                return
            if found.st_size > LARGEST_ZIP:
                size, most = in_words(found.st_size), in_words(LARGEST_ZIP)
                raise Unreadable(f"The zip file has {size}; at most {most} are read.")
            yield from _learners_zip(file, place, _time(found), Budget(LARGEST_ZIP))
    except Unreadable as error:
        yield place.upload(fault=str(error))


def _export(file: IO[bytes], place: _Place) -> Iterator[Upload]:
    """Look into an LMS's zip file, which may be of any size."""
    inner = place.unzipped(export=True)
    for member in _members(file, Budget(_NO_END)):
        yield from _member(member, inner.into(*member.parts), Budget(LARGEST_ZIP))


def _learners_zip(
    file: IO[bytes], place: _Place, time: datetime | None, budget: Budget
) -> Iterator[Upload]:
    members = _members(file, budget)
    if not members:
        yield place.upload(time=time, fault="The zip file is empty.")
    read = sum(_kind(member.parts[-1]) != "other" for member in members)
    if read > MOST_INSIDE:
        raise Unreadable(
            f"The zip file has {read:,} notebooks and zip files; at most {MOST_INSIDE} "
            "are read."
        )
    inner = place.unzipped(export=False)
    for member in members:
        yield from _member(member, inner.into(*member.parts), budget)


def _members(file: IO[bytes], budget: Budget) -> list[Member]:
    members = opened(file, budget).members()
    return [one for one in members if not any(map(_is_noise, one.parts))]


def _member(member: Member, place: _Place, budget: Budget) -> Iterator[Upload]:
    kind = _kind(member.parts[-1])
    fault = "" if kind == "other" else member.fault  # the others are not opened
    if kind == "zip" and place.zips >= _ZIPS_DEEP:
        fault = "It is a zip file inside of a zip file of a zip file."
    if fault or kind != "zip":
        content = partial(member.content, LARGEST)
        yield place.upload(time=member.time, fault=fault, content=content)
        return
    try:
        packed = io.BytesIO(member.content(LARGEST_ZIP))
        yield from _learners_zip(packed, place, member.time, budget)
    except Unreadable as error:
        yield place.upload(time=member.time, fault=str(error))
