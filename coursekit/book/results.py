"""What runs gave: outputs in jupyter-cache, and one readable record a page.

jupyter-cache finds a notebook by a hash of its kernelspec and code cells. A page's own
key covers more (see `coursekit.book.plan`), so it is put into the kernelspec of what
is handed to the cache: two runs of the same code with another library under it are two
entries, and a change of a cell's metadata that no kernel sees is none.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import nbformat
    from jupyter_cache.cache.main import JupyterCacheBase

    from coursekit.book.layout import Layout
    from coursekit.book.plan import Page


@dataclass(frozen=True)
class Failure:
    """Where and why a page failed.

    Attributes
    ----------
    line
        Line of the page on which the cell's code begins.
    cell
        Position of the cell among the page's code cells, from 1.
    error
        The error in one line.
    traceback
        What the kernel printed, without colours.
    """

    line: int
    cell: int
    error: str
    traceback: str = ""


@dataclass(frozen=True)
class Record:
    """What is known about the last run of a page.

    Attributes
    ----------
    page, key
        Its name, and the key for which this run stands.
    seconds, peak_bytes
        Wall time with the kernel's start, and the most memory that the kernel and all
        that it started had together.
    cells
        Seconds of each code cell.
    versions, direct, python
        What it ran on; `direct` are the distributions that its own cells import.
    isolated
        Whether the run had no network interface but the loopback.
    error
        Where it failed, or None.
    cpu_seconds
        Processor time of the kernel and all that it started: what `seconds` would be
        on an idle machine with one core, whatever else ran beside it.
    """

    page: str
    key: str
    seconds: float
    peak_bytes: int
    cells: list[float]
    versions: dict[str, str]
    direct: list[str]
    python: str
    isolated: bool = False
    error: Failure | None = None
    cpu_seconds: float = 0.0


def record_path(layout: Layout, name: str) -> Path:
    """Return the file of a page's record.

    Parameters
    ----------
    layout
        The checkout.
    name
        The page, as `part/slug`.
    """
    return layout.runs / f"{name}.json"


def load(layout: Layout, name: str) -> Record | None:
    """Return the record of a page's last run, or None if it never ran.

    Parameters
    ----------
    layout
        The checkout.
    name
        The page, as `part/slug`.
    """
    path = record_path(layout, name)
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        error = values.pop("error")
        return Record(**values, error=Failure(**error) if error else None)
    except (ValueError, KeyError, TypeError):
        return None  # half written, or by another version: the page runs again


def save(layout: Layout, record: Record) -> None:
    """Write a page's record.

    Parameters
    ----------
    layout
        The checkout.
    record
        What to write.
    """
    path = record_path(layout, record.page)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(record), indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def store(layout: Layout, page: Page, executed: nbformat.NotebookNode) -> None:
    """Put an executed page into jupyter-cache, in place of an older run.

    Parameters
    ----------
    layout
        The checkout.
    page
        The page that was run.
    executed
        Its code cells with their outputs.
    """
    from jupyter_cache.base import CacheBundleIn

    notebook = _hashed_form(page)
    for cell, done in zip(notebook.cells, executed.cells, strict=True):
        cell.outputs = done.outputs
        cell.execution_count = done.execution_count
    bundle = CacheBundleIn(notebook, page.name, data={"key": page.key})
    # The worker counts the cells; jupyter-cache would refuse a cell without code.
    _cache(layout).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def outputs(layout: Layout, page: Page) -> list[list[Any]] | None:
    """Return the outputs of each code cell, or None if this key was never run.

    Parameters
    ----------
    layout
        The checkout.
    page
        The page, with its present key.
    """
    if not layout.cache.is_dir():
        return None
    try:
        _, merged = _cache(layout).merge_match_into_notebook(_hashed_form(page))
    except KeyError:
        return None
    return [cell.outputs for cell in merged.cells]


def is_fresh(layout: Layout, page: Page) -> bool:
    """Tell whether the page's results for its present key are there.

    Parameters
    ----------
    layout
        The checkout.
    page
        The page, with its present key.
    """
    record = load(layout, page.name)
    if record is None or record.key != page.key or record.error:
        return False
    return outputs(layout, page) is not None


def _cache(layout: Layout) -> JupyterCacheBase:
    from jupyter_cache import get_cache

    return get_cache(layout.cache)


def _hashed_form(page: Page) -> nbformat.NotebookNode:
    """Make the notebook by which jupyter-cache knows a page: its code and our key."""
    from nbformat import v4

    kernel = {"name": "python3", "display_name": "Python 3", "course_key": page.key}
    cells = [v4.new_code_cell(cell.source) for cell in page.source.code]
    made: nbformat.NotebookNode
    made = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return made
