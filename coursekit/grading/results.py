"""Put together what is known of each submission: its `Result`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from coursekit.exercises.model import Exercise
from coursekit.grading import feedback
from coursekit.grading.model import (
    Execution,
    ItemMark,
    Learner,
    Level,
    ManualMark,
    Result,
    Similar,
    Submission,
)

__all__ = ["graded", "missing", "unreadable"]


def graded(
    submission: Submission,
    exercise: Exercise,
    execution: Execution,
    marks: Sequence[ItemMark],
    similar: Sequence[Similar],
    *,
    cached: bool,
) -> Result:
    """Return the result of a submission that was executed and judged."""
    items = [
        mark.model_copy(
            update={"feedback": feedback.explain(mark, exercise, execution)}
        )
        for mark in marks
    ]
    return _of(submission, execution.level).model_copy(
        update={
            "flags": [*submission.flags, *_flags(marks)],
            "items": items,
            "manual": _manual(exercise, submission),
            "earned": float(sum(mark.earned for mark in marks)),
            "possible": float(sum(mark.points for mark in marks)),
            "limits": list(execution.limits),
            "errors": list(execution.errors),
            "usage": execution.usage,
            "similar": list(similar),
            "cached": cached,
        }
    )


def unreadable(submission: Submission, exercise: Exercise, level: Level) -> Result:
    """Return the result of a submission that cannot be read: no points."""
    return _of(submission, level).model_copy(
        update={
            "state": "unreadable",
            "problem": submission.problem,
            "flags": list(submission.flags),
            "possible": float(exercise.points),
        }
    )


def missing(
    roster: Iterable[Learner], keys: set[str], exercise: Exercise, level: Level
) -> Iterator[Result]:
    """Yield the results of those on the roster who sent nothing."""
    for learner in roster:
        if learner.key not in keys:
            yield Result(
                learner=learner,
                file="",
                state="missing",
                problem="Nothing was handed in.",
                possible=float(exercise.points),
                level=level,
            )


def _of(submission: Submission, level: Level) -> Result:
    return Result(
        learner=submission.learner,
        file=submission.file,
        digest=submission.digest,
        attempt=submission.attempt,
        submitted=submission.submitted,
        late=submission.late,
        superseded=submission.superseded,
        notes=list(submission.notes),
        level=level,
    )


def _manual(exercise: Exercise, submission: Submission) -> list[ManualMark]:
    asked = [question for question in exercise.questions if question.manual]
    return [
        ManualMark(
            question=question.name,
            title=(question.manual.role.title if question.manual.role else "") or "",
            points=question.manual_points,
            written=submission.written.get(question.name, ""),
        )
        for question in asked
        if question.manual
    ]


def _flags(marks: Iterable[ItemMark]) -> Iterator[str]:
    for mark in marks:
        if not mark.agreed:
            yield f"{mark.item}: {mark.why}"
        elif mark.why.startswith(feedback.STOPPED):
            yield f"{mark.item}: over its evidence {mark.why}"
