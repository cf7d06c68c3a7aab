"""One digest over everything that the book is made from.

Where it is the same as after the last good build there is nothing to do, and the
minutes of reading pages and starting Sphinx are saved.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import distributions
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coursekit.book.layout import Layout

_IGNORED = frozenset({"__pycache__", ".ipynb_checkpoints"})


def digest(layout: Layout, *, answers: bool) -> str:
    """Digest the sources, our packages, the settings and what is installed.

    Parameters
    ----------
    layout
        The checkout.
    answers
        Whether answers are published: a build without them is another build.
    """
    from coursekit import settings

    total = hashlib.sha256()
    for path in _files(layout):
        total.update(f"{path}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    installed = sorted(
        f"{found.metadata['Name']} {found.version}" for found in distributions()
    )
    about = [sys.version, installed, answers, vars(settings.load())]
    total.update(json.dumps(about).encode())
    return total.hexdigest()


def _files(layout: Layout) -> Iterator[Path]:
    folders = [layout.chapters, layout.solutions, layout.root / "exercises"]
    folders += layout.packages.values()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _IGNORED.intersection(path.parts):
                yield path
    for path in (
        layout.registry,
        layout.root / "_config.yml",
        layout.root / "_toc.yml",
    ):
        if path.is_file():
            yield path


def _state(layout: Layout) -> Path:
    return layout.build / "book.state"


def unchanged(layout: Layout, *, answers: bool) -> bool:
    """Tell whether the site stands and nothing that it is made from has changed.

    Parameters
    ----------
    layout
        The checkout.
    answers
        Whether answers are published.
    """
    from coursekit.site import runtime

    state = _state(layout)
    if not state.is_file() or not (layout.html / "index.html").is_file():
        return False
    if not runtime.stands(layout):
        return False
    return state.read_text(encoding="utf-8") == digest(layout, answers=answers)


def remember(layout: Layout, state: str) -> None:
    """Keep the digest of a build that went well.

    Parameters
    ----------
    layout
        The checkout.
    state
        The digest, taken before the build began.
    """
    _state(layout).write_text(state, encoding="utf-8")
