"""What stands around a page: its facts at the foot, the links of its exercise."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from docutils import nodes

from coursekit.site.manifest import Manifest, PageFacts, read

if TYPE_CHECKING:
    from sphinx.application import Sphinx

COLAB = "https://colab.research.google.com/github"
PLACES = {"page": "here", "colab": "in Colab", "local": "on your machine"}


def manifest_of(app: Sphinx) -> Manifest:
    """Return the manifest that the build put into the source tree.

    Parameters
    ----------
    app
        Sphinx's application.
    """
    return read(app.srcdir / "manifest.json")


def notebook_links(manifest: Manifest, name: str) -> dict[str, str]:
    """Return where a page's notebook is to be had, by kind of link.

    Parameters
    ----------
    manifest
        Where the book is published.
    name
        The page, as `part/slug`.

    Returns
    -------
    dict
        `download` (from the site's root) and `colab` (absolute).
    """
    branch = f"{manifest.repository}/blob/{manifest.notebooks_branch}"
    return {
        "download": f"notebooks/{name}.ipynb",
        "colab": f"{COLAB}/{branch}/{name}.ipynb",
    }


def exercise_links(manifest: Manifest, name: str) -> dict[str, str]:
    """Return where an exercise's starter is to be had; as `notebook_links`.

    Parameters
    ----------
    manifest
        Where the book is published.
    name
        The exercise, as `part/slug`.
    """
    branch = f"{manifest.repository}/blob/{manifest.tag}/exercises"
    return {
        "download": f"exercises/{name}.ipynb",
        "colab": f"{COLAB}/{branch}/{name}.ipynb",
    }


def report_link(manifest: Manifest, facts: PageFacts) -> str:
    """Return the address at which a reader reports an error of a page.

    Parameters
    ----------
    manifest
        Where the repository is.
    facts
        The page.
    """
    query = {
        "title": f"{facts.title}: ",
        "body": f"Page: {facts.name}\n\nWhat is wrong, and what did you expect?\n",
    }
    return f"{manifest.repository_url}/issues/new?{urlencode(query)}"


def add_facts(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Give the page template what it shows at the foot."""
    manifest = manifest_of(app)
    facts = manifest.pages.get(page)
    context["course"] = None
    if facts is None:
        return
    data = f"{manifest.repository_url}/blob/{manifest.tag}/datasets"
    context["course"] = {
        "facts": facts,
        "versions": ", ".join(f"{n} {v}" for n, v in facts.versions.items()),
        "megabytes": round(facts.peak_bytes / 2**20),
        "places": ", ".join(_places(facts, here=manifest.run)),
        "data": {name: f"{data}/{name}/DATASHEET.md" for name in facts.data},
        "notebook": notebook_links(manifest, page),
        "report": report_link(manifest, facts),
    }


def _places(facts: PageFacts, *, here: bool) -> list[str]:
    """Return where a page runs; `here` only where the site was built for it."""
    return [PLACES[place] for place in facts.runs if here or place != "page"]


def add_exercise_links(app: Sphinx, doctree: nodes.document) -> None:
    """Put the links of its exercise at the end of a page's section "Exercise"."""
    page = app.env.docname
    manifest = manifest_of(app)
    facts = manifest.pages.get(page)
    if facts is None or facts.exercise is None:
        return
    for section in doctree.findall(nodes.section):
        title = section.next_node(nodes.title)
        if title is not None and title.astext().startswith("Exercise"):
            html = _exercise_box(manifest, facts, "../" * page.count("/"))
            section.append(nodes.raw("", html, format="html"))
            return


def _exercise_box(manifest: Manifest, facts: PageFacts, root: str) -> str:
    exercise = facts.exercise
    if exercise is None:
        raise ValueError(f"{facts.name} has no exercise")
    links = exercise_links(manifest, exercise)
    starter = f'href="{root}{links["download"]}" download'
    here = f'href="{root}exercises/{exercise}.html"'
    words = "Do it here" if manifest.runs_here(exercise) else "Read it here"
    items = [
        f'<a class="ck-button" {here}>{words}</a>',
        f'<a class="ck-button ck-quiet" href="{links["colab"]}">Open in Colab</a>',
        f'<a class="ck-button ck-quiet" {starter}>Download the notebook</a>',
    ]
    if facts.has_answers:
        address = f"{root}answers/{exercise}.html"
        items.append(f'<a href="{address}">Reference answers</a>')
    about = f"{facts.exercise_minutes} minutes, checks and hints inside"
    return f'<p class="ck-links">{" ".join(items)} <span>{escape(about)}</span></p>\n'


def setup(app: Sphinx) -> None:
    """Connect both to the build."""
    app.connect("html-page-context", add_facts)
    app.connect("doctree-read", add_exercise_links)
