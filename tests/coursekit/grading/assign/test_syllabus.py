"""A syllabus keeps the order of needs and the hours that there are."""

import csv
import io
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.exercises.commands import sources
from coursekit.exercises.model import load
from coursekit.grading.assign.files import AssignError
from coursekit.grading.assign.syllabus import Unit, files, lightest, pack, units
from coursekit.site import roadmap

GOOD = Path(__file__).resolve().parents[3] / "fixtures" / "exercises" / "good.md"
PAGE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{name: python3, display_name: Python 3}}
course:
  skills: [{skills}]
  needs: [{needs}]
  minutes: {minutes}
  runs: [page]
---
# {title}
"""
# Needs run against the order of the book once: numpy before python-for-ml.
PAGES = {
    "classical/scaling": ("data.scaling", "classical/splits, engineering/numpy", 40),
    "engineering/numpy": ("eng.numpy", "", 90),
    "engineering/python-for-ml": ("eng.python-core", "engineering/numpy", 30),
    "classical/splits": ("classical.splits", "engineering/python-for-ml", 50),
}


@pytest.fixture
def root(tmp_path):
    """A book of four pages; the exercise's needs the other three."""
    for name, (skills, needs, minutes) in PAGES.items():
        path = tmp_path / "chapters" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = PAGE.format(skills=skills, needs=needs, minutes=minutes, title=name)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def minutes_of(name, length, written=True):
    return Unit("page", name, name, length, written, ())


plans = st.lists(st.integers(0, 120), min_size=1, max_size=25).map(
    lambda lengths: [minutes_of(str(n), m) for n, m in enumerate(lengths)]
)


@given(plans, st.integers(0, 200))
def test_weeks_keep_order_and_load(plan, more):
    load_ = max(unit.minutes for unit in plan) + more
    weeks = pack(plan, load_)
    assert [unit for week in weeks for unit in week] == plan
    assert all(week for week in weeks)
    assert all(sum(unit.minutes for unit in week) <= load_ for week in weeks)
    for week, following in pairwise(weeks):
        assert sum(unit.minutes for unit in [*week, following[0]]) > load_


@given(plans, st.integers(1, 30))
def test_the_lightest_load_is_the_least_that_fits(plan, weeks):
    load_ = lightest(plan, weeks)
    longest = max(unit.minutes for unit in plan)
    assert len(pack(plan, load_)) <= weeks
    assert load_ >= longest
    assert all(len(pack(plan, less)) > weeks for less in range(longest, load_))


def test_pages_come_after_what_they_need_and_exercises_after_their_page(root):
    plan = units([load(GOOD)], root)
    assert [(unit.kind, unit.name) for unit in plan] == [
        ("page", "engineering/numpy"),
        ("page", "engineering/python-for-ml"),
        ("page", "classical/splits"),
        ("page", "classical/scaling"),
        ("exercise", "exercises/good"),
    ]
    assert [unit.minutes for unit in plan] == [90, 30, 50, 40, 20]


def test_a_circle_of_needs_still_gives_each_page_once(root):
    path = root / "chapters" / "engineering" / "numpy.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("needs: []", "needs: [classical/splits]"))
    names = [unit.name for unit in units([load(GOOD)], root) if unit.kind == "page"]
    assert sorted(names) == sorted(PAGES)


def test_planned_pages_are_marked_and_take_no_time(root):
    (root / "chapters" / "classical" / "splits.md").unlink()
    plan = units([load(GOOD)], root)
    splits = next(unit for unit in plan if unit.name == "classical/splits")
    title = next(p.title for p in roadmap.contents() if p.name == "classical/splits")
    assert (splits.title, splits.written, splits.minutes) == (title, False, 0)
    made = files(plan, hours=3.0)
    told = made["syllabus.md"].decode()
    assert f"- {title} (planned, not written yet)" in told
    assert "Pages marked as planned are not written yet" in told
    rows = table(made)
    assert [r["written"] for r in rows if r["name"] == "classical/splits"] == [
        "planned"
    ]
    assert sum(int(row["minutes"] or 0) for row in rows) == sum(
        unit.minutes for unit in plan
    )


def table(made):
    return list(csv.DictReader(io.StringIO(made["syllabus.csv"].decode(), newline="")))


def test_weeks_have_dates_and_exercises_are_due_at_their_end(root):
    plan = units([load(GOOD)], root)
    made = files(plan, start=date(2026, 12, 28), hours=2.0)
    rows = table(made)
    assert [int(row["week"]) for row in rows] == [1, 1, 2, 2, 2]
    for row in rows:
        begins = date(2026, 12, 28) + timedelta(weeks=int(row["week"]) - 1)
        assert row["begins"] == begins.isoformat()
        assert row["ends"] == (begins + timedelta(days=6)).isoformat()
    told = made["syllabus.md"].decode()
    assert "## Week 1: 2026-12-28 to 2027-01-03" in told
    assert "Columns on one scale (20 min), due 2027-01-10" in told


def test_without_a_date_there_is_no_calendar(root):
    plan = units([load(GOOD)], root)
    assert set(files(plan)) == {"syllabus.md", "syllabus.csv"}
    assert {row["begins"] for row in table(files(plan))} == {""}


def unfolded(calendar):
    """Lines of a calendar file, put together again as RFC 5545 says."""
    text = calendar.decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text.count("\n") == text.count("\r\n")
    return text.replace("\r\n ", "").split("\r\n")


def test_the_calendar_has_each_week_and_survives_signs_of_its_own(root):
    odd = minutes_of("Ünits; with, signs\\" * 9, 60)
    plan = [*units([load(GOOD)], root), odd]
    made = files(plan, start=date(2026, 9, 7), hours=2.0)
    lines = unfolded(made["syllabus.ics"])
    weeks = len({row["week"] for row in table(made)})
    for word in ("BEGIN:VEVENT", "END:VEVENT"):
        assert lines.count(word) == weeks
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    starts = [line for line in lines if line.startswith("DTSTART")]
    assert starts[1] == "DTSTART;VALUE=DATE:20260914"
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == weeks
    assert any("Ünits\\; with\\, signs\\\\" in line for line in lines)


def test_weeks_and_hours_that_do_not_fit_are_refused(root):
    plan = units([load(GOOD)], root)
    with pytest.raises(AssignError, match=r"1 weeks of 2 hours are too few: 1 weeks"):
        files(plan, weeks=1, hours=2.0)
    with pytest.raises(AssignError, match="longest page or exercise takes 90 minutes"):
        files(plan, hours=1.0)


def test_given_weeks_make_the_load_as_light_as_it_can_be(root):
    plan = units([load(GOOD)], root)
    told = files(plan, weeks=2)["syllabus.md"].decode()
    assert "Weeks: 2. Hours a week, at most: 2. Hours in all: 4." in told


def test_the_books_own_syllabus_holds_every_exercise_and_need():
    exercises = [load(path) for path in sources()]
    root = exercises[0].source.path.parents[2]
    plan = units(exercises, root)
    done = set()
    for unit in plan:
        if unit.kind == "exercise":
            assert (
                next(e for e in exercises if e.name == unit.name).meta.chapter in done
            )
        else:
            assert unit.name not in done
            done.add(unit.name)
    assert {unit.name for unit in plan if unit.kind == "exercise"} == {
        one.name for one in exercises
    }
