"""Run tasks in the order that their dependencies allow: what an orchestrator does.

A graph is a list of tasks, each with the names of those that must be done before it.
The runner keeps three things apart that are easily confused: a task that failed, one
that was never tried because something before it failed, and one whose result is known
from an earlier run. Because results are kept by name, a run that broke can be resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["done", "kept", "failed", "skipped"]


@dataclass(frozen=True)
class Task:
    """One step of a pipeline.

    Parameters
    ----------
    name : str
        Its name; other tasks refer to it.
    work : callable
        Called with the results of the tasks in `after`, in that order.
    after : tuple of str
        Names of the tasks that must be done first.
    retries : int
        How often to try again after an exception.

    Notes
    -----
    Taught in: data-engineering/orchestration.

    Examples
    --------
    >>> Task("double", lambda rows: 2 * rows, after=("load",)).after
    ('load',)
    """

    name: str
    work: Callable[..., Any]
    after: tuple[str, ...] = ()
    retries: int = 0


@dataclass
class Run:
    """What became of every task.

    Parameters
    ----------
    states : dict
        By name: "done", "kept" (its result was given), "failed" or "skipped" (a task
        before it failed).
    results : dict
        By name, of the tasks that are done or kept.
    errors : dict
        By name, the exception of the last try of each task that failed.
    attempts : dict
        By name, how often the task was tried.

    Notes
    -----
    Taught in: data-engineering/orchestration.

    Examples
    --------
    >>> run_dag([Task("one", lambda: 1)]).succeeded
    True
    """

    states: dict[str, State] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether every task has a result."""
        return all(state in ("done", "kept") for state in self.states.values())


def topological_order(tasks: Iterable[Task]) -> list[str]:
    """Return the names of tasks so that each stands after those that it needs.

    Kahn's algorithm: take whatever needs nothing that is still to come; if nothing is
    left to take although tasks remain, these hold a cycle.

    Parameters
    ----------
    tasks : iterable of Task
        In any order; tasks that could stand in either order keep the given one.

    Returns
    -------
    list of str
        Every name, once.

    Raises
    ------
    ValueError
        If two tasks have one name, a task needs one that is not there, or tasks wait
        for each other in a cycle; the sentence names them.

    Notes
    -----
    O(tasks + dependencies). Taught in: data-engineering/orchestration.

    References
    ----------
    Kahn (1962), "Topological sorting of large networks", Communications of the ACM 5.

    Examples
    --------
    >>> steps = [Task("train", print, after=("load",)), Task("load", print)]
    >>> topological_order(steps)
    ['load', 'train']
    """
    named = _by_name(tasks)
    missing = {name: len(set(task.after)) for name, task in named.items()}
    followers = _followers(named)
    ready = [name for name in named if missing[name] == 0]
    for name in ready:  # the list grows while it is walked
        for follower in followers[name]:
            missing[follower] -= 1
            if missing[follower] == 0:
                ready.append(follower)
    if len(ready) < len(named):
        cycle = _cycle(named, {name for name in named if missing[name] > 0})
        raise ValueError(f"The tasks wait for each other: {' after '.join(cycle)}.")
    return ready


def _by_name(tasks: Iterable[Task]) -> dict[str, Task]:
    named: dict[str, Task] = {}
    for task in tasks:
        if task.name in named:
            raise ValueError(f"Two tasks are called {task.name!r}: expected one each.")
        named[task.name] = task
    for task in named.values():
        for needed in task.after:
            if needed not in named:
                raise ValueError(
                    f"The task {task.name!r} comes after {needed!r}, which is not one "
                    f"of the tasks {sorted(named)}."
                )
    return named


def _followers(named: Mapping[str, Task]) -> dict[str, list[str]]:
    followers: dict[str, list[str]] = {name: [] for name in named}
    for task in named.values():
        for needed in dict.fromkeys(task.after):
            followers[needed].append(task.name)
    return followers


def _cycle(named: Mapping[str, Task], stuck: set[str]) -> list[str]:
    """Walk from a stuck task to one that it waits for, until a name comes again."""
    path = [min(stuck)]
    while path.count(path[-1]) == 1:
        path.append(next(name for name in named[path[-1]].after if name in stuck))
    return path[path.index(path[-1]) :]


def run_dag(
    tasks: Iterable[Task],
    *,
    workers: int = 1,
    known: Mapping[str, Any] | None = None,
    backoff: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Run every task that can be run, as soon as it can be.

    A task that fails for good stops only what comes after it; everything else is still
    run, so that a second run (with the results of the first as `known`) has less to do.

    Parameters
    ----------
    tasks : iterable of Task
        The pipeline.
    workers : int
        How many tasks may run at the same time, in threads.
    known : mapping, optional
        Results by name; these tasks are not run.
    backoff : float
        Seconds to wait before the first retry; twice that before the next, and so on.
    sleep : callable
        How to wait; tests give one that does not.

    Returns
    -------
    Run
        The state of every task, results, errors and numbers of attempts.

    Raises
    ------
    ValueError
        If the graph is not valid (see `topological_order`), `workers` is below 1, or
        `known` has a name that no task has.

    Notes
    -----
    The order within a thread is that of `topological_order`; with several threads,
    tasks that do not depend on each other may end in any order, and results are the
    same. Taught in: data-engineering/orchestration.

    Examples
    --------
    >>> pipeline = [
    ...     Task("load", lambda: [3, 1, 2]),
    ...     Task("sort", sorted, after=("load",)),
    ...     Task("top", lambda rows: rows[-1], after=("sort",)),
    ... ]
    >>> run_dag(pipeline).results["top"]
    3
    """
    tasks = list(tasks)
    order = topological_order(tasks)
    named = {task.name: task for task in tasks}
    run = Run()
    _take_known(run, named, known or {})
    if workers < 1:
        raise ValueError(f"workers is {workers}: expected 1 or more.")
    attempt = _with_retries(run, backoff, sleep)
    with ThreadPoolExecutor(workers) as pool:
        _drain(
            run, named, order, lambda task, *given: pool.submit(attempt, task, given)
        )
    return run


def _take_known(run: Run, named: Mapping[str, Task], known: Mapping[str, Any]) -> None:
    for name, result in known.items():
        if name not in named:
            raise ValueError(f"known has {name!r}, but the tasks are {sorted(named)}.")
        run.states[name], run.results[name] = "kept", result


def _with_retries(
    run: Run, backoff: float, sleep: Callable[[float], None]
) -> Callable[[Task, tuple[Any, ...]], Any]:
    """Return what calls a task, again after an exception if it may be retried."""

    def attempt(task: Task, given: tuple[Any, ...]) -> Any:
        for tried in range(task.retries + 1):
            run.attempts[task.name] = tried + 1
            try:
                return task.work(*given)
            except Exception:
                if tried == task.retries:
                    raise
                sleep(backoff * 2**tried)
        raise ValueError(f"retries of {task.name!r} is {task.retries}: expected >= 0.")

    return attempt


def _drain(
    run: Run,
    named: Mapping[str, Task],
    order: list[str],
    submit: Callable[..., Future[Any]],
) -> None:
    """Submit what is ready, wait for something to end, until nothing is left."""
    running: dict[Future[Any], str] = {}
    waiting = [name for name in order if name not in run.states]
    while waiting or running:
        for name in [name for name in waiting if _settled(run, named[name])]:
            waiting.remove(name)
            if any(
                run.states[needed] in ("failed", "skipped")
                for needed in named[name].after
            ):
                run.states[name] = "skipped"
            else:
                given = [run.results[needed] for needed in named[name].after]
                running[submit(named[name], *given)] = name
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            _record(run, running.pop(future), future)


def _settled(run: Run, task: Task) -> bool:
    return all(needed in run.states for needed in task.after)


def _record(run: Run, name: str, future: Future[Any]) -> None:
    error = future.exception()
    if error is None:
        run.states[name], run.results[name] = "done", future.result()
    elif isinstance(error, Exception):
        run.states[name], run.errors[name] = "failed", error
    else:  # KeyboardInterrupt and the like are not a task's failure
        raise error
