"""Study plans, the readiness checklist and the reader's own page.

The directives `study-plans`, `readiness` and `your-progress` put everything that is
known when the site is built into the page; small scripts (`static/progress/`) add what
this browser keeps. What is no use without scripts carries the class `ck-live`.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes

from coursekit.site import roadmap
from coursekit.site.drawn import Drawn
from coursekit.site.manifest import Manifest
from coursekit.site.pages import manifest_of
from coursekit.site.pathways import Item, Pathway, Stage, pathways, spoken
from coursekit.site.skills import taught_by
from coursekit.site.tags import tag

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from coursekit.site.tags import TagNode

_STATIC = Path(__file__).parent / "static" / "progress"
# The script of a page that has an element of this class.
_SCRIPTS = {
    "ck-skills": ("skills.js",),
    "ck-diagnosis": ("diagnosis.js",),
    "ck-plans": ("plan.js", "plans.js"),
    "ck-readiness": ("readiness.js",),
    "ck-yours": ("skills.js", "readiness.js", "yours.js"),
}
# The reader's own page, which the sidebar links to.
_OWN = "about/progress"
# The parts whose exercises build an algorithm from nothing.
SCRATCH = ("mathematics", "classical", "deep-learning", "domains")


class _Linking(Drawn):
    """What names pages, with a link to those that are there."""

    def page(self, name: str, title: str = "") -> nodes.Node:
        """Return a page's title, linked where the page is there."""
        title = title or _titles()[name]
        if name in self.env.found_docs:
            return self.link(name, title)
        return tag("span", title)


class StudyPlans(_Linking):
    """`study-plans`: a form, the reader's plan, and every pathway as it stands."""

    def run(self) -> list[nodes.Node]:
        """Make the three."""
        ways = pathways(self.manifest().pages)
        weeks = tag("div", kind="ck-weeks")
        title = tag("p", "Your weeks", kind="rubric", id="ck-plan-title")
        plan = tag(
            "section", title, weeks, kind="ck-plan ck-live", aria_label="Your weeks"
        )
        every = [self._pathway(way) for way in ways]
        return [tag("div", _plan_form(ways), plan, *every, kind="ck-plans")]

    def _pathway(self, way: Pathway) -> TagNode:
        total = sum(item.minutes for item in way.items)
        weeks = f"{total / 60:.0f} hours: {_weeks(total, way.hours)} weeks at "
        head = (
            tag("span", way.title, kind="ck-way-title"),
            tag("span", f"{weeks}{way.hours:g} hours a week", kind="ck-way-hours"),
        )
        stages = [self._stage(stage) for stage in way.stages]
        inside: list[nodes.Node] = [
            nodes.paragraph("", f"{way.whom} Meant for {way.rhythm}.")
        ]
        if way.skipped():
            inside.append(self._diagnostics(way))
        inside += stages
        if way.after:
            inside.append(nodes.paragraph("", way.after))
        return tag(
            "details",
            tag("summary", *head),
            *inside,
            kind="ck-way",
            id=f"way-{way.id}",
            data_pathway=way.id,
            data_hours=f"{way.hours:g}",
        )

    def _diagnostics(self, way: Pathway) -> nodes.paragraph:
        """Say which parts are mostly left out, and how to find out whether one may."""
        line: list[nodes.Node] = [
            nodes.Text(
                "First the diagnostic questions of the parts that it mostly leaves out "
                "(where there are none yet, read the part's list): "
            )
        ]
        for part in way.skipped():
            line += [self.link(f"{part}/index", roadmap.PARTS[part]), nodes.Text(", ")]
        return nodes.paragraph("", "", *line[:-1], nodes.Text("."))

    def _stage(self, stage: Stage) -> TagNode:
        total = spoken(sum(item.minutes for item in stage.items))
        title = tag("p", f"{stage.title} ({total})", kind="rubric")
        listed = tag("ol", *(self._item(item) for item in stage.items))
        can = [tag("li", one) for one in stage.can]
        points = tag("ul", *can, kind="ck-can")
        check = tag("p", "You are through when you can say: I can", kind="ck-can-head")
        data = {"data_stage": stage.title}
        return tag("section", title, listed, check, points, kind="ck-stage", **data)

    def _item(self, item: Item) -> TagNode:
        title = self.page(item.page, item.title)
        about = "" if item.known else ", to come: an estimate"
        if item.is_task:
            about = ", a task"
        takes = tag("span", f"{spoken(item.minutes)}{about}", kind="ck-takes")
        data: dict[str, str | int] = {
            "data_item": item.name,
            "data_minutes": item.minutes,
        }
        if not item.is_task:
            data["data_page"] = item.name
        tick = tag("span", kind="ck-tick")
        return tag("li", tick, title, takes, **data)


def _weeks(minutes: int, hours: float) -> int:
    return -(-minutes // round(60 * hours))


def _plan_form(ways: list[Pathway]) -> TagNode:
    options = [tag("option", way.title, value=way.id) for way in ways]
    hours = tag("input", type="number", name="hours", min=1, max=80, step="0.5")
    controls = (
        _labelled("Pathway", tag("select", *options, name="pathway")),
        _labelled("Hours a week", hours),
        _labelled("First day", tag("input", type="date", name="start")),
    )
    buttons = tag(
        "p",
        tag("button", "Keep this plan", type="submit", kind="ck-button"),
        tag(
            "button",
            "Weeks for a calendar (.ics)",
            type="button",
            kind="ck-button ck-quiet ck-calendar",
        ),
        kind="ck-links",
    )
    says = tag("p", kind="ck-says", role="status")
    return tag("form", *controls, buttons, says, kind="ck-plan-form ck-live")


def _labelled(words: str, control: TagNode) -> TagNode:
    return tag("label", tag("span", words), control)


class Readiness(_Linking):
    """`readiness`: the checklist, each item with the pages that lead there."""

    def run(self) -> list[nodes.Node]:
        """Make one list for each group."""
        self.manifest()
        groups = [self._group(group) for group in checklist()]
        count = tag("p", kind="ck-says ck-live", role="status")
        return [tag("div", count, *groups, kind="ck-readiness")]

    def _group(self, group: dict[str, Any]) -> TagNode:
        title = tag("p", group["title"], kind="rubric")
        items = [self._item(item) for item in group["item"]]
        return tag("section", title, tag("ul", *items), aria_label=group["title"])

    def _item(self, item: dict[str, Any]) -> TagNode:
        box = tag("input", type="checkbox", value=item["id"], kind="ck-live")
        pages: list[nodes.Node | str] = ["Leads there: "]
        for name in item["pages"]:
            coming = "" if name in self.env.found_docs else " (to come)"
            pages += [self.page(name), f"{coming}, "]
        pages[-1] = str(pages[-1]).removesuffix(", ")
        inside = [tag("label", box, tag("span", item["text"]))]
        if "counts" in item:
            data = {"data_counts": item["counts"], "data_goal": item["goal"]}
            inside.append(tag("span", kind="ck-counted ck-live", **data))
        return tag("li", *inside, tag("span", *pages, kind="ck-leads"))


@cache
def checklist(folder: Path = roadmap.FOLDER) -> list[dict[str, Any]]:
    """Return the groups of the readiness checklist.

    Parameters
    ----------
    folder
        Where `readiness.toml` stands.
    """
    text = (folder / "readiness.toml").read_text(encoding="utf-8")
    groups: list[dict[str, Any]] = tomllib.loads(text)["group"]
    return groups


@cache
def _titles() -> dict[str, str]:
    return {page.name: page.title for page in roadmap.contents()}


class YourProgress(_Linking):
    """`your-progress`: numbers by part, and what to do with what is kept."""

    def run(self) -> list[nodes.Node]:
        """Make the page's frame; the numbers are the script's."""
        self.manifest()
        kinds = ("pages", "exercises", "questions", "skills", "checklist")
        figures = [tag("div", kind="ck-figure-of", data_figure=kind) for kind in kinds]
        parts = [self._part(part) for part in roadmap.PARTS]
        inside = (
            tag("div", *figures, kind="ck-figures"),
            tag("p", kind="ck-next"),
            tag("ul", *parts, kind="ck-parts"),
            _keeping(),
            _clearing(),
        )
        return [tag("div", *inside, kind="ck-yours ck-live")]

    def _part(self, part: str) -> TagNode:
        here = [p.name for p in roadmap.contents_of(part) if self._there(p.name)]
        bar = tag(
            "span",
            tag("span", kind="ck-gauge-done"),
            kind="ck-gauge",
            aria_hidden="true",
        )
        says = tag("span", f"0 of {len(here)} done", kind="ck-part-says")
        link = self.link(f"{part}/index", roadmap.PARTS[part])
        return tag("li", link, bar, says, data_pages=" ".join(here))

    def _there(self, name: str) -> bool:
        return name in self.env.found_docs


def _keeping() -> TagNode:
    choose = tag("input", type="file", name="file", accept=".json,application/json")
    whole = tag("input", type="checkbox", name="replace")
    return tag(
        "form",
        tag("p", "Take it along", kind="rubric"),
        _button("Export as a file", "ck-export"),
        _labelled("Import a file that you exported", choose),
        tag("label", whole, tag("span", "replace what is here"), kind="ck-tickbox"),
        tag("p", kind="ck-says", role="status"),
        kind="ck-keeping",
    )


def _clearing() -> TagNode:
    ask = (
        "Everything that this browser keeps of the book will be gone. Export it first?"
    )
    dialog = tag(
        "dialog",
        tag("p", ask, id="ck-clear-asks"),
        tag(
            "p",
            _button("Export as a file", "ck-export"),
            _button("Clear everything", "ck-clear-now"),
            _button("Keep it", "ck-clear-not ck-quiet"),
            kind="ck-links",
        ),
        aria_labelledby="ck-clear-asks",
    )
    return tag("div", _button("Clear everything...", "ck-clear ck-quiet"), dialog)


def _button(words: str, kind: str) -> TagNode:
    return tag("button", words, type="button", kind=f"ck-button {kind}")


def _facts(manifest: Manifest) -> str:
    """Return what the reader's own page needs to count, as JSON."""
    depth = {skill.id: skill.depth for skill in roadmap.skills()}
    taught = taught_by(manifest.pages.values())
    build = {
        "skills": [
            {
                "taught": facts.name,
                "exercise": facts.exercise if depth.get(skill) == "build" else None,
                "questions": len(facts.exercise_questions),
            }
            for skill, facts in taught.items()
        ],
        "exercises": {
            facts.exercise: len(facts.exercise_questions)
            for facts in manifest.pages.values()
            if facts.exercise
        },
        "scratch": SCRATCH,
        "planned": {"skills": len(depth), "pages": len(_titles())},
        "checklist": [i["id"] for group in checklist() for i in group["item"]],
    }
    return _as_script(build)


def _as_script(value: object) -> str:
    """Return JSON that can stand inside a `<script>`."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _orders(app: Sphinx, manifest: Manifest) -> str:
    """Return the pages of every pathway that are there, as JSON."""
    here = app.env.found_docs
    ways = pathways(manifest.pages)
    orders = {way.id: [page for page in way.pages if page in here] for way in ways}
    return _as_script(orders)


def add_context(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Say whether a page can be done, and give it the data and scripts it needs."""
    body = context.get("body") or ""
    context["can_be_done"] = page in _titles()
    if _OWN in app.env.found_docs:
        context["progress_page"] = context["pathto"](_OWN)
    manifest = manifest_of(app)
    if page == app.config.root_doc or 'class="ck-yours' in body:
        context["course_pathways"] = _orders(app, manifest)
    if 'class="ck-yours' in body or 'class="ck-readiness' in body:
        context["course_facts"] = _facts(manifest)
    scripts = context.setdefault("page_scripts", [])
    for kind, names in _SCRIPTS.items():
        if f'class="{kind}' in body:
            scripts += [_script(context, name) for name in names]


def _script(context: dict[str, Any], name: str) -> dict[str, Any]:
    # Classic scripts: modules do not run from a folder opened without a server.
    return {"src": context["pathto"](f"_static/progress/{name}", 1), "module": False}


def setup(app: Sphinx) -> None:
    """Register the directives, and connect to the build."""
    app.add_directive("study-plans", StudyPlans)
    app.add_directive("readiness", Readiness)
    app.add_directive("your-progress", YourProgress)
    app.connect("html-page-context", add_context)
