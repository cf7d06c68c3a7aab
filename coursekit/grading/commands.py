"""The verbs of grading: grade, regrade, report.

Exit statuses: 0, everything is graded; 1, a submission cannot be read; 2, what was
asked for cannot be done; 3, the grader itself failed, and no mark comes of that; 130,
it was interrupted. Whatever was done is kept, and the next time goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from coursekit import progress
from coursekit.exercises.commands import sources
from coursekit.exercises.model import ExerciseError, load
from coursekit.grading import batch as grading
from coursekit.grading import reports
from coursekit.grading.distributed import ClusterError
from coursekit.grading.execute import SandboxError, UnisolatedError
from coursekit.grading.judging import JudgingError
from coursekit.grading.model import LEVELS, Batch
from coursekit.grading.policy import ManualError, Policy, PolicyError
from coursekit.grading.roster import RosterError, read_roster
from coursekit.grading.store import StoreError
from coursekit.grading.ticket import Ticket, TicketError
from coursekit.source import SourceError

__all__ = ["FAILED", "INTERRUPTED", "UNREADABLE", "USAGE", "grade", "regrade", "report"]

UNREADABLE, USAGE, FAILED, INTERRUPTED = 1, 2, 3, 130
_WRONG = (
    grading.UsageError,
    ExerciseError,
    SourceError,
    ManualError,
    PolicyError,
    RosterError,
    TicketError,
    UnisolatedError,
)
_BROKEN = (
    ClusterError,
    JudgingError,
    SandboxError,
    StoreError,
)


def grade(
    submissions: Path,
    exercise: str,
    out: Path,
    *,
    workers: int = 2,
    dask: str | None = None,
    seed: int | None = None,
    policy: Path | None = None,
    roster: Path | None = None,
    manual: Path | None = None,
    trust: bool = False,
) -> int:
    """Grade a folder of submissions.

    Parameters
    ----------
    submissions : Path
        The folder, as an LMS exports it; or one notebook or zip file.
    exercise : str
        `part/slug`, or the path of a source.
    out : Path
        Where reports go. With the folder of an earlier grading it goes on from there.
    workers : int
        Submissions at a time on this machine.
    dask : str, optional
        Address of a Dask scheduler, whose workers then execute.
    seed : int, optional
        The secret seed; by default the one of the last time, or a new one.
    policy, roster, manual : Path, optional
        Rules for marks (TOML), who is expected (CSV: key, name, id), and marks that a
        person gave (CSV).
    trust : bool
        Whether to go on where learners' code cannot be isolated.

    Returns
    -------
    int
        Exit status.
    """
    console = _console()
    with _told(console) as status:
        order = grading.Order(
            submissions,
            _source(exercise),
            out,
            workers=workers,
            dask=dask,
            seed=seed,
            policy=Policy.read(policy) if policy else Policy(),
            manual=manual,
            roster=read_roster(roster) if roster else (),
            trust=trust,
        )
        status.append(_graded(order, console))
    return status[-1]


def regrade(
    out: Path,
    *,
    workers: int = 2,
    dask: str | None = None,
    policy: Path | None = None,
    manual: Path | None = None,
    trust: bool = False,
) -> int:
    """Grade again what was graded into a folder, with the same seed.

    Only what has changed since is executed: submissions, the exercise, the grader or
    its environment. The policy of the last time stays where none is named.

    Parameters
    ----------
    out : Path
        The folder of the earlier grading.
    workers, dask, policy, manual, trust
        As for `grade`.

    Returns
    -------
    int
        Exit status.
    """
    console = _console()
    with _told(console) as status:
        ticket = _ticket(out)
        order = grading.Order(
            Path(ticket.submissions),
            Path(ticket.source),
            out,
            workers=workers,
            dask=dask,
            policy=Policy.read(policy) if policy else _last_policy(out),
            manual=manual,
            roster=ticket.roster,
            trust=trust,
        )
        status.append(_graded(order, console))
    return status[-1]


def report(out: Path, *, policy: Path | None = None, manual: Path | None = None) -> int:
    """Write the reports of a grading again; nothing is executed.

    Parameters
    ----------
    out : Path
        The folder of the grading.
    policy, manual : Path, optional
        As for `grade`; the policy of the last time stays where none is named.

    Returns
    -------
    int
        Exit status.
    """
    console = _console()
    with _told(console) as status:
        exercise = load(Path(_ticket(out).source))
        last = _last_batch(out)
        rules = Policy.read(policy) if policy else Policy.of(last)
        batch = grading.marked(last, rules, manual, out)
        reports.write(batch, exercise, out)
        _summarise(batch, out, console)
        status.append(_status(batch))
    return status[-1]


def _source(exercise: str) -> Path:
    try:
        return sources([exercise])[0]
    except FileNotFoundError as error:
        raise grading.UsageError(str(error)) from None


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)


@contextmanager
def _told(console: Console) -> Iterator[list[int]]:
    """Give a list for the exit status; an error is told and becomes its status."""
    status: list[int] = []
    try:
        yield status
    except _WRONG as error:
        status.append(_say(console, error, USAGE))
    except _BROKEN as error:
        status.append(_say(console, error, FAILED))
    except OSError as error:
        status.append(_say(console, grading.sentence(error), FAILED))
    except KeyboardInterrupt:
        told = "Stopped. What is done is kept; grade again to go on."
        status.append(_say(console, told, INTERRUPTED))


def _say(console: Console, what: object, status: int) -> int:
    console.print(escape(str(what)))
    return status


def _graded(order: grading.Order, console: Console) -> int:
    with progress.shown(console) as on_progress:
        outcome = grading.run(
            order,
            on_progress=on_progress,
            on_stop=lambda: console.print(
                "Stopping: what runs is finished, then what is done is reported. "
                "Ctrl-C again stops at once."
            ),
        )
    for failure in outcome.failures:
        console.print(escape(f"The grader failed on {failure}"))
    _summarise(outcome.batch, order.out, console)
    if outcome.interrupted:
        console.print("This is a part of the batch; grade again to go on.")
        return INTERRUPTED
    return FAILED if outcome.failures else _status(outcome.batch)


def _status(batch: Batch) -> int:
    return UNREADABLE if any(r.state == "unreadable" for r in batch.results) else 0


def _summarise(batch: Batch, out: Path, console: Console) -> None:
    states = [result.state for result in batch.results]
    counts = [
        f"{states.count('graded')} graded",
        f"{sum(result.cached for result in batch.results)} of them before",
    ]
    counts += [
        f"{states.count(state)} {state}"
        for state in ("unreadable", "missing")
        if state in states
    ]
    console.print(f"{', '.join(counts)} ({batch.seconds:.1f} s).")
    for result in batch.results:
        if result.state == "unreadable":
            console.print(escape(f"{result.file}: {result.problem}"))
    if batch.level == "none":
        console.print(f"Learners' code was executed in {LEVELS['none']}.")
    console.print(escape(f"Reports: {_from_here(out / 'index.html')}"))


def _from_here(path: Path) -> Path:
    """Return a path as it is said here: relative, where it lies in this folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _ticket(out: Path) -> Ticket:
    ticket = Ticket.read(out)
    if ticket is None:
        raise grading.UsageError(f"There is no grading in {out}.")
    return ticket


def _last_batch(out: Path) -> Batch:
    path = out / "results.json"
    try:
        return reports.read(path)
    except ValidationError:
        raise grading.UsageError(
            f"{path} does not hold the results of a batch."
        ) from None


def _last_policy(out: Path) -> Policy:
    """Return the policy of the last time; none where it did not come to its end."""
    if not (out / "results.json").is_file():
        return Policy()
    return Policy.of(_last_batch(out))
