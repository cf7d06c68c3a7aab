"""Directives that draw the book's tables from what it has, so that none is typed.

`part-contents` lists the pages of a part, `run-times` what every page took, `book-map`
the parts, `benchmarks` and `grader-figures` how the library and the grader compare with
the tools that people use, `site-figures` what pages cost a reader. The skills
map is drawn by `coursekit.site.skills`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

from coursekit.site import roadmap
from coursekit.site.drawn import Drawn
from coursekit.site.manifest import BENCHMARKS, GRADER, SITE, PageFacts
from coursekit.site.pathways import Hours, spoken
from coursekit.site.tags import tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)


class PartContents(Drawn):
    """`part-contents`: every page of a part in the book's order, with its hours."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make a line in all, then the list."""
        part = self.arguments[0]
        titles = {page.name: page.title for page in roadmap.contents_of(part)}
        pages = self.manifest().pages
        # A page that the plan does not have is listed after those that it has.
        extra = sorted(_of_part(part, pages) - titles.keys())
        if not titles and not extra:
            self._unknown(part)
            return []
        titles |= {name: pages[name].title for name in extra}
        entries = [self._entry(name, title) for name, title in titles.items()]
        listed = tag("ol", *entries, kind="ck-pages")
        return [nodes.paragraph("", self._in_all(list(titles))), listed]

    def _unknown(self, part: str) -> None:
        logger.warning(
            f"part-contents: there is no part {part!r}.",
            location=(self.env.docname, self.lineno),
            type="coursekit",
        )

    def _in_all(self, names: list[str]) -> str:
        pages = self.manifest().pages
        minutes = {name: Hours(pages).whole(name)[0] for name in names}
        whole = sum(minutes.values())
        here = [name for name in names if name in self.env.found_docs]
        if here == names:
            return f"{len(names)} pages, {spoken(whole)} with exercises."
        are = "is" if len(here) == 1 else "are"
        count = f"{len(here)} of {len(names)} pages {are} here"
        if ready := sum(minutes[name] for name in here if name in pages):
            count += f", {spoken(ready)} with exercises"
        return f"{count}. The whole part will take about {round(whole / 60)} hours."

    def _entry(self, name: str, title: str) -> nodes.Node:
        facts = self.manifest().pages.get(name)
        if facts is None and name not in self.env.found_docs:
            coming = tag("span", "to come", kind="ck-coming")
            return tag("li", tag("span", title), " ", coming, kind="ck-to-come")
        inside: list[nodes.Node | str] = [
            tag("span", kind="ck-tick"),
            self.link(name, facts.title if facts else title),
        ]
        if facts is not None:  # a plain page, such as the glossary, has no hours
            inside.append(tag("span", _takes(facts), kind="ck-takes"))
            inside += self._needs(facts)
        return tag("li", *inside, data_page=name)

    def _needs(self, facts: PageFacts) -> list[nodes.Node]:
        """Name the pages to have read; those still to come without a link."""
        if not facts.needs:
            return []
        titles = {page.name: page.title for page in roadmap.contents()}
        line: list[nodes.Node | str] = ["Read first: "]
        for name in facts.needs:
            there = name in self.env.found_docs
            title = titles.get(name, name)
            line += [self.link(name, title) if there else f"{title} (to come)", ", "]
        return [tag("span", *line[:-1], kind="ck-needs")]


def _of_part(part: str, pages: dict[str, PageFacts]) -> set[str]:
    return {name for name in pages if name.startswith(f"{part}/")}


def _takes(facts: PageFacts) -> str:
    skills = "1 skill" if len(facts.skills) == 1 else f"{len(facts.skills)} skills"
    parts = [f"{facts.minutes} minutes"]
    if facts.exercise_minutes:
        parts.append(f"exercise {facts.exercise_minutes} minutes")
    return ", ".join([*parts, skills])


class BookMap(Drawn):
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


class RunTimes(Drawn):
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


class Benchmarks(Drawn):
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


class GraderFigures(Drawn):
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


class SiteFigures(Drawn):
    """`site-figures`: what pages cost a reader, at worst and in the middle."""

    def run(self) -> list[nodes.Node]:
        """Make the table, and a line about the machine."""
        path = self.env.srcdir / SITE
        self.env.note_dependency(str(path))
        if not path.is_file():
            return [nodes.paragraph("", "Not measured in this copy of the book.")]
        found = json.loads(path.read_text(encoding="utf-8"))
        place = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
        heads = ("Measure", "Worst", "Median", "Pages", "Worst page")
        measured = found["summary"]
        rows = (
            _measure_row(words, measured[name])
            for name, words in _MEASURES.items()
            if name in measured
        )
        return [nodes.paragraph("", f"{place}."), _table(heads, rows)]


_MEASURES = {
    "kilobytes": "kB over the wire, without pictures",
    "picture_kilobytes": "kB of pictures before one scrolls",
    "requests": "Files asked for",
    "shift": "Layout shift",
    "axe": "Rules that axe finds broken, in four settings",
    "performance": "Lighthouse, performance",
    "accessibility": "Lighthouse, accessibility",
    "best-practices": "Lighthouse, best practices",
    "seo": "Lighthouse, search engines",
    "first_seconds": "Seconds to the first result, nothing fetched before",
    "rerun": "Seconds to the same result again",
}


def _measure_row(words: str, found: dict[str, Any]) -> Row:
    figures = (f"{found['worst']:g}", f"{found['median']:g}", str(found["pages"]))
    page = found["page"].removesuffix(".html")
    return tuple(map(nodes.Text, (words, *figures, page)))


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
    app.add_directive("run-times", RunTimes)
    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("grader-figures", GraderFigures)
    app.add_directive("site-figures", SiteFigures)
