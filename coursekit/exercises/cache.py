"""Remember what is proven, for as long as nothing that it rests on has changed.

The key covers the source, every module of ours that its cells or the proofs reach,
the registry of the data (which has the data's checksums), and the version of every
installed distribution and of Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from functools import cache as memoised
from importlib import metadata
from pathlib import Path
from typing import Any

from coursekit import source as reader
from coursekit.book.imports import Resolver
from coursekit.book.layout import Layout

__all__ = ["get", "key", "put"]


def key(path: Path, how: str, root: Path) -> str:
    """Return the key of one exercise's proof.

    Parameters
    ----------
    path : Path
        The exercise's source.
    how : str
        How it is proven: number of seeds and the like.
    root : Path
        The checkout.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    layout = Layout(root)
    uses = Resolver(layout.packages).uses(_code(path, text))
    registry = layout.registry.read_bytes() if layout.registry.is_file() else b""
    parts = [
        how,
        text,
        json.dumps(uses.modules, sort_keys=True),
        _own(),
        hashlib.sha256(registry).hexdigest(),
        _versions(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _code(path: Path, text: str) -> list[str]:
    """Return the source of every code cell; the whole text where it cannot be read."""
    try:
        return [cell.source for cell in reader.read(path).code]
    except reader.SourceError:
        return [text]


def _own() -> str:
    """Digest of the machinery: this package and the modules of ours below it."""
    here = Path(__file__).resolve().parent
    tools = [here.parent / name for name in ("check.py", "compare.py", "source.py")]
    digest = hashlib.sha256()
    for file in [*sorted(here.glob("*.py")), *tools]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


@memoised
def _versions() -> str:
    named = sorted(
        f"{one.metadata['Name']}=={one.version}" for one in metadata.distributions()
    )
    return " ".join([platform.python_version(), platform.platform(), *named])


def get(key: str, root: Path) -> dict[str, Any] | None:
    """Return what was put under a key, or None."""
    try:
        found = json.loads(_file(key, root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def put(key: str, proof: dict[str, Any], root: Path) -> None:
    """Keep a proof; two that write the same one do not disturb each other."""
    file = _file(key, root)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(proof), encoding="utf-8")
    draft.replace(file)


def _file(key: str, root: Path) -> Path:
    return Layout(root).build / "proofs" / f"{key}.json"
