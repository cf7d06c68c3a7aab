"""Marks as tables: for people, for Canvas, for Moodle, and one to fill in.

`canvas.csv` is for Grades, Import in Canvas. A column of the course with the same name
is filled, otherwise Canvas offers to make an assignment of that name. Learners are
found by Canvas's own id, which is in the names of the files that it exports; a number
that a roster gives is taken for one. Any other id is taken for a login, and where there
is none, Canvas goes by the name.

`moodle.csv` is an offline grading worksheet: open the assignment, choose Submissions,
Actions, Upload grading worksheet. Learners are found by the participant number, which
is in the names of the files that Moodle exports. The assignment's maximum grade has to
be the one in the table; Moodle leaves out marks above it, and marks that it has already
unless you tick "Update records that have been modified more recently". The headings
are those of an English interface. Where a roster gave e-mail addresses, the same file
serves Grades, Import, with "Email address" mapped to "Email address".

Who handed in nothing is in neither: an import changes nothing for them.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence

from coursekit.exercises.model import Exercise
from coursekit.grading.model import Batch, Learner, Result
from coursekit.grading.policy import Policy
from coursekit.grading.reports.analysis import counting, full_marks
from coursekit.grading.safe import cell, label, line

__all__ = ["canvas", "grades", "is_filled", "is_numbered", "manual", "moodle", "number"]

_DIGITS = re.compile("[0-9]+")


def number(value: float) -> str:
    """Write a number without an exponent, and without zeros at the end.

    >>> number(12.50), number(20.0), number(1 / 3)
    ('12.5', '20', '0.333333')
    """
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def grades(batch: Batch, exercise: Exercise) -> str:
    """Return the table with everything: a row for each learner, a column an item."""
    policy = Policy.of(batch)
    full = full_marks(batch, exercise)
    written = [question for question in exercise.questions if question.manual_points]
    head = ["learner", "name", "id", "state", "final", "out_of", "earned", "possible"]
    head += ["penalty", "penalty_reason", "days_late", "submitted", "attempt", "file"]
    head += [item.id for item in exercise.items]
    head += [f"{question.name}.written" for question in written]
    head += ["problem", "limits", "flags", "similar"]
    rows = []
    for one in counting(batch):
        items = {mark.item: number(mark.earned) for mark in one.items}
        manual = {m.question: m.earned for m in one.manual if m.earned is not None}
        rows.append(
            [
                *_who(one.learner),
                *(one.state, number(one.final), number(full), number(one.earned)),
                *(number(one.possible), number(one.penalty), one.penalty_reason),
                *(str(policy.days_late(one)), _when(one), str(one.attempt), one.file),
                *(items.get(item.id, "") for item in exercise.items),
                *(number(manual[q.name]) if q.name in manual else "" for q in written),
                *(one.problem, "; ".join(one.limits), "; ".join(one.flags)),
                _alike(one, batch),
            ]
        )
    return _table([head, *rows])


def canvas(batch: Batch, exercise: Exercise) -> str:
    """Return the table that Canvas imports."""
    full = number(full_marks(batch, exercise))
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*head, _column_name(batch)], ["Points Possible", "", "", "", "", full]]
    for one in _to_import(batch):
        known = one.learner.id.strip()
        ids = [known, "", ""] if is_numbered(one.learner) else ["", "", known]
        rows.append([_canvas_name(one.learner), *ids, "", number(one.final)])
    return _table(rows)


def moodle(batch: Batch, exercise: Exercise) -> str:
    """Return the table that Moodle imports."""
    full = number(full_marks(batch, exercise))
    head = ["Identifier", "Full name", "Email address", "Grade", "Maximum grade"]
    rows = [[*head, "Last modified (grade)", "Feedback comments"]]
    for one in _to_import(batch):
        known = one.learner.id.strip()
        person = f"Participant {known}" if is_numbered(one.learner) else ""
        address = known if "@" in known else ""
        told = _html(_feedback(one, full))
        name = line(one.learner.name or one.learner.key)
        rows.append([person, name, address, number(one.final), full, "", told])
    return _table(rows)


def manual(batch: Batch) -> str:
    """Return the table in which a person marks written answers.

    What has been given already stands in it.
    """
    head = ["learner", "name", "question", "points", "comment", "out_of", "written"]
    rows = [
        [
            *(label(one.learner.key), line(one.learner.name or one.learner.key)),
            *(mark.question, "" if mark.earned is None else number(mark.earned)),
            *(mark.comment, number(mark.points), mark.written),
        ]
        for one in counting(batch)
        for mark in one.manual
    ]
    return _table([head, *rows])


def is_filled(text: str) -> bool:
    """Tell whether somebody has written into a table that `manual` made.

    What cannot be read as that table counts as filled: somebody's work may be in it.
    """
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    except csv.Error:
        return True
    if not rows or rows[0][3:5] != ["points", "comment"]:
        return True
    return any(any(field.strip() for field in row[3:5]) for row in rows[1:])


def is_numbered(learner: Learner) -> bool:
    """Tell whether the learner's id is a number, as an LMS itself gives it."""
    return _DIGITS.fullmatch(learner.id.strip()) is not None


def _to_import(batch: Batch) -> list[Result]:
    return [one for one in counting(batch) if one.state != "missing"]


def _alike(result: Result, batch: Batch) -> str:
    """Name whom a learner's answers resemble: everybody of a group, and the others."""
    key = result.learner.key
    mine = [group for group in batch.groups if key in group.learners]
    told = [
        f"{', '.join(other for other in group.learners if other != key)} "
        f"({group.share:.0%} or more)"
        for group in mine
    ]
    together = {other for group in mine for other in group.learners}
    others = [one for one in result.similar if one.other not in together]
    return "; ".join([*told, *(f"{one.other} ({one.share:.0%})" for one in others)])


def _who(learner: Learner) -> list[str]:
    return [label(learner.key), line(learner.name or learner.key), learner.id]


def _when(result: Result) -> str:
    return result.submitted.isoformat() if result.submitted else ""


def _column_name(batch: Batch) -> str:
    """Return the exercise's title; Canvas takes a number in brackets for an id."""
    return re.sub(r"\((\d+)\)\s*$", r"\1", line(batch.title))


def _canvas_name(learner: Learner) -> str:
    """Return the name; Canvas takes a row that says these words for its own."""
    name = line(learner.name or learner.key)
    return name.replace("Points Possible", "Points-Possible")


def _feedback(result: Result, full: str) -> str:
    """Return in a few lines what the learner's page says at length."""
    if result.state == "unreadable":
        return result.problem
    told = [f"{number(result.final)} of {full} points."]
    if result.penalty_reason:
        reason = result.penalty_reason
        told.append(f"{number(result.penalty)} points off: {reason}.")
    for item in result.items:
        got = f"{item.item}: {number(item.earned)} of {number(item.points)}"
        told.append(f"{got}. {item.feedback}".rstrip())
    for mark in result.manual:
        if mark.earned is not None:
            got = f"{mark.title}: {number(mark.earned)} of {number(mark.points)}"
            told.append(f"{got}. {mark.comment}".rstrip())
    return "\n".join(told)


def _html(text: str) -> str:
    """Write text as Moodle keeps comments."""
    return "<br>".join(html.escape(text).splitlines())


def _table(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell(field) for field in row] for row in rows)
    return written.getvalue()
