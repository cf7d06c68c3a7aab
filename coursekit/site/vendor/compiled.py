"""Pyodide's archives with their modules compiled: what readers' browsers are given.

The release has modules as text, and a browser would compile them anew on every page:
of the seconds until pandas and matplotlib are imported that is two thirds. So the build
does it once, with the very Python that will run them, from files that were checked
against the lock, and keeps the result in the user's cache.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.site import wheel
from coursekit.site.node import node_program
from coursekit.site.vendor import bytecode, digest, pyodide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coursekit.site.vendor.lock import Lock


class CompileError(RuntimeError):
    """What could not be compiled, in one sentence."""


_SCRIPT = Path(__file__).with_name("compile.mjs")
_SUMS = "sha256.json"
# matplotlib needs it to write PDF, which no page does; text is half as large as code.
_AS_TEXT = ("fonttools-",)


def key_of(lock: Lock) -> str:
    """Tell what is made from a lock by this code from what another lock or code makes.

    Parameters
    ----------
    lock
        What the release's files must be.
    """
    how = (Path(__file__), _SCRIPT, Path(bytecode.__file__), Path(wheel.__file__))
    parts = [lock.text(), *(path.read_text(encoding="utf-8") for path in how)]
    return digest("\0".join(parts).encode())[:12]


def files(lock: Lock, kept: dict[str, Path], cache: Path) -> dict[str, Path]:
    """Return a release's files with the modules in them compiled.

    Parameters
    ----------
    lock
        What the release's files must be.
    kept
        Where they are, checked, by name.
    cache
        The user's cache.

    Returns
    -------
    dict
        The same names; archives with modules are other files now.

    Raises
    ------
    CompileError
        If a module cannot be compiled, or Node does not run Pyodide.
    """
    folder = cache / f"pyodide-{lock.release}-compiled-{key_of(lock)}"
    archives = {name: path for name, path in kept.items() if _has_modules(path)}
    if not _stands(folder, set(archives)):
        _make(lock, kept["pyodide.mjs"].parent, archives, folder)
    return kept | {name: folder / name for name in archives}


def _has_modules(path: Path) -> bool:
    if path.name.startswith(_AS_TEXT) or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(".py") for name in archive.namelist())


def _stands(folder: Path, names: set[str]) -> bool:
    """Tell whether a folder holds what was made, to the last byte."""
    try:
        sums = json.loads((folder / _SUMS).read_text(encoding="utf-8"))
        return set(sums) == names and all(
            digest((folder / name).read_bytes()) == told for name, told in sums.items()
        )
    except (OSError, ValueError):
        return False


def _make(lock: Lock, runtime: Path, archives: dict[str, Path], folder: Path) -> None:
    """Compile all archives; the sums come last, so that no half is taken for whole."""
    from rich.console import Console
    from rich.progress import track

    folder.mkdir(parents=True, exist_ok=True)
    sums = {}
    bar = "Python for the browser, compiled (once)"
    with _compiler(lock, runtime) as compiled:
        for name in track(
            sorted(archives), bar, console=Console(stderr=True), transient=True
        ):
            with tempfile.TemporaryDirectory() as place:
                code = Path(place) / "code.zip"
                compiled(archives[name], code, _root(lock, name))
                content = merged(archives[name], code)
            pyodide.keep(folder / name, content)
            sums[name] = digest(content)
    pyodide.keep(folder / _SUMS, json.dumps(sums, indent=1).encode())


def _root(lock: Lock, name: str) -> str:
    """Return where an archive's modules will stand in the browser."""
    major, minor, *_ = lock.about["python"].split(".")
    if name.endswith(".whl"):
        return f"/lib/python{major}.{minor}/site-packages/"
    return f"/lib/python{major}{minor}.zip/"


def merged(archive: Path, code: Path) -> bytes:
    """Return an archive with bytecode in place of the modules' text.

    Parameters
    ----------
    archive
        The archive.
    code
        An archive of `a/b.pyc` for each `a/b.py`.
    """
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(code) as made:
        for name in source.namelist():
            if name.endswith(".py"):
                files[f"{name}c"] = made.read(f"{name}c")
            elif not name.endswith(("/", ".pyi")):  # what only editors read stays away
                files[name] = source.read(name)
    for record in [name for name in files if name.endswith(".dist-info/RECORD")]:
        stem = record.removesuffix(".dist-info/RECORD")
        del files[record]
        files[record] = wheel.record(stem, files)
    return wheel.packed(files)


@contextlib.contextmanager
def _compiler(lock: Lock, runtime: Path) -> Iterator[Callable[[Path, Path, str], None]]:
    """Run Pyodide in Node; give what compiles one archive into another."""
    about = json.dumps({"info": lock.about, "packages": {}})
    command = [node_program(), str(_SCRIPT), str(runtime), about, bytecode.__file__]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:

        def compiled(archive: Path, target: Path, root: str) -> None:
            asked = {"archive": str(archive), "target": str(target), "root": root}
            answer = _answer(process, asked)
            if "modules" not in answer:
                found = answer.get("error", "Node ended")
                raise CompileError(f"{archive.name} cannot be compiled: {found}")

        try:
            yield compiled
        except BaseException:
            process.kill()
            raise


def _answer(process: subprocess.Popen[str], asked: dict[str, str]) -> dict[str, str]:
    """Ask the script; what it does not answer is an empty answer."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the script has no pipes")
    try:
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return {}
    line = process.stdout.readline()
    answer: dict[str, str] = json.loads(line) if line else {}
    return answer
