"""Every figure says in words what it shows.

The defect: a picture that a screen reader passes over in silence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursekit.source import Cell

GATE = "figures"
_DRAWS = re.compile(r"\bplt\.(show|imshow|plot)\(|\.savefig\(")
ALT_WORDS = 5


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield figures without alt text, or with a label in its place."""
    for cell in page.source.code:
        if _draws(page, cell) and len((cell.alt or "").split()) < ALT_WORDS:
            message = (
                "this cell draws a figure without alt text; add "
                '`mystnb: {image: {alt: "what the figure shows"}}` '
                f"(a sentence of {ALT_WORDS} words or more)."
            )
            yield Finding(page.path, cell.line, GATE, message)
    for line, text in page.prose_lines:
        if re.search(r"!\[\s*\]\(", text):
            message = "a picture without alt text; write it between the brackets."
            yield Finding(page.path, line, GATE, message)


def _draws(page: Page, cell: Cell) -> bool:
    """Tell from its outputs whether a cell draws; from its code if it was not run."""
    if page.executed is None:
        return bool(_DRAWS.search(cell.source))
    outputs = page.executed.outputs.get(cell.index, [])
    return any(
        kind.startswith("image/")
        for output in outputs
        for kind in output.get("data", {})
    )
