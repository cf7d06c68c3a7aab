"""The stages of a batch: what is not done yet is executed, then judged, then told."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.exercises.model import Exercise
from coursekit.grading import keys, record, results
from coursekit.grading.distributed import ClusterPool
from coursekit.grading.execute import Executor, SandboxError, reference
from coursekit.grading.judging import judge_batch
from coursekit.grading.misconceptions import Catalogue, catalogue
from coursekit.grading.model import (
    LEVELS,
    Batch,
    Execution,
    Level,
    Piece,
    Result,
    Runner,
    Submission,
)
from coursekit.grading.orders import Order
from coursekit.grading.pool import Done, Job, LocalPool, Pool, patiently
from coursekit.grading.second_opinion import RECORD
from coursekit.grading.store import Store
from coursekit.grading.tasks import write_evidence
from coursekit.grading.ticket import Ticket

if TYPE_CHECKING:
    from coursekit.grading.similarity import Comparison

__all__ = ["Grading", "MakeExecutor", "Progress", "work_folder"]

Progress = Callable[[str, int, int], None]
MakeExecutor = Callable[[Exercise, bool], Any]
_WORK = ".work"
_MISTAKES = "executing the known mistakes"
_NBVAL = "judging again with nbval"


def work_folder(out: Path) -> Path:
    """Return the folder of what is kept between gradings; it is made."""
    place = out / _WORK
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def _nobody(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def _executor(exercise: Exercise, trust: bool) -> Executor:
    return Executor(exercise, trust=trust)


class Grading:
    """One batch on its way.

    Parameters
    ----------
    order : Order
        What to grade, and how.
    exercise : Exercise
        The exercise, read.
    submissions : sequence of Submission
        The submissions, read.
    ticket : Ticket
        The record of the batch.
    store : Store
        What is done already.

    Attributes
    ----------
    on_progress
        Told the stage, and how much of how much is done; of nothing where that is
        not known.
    make_executor
        Makes what executes, of the exercise and whether to trust.
    """

    def __init__(
        self,
        order: Order,
        exercise: Exercise,
        submissions: Sequence[Submission],
        ticket: Ticket,
        store: Store,
    ) -> None:
        self.on_progress: Progress = _nobody
        self.make_executor: MakeExecutor = _executor
        self._order = order
        self._exercise = exercise
        self._submissions = submissions
        self._ticket = ticket
        self._store = store
        self._grader = keys.grader(order.exercise)
        self._keys: dict[str, str] = {}
        self._known: frozenset[str] = frozenset()
        self._failed: dict[str, str] = {}

    def do(self, stop: threading.Event) -> None:
        """Execute and judge what has not been."""
        self._file_under(self._ticket.isolation)
        with ExitStack() as stack:
            pool: LocalPool | ClusterPool | None = None
            if not self._ticket.isolation or self._waiting(self._store.executed):
                pool = self._pool()
                stack.enter_context(pool)
                self._ticket.isolation = pool.isolation
                self._file_under(pool.isolation)
                self._execute(pool, stop)
            self._record()
            self._judge(pool if isinstance(pool, LocalPool) else None)

    def _pool(self) -> LocalPool | ClusterPool:
        """Return what executes submissions, not yet started."""
        order = self._order
        if order.dask:
            return ClusterPool(self._exercise, order.dask, trust=order.trust)
        return LocalPool(
            lambda: self.make_executor(self._exercise, order.trust),
            order.workers,
            SandboxError,
        )

    def _file_under(self, isolation: str) -> None:
        """Give every submission that can be read its key."""
        self._keys = {
            one.file: keys.work(one.pieces, self._ticket.seed, self._grader, isolation)
            for one in self._submissions
            if not one.problem
        }
        self._known = frozenset(filter(self._store.judged, self._keys.values()))

    def _record(self) -> None:
        cases = {file: _case(key) for file, key in self._keys.items()}
        self._ticket.model_copy(update={"cases": cases}).write(self._order.out)

    def _waiting(self, done: Callable[[str], bool]) -> list[str]:
        """Return the keys of which something is not done, each once."""
        return [key for key in dict.fromkeys(self._keys.values()) if not done(key)]

    def _execute(self, pool: Pool, stop: threading.Event) -> None:
        waiting = self._waiting(self._store.executed)
        wanted = set(waiting)
        total, left = len(set(self._keys.values())), len(waiting)
        self.on_progress("executing", total - left, total)
        with closing(pool.run(self._jobs(wanted), self._ticket.seed, stop)) as results:
            for done in results:
                left -= 1
                self._keep(done)
                self.on_progress("executing", total - left, total)

    def _keep(self, done: Done) -> None:
        if done.execution is None:
            self._failed[done.key] = done.failure
        elif done.execution.level == "none" and not self._order.trust:
            self._failed[done.key] = f"it was executed in {LEVELS['none']}"
        else:
            self._store.keep(done.key, done.execution)

    def _jobs(self, wanted: set[str]) -> Iterator[Job]:
        for one in self._submissions:
            key = self._keys.get(one.file)
            if key in wanted:
                wanted.discard(key)
                yield Job(key, one.pieces)

    def _judge(self, pool: LocalPool | None) -> None:
        """Judge what was executed, all at once, and keep the marks.

        A pool that is open already executes the solution too: its executors are warm,
        and no run in them sees another.
        """
        waiting = [
            key
            for key in self._waiting(self._store.judged)
            if self._store.executed(key)
        ]
        if not waiting:
            return
        with _emptied(work_folder(self._order.out) / "judging") as folder:
            cases = {_case(key): self._lay_out(key, folder) for key in waiting}
            expected, known = self._expected(folder, pool)
            marks = judge_batch(
                self._exercise,
                cases,
                expected,
                self._ticket.seed,
                folder,
                catalogue=known,
                on_progress=self._judged,
            )
            self.on_progress(_NBVAL, 1, 1)
            all_cases = {_case(key) for key in self._keys.values()}
            record.keep([folder / RECORD], self._order.out / RECORD, all_cases)
            for key in waiting:
                self._store.settle(key, marks[_case(key)])

    def _judged(self, done: int, total: int) -> None:
        """Tell how far the judge is; after it nbval begins, which tells nothing."""
        self.on_progress("judging", done, total)
        if done == total:
            self.on_progress(_NBVAL, 0, 0)

    def _lay_out(self, key: str, folder: Path) -> Path:
        execution = self._store.execution(key) or Execution()
        return self._written(execution, folder / "evidence" / _case(key))

    def _written(self, execution: Execution, place: Path) -> Path:
        questions = [question.name for question in self._exercise.questions]
        write_evidence(execution.evidence, place, questions)
        return place

    def _expected(self, folder: Path, pool: LocalPool | None) -> tuple[Path, Any]:
        """Execute the solution and the known mistakes; that is our own code."""
        never = threading.Event()
        right, known = patiently(lambda: self._ours(pool), SandboxError, never)
        return self._written(right, folder / "evidence" / "reference"), known

    def _ours(self, pool: LocalPool | None) -> tuple[Execution, Catalogue]:
        place = work_folder(self._order.out) / "catalogue"
        exercise, seed = self._exercise, self._ticket.seed
        self.on_progress("executing the solution", 0, 1)
        own = pool.borrowed() if pool else self.make_executor(exercise, True)
        with own as executor:
            right = reference(executor, exercise, seed)
            self.on_progress("executing the solution", 1, 1)
            counted = _Counted(executor, exercise, self.on_progress)
            known = catalogue(exercise, seed, counted, place)
        return right, known

    def batch(self, seconds: float) -> Batch:
        """Put the results together."""
        compared = self._compared()
        found = list(self._results(compared))
        level = _weakest(found)
        here = {one.learner.key for one in self._submissions}
        found += self._without_marks(level)
        found += results.missing(self._order.roster, here, self._exercise, level)
        found.sort(key=lambda one: (one.learner.key, one.attempt, one.file))
        return Batch(
            exercise=self._exercise.name,
            title=self._exercise.meta.title,
            seed=self._ticket.seed,
            grader=self._grader,
            level=level,
            graded_at=datetime.now(UTC),
            seconds=round(seconds, 3),
            complete=not self._waiting(self._store.judged),
            results=found,
            groups=compared.groups,
        )

    def _compared(self) -> Comparison:
        from coursekit.grading.similarity import compare

        self.on_progress("comparing", 0, 1)
        readable = [one for one in self._submissions if not one.problem]
        found = compare(readable, self._exercise)
        self.on_progress("comparing", 1, 1)
        return found

    def _results(self, compared: Comparison) -> Iterator[Result]:
        for one in self._submissions:
            key = self._keys.get(one.file, "")
            marks = self._store.marks(key)
            execution = self._store.execution(key)
            if marks is not None and execution is not None:
                yield results.graded(
                    one,
                    self._exercise,
                    execution,
                    marks,
                    compared.similar[one.file],
                    cached=key in self._known,
                )

    def _without_marks(self, level: Level) -> Iterator[Result]:
        for one in self._submissions:
            if one.problem:
                yield results.unreadable(one, self._exercise, level)

    def failures(self) -> tuple[str, ...]:
        """Say what could not be executed, and why."""
        return tuple(
            f"{one.file}: {self._failed[self._keys[one.file]]}"
            for one in self._submissions
            if self._keys.get(one.file) in self._failed
        )


class _Counted:
    """Executes the known mistakes, and tells how many of them it has."""

    def __init__(self, runner: Runner, exercise: Exercise, tell: Progress) -> None:
        # The reference, then one mistake of every question at a time.
        wrong = [sum(v.wrong for v in one.variants) for one in exercise.questions]
        self._total = 1 + max(wrong, default=0)
        self._done = 0
        self._runner = runner
        self._tell = tell

    def run(self, submission_pieces: tuple[Piece, ...], seed: int, /) -> Execution:
        """Execute some of them."""
        self._tell(_MISTAKES, self._done, self._total)
        execution = self._runner.run(submission_pieces, seed)
        self._done += 1
        self._tell(_MISTAKES, self._done, self._total)
        return execution


def _case(key: str) -> str:
    return f"s{key[:20]}"


def _weakest(found: Iterable[Result]) -> Level:
    """Return the weakest isolation of what was executed."""
    order: list[Level] = ["none", "bubblewrap"]
    return min((one.level for one in found), key=order.index, default="bubblewrap")


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """Give an empty folder, and leave none; a crash may have left one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
