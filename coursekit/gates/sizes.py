"""Pages and cells keep to the sizes that good pages of the field keep to.

The defect: a page that nobody finishes, a cell that nobody reads.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page, prose_only

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "sizes"
WORDS = range(1400, 2801)
CELLS = range(15, 46)
CELL_LINES = 30
_LIVE_FIGURE = re.compile(r"^```\{live-figure\}.*?^```$", re.DOTALL | re.MULTILINE)


def words(page: Page) -> int:
    """Count the words of prose: directives' texts count, code and formulas do not.

    Nor does what describes a live figure, like the alt text of a cell that draws.
    """
    text = "\n".join(text for _, text in page.prose_lines)
    text = _LIVE_FIGURE.sub("", text)
    return sum(any(c.isalpha() for c in word) for word in prose_only(text).split())


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield what is too short or too long."""
    counts = {"words of prose": (words(page), WORDS)}
    counts["code cells"] = (len(page.source.code), CELLS)
    for what, (found, allowed) in counts.items():
        if found not in allowed:
            message = f"{found} {what}; a page has {allowed[0]} to {allowed[-1]}."
            yield Finding(page.path, 1, GATE, message)
    for cell in page.source.code:
        length = len(cell.source.splitlines())
        if length > CELL_LINES:
            message = f"a cell of {length} lines; split it (at most {CELL_LINES})."
            yield Finding(page.path, cell.line, GATE, message)
