"""The directive `skills-map`: every skill, how deep the book goes, where it is taught.

The list stands in the page when it is built; a script filters it and marks what the
reader has done (`static/progress/skills.js`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from docutils import nodes

from coursekit.site import roadmap
from coursekit.site.drawn import Drawn
from coursekit.site.tags import tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from coursekit.site.manifest import PageFacts
    from coursekit.site.tags import TagNode

_DEPTHS = {"explain": "explained", "run": "run", "build": "built"}
_STATES = {
    "": "every state",
    "taught": "taught here",
    "done": "done",
    "open": "taught, not done",
    "coming": "to come",
}


class SkillsMap(Drawn):
    """`skills-map`: the skills of each area, folded, with a filter above."""

    def run(self) -> list[nodes.Node]:
        """Make the filter, then one list for each area."""
        taught = taught_by(self.manifest().pages.values())
        areas = [self._area(area, taught) for area in roadmap.AREAS]
        return [tag("div", _filter(), *areas, kind="ck-skills")]

    def _area(self, area: str, taught: dict[str, PageFacts]) -> TagNode:
        skills = [skill for skill in roadmap.skills() if skill.area == area]
        rows = [self._row(skill, taught.get(skill.id)) for skill in skills]
        here = sum(skill.id in taught for skill in skills)
        bar = tag(
            "span",
            tag("span", kind="ck-gauge-done"),
            kind="ck-gauge",
            aria_hidden="true",
            style=f"--taught: {here / len(skills):.3f}",
        )
        summary = tag(
            "summary",
            tag("span", roadmap.AREAS[area], kind="ck-area-title"),
            bar,
            tag("span", f"{here} of {len(skills)} taught", kind="ck-area-count"),
            tag("span", kind="ck-area-done ck-live"),
        )
        listed = tag("ul", *rows)
        return tag("details", summary, listed, kind="ck-area", data_area=area)

    def _row(self, skill: roadmap.Skill, facts: PageFacts | None) -> TagNode:
        depth = tag("span", _DEPTHS[skill.depth], kind=f"ck-depth ck-{skill.depth}")
        text = tag("span", skill.text, kind="ck-skill-text")
        data: dict[str, str | int] = {"data_skill": skill.id}
        if facts is None:
            where = tag("span", f"To come in {_planned()[skill.id]}", kind="ck-where")
            return tag("li", text, depth, where, kind="ck-to-come", **data)
        link = self.label(f"skill:{skill.id}", facts.title)
        data |= {"data_taught": facts.name}
        if skill.depth == "build" and facts.exercise:
            count = len(facts.exercise_questions)
            data |= {"data_exercise": facts.exercise, "data_questions": count}
        mark = tag("span", kind="ck-done-mark")
        where = tag("span", link, kind="ck-where")
        return tag("li", mark, text, depth, where, **data)


def taught_by(pages: Iterable[PageFacts]) -> dict[str, PageFacts]:
    """Return the page that teaches each skill, of those that are there.

    Parameters
    ----------
    pages
        What the build knows of them.
    """
    return {skill: facts for facts in pages for skill in facts.skills}


@cache
def _planned() -> dict[str, str]:
    """Return the title of the page that is to teach each skill."""
    return {skill: page.title for page in roadmap.contents() for skill in page.skills}


def _filter() -> TagNode:
    areas = {"": "every area"} | roadmap.AREAS
    controls = (
        _labelled("Which page teaches", tag("input", type="search", name="words")),
        _labelled("Area", _select("area", areas)),
        _labelled("State", _select("state", _STATES)),
    )
    found = tag("p", kind="ck-hits", role="status")
    about = {"kind": "ck-filter ck-live", "role": "search"}
    return tag("form", *controls, found, **about, aria_label="Filter the skills")


def _labelled(words: str, control: TagNode) -> TagNode:
    return tag("label", tag("span", words), control)


def _select(name: str, options: dict[str, str]) -> TagNode:
    made = [tag("option", words, value=value) for value, words in options.items()]
    return tag("select", *made, name=name)


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("skills-map", SkillsMap)
