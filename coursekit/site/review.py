"""The review: questions that were answered wrongly, asked again on later days.

The book's questions are far too many to stand in one page. Each page that asks any has
its questions written a second time, as one small script below `_questions/`
(`course.offer("part/slug", {id: html})`), and the page with the directive `review`
holds only which page asks what. It fetches the scripts of what is due, one after the
other. Scripts and not JSON, because a page opened from the file system may load a
script and may not fetch anything.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from coursekit.site.quizzes import asked_questions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

FOLDER = "_questions"
SCRIPT = "_static/review/review.js"
# What an address begins with that the script has to point at the site's root.
ROOT = "~/"

_QUESTION = re.compile(
    r'<section class="ck-question" id="quiz-(?P<name>[^"]*)".*?</section>', re.DOTALL
)
_ADDRESS = re.compile(r'(?P<of>\b(?:href|src)=")(?!\w+:|//)(?P<to>[^"]*)"')


class ReviewNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """Where the questions that are due are asked."""


class Review(SphinxDirective):
    """`review`: asks the questions that are due."""

    def run(self) -> list[nodes.Node]:
        """Make the place; what it knows of the book is put in when it is written."""
        self.env.coursekit_review = self.env.docname  # type: ignore[attr-defined]
        return [ReviewNode()]


def review_page(env: BuildEnvironment) -> str | None:
    """Return the page with the directive `review`, or None where there is none.

    Parameters
    ----------
    env
        Sphinx's environment.
    """
    found: str | None = getattr(env, "coursekit_review", None)
    return found if found in env.found_docs else None


def index_of(env: BuildEnvironment) -> list[dict[str, Any]]:
    """Return which page asks which questions, in the order of the book's reading.

    Parameters
    ----------
    env
        Sphinx's environment, all pages read.

    Returns
    -------
    list
        One entry a page: `page`, `title` and the `ids` of its questions.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for name, where in asked_questions(env).items():
        if where.kind == "quiz":
            found.setdefault(where.page, []).append((where.line, name))
    return [
        {
            "page": page,
            "title": env.titles[page].astext(),
            "ids": [name for _, name in sorted(asked)],
        }
        for page, asked in sorted(found.items())
    ]


def questions_in(html: str, page: str) -> dict[str, str]:
    """Cut the questions out of a written page, ready to stand on another one.

    Parameters
    ----------
    html
        The page's text.
    page
        Its name, from which its addresses lead.

    Returns
    -------
    dict
        Each question's HTML by its id; addresses within the site begin with `~/`.

    Examples
    --------
    >>> html = '<section class="ck-question" id="quiz-a"><a href="../x.html"></section>'
    >>> questions_in(html, "alpha/first")["a"]
    '<section class="ck-question" id="quiz-a"><a href="~/x.html"></section>'
    """
    return {
        found["name"]: _ADDRESS.sub(lambda link: _moved(link, page), found[0])
        for found in _QUESTION.finditer(html)
    }


def _moved(link: re.Match[str], page: str) -> str:
    target, mark, fragment = link["to"].partition("#")
    place = posixpath.join(posixpath.dirname(page), target) if target else ""
    address = posixpath.normpath(place) if place else f"{page}.html"
    return f'{link["of"]}{ROOT}{address}{mark}{fragment}"'


def write_questions(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Write a page's questions beside it, or remove those that it had."""
    path = Path(app.outdir) / FOLDER / f"{page}.js"
    found = questions_in(context.get("body") or "", page)
    if not found:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    offered = f"{json.dumps(page)}, {json.dumps(found, ensure_ascii=False)}"
    path.write_text(f"course.offer({offered});\n", encoding="utf-8")


def add_review(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Tell every page where the review is; give that page its script."""
    there = review_page(app.env)
    context["review_link"] = context["pathto"](there) if there else None
    if page == there:
        script = {"src": context["pathto"](SCRIPT, 1), "module": False}
        context.setdefault("page_scripts", []).append(script)


def needs_mathematics(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Give the review the style of formulas: its questions bring some."""
    if page == review_page(app.env):
        context["has_maths"] = True


def write_review_again(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Have the review written when a page asks other questions."""
    del app
    digest = hashlib.sha256(json.dumps(index_of(env)).encode()).hexdigest()
    page = review_page(env)
    if page is None or getattr(env, "coursekit_review_digest", None) == digest:
        return []
    env.coursekit_review_digest = digest  # type: ignore[attr-defined]
    return [page]


_PLACE = """\
<section class="ck-review">
<noscript><p>The review needs scripts: what you answered is kept in this browser and
nowhere else. Without them, every reason can be unfolded under its question.</p>
</noscript>
<p class="ck-review-says ck-live" role="status" tabindex="-1"></p>
<div class="ck-review-stage ck-live" tabindex="-1"></div>
<p class="ck-row ck-live"><button type="button" class="ck-button ck-quiet ck-next"
hidden>Later</button> <span class="ck-from"></span></p>
<script type="application/json" class="ck-review-index">{index}</script>
</section>
"""


def _visit_review(self: HTML5Translator, _node: ReviewNode) -> None:
    index = json.dumps(index_of(self.builder.env), ensure_ascii=False)
    self.body.append(_PLACE.format(index=index.replace("<", "\\u003c")))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the directive, and what writes the questions."""
    app.add_directive("review", Review)
    app.add_node(ReviewNode, html=(_visit_review, None))
    app.connect("html-page-context", write_questions, priority=950)
    app.connect("html-page-context", add_review)
    app.connect("html-page-context", needs_mathematics, priority=950)
    app.connect("env-updated", write_review_again)
