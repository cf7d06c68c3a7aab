"""The list of gates, and the walk of a book through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursekit.gates import (
    anatomy,
    code_style,
    directives,
    figures,
    front_matter,
    links,
    outputs,
    resources,
    sizes,
    skills,
    spelling,
    voice,
)
from coursekit.gates.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coursekit.gates.model import Book, Gate, Page

GATES: dict[str, Gate] = {
    "front-matter": front_matter.check,
    "skills": skills.check,
    "anatomy": anatomy.check,
    "sizes": sizes.check,
    "figures": figures.check,
    "outputs": outputs.check,
    "resources": resources.check,
    "directives": directives.check,
    "links": links.check,
    "code-style": code_style.check,
    "spelling": spelling.check,
    "voice": voice.check,
}


def examine(book: Book, names: Iterable[str] | None = None) -> list[Finding]:
    """Walk pages through all gates.

    Parameters
    ----------
    book
        The book.
    names
        Pages to examine, as `part/slug`; all if None.

    Returns
    -------
    list of Finding
        Sorted by file and line; empty where all is well.
    """
    chosen = set(book.pages if names is None else names)
    found = list(book.unreadable) if names is None else []
    for name in sorted(chosen & set(book.pages)):
        found += _one(book.pages[name], book)
    return sorted(found)


def _one(page: Page, book: Book) -> Iterator[Finding]:
    waived = page.course.waive
    yield from _bad_waivers(page)
    for name, gate in GATES.items():
        if name not in waived:
            yield from gate(page, book)


def _bad_waivers(page: Page) -> Iterator[Finding]:
    line = page.source.front_line("waive")
    for gate, reason in page.course.waive.items():
        if gate not in GATES:
            known = ", ".join(GATES)
            message = f"there is no gate {gate!r} to waive; there are: {known}."
            yield Finding(page.path, line, "front-matter", message)
        elif len(reason.split()) < 4:
            message = f"waiving {gate} needs a reason of a sentence, not {reason!r}."
            yield Finding(page.path, line, "front-matter", message)
