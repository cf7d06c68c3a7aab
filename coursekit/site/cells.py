"""The cells of pages that run in the page: a bar below the code of each.

The bar stands in the HTML with its size, so that nothing moves when the scripts come;
where scripts do not run it is not there. What its buttons do is in `static/run/`.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from coursekit.site.frame import load_module
from coursekit.site.manifest import Manifest, PageFacts
from coursekit.site.pages import manifest_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

MODULE = "_static/run/cells.js"


class CellNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """What the book's page has of one cell: its code, bar and outputs."""


class BarNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """The controls of one cell."""


def runs_here(manifest: Manifest, page: str) -> bool:
    """Tell whether a page's cells run in the page.

    Parameters
    ----------
    manifest
        What the build said.
    page
        The page's name.
    """
    facts = manifest.pages.get(page)
    return manifest.run and facts is not None and "page" in facts.runs


def add_bars(app: Sphinx, doctree: nodes.document) -> None:
    """Give each cell with code a bar, on pages that run here."""
    if not runs_here(manifest_of(app), app.env.docname):
        return
    cells = list(doctree.findall(_is_cell))
    for number, cell in enumerate(cells, start=1):
        _add_bar(cell, number)


def _is_cell(node: nodes.Node) -> bool:
    return _is(node, "cell_code") and any(_is(n, "cell_code_source") for n in node)


def _is(node: nodes.Node, kind: str) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == kind


def _add_bar(cell: nodes.container, number: int) -> None:
    metadata = cell.get("cell_metadata") or {}
    image = (metadata.get("mystnb") or {}).get("image") or {}
    wrapped = CellNode(
        cell=f"cell-{cell['cell_index']}",
        number=number,
        alt=image.get("alt", ""),
        raises="raises-exception" in metadata.get("tags", []),
    )
    cell.replace_self(wrapped)
    wrapped += cell
    source = next(i for i, n in enumerate(cell) if _is(n, "cell_code_source"))
    cell.insert(source + 1, BarNode(number=number))


def bar(number: int, *, above: bool = True) -> str:
    """Return the controls of one cell, as they stand in the page.

    Parameters
    ----------
    number
        The cell's, from one.
    above
        Whether there can be cells above it.
    """

    def button(act: str, words: str, about: str, *, hidden: bool = False) -> str:
        off = " hidden" if hidden else ""
        return (
            f'<button type="button" data-act="{act}" aria-label="{words}{about}"{off}>'
            f"{words}</button>"
        )

    cell = f" cell {number}"
    more = f'<summary aria-label="More for{cell}">More</summary>'
    all_above = button("above", "Run all above", f" and{cell}") if above else ""
    return (
        f'<div class="ck-bar ck-live" role="group" aria-label="Cell {number}">'
        f"{button('run', 'Run', cell)}{button('stop', 'Stop', cell, hidden=True)}"
        f"{button('edit', 'Edit', cell)}{button('copy', 'Copy', cell)}"
        f'<details class="ck-more">{more}<div>{all_above}'
        f"{button('reset', 'Reset', cell)}</div></details>"
        '<span class="ck-state">not run</span></div>'
        '<div class="ck-note" hidden></div>'
    )


def _in_a_page(self: HTML5Translator) -> bool:
    """Tell whether a browser will show this: an EPUB has nothing to press."""
    return bool(self.builder.name in ("html", "dirhtml"))


def _visit_cell(self: HTML5Translator, node: CellNode) -> None:
    about = {"cell": node["cell"], "label": f"cell {node['number']}"}
    about |= {"alt": node["alt"]} if node["alt"] else {}
    about |= {"raises": "true"} if node["raises"] else {}
    data = "".join(f' data-{k}="{escape(v, quote=True)}"' for k, v in about.items())
    self.body.append(f'<div class="ck-cell"{data}>')


def _depart_cell(self: HTML5Translator, _node: CellNode) -> None:
    self.body.append("</div>\n")


def _visit_bar(self: HTML5Translator, node: BarNode) -> None:
    if _in_a_page(self):
        self.body.append(bar(node["number"], above=node["number"] > 1))
    raise nodes.SkipNode


def add_context(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the script of cells where there are any, and say at the top what runs."""
    manifest = manifest_of(app)
    context["course_run"] = notice(manifest, manifest.pages.get(page))
    if manifest.run and doctree is not None and any(doctree.findall(BarNode)):
        load_module(context, MODULE)


def notice(manifest: Manifest, facts: PageFacts | None) -> dict[str, Any] | None:
    """Say at the top of a page with cells whether they run in it, and what that takes.

    Parameters
    ----------
    manifest
        What the build said.
    facts
        The page's, None for one without cells.

    Returns
    -------
    dict or None
        For the template: `runs`, and `fetches` or `why`.
    """
    if facts is None or not manifest.run:
        return None
    if "page" in facts.runs:
        return {"runs": True, "fetches": facts.fetches}
    return {"runs": False, "why": why_not(facts)}


def why_not(facts: PageFacts) -> str:
    """Say in a few words why a page does not run in the browser.

    Parameters
    ----------
    facts
        The page's.
    """
    needs = {name.lower() for name in facts.versions}
    if "torch" in needs:
        return "it needs PyTorch"
    if needs & {"fastapi", "uvicorn", "flask", "httpx"}:
        return "it starts a server"
    named = sorted(needs - _IN_THE_BROWSER)
    if named:
        return f"it needs {' and '.join(named[:2])}"
    return "it uses the delay desk, which runs on a machine of its own"


_IN_THE_BROWSER = frozenset(
    ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "joblib")
)


def place_keeper(app: Sphinx, error: Exception | None) -> None:
    """Put at the root the script that keeps what was fetched: it serves all below."""
    if error is None and app.builder.format == "html" and manifest_of(app).run:
        script = Path(__file__).parent / "static" / "run" / "sw.js"
        (Path(app.outdir) / "sw.js").write_bytes(script.read_bytes())


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.add_node(CellNode, html=(_visit_cell, _depart_cell))
    app.add_node(BarNode, html=(_visit_bar, None))
    app.connect("doctree-read", add_bars)
    app.connect("html-page-context", add_context)
    app.connect("build-finished", place_keeper)
