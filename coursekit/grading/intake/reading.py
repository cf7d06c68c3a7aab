"""From the bytes of a file to a notebook of known shape, or one sentence why not.

Whatever the file holds: limits come before parsing, nothing is believed about types,
and outputs and attachments are dropped at once. Every notebook that comes out has the
same plain form, whichever program saved it.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["LARGEST", "Unreadable", "in_words", "read_notebook", "safe_text"]

LARGEST = 20_000_000
MOST_CELLS = 2_000
LONGEST_SOURCE = 1_000_000
# Every list and object costs much more memory than it takes in the file.
MOST_CONTAINERS = 2_000_000

_SURROGATES = re.compile("[\ud800-\udfff]")
# What a file is that only its name makes a notebook, by how it begins.
_KINDS = (
    (b"PK\x03\x04", "a zip file or an office document"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"<<<<<<<", "marked by Git as in conflict"),
    (b"<", "a web page, perhaps saved from the browser"),
)


class Unreadable(ValueError):  # noqa: N818 (an outcome)
    """What cannot be read; its text is one plain sentence that a learner may read."""


def read_notebook(content: bytes) -> dict[str, Any]:
    r"""Read a notebook from the bytes of its file.

    Parameters
    ----------
    content : bytes
        What was uploaded: UTF-8, UTF-16 or UTF-32, with a byte order mark or without,
        of notebook format 3 or 4.

    Returns
    -------
    dict
        `metadata` and `cells`. Every cell has `cell_type` (`code`, `markdown` or
        `raw`), `id` (empty where it has none), `metadata` and `source` (text with
        `\n` at line ends, without lone surrogates). Metadata are `course`, in cells
        `nbgrader` too, dictionaries both; nothing else is kept.

    Raises
    ------
    Unreadable
        With one sentence that says what was found.
    """
    _refuse_at_sight(content)
    raw = _parsed(_decoded(content))
    if not isinstance(raw, dict):
        raise Unreadable(f"The file holds {_kind(raw)} and not a notebook.")
    _refuse_format(raw)
    cells = _raw_cells(raw)
    if len(cells) > MOST_CELLS:
        raise Unreadable(
            f"The notebook has {len(cells):,} cells; at most {MOST_CELLS:,} are read."
        )
    return {
        "metadata": {"course": _dict(_dict(raw.get("metadata")).get("course"))},
        "cells": [_cell(number, cell) for number, cell in enumerate(cells, start=1)],
    }


def safe_text(text: str) -> str:
    """Replace lone surrogates, which no file and no pipe can carry."""
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)


def in_words(size: int) -> str:
    """Say a number of bytes.

    Examples
    --------
    >>> in_words(52_428_800)
    '52.4 MB'
    """
    return f"{size / 1e6:.1f} MB"


def _refuse_at_sight(content: bytes) -> None:
    if len(content) > LARGEST:
        size, most = in_words(len(content)), in_words(LARGEST)
        raise Unreadable(f"The file has {size}; at most {most} are read.")
    if not content.strip():
        raise Unreadable("The file is empty.")
    start = content[:64].lstrip()
    for beginning, kind in _KINDS:
        if start.startswith(beginning):
            raise Unreadable(f"The file is {kind} and not a notebook.")


def _decoded(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        found = f"byte {error.start:,} is not {encoding.removesuffix('-sig').upper()}"
        raise Unreadable(f"The file is not text: {found}.") from None


def _parsed(text: str) -> Any:
    containers = text.count("[") + text.count("{")
    if containers > MOST_CONTAINERS:
        raise Unreadable(
            f"The file has up to {containers:,} lists and objects; at most "
            f"{MOST_CONTAINERS:,} are read."
        )
    try:
        # Whole numbers as floats: one of a million digits is then merely infinite.
        # `strict` would refuse line ends that a transfer left inside of texts.
        bare = text.removeprefix("\ufeff")
        return json.loads(bare, parse_int=float, strict=False)
    except json.JSONDecodeError as error:
        raise Unreadable(_where(error)) from None
    except RecursionError:
        raise Unreadable("The file nests lists and objects too deeply.") from None


def _where(error: json.JSONDecodeError) -> str:
    if not error.doc[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return f"The file ends too early, in line {error.doc.count(chr(10)) + 1}."
    found = f"line {error.lineno}, column {error.colno}"
    return f"The file is not the JSON of a notebook ({error.msg} at {found})."


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", float: "a number"}
    return kinds.get(type(value), "a single value")


def _refuse_format(raw: dict[str, Any]) -> None:
    major = raw.get("nbformat")
    if not isinstance(major, float):
        raise Unreadable(
            "The file is JSON but not a notebook: `nbformat` is "
            f"{'missing' if major is None else _kind(major)}, expected 3 or 4."
        )
    if major not in (3.0, 4.0):
        raise Unreadable(f"The notebook's format is {major:g}; 3 and 4 are read.")


def _raw_cells(raw: dict[str, Any]) -> list[Any]:
    """Return the cells of format 4, or those of all the worksheets of format 3."""
    cells = raw.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = raw.get("worksheets")
    if cells is None and isinstance(sheets, list):
        inner = [_dict(sheet).get("cells") for sheet in sheets]
        return [cell for part in inner if isinstance(part, list) for cell in part]
    found = "no list of cells" if cells is None else f"{_kind(cells)} for its cells"
    raise Unreadable(f"The notebook has {found}.")


def _cell(number: int, raw: object) -> dict[str, Any]:
    cell = _dict(raw)
    metadata = _dict(cell.get("metadata"))
    return {
        "cell_type": _cell_type(cell.get("cell_type")),
        "id": _id(cell.get("id")) or _id(metadata.get("id")),  # the latter is Colab's
        "metadata": {key: _dict(metadata.get(key)) for key in ("course", "nbgrader")},
        "source": _source(number, cell),
    }


def _cell_type(found: object) -> str:
    if found == "heading":  # of format 3
        return "markdown"
    return str(found) if found in ("code", "markdown") else "raw"


def _id(found: object) -> str:
    return safe_text(found) if isinstance(found, str) and len(found) <= 200 else ""


def _source(number: int, cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input"))  # format 3 calls it `input`
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    if len(source) > LONGEST_SOURCE:
        size, most = in_words(len(source)), in_words(LONGEST_SOURCE)
        raise Unreadable(f"Cell {number} has {size} of source; at most {most} is read.")
    return safe_text(source.replace("\r\n", "\n").replace("\r", "\n"))


def _dict(found: object) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
