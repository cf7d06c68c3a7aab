"""The data as the browser gets them: whole files, and the top of those that are long.

A table of a third of a million rows is more than a phone should fetch to draw a curve.
Its first rows, in the file's order, are a file of their own with its own hash, so that
`data.table(..., rows=n)` gives in the page what it gave in the book; who asks for more
rows gets the whole file.
"""

from __future__ import annotations

import io
import itertools
import json
import lzma
from typing import TYPE_CHECKING, Any

from coursekit.site.vendor import digest
from coursekit.site.vendor.pyodide import keep

if TYPE_CHECKING:
    from pathlib import Path

    from coursekit.book.layout import Layout

ROWS = 50_000
# The fastest of those that come within a tenth of the smallest file.
_PRESET = 6


def datasets(layout: Layout, cache: Path) -> dict[str, bytes]:
    """Return what stands below `datasets/`: the registry, the files, the samples.

    Parameters
    ----------
    layout
        The checkout.
    cache
        The user's cache, which keeps samples.
    """
    if not layout.registry.is_file():
        return {"registry.json": b"{}\n"}
    registry: dict[str, Any] = json.loads(layout.registry.read_text(encoding="utf-8"))
    files: dict[str, bytes] = {}
    for name, about in registry.items():
        for table, entry in about["tables"].items():
            path = layout.registry.parent / name / entry["file"]
            files[f"{name}/{entry['file']}"] = content = path.read_bytes()
            if entry["rows"] > ROWS and path.suffix == ".xz":
                sample = _sample(content, cache)
                file = f"{table}-{ROWS}.csv.xz"
                entry["sample"] = _described(file, sample)
                files[f"{name}/{file}"] = sample
    files["registry.json"] = f"{json.dumps(registry, indent=1)}\n".encode()
    return files


def _described(file: str, content: bytes) -> dict[str, Any]:
    return {"file": file, "rows": ROWS, "sha256": digest(content)}


def _sample(whole: bytes, cache: Path) -> bytes:
    """Return the top of a compressed table; it is made once, for that takes seconds."""
    folder = cache / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{digest(whole)[:16]}-{ROWS}"
    for kept in sorted(folder.glob(f"{stem}-*.csv.xz")):
        content = kept.read_bytes()
        if kept.name == f"{stem}-{digest(content)}.csv.xz":
            return content
    content = lzma.compress(head(whole, ROWS), preset=_PRESET)
    keep(folder / f"{stem}-{digest(content)}.csv.xz", content)
    return content


def head(whole: bytes, rows: int) -> bytes:
    r"""Return the header and the first rows of a compressed table, as text.

    Parameters
    ----------
    whole
        The file; none of its values has a line break in it.
    rows
        How many rows.

    Examples
    --------
    >>> head(lzma.compress(b"a,b\n1,2\n3,4\n5,6\n"), 2)
    b'a,b\n1,2\n3,4\n'
    """
    with lzma.open(io.BytesIO(whole)) as lines:
        return b"".join(itertools.islice(lines, rows + 1))
