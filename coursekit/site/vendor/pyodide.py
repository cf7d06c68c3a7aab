"""Pyodide in the user's cache: fetched once, checked at every build, never half there.

The sources are asked one after the other, file by file. Bytes that are not what the
lock says are never used and never kept. Where no source can be reached the site is
built without Python in its pages; where one delivered other bytes and none the right
ones, nothing is built.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.site.vendor import LockError, digest, npm_package
from coursekit.site.vendor import lock as locks
from coursekit.site.vendor.sources import Release, Source, UnreachableError, Wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from coursekit.site.vendor.lock import File, Lock

RELEASE = "314.0.3"


def folder_of(lock: Lock, cache: Path) -> Path:
    """Return where a lock's files are kept.

    Parameters
    ----------
    lock
        What they must be.
    cache
        The user's cache.
    """
    return cache / f"pyodide-{lock.release}-{digest(lock.text().encode())[:12]}"


def files(
    lock: Lock, cache: Path, sources: Iterable[Source] | None = None
) -> dict[str, Path]:
    """Return the checked files of a release, fetched if need be.

    Parameters
    ----------
    lock
        What they must be.
    cache
        The user's cache.
    sources
        Where to ask; the release itself and then the wheel if None.

    Returns
    -------
    dict
        Paths by name.

    Raises
    ------
    LockError
        If a source delivered other bytes than the lock says, and none the right ones.
    UnreachableError
        If a file is to be had from nowhere.
    """
    folder = folder_of(lock, cache)
    missing = {
        name: file
        for name, file in lock.files.items()
        if not _is_good(folder / name, file)
    }
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            asked = list(sources or _sources(lock, stack))
            advance = stack.enter_context(_bar(missing))
            for name, file in missing.items():
                keep(folder / name, _ask(asked, name, file, advance))
    return {name: folder / name for name in lock.files}


def _sources(lock: Lock, stack: ExitStack) -> list[Source]:
    wheel = Wheel()
    stack.callback(wheel.close)
    return [Release(lock.release), wheel]


def _is_good(path: Path, file: File) -> bool:
    try:
        if path.stat().st_size != file.size:
            return False
        return digest(path.read_bytes()) == file.sha256
    except OSError:
        return False


def _ask(
    sources: list[Source], name: str, file: File, advance: Callable[[int], None]
) -> bytes:
    """Return the right bytes of a file from the first source that has them."""
    wrong: list[str] = []
    for source in sources:
        try:
            content = source.read(name, file.size, advance)
        except UnreachableError:
            continue
        if digest(content) == file.sha256:
            return content
        wrong.append(f"{source.name} (SHA-256 {digest(content)[:12]}...)")
    if wrong:
        raise LockError(
            f"Pyodide's {name} is not what {locks.LOCK.name} says (SHA-256 "
            f"{file.sha256[:12]}...) in {' and '.join(wrong)}: nothing of it was used, "
            "and with COURSE_RUN=off the site is built without it."
        )
    names = " and ".join(source.name for source in sources)
    raise UnreachableError(f"neither the cache nor {names} could be reached")


def keep(path: Path, content: bytes) -> None:
    """Write beside, then rename: whoever looks finds a whole file or none.

    Parameters
    ----------
    path
        The file.
    content
        What it holds afterwards.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except PermissionError:  # Windows, while another build reads what it just wrote
        if not path.is_file() or path.read_bytes() != content:
            raise
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _bar(missing: dict[str, File]) -> Iterator[Callable[[int], None]]:
    """Show how much of the missing files has come."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        total = sum(file.size for file in missing.values())
        task = progress.add_task("Python for the browser (once)", total=total)
        yield lambda size: progress.advance(task, size)


def compare(*, lock: bool = False) -> str:
    """Compare the lock with npm's package of the release; say so.

    Parameters
    ----------
    lock
        Whether to take over npm's hashes first.

    Raises
    ------
    LockError
        If npm has something else than the lock says.
    """
    found = _from_npm(npm_package(f"pyodide@{RELEASE}"))
    if lock:
        _write_lock(found)
    kept = locks.read()
    same = kept.packages == found.packages and kept.release == RELEASE
    hashes = {name: file.sha256 for name, file in kept.files.items()}
    if not same or hashes != {n: file.sha256 for n, file in found.files.items()}:
        raise LockError(
            f"Pyodide {RELEASE} as npm has it is not what {locks.LOCK.name} says. "
            "With --lock its hashes are taken over."
        )
    return (
        f"{len(kept.files)} files of Pyodide {RELEASE} are locked as npm states them."
    )


def _from_npm(package: dict[str, bytes]) -> Lock:
    """Return the lock of npm's package; it does not say how large the wheels are."""
    theirs = json.loads(package["pyodide-lock.json"])
    entries = locks.packages_for(locks.WANTED, theirs["packages"])
    runtime = {
        name: locks.File(digest(package[name]), len(package[name]))
        for name in locks.RUNTIME
    }
    wheels = {e["file_name"]: locks.File(e["sha256"], 0) for e in entries.values()}
    packages = {name: _without_hash(entry) for name, entry in entries.items()}
    return locks.Lock(RELEASE, theirs["info"], runtime | wheels, packages)


def _without_hash(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "sha256"}


def _write_lock(found: Lock) -> None:
    """Write a lock with the wheels' sizes, which are seen once they are fetched."""
    limit = 1 << 26
    sized = dict(found.files)
    with ExitStack() as stack:
        sources = _sources(found, stack)
        for name, file in found.files.items():
            if not file.size:
                wanted = locks.File(file.sha256, limit)
                content = _ask(sources, name, wanted, lambda _size: None)
                sized[name] = locks.File(file.sha256, len(content))
    made = locks.Lock(found.release, found.about, sized, found.packages)
    locks.LOCK.write_text(made.text(), encoding="utf-8")
