"""Mends of what Sphinx, myst-nb and pandas write, so that everyone can use it.

Each mend takes a page's HTML and returns it: permalinks get names, wide tables, code
and pictures a place of their own that scrolls, has a name and takes the focus (where
nothing overflows, `scripts/scroll.js` takes it out of the keyboard's way again), and
tables lose what pandas puts into them for notebooks.
"""

from __future__ import annotations

import re
from functools import reduce
from html import escape, unescape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Code with longer lines may not fit a phone.
_FITS = 36
_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(
    r"<(?P<tag>h[1-6]|dt|caption)\b(?P<title>[^>]*>(?:(?!</(?P=tag)>).)*?)"
    r'<a class="headerlink" href="(?P<href>[^"]*)"[^>]*>(?P<sign>[^<]*)</a>',
    re.DOTALL,
)
_SCOPED = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<thead\b.*?</thead>", re.DOTALL)
_HEAD_CELL = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_CAPTION = re.compile(r"<caption\b[^>]*>(.*?)</caption>", re.DOTALL)
_EMPTY_HEAD = re.compile(r"<th(\b[^>]*)>\s*(?:<p>)?(?:&nbsp;)?\s*(?:</p>\s*)?</th>")
_PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)
# Sphinx links a picture of a given size to its file, which only looks like a button.
_LINKED = re.compile(r'<a class="[^"]*image-reference"[^>]*>\s*(<img\b[^>]*>)\s*</a>')
_PICTURE = re.compile(r'<img\b[^>]*?\swidth="(\d+)"[^>]*>')
_ENLARGE = (
    '<button class="ck-enlarge ck-live" type="button" aria-pressed="false" '
    'aria-label="Enlarge the figure"></button>'
)
_TOGGLE = re.compile(r'<summary aria-label="Toggle hidden content">')


def plain(html: str) -> str:
    """Return the text of a piece of HTML.

    Examples
    --------
    >>> plain("<em>p</em> &lt; 0.05")
    'p < 0.05'
    """
    html = re.sub(r'<span class="katex-html".*?</span></span></span>', "", html)
    html = re.sub(r"<annotation\b.*?</annotation>", "", html, flags=re.DOTALL)
    return " ".join(unescape(_TAG.sub("", html)).split())


def name_permalinks(html: str) -> str:
    """Say which heading a permalink is of; "#" says nothing.

    Examples
    --------
    >>> html = '<h2>Recap<a class="headerlink" href="#recap" title="x">#</a></h2>'
    >>> name_permalinks(html)  # doctest: +ELLIPSIS
    '<h2>Recap<a class="headerlink" href="#recap" aria-label="Link to Recap">#</a></h2>'
    """

    def named(found: re.Match[str]) -> str:
        tag, title, href, sign = found.group("tag", "title", "href", "sign")
        name = escape(f"Link to {plain(f'<{tag}{title}')}")
        link = f'<a class="headerlink" href="{href}" aria-label="{name}">{sign}</a>'
        return f"<{tag}{title}{link}"

    return _HEADING.sub(named, html)


def hold_tables(html: str) -> str:
    """Give every table a named place that scrolls, and no header cell without text.

    Examples
    --------
    >>> made = hold_tables("<table><thead><th></th><th>a</th></thead></table>")
    >>> made.partition("<table>")[0]
    '<div class="ck-scroll" tabindex="0" role="group" aria-label="Table: a">'
    >>> "<td></td><th>a</th>" in made
    True
    """

    def held(found: re.Match[str]) -> str:
        table = _EMPTY_HEAD.sub(r"<td\1></td>", found[0])
        return _held(table, _table_name(table))

    return _TABLE.sub(held, _SCOPED.sub("", html))


def _held(html: str, name: str, kind: str = "") -> str:
    classes = f"ck-scroll {kind}".strip()
    label = escape(name)
    return (
        f'<div class="{classes}" tabindex="0" role="group" aria-label="{label}">'
        f"{html}</div>"
    )


def _table_name(table: str) -> str:
    """Name a table by its caption, or by its columns."""
    if caption := _CAPTION.search(table):
        return f"Table: {plain(caption[1]).removesuffix('#').strip()}"
    head = _HEAD.search(table)
    cells = [plain(cell) for cell in _HEAD_CELL.findall(head[0])] if head else []
    names = ", ".join(filter(None, cells))
    return f"Table: {names[:100]}" if names else "Table"


def hold_code(html: str) -> str:
    """Let the keyboard scroll code that may be wider than its place.

    Examples
    --------
    >>> hold_code("<pre>x</pre>")
    '<pre>x</pre>'
    >>> hold_code(f"<pre>{'x' * 99}</pre>")[:44]
    '<pre tabindex="0" role="group" aria-label="C'
    """

    def held(found: re.Match[str]) -> str:
        lines = unescape(_TAG.sub("", found[1])).splitlines()
        if max(map(len, lines), default=0) <= _FITS:
            return found[0]
        return f'<pre tabindex="0" role="group" aria-label="Code">{found[1]}</pre>'

    return _PRE.sub(held, html)


def hold_pictures(html: str) -> str:
    """Let a picture that a phone shrinks be enlarged; then it scrolls.

    A notebook's picture is 700 pixels wide and more. A phone shows it whole first, with
    a button that only the style sheet of a phone shows; `pictures.js` hears it.
    """

    def held(found: re.Match[str]) -> str:
        if int(found[1]) < 420:
            return found[0]
        picture = found[0].replace("<img", f'<img style="--ck-w:{found[1]}px"', 1)
        return _held(picture, "Figure", "ck-picture") + _ENLARGE

    return _PICTURE.sub(held, _LINKED.sub(r"\1", html))


def drop_false_names(html: str) -> str:
    """Leave out names and roles that contradict what stands there to be read.

    Examples
    --------
    >>> drop_false_names('<div class="citation" role="doc-biblioentry">')
    '<div class="citation" role="listitem">'
    """
    html = html.replace('role="doc-biblioentry"', 'role="listitem"')
    return _TOGGLE.sub("<summary>", html)


MENDS = (name_permalinks, hold_tables, hold_code, hold_pictures, drop_false_names)


def mend(html: str) -> str:
    """Return a page's HTML with every mend applied.

    Parameters
    ----------
    html
        What Sphinx wrote.
    """
    return reduce(lambda text, one: one(text), MENDS, html)


def mend_page(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Mend a page that is being written."""
    if body := context.get("body"):
        context["body"] = mend(body)


def setup(app: Sphinx) -> None:
    """Connect to the build, after what makes the page and before its frame."""
    app.connect("html-page-context", mend_page, priority=800)
