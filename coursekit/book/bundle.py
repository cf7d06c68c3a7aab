"""The book as one zip file for where there is no internet.

It holds the built site as it stands, with its notebooks and exercises and, where pages
run in it, Python; beside that the data with their datasheets, and a README that says
how to open it. The same site gives the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit import settings
from coursekit.site.wheel import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coursekit.book.layout import Layout

# What is compressed already: to do it again takes time and gains nothing.
_PACKED = frozenset({".gz", ".png", ".webp", ".whl", ".woff2", ".xz", ".zip"})
_README = """\
{title}

Unpack this file; what follows is done in the folder that comes out of it.

To read: open index.html in a browser. Nothing is installed and nothing is fetched.

To run code in the pages: browsers allow that only on pages that a server sends. With
any Python:

    python -m http.server --bind 127.0.0.1

and then open http://127.0.0.1:8000 in a browser. {runs}

To work in Jupyter: the pages are in notebooks/, the exercises in exercises/, the data
with their datasheets in datasets/. Python's packages (NumPy, scikit-learn, matplotlib
and more) have to be there already.
{ours}"""
_OURS = """
The course's own packages install without the internet:

    python -m pip install --no-deps {wheel}

and the notebooks find the data when the variable COURSE_DATASETS names that folder,
with its full path.
"""


class BundleError(RuntimeError):
    """A bundle that cannot be made, in one sentence."""


def name_of(title: str) -> str:
    """Return what a bundle and the folder in it are called.

    Parameters
    ----------
    title
        The book's title.

    Examples
    --------
    >>> name_of("Machine Learning, Engineered")
    'machine-learning-engineered'
    """
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def bundle(layout: Layout, out: Path | None = None) -> Path:
    """Write the bundle of a built site; return its file.

    Parameters
    ----------
    layout
        The checkout.
    out
        The file; `dist/<title>.zip` if None.

    Raises
    ------
    BundleError
        If there is no site, or the last build had faults.
    """
    if not (layout.html / "index.html").is_file() or not layout.site_state.is_file():
        raise BundleError("There is no site to bundle: build it with `coursekit book`.")
    top = name_of(settings.load().title)
    out = out or layout.root / "dist" / f"{top}.zip"
    files = contents(layout)
    readme = _readme(layout, files).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    with _beside(out) as unfinished, _bar(files) as advance:
        archive = zipfile.ZipFile(unfinished, "w")
        with archive:
            archive.writestr(entry(f"{top}/README.txt"), readme)
            for name, path in sorted(files.items()):
                content = path.read_bytes()
                archive.writestr(entry(f"{top}/{name}", _method(path)), content)
                advance(len(content))
    return out


def _method(path: Path) -> int:
    return zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED


def contents(layout: Layout) -> dict[str, Path]:
    """Return the files of a bundle by their path in its folder.

    Parameters
    ----------
    layout
        The checkout.
    """
    site = _below(layout.html)
    data = layout.registry.parent
    kept = {name: path for name, path in _below(data).items() if path.suffix != ".py"}
    return site | {f"datasets/{name}": path for name, path in kept.items()}


def _below(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.name != ".buildinfo"  # when and how Sphinx ran, which no reader needs
    }


def _readme(layout: Layout, files: dict[str, Path]) -> str:
    manifest = json.loads((layout.source / "manifest.json").read_text(encoding="utf-8"))
    pages = sorted(
        f"    {page['title']} ({name}.html)"
        for name, page in manifest["pages"].items()
        if "page" in page["runs"]
    )
    runs = "This copy was built without Python for the browser, so no page runs."
    if manifest["run"]:
        runs = "\n".join(["These pages run:", "", *pages])
    wheel = next((name for name in files if name.startswith("_run/wheels/")), None)
    ours = _OURS.format(wheel=wheel) if wheel else ""
    title = settings.load().title
    return _README.format(title=title, runs=runs, ours=ours)


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Give a file beside the target, which takes its name when it is whole."""
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def _bar(files: dict[str, Path]) -> Iterator[Callable[[int], None]]:
    """Show how much has been packed."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        total = sum(path.stat().st_size for path in files.values())
        task = progress.add_task("Packing", total=total)
        yield lambda size: progress.advance(task, size)
