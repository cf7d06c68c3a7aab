"""From points to marks: what late costs, which upload counts, what a question is worth.

A course keeps its rules in a small TOML file. This one says everything that can be
said; whatever is left out stays as it is without a policy:

    due = 2026-11-20T23:59:00+01:00
    grace_minutes = 15
    best_of = "best"        # of a learner's uploads: "best", "last" or "first"
    round = 1               # digits, half up

    [late]
    per_day = 10            # for each day begun after `due`
    unit = "percent"        # of the total, or "points" of it
    at_most = 50
    cutoff_days = 7         # later than that: no points

    [points]
    total = 100             # what full marks are scaled to
    questions = {q1 = 2}    # what a question is worth, instead of its own points

Marks that a person gave are read from a table; see `merge_manual`.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from coursekit.grading.model import Batch, ItemMark, ManualMark, Result
from coursekit.grading.safe import cell, label, line, uncell

__all__ = ["Late", "ManualError", "Points", "Policy", "PolicyError", "apply"]
__all__ += ["merge_manual"]

_NOTHING = Fraction(0)
_DAY = timedelta(days=1)
_COLUMNS = ("learner", "question", "points", "comment")
_WRITTEN = "written"
_OTHER_TEXT = "the mark that a person gave was for another text than this upload's"
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PolicyError(ValueError):
    """A policy that cannot be used: file, key, and what was expected, in a sentence."""


class ManualError(ValueError):
    """A table of manual marks that cannot be merged: file, line, and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Late(_Strict):
    """What being late costs.

    Attributes
    ----------
    per_day
        What each day begun after the due date takes off.
    unit
        Percent of the total, or points of it.
    at_most
        The most that is taken off, in the same unit.
    cutoff_days
        Days after which nothing is given.
    """

    per_day: Amount = Field(default=0.0, description="a number from 0 on")
    unit: Literal["percent", "points"] = Field(
        default="percent", description='"percent" or "points"'
    )
    at_most: Amount | None = Field(default=None, description="a number from 0 on")
    cutoff_days: int | None = Field(
        default=None, ge=0, description="a whole number from 0 on"
    )

    @property
    def rule(self) -> str:
        """What a day costs, in words."""
        unit = "%" if self.unit == "percent" else "points"
        whole = " of the total" if self.unit == "percent" else ""
        most = "" if self.at_most is None else f", at most {self.at_most:g} {unit}"
        return f"{self.per_day:g} {unit}{whole} for each day begun{most}"


class Points(_Strict):
    """What full marks and single questions are worth.

    Attributes
    ----------
    total
        What full marks are scaled to; None for the sum of the questions.
    questions
        What a question is worth, instead of the points of its items.
    """

    total: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="a number above 0"
    )
    questions: dict[str, Amount] = Field(
        default_factory=dict, description="a number from 0 on for each question"
    )


class Policy(_Strict):
    """A course's rules for marks.

    Attributes
    ----------
    due
        When uploads are late.
    grace_minutes
        Minutes after that in which an upload is not late yet.
    best_of
        Which of a learner's uploads counts, of those that could be read. The best
        has the highest mark after what lateness takes off, and is the latest of
        those; the last is the one that intake chose.
    round
        Digits after the point of a mark, half up.
    late
        What being late costs; None for nothing.
    points
        What full marks and single questions are worth.
    """

    due: AwareDatetime | None = Field(
        default=None,
        description="a date with a time and a time zone: 2026-11-20T23:59:00Z",
    )
    grace_minutes: Amount = Field(default=0.0, description="a number from 0 on")
    best_of: Literal["best", "last", "first"] = Field(
        default="last", description='"best", "last" or "first"'
    )
    round: int = Field(default=2, ge=0, le=6, description="a whole number from 0 to 6")
    late: Late | None = Field(default=None, description="a table [late]")
    points: Points = Field(default_factory=Points, description="a table [points]")

    @classmethod
    def read(cls, path: Path) -> Policy:
        """Read a policy from its TOML file.

        Raises
        ------
        PolicyError
            For a file that is not there or not TOML, for unknown keys and for values
            that are not what they should be; all of them, a sentence each.
        """
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            told = f"{path}: this cannot be read ({error.strerror})."
            raise PolicyError(told) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: this is not TOML ({error}).") from None
        try:
            policy = cls.model_validate(found)
        except ValidationError as error:
            faults = [f"{path}: {said}" for said in _sentences(error)]
            raise PolicyError("\n".join(faults)) from None
        if policy.late and policy.due is None:
            told = "`late` needs `due`, a date with a time and a time zone."
            raise PolicyError(f"{path}: {told}")
        return policy

    @classmethod
    def of(cls, batch: Batch) -> Policy:
        """Return the policy that a batch was marked by."""
        return cls.model_validate_json(json.dumps(batch.policy))

    def record(self) -> dict[str, object]:
        """Return the policy as a batch records it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def apply(self, batch: Batch) -> Batch:
        """Record this policy in a batch and give final marks by it.

        Parameters
        ----------
        batch : Batch
            Marked by item. It is not changed.

        Returns
        -------
        Batch
            With `penalty`, `penalty_reason`, `final` and `superseded` of every result.
            A written answer that nobody has read yet counts as 0 of its points.

        Raises
        ------
        PolicyError
            If the policy gives a worth to a question that the exercise has not.
        """
        points = _points(batch.results)
        self._refuse_unknown(points)
        marked = [self._marked(result, points) for result in batch.results]
        # Another rule has chosen before: what intake chose is no longer known.
        known = Policy.of(batch).best_of == "last"
        change = {
            "policy": self.record(),
            "results": self._with_chosen(marked, known=known),
        }
        return batch.model_copy(update=change)

    def total(self, points: Mapping[str, float]) -> float:
        """Return what full marks are, of questions with these points of their own."""
        if self.points.total is not None:
            return self.points.total
        return float(sum(map(self._worth, points, points.values()), _NOTHING))

    def days_late(self, result: Result) -> int:
        """Return how many days have begun since the due date; 0 where not late.

        What the LMS says comes first. Where it says late, and the time of the file
        does not tell how late, one day is counted. A time without a zone is taken to
        be in the zone of the due date.
        """
        if self.due is None or result.late is False:
            return 0
        said = int(result.late is True)
        if result.submitted is None:
            return said
        submitted = result.submitted
        if submitted.tzinfo is None:
            submitted = submitted.replace(tzinfo=self.due.tzinfo)
        over = submitted - self.due
        if over <= timedelta(0):
            return said
        if over.total_seconds() <= 60 * self.grace_minutes:
            return 0
        return -(-over // _DAY)

    def scaling(self, result: Result, points: Mapping[str, float]) -> str:
        """Say how a result's points become its mark before lateness.

        Parameters
        ----------
        result : Result
            Whose points.
        points : mapping of str to float
            What each question of the exercise is worth by itself.

        Returns
        -------
        str
            A sentence: "Question 1 counts 2 instead of 3 points; 16 of 19 is 84.2 of
            100." Nothing where points are the mark.
        """
        own = {question: _exact(worth) for question, worth in points.items()}
        said = [*self._other_worths(own)]
        gained, full = self._weighed(_earned(result), own)
        mark, total = self._to_total(gained, full)
        shown = f"{_shown(self._rounded(mark))} of {_shown(total)}"
        if total != full:
            said.append(f"{_shown(gained)} of {_shown(full)} is {shown}")
        elif said:
            said.append(f"that is {shown}")
        text = "; ".join(said)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    def _other_worths(self, points: Mapping[str, Fraction]) -> Iterator[str]:
        for question, own in points.items():
            worth = self._worth(question, float(own))
            if worth != own:
                yield (
                    f"question {question.removeprefix('q')} counts {_shown(worth)} "
                    f"instead of {_shown(own)} points"
                )

    def _worth(self, question: str, points: float) -> Fraction:
        return _exact(self.points.questions.get(question, points))

    def _refuse_unknown(self, points: Mapping[str, Fraction]) -> None:
        unknown = sorted(set(self.points.questions) - set(points))
        if points and unknown:
            raise PolicyError(
                f"points.questions: found {', '.join(unknown)}; "
                f"the exercise has {', '.join(sorted(points))}."
            )

    def _marked(self, result: Result, points: Mapping[str, Fraction]) -> Result:
        gained, full = self._to_total(*self._weighed(_earned(result), points))
        lost, reason = self._penalty(result, gained, full)
        final = min(self._rounded(gained - lost), full)
        change = {
            "penalty": float(self._rounded(lost)),
            "penalty_reason": reason,
            "final": float(final),
        }
        return result.model_copy(update=change)

    def _weighed(
        self, earned: Mapping[str, Fraction], points: Mapping[str, Fraction]
    ) -> tuple[Fraction, Fraction]:
        """Return the points, by what each question is worth, and the most of them."""
        gained = full = _NOTHING
        for question, possible in points.items():
            worth = self._worth(question, float(possible))
            full += worth
            if possible:
                got = min(earned.get(question, _NOTHING), possible)
                gained += worth * got / possible
        return gained, full

    def _to_total(self, gained: Fraction, full: Fraction) -> tuple[Fraction, Fraction]:
        """Return the mark before lateness, and full marks."""
        if self.points.total is None or not full:
            return gained, full
        total = _exact(self.points.total)
        return gained * total / full, total

    def _penalty(
        self, result: Result, gained: Fraction, full: Fraction
    ) -> tuple[Fraction, str]:
        days = self.days_late(result)
        if self.late is None or not days or result.state != "graded":
            return _NOTHING, ""
        late = f"{days} {'day' if days == 1 else 'days'} late"
        if self.late.cutoff_days is not None and days > self.late.cutoff_days:
            return gained, f"{late}; after {self.late.cutoff_days} no points are given"
        asked = _exact(self.late.per_day) * days
        if self.late.at_most is not None:
            asked = min(asked, _exact(self.late.at_most))
        if self.late.unit == "percent":
            asked = asked * full / 100
        return min(asked, gained), f"{late}; {self.late.rule}"

    def _rounded(self, mark: Fraction) -> Fraction:
        step = Fraction(1, 10**self.round)
        return floor(mark / step + Fraction(1, 2)) * step

    def _with_chosen(self, results: Sequence[Result], *, known: bool) -> list[Result]:
        """Say of every result whether another one of its learner's counts instead."""
        uploads: dict[str, list[int]] = {}
        for place, result in enumerate(results):
            uploads.setdefault(result.learner.key, []).append(place)
        counting = {
            max(places, key=lambda place: self._rank(results[place], known=known))
            for places in uploads.values()
        }
        return [
            result.model_copy(update={"superseded": place not in counting})
            for place, result in enumerate(results)
        ]

    def _rank(self, result: Result, *, known: bool) -> tuple[float, ...]:
        """Return what is largest for the upload that counts."""
        read = result.state == "graded"
        if self.best_of == "best":
            return read, result.final, result.attempt
        if self.best_of == "first":
            return read, -result.attempt
        return known and not result.superseded, read, result.attempt


def apply(batch: Batch) -> Batch:
    """Give final marks by the policy that the batch records; see `Policy.apply`."""
    return Policy.of(batch).apply(batch)


def merge_manual(batch: Batch, table: Path) -> Batch:
    """Merge the marks that a person gave, and give final marks anew.

    Parameters
    ----------
    batch : Batch
        Marked by item. It is not changed.
    table : Path
        A CSV file with the columns learner, question, points and comment; further
        ones are not looked at. A row without points and comment says nothing. Marks
        go to the upload that counts. Where the table has a column written, and what
        stands there is not what this upload says, the result has a flag.

    Returns
    -------
    Batch
        With these marks, the sums that they change, and final marks.

    Raises
    ------
    ManualError
        For the first row that cannot be merged; then nothing is.
    """
    batch = apply(batch)
    given = _given(_rows(table), table, batch)
    results = [
        result if result.superseded else _with_manual(result, given)
        for result in batch.results
    ]
    return apply(batch.model_copy(update={"results": results}))


def _exact(number: float) -> Fraction:
    """Return the number that was written down: 0.1, and not its nearest binary."""
    return Fraction(str(number))


def _shown(number: Fraction) -> str:
    """Write a number with two digits at most, and none that say nothing."""
    return f"{float(number):.2f}".rstrip("0").rstrip(".")


def _marks(result: Result) -> list[ItemMark | ManualMark]:
    return [*result.items, *result.manual]


def _earned(result: Result) -> dict[str, Fraction]:
    """Return a result's points by question."""
    sums: dict[str, Fraction] = {}
    for mark in _marks(result):
        more = _exact(max(mark.earned or 0.0, 0.0))
        sums[mark.question] = sums.get(mark.question, _NOTHING) + more
    return sums


def _points(results: Iterable[Result]) -> dict[str, Fraction]:
    """Return what each question of the exercise is worth by itself.

    A result may lack items, and must not be marked as if the exercise did.
    """
    worth: dict[tuple[str, str], Fraction] = {}
    for result in results:
        for mark in _marks(result):
            part = mark.item if isinstance(mark, ItemMark) else mark.title
            worth[mark.question, part] = _exact(mark.points)
    sums: dict[str, Fraction] = {}
    for (question, _), points in worth.items():
        sums[question] = sums.get(question, _NOTHING) + points
    return sums


def _sentences(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        place = tuple(str(part) for part in fault["loc"])
        key = ".".join(place)
        if fault["type"] == "extra_forbidden":
            fields = ", ".join(_model_at(place[:-1]).model_fields)
            yield f"{key}: there is no such key; expected one of {fields}."
        else:
            found = fault["input"]
            shown = found.isoformat() if hasattr(found, "isoformat") else repr(found)
            yield f"{key}: found {shown}; expected {_described(place)}."


def _model_at(place: Sequence[str]) -> type[_Strict]:
    tables: dict[str, type[_Strict]] = {"late": Late, "points": Points}
    return tables[place[0]] if place and place[0] in tables else Policy


def _described(place: Sequence[str]) -> str:
    """Return what the key at that place should hold."""
    model = _model_at(place[:1]) if len(place) > 1 else Policy
    name = place[1] if model is not Policy else place[0]
    return str(model.model_fields[name].description)


@dataclass(frozen=True)
class _Row:
    """One row of a table of manual marks; `line` is where it begins.

    `written` is the text that was marked, None where the table does not say it.
    """

    line: int
    learner: str
    question: str
    points: str
    comment: str
    written: str | None = None


def _rows(table: Path) -> list[_Row]:
    text = _text(table)
    head = text.partition("\n")[0]
    semicolons = ";" in head and "," not in head
    reader = csv.reader(io.StringIO(text), delimiter=";" if semicolons else ",")
    try:
        columns = _columns(table, next(reader, []))
        rows = list(_read_rows(reader, columns))
    except csv.Error as error:
        told = f"{table}:{reader.line_num}: this is not CSV ({error})."
        raise ManualError(told) from None
    if not semicolons:
        return rows
    # Where semicolons part the cells, a comma is the decimal point.
    return [replace(row, points=row.points.replace(",", ".")) for row in rows]


def _text(table: Path) -> str:
    try:
        return table.read_text(encoding="utf-8-sig")
    except OSError as error:
        told = f"{table}: this cannot be read ({error.strerror})."
        raise ManualError(told) from None
    except UnicodeDecodeError:
        raise ManualError(f"{table}: this is not UTF-8; save it as UTF-8.") from None


def _columns(table: Path, head: Sequence[str]) -> dict[str, int]:
    places = {name.strip().lower(): at for at, name in reversed([*enumerate(head)])}
    missing = [name for name in _COLUMNS if name not in places]
    if missing:
        found = ", ".join(line(name, 40) for name in head) or "nothing"
        raise ManualError(
            f"{table}:1: expected the columns {', '.join(_COLUMNS)}; found {found}."
        )
    return {name: places[name] for name in (*_COLUMNS, _WRITTEN) if name in places}


def _read_rows(reader: Any, columns: Mapping[str, int]) -> Iterator[_Row]:
    begins = reader.line_num + 1
    for cells in reader:
        padded = [*cells, *[""] * (max(columns.values()) + 1 - len(cells))]
        values = {name: padded[at].strip() for name, at in columns.items()}
        if values["points"] or values["comment"]:
            yield _Row(begins, **values)
        begins = reader.line_num + 1


_Key = tuple[str, str]


def _given(rows: Iterable[_Row], table: Path, batch: Batch) -> dict[_Key, _Row]:
    """Return the row for each learner's key and question, all of them checked."""
    counting = [result for result in batch.results if not result.superseded]
    given: dict[_Key, _Row] = {}
    for row in rows:
        try:
            result = _result_of(row, counting)
            key = result.learner.key, row.question
            _check(row, result)
            if key in given:
                first = given[key].line
                raise ValueError(f"{row.question} has been marked in line {first}")
        except ValueError as error:
            who = line(row.learner, 60)
            raise ManualError(f"{table}:{row.line}: {who}: {error}.") from None
        given[key] = row
    return given


def _result_of(row: _Row, counting: Iterable[Result]) -> Result:
    for result in counting:
        if row.learner in (result.learner.key, label(result.learner.key)):
            return result
    raise ValueError("there is no such learner in this batch")


def _check(row: _Row, result: Result) -> None:
    mark = next((one for one in result.manual if one.question == row.question), None)
    if mark is None:
        has = ", ".join(one.question for one in result.manual) or "none"
        told = f"found the question {line(row.question, 40)!r}"
        raise ValueError(f"{told}; the written answers to be marked are: {has}")
    if row.points and not 0 <= _number(row.points) <= mark.points:
        raise ValueError(f"found {row.points} points; expected 0 to {mark.points:g}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"found {line(text, 40)!r} points; expected a number"
        ) from None


def _with_manual(result: Result, given: Mapping[_Key, _Row]) -> Result:
    manual = [
        _merged(mark, given.get((result.learner.key, mark.question)))
        for mark in result.manual
    ]
    if manual == result.manual:
        return result
    read = [mark for mark in manual if mark.earned is not None]
    marks: list[ItemMark | ManualMark] = [*result.items, *read]
    flags = [flag for flag in result.flags if not flag.endswith(_OTHER_TEXT)]
    change = {
        "flags": [*flags, *_of_another_text(result, given)],
        "manual": manual,
        "earned": float(sum(_exact(mark.earned or 0.0) for mark in marks)),
        "possible": float(sum(_exact(mark.points) for mark in marks)),
    }
    return result.model_copy(update=change)


def _of_another_text(result: Result, given: Mapping[_Key, _Row]) -> list[str]:
    """Say which marks were given to a text that is not the one that counts now."""
    rows = [given.get((result.learner.key, mark.question)) for mark in result.manual]
    return [
        f"{mark.question}: {_OTHER_TEXT}"
        for mark, row in zip(result.manual, rows, strict=True)
        if row is not None
        and row.written is not None
        and row.written.split() != cell(mark.written).split()
    ]


def _merged(mark: ManualMark, row: _Row | None) -> ManualMark:
    if row is None:
        return mark
    earned = _number(row.points) if row.points else mark.earned
    change = {"earned": earned, "comment": uncell(row.comment)}
    return mark.model_copy(update=change)
