"""Our own packages as a wheel for the browser: what notebooks import, and no more.

A plain zip, made without a build backend: the same sources give the same bytes, and the
name changes with them, so that no browser keeps an old one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.book.imports import Resolver

if TYPE_CHECKING:
    from coursekit.book.layout import Layout

_TOOLS = Path(__file__).parents[1]
# What pages and exercises may import of coursekit; what these need comes with them.
_LIGHT = "from coursekit import check, compare, data, pages"
_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell


@dataclass(frozen=True)
class Wheel:
    """A wheel.

    Attributes
    ----------
    name
        Its file name.
    content
        Its bytes.
    sources
        The text of its modules by their full names.
    packages
        Which of these are packages.
    """

    name: str
    content: bytes
    sources: dict[str, str]
    packages: set[str]


def make(layout: Layout) -> Wheel:
    """Make the wheel of a checkout.

    Parameters
    ----------
    layout
        The checkout.
    """
    files = contents(layout)
    name, version = _project(layout)
    stem = f"{name.replace('-', '_')}-{version}"
    # A wheel's build number: first a digit, then what tells these bytes from others.
    everything = repr(sorted(files.items())).encode()
    build = f"1_{hashlib.sha256(everything).hexdigest()[:12]}"
    texts = {
        path: content.decode("utf-8")
        for path, content in files.items()
        if path.endswith(".py")
    }
    files |= _about(stem, name, version, layout.root)
    files[f"{stem}.dist-info/RECORD"] = record(stem, files)
    return Wheel(
        f"{stem}-{build}-py3-none-any.whl",
        packed(files),
        {_module(path): text for path, text in texts.items()},
        {_module(path) for path in texts if path.endswith("/__init__.py")},
    )


def contents(layout: Layout) -> dict[str, bytes]:
    """Return the files that notebooks import, by path in the wheel.

    Parameters
    ----------
    layout
        The checkout.
    """
    resolver = Resolver({"coursekit": _TOOLS})
    light = [_TOOLS.parent / path for path in resolver.uses([_LIGHT]).modules]
    light += [path.with_suffix(".toml") for path in light]
    library = sorted(layout.library.rglob("*.py"))
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for root, paths in ((_TOOLS.parent, light), (layout.root, library))
        for path in paths
        if path.is_file()
    }


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _project(layout: Layout) -> tuple[str, str]:
    """Return our distribution's name and version, as the checkout has them."""
    file = layout.root / "pyproject.toml"
    if not file.is_file():  # a small book of a test
        return "ml-engineer-course", "0"
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return project["name"], project["version"]


def _about(stem: str, name: str, version: str, root: Path) -> dict[str, bytes]:
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    wheel = "Wheel-Version: 1.0\nGenerator: coursekit\nRoot-Is-Purelib: true\n"
    files = {
        f"{stem}.dist-info/METADATA": metadata.encode(),
        f"{stem}.dist-info/WHEEL": f"{wheel}Tag: py3-none-any\n".encode(),
    }
    for licence in sorted(root.glob("LICENSE*")):
        files[f"{stem}.dist-info/licenses/{licence.name}"] = licence.read_bytes()
    return files


def record(stem: str, files: dict[str, bytes]) -> bytes:
    """Return the list of a wheel's files: their digests and sizes.

    Parameters
    ----------
    stem
        Name and version, as the wheel's file name begins.
    files
        Contents by path, without the list itself.
    """
    lines = []
    for path, content in sorted(files.items()):
        found = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
        lines.append(f"{path},sha256={found.decode().rstrip('=')},{len(content)}")
    return "\n".join([*lines, f"{stem}.dist-info/RECORD,,", ""]).encode()


def packed(files: dict[str, bytes]) -> bytes:
    """Return files as a zip: the same files, the same bytes.

    Parameters
    ----------
    files
        Contents by path.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in sorted(files.items()):
            archive.writestr(entry(path), content, compresslevel=9)
    return stream.getvalue()


def entry(path: str, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """Return the entry of a file in a zip, with nothing of this machine in it.

    Parameters
    ----------
    path
        Its path.
    method
        How it is compressed.
    """
    made = zipfile.ZipInfo(path, _TIME)
    made.create_system = 3  # as on Unix, wherever this runs
    made.external_attr = 0o644 << 16
    made.compress_type = method
    return made
