"""How a per cent is written: "95 %", with a space at which no line breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# At the beginning of a text a figure may stand before it, filled in by the page's code.
# Two hexadecimal digits make it a sign of an address.
_PER_CENT = re.compile(r"(?:(?<=\d) ?|^ )(?=%(?![\dA-Fa-f]{2}))")
_AFTER_FIGURE = re.compile(r"^(?=%)")
_NO_PROSE = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw)


def keep_together(text: str) -> str:
    r"""Put a space that does not break before each sign of a per cent.

    Examples
    --------
    >>> keep_together("between 5 % and 10% of n % 2")
    'between 5\xa0% and 10\xa0% of n % 2'
    """
    return _PER_CENT.sub("\N{NO-BREAK SPACE}", text)


def keep_page_together(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Mend the prose of a page that is being written."""
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, _NO_PROSE):
            kept = keep_together(text.astext())
            if _follows_figure(text):
                kept = _AFTER_FIGURE.sub("\N{NO-BREAK SPACE}", kept)
            if kept != text.astext():
                text.parent.replace(text, nodes.Text(kept))


def _follows_figure(text: nodes.Text) -> bool:
    """Tell whether a digit ends what stands before a text on its line."""
    place = text.parent.index(text)
    before: str = text.parent[place - 1].astext() if place else ""
    return before[-1:].isdigit()


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("doctree-resolved", keep_page_together)
