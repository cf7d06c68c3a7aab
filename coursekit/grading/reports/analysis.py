"""What the instructor's page tells: marks, items, mistakes, similar answers."""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coursekit.exercises.model import Exercise
from coursekit.grading.model import Batch, ItemMark, Result
from coursekit.grading.policy import Policy

__all__ = [
    "Bin",
    "ItemStudy",
    "Mistake",
    "Pair",
    "Spread",
    "counting",
    "full_marks",
    "handed_in",
    "items",
    "mistakes",
    "pairs",
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
    points = {
        question.name: float(question.points + question.manual_points)
        for question in exercise.questions
    }
    return Policy.of(batch).total(points)


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
class Pair:
    """Two submissions that resemble each other, or one and the published solution.

    Attributes
    ----------
    one, other
        Keys of learners; `other` may be `the published solution`.
    share
        The larger of the shares that they have in common.
    questions
        Where.
    """

    one: str
    other: str
    share: float
    questions: tuple[str, ...]


def pairs(results: Iterable[Result]) -> list[Pair]:
    """Return each pair once, the most alike first."""
    found: dict[frozenset[str], Pair] = {}
    for result in results:
        for similar in result.similar:
            key = frozenset((result.learner.key, similar.other))
            where = tuple(similar.questions)
            pair = Pair(result.learner.key, similar.other, similar.share, where)
            if key not in found or found[key].share < pair.share:
                found[key] = pair
    return sorted(found.values(), key=lambda one: (-one.share, one.one, one.other))


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
