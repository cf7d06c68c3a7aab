"""Links within the book lead somewhere: files, terms, references.

The defect: a dead link. (Sphinx checks these too, but only when the site is built and
without naming the line of a table or an admonition.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page, unfenced

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "links"
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_TERM = re.compile(r"\{term\}`([^`]+)`")
_CITE = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


def check(page: Page, book: Book) -> Iterator[Finding]:
    """Yield links, terms and citations that resolve to nothing."""
    for line, text in page.prose_lines:
        for term in _TERM.findall(text):
            target = re.sub(r".*<(.+)>", r"\1", term).strip().lower()
            if target not in book.terms:
                message = f"the term {target!r} is not in the glossary; add it."
                yield Finding(page.path, line, GATE, message)
        for keys in _CITE.findall(text):
            for key in keys.split(","):
                if key.strip() not in book.keys:
                    message = f"{key.strip()!r} is not in references.bib; add it."
                    yield Finding(page.path, line, GATE, message)
    yield from _files(page)


def _files(page: Page) -> Iterator[Finding]:
    for line, text in unfenced(page.prose_lines):
        for target in _LINK.findall(text):
            if re.match(r"[a-z]+:|#", target):
                continue
            if not (page.path.parent / target.partition("#")[0]).is_file():
                message = f"the link to {target} leads nowhere."
                yield Finding(page.path, line, GATE, message)
