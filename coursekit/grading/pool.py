"""Executes submissions on this machine, several at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeVar

from coursekit.grading.model import Execution, Level, Piece

__all__ = [
    "ATTEMPTS",
    "Done",
    "Executes",
    "Job",
    "LocalPool",
    "Pool",
    "in_turn",
    "patiently",
]

ATTEMPTS = 3
Raw = TypeVar("Raw")
T = TypeVar("T")
_LOOK_UP = 0.2  # seconds between two looks at whether to stop


class Executes(Protocol):
    """What executes submissions one after the other: `execute.Executor`."""

    @property
    def level(self) -> Level:
        """How far it keeps learners' code from everything else."""

    def run(self, submission_pieces: Sequence[Piece], seed: int) -> Execution:
        """Execute one submission."""

    def __enter__(self) -> Executes:
        """Start what it needs."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what it started."""


@dataclass(frozen=True)
class Job:
    """One piece of work, and what it is filed under."""

    key: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Done:
    """What became of a job: an execution, or why there is none."""

    key: str
    execution: Execution | None = None
    failure: str = ""


class Pool(Protocol):
    """What executes many submissions."""

    @property
    def isolation(self) -> str:
        """How learners' code is kept apart: part of what work is filed under."""

    def run(
        self, jobs: Iterable[Job], seed: int, stop: threading.Event
    ) -> Generator[Done, None, None]:
        """Execute jobs, as they are done; once `stop` is set begin none."""


def in_turn(
    jobs: Iterable[Job],
    submit: Callable[[Job], Future[Raw]],
    read: Callable[[Raw], Execution],
    most: int,
    stop: threading.Event,
) -> Generator[Done, None, None]:
    """Submit jobs, never more than `most` at a time, and give what is done.

    Parameters
    ----------
    jobs : iterable of Job
        Taken one by one, as there is room.
    submit : callable
        Begins a job.
    read : callable
        Turns what came of it into an execution.
    most : int
        Jobs that wait or run.
    stop : Event
        Once it is set, no further job is begun; those that run are waited for, those
        that have only been submitted are taken back.

    Yields
    ------
    Done
        In the order in which they end.
    """
    running: dict[Future[Raw], str] = {}
    waiting = iter(jobs)
    exhausted = False
    while running or not (exhausted or stop.is_set()):
        if stop.is_set():
            running = {one: key for one, key in running.items() if not one.cancel()}
        while len(running) < most and not (exhausted or stop.is_set()):
            job = next(waiting, None)
            if job is None:
                exhausted = True
            else:
                running[submit(job)] = job.key
        ended, _ = wait(running, timeout=_LOOK_UP, return_when=FIRST_COMPLETED)
        for future in ended:
            yield _done(running.pop(future), future, read)


def _done(key: str, future: Future[Raw], read: Callable[[Raw], Execution]) -> Done:
    try:
        return Done(key, read(future.result()))
    except Exception as error:  # noqa: BLE001 (told, and the others go on)
        return Done(key, failure=f"{type(error).__name__}: {error}")


def patiently(
    attempt: Callable[[], T], failed: type[Exception], stop: threading.Event
) -> T:
    """Try again what failed for no fault of the code that it was to run.

    Parameters
    ----------
    attempt : callable
        What to try, on something fresh each time.
    failed : type
        The error after which it is tried again, three times in all.
    stop : Event
        Once it is set, nothing is tried again.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except failed:
            if stop.is_set():
                raise
    return attempt()


def _as_it_is(execution: Execution) -> Execution:
    return execution


class LocalPool:
    """A few executors, each in a thread of its own.

    Parameters
    ----------
    make_executor : callable
        Makes one.
    workers : int
        How many work at a time.
    failed : type
        The error of an executor whose sandbox failed: it is then replaced, and the
        submission tried again.
    """

    def __init__(
        self,
        make_executor: Callable[[], Executes],
        workers: int,
        failed: type[Exception],
    ) -> None:
        self._make = make_executor
        self._workers = workers
        self._failed = failed
        self._lock = threading.Lock()
        self._idle: list[Executes] = []
        self._living: set[Executes] = set()

    def __enter__(self) -> LocalPool:
        """Start the first executor, which tells how submissions are isolated."""
        first = self._take()
        self.level: Level = first.level
        self._idle.append(first)
        return self

    def __exit__(self, *_: object) -> None:
        """End all executors, those at work too."""
        for executor in list(self._living):
            self._end(executor)

    @property
    def isolation(self) -> str:
        """The level of the executors."""
        return self.level

    def run(
        self, jobs: Iterable[Job], seed: int, stop: threading.Event
    ) -> Generator[Done, None, None]:
        """Execute jobs; see `Pool`."""
        threads = ThreadPoolExecutor(self._workers)

        def submit(job: Job) -> Future[Execution]:
            return threads.submit(
                patiently, lambda: self._attempt(job, seed), self._failed, stop
            )

        try:
            yield from in_turn(jobs, submit, _as_it_is, self._workers + 1, stop)
        except BaseException:
            stop.set()
            self.__exit__()  # what runs is waited for below, so it has to end
            raise
        finally:
            threads.shutdown(cancel_futures=True)

    @contextmanager
    def borrowed(self) -> Iterator[Executes]:
        """Lend an executor; one that is lent out when an error comes is ended."""
        executor = self._take()
        try:
            yield executor
        except BaseException:
            self._end(executor)
            raise
        self._idle.append(executor)

    def _attempt(self, job: Job, seed: int) -> Execution:
        with self.borrowed() as executor:
            return executor.run(job.pieces, seed)

    def _take(self) -> Executes:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        executor = self._make().__enter__()
        with self._lock:
            self._living.add(executor)
        return executor

    def _end(self, executor: Executes) -> None:
        with self._lock:
            mine = executor in self._living
            self._living.discard(executor)
            if executor in self._idle:
                self._idle.remove(executor)
        if mine:
            executor.__exit__(None, None, None)
