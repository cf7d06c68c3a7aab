"""Execute a submission: papermill, our engine, and a sandbox for every run.

A question that calls an earlier one is gathered in a sandbox of its own, in which the
reference stands in for the earlier answer (see `coursekit.exercises.runs`).
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from coursekit.exercises import gate, runs
from coursekit.exercises.model import Exercise
from coursekit.grading.model import (
    CellOutcome,
    Execution,
    Level,
    Piece,
    Runner,
    Usage,
)
from coursekit.grading.paper import paper
from coursekit.grading.sandbox import bubblewrap, tree
from coursekit.grading.sandbox.client import Left, SandboxError, Warm
from coursekit.grading.sandbox.limits import LIMITS, Limits

__all__ = ["Executor", "SandboxError", "UnisolatedError", "reference"]

_ROOT = Path(__file__).resolve().parents[2]
_KNOWN_ERRORS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
) | {"LinAlgError", "AxisError", "WorkerEnded"}
_OWN_ERROR = "an error of its own"
# Errors of one run that are kept: those after them tell nothing new, and a notebook of
# thousands of cells would make a result too large to be carried.
_MOST_ERRORS = 500


class UnisolatedError(RuntimeError):
    """There is no sandbox here, and strangers' code is not run without one."""


class Executor:
    """Executes submissions of one exercise.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    trust : bool
        Whether to go on without a sandbox where there can be none.
    isolate : bool or None
        False asks for no sandbox even where there could be one; only with `trust`.
    limits : Limits
        What each run may take.
    root : Path
        Where the course's packages and data are.

    Raises
    ------
    UnisolatedError
        If there can be no sandbox and `trust` is False, or processes cannot even be
        forked here.
    SandboxError
        If even a process without a sandbox does not start.

    Notes
    -----
    Use it as a context: it holds a warm process. One thread at a time may call `run`.
    """

    def __init__(
        self,
        exercise: Exercise,
        *,
        trust: bool = False,
        isolate: bool | None = None,
        limits: Limits = LIMITS,
        root: Path = _ROOT,
    ) -> None:
        self._exercise = exercise
        self._limits = limits
        self._runs = runs.runs(exercise)
        if not hasattr(os, "fork"):
            raise UnisolatedError(
                "Grading forks a process for every submission, which this system "
                "cannot; on Windows use WSL 2."
            )
        modules = sorted(_modules(exercise))
        self.level: Level = "none"
        wanted = isolate is not False or not trust
        problem = _unable() if wanted else "none was asked for"
        if not problem:
            files = tree.allowed(exercise.meta, modules, root)
            problem = self._warm_up(modules, files)
        if problem and not trust:
            raise UnisolatedError(
                f"There is no sandbox here ({problem}), and without one a stranger's "
                "code could read and change whatever you can. Mend that, or pass "
                "--trust-submissions where you know whose code it is."
            )
        if problem:
            self._warm = Warm(modules, exercise.meta.forbid, None, _given(exercise))

    def _warm_up(self, modules: Sequence[str], files: Sequence[Path]) -> str:
        """Start in a sandbox and try it; return why that cannot be."""
        try:
            forbid, given = self._exercise.meta.forbid, _given(self._exercise)
            self._warm = Warm(modules, forbid, files, given)
        except SandboxError as error:
            return str(error)
        try:
            with self._warm.open((), self._limits) as run:
                run.finish()
        except SandboxError as error:
            self._warm.close()
            return str(error)
        self.level = "bubblewrap"
        return ""

    def run(self, pieces: Sequence[Piece], seed: int) -> Execution:
        """Execute one submission.

        Parameters
        ----------
        pieces : sequence of Piece
            A learner's code.
        seed : int
            The secret seed.

        Returns
        -------
        Execution
            Evidence by question, and what happened.

        Raises
        ------
        SandboxError
            If the sandbox itself failed: worth another try, and no learner's fault.
        """
        done = [self._run_one(run, pieces, seed) for run in self._runs]
        evidence: dict[str, dict[str, bytes]] = {}
        for left, _, _ in done:
            evidence |= left.evidence
        limits = [limit for _, _, met in done for limit in met]
        return Execution(
            evidence=evidence,
            errors=tuple(error for _, errors, _ in done for error in errors),
            limits=tuple(dict.fromkeys(limits)),
            level=self.level,
            usage=_usage([left for left, _, _ in done]),
        )

    def _run_one(
        self, run: runs.Run, pieces: Sequence[Piece], seed: int
    ) -> tuple[Left, list[CellOutcome], list[str]]:
        errors: list[CellOutcome] = []

        def seen(cell: nbformat.NotebookNode, reply: Any) -> None:
            error = _error_of(reply)
            if error and len(errors) < _MOST_ERRORS:
                about = cell.metadata.get("course", {})
                question, kind = about.get("question", ""), about.get("kind", "given")
                errors.append(
                    CellOutcome(run=run.name, question=question, kind=kind, error=error)
                )

        with self._warm.open(run.gathers, self._limits) as place:
            runs.papermill_run(
                paper(self._exercise, run, pieces, seed),
                seed,
                worker=place,
                seen=seen,
                outputs=False,
                execution_timeout=self._limits.cell_seconds,
            )
            left = place.finish()
            met = [left.limit, *place.limits_met]
        return left, errors, [limit for limit in met if limit]

    def close(self) -> None:
        """End the warm process; nothing of it is left."""
        self._warm.close()

    def __enter__(self) -> Executor:
        """Use as a context, so that no process is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


def reference(executor: Runner, exercise: Exercise, seed: int) -> Execution:
    """Execute the solution with the same seed, in a sandbox that ends with it.

    Parameters
    ----------
    executor : Runner
        Of the same exercise. What it is handed now is seen by no later run.
    exercise : Exercise
        The exercise.
    seed : int
        The secret seed.

    Returns
    -------
    Execution
        Evidence of every question.

    Raises
    ------
    SandboxError
        If the solution does not run to its end: then the exercise is at fault.
    """
    pieces = tuple(
        Piece("answer", code, question=question)
        for question, code in runs.answers(exercise).items()
    )
    done = executor.run(pieces, seed)
    if done.errors or done.limits:
        what = [f"{one.kind} of {one.question}: {one.error}" for one in done.errors]
        raise SandboxError(
            "the solution did not run to its end: " + "; ".join([*what, *done.limits])
        )
    return done


def _unable() -> str:
    """Why there cannot be a sandbox on this system, or nothing."""
    if not sys.platform.startswith("linux"):
        return f"bubblewrap is for Linux, and this is {sys.platform}"
    if not bubblewrap.found():
        return "bubblewrap is not installed; on Debian: apt install bubblewrap"
    return ""


def _given(exercise: Exercise) -> list[str]:
    """Return the cells that every learner is given, for what they load."""
    roles = (None, "parameters")
    return [
        cell.source
        for cell in exercise.source.code
        if (cell.role.role if cell.role else None) in roles
    ]


def _modules(exercise: Exercise) -> Iterator[str]:
    """Yield what the cells that run when graded import, less what is forbidden."""
    roles = {None, "parameters", "answer", "evidence"}
    forbidden = exercise.meta.forbid
    for cell in exercise.source.code:
        if (cell.role.role if cell.role else None) not in roles:
            continue
        for name in gate.imported(cell.source):
            if not any(name == one or name.startswith(f"{one}.") for one in forbidden):
                yield name


def _error_of(reply: Any) -> str:
    """Name of the error in a stranger's reply, among names that say nothing else."""
    failure = reply.get("failure") if isinstance(reply, dict) else None
    if not failure:
        return "" if isinstance(reply, dict) else _OWN_ERROR
    name = failure.get("name") if isinstance(failure, dict) else None
    if isinstance(name, str) and name in _KNOWN_ERRORS:
        return name
    return _OWN_ERROR


def _usage(left: Sequence[Left]) -> Usage:
    uses = [one.usage for one in left]

    def total(name: str) -> float:
        return round(sum(float(use.get(name, 0.0)) for use in uses), 3)

    def most(name: str) -> float:
        return round(max((float(use.get(name, 0.0)) for use in uses), default=0.0), 1)

    return Usage(
        wall_seconds=total("wall_seconds"),
        cpu_seconds=total("cpu_seconds"),
        memory_mib=most("memory_mib"),
        processes=int(most("processes")),
    )
