"""No stray output: warnings, tracebacks, object addresses, paths of a machine.

The defect: a page on which a library's complaint, or somebody's home folder, stands
between two paragraphs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursekit.source import Cell

GATE = "outputs"
_STRAY = {
    r"\b\w*Warning\b": "a warning",
    r"<matplotlib\.|\[<.* at 0x|<Axes: |Text\(\d": "matplotlib's own objects",
    r" at 0x[0-9a-f]{6,}": "the address of an object",
    r"(?<![\w.])/(home|Users|root|tmp|var|work)/\w|[A-Z]:\\Users": (
        "a path of a machine"
    ),
}


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield cells whose output nobody meant."""
    if page.executed is None:
        return
    for cell in page.source.code:
        for output in page.executed.outputs.get(cell.index, []):
            if message := _fault(cell, output):
                yield Finding(page.path, cell.line, GATE, message)


def _fault(cell: Cell, output: dict[str, Any]) -> str:
    expected = "raises-exception" in cell.tags
    if output["output_type"] == "error":
        return "" if expected else f"the cell raises {output['ename']}; mend it."
    if output.get("name") == "stderr" and not expected:
        return f"the cell writes to stderr: {_shorten(_text(output))}; mend its cause."
    for pattern, what in _STRAY.items():
        if not expected and (match := re.search(pattern, _text(output))):
            return f"the output shows {what} ({_shorten(match[0])}); mend its cause."
    return ""


def _text(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return str(output["text"])
    return str(output.get("data", {}).get("text/plain", ""))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:77]}..."
