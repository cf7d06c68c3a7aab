"""The book's voice: no hype, no filler, one spelling.

The defect: "simply" before the step that a reader cannot follow, and a book that is
British on one page and American on the next.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page, prose_only

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE = "voice"
_RULES = {
    r"\bsimply\b|\bjust\b|\bobviously\b|\bof course\b": "leave it out: {0!r}.",
    r"\b(?:in|throughout) this (?:chapter|page|section),? (?:we|you) will\b": (
        "begin with the matter itself: {0!r}."
    ),
    r"\b(?:amazing|awesome|powerful|revolutionary|game-chang\w+|cutting-edge)\b": (
        "no hype: {0!r}."
    ),
    r"(?<=[a-z])!(?=\s|$)": "no exclamation marks.",
    r"[\U0001F300-\U0001FAFF\u2600-\u27BF]": "no emoji: {0!r}.",
    r"\b(?:behavior|color|favor|labor|center|meter|labeled|labeling|modeled|modeling|"
    r"traveled|canceled|canceling|gray|artifact|catalog)(?:s|ed|ing)?\b": (
        "British spelling: {0!r}."
    ),
    r"\b(?!size|prize|seize|resize|capsize|baize|maize|horizon|citizen|frozen|dozen|"
    r"magazine|oversize|downsize|bulldoze|glaze|gaze|amaze|blaze|haze|seiz|resiz|prizi|"
    r"resized|sized|siz|hazi|freez|wiz|rizz|bizarre|Lipschitz)"
    r"\w{3,}(?:ize|ized|izes|izing|ization|izer|izers)\b": "British spelling: {0!r}.",
}
_COMPILED = {re.compile(rule, re.IGNORECASE): say for rule, say in _RULES.items()}


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield words that are not the book's."""
    for cell in page.source.markdown:
        for offset, text in enumerate(_prose(cell.source).split("\n")):
            for pattern, sentence in _COMPILED.items():
                for match in pattern.finditer(text):
                    message = sentence.format(match[0])
                    yield Finding(page.path, cell.line + offset, GATE, message)


def _prose(text: str) -> str:
    """Return the prose with everything else blanked, line for line."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n")

    fences = r"^(`{3,})(?!\{(?:note|tip|warning|admonition|quiz|predict)).*?^\1\s*$"
    text = re.sub(fences, blank, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$", blank, text, flags=re.DOTALL)
    return "\n".join(prose_only(line) for line in text.split("\n"))
