"""Quizzes and predictions are complete: reasons, a right and a wrong option, ids.

The defect: a wrong option that teaches nothing, a prediction to which the page never
comes back, two questions that share what the browser remembers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Directive, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "directives"
QUIZ_ITEMS = range(3, 7)
REASON_WORDS = 3
_OPTION = re.compile(r"- \[([ xX])\] (.*)")


def check(page: Page, book: Book) -> Iterator[Finding]:
    """Yield incomplete questions."""
    asked = [d for d in page.directives if d.name in ("quiz", "predict")]
    for directive in asked:
        yield from _options(page, directive)
    quizzes = [d for d in asked if d.name == "quiz"]
    if len(quizzes) not in QUIZ_ITEMS:
        low, high = QUIZ_ITEMS[0], QUIZ_ITEMS[-1]
        message = f"{len(quizzes)} quiz items; a page has {low} to {high}."
        yield Finding(page.path, 1, GATE, message)
    yield from _predictions(page)
    yield from _repeated(page, book, asked)


def options(directive: Directive) -> list[tuple[bool, str, str]]:
    """Return right or wrong, text and reason of each option, joined across lines."""
    found: list[tuple[bool, str]] = []
    for line in directive.body.splitlines():
        if match := _OPTION.match(line.strip()):
            found.append((match[1] != " ", match[2]))
        elif found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    split = [(right, *text.partition("::")) for right, text in found]
    return [(right, text.strip(), reason.strip()) for right, text, _, reason in split]


def _options(page: Page, directive: Directive) -> Iterator[Finding]:
    found = options(directive)
    label = f"{directive.name} {directive.argument!r}"
    rights = {right for right, _, _ in found}
    if rights != {True, False}:
        message = f"{label} needs a right and a wrong option (- [x] and - [ ])."
        yield Finding(page.path, directive.line, GATE, message)
    for _, text, reason in found:
        if len(reason.split()) < REASON_WORDS:
            message = f"{label}: the option {text!r} has no reason after '::'."
            yield Finding(page.path, directive.line, GATE, message)


def _predictions(page: Page) -> Iterator[Finding]:
    asked = {d.argument: d.line for d in page.directives if d.name == "predict"}
    answered = {d.argument: d.line for d in page.directives if d.name == "predicted"}
    if not asked:
        message = "no {predict}: ask a question before the main result."
        yield Finding(page.path, 1, GATE, message)
    for name, line in asked.items():
        if answered.get(name, 0) < line:
            message = f"the page never comes back to {name!r} with {{predicted}}."
            yield Finding(page.path, line, GATE, message)
    for name in answered.keys() - asked.keys():
        message = f"{{predicted}} {name!r} has no {{predict}}."
        yield Finding(page.path, answered[name], GATE, message)


def _repeated(page: Page, book: Book, asked: list[Directive]) -> Iterator[Finding]:
    everywhere = [
        d.argument
        for other in book.pages.values()
        for d in other.directives
        if d.name in ("quiz", "predict")
    ]
    for directive in asked:
        if everywhere.count(directive.argument) > 1:
            message = f"the id {directive.argument!r} is used twice in the book."
            yield Finding(page.path, directive.line, GATE, message)
