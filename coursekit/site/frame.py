"""What stands around every page: the theme's context, one style sheet, one script.

Styles and classic scripts are kept in small files (`styles/`, `scripts/`) and joined in
a fixed order when the site is built, so that a page asks for one of each. Scripts that
only some pages need are modules of their own, below `static/`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.site import roadmap
from coursekit.site.accessible import plain
from coursekit.site.manifest import Manifest, PageFacts
from coursekit.site.pages import manifest_of, report_link
from coursekit.site.search import description

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

_HERE = Path(__file__).parent
# The order in which they are joined: later rules win, later scripts use earlier ones.
STYLES = (
    "tokens",
    "base",
    "layout",
    "content",
    "questions",
    "figures",
    "run",
    "exercise",
    "progress",
    "print",
)
SCRIPTS = (
    "store",
    "schedule",
    "theme",
    "later",
    "scroll",
    "pictures",
    "questions",
    "terms",
    "progress",
    "run",
)
NOSCRIPT = "course-noscript.css"


@dataclass(frozen=True)
class Joined:
    """Small files as one.

    Attributes
    ----------
    name
        Its file below `_static`.
    text
        What it holds.
    """

    name: str
    text: str

    @property
    def digest(self) -> str:
        """A short digest, by which browsers tell a new one from an old one."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:10]


@cache
def joined_styles() -> Joined:
    """Return the style sheet of every page."""
    return _joined("course.css", "styles", STYLES, "css")


@cache
def joined_scripts() -> Joined:
    """Return the script of every page."""
    return _joined("course.js", "scripts", SCRIPTS, "js")


def _joined(name: str, folder: str, parts: tuple[str, ...], suffix: str) -> Joined:
    lean = {"css": lean_style, "js": lean_script}[suffix]
    files = (_HERE / folder / f"{part}.{suffix}" for part in parts)
    texts = (lean(file.read_text(encoding="utf-8")) for file in files)
    return Joined(name, "\n".join(texts))


def lean_style(text: str) -> str:
    r"""Return a style sheet without its comments and indentation.

    Examples
    --------
    >>> lean_style("/* wide */\na {\n  top: 0; /* up */\n}")
    'a {\ntop: 0;\n}'
    """
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def lean_script(text: str) -> str:
    r"""Return a script without the lines that are comments.

    Examples
    --------
    >>> lean_script("// one\nf(); // two\n  // three\n")
    'f(); // two\n'
    """
    return re.sub(r"^[ \t]*//.*\n", "", text, flags=re.MULTILINE)


def kind_of(page: str, chapters: set[str]) -> str:
    """Say what a page is, for styles and scripts: its `data-kind`.

    Parameters
    ----------
    page
        Its name.
    chapters
        The pages that have cells.

    Examples
    --------
    >>> kind_of("mathematics/index", set()), kind_of("index", set())
    ('part', 'front')
    """
    first, _, rest = page.partition("/")
    if page in chapters:
        return "chapter"
    if first in roadmap.PARTS and rest == "index":
        return "part"
    known = {"index": "front", "search": "search"}
    folders = {"exercises": "exercise", "answers": "answer", "reference": "reference"}
    return known.get(page) or folders.get(first, "plain")


def add_context(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Give the template what it shows around a page."""
    pathto = context["pathto"]
    manifest = manifest_of(app)
    context["course_title"] = _title(app.config.project, page, context)
    context["page_kind"] = kind_of(page, set(manifest.pages))
    for key, joined in (("style", joined_styles()), ("script", joined_scripts())):
        address = pathto(f"_static/{joined.name}", 1)
        context[f"course_{key}"] = f"{address}?v={joined.digest}"
    context["has_maths"] = 'class="katex' in (context.get("body") or "")
    context["book_parts"] = _parts(app.env, page, pathto)
    context["part_above"] = _part_above(app.env, page, pathto)
    context["page_contents"] = "" if page == "index" else _contents(context)
    context["body_title"], context["body_text"] = split_at_title(context.get("body"))
    title = context["course_title"]
    context["course_description"] = description(context["body_text"], title)
    _add_colours(context)
    context.setdefault("page_scripts", [])
    _add_footer(manifest, page, context)


def _add_colours(context: dict[str, Any]) -> None:
    """Say what the browser's own bar should look like: the colour of the paper."""
    tokens = (_HERE / "styles" / "tokens.css").read_text(encoding="utf-8")
    papers = re.findall(r"--ck-paper: (#\w+);", tokens)
    schemes = ("light", "dark")
    context["theme_colours"] = dict(zip(schemes, papers, strict=True))


def _title(project: str, page: str, context: dict[str, Any]) -> str:
    title = "Search" if page == "search" else plain(context.get("title") or project)
    return title if page == "index" else f"{title} | {project}"


def _add_footer(manifest: Manifest, page: str, context: dict[str, Any]) -> None:
    facts = PageFacts(page, context["course_title"], skills=[], minutes=0)
    context["report_link"] = report_link(manifest, manifest.pages.get(page, facts))
    tree = f"{manifest.repository_url}/blob/{manifest.tag}"
    context["licence_link"] = f"{tree}/LICENSE"


def split_at_title(body: str | None) -> tuple[str, str]:
    """Part a page's HTML after its title: what belongs under a title comes between.

    Parameters
    ----------
    body
        The page's HTML.

    Returns
    -------
    tuple
        What ends with the title (empty where there is none), and the rest.

    Examples
    --------
    >>> split_at_title("<section><h1>Drift</h1><p>Soon.</p></section>")
    ('<section><h1>Drift</h1>', '<p>Soon.</p></section>')
    """
    title, end, rest = (body or "").partition("</h1>")
    return (title + end, rest) if end else ("", title)


def _contents(context: dict[str, Any]) -> str:
    """Return the sections of a page as a list, where it has at least two."""
    toc: str = context.get("toc") or ""
    # Less the page's title, which is the one entry of the outer list.
    inner = re.search(r"<ul>.*?(<ul>.*</ul>)\s*</li>\s*</ul>", toc, re.DOTALL)
    return inner[1] if inner and inner[1].count("<li>") > 1 else ""


def part_of(page: str) -> str:
    """Return the part that a page belongs to, or "".

    Examples
    --------
    >>> part_of("mathematics/gradient-descent"), part_of("exercises/mlops/drift")
    ('mathematics', 'mlops')
    >>> part_of("search")
    ''
    """
    first, _, rest = page.partition("/")
    if first in ("exercises", "answers"):
        return part_of(rest)
    return first if rest else ""


def _part_above(env: BuildEnvironment, page: str, pathto: Any) -> dict[str, Any] | None:
    """Return the part that stands above a page, less on its own first page."""
    name = f"{part_of(page)}/index"
    if name == page or name not in env.titles:
        return None
    return _entry(env, name, page, pathto)


def _parts(env: BuildEnvironment, page: str, pathto: Any) -> list[dict[str, Any]]:
    """Return the book's parts, each with its pages, as the sidebar shows them."""
    return [
        {
            "name": part_of(part),
            "title": escape(env.titles[part].astext()),
            "here": part_of(part) == part_of(page),
            "pages": [
                _entry(env, part, page, pathto) | {"title": "Overview"},
                *(
                    _entry(env, name, page, pathto)
                    for name in env.toctree_includes.get(part, [])
                ),
            ],
        }
        for part in env.toctree_includes.get(env.config.root_doc, [])
    ]


def _entry(env: BuildEnvironment, name: str, page: str, pathto: Any) -> dict[str, Any]:
    title = escape(env.titles[name].astext())
    return {"name": name, "title": title, "href": pathto(name), "here": name == page}


def load_module(context: dict[str, Any], address: str) -> None:
    """Have a page load an ES module, once.

    Parameters
    ----------
    context
        The page's template context, as `html-page-context` has it.
    address
        Its file, from the site's root.
    """
    scripts = context.setdefault("page_scripts", [])
    made = {"src": context["pathto"](address, 1), "module": True}
    if made not in scripts:
        scripts.append(made)


def use_theme(_app: Sphinx, config: Config) -> None:
    """Have Sphinx use our theme, whatever jupyter-book would take."""
    config.html_theme_path = [str(_HERE)]
    config.html_theme = "theme"
    config.html_theme_options = {}


def scriptless_dark() -> str:
    """Return the dark colours for a dark system where no script sets the theme."""
    tokens = (_HERE / "styles" / "tokens.css").read_text(encoding="utf-8")
    _, _, block = tokens.partition('html[data-theme="dark"] {')
    rules = block.partition("}")[0]
    return f"@media (prefers-color-scheme: dark) {{ html {{{rules}}} }}\n"


def write_joined(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheet and the script of every page."""
    if error is not None or app.builder.format != "html":
        return
    plain_sheet = Path(app.outdir) / "_static" / NOSCRIPT
    own = (_HERE / "static" / NOSCRIPT).read_text(encoding="utf-8")
    plain_sheet.write_text(own + scriptless_dark(), encoding="utf-8")
    for joined in (joined_styles(), joined_scripts()):
        path = Path(app.outdir) / "_static" / joined.name
        path.write_text(joined.text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("config-inited", use_theme)
    app.connect("html-page-context", add_context, priority=900)
    app.connect("build-finished", write_joined)
