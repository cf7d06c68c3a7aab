"""Directives that draw the book's tables from what it has, so that none is typed.

`part-contents` lists the pages of a part, `skills-map` the skills and where each is
taught, `run-times` what every page took, `book-map` the parts, `benchmarks` and
`grader-figures` how the library and the grader compare with the tools that people use.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursekit.site import roadmap
from coursekit.site.manifest import BENCHMARKS, GRADER, NAME, Manifest, PageFacts
from coursekit.site.pages import manifest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


class _Drawn(SphinxDirective):
    """A directive whose result comes from the manifest."""

    def manifest(self) -> Manifest:
        """Return the manifest; the page is drawn again whenever it changes."""
        self.env.note_dependency(str(self.env.srcdir / NAME))
        return manifest_of(self.env.app)

    def link(self, page: str, text: str) -> nodes.Node:
        """Link to a page of the book."""
        return self._reference("doc", f"/{page}", text)

    def label(self, name: str, text: str) -> nodes.Node:
        """Link to a target of the book."""
        return self._reference("ref", name.lower(), text)

    def _reference(self, kind: str, target: str, text: str) -> nodes.Node:
        return addnodes.pending_xref(
            "",
            nodes.inline("", text),
            refdomain="std",
            reftype=kind,
            reftarget=target,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )


class PartContents(_Drawn):
    """`part-contents`: what a part has, and what is to come."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make both lists, in the order of the plan."""
        part = self.arguments[0]
        planned = [page for page in roadmap.contents() if page.part == part]
        titles = {page.name: page.title for page in planned}
        here = [name for name in titles if name in self.env.found_docs]
        # A page that the plan does not have is listed after those that it has.
        pages = self.manifest().pages
        here += sorted(_of_part(part, pages) - titles.keys())
        if not titles and not here:
            self._unknown(part)
            return []
        coming = [titles[name] for name in titles if name not in here]
        made: list[nodes.Node] = []
        if here:
            entries = [self._entry(name, titles, pages.get(name)) for name in here]
            made.append(_bullets(entries))
        if coming:
            made.append(nodes.rubric("", "To come"))
            made.append(_bullets([[nodes.Text(title)] for title in coming]))
        return made

    def _unknown(self, part: str) -> None:
        logger.warning(
            f"part-contents: there is no part {part!r}.",
            location=(self.env.docname, self.lineno),
            type="coursekit",
        )

    def _entry(
        self, name: str, titles: dict[str, str], facts: PageFacts | None
    ) -> list[nodes.Node]:
        if facts is None:  # a plain page, such as the glossary
            return [self.link(name, titles[name])]
        minutes = nodes.Text(f" ({facts.minutes} minutes)")
        return [self.link(name, facts.title), minutes]


def _of_part(part: str, pages: dict[str, PageFacts]) -> set[str]:
    return {name for name in pages if name.startswith(f"{part}/")}


class BookMap(_Drawn):
    """`book-map`: every part as a card, with how much of it is there."""

    def run(self) -> list[nodes.Node]:
        """Make the list of cards."""
        self.manifest()  # noted, so that the map is drawn again when pages come
        cards = [self._card(part, title) for part, title in roadmap.PARTS.items()]
        cards_list = _bullets(cards)
        cards_list["classes"].append("ck-map")
        return [cards_list]

    def _card(self, part: str, title: str) -> list[nodes.Node]:
        planned = [page.name for page in roadmap.contents() if page.part == part]
        here = sum(name in self.env.found_docs for name in planned)
        count = f"{here} of {len(planned)} pages" if here else "to come"
        about = nodes.inline("", self._about(part), classes=["ck-about"])
        return [self.link(f"{part}/index", title), about, nodes.inline("", count)]

    def _about(self, part: str) -> str:
        """Return what the part's own page says first."""
        path = self.env.srcdir / part / "index.md"
        if not path.is_file():
            return ""
        self.env.note_dependency(str(path))
        _, _, text = path.read_text(encoding="utf-8").partition("\n\n")
        return " ".join(text.partition("\n\n")[0].split())


class SkillsMap(_Drawn):
    """`skills-map`: every skill of the plan, and the section that teaches it."""

    def run(self) -> list[nodes.Node]:
        """Make one table for each area."""
        taught = {
            skill: facts
            for facts in self.manifest().pages.values()
            for skill in facts.skills
        }
        made: list[nodes.Node] = []
        for area, title in roadmap.AREAS.items():
            skills = [skill for skill in roadmap.skills() if skill.area == area]
            rows = [self._row(skill, taught.get(skill.id)) for skill in skills]
            made.append(nodes.rubric("", title))
            made.append(_table(("Skill", "Depth", "Where"), rows))
        return made

    def _row(self, skill: roadmap.Skill, facts: PageFacts | None) -> Row:
        where: nodes.Node = nodes.Text("to come")
        if facts is not None:
            where = self.label(f"skill:{skill.id}", facts.title)
        return (nodes.Text(skill.text), nodes.Text(skill.depth), where)


class RunTimes(_Drawn):
    """`run-times`: seconds and memory of every page's last run."""

    def run(self) -> list[nodes.Node]:
        """Make the table, slowest page first."""
        pages = sorted(self.manifest().pages.values(), key=lambda facts: -facts.seconds)
        rows = [self._row(facts) for facts in pages]
        total = sum(facts.seconds for facts in pages)
        summary = f"{len(pages)} pages took {total:.0f} s, one after the other."
        heads = ("Page", "Seconds", "Peak memory (MB)")
        return [nodes.paragraph("", summary), _table(heads, rows)]

    def _row(self, facts: PageFacts) -> Row:
        return (
            self.link(facts.name, facts.title),
            nodes.Text(f"{facts.seconds:.1f}"),
            nodes.Text(f"{facts.peak_bytes / 2**20:.0f}"),
        )


class Benchmarks(_Drawn):
    """`benchmarks`: times against other tools, and how cost grows."""

    def run(self) -> list[nodes.Node]:
        """Make both tables, and a line about the machine."""
        path = self.env.srcdir / BENCHMARKS
        self.env.note_dependency(str(path))
        found = json.loads(path.read_text(encoding="utf-8"))
        about = found["machine"]
        tools = [f"{name} {about[name]}" for name in about if name not in _MACHINE]
        place = f"{about['processor']}, one thread, Python {about['python']}"
        heads = ("Task (against)", "Ours, ms", "Theirs, ms", "Ratio", "Goal", "MiB")
        growth = ("Growth of", "Sizes", "Exponent", "Expected")
        return [
            nodes.paragraph("", f"{place}, {', '.join(tools)}."),
            _table(heads, map(_time_row, found["times"])),
            _table(growth, map(_growth_row, found["growth"])),
        ]


class GraderFigures(_Drawn):
    """`grader-figures`: the grader's speed beside nbgrader's, and what it takes."""

    def run(self) -> list[nodes.Node]:
        """Make both tables, and a line about the machine."""
        path = self.env.srcdir / GRADER
        self.env.note_dependency(str(path))
        found = json.loads(path.read_text(encoding="utf-8"))
        place = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
        heads = ("Grader", "Notebooks a minute and core", "Seconds each", "To start, s")
        speed = found["throughput"]
        graders = (("this one, in its sandbox", "ours"), ("nbgrader", "nbgrader"))
        return [
            nodes.paragraph("", f"{found['exercise']}; {place}."),
            _table(heads, (_speed_row(name, speed[side]) for name, side in graders)),
            _table(("Of this grader", ""), _taken(found)),
        ]


def _speed_row(name: str, found: dict[str, Any]) -> Row:
    cpu = found["cpu"]
    figures = (
        f"{cpu['a_minute']:.0f}",
        f"{cpu['seconds_each']:.3f}",
        f"{cpu['start_up_seconds']:.1f}",
    )
    return tuple(map(nodes.Text, (name, *figures)))


def _taken(found: dict[str, Any]) -> Iterator[Row]:
    apart, memory = found["isolation"], found["memory"]
    growths = (memory[f"{phase}_growth_mib_a_thousand"] for phase in _PHASES)
    growth = " and ".join(f"{one:+.1f}" for one in growths)
    for name, figure in (
        ("Notebooks compared", f"{found['throughput']['notebooks']:,}"),
        ("What the sandbox adds to a submission", f"{apart['cost_seconds']:.3f} s"),
        ("Submissions watched", f"{memory['submissions']:,}"),
        ("Peak memory of all its processes", f"{memory['peak_mib']:.0f} MiB"),
        ("Growth over a thousand, executing and judging", f"{growth} MiB"),
    ):
        yield nodes.Text(name), nodes.Text(figure)


_PHASES = ("executing", "judging")
_MACHINE = ("processor", "cores", "threads", "python")


def _time_row(row: dict[str, Any]) -> Row:
    goal = "" if row["goal"] is None else f"{row['goal']:g}"
    ours, theirs = (
        f"{1000 * row[f'{side}_seconds']:.3g}" for side in ("ours", "theirs")
    )
    ratio = f"{row['ratio']:.2f}"
    peaks = f"{row['ours_mib']} / {row['theirs_mib']}" if "ours_mib" in row else ""
    task = f"{row['name']} ({row['against']})"
    cells = (task, ours, theirs, ratio, goal, peaks)
    return tuple(map(nodes.Text, cells))


def _growth_row(row: dict[str, Any]) -> Row:
    sizes = f"{row['sizes'][0]:,} to {row['sizes'][-1]:,}"
    exponents = f"{row['exponent']:.2f}", f"{row['expected']:.2f}"
    return tuple(map(nodes.Text, (row["name"], sizes, *exponents)))


Row = tuple[nodes.Node, ...]


def _bullets(entries: Iterable[list[nodes.Node]]) -> nodes.bullet_list:
    made = nodes.bullet_list()
    for entry in entries:
        made += nodes.list_item("", nodes.paragraph("", "", *entry))
    return made


def _table(heads: Sequence[str], rows: Iterable[Row]) -> nodes.table:
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    group += nodes.thead("", _table_row([nodes.Text(head) for head in heads]))
    group += nodes.tbody("", *(_table_row(row) for row in rows))
    return nodes.table("", group, classes=["ck-table"])


def _table_row(cells: Iterable[nodes.Node]) -> nodes.row:
    entries = [nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells]
    return nodes.row("", *entries)


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("part-contents", PartContents)
    app.add_directive("book-map", BookMap)
    app.add_directive("skills-map", SkillsMap)
    app.add_directive("run-times", RunTimes)
    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("grader-figures", GraderFigures)
