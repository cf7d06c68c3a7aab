"""Exercise pages: answers to write in, checks to run, hints that unfold one by one.

A page is made of its starter (`coursekit.book.exercise_pages`). Here its cells get
their form: given cells stay what they are on every page, answers become editors,
checks a button with a place for what they say. What needs scripts stands in the HTML
with its size, and is out of use until the page's module has taken it over.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes

from coursekit.site import roadmap
from coursekit.site.frame import load_module
from coursekit.site.pages import exercise_links, manifest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

    from coursekit.site.manifest import ExerciseFacts, Manifest

FOLDER = "exercises/"
_EDITOR = (
    'spellcheck="false" autocapitalize="off" autocomplete="off" autocorrect="off" '
    'wrap="off" readonly'
)
_BUTTON = '<button type="button" class="ck-button{quiet}" data-act="{act}" disabled>'


def facts_of(manifest: Manifest, page: str) -> ExerciseFacts | None:
    """Return the facts of the exercise that a page is of; None for other pages.

    Parameters
    ----------
    manifest
        The site's manifest.
    page
        The page's name, `exercises/part/slug` where it is of an exercise.
    """
    is_one = page.startswith(FOLDER)
    return manifest.exercises.get(page.removeprefix(FOLDER)) if is_one else None


def arrange(app: Sphinx, doctree: nodes.document) -> None:
    """Give the cells of an exercise page their form."""
    manifest = manifest_of(app)
    facts = facts_of(manifest, app.env.docname)
    if facts is None:
        return
    live = manifest.runs_here(facts.name)
    sections: dict[str, nodes.section] = {}
    for cell in list(doctree.findall(_is_cell)):
        course = cell["cell_metadata"].get("course", {})
        if course.get("role") == "answer":
            sections[course["question"]] = _section_of(cell)
        _replace(cell, _parts(cell, course, facts, live=live))
    root = "../" * app.env.docname.count("/")
    title = doctree.next_node(nodes.title)
    if title is not None:
        title.parent.insert(1, _raw(_head(manifest, facts, sections, root, live)))
        title.parent.append(_raw(_end(app, facts, root, live)))


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _section_of(node: nodes.Node) -> nodes.section:
    """Return the section that a question's answer stands in."""
    while not isinstance(node, nodes.section):
        node = node.parent
    return node


def _raw(html: str) -> nodes.raw:
    return nodes.raw("", html, format="html")


def _replace(cell: nodes.container, parts: list[nodes.Node]) -> None:
    if parts:
        cell.parent.replace(cell, parts)


def _parts(
    cell: nodes.container, course: dict[str, Any], facts: ExerciseFacts, *, live: bool
) -> list[nodes.Node]:
    """Return what stands for a cell: itself, with what belongs around it."""
    role = course.get("role") or ("summary" if course["cell"] == "summary" else "given")
    if role in ("check", "summary"):
        parts = _check(cell, course, live=live)
    elif not live:
        return []
    elif role == "answer":
        parts = _answer(cell, course, facts)
    else:
        parts = _given(cell, course)
    opening = f'data-cell="{course["cell"]}" data-role="{role}"'
    question = course.get("question", "")
    name = "verify" if role == "check" else role  # ck-check is a quiz's
    head = _raw(f'<div class="ck-{name}" {opening} data-question="{question}">')
    return [head, *parts, _raw("</div>")]


def _given(cell: nodes.container, _course: dict[str, Any]) -> Iterator[nodes.Node]:
    yield cell
    yield _raw(_bar("run", "Run") + _PRINTED)


def _answer(
    cell: nodes.container, course: dict[str, Any], facts: ExerciseFacts
) -> Iterator[nodes.Node]:
    """Give the editor of an answer; its code stands there where no script runs."""
    points = _count(facts.points.get(course["question"], 0), "point")
    code = cell.next_node(nodes.literal_block)
    text = code.astext() if code is not None else ""
    yield _raw(
        f'<label class="ck-live" for="{course["cell"]}">Your answer to '
        f"{course['question']} <span>{points}</span></label>\n"
        f'<textarea class="ck-live ck-editor" id="{course["cell"]}" '
        f'rows="{text.count(chr(10)) + 3}" {_EDITOR}>\n{escape(text)}</textarea>\n'
        '<div class="ck-still">'
    )
    yield cell
    yield _raw(f"</div>\n{_bar('run', 'Run this cell')}{_PRINTED}")


def _check(
    cell: nodes.container, course: dict[str, Any], *, live: bool
) -> Iterator[nodes.Node]:
    """Give the button of a check, what it says, and its code, folded."""
    question = course.get("question", "")
    words = f"Check {question}" if question else "Check everything and count the points"
    what = "What this check runs" if question else "What this cell runs"
    outcome = '<div class="ck-outcome" role="status"></div>\n'
    bar = _bar("check", words) + outcome + _PRINTED
    yield _raw((bar if live else "") + f"<details><summary>{what}</summary>")
    yield cell
    yield _raw("</details>")


_PRINTED = '<div class="ck-printed"></div>\n'


def _bar(act: str, words: str) -> str:
    """Return what runs a cell, what stops it, and where it says what it does."""
    quiet = "" if act == "check" else " ck-quiet"
    stop = _BUTTON.format(quiet=" ck-quiet", act="stop").replace("disabled", "hidden")
    return (
        f'<p class="ck-act ck-live">{_BUTTON.format(quiet=quiet, act=act)}'
        f"{escape(words)}</button> {stop}Stop</button> "
        '<span class="ck-doing" role="status"></span></p>\n'
    )


def _head(
    manifest: Manifest,
    facts: ExerciseFacts,
    sections: dict[str, nodes.section],
    root: str,
    live: bool,
) -> str:
    """Return what stands below the title: the facts, the questions, the links."""
    links = exercise_links(manifest, facts.name)
    return (
        f'<dl class="ck-exercise-facts">{_facts_list(manifest, facts, root)}</dl>\n'
        + ("" if live else _notice(facts))
        + _questions(sections, facts, live)
        + '<p class="ck-links">'
        f'<a class="ck-button ck-quiet" href="{links["colab"]}">Open in Colab</a> '
        f'<a class="ck-button ck-quiet" href="{root}{links["download"]}" download>'
        "Download the notebook</a></p>\n"
    )


def _facts_list(manifest: Manifest, facts: ExerciseFacts, root: str) -> str:
    told = {skill.id: skill.text for skill in roadmap.skills()}
    page = manifest.pages.get(facts.chapter)
    taught = escape(page.title if page else facts.chapter)
    data = f"{manifest.repository_url}/blob/{manifest.tag}/datasets"
    rows = [
        ("Time", f"about {facts.minutes} minutes"),
        ("Skills", "; ".join(escape(told.get(one, one)) for one in facts.skills)),
        (
            "Data",
            ", ".join(
                f'<a href="{data}/{name}/DATASHEET.md">{name}</a>'
                for name in facts.data
            ),
        ),
        ("Taught in", f'<a href="{root}{facts.chapter}.html">{taught}</a>'),
    ]
    return "".join(
        f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in rows if text
    )


def _notice(facts: ExerciseFacts) -> str:
    """Say why an exercise cannot be done in its page, and where it can."""
    if facts.lacks:
        why = f"It needs {_listed(facts.lacks)}, which the Python of a browser lacks."
    elif "page" in facts.runs:
        why = "This copy of the site comes without the Python that runs in a page."
    else:
        why = "It needs more than the Python of a browser can do."
    return (
        '<p class="ck-elsewhere"><strong>This exercise does not run in the page.'
        f"</strong> {escape(why)} Open it in Colab, or download the notebook: checks "
        "and hints are inside.</p>\n"
    )


def _questions(
    sections: dict[str, nodes.section], facts: ExerciseFacts, live: bool
) -> str:
    """Return the questions as links, and how many of them passed."""
    total = len(sections)
    entries = "".join(
        f'<li data-question="{name}"><a href="#{section["ids"][0]}">'
        f"{escape(_title(section))}</a> <span>{_count(facts.points[name], 'point')}"
        + ('<span class="ck-live" data-standing></span>' if live else "")
        + "</span></li>"
        for name, section in sections.items()
    )
    standing = (
        f'<p class="ck-live" role="status" data-standing>0 of {total} questions '
        f'passed</p>\n<p class="ck-live ck-act">{_start_over()}</p>\n'
    )
    return (
        '<nav class="ck-standing" aria-label="Questions">\n'
        f"<ol>{entries}</ol>\n{standing if live else ''}</nav>\n"
    )


def _start_over() -> str:
    button = _BUTTON.format(quiet=" ck-quiet", act="start-over")
    return f'{button}Start over</button> <span data-ask role="status"></span>'


def _title(section: nodes.section) -> str:
    title = section.next_node(nodes.title)
    return title.astext() if title is not None else ""


def _end(app: Sphinx, facts: ExerciseFacts, root: str, live: bool) -> str:
    """Return the foot: what follows once every question passed, and the ways back."""
    manifest = manifest_of(app)
    page = manifest.pages.get(facts.chapter)
    links = []
    if facts.has_answers:
        address = f"{root}answers/{facts.name}.html"
        links.append(f'<a class="ck-button" href="{address}">Reference answers</a>')
    title = escape(page.title if page else facts.chapter)
    links.append(f'<a href="{root}{facts.chapter}.html">Back to {title}</a>')
    told = "All questions passed." if live else "When your checks pass:"
    compare = " Compare with the reference: it is one way of several."
    state = " data-all-passed" if live else ""
    return (
        f'<div class="ck-end"{state}>\n<p><strong>{told}</strong>'
        f"{compare * facts.has_answers}</p>\n"
        f'<p class="ck-links">{" ".join(links)} <span data-next></span></p>\n</div>\n'
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def add_neighbours(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Lead from an exercise back to the page that teaches it, and on to the next."""
    manifest = manifest_of(app)
    facts = facts_of(manifest, page)
    if facts is None:
        return
    pathto, titles = context["pathto"], app.env.titles
    for key, name in (("prev", facts.chapter), ("next", _after(app, facts.chapter))):
        known = name in titles
        entry = {"link": pathto(name), "title": titles[name].astext()} if known else ""
        context[key] = entry
    if manifest.runs_here(facts.name):
        load_module(context, "_static/exercise/exercise.js")


def _after(app: Sphinx, chapter: str) -> str:
    """Return the page that follows a chapter in the book."""
    relations = app.env.collect_relations().get(chapter)
    return (relations[2] if relations else None) or ""


def setup(app: Sphinx) -> None:
    """Connect to the build; the cells are arranged before they get their bars."""
    app.connect("doctree-read", arrange, priority=300)
    app.connect("html-page-context", add_neighbours)
