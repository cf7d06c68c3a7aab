"""Python for the reader's browser: what stands below `_run/` in the built site.

`pyodide/` is Pyodide with the packages that pages import, compiled, `wheels/` our own,
`datasets/` the data, `licences/` what the licences ask to come along, and
`manifest.json` tells the page's scripts of them. None of it is fetched before a reader
runs a cell.

In the manifest `imports` has the packages that each of our modules needs when it is
imported, by the names that Pyodide loads them under; `module.function` is there where
calling that function needs more. What those packages need in turn Pyodide knows.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit import settings
from coursekit.book.needs import needs
from coursekit.data import cache_folder
from coursekit.site import notices, samples, wheel
from coursekit.site.vendor import compiled, digest, pyodide
from coursekit.site.vendor import lock as locks

if TYPE_CHECKING:
    from coursekit.book.layout import Layout
    from coursekit.site.vendor.lock import Lock

FOLDER = "_run"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Runtime:
    """The contents of `_run/`.

    Attributes
    ----------
    release
        Pyodide's.
    kept
        Files of the user's cache, checked, by their path below the folder.
    made
        Contents of the others.
    notices
        Whose work it is.
    """

    release: str
    kept: dict[str, Path]
    made: dict[str, bytes]
    notices: list[notices.Notice]


def runtime_of(layout: Layout) -> Runtime | None:
    """Return what the site needs to run pages; None where it has to do without.

    Parameters
    ----------
    layout
        The checkout.

    Returns
    -------
    Runtime or None
        None where the settings say so, and, with one warning, where Pyodide is neither
        in the cache nor to be fetched.

    Raises
    ------
    coursekit.site.vendor.LockError
        If what was fetched is not what the lock says.
    """
    if not settings.load().run:
        return None
    lock = locks.read()
    try:
        cache = cache_folder()
        kept = pyodide.files(lock, cache)
        about = notices.of_runtime(lock, kept)
        kept = compiled.files(lock, kept, cache)
        made = _made(layout, lock, cache, kept)
    except OSError as error:
        print(
            f"Pages cannot run their code in this site: {error}. It is built without; "
            "connect to the internet once and build again.",
            file=sys.stderr,
        )
        return None
    for notice in about:
        made[notice.path.removeprefix(f"{FOLDER}/")] = notice.text
    placed = {f"pyodide/{name}": path for name, path in kept.items()}
    return Runtime(lock.release, placed, made, about)


def _made(
    layout: Layout, lock: Lock, cache: Path, kept: dict[str, Path]
) -> dict[str, bytes]:
    """Return what is made here, by path."""
    ours = wheel.make(layout)
    sums = {name: digest(path.read_bytes()) for name, path in kept.items()}
    files = {
        "pyodide/pyodide-lock.json": lock.for_pyodide(sums).encode(),
        f"wheels/{ours.name}": ours.content,
    }
    for name, content in samples.datasets(layout, cache).items():
        files[f"datasets/{name}"] = content
    manifest = {
        "pyodide": lock.release,
        "compiled": compiled.key_of(lock),
        "wheels": [f"wheels/{ours.name}"],
        "imports": imports_of(ours, lock),
        "datasets": "datasets/",
    }
    files[MANIFEST] = f"{json.dumps(manifest, indent=1, sort_keys=True)}\n".encode()
    return files


def imports_of(ours: wheel.Wheel, lock: Lock) -> dict[str, list[str]]:
    """Return the packages that our modules and functions need, by their names.

    Parameters
    ----------
    ours
        The wheel.
    lock
        Which package brings what; what none brings (IPython) the page's kernel stands
        in for.
    """
    found: dict[str, list[str]] = {}
    for name, tops in sorted(needs(ours.sources, ours.packages).items()):
        packages = {p for top in tops if (p := lock.package_of(top)) is not None}
        if packages or name in ours.sources:
            found[name] = sorted(packages)
    return found


def place(runtime: Runtime | None, folder: Path) -> None:
    """Make a folder hold a runtime and nothing else; write only what changed.

    Parameters
    ----------
    runtime
        What to put there; None removes the folder.
    folder
        `_run` of the site.
    """
    if runtime is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for name, path in runtime.kept.items():
        _link(path, folder / name)
    for name, content in runtime.made.items():
        _write(folder / name, content)
    wanted = {folder / name for name in (*runtime.kept, *runtime.made)}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system cannot."""
    if target.is_file() and (
        target.samefile(source) or filecmp.cmp(source, target, shallow=False)
    ):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        beside = Path(place) / target.name
        try:
            os.link(source, beside)
        except OSError:
            shutil.copyfile(source, beside)
        beside.replace(target)


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    pyodide.keep(path, content)


def stands(layout: Layout) -> bool:
    """Tell, without looking closely, whether the built site is as the settings want it.

    Parameters
    ----------
    layout
        The checkout.
    """
    there = (layout.html / FOLDER / MANIFEST).is_file()
    return there == settings.load().run
