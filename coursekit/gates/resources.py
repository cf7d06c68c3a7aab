"""A page keeps to its budget of time and memory, as the last run measured it.

The defect: a page that makes the whole book slow, or that a laptop cannot run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "resources"
SECONDS = 60.0
BYTES = 1.5e9


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield what the page spent beyond its budget."""
    if page.executed is None:
        return
    if page.executed.seconds > SECONDS:
        message = f"the page ran {page.executed.seconds:.0f} s; at most {SECONDS:.0f}."
        yield Finding(page.path, 1, GATE, message)
    if page.executed.peak_bytes > BYTES:
        found = page.executed.peak_bytes / 1e9
        message = f"the page held {found:.2f} GB of memory; at most {BYTES / 1e9} GB."
        yield Finding(page.path, 1, GATE, message)
