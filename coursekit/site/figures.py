"""The directive `live-figure`: a figure that moves, and what stands before it does.

A figure is `static/figures/<name>.js`, made with the kit beside it (`kit.js` says how).
Its first state is drawn by Node when the site is built and stands in the page (picture,
sentence and controls), so that nothing shifts when the script takes over, and there is
a picture in print and where no script runs. A page loads kit and figure as one classic
script, which browsers also run from the file system, where they refuse modules.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursekit.site.node import ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
FOLDER = Path(__file__).with_name("static") / "figures"
KIT = "kit"
_SCRIPT = Path(__file__).with_name("figures.mjs")
# What the HTML standard wants of a custom element's name, in lower-case ASCII.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./kit\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|function) (\w+))", re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)


class FigureError(ValueError):
    """A figure that cannot be drawn as the page asks."""


@dataclass(frozen=True)
class Drawn:
    """A figure's first state.

    Attributes
    ----------
    title
        What it is called.
    html
        What stands inside its element.
    """

    title: str
    html: str


def draw(
    name: str, *, alt: str, key: str, given: dict[str, str] | None = None
) -> Drawn:
    """Draw a figure's first state.

    Parameters
    ----------
    name
        The figure.
    alt
        What its picture shows, for those who do not see it.
    key
        What its identifiers begin with, on their page its own.
    given
        First values other than the figure's own, by name.

    Raises
    ------
    FigureError
        If there is no such figure, or no such value in it.

    Examples
    --------
    >>> "<svg" in draw("loss-surface", alt="A bowl.", key="figure-1").html
    True
    """
    if not (FOLDER / f"{name}.js").is_file():
        raise FigureError("there is no figure of that name in static/figures.")
    question = {"name": name, "alt": alt, "key": key, "given": given or {}}
    answer = ask(_SCRIPT, str(FOLDER), question=question)
    if "error" in answer:
        raise FigureError(answer["error"])
    return Drawn(answer["title"], answer["html"])


def classic(kit: str, figure: str) -> str:
    r"""Return kit and figure, two modules, as one classic script.

    Parameters
    ----------
    kit
        The kit's module.
    figure
        The figure's module, which imports from the kit alone.

    Examples
    --------
    >>> kit = "export const one = 1;\n"
    >>> figure = 'import { one } from "./kit.js";\nexport const two = one + 1;\n'
    >>> print(classic(kit, figure))
    (() => {
    "use strict";
    const kit = (() => {
    const one = 1;
    return { one };
    })();
    const { one } = kit;
    const two = one + 1;
    })();
    <BLANKLINE>
    """
    kit, figure = (_COMMENT.sub("", text) for text in (kit, figure))
    exported = ", ".join(_EXPORT.findall(kit))
    taken = _IMPORT.sub(r"const {\1} = kit;\n", figure)
    return (
        '(() => {\n"use strict";\nconst kit = (() => {\n'
        f"{_EXPORT.sub('', kit)}return {{ {exported} }};\n}})();\n"
        f"{_EXPORT.sub('', taken)}}})();\n"
    )


class FigureNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """A live figure, and inside it the author's words for where it does not move."""


class LiveFigure(SphinxDirective):
    """`live-figure`: name of the figure, `:alt:`, `:set:`, and words to stand in."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required,
        "set": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Make the figure's element, or warn about what is wrong."""
        try:
            figure = self._figure(self.arguments[0])
        except FigureError as error:
            logger.warning(
                f"live-figure: {error}",
                location=(self.env.docname, self.lineno),
                type="coursekit",
                subtype="live-figure",
            )
            return []
        self.state.nested_parse(self.content, self.content_offset, figure)
        metadata = self.env.metadata[self.env.docname]
        metadata.setdefault("live_figures", []).append(figure["name"])
        return [figure]

    def _figure(self, name: str) -> FigureNode:
        if not _NAME.fullmatch(name):
            raise FigureError(f"the name {name!r} is not lower case with a hyphen.")
        if "alt" not in self.options:
            raise FigureError("the option :alt: is missing: say what the figure shows.")
        if not self.content:
            raise FigureError("it has no sentence to stand where scripts do not run.")
        given = _settings(self.options.get("set", ""))
        key = f"figure-{self.env.new_serialno('live-figure') + 1}"
        try:
            drawn = draw(name, alt=self.options["alt"], key=key, given=given)
        except FigureError as error:
            raise FigureError(f"{name}: {error}") from None
        return FigureNode(
            name=name, key=key, given=given, title=drawn.title, html=drawn.html
        )


def _settings(text: str) -> dict[str, str]:
    """Read `:set:`.

    Examples
    --------
    >>> _settings("rate=0.07; start=-9 2")
    {'rate': '0.07', 'start': '-9 2'}
    """
    given = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, sign, value = part.partition("=")
        if not sign:
            raise FigureError(f":set: has {part!r}; write name=value; name=value.")
        given[name.strip()] = value.strip()
    return given


def load_scripts(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Load the scripts of a page's figures, on that page only."""
    for name in sorted(set((context.get("meta") or {}).get("live_figures", []))):
        address = context["pathto"](f"_static/figures/{name}.js", 1)
        script = {"src": f"{address}?v={_digest(name)}"}
        context.setdefault("page_scripts", []).append(script)


@cache
def _script(name: str) -> str:
    texts = ((FOLDER / f"{n}.js").read_text(encoding="utf-8") for n in (KIT, name))
    return classic(*texts)


def _digest(name: str) -> str:
    return hashlib.sha256(_script(name).encode()).hexdigest()[:10]


def write_scripts(app: Sphinx, error: Exception | None) -> None:
    """Write each figure as the script that pages load, in place of its module."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "figures"
    (folder / f"{KIT}.js").unlink(missing_ok=True)
    for path in sorted(FOLDER.glob("*.js")):
        if path.stem != KIT:
            (folder / path.name).write_text(_script(path.stem), encoding="utf-8")


def _visit(self: HTML5Translator, node: FigureNode) -> None:
    given = "".join(f' {k}="{escape(v)}"' for k, v in node["given"].items())
    self.body.append(
        f'<{node["name"]} class="ck-figure" id="{node["key"]}" role="group"'
        f' aria-label="{escape(node["title"])}"{given}>\n{node["html"]}\n'
        f'<div class="ck-instead" id="{node["key"]}-text">'
    )


def _depart(self: HTML5Translator, node: FigureNode) -> None:
    self.body.append(f"</div>\n</{node['name']}>\n")


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("live-figure", LiveFigure)
    app.add_node(FigureNode, html=(_visit, _depart))
    app.connect("html-page-context", load_scripts)
    app.connect("build-finished", write_scripts)
