"""The pages: one for each learner, one for the instructor.

They ask nothing of any server and run no script, so they can be mailed, printed, or
opened from a disk. Templates hold the words; what they show is put together here, and
nothing else reaches them: a learner's page is not given the batch, so it cannot show
another learner, the seed, or what the judge said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from coursekit.exercises.model import Exercise, Question
from coursekit.grading.model import (
    LEVELS,
    PUBLISHED,
    TOLD_ERRORS,
    Batch,
    CellOutcome,
    Group,
    ManualMark,
    Result,
    Similar,
)
from coursekit.grading.policy import Policy
from coursekit.grading.reports import analysis
from coursekit.grading.reports.analysis import Pair
from coursekit.grading.reports.tables import is_numbered, number
from coursekit.grading.safe import file_name, line, visible

__all__ = ["instructor", "learners"]

_NUMBER = re.compile(r"^[0-9]+[.)] *")
_TEMPLATES = Path(__file__).with_name("templates")
_HEADING = re.compile(r"^#{2,3} +(.+?) *#*$", re.MULTILINE)


@dataclass(frozen=True)
class ItemView:
    """One item on a learner's page."""

    name: str
    points: float
    earned: float
    feedback: str

    @property
    def passed(self) -> bool:
        """Whether all its points were given."""
        return self.earned >= self.points


@dataclass(frozen=True)
class QuestionView:
    """One question on a learner's page; `hint` is HTML, empty where none is needed."""

    name: str
    title: str
    items: tuple[ItemView, ...]
    manual: tuple[ManualMark, ...]
    hint: Markup

    @property
    def points(self) -> float:
        """What it is worth before the policy."""
        return sum(mark.points for mark in self._marks)

    @property
    def earned(self) -> float:
        """What was given so far."""
        return sum(mark.earned or 0.0 for mark in self._marks)

    @property
    def begun(self) -> bool:
        """Whether anything of it has been marked."""
        return any(mark.earned is not None for mark in self._marks)

    @property
    def _marks(self) -> tuple[ItemView | ManualMark, ...]:
        return (*self.items, *self.manual)


@dataclass(frozen=True)
class LearnerView:
    """All that a learner's page may show."""

    exercise: str
    name: str
    state: str
    problem: str
    final: float
    full: float
    earned: float
    possible: float
    penalty: float
    penalty_reason: str
    scaling: str
    due: datetime | None
    submitted: datetime | None
    uploads: int
    attempt: int
    questions: tuple[QuestionView, ...]
    incidents: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def unread(self) -> bool:
        """Whether a written answer waits for its reader."""
        marks = [mark for question in self.questions for mark in question.manual]
        return any(mark.earned is None for mark in marks)


def learners(batch: Batch, exercise: Exercise) -> dict[str, str]:
    """Return the page of every learner, by its path in the reports' folder.

    Raises
    ------
    RuntimeError
        If two learners would share a page.
    """
    template = _environment().get_template("learner.html.j2")
    uploads = Counter(result.learner.key for result in batch.results)
    common: dict[str, Any] = {
        "exercise": batch.title,
        "full": analysis.full_marks(batch, exercise),
        "due": Policy.of(batch).due,
    }
    titles, hints = _titles(exercise), _hints(exercise)
    policy, points = Policy.of(batch), analysis.own_points(exercise)
    made: dict[str, str] = {}
    for result in analysis.counting(batch):
        key = result.learner.key
        if _path(key) in made:
            raise RuntimeError(f"Two learners have the page {_path(key)}: rename one.")
        questions = _questions(result, titles, hints)
        view = LearnerView(
            **common,
            **_own(result, uploads[key]),
            questions=questions,
            scaling=policy.scaling(result, points),
        )
        made[_path(key)] = template.render(view=view)
    return made


def _own(result: Result, uploads: int) -> dict[str, Any]:
    """Return what a learner may see of a result, the questions apart."""
    same = ["state", "problem", "final", "earned", "possible", "penalty"]
    same += ["penalty_reason", "submitted", "attempt"]
    return {name: getattr(result, name) for name in same} | {
        "name": line(result.learner.name or result.learner.key),
        "uploads": uploads,
        "incidents": _incidents(result),
        "notes": tuple(result.notes),
    }


def _path(key: str) -> str:
    return f"learners/{file_name(key)}.html"


def _questions(
    result: Result, titles: dict[str, str], hints: dict[str, Markup]
) -> tuple[QuestionView, ...]:
    views = []
    for name, title in titles.items():
        items = tuple(
            ItemView(_spoken(mark.item), mark.points, mark.earned, mark.feedback)
            for mark in result.items
            if mark.question == name
        )
        manual = tuple(mark for mark in result.manual if mark.question == name)
        lost = any(not item.passed for item in items)
        hint = hints[name] if lost else Markup()
        if items or manual:
            views.append(QuestionView(name, title, items, manual, hint))
    return tuple(views)


def _spoken(item: str) -> str:
    return item.partition(".")[2].replace("-", " ")


def _incidents(result: Result) -> tuple[str, ...]:
    """Say what stopped and which limits were met, each once, and no more than a few."""
    stopped = sorted({_incident(error) for error in result.errors})
    told = stopped[:TOLD_ERRORS]
    if len(stopped) > TOLD_ERRORS:
        told.append("Further cells stopped as well.")
    told += [f"A limit was met: {limit.rstrip('.')}." for limit in result.limits]
    return tuple(dict.fromkeys(told))


def _incident(error: CellOutcome) -> str:
    which = f" to question {error.question[1:]}" if error.question else ""
    subjects = {
        "answer": f"Your answer{which}",
        "added": "A cell that you added",
        "edited": "A given cell that you changed",
        "given": "A given cell",
        "evidence": f"Your answer{which}, called on other inputs,",
    }
    return f"{subjects.get(error.kind, 'A cell')} stopped with {error.error}."


def _titles(exercise: Exercise) -> dict[str, str]:
    """Return what each question is called: the heading above it, and its number."""
    titles: dict[str, str] = {}
    for question in exercise.questions:
        numbered = f"Question {question.name[1:]}"
        heading = _heading(exercise, question)
        if heading.lower().startswith(numbered.lower()):
            titles[question.name] = heading
        else:
            titles[question.name] = f"{numbered}: {heading}" if heading else numbered
    return titles


def _heading(exercise: Exercise, question: Question) -> str:
    """Return the last heading between the question before and this one's cell."""
    cell = question.answer or question.manual
    if cell is None:
        return ""
    found = ""
    for other in exercise.source.cells[: cell.index]:
        if other.role is not None and other.role.question not in (None, question.name):
            found = ""
        elif other.kind == "markdown" and other.role is None:
            found = next(reversed(_HEADING.findall(other.source)), found)
    return _NUMBER.sub("", found.replace("`", "").replace("*", ""))


def _hints(exercise: Exercise) -> dict[str, Markup]:
    """Return each question's first hint as HTML; the author's words, no HTML in them.

    Formulas stay as they are written: a page without a script cannot set them.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).use(dollarmath_plugin)
    return {
        question.name: Markup(markdown.render(question.hints[0].source))
        if question.hints
        else Markup()
        for question in exercise.questions
    }


@dataclass(frozen=True)
class Row:
    """One learner in the instructor's table."""

    key: str
    name: str
    page: str
    result: Result
    days_late: int
    unread: int
    disagreed: tuple[str, ...]
    alike: tuple[str, ...]


@dataclass(frozen=True)
class PersonView:
    """A learner, with a link to the page; `more` others stand behind."""

    name: str
    page: str
    more: int = 0


@dataclass(frozen=True)
class AlikeView:
    """Learners whose answers resemble each other, or the published solution."""

    people: tuple[PersonView, ...]
    share: float
    questions: str


def instructor(batch: Batch, exercise: Exercise) -> str:
    """Return the instructor's page."""
    policy, results = Policy.of(batch), analysis.counting(batch)
    graded = analysis.handed_in(results)
    full = analysis.full_marks(batch, exercise)
    names = _names(results)
    rows = [_row(one, batch, policy, names[one.learner.key]) for one in results]
    shown: dict[str, Any] = {
        "batch": batch,
        "policy": policy,
        "full": full,
        "rows": rows,
        "states": Counter(result.state for result in results),
        "spread": analysis.spread(graded, full),
        "items": analysis.items(exercise, graded),
        "mistakes": analysis.mistakes(exercise, graded),
        **_alike(batch, rows),
        "level": LEVELS[batch.level].removeprefix(f"{batch.level}: "),
        "superseded": sum(result.superseded for result in batch.results),
        "files": _files(results),
    }
    return _environment().get_template("instructor.html.j2").render(shown)


def _names(results: Sequence[Result]) -> dict[str, str]:
    """Return each learner's name by key; of those with one name, also id or file."""
    plain = {r.learner.key: line(r.learner.name or r.learner.key) for r in results}
    other = {r.learner.key: r.learner.id or r.file for r in results}
    often = Counter(plain.values())
    return {
        key: name if often[name] == 1 else f"{name} ({line(other[key], 60)})"
        for key, name in plain.items()
    }


def _row(result: Result, batch: Batch, policy: Policy, name: str) -> Row:
    key = result.learner.key
    return Row(
        key=key,
        name=name,
        page=quote(_path(key)),
        result=result,
        days_late=policy.days_late(result),
        unread=sum(mark.earned is None for mark in result.manual),
        disagreed=tuple(mark.item for mark in result.items if not mark.agreed),
        alike=_others(result, batch.groups),
    )


def _alike(batch: Batch, rows: Sequence[Row]) -> dict[str, list[AlikeView]]:
    """Return groups, pairs, and who resembles the published solution."""
    people = {row.key: PersonView(row.name, row.page) for row in rows}
    results = [row.result for row in rows]

    def view(keys: Iterable[tuple[str, int]], one: Pair | Similar | Group) -> AlikeView:
        found = tuple(
            replace(people.get(key) or PersonView(line(key), ""), more=more)
            for key, more in keys
        )
        return AlikeView(found, one.share, ", ".join(one.questions))

    return {
        "groups": [
            view(((key, 0) for key in one.learners), one) for one in batch.groups
        ],
        "pairs": [
            view(((side.key, len(side.others)) for side in (one.one, one.other)), one)
            for one in analysis.pairs(results, batch.groups)
        ],
        "published": [
            view([(result.learner.key, 0)], similar)
            for result, similar in analysis.published(results)
        ],
    }


def _others(result: Result, groups: Sequence[Group]) -> tuple[str, ...]:
    """Say whom a learner's answers resemble, in a few words each."""
    mine = [one for one in groups if result.learner.key in one.learners]
    together = {key for group in mine for key in group.learners}
    known = {similar.other for similar in result.similar}
    others = len(known - together - {PUBLISHED})
    where = ", ".join(sorted({name for group in mine for name in group.questions}))
    told = [f"alike in {where}" if where else "alike"] if mine else []
    told += [f"similar to {_count(others, 'other')}"] if others else []
    told += ["like the published solution"] if PUBLISHED in known else []
    return tuple(told)


def _files(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Name the other reports, and say what each is for."""
    sent = [one.learner for one in results if one.state != "missing"]
    known = sum(bool(learner.id.strip()) for learner in sent)
    numbered = sum(map(is_numbered, sent))
    addressed = sum("@" in learner.id for learner in sent)
    canvas = f"for Canvas: Grades, Import; {known} of {len(sent)} with an id"
    moodle = (
        "for Moodle: upload as grading worksheet of the assignment; "
        f"{numbered} of {len(sent)} with a participant number, "
        f"{addressed} with an e-mail address"
    )
    files = [
        ("grades.csv", "everything about every learner, for a spreadsheet"),
        ("canvas.csv", canvas),
        ("moodle.csv", moodle),
        ("results.json", "everything, for programs; results.schema.json says how"),
        ("junit.xml", "marks by item, for build servers"),
    ]
    if any(result.manual for result in results):
        files.append(("manual.csv", "to mark written answers in"))
    return files


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": _count,
        "line": line,
        "percent": lambda share: f"{100 * share:.0f} %",
        "mark": lambda value: number(round(value, 2)),
        "seen": visible,
        "time": _time,
    }
    return environment


def _count(amount: int, word: str, words: str = "") -> str:
    """Say how many, in the singular or in the plural."""
    return f"{amount} {word if amount == 1 else words or word + 's'}"


def _time(moment: datetime) -> str:
    zone = f" {moment.tzname()}" if moment.tzinfo else ""
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"
