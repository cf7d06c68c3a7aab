"""The directive `try`: a piece of code in a plain page, with its output, to run there.

The output is computed when the book is built, by the kernel that runs it in the page;
so it is true, and a snippet that fails breaks the build.
"""

from __future__ import annotations

import json
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursekit.site.cells import BarNode, CellNode
from coursekit.site.pages import manifest_of

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)
RUN = Path(__file__).parent / "static" / "run"
_SECONDS = 60
_PROGRAM = """
import asyncio, json, sys
sys.path[:0] = sys.argv[1:]
import kernel
said = []
made = kernel.Kernel(lambda kind, payload: said.append([kind, payload]))
asyncio.run(made.execute(sys.stdin.read(), "cell 1"))
print(json.dumps(said))
"""


class SnippetError(Exception):
    """A snippet that did not run to its end, with its traceback."""


def outputs_of(source: str) -> list[tuple[str, dict[str, Any]]]:
    """Run a snippet in a Python of its own; give what the kernel told.

    Parameters
    ----------
    source
        Its code.

    Raises
    ------
    SnippetError
        If it raises, or takes over a minute.
    """
    command = [sys.executable, "-c", _PROGRAM, str(RUN / "shim"), str(RUN)]
    try:
        done = subprocess.run(
            command,
            input=source,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise SnippetError(f"it takes over {_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        raise SnippetError(error.stderr.strip()) from None
    said = [(kind, payload) for kind, payload in json.loads(done.stdout)]
    for kind, payload in said:
        if kind == "error":
            raise SnippetError(payload["traceback"])
    return said


def html_of(said: list[tuple[str, dict[str, Any]]], alt: str) -> str:
    """Return a snippet's outputs as they stand in the page.

    Parameters
    ----------
    said
        What the kernel told.
    alt
        What its pictures show.
    """
    return "".join(_piece(kind, payload, alt) for kind, payload in _joined(said))


def _joined(said: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Join what was written piece by piece: a kernel hands on each line as it comes."""
    made: list[tuple[str, dict[str, Any]]] = []
    for kind, payload in said:
        before = made[-1] if made else ("", {})
        if kind == before[0] == "stream" and payload["name"] == before[1]["name"]:
            text = before[1]["text"] + payload["text"]
            made[-1] = (kind, payload | {"text": text})
        else:
            made.append((kind, payload))
    return made


def _piece(kind: str, payload: dict[str, Any], alt: str) -> str:
    if kind == "stream":
        return f'<pre class="ck-out">{escape(payload["text"])}</pre>'
    data = payload.get("data", {})
    if "text/html" in data:
        return f'<div class="ck-scroll">{data["text/html"]}</div>'
    if "image/png" in data:
        width = payload["metadata"].get("image/png", {}).get("width", "")
        source = f"data:image/png;base64,{data['image/png']}"
        return f'<img src="{source}" width="{width}" alt="{escape(alt, quote=True)}">'
    return f'<pre class="ck-out">{escape(data.get("text/plain", ""))}</pre>'


class Try(SphinxDirective):
    """`try`: code, perhaps `:alt:` for what it draws."""

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "alt": directives.unchanged_required
    }

    def run(self) -> list[nodes.Node]:
        """Make the cell, or warn about what is wrong with it."""
        source = "\n".join(self.content)
        try:
            said = outputs_of(source)
        except SnippetError as error:
            return self._complain(str(error))
        alt = self.options.get("alt", "")
        if not alt and any("image/png" in p.get("data", {}) for _, p in said):
            return self._complain("it draws, and has no :alt: that says what.")
        return [self._cell(source, html_of(said, alt), alt)]

    def _cell(self, source: str, shown: str, alt: str) -> CellNode:
        number = 1 + self.env.temp_data.get("coursekit_snippets", 0)
        self.env.temp_data["coursekit_snippets"] = number
        code = nodes.literal_block(source, source, language="ipython3")
        cell = nodes.container(classes=["cell", "ck-try"])
        cell += nodes.container("", code, classes=["cell_input"])
        if manifest_of(self.env.app).run:
            cell += BarNode(number=number)
        if shown:
            raw = nodes.raw("", f'<div class="ck-outputs">{shown}</div>', format="html")
            cell += nodes.container("", raw, classes=["cell_output"])
        name = f"try-{number}"
        return CellNode("", cell, cell=name, number=number, alt=alt, raises=False)

    def _complain(self, message: str) -> list[nodes.Node]:
        logger.warning(
            f"try: {message}",
            location=(self.env.docname, self.lineno),
            type="coursekit",
            subtype="try",
        )
        return []


def setup(app: Any) -> None:
    """Register the directive."""
    app.add_directive("try", Try)
