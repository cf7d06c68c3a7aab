"""Each skill has its target on a heading, and no planned skill loses its place.

The defect: a skills map that links to the top of a long page, or a skill that the
roadmap gave to a page and that nobody teaches once the page is written.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "skills"


def check(page: Page, book: Book) -> Iterator[Finding]:
    """Yield skills without their heading, and planned skills that are lost."""
    anchored = dict(_anchors(page))
    if not page.course.skills:
        message = "the page teaches no skill; name one, or waive this and say why."
        yield Finding(page.path, page.source.front_line("skills"), GATE, message)
    for skill in page.course.skills:
        if skill not in anchored:
            message = (
                f"no heading carries `(skill:{skill})=`; put it above the heading of "
                "the section that teaches it."
            )
            line = page.source.front_line("skills")
            yield Finding(page.path, line, GATE, message)
    for skill, line in anchored.items():
        if skill not in page.course.skills:
            message = f"`(skill:{skill})=` is not under `skills` in the front matter."
            yield Finding(page.path, line, GATE, message)
    yield from _lost(page, book)


def _anchors(page: Page) -> Iterator[tuple[str, int]]:
    """Yield skill and line of each target that a heading follows."""
    lines = [(line, text) for line, text in page.prose_lines if text.strip()]
    for (line, text), (_, below) in pairwise(lines):
        match = re.fullmatch(r"\(skill:([\w.-]+)\)=", text.strip())
        if match and below.startswith(("#", "(skill:")):
            yield match[1], line


def _lost(page: Page, book: Book) -> Iterator[Finding]:
    taught = {skill for other in book.pages.values() for skill in other.course.skills}
    for skill in book.planned.get(page.source.name, ()):
        if skill not in taught:
            message = f"the roadmap gives {skill} to this page, and no page teaches it."
            line = page.source.front_line("skills")
            yield Finding(page.path, line, GATE, message)
