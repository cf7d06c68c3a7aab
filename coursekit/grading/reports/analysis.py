"""What the instructor's page tells: marks, items, mistakes, similar answers."""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coursekit.exercises.model import Exercise
from coursekit.grading.model import (
    PUBLISHED,
    Batch,
    Group,
    ItemMark,
    Result,
    Similar,
)
from coursekit.grading.policy import Policy

__all__ = [
    "Bin",
    "ItemStudy",
    "Mistake",
    "Pair",
    "Side",
    "Spread",
    "counting",
    "full_marks",
    "handed_in",
    "items",
    "mistakes",
    "own_points",
    "pairs",
    "published",
    "spread",
]

_BINS = 10  # about as many as the eye compares
# With fewer, a correlation says nothing.
_FEWEST = 5


def counting(batch: Batch) -> list[Result]:
    """Return the one result of each learner that counts, sorted by name."""
    chosen: dict[str, Result] = {}
    for result in sorted(batch.results, key=_turn):
        before = chosen.get(result.learner.key)
        if before is None or before.superseded or not result.superseded:
            chosen[result.learner.key] = result
    return sorted(chosen.values(), key=_by_name)


def handed_in(results: Iterable[Result]) -> list[Result]:
    """Return the results whose submissions could be read."""
    return [result for result in results if result.state == "graded"]


def full_marks(batch: Batch, exercise: Exercise) -> float:
    """Return the highest mark that the exercise allows under the batch's policy."""
    return Policy.of(batch).total(own_points(exercise))


def own_points(exercise: Exercise) -> dict[str, float]:
    """Return what each question is worth before any policy."""
    return {
        question.name: float(question.points + question.manual_points)
        for question in exercise.questions
    }


@dataclass(frozen=True)
class Bin:
    """Marks from `low` up to `high`, the last bin's `high` among them."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Spread:
    """How marks are distributed."""

    count: int
    mean: float
    median: float
    low: float
    high: float
    bins: tuple[Bin, ...]

    @property
    def fullest(self) -> int:
        """The count of the bin with most marks."""
        return max(one.count for one in self.bins)


def spread(results: Sequence[Result], full: float) -> Spread | None:
    """Describe the final marks; None where there are none."""
    marks = [result.final for result in results]
    if not marks or full <= 0:
        return None
    number = _number_of_bins(full)
    places = Counter(min(int(number * mark / full), number - 1) for mark in marks)
    edges = [i * full / number for i in range(number + 1)]
    bins = (Bin(edges[i], edges[i + 1], places[i]) for i in range(number))
    mean, median = statistics.fmean(marks), statistics.median(marks)
    return Spread(len(marks), mean, median, min(marks), max(marks), tuple(bins))


def _number_of_bins(full: float) -> int:
    """Choose how many bins: near ten, and each a whole number of points wide."""
    nearest = sorted(range(5, 13), key=lambda number: abs(number - _BINS))
    return next((number for number in nearest if full % number == 0), _BINS)


@dataclass(frozen=True)
class ItemStudy:
    """How an item did.

    Attributes
    ----------
    item, question, points
        As in the exercise.
    tried, passing
        Submissions that were marked by it, and those that got all its points.
    discrimination
        Correlation of its points with the points for everything else; None where
        either does not vary, or there are too few submissions.
    mistake
        The wrong answer that most of those who failed gave, or None.
    """

    item: str
    question: str
    points: float
    tried: int
    passing: int
    discrimination: float | None
    mistake: Mistake | None

    @property
    def share(self) -> float:
        """Share of the submissions that passed, 0 to 1."""
        return self.passing / self.tried if self.tried else 0.0


@dataclass(frozen=True)
class Mistake:
    """A wrong answer of the exercise that learners gave too.

    Attributes
    ----------
    item, name
        The item that it lost, and its name in the exercise.
    says
        What the check tells its author.
    count
        How many learners.
    """

    item: str
    name: str
    says: str
    count: int


def items(exercise: Exercise, results: Sequence[Result]) -> list[ItemStudy]:
    """Study every item, the one that most fail first."""
    known = mistakes(exercise, results)
    studies = []
    for item in exercise.items:
        found = [(_mark(item.id, one), one) for one in results]
        marks = [(mark, one) for mark, one in found if mark is not None]
        study = ItemStudy(
            item=item.id,
            question=item.question,
            points=float(item.points),
            tried=len(marks),
            passing=sum(mark.earned >= mark.points for mark, _ in marks),
            discrimination=_discrimination(marks),
            mistake=next((one for one in known if one.item == item.id), None),
        )
        studies.append(study)
    return sorted(studies, key=lambda study: study.share)


def mistakes(exercise: Exercise, results: Iterable[Result]) -> list[Mistake]:
    """Count the wrong answers that were recognised, the most frequent first."""
    counts = Counter(
        (mark.item, mark.misconception)
        for result in results
        for mark in result.items
        if mark.misconception
    )
    says = {
        (question.name, variant.name): variant.says or ""
        for question in exercise.questions
        for variant in question.variants
    }
    found = [
        Mistake(item, name, says.get((item.partition(".")[0], name), ""), count)
        for (item, name), count in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.count, one.item, one.name))


@dataclass(frozen=True)
class Side:
    """One side of a pair: a learner, who may stand for a group.

    Attributes
    ----------
    key
        The learner's.
    others
        The others of the group of nearly the same answers.
    """

    key: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Two submissions that resemble each other.

    Attributes
    ----------
    one, other
        Whose they are.
    share
        The larger of the shares that they have in common.
    questions
        Where, less what groups tell already.
    """

    one: Side
    other: Side
    share: float
    questions: tuple[str, ...]


def pairs(results: Iterable[Result], groups: Sequence[Group]) -> list[Pair]:
    """Return each pair once, the most alike first.

    A group of nearly the same answers stands in a pair as one; that its members
    resemble each other is no pair.
    """
    found: dict[frozenset[Side], Pair] = {}
    for result in results:
        for similar in result.similar:
            keys = result.learner.key, similar.other
            where = _untold(keys, similar.questions, groups)
            if similar.other == PUBLISHED or not where:
                continue
            one, other = (_side(key, where, groups) for key in keys)
            sides = frozenset((one, other))
            pair = Pair(one, other, similar.share, tuple(filter(None, where)))
            if sides not in found or found[sides].share < pair.share:
                found[sides] = pair
    return sorted(
        found.values(), key=lambda one: (-one.share, one.one.key, one.other.key)
    )


def _side(key: str, where: Sequence[str], groups: Sequence[Group]) -> Side:
    """Return the group in which a learner is everywhere there, or the learner alone."""
    for group in groups:
        if key in group.learners and {*where} <= {*_places(group.questions)}:
            return Side(group.learners[0], tuple(group.learners[1:]))
    return Side(key)


def _untold(
    keys: tuple[str, str], questions: Sequence[str], groups: Sequence[Group]
) -> list[str]:
    """Return the places of a pair in which no group holds both."""
    shared = [group for group in groups if {*keys} <= {*group.learners}]
    told = {place for group in shared for place in _places(group.questions)}
    return [place for place in _places(questions) if place not in told]


def _places(questions: Sequence[str]) -> Sequence[str]:
    """Return the questions; what belongs to none is a place too."""
    return questions or [""]


def published(results: Iterable[Result]) -> list[tuple[Result, Similar]]:
    """Return who resembles the published solution, the most alike first."""
    found = [
        (result, similar)
        for result in results
        for similar in result.similar
        if similar.other == PUBLISHED
    ]
    return sorted(found, key=lambda one: -one[1].share)


def _turn(result: Result) -> tuple[str, int, str]:
    return result.learner.key, result.attempt, result.file


def _by_name(result: Result) -> tuple[str, str]:
    """Sort by name, letters with accents beside those without."""
    learner = result.learner
    name = unicodedata.normalize("NFKD", learner.name or learner.key)
    return name.casefold(), learner.key


def _mark(item: str, result: Result) -> ItemMark | None:
    return next((mark for mark in result.items if mark.item == item), None)


def _discrimination(marks: Sequence[tuple[ItemMark, Result]]) -> float | None:
    """Correlate an item with the rest: the point-biserial where it is all or nothing.

    The item's own points are not in the rest, or they would agree with themselves.
    """
    if len(marks) < _FEWEST:
        return None
    own = [mark.earned for mark, _ in marks]
    rest = [sum(m.earned for m in one.items) - mark.earned for mark, one in marks]
    try:
        return statistics.correlation(own, rest)
    except statistics.StatisticsError:  # one of them is constant
        return None
