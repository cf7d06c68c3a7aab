"""Terms: a page shows the definition where it uses the word; the glossary says where.

A `{term}` is a link into the glossary, and stays one. At the end of a page stands one
hidden card for each term that it uses (an element with `popover`, so that the browser
lays it over everything, moves nothing and prints none of it); `scripts/terms.js` shows
it beside the link.
"""

from __future__ import annotations

import hashlib
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

Place = tuple[str, str]
"""A term's page and its anchor there."""


def uses_of(env: BuildEnvironment) -> dict[str, set[str]]:
    """Return the terms that each page uses, as their authors wrote them.

    Parameters
    ----------
    env
        Sphinx's environment.
    """
    if not hasattr(env, "coursekit_terms"):
        env.coursekit_terms = {}  # type: ignore[attr-defined]
    found: dict[str, set[str]] = env.coursekit_terms  # type: ignore[attr-defined]
    return found


def note_uses(app: Sphinx, doctree: nodes.document) -> None:
    """Remember which terms a page uses, when it has been read."""
    used = {
        node["reftarget"]
        for node in doctree.findall(addnodes.pending_xref)
        if (node.get("refdomain"), node.get("reftype")) == ("std", "term")
    }
    uses_of(app.env)[app.env.docname] = used


def forget_page(_app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page's terms before it is read again."""
    uses_of(env).pop(page, None)


def place_of(env: BuildEnvironment, term: str) -> Place | None:
    """Return where a term is defined: page and anchor; None where it is not.

    Parameters
    ----------
    env
        Sphinx's environment.
    term
        As a page writes it; its case does not count.
    """
    standard = env.domaindata["std"]
    exact: Place | None = standard["objects"].get(("term", term))
    found: Place | None = standard["terms"].get(term.lower())
    return exact or found


def pages_using(env: BuildEnvironment) -> dict[Place, list[str]]:
    """Return the pages that use each term, in the order of the book.

    Parameters
    ----------
    env
        Sphinx's environment, all pages read.
    """
    found: dict[Place, list[str]] = {}
    for page in _in_order(env):
        places = {place_of(env, term) for term in uses_of(env).get(page, set())}
        for place in places:
            if place is not None and place[0] != page:
                found.setdefault(place, []).append(page)
    return found


def _in_order(env: BuildEnvironment) -> Iterator[str]:
    """Give every page: those of the contents in their order, then any other."""
    seen = set()

    def below(page: str) -> Iterator[str]:
        if page not in seen:
            seen.add(page)
            yield page
            for child in env.toctree_includes.get(page, []):
                yield from below(child)

    yield from below(env.config.root_doc)
    yield from sorted(env.found_docs - seen)


def _glossaries(env: BuildEnvironment) -> list[str]:
    return sorted({page for page, _ in env.domaindata["std"]["terms"].values()})


def definitions(env: BuildEnvironment) -> dict[Place, nodes.definition_list_item]:
    """Return every term of the book with its definition, its links as plain words.

    Parameters
    ----------
    env
        Sphinx's environment, all pages read.
    """
    found: dict[Place, nodes.definition_list_item] = {}
    for page in _glossaries(env):
        for glossary in env.get_doctree(page).findall(addnodes.glossary):
            for item in glossary.findall(nodes.definition_list_item):
                _unlink(item)
                terms = item.findall(nodes.term)
                found |= {(page, name): item for term in terms for name in term["ids"]}
    return found


def _unlink(item: nodes.Element) -> None:
    for link in list(item.findall(addnodes.pending_xref)):
        link.replace_self(link.children)


class Cards:
    """The cards of a build: each definition is rendered once.

    Parameters
    ----------
    app
        Sphinx's application, all pages read.
    """

    def __init__(self, app: Sphinx) -> None:
        self._builder: Any = app.builder
        self._items = definitions(app.env)
        self._made: dict[Place, str] = {}

    def card(self, place: Place, glossary: str) -> str:
        """Return one card, or nothing where no definition stands.

        Parameters
        ----------
        place
            The term.
        glossary
            The link to the glossary's page.
        """
        if place not in self._items:
            return ""
        if place not in self._made:
            self._made[place] = self._rendered(self._items[place])
        return (
            f'<div class="ck-card" popover="manual" id="card-{escape(place[1])}" '
            f'role="note">{self._made[place]}<p><a href="{escape(glossary)}'
            f'#{escape(place[1])}">In the glossary</a></p></div>\n'
        )

    def _rendered(self, item: nodes.definition_list_item) -> str:
        name = next(iter(item.findall(nodes.term))).astext()
        meaning = next(iter(item.findall(nodes.definition)))
        parts = [self._builder.render_partial(c)["fragment"] for c in meaning.children]
        title = f'<p class="ck-card-term">{escape(name)}</p>'
        return f'{title}<div class="ck-card-text">{"".join(parts)}</div>'


def _cards_of(app: Sphinx) -> Cards:
    """Return the cards of this build; they are made when the first page needs them."""
    found = getattr(app, "coursekit_cards", None)
    if found is None:
        found = Cards(app)
        app.coursekit_cards = found  # type: ignore[attr-defined]
    return found


def add_cards(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Put the cards of a page's terms at the end of its text."""
    used = uses_of(app.env).get(page)
    if not used or app.builder.format != "html":
        return
    places = sorted({found for term in used if (found := place_of(app.env, term))})
    cards = _cards_of(app)
    # A page's own address is "#".
    addresses = [context["pathto"](place[0]).removesuffix("#") for place in places]
    made = map(cards.card, places, addresses)
    context["body"] += "".join(made)


def draw_index(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Order a glossary by letters, with an index above and each term's pages below."""
    used = pages_using(app.env)
    for glossary in doctree.findall(addnodes.glossary):
        items = list(glossary.findall(nodes.definition_list_item))
        for item in items:
            _say_where(app, item, page, used)
        letters = [
            (letter, list(of))
            for letter, of in groupby(sorted(items, key=_key), key=_letter)
        ]
        glossary.children = []
        glossary += nodes.raw("", _links([name for name, _ in letters]), format="html")
        for letter, of in letters:
            heading = f'<h2 class="ck-letter" id="{_anchor(letter)}">{letter}</h2>\n'
            glossary += nodes.raw("", heading, format="html")
            glossary += nodes.definition_list("", *of, classes=["glossary"])


def _key(item: nodes.Element) -> tuple[str, str]:
    return _letter(item), _name(item).lower()


def _name(item: nodes.Element) -> str:
    name: str = next(iter(item.findall(nodes.term))).astext()
    return name


def _letter(item: nodes.Element) -> str:
    first = _name(item)[:1].upper()
    return first if first.isalpha() else "0-9"


def _anchor(letter: str) -> str:
    return f"letter-{letter.lower()}"


def _links(letters: list[str]) -> str:
    links = [f'<a href="#{_anchor(letter)}">{letter}</a>' for letter in letters]
    return f'<nav class="ck-letters" aria-label="Letters">{"".join(links)}</nav>\n'


def _say_where(
    app: Sphinx, item: nodes.Element, page: str, used: dict[Place, list[str]]
) -> None:
    """Add the pages that use a term to its definition."""
    names = [name for term in item.findall(nodes.term) for name in term["ids"]]
    users = list(dict.fromkeys(u for name in names for u in used.get((page, name), [])))
    if not users:
        return
    line = nodes.paragraph("", nodes.Text("Used on "), classes=["ck-used"])
    for number, user in enumerate(users):
        line += nodes.Text(", " if number else "")
        address = app.builder.get_relative_uri(page, user)
        title = app.env.titles[user].astext()
        line += nodes.reference("", title, internal=True, refuri=address)
    line += nodes.Text(".")
    next(iter(item.findall(nodes.definition))).append(line)


def write_again(_app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Have pages written again whose cards, or whose lists of users, changed."""
    meanings = [item.pformat() for item in definitions(env).values()]
    users = sorted((place, pages) for place, pages in pages_using(env).items())
    state = {"meanings": _digest(meanings), "users": _digest(users)}
    before = getattr(env, "coursekit_terms_state", {})
    env.coursekit_terms_state = state  # type: ignore[attr-defined]
    changed: set[str] = set()
    if before.get("meanings") != state["meanings"]:
        changed |= {page for page, used in uses_of(env).items() if used}
    if before.get("users") != state["users"]:
        changed |= set(_glossaries(env))
    return sorted(changed & env.found_docs)


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def setup(app: Sphinx) -> None:
    """Connect to the build."""
    app.connect("doctree-read", note_uses)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-updated", write_again)
    app.connect("doctree-resolved", draw_index)
    app.connect("html-page-context", add_cards)
