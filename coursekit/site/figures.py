"""The directive `live-figure`: a figure that moves, with what stands in its place.

The element's tag is the figure's name; `static/figures/<name>.js`, where there is one,
defines it as a custom element and is loaded on the pages that have the figure.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursekit.site.frame import load_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
FOLDER = Path(__file__).with_name("static") / "figures"
# What the HTML standard wants of a custom element's name, in lower-case ASCII.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")


class FigureNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """A live figure, and inside it what stands where scripts do not run."""


class LiveFigure(SphinxDirective):
    """`live-figure`: name of the figure, `:alt:`, and a sentence to stand in."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required
    }

    def run(self) -> list[nodes.Node]:
        """Make the figure's element, or warn about what is missing."""
        name = self.arguments[0]
        if fault := self._fault(name):
            logger.warning(
                f"live-figure: {fault}",
                location=(self.env.docname, self.lineno),
                type="coursekit",
                subtype="live-figure",
            )
            return []
        figure = FigureNode(name=name, alt=self.options["alt"])
        self.state.nested_parse(self.content, self.content_offset, figure)
        if (FOLDER / f"{name}.js").is_file():
            metadata = self.env.metadata[self.env.docname]
            metadata.setdefault("live_figures", []).append(name)
        return [figure]

    def _fault(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            return f"the name {name!r} is not lower case with a hyphen in it."
        if "alt" not in self.options:
            return "the option :alt: is missing: say what the figure shows."
        if not self.content:
            return "it has no sentence to stand where scripts do not run."
        return ""


def load_scripts(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Load the scripts of a page's figures, on that page only."""
    for name in sorted(set((context.get("meta") or {}).get("live_figures", []))):
        load_module(context, f"_static/figures/{name}.js")


def _visit(self: HTML5Translator, node: FigureNode) -> None:
    alt = escape(node["alt"], quote=True)
    self.body.append(f'<{node["name"]} class="ck-figure" data-alt="{alt}">')


def _depart(self: HTML5Translator, node: FigureNode) -> None:
    self.body.append(f"</{node['name']}>\n")


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("live-figure", LiveFigure)
    app.add_node(FigureNode, html=(_visit, _depart))
    app.connect("html-page-context", load_scripts)
