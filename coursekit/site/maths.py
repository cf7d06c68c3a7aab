r"""Mathematics, rendered by KaTeX when the site is built.

Readers get HTML and MathML, no script. KaTeX itself comes with `sphinxcontrib-katex`;
its style sheet and fonts, which that package leaves to a CDN, are kept in
`static/katex`, each file with its SHA-256 in `static/katex.json`
(`coursekit.site.vendor` fetched them and can show that they are what npm has). So a
build needs no network. Of that package only KaTeX is used: its own server can refuse
the first connection on a busy machine, and it paints a wrong formula red where here it
is a warning with page and line, which breaks the build.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from docutils import nodes
from sphinx.util import logging

from coursekit.site.node import ask

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("render.js")
_MATHML = "http://www.w3.org/1998/Math/MathML"
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_APPLIED = "\u2061"  # "function application", which is seen by nobody
# Forbids a break where one would leave a full stop alone at the start of a line.
_JOINER = "\u2060"
_OPENING = ("(", "[", "\u201c", "\u2018")
_CLOSING = (*".,;:!?)]-", "\u201d", "\u2019", "\u2013")
_SCRIPTED = ("msub", "msup", "msubsup", "munder", "mover", "munderover")


class FormulaError(ValueError):
    """A formula that KaTeX does not understand."""


@cache
def _katex() -> str:
    """Return the folder of KaTeX's script."""
    from sphinxcontrib import katex

    return str(Path(katex.__file__).parent)


@cache
def render(latex: str, *, display: bool) -> str:
    r"""Render one formula.

    Parameters
    ----------
    latex
        What stands between the dollar signs.
    display
        Whether it has lines of its own.

    Returns
    -------
    str
        HTML with MathML inside.

    Raises
    ------
    FormulaError
        If KaTeX does not understand it.

    Examples
    --------
    >>> "<math" in render(r"\eta", display=False)
    True
    """
    answer = ask(_SCRIPT, _katex(), question={"latex": latex, "display": display})
    if "error" in answer:
        raise FormulaError(answer["error"])
    return _MATH.sub(lambda found: _unapplied(found[0]), answer["html"])


def _unapplied(mathml: str) -> str:
    r"""Take the sign of application out of scripts such as that of $\lambda_{\max}$.

    KaTeX puts it there as a child too many: to Firefox such an element is an error.
    """
    if _APPLIED not in mathml:
        return mathml
    tree = ET.fromstring(mathml)
    for name in _SCRIPTED:
        for scripted in tree.iter(f"{{{_MATHML}}}{name}"):
            for child in list(scripted):
                if child.text == _APPLIED:
                    scripted.remove(child)
    ET.register_namespace("", _MATHML)
    return ET.tostring(tree, encoding="unicode")


def _rendered(node: nodes.Element, *, display: bool) -> str:
    try:
        return render(node.astext(), display=display)
    except FormulaError as error:
        logger.warning(f"mathematics: {error}", location=node, type="coursekit")
        return ""


def _visit_math(self: HTML5Translator, node: nodes.math) -> None:
    before, after = _neighbours(node)
    glue_before = _JOINER if before.endswith(_OPENING) else ""
    glue_after = _JOINER if after.startswith(_CLOSING) else ""
    html = _rendered(node, display=False)
    self.body.append(f'{glue_before}<span class="math">{html}</span>{glue_after}')
    raise nodes.SkipNode


def _neighbours(node: nodes.Element) -> tuple[str, str]:
    """Return the text right before a node and right after it."""
    siblings = node.parent.children if node.parent else [node]
    at = siblings.index(node)
    before = siblings[at - 1] if at else None
    after = siblings[at + 1] if at + 1 < len(siblings) else None
    return _words(before), _words(after)


def _words(node: nodes.Node | None) -> str:
    return node.astext() if isinstance(node, nodes.Text) else ""


def _visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    identifiers = "".join(f'<span id="{name}"></span>' for name in node["ids"])
    number = f'<span class="eqno">({node["number"]})</span>' if node["number"] else ""
    html = _rendered(node, display=True)
    self.body.append(
        f'<div class="math" tabindex="0" role="group" aria-label="Formula">'
        f"{identifiers}{html}{number}</div>\n"
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the renderer."""
    app.add_html_math_renderer(
        "coursekit",
        inline_renderers=(_visit_math, None),
        block_renderers=(_visit_math_block, None),
    )
