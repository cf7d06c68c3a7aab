"""Front matter names things that exist, and prerequisites have no cycle.

The defect: a page that points to a skill, an exercise or data that were renamed, or
two pages each of which asks to read the other first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "front-matter"
REQUIRED = {"jupytext", "kernelspec", "course"}


def check(page: Page, book: Book) -> Iterator[Finding]:
    """Yield what the front matter names in vain."""
    course = page.course
    for missing in sorted(REQUIRED - set(page.source.front)):
        yield Finding(page.path, 1, GATE, f"the front matter lacks `{missing}`.")
    yield from _unknown(page, "skills", course.skills, book.skills, "roadmap")
    pages = book.planned.keys() | book.pages.keys()
    yield from _unknown(page, "needs", course.needs, frozenset(pages), "contents")
    yield from _unknown(page, "data", course.data, book.datasets, "datasets folder")
    if course.extra is not None:
        yield from _unknown(page, "extra", [course.extra], book.extras, "extras")
    yield from _exercise(page, book)
    yield from _cycle(page, book)


def _unknown(
    page: Page, key: str, named: list[str], known: frozenset[str], where: str
) -> Iterator[Finding]:
    for name in named:
        if name not in known:
            message = f"{key}: {name!r} is not in the {where}; correct or add it."
            yield Finding(page.path, page.source.front_line(key), GATE, message)


def _exercise(page: Page, book: Book) -> Iterator[Finding]:
    name = page.course.exercise
    if name is None:
        return
    line = page.source.front_line("exercise")
    if name not in book.exercises:
        message = f"exercise: there is no solutions/{name}.md; write it or say null."
        yield Finding(page.path, line, GATE, message)
    elif book.exercises[name] != page.source.name:
        message = (
            f"exercise: solutions/{name}.md names the chapter "
            f"{book.exercises[name]}, not {page.source.name}; make them agree."
        )
        yield Finding(page.path, line, GATE, message)


def _cycle(page: Page, book: Book) -> Iterator[Finding]:
    """Follow prerequisites down from the page; coming back to it is the fault."""
    start: tuple[str, ...] = (page.source.name,)
    waiting = [(need, start) for need in page.course.needs]
    seen = set()
    while waiting:
        name, trail = waiting.pop()
        if name == page.source.name:
            message = f"needs: these pages need each other: {' -> '.join(trail)}."
            yield Finding(page.path, page.source.front_line("needs"), GATE, message)
            return
        if name in book.pages and name not in seen:
            seen.add(name)
            needs = book.pages[name].course.needs
            waiting += [(need, (*trail, name)) for need in needs]
