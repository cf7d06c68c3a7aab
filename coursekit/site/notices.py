"""Whose work the site carries: name, version, licence, address, and the licence's text.

Of a wheel all of this stands in the wheel, of the tools that put files of theirs into
the site in what pip installed. KaTeX's licence is kept beside its files, those of
CPython, Pyodide and what is compiled into it in `licences/`, because the release has
them nowhere.
"""

from __future__ import annotations

import email
import json
import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from coursekit.site.vendor import katex

if TYPE_CHECKING:
    from email.message import Message

    from sphinx.application import Sphinx

    from coursekit.site.vendor.lock import Lock

PAGE = "about/notices"
# What leaves scripts or styles of its own below `_static`.
_TOOLS = ("Sphinx", "myst-nb")
_TEXTS = Path(__file__).with_name("licences")
_LICENCE = re.compile(r"licen[cs]e|copying|notice", re.IGNORECASE)
_HOME = ("homepage", "source", "repository", "source code")
_RUNTIME = {
    "Pyodide": ("MPL-2.0", "https://github.com/pyodide/pyodide", "pyodide.txt"),
    "CPython": ("PSF-2.0", "https://github.com/python/cpython", "cpython.txt"),
    "Libraries compiled into Pyodide": (
        "MIT, Zlib, BSD, public domain",
        "https://pyodide.org",
        "linked.txt",
    ),
}
_INTRODUCTION = """\
# Other people's work in this site

Everything that a page loads comes from this site, other people's work too. This is
whose it is and on what terms. The book's own code is under the MIT licence, its text
under CC BY 4.0, and each data set under what its datasheet says.
"""
_COMPILED = """\
What was changed: Python's own modules and those of the wheels stand here as bytecode,
compiled from the releases' files when this site was built, without type stubs.

The wheels of SciPy, matplotlib and Pillow carry libraries in compiled form, among them
OpenBLAS, Qhull, Boost, FreeType, LibTIFF and WebP; which ones and how they were built
stands in Pyodide's recipes. Portions of this software are copyright The FreeType
Project (www.freetype.org); all rights reserved. The source of Pyodide, which its
licence asks to be pointed at, is at
[github.com/pyodide/pyodide](https://github.com/pyodide/pyodide).
"""


@dataclass(frozen=True)
class Notice:
    """One work.

    Attributes
    ----------
    name, version, licence, address
        As its authors state them.
    files
        Which vendored files are of it.
    path, text
        Where its licence stands in the site, and what it says.
    """

    name: str
    version: str
    licence: str
    address: str
    files: tuple[str, ...]
    path: str
    text: bytes


def of_katex() -> Notice:
    """Return the notice of what typesets formulas."""
    lock = json.loads(katex.LOCK.read_text(encoding="utf-8"))
    path = "_static/katex/LICENSE"
    text = (katex.FOLDER / "LICENSE").read_bytes()
    address = "https://katex.org"
    files = tuple(lock["files"])
    return Notice("KaTeX", lock["version"], "MIT", address, files, path, text)


def of_tools() -> list[Notice]:
    """Return the notices of the tools whose files Sphinx copies into the site."""
    return [_of_tool(name) for name in _TOOLS]


def _of_tool(name: str) -> Notice:
    found = distribution(name)
    about = email.message_from_string(found.read_text("METADATA") or "")
    texts = {
        str(file): Path(str(found.locate_file(file))).read_bytes()
        for file in found.files or []
        if ".dist-info/" in str(file) and _is_licence(str(file))
    }
    path = f"_static/licences/{name}.txt"
    stated = (_licence(about), _address(about))
    return Notice(name, found.version, *stated, (), path, _joined(texts))


def write_texts(app: Sphinx, error: Exception | None) -> None:
    """Put the tools' licences into the site."""
    if error is not None or app.builder.format != "html":
        return
    for notice in of_tools():
        path = Path(app.outdir) / notice.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(notice.text)


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("build-finished", write_texts)


def of_runtime(lock: Lock, kept: dict[str, Path]) -> list[Notice]:
    """Return the notices of Pyodide and of the packages that come with it.

    Parameters
    ----------
    lock
        What is there.
    kept
        Its checked files, by name.
    """
    # Of Python the release states the minor version only: the rest is always 0 there.
    python = lock.about["python"].rpartition(".")[0]
    versions = {"Pyodide": lock.release, "CPython": python}
    files = {
        "Pyodide": ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"),
        "CPython": ("pyodide.asm.wasm", "python_stdlib.zip"),
        "Libraries compiled into Pyodide": ("pyodide.asm.wasm",),
    }
    runtime = [
        Notice(
            name,
            versions.get(name, ""),
            licence,
            address,
            files[name],
            f"_run/licences/{text}",
            (_TEXTS / text).read_bytes(),
        )
        for name, (licence, address, text) in _RUNTIME.items()
    ]
    wheels = [
        of_wheel(name, entry["file_name"], kept[entry["file_name"]])
        for name, entry in lock.packages.items()
    ]
    return runtime + wheels


def of_wheel(name: str, file: str, path: Path) -> Notice:
    """Return the notice of a wheel, from what stands in it.

    Parameters
    ----------
    name
        The package.
    file
        The wheel's name in the release.
    path
        The wheel.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        metadata = next(n for n in names if n.endswith(".dist-info/METADATA"))
        about = email.message_from_bytes(archive.read(metadata))
        texts = {n: archive.read(n) for n in names if _is_licence(n)}
    stated = (about["Version"], _licence(about), _address(about))
    return Notice(name, *stated, (file,), f"_run/licences/{name}.txt", _joined(texts))


def _is_licence(member: str) -> bool:
    place = PurePosixPath(member)
    return bool(_LICENCE.search(place.name)) and place.suffix not in {".py", ".pyi"}


def _joined(texts: dict[str, bytes]) -> bytes:
    """Return licences as one text, each under the path that it has in its package."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    parts = (
        f"{'=' * 72}\n{path}\n{'=' * 72}\n\n".encode() + text
        for path, text in sorted(texts.items())
    )
    return b"\n\n".join(parts)


def _licence(about: Message) -> str:
    stated = about["License-Expression"] or about["License"] or ""
    classifiers = [
        value.rpartition(":: ")[2]
        for value in about.get_all("Classifier", [])
        if value.startswith("License")
    ]
    if about["License-Expression"] or not classifiers:
        return " ".join(str(stated).split())
    return ", ".join(classifiers)


def _address(about: Message) -> str:
    links: dict[str, str] = {}
    for entry in about.get_all("Project-URL", []):
        label, _, link = entry.partition(", ")
        links[label.lower()] = link
    found = [links[label] for label in _HOME if label in links]
    return str([*found, about["Home-page"] or "", *links.values()][0])


def page(notices: list[Notice]) -> str:
    """Return the page that names them all, in MyST Markdown.

    Parameters
    ----------
    notices
        The works.
    """
    rows = ["| work | version | licence | text |", "|---|---|---|---|"]
    for notice in notices:
        name = f"[{notice.name}]({notice.address})"
        # No Markdown link: Sphinx would look for the file among its sources.
        text = f'<a href="../{notice.path}">Text for {notice.name}</a>'
        cells = (name, notice.version, notice.licence, text)
        rows.append(f"| {' | '.join(cells)} |")
    compiled = _COMPILED if any(n.name == "Pyodide" for n in notices) else ""
    return "\n".join([_INTRODUCTION, *rows, "", compiled])
