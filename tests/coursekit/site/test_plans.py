"""Ways through the book: that they hold to the plan of the book, and how weeks fall."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.book.layout import here
from coursekit.book.plan import find_pages
from coursekit.site import frame, pathways, plans, roadmap
from coursekit.site.manifest import PageFacts
from coursekit.site.node import node_program
from coursekit.source import read

from .node import node

_PLAN = frame.__file__.rpartition("/")[0] + "/static/progress/plan.js"
_LOAD = f"load({_PLAN!r});"


@pytest.fixture(scope="module")
def courses():
    """The front matter of the pages that are there, by name."""
    found = [read(path) for path in find_pages(here())]
    return {source.name: source.course for source in found}


@pytest.fixture(scope="module")
def ways(courses):
    pages = {name: _facts(name, course) for name, course in courses.items()}
    return pathways.pathways(pages)


def _facts(name, course):
    facts = PageFacts(name, name, course.skills, course.minutes)
    if course.exercise is None:
        return facts
    exercise = read(here().solutions / f"{course.exercise}.md").exercise
    return replace(facts, exercise_minutes=exercise.minutes)


def test_the_five_pathways_are_there(ways):
    ids = [way.id for way in ways]
    assert ids == ["steady", "sixteen-weeks", "intensive", "evenings", "ladder"]


def test_every_page_that_a_pathway_names_is_planned_and_named_once(ways):
    planned = {page.name for page in roadmap.contents()}
    for way in ways:
        assert set(way.pages) <= planned, way.id
        names = [item.name for item in way.items]
        assert len(names) == len(set(names)), way.id
        assert {item.page for item in way.items} <= planned, way.id


def test_the_steady_pathway_has_every_page_of_the_book(ways):
    assert set(ways[0].pages) == {page.name for page in roadmap.contents()}


def test_what_a_page_needs_comes_before_it(ways, courses):
    held = 0
    for way in ways:
        for name in way.pages:
            for need in courses[name].needs if name in courses else ():
                if need in way.pages:
                    assert way.pages.index(need) < way.pages.index(name), way.id
                    held += 1
    assert held > 20


def test_the_second_half_of_a_project_comes_after_its_first(ways):
    for way in ways:
        for item in way.items:
            if item.is_task and item.name != "task:cards" and item.page in way.pages:
                assert way.pages.index(item.page) < _pages_before(way, item), item


def _pages_before(way, task):
    if task.name in ("task:centre", "task:load-test"):
        return len(way.pages)  # work for the portfolio, which is published later
    items = way.items
    return sum(not item.is_task for item in items[: items.index(task)])


def test_every_stage_ends_with_what_one_can_explain_has_done_and_can_show(ways):
    for stage in (stage for way in ways for stage in way.stages):
        first, *_, last = stage.can
        assert first.startswith("Explain "), stage.title
        assert last.startswith("Show "), stage.title
        assert stage.items


def test_the_sixteen_weeks_are_about_sixteen_at_fifteen_hours(ways):
    way = ways[1]
    weeks = sum(item.minutes for item in way.items) / 60 / way.hours
    assert way.hours == 15
    assert 12 < weeks < 17


def test_hours_are_the_pages_own_or_their_parts_median_or_as_stated():
    one = PageFacts("mathematics/a", "A", [], 60, exercise_minutes=40)
    two = PageFacts("mathematics/b", "B", [], 90, exercise_minutes=30)
    hours = pathways.Hours({one.name: one, two.name: two})
    assert hours.reading("mathematics/a") == (100, True)
    assert hours.reading("mathematics/sampling") == (110, False)
    assert hours.reading("domains/nlp-rag") == (120, False)
    assert hours.whole("projects/vision") == (45 + 12 * 60, False)


def _items(*minutes):
    return [
        pathways.Item(f"a/{k}", "", f"a/{k}", each, True)
        for k, each in enumerate(minutes)
    ]


def test_what_stands_side_by_side_moves_on_at_one_pace():
    first, second = _items(100, 100), _items(50, 50, 50, 50)
    merged = [item.minutes for item in pathways.woven(first, second)]
    assert merged == [50, 100, 50, 50, 100, 50]
    assert pathways.woven(first, []) == first


def test_a_pathway_that_names_what_is_not_planned_is_refused():
    hours = pathways.Hours({})
    with pytest.raises(pathways.PathwayError, match="'mathematics/nothing'"):
        pathways._item("mathematics/nothing", hours)
    with pytest.raises(pathways.PathwayError, match="twice"):
        pathways._expanded("a/b", set(), {"a/b"})


def test_the_checklist_leads_to_pages_of_the_plan():
    planned = {page.name for page in roadmap.contents()}
    items = [item for group in plans.checklist() for item in group["item"]]
    assert len({item["id"] for item in items}) == len(items) > 15
    for item in items:
        assert set(item["pages"]) <= planned, item["id"]
        assert item.get("counts") in (None, "scratch", "exercises", "questions")


# Weeks, in Node

_MINUTES = st.lists(st.integers(15, 1500), min_size=1, max_size=40)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_MINUTES, st.integers(2, 160)), min_size=15, max_size=15))
def test_weeks_hold_every_page_once_and_no_more_than_their_hours(cases):
    source = f"""{_LOAD}
    return cases.map(([minutes, half]) => {{
      const items = minutes.map((each, k) => ({{ minutes: each, k }}));
      return course.plan.weeks(items, half / 2);
    }});"""
    for (minutes, half), weeks in zip(
        cases, node(source, "store", cases=cases), strict=True
    ):
        length = half * 30
        listed = [item["k"] for week in weeks for item in week["items"]]
        assert listed == list(range(len(minutes)))
        assert sum(week["minutes"] for week in weeks) == sum(minutes)
        assert all(week["minutes"] == length for week in weeks[:-1])
        assert 0 < weeks[-1]["minutes"] <= length
        for week in weeks:
            begun = [item["minutes"] for item in week["items"]]
            assert sum(begun[:-1]) <= length, "over by more than one page"


def test_what_takes_longer_than_its_week_goes_on_in_the_next():
    source = f"""{_LOAD}
    const items = [100, 300, 60, 100].map((minutes, k) => ({{ minutes, k }}));
    return course.plan.weeks(items, 2).map(({{ items, goesOn }}) =>
      [items.map(({{ k }}) => k), goesOn.map(({{ k }}) => k)]);"""
    # 100 + 300 end at minute 400, forty minutes into the fourth week of 120.
    assert node(source, "store") == [
        [[0, 1], []],
        [[], [1]],
        [[], [1]],
        [[2, 3], [1]],
        [[], [3]],
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize(
    "start", ["2026-11-23", "2026-03-23", "2027-12-27", "2028-02-28"]
)
def test_dates_are_right_across_clock_changes_and_years(zone, start, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    source = f"""{_LOAD}
    const weeks = course.plan.weeks([{{ minutes: 60 * 40 }}], 1);
    return course.plan.dated(weeks, start).map(({{ from, to }}) => [from, to]);"""
    first = date.fromisoformat(start)
    for k, (begin, end) in enumerate(node(source, "store", start=start)):
        assert begin == (first + timedelta(weeks=k)).isoformat()
        assert end == (first + timedelta(weeks=k, days=6)).isoformat()


def test_without_a_first_day_weeks_have_no_dates():
    source = f"""{_LOAD}
    return course.plan.dated(course.plan.weeks([{{ minutes: 60 }}], 1), null);"""
    (week,) = node(source, "store")
    assert (week["from"], week["to"]) == (None, None)


def test_today_has_its_week():
    days = ["2026-11-22", "2026-11-23", "2026-11-29", "2026-11-30"]
    source = f"""{_LOAD}
    return [...days.map((day) => course.plan.weekOf("2026-11-23", day)),
            course.plan.weekOf(null, days[0])];"""
    assert node(source, "store", days=days) == [0, 1, 1, 2, None]


def test_the_calendar_has_an_event_a_week_and_keeps_to_its_format():
    source = f"""{_LOAD}
    const title = "Vectors, matrices; and a back\\\\slash " + "\\u00e4".repeat(60);
    const weeks = course.plan.weeks([{{ minutes: 90, title }}], 1);
    const dated = course.plan.dated(weeks, "2026-12-28");
    return course.plan.calendar(dated, "S".repeat(150), "20261121T120000Z");"""
    text = node(source, "store")
    lines = text.split("\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert max(len(line.encode()) for line in lines) == 75
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "DTSTART;VALUE=DATE:20270104" in lines
    assert "DTEND;VALUE=DATE:20270104" in lines, (
        "the end of an all-day event is excluded"
    )
    unfolded = text.replace("\r\n ", "")
    assert r"DESCRIPTION:Vectors\, matrices\; and a back\\slash" in unfolded


def test_scripts_of_these_pages_are_sound():
    import subprocess

    folder = plans._STATIC
    names = {name for names in plans._SCRIPTS.values() for name in names}
    assert names == {path.name for path in folder.glob("*.js")}
    for name in names:
        subprocess.run([node_program(), "--check", str(folder / name)], check=True)
