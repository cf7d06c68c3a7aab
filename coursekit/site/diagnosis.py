"""Diagnostic questions: which pages of a part a reader may skip.

`diagnose` asks one question about a page, before the part is read. It is a question
like a quiz's (`coursekit.site.quizzes`), but its first answer counts, nobody has to
guess, and it never comes back in the review. `diagnosis`, below them, lists their pages
and says of each whether to read it (`static/progress/diagnosis.js`).
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util import logging

from coursekit.site.drawn import Drawn
from coursekit.site.pages import manifest_of
from coursekit.site.pathways import Hours, spoken
from coursekit.site.questions import Option, Question
from coursekit.site.quizzes import Ask, OptionNode, QuestionNode, ReasonNode
from coursekit.site.tags import TagNode, tag

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)
_UNSURE = "I do not know yet"
_TO_DO = (
    "Each question that you could not answer names a page to read. The list is in the "
    "order of reading."
)


class Diagnose(Ask):
    """`diagnose`: a question that tells whether its page is needed."""

    @property
    def identifier(self) -> str:
        """The question's id: one a page."""
        return f"diagnose-{posixpath.basename(self.arguments[0])}"

    def run(self) -> list[nodes.Node]:
        """Make the question, or warn that its page is not there."""
        page = self.arguments[0]
        if page not in self.env.found_docs:
            return self._complain(f"there is no page {page!r} to diagnose.")
        made = super().run()
        for asked in made:
            asked["of"] = page
        return made

    def question(self) -> Question:
        """Read what is asked; to know that one does not know is an answer too."""
        asked = super().question()
        reason = f"then {{doc}}`/{self.arguments[0]}` is a page for you."
        unsure = Option(_UNSURE, reason, right=False, line=asked.options[-1].line)
        return replace(asked, options=(*asked.options, unsure))

    def _option(self, option: Option, number: int, control: str) -> OptionNode:
        made = super()._option(option, number, control)
        if option.text == _UNSURE:
            for reason in made.findall(ReasonNode):
                reason["verdict"] = "Good to know"
        return made


class Diagnosis(Drawn):
    """`diagnosis`: the pages that were asked about, and which of them to read."""

    def run(self) -> list[nodes.Node]:
        """Make the place; what is asked above it is known once the page is read."""
        self.manifest()  # noted, so that hours are drawn again when they change
        place = tag("section", kind="ck-diagnosis")
        place["to_fill"] = True
        self.set_source_info(place)
        return [place]


def fill(app: Sphinx, doctree: nodes.document) -> None:
    """Put the list of the questions' pages where it was asked for.

    Parameters
    ----------
    app
        Sphinx's application.
    doctree
        A page that was read.
    """
    for place in [node for node in doctree.findall(TagNode) if "to_fill" in node]:
        asked = [node for node in doctree.findall(QuestionNode) if "of" in node]
        if not asked:
            logger.warning(
                "diagnosis: the page asks no diagnostic question.",
                location=place,
                type="coursekit",
                subtype="diagnosis",
            )
        place += _list(app, [node["of"] for node in asked])


def _list(app: Sphinx, pages: list[str]) -> list[TagNode]:
    rows = [_row(app, page) for page in pages]
    says = tag("p", _TO_DO, kind="ck-diagnosis-says", role="status")
    anew = tag(
        "button", "Answer anew", kind="ck-button ck-quiet ck-anew", type="button"
    )
    again = tag("p", anew, kind="ck-live")
    return [says, tag("ol", *rows, kind="ck-pages"), again]


def _row(app: Sphinx, page: str) -> TagNode:
    pages = manifest_of(app).pages
    title = pages[page].title if page in pages else page
    minutes = Hours(pages).whole(page)[0]
    address = app.builder.get_relative_uri(app.env.docname, page)
    link = nodes.reference("", title, internal=True, refuri=address)
    takes = tag("span", f"{spoken(minutes)} with its exercise", kind="ck-takes")
    data: dict[str, str | int] = {"data_page": page, "data_minutes": minutes}
    advice = tag("span", kind="ck-advice ck-live")
    return tag("li", tag("span", kind="ck-tick"), link, takes, advice, **data)


def setup(app: Sphinx) -> None:
    """Register the directives and when the list is made."""
    app.add_directive("diagnose", Diagnose)
    app.add_directive("diagnosis", Diagnosis)
    app.connect("doctree-read", fill)
