"""A plan by weeks: which pages and exercises, in which order, until when.

Everything comes from front matter: what a page needs, how long it and its exercise
take, which skills they teach. Pages that are planned and not written stand in their
place, marked as such, since a later page leans on them.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from coursekit import settings, source
from coursekit.book.layout import Layout
from coursekit.exercises.model import Exercise
from coursekit.grading.assign.files import AssignError, Files
from coursekit.grading.assign.release import render
from coursekit.site import roadmap

__all__ = ["HOURS", "Unit", "Week", "files", "lightest", "pack", "units"]

HOURS = 6.0  # a week, where nobody says how many


@dataclass(frozen=True)
class Unit:
    """A page or an exercise; one that is not written yet has no minutes."""

    kind: Literal["page", "exercise"]
    name: str
    title: str
    minutes: int
    written: bool
    skills: tuple[str, ...]
    address: str = ""


@dataclass(frozen=True)
class Week:
    """What is to be done in a week, and when that is if it is known."""

    number: int
    units: tuple[Unit, ...]
    begins: date | None = None

    @property
    def ends(self) -> date | None:
        """The week's last day."""
        return self.begins + timedelta(days=6) if self.begins else None


# What is to be done, in order -------------------------------------------------------


def units(exercises: Sequence[Exercise], root: Path) -> list[Unit]:
    """Return the pages that exercises rest on, and the exercises, in order.

    Parameters
    ----------
    exercises : sequence of Exercise
        The exercises.
    root : Path
        The checkout.

    Returns
    -------
    list of Unit
        Each page after the pages that it needs, otherwise in the order of the book;
        an exercise right after its page.
    """
    own: dict[str, list[Exercise]] = {}
    for exercise in exercises:
        own.setdefault(exercise.meta.chapter, []).append(exercise)
    found: list[Unit] = []
    for name in _in_order(own, lambda page: _needs(page, root)):
        found.append(_page_unit(name, root))
        found += [_exercise_unit(exercise) for exercise in own.get(name, [])]
    return found


def _in_order(
    wanted: Iterable[str], needs: Callable[[str], Iterable[str]]
) -> Iterator[str]:
    """Give names and what they need, each after its needs; the book's order decides.

    Where pages need each other in a circle, which a gate forbids, each comes once.
    """
    places = {page.name: at for at, page in enumerate(roadmap.contents())}

    def in_the_book(names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: (places.get(name, len(places)), name))

    seen: set[str] = set()
    waiting = [(name, False) for name in reversed(in_the_book(_all(wanted, needs)))]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            yield name
        elif name not in seen:
            seen.add(name)
            before = reversed(in_the_book(needs(name)))
            waiting += [(name, True), *((need, False) for need in before)]


def _all(wanted: Iterable[str], needs: Callable[[str], Iterable[str]]) -> set[str]:
    """Return names, what they need, what that needs, and so on."""
    found: set[str] = set()
    waiting = [*wanted]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs(name)
    return found


@cache
def _page(name: str, root: Path) -> source.Source | None:
    path = Layout(root).chapters / f"{name}.md"
    return source.read(path) if path.is_file() else None


def _needs(name: str, root: Path) -> list[str]:
    page = _page(name, root)
    return page.course.needs if page and page.course else []


def _page_unit(name: str, root: Path) -> Unit:
    page = _page(name, root)
    if page and page.course:
        skills = tuple(page.course.skills)
        address = f"{settings.load().base_url}/{name}.html"
        return Unit(
            "page", name, page.title, page.course.minutes, True, skills, address
        )
    planned = {one.name: one for one in roadmap.contents()}.get(name)
    if planned is None:
        return Unit("page", name, name, 0, False, ())
    return Unit("page", name, planned.title, 0, False, planned.skills)


def _exercise_unit(exercise: Exercise) -> Unit:
    meta = exercise.meta
    skills = tuple(meta.skills)
    return Unit("exercise", exercise.name, meta.title, meta.minutes, True, skills)


# Weeks ------------------------------------------------------------------------------


def pack(plan: Sequence[Unit], minutes: int) -> list[list[Unit]]:
    """Fill weeks in order, each with at most so many minutes.

    Parameters
    ----------
    plan : sequence of Unit
        What is to be done, in order.
    minutes : int
        Minutes of a week, no fewer than the longest unit takes.

    Returns
    -------
    list of list of Unit
        No week is empty.
    """
    weeks: list[list[Unit]] = [[]]
    left = minutes
    for unit in plan:
        if unit.minutes > left:
            weeks.append([])
            left = minutes
        weeks[-1].append(unit)
        left -= unit.minutes
    return [week for week in weeks if week]


def lightest(plan: Sequence[Unit], weeks: int) -> int:
    """Return the fewest minutes a week with which a plan takes no more weeks.

    Parameters
    ----------
    plan : sequence of Unit
        What is to be done, in order.
    weeks : int
        At least 1.

    Returns
    -------
    int
        Found by halving: more minutes a week never take more weeks.
    """
    low = max((unit.minutes for unit in plan), default=0)
    high = max(sum(unit.minutes for unit in plan), low)
    while low < high:
        middle = (low + high) // 2
        if len(pack(plan, middle)) <= weeks:
            high = middle
        else:
            low = middle + 1
    return low


def _load(plan: Sequence[Unit], hours: float | None, weeks: int | None) -> int:
    """Return the minutes of a week, from hours or from the number of weeks."""
    least = lightest(plan, weeks) if weeks else 0
    longest = max((unit.minutes for unit in plan), default=0)
    if hours is None:
        return least or max(int(60 * HOURS), longest)
    given = int(60 * hours)
    if given < longest:
        raise AssignError(
            f"{hours:g} hours a week are too few: the longest page or exercise takes "
            f"{longest} minutes."
        )
    if given < least:
        raise AssignError(
            f"{weeks} weeks of {hours:g} hours are too few: {weeks} weeks take "
            f"{_hours(least)} hours each."
        )
    return given


def _hours(minutes: int) -> str:
    """Say minutes as hours, rounded up to a quarter: a promise is not to be broken.

    Examples
    --------
    >>> _hours(91)
    '1.75'
    """
    return f"{math.ceil(minutes / 15) / 4:g}"


# Files ------------------------------------------------------------------------------


def files(
    plan: Sequence[Unit],
    *,
    start: date | None = None,
    weeks: int | None = None,
    hours: float | None = None,
) -> Files:
    """Write a syllabus as Markdown, as a table and, with dates, as a calendar.

    Parameters
    ----------
    plan : sequence of Unit
        What is to be done, in order.
    start : date, optional
        The first day of the first week.
    weeks : int, optional
        How many weeks there are at most; the load is then as even as it can be.
    hours : float, optional
        Hours a week at most; six where neither is given.

    Returns
    -------
    dict of str to bytes
        `syllabus.md`, `syllabus.csv` and perhaps `syllabus.ics`.

    Raises
    ------
    AssignError
        If there is not time enough.
    """
    load = _load(plan, hours, weeks)
    made = [
        Week(at + 1, tuple(week), start + timedelta(weeks=at) if start else None)
        for at, week in enumerate(pack(plan, load))
    ]
    found = {"syllabus.md": _markdown(made, load), "syllabus.csv": _table(made)}
    if start:
        found["syllabus.ics"] = _calendar(made)
    return {name: text.encode() for name, text in found.items()}


def _markdown(weeks: Sequence[Week], load: int) -> str:
    everything = [unit for week in weeks for unit in week.units]
    return render(
        "syllabus.md.j2",
        weeks=weeks,
        hours=_hours(load),
        total=_hours(sum(unit.minutes for unit in everything)),
        planned=any(not unit.written for unit in everything),
        skills={skill.id: skill.text for skill in roadmap.skills()},
    )


_COLUMNS = (
    *("week", "begins", "ends", "kind", "name", "title"),
    *("minutes", "written", "skills", "address"),
)


def _table(weeks: Sequence[Week]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for week in weeks:
        for unit in week.units:
            known = "yes" if unit.written else "planned"
            about = [unit.kind, unit.name, unit.title, unit.minutes or "", known]
            skills = " ".join(unit.skills)
            dates = [week.begins or "", week.ends or ""]
            writer.writerow([week.number, *dates, *about, skills, unit.address])
    return written.getvalue()


def _calendar(weeks: Sequence[Week]) -> str:
    """Write each week as an event of seven whole days (RFC 5545)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//coursekit//syllabus//EN"]
    for week in weeks:
        lines += _event(week)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(week: Week) -> Iterator[str]:
    if week.begins is None:
        return
    after = week.begins + timedelta(days=7)
    yield "BEGIN:VEVENT"
    yield f"UID:{week.begins:%Y%m%d}-week-{week.number}@coursekit"
    yield f"DTSTAMP:{week.begins:%Y%m%d}T000000Z"
    yield f"DTSTART;VALUE=DATE:{week.begins:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{after:%Y%m%d}"
    yield f"SUMMARY:Week {week.number}: {_escaped(week.units[0].title)}"
    yield f"DESCRIPTION:{_escaped(chr(10).join(map(_in_words, week.units)))}"
    yield "END:VEVENT"


def _in_words(unit: Unit) -> str:
    if not unit.written:
        return f"{unit.title} (planned, not written yet)"
    kind = "Exercise: " if unit.kind == "exercise" else ""
    return f"{kind}{unit.title} ({unit.minutes} min)"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Break a line after at most 75 bytes, never inside a character."""
    parts, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > 75:
            parts.append("")
            size = 1
        parts[-1] += character
        size += width
    return "\r\n ".join(parts)
