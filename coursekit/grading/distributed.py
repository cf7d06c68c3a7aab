"""Executes submissions on a Dask cluster: bytes go out, bytes come back.

A task says everything that it needs and changes nothing, so that Dask may give it to
another worker when one is lost. What comes back is read as hostile input. Nothing is
judged there: what is expected never leaves this machine.

The workers need the same version of the course, and what isolates learners' code
there has to be on them.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from coursekit.exercises.model import Exercise, load
from coursekit.grading import keys
from coursekit.grading.model import Execution
from coursekit.grading.pool import Done, Executes, Job, in_turn, patiently
from coursekit.grading.tasks import canonical, pack, pack_pieces, unpack, unpack_pieces

__all__ = ["ClusterError", "ClusterPool", "execute_task"]

_RETRIES = 2  # of a task that fails; a lost worker costs none of them
_CONNECT = 30.0


class ClusterError(RuntimeError):
    """The cluster cannot be used; said in one sentence."""


def make_task(exercise: Exercise, job: Job, seed: int, *, trust: bool) -> bytes:
    """Write a task: everything that a worker has to know.

    Parameters
    ----------
    exercise : Exercise
        The exercise, whose source travels with the task.
    job : Job
        The submission's code.
    seed : int
        The secret seed.
    trust : bool
        Whether a worker that cannot isolate may execute it.

    Returns
    -------
    bytes
        JSON, the same for the same task.
    """
    return canonical(
        {
            "exercise": exercise.name,
            "source": exercise.source.text,
            "pieces": pack_pieces(job.pieces),
            "seed": seed,
            "trust": trust,
            "machinery": keys.machinery(),
        }
    )


def execute_task(task: bytes) -> bytes:
    """Execute a task on a worker.

    Parameters
    ----------
    task : bytes
        What `make_task` wrote.

    Returns
    -------
    bytes
        The execution, as `tasks.pack` writes it.

    Raises
    ------
    ClusterError
        If this worker has another version of the course, or cannot isolate.
    """
    from coursekit.grading.execute import SandboxError

    asked = json.loads(task)
    if asked["machinery"] != keys.machinery():
        raise ClusterError("A worker has another version of the course than you have.")
    pieces = unpack_pieces(asked["pieces"])

    def attempt() -> Execution:
        try:
            return _warm.executor(asked).run(pieces, asked["seed"])
        except SandboxError:
            _warm.end()
            raise

    try:
        return pack(patiently(attempt, SandboxError, threading.Event()))
    except SandboxError as error:
        raise ClusterError(str(error)) from None


class _Warm(threading.local):
    """The executor of this thread, kept for the next task of the same exercise."""

    def __init__(self) -> None:
        self._of = b""
        self._executor: Executes | None = None

    def executor(self, asked: dict[str, Any]) -> Executes:
        """Return an executor for the task's exercise, started if need be."""
        about = canonical([asked["exercise"], asked["source"], asked["trust"]])
        wanted = hashlib.sha256(about).digest()
        if self._executor is None or wanted != self._of:
            self.end()
            self._executor = _start(asked)
            self._of = wanted
        return self._executor

    def end(self) -> None:
        """End the executor."""
        if self._executor is not None:
            executor, self._executor = self._executor, None
            executor.__exit__(None, None, None)


_warm = _Warm()


def _start(asked: dict[str, Any]) -> Executes:
    from coursekit.grading.execute import Executor

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, *asked["exercise"].split("/")).with_suffix(".md")
        path.parent.mkdir(parents=True)
        path.write_text(asked["source"], encoding="utf-8")
        exercise = load(path)
    executor: Executes = Executor(exercise, trust=asked["trust"]).__enter__()
    if executor.level != "bubblewrap" and not asked["trust"]:
        executor.__exit__(None, None, None)
        raise ClusterError(
            "A worker cannot isolate learners' code; use workers with bubblewrap, or "
            "--trust-submissions."
        )
    return executor


class ClusterPool:
    """The workers of a cluster.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    address : str
        Of the scheduler, such as `tcp://10.0.0.5:8786`.
    trust : bool
        Whether workers that cannot isolate may execute submissions.
    execute : callable
        What a worker does with a task.
    """

    def __init__(
        self,
        exercise: Exercise,
        address: str,
        *,
        trust: bool = False,
        execute: Callable[[bytes], bytes] = execute_task,
    ) -> None:
        self._exercise = exercise
        self._address = address
        self._trust = trust
        self._execute = execute

    def __enter__(self) -> ClusterPool:
        """Connect."""
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError(
                'Dask is not installed; install the extra "cluster".'
            ) from None
        try:
            self._client: Any = Client(
                self._address, timeout=_CONNECT, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"No Dask scheduler answers at {self._address}: {error}."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect; the cluster stays."""
        self._client.close()

    @property
    def isolation(self) -> str:
        """What is asked of the workers."""
        return "trusted workers" if self._trust else "bubblewrap"

    def run(
        self, jobs: Iterable[Job], seed: int, stop: threading.Event
    ) -> Generator[Done, None, None]:
        """Execute jobs; see `pool.Pool`."""
        cluster = self._client.get_executor(pure=False, retries=_RETRIES)

        def submit(job: Job) -> Future[bytes]:
            task = make_task(self._exercise, job, seed, trust=self._trust)
            future: Future[bytes] = cluster.submit(self._execute, task)
            return future

        try:
            yield from in_turn(jobs, submit, unpack, 2 * self._threads(), stop)
        finally:
            cluster.shutdown(wait=False)

    def _threads(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=_CONNECT)
        except TimeoutError:
            told = f"The cluster at {self._address} has no workers."
            raise ClusterError(told) from None
        return max(1, sum(map(int, self._client.nthreads().values())))
