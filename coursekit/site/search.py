"""What the search page knows beside Sphinx's index: first sentences, and the skills.

The index holds words and titles. So that a result says what a page is about, without
a request for every page, `search-pages.js` has each page's description, as it stands in
the page's head, and each skill with the place that teaches it.
"""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.site import roadmap
from coursekit.site.accessible import plain
from coursekit.site.pages import manifest_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from coursekit.site.manifest import Manifest

NAME = "search-pages.js"
_LONGEST = 155
_PARAGRAPH = re.compile(r"<p\b[^>]*>(.*?)</p>", re.DOTALL)
_META = re.compile(r'<meta name="description" content="([^"]*)">')


def description(body: str, title: str) -> str:
    """Return what a page is about: its first paragraph as plain text, cut at a word.

    Parameters
    ----------
    body
        What stands below its title, in HTML.
    title
        Said where there is no paragraph.

    Examples
    --------
    >>> description("<p>Steps <em>down</em> a slope.</p>", "Descent")
    'Steps down a slope.'
    >>> description("<table></table>", "Run times")
    'Run times'
    """
    texts = (plain(found) for found in _PARAGRAPH.findall(body))
    text = next(filter(None, texts), title)
    if len(text) <= _LONGEST:
        return text
    return text[: _LONGEST - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"


def described(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the descriptions of built pages, by name.

    Parameters
    ----------
    folder
        The built site.
    names
        Its pages.
    """
    found = {}
    for name in names:
        path = folder / f"{name}.html"
        with path.open(encoding="utf-8") as stream:
            head = stream.read(4000)
        if meta := _META.search(head):
            found[name] = unescape(meta[1])
    return found


def taught(manifest: Manifest) -> list[tuple[str, str, str]]:
    """Return every skill that a page teaches: what it says, where, the page's title."""
    texts = {skill.id: skill.text for skill in roadmap.skills()}
    return [
        (texts[skill], f"{facts.name}.html#{_anchor(skill)}", facts.title)
        for facts in manifest.pages.values()
        for skill in facts.skills
        if skill in texts
    ]


def _anchor(skill: str) -> str:
    """Return the anchor that Sphinx makes of a skill's target."""
    return re.sub(r"[^a-z0-9]+", "-", f"skill:{skill}".lower()).strip("-")


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the file beside the index."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    pages = described(folder, sorted(app.env.found_docs))
    known = {"pages": pages, "skills": taught(manifest_of(app))}
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    path = folder / "_static" / NAME
    path.write_text(f"globalThis.coursePages={text};\n", encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("build-finished", write)
