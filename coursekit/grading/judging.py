"""Judge a batch twice, by different ways; the lower mark stands.

First a process that never ran a learner's code judges item by item. Then nbval runs
the same judge cells in notebooks; its JUnit report is the public record. In both the
reference is judged beside the submissions, against itself: where it does not earn
everything the judge is broken, and nobody's mark comes of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from coursekit.exercises.model import Exercise, Item
from coursekit.grading import feedback, second_opinion
from coursekit.grading.courtroom import Docket, Recogniser
from coursekit.grading.model import Execution, ItemMark
from coursekit.grading.second_opinion import REFERENCE
from coursekit.grading.sitting import JudgingError, Limits, Verdict, verdicts

__all__ = ["REFERENCE", "JudgingError", "Limits", "judge_batch"]

_MEMORY = 4 * 2**30


def judge_batch(
    exercise: Exercise,
    cases: Mapping[str, Path],
    expected: Path,
    seed: int,
    folder: Path,
    *,
    nbval: bool = True,
    catalogue: Recogniser | None = None,
    limits: Limits | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, list[ItemMark]]:
    """Judge the evidence of many submissions.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    cases : mapping of str to Path
        Folder of the evidence by case; names of letters and digits, none of them
        `reference`.
    expected : Path
        Folder of the reference's evidence.
    seed : int
        The seed with which all of it was gathered.
    folder : Path
        Where the judging notebooks and `junit-judge.xml` go.
    nbval : bool
        Whether nbval judges as well.
    catalogue : Recogniser, optional
        Names the mistake behind a lost item.
    limits : Limits, optional
        What judging may take.
    on_progress : callable, optional
        Told how many items of how many are judged the first way.

    Returns
    -------
    dict of list of ItemMark
        By case, the marks in the exercise's order.

    Raises
    ------
    JudgingError
        If the judge itself fails: then nobody has a mark.
    """
    if not cases:
        return {}
    allowed = limits or Limits()
    everyone = {REFERENCE: expected, **cases}
    work = [(case, item.id) for case in everyone for item in exercise.items]
    docket = Docket(exercise, work, everyone, expected, seed, catalogue, _MEMORY)
    first = verdicts(docket, allowed, on_progress or _nobody)
    _check_reference(first)
    second = second_opinion.gather(docket, first, folder, allowed) if nbval else None
    return {
        case: [_mark(exercise, item, case, first, second) for item in exercise.items]
        for case in cases
    }


def _nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def _check_reference(first: Mapping[tuple[str, str], Verdict]) -> None:
    for (case, item), verdict in first.items():
        if case == REFERENCE and not verdict.passed:
            raise JudgingError(
                f"The reference does not earn {item} from its own evidence: "
                f"{verdict.why}."
            )


def _mark(
    exercise: Exercise,
    item: Item,
    case: str,
    first: Mapping[tuple[str, str], Verdict],
    second: Mapping[tuple[str, str], bool] | None,
) -> ItemMark:
    verdict = first[case, item.id]
    told = None if second is None else second.get((case, item.id))
    # Over what ended the judge nbval is not asked.
    agreed = second is None or verdict.stopped or told == verdict.passed
    mark = ItemMark(
        item=item.id,
        question=item.question,
        points=item.points,
        earned=item.points if verdict.passed and agreed else 0,
        why=verdict.why if agreed else _disagreement(verdict, told),
        misconception=verdict.misconception,
        agreed=agreed,
    )
    words = feedback.explain(mark, exercise, Execution())
    return mark.model_copy(update={"feedback": words})


def _disagreement(verdict: Verdict, told: bool | None) -> str:
    ours = "The judge passes it" if verdict.passed else "The judge does not pass it"
    theirs = {
        None: "nbval did not get to it",
        True: "nbval passes it",
        False: "nbval does not",
    }[told]
    return f"{ours}, and {theirs}; the lower mark stands. {verdict.why}".strip()
