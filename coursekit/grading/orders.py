"""What is to be graded and how, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.grading.model import Batch, Learner
from coursekit.grading.policy import Policy

__all__ = ["Order", "Outcome", "UsageError", "check"]


class UsageError(ValueError):
    """What was asked for cannot be done; said in one sentence."""


@dataclass(frozen=True)
class Order:
    """What is to be graded, and how.

    Attributes
    ----------
    folder
        The submissions.
    exercise
        Source of the exercise.
    out
        Where reports go, and what is kept between gradings.
    workers
        Submissions at a time on this machine.
    dask
        Address of a Dask scheduler, whose workers then execute.
    seed
        The secret seed; by default the one of the last time, or a new one.
    policy, manual
        Rules for marks, and a table of marks that a person gave; by default the
        `manual.csv` in the out-folder.
    roster
        Who is expected.
    trust
        Whether to go on where learners' code cannot be isolated.
    """

    folder: Path
    exercise: Path
    out: Path
    workers: int = 2
    dask: str | None = None
    seed: int | None = None
    policy: Policy = field(default_factory=Policy)
    manual: Path | None = None
    roster: Sequence[Learner] = ()
    trust: bool = False

    def __post_init__(self) -> None:
        """Say the folders in full: parts of the work are done in other folders."""
        for name in ("folder", "exercise", "out"):
            object.__setattr__(self, name, getattr(self, name).absolute())


@dataclass(frozen=True)
class Outcome:
    """What came of an order.

    Attributes
    ----------
    batch
        What was graded.
    failures
        Submissions that the grader could not execute, through no fault of theirs: a
        sentence each. They are not in the batch.
    interrupted
        Whether it was asked to stop.
    """

    batch: Batch
    failures: tuple[str, ...] = ()
    interrupted: bool = False


def check(order: Order) -> None:
    """Refuse what cannot be done, before anything is.

    Raises
    ------
    UsageError
        For folders that are not there, an out-folder among the submissions, and
        numbers out of range.
    """
    if not order.folder.exists():
        raise UsageError(f"There are no submissions at {order.folder}.")
    if order.out.exists() and not order.out.is_dir():
        raise UsageError(f"{order.out} is a file; name a folder for the reports.")
    if order.out.resolve().is_relative_to(order.folder.resolve()):
        raise UsageError(
            f"{order.out} lies among the submissions in {order.folder}; name another "
            "folder for the reports."
        )
    if order.workers < 1:
        raise UsageError(f"Found {order.workers} workers, expected at least one.")
    if order.seed is not None and not 0 <= order.seed < 2**31:
        raise UsageError(f"Found the seed {order.seed}, expected 0 to {2**31 - 1}.")
