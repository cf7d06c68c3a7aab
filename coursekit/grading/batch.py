"""Grade a folder of submissions.

Read, executed, judged, compared, marked, reported; what is done is kept at once, so
that a batch that was cut off goes on where it was, and one that is graded again does
only what has changed.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from coursekit.exercises.model import Exercise, load
from coursekit.grading.intake import Intake, take_in
from coursekit.grading.interrupts import interruptible
from coursekit.grading.model import Batch
from coursekit.grading.orders import Order, Outcome, UsageError, check
from coursekit.grading.policy import Policy, merge_manual
from coursekit.grading.stages import Grading, MakeExecutor, Progress, work_folder
from coursekit.grading.store import Store
from coursekit.grading.ticket import Ticket, new_seed

__all__ = ["Order", "Outcome", "UsageError", "grade", "marked", "run", "sentence"]


def grade(
    folder: Path,
    exercise_path: Path,
    out: Path,
    *,
    on_progress: Progress | None = None,
    **options: Any,
) -> Batch:
    """Grade a folder and write its reports.

    Parameters
    ----------
    folder, exercise_path, out : Path
        As in `Order`.
    on_progress : callable, optional
        Told the stage, and how much of how much is done.
    **options
        The other attributes of `Order`.

    Returns
    -------
    Batch
        What `results.json` holds; `complete` is False where something is not graded.

    Raises
    ------
    UsageError
        If what was asked for cannot be done. What else may go wrong is an error of its
        own part, in one sentence too; what was executed before is kept.
    """
    order = Order(folder, exercise_path, out, **options)
    return run(order, on_progress=on_progress).batch


def run(
    order: Order,
    *,
    on_progress: Progress | None = None,
    on_stop: Callable[[], None] = lambda: None,
    make_executor: MakeExecutor | None = None,
) -> Outcome:
    """Do what an order says.

    Parameters
    ----------
    order : Order
        What to grade.
    on_progress : callable, optional
        Told the stage, and how much of how much is done.
    on_stop : callable
        Called when it is asked to stop.
    make_executor : callable, optional
        Makes what executes, of an exercise and whether to trust.

    Returns
    -------
    Outcome
        Written out as well.
    """
    began = time.monotonic()
    exercise = load(order.exercise)
    check(order)
    found = _read(order, exercise)
    with ExitStack() as stack:
        stop = stack.enter_context(interruptible(on_stop))
        ticket = _ticket(order, exercise)
        store = stack.enter_context(Store(work_folder(order.out) / "work.sqlite"))
        grading = Grading(order, exercise, found.submissions, ticket, store)
        if on_progress:
            grading.on_progress = on_progress
        if make_executor:
            grading.make_executor = make_executor
        grading.do(stop)
        batch = grading.batch(time.monotonic() - began)
        batch = batch.model_copy(update={"ignored": found.ignored})
        batch = _reported(batch, order, exercise)
        if stop.is_set() and not batch.complete:
            return Outcome(batch, interrupted=True)  # what failed was being ended
        return Outcome(batch, grading.failures())


def _read(order: Order, exercise: Exercise) -> Intake:
    found = take_in(order.folder, exercise, order.roster)
    if not found.submissions:
        raise UsageError(f"There is no notebook in {order.folder}.")
    return found


def _ticket(order: Order, exercise: Exercise) -> Ticket:
    """Return the record of this batch; the seed of the last time stays."""
    order.out.mkdir(mode=0o700, parents=True, exist_ok=True)
    last = Ticket.read(order.out)
    if last and last.exercise != exercise.name:
        raise UsageError(
            f"{order.out} holds the grading of {last.exercise}, not of "
            f"{exercise.name}; name another folder."
        )
    seed = order.seed
    if seed is None:
        seed = last.seed if last else new_seed()
    ticket = Ticket(
        exercise=exercise.name,
        source=str(order.exercise.resolve()),
        submissions=str(order.folder.resolve()),
        seed=seed,
        isolation=last.isolation if last else "",
        roster=list(order.roster),
        cases=last.cases if last else {},
    )
    ticket.write(order.out)
    return ticket


def _reported(batch: Batch, order: Order, exercise: Exercise) -> Batch:
    """Mark by the policy, merge what a person gave, and write the reports."""
    from coursekit.grading import reports

    batch = marked(batch, order.policy, order.manual, order.out)
    reports.write(batch, exercise, order.out)
    return batch


def marked(batch: Batch, policy: Policy, manual: Path | None, out: Path) -> Batch:
    """Give final marks.

    Parameters
    ----------
    batch : Batch
        Marked by item.
    policy : Policy
        The rules.
    manual : Path or None
        A table of marks that a person gave; None for the one in the out-folder, which
        is left alone while the batch is not complete.
    out : Path
        The out-folder.
    """
    batch = policy.apply(batch)
    table = manual or out / "manual.csv"
    if manual or (batch.complete and table.is_file()):
        batch = merge_manual(batch, table)
    return batch


def sentence(error: OSError) -> str:
    """Say what the system refused."""
    if error.errno == errno.ENOSPC:
        return "The disk is full. Make room and grade again: what is done is kept."
    where = f" at {error.filename}" if error.filename else ""
    return f"The system refused{where}: {error.strerror or error}."
