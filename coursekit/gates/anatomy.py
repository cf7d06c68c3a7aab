"""A page has its parts, in their order and in their measure.

The defect: a page without its failures or its recap, a lecture for an opening.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page, prose_only, unfenced

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "anatomy"
SECTIONS = (
    "You will be able to",
    "Predict first",
    "The idea",
    "From scratch",
    "With ",
    "What goes wrong",
    "In production",
    "Check yourself",
    "Exercise",
    "Recap",
    "Going further",
)
OPENING_WORDS = 120
ABLE = range(3, 7)
FAILURES = 2
RECAP = range(1, 6)
REFERENCES = range(2, 6)


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield missing, misplaced and oversized parts."""
    yield from _title(page)
    yield from _order(page)
    yield from _opening(page)
    yield from _counted(page, "You will be able to", ABLE, "list items")
    yield from _counted(page, "Recap", RECAP, "list items")
    yield from _counted(page, "Going further", REFERENCES, "list items")
    yield from _failures(page)


def _title(page: Page) -> Iterator[Finding]:
    titles = [line for line, level, _ in page.headings if level == 1]
    if len(titles) != 1:
        line = titles[1] if titles else 1
        message = f"a page has one heading of level 1; this has {len(titles)}."
        yield Finding(page.path, line, GATE, message)


def _order(page: Page) -> Iterator[Finding]:
    found = [(line, text) for line, level, text in page.headings if level == 2]
    position = -1
    for line, text in found:
        index = _index(text)
        if index is None:
            message = f"'## {text}' is none of the sections; make it a '###' of one."
            yield Finding(page.path, line, GATE, message)
        elif index < position:
            message = f"'## {text}' stands before '## {SECTIONS[position]}', too late."
            yield Finding(page.path, line, GATE, message)
        else:
            position = index
    present = {_index(text) for _, text in found}
    for index, section in enumerate(SECTIONS):
        if index not in present:
            message = f"the section '## {section.strip()}' is missing."
            yield Finding(page.path, len(page.source.lines), GATE, message)


def _index(text: str) -> int | None:
    """Return which section a heading begins, if any."""
    for index, section in enumerate(SECTIONS):
        if text.lower().startswith(section.lower()):
            return index
    return None


def _opening(page: Page) -> Iterator[Finding]:
    headings = [(line, level) for line, level, _ in page.headings if level <= 2]
    if len(headings) < 2:
        return
    start, end = headings[0][0], headings[1][0]
    text = "\n".join(t for line, t in page.prose_lines if start < line < end)
    words = prose_only(text).split()
    if not words or len(words) > OPENING_WORDS:
        message = f"the opening has {len(words)} words; it has 1 to {OPENING_WORDS}."
        yield Finding(page.path, start, GATE, message)
    if not re.search(r"\d|\{glue", text):
        message = "the opening has no number in it; say what the failure cost."
        yield Finding(page.path, start, GATE, message)


def section(page: Page, name: str) -> list[tuple[int, str]]:
    """Return the lines of one section, its heading first; empty where it is missing."""
    tops = [(line, text) for line, level, text in page.headings if level == 2]
    for number, (line, text) in enumerate(tops):
        if text.lower().startswith(name.lower()):
            end = tops[number + 1][0] if number + 1 < len(tops) else 10**9
            return [(at, t) for at, t in page.prose_lines if line <= at < end]
    return []


def _counted(page: Page, name: str, allowed: range, what: str) -> Iterator[Finding]:
    lines = section(page, name)
    if not lines:
        return
    items = [t for _, t in unfenced(lines) if re.match(r"([-*]|\d+\.) ", t)]
    if len(items) not in allowed:
        message = (
            f"'{name}' has {len(items)} {what}; it has {allowed[0]} to {allowed[-1]}."
        )
        yield Finding(page.path, lines[0][0], GATE, message)


def _failures(page: Page) -> Iterator[Finding]:
    lines = section(page, "What goes wrong")
    found = sum(text.startswith("### ") for _, text in unfenced(lines))
    if lines and found < FAILURES:
        message = (
            f"'What goes wrong' has {found} subsections; plant and diagnose at least "
            f"{FAILURES} failures, each under its own '###'."
        )
        yield Finding(page.path, lines[0][0], GATE, message)
