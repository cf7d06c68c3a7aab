"""`coursekit assign`: everything that a class is given, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from coursekit.exercises.commands import ROOT, sources
from coursekit.exercises.model import Exercise, ExerciseError, load
from coursekit.grading.assign import release, syllabus
from coursekit.grading.assign import variants as own_data
from coursekit.grading.assign.files import (
    AssignError,
    Files,
    put,
    refuse_filled,
    zipped,
)
from coursekit.grading.model import Learner
from coursekit.grading.roster import RosterError, read_roster
from coursekit.source import SourceError

__all__ = ["assign"]

_SECRET = "instructor/class-secret.txt"


def assign(
    names: Sequence[str],
    *,
    out: Path,
    roster: Path | None = None,
    answers: bool = False,
    variants: bool = False,
    start: str | None = None,
    weeks: int | None = None,
    hours: float | None = None,
    zip: bool = False,  # noqa: A002 (what the option is called)
    force: bool = False,
    secret: Path | None = None,
    root: Path = ROOT,
) -> int:
    """Make a release for a class.

    Parameters
    ----------
    names : sequence of str
        Exercises as `part/slug`; all if none.
    out : Path
        A folder that is empty or not there. `learners/` in it is to be handed out,
        `instructor/` is not; `syllabus/` is there where `start`, `weeks` or `hours`
        is given.
    roster : Path, optional
        CSV file of the class with the columns key, name, id; for `variants`.
    answers : bool
        Whether the instructor gets solution notebooks.
    variants : bool
        Whether each learner gets a folder of their own, with data of their own.
    start : str, optional
        First day of the syllabus, as 2026-09-07.
    weeks, hours : int, float, optional
        How long the syllabus may be, and how many hours a week; six if neither.
    zip : bool
        Whether what learners get is packed, into one file or one a learner.
    force : bool
        Whether `out` may hold files, of which those of the same names are replaced.
    secret : Path, optional
        `class-secret.txt` of an earlier release, so that seeds stay the same.
    root : Path
        The checkout.

    Returns
    -------
    int
        Exit status: 2 where nothing was written, and one sentence says why.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        refuse_filled(out, force=force)
        exercises = _exercises(names, root)
        plan = _syllabus(exercises, root, start, weeks, hours)
        people = _people(roster, variants=variants)
        told = _secret(out, secret) if people else ""
        files = _learners(exercises, people, told, pack=zip)
        files |= _instructor(exercises, people, told, answers=answers)
        files |= {f"syllabus/{name}": content for name, content in plan.items()}
        put(files, out)
    except (AssignError, ExerciseError, FileNotFoundError, SourceError) as error:
        console.print(escape(str(error)))
        return 2
    console.print(escape(_summary(exercises, people, files, out)))
    return 0


def _exercises(names: Sequence[str], root: Path) -> list[Exercise]:
    paths = dict.fromkeys(sources(names, root))
    if not paths:
        raise AssignError(f"There is no exercise in {root / 'solutions'}.")
    return [load(path) for path in paths]


def _syllabus(
    exercises: Sequence[Exercise],
    root: Path,
    start: str | None,
    weeks: int | None,
    hours: float | None,
) -> Files:
    """Make the syllabus, where anything is said about one."""
    if start is None and weeks is None and hours is None:
        return {}
    for what, number in (("weeks", weeks), ("hours", hours)):
        if number is not None and not 0 < number <= 1000:
            raise AssignError(
                f"Give a number of {what} above 0, 1000 at most; found {number:g}."
            )
    plan = syllabus.units(exercises, root)
    begins = _date(start) if start is not None else None
    return syllabus.files(plan, start=begins, weeks=weeks, hours=hours)


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not 1900 <= found.year <= 2900:
        raise AssignError(
            f"{text!r} is no date of a course; write year-month-day, as 2026-09-07."
        )
    return found


def _people(roster: Path | None, *, variants: bool) -> list[Learner]:
    """Return who gets data of their own: nobody, or the whole roster."""
    if not variants:
        if roster is not None:
            raise AssignError("A roster is read only with variants; ask for both.")
        return []
    if roster is None:
        raise AssignError(
            "Variants need a roster: a CSV file with the columns key, name, id."
        )
    return _roster(roster)


def _roster(path: Path) -> list[Learner]:
    try:
        people = read_roster(path)
    except RosterError as error:
        raise AssignError(str(error)) from None
    if not people:
        raise AssignError(f"{path} lists no learner.")
    return people


def _secret(out: Path, given: Path | None) -> str:
    """Return the class's secret: the one given, the one that is there, or a new one."""
    if given is not None:
        return own_data.read_secret(given)
    kept = out / _SECRET
    return own_data.read_secret(kept) if kept.is_file() else own_data.new_secret()


def _learners(
    exercises: Sequence[Exercise], people: Sequence[Learner], secret: str, *, pack: bool
) -> Files:
    """Make what is handed out: one folder, or one a learner."""
    kit = release.Kit.of(exercises)
    if not people:
        return _handed_out("learners", kit.files(), pack=pack)
    found: Files = {}
    for learner in people:
        seeds = [own_data.seed_of(secret, one.name, learner.key) for one in exercises]
        place = f"learners/{own_data.folder_of(learner)}"
        found |= _handed_out(place, kit.files(seeds), pack=pack)
    return found


def _handed_out(place: str, files: Files, *, pack: bool) -> Files:
    if pack:
        return {f"{place}.zip": zipped(files)}
    return {f"{place}/{name}": content for name, content in files.items()}


def _instructor(
    exercises: Sequence[Exercise],
    people: Sequence[Learner],
    secret: str,
    *,
    answers: bool,
) -> Files:
    own = release.for_instructor(exercises, answers=answers)
    found = {f"instructor/{name}": content for name, content in own.items()}
    if people:
        rows = [
            (
                learner,
                one.name,
                f"{own_data.folder_of(learner)}/{release.file_of(one)}",
                own_data.seed_of(secret, one.name, learner.key),
            )
            for learner in people
            for one in exercises
        ]
        found["instructor/manifest.csv"] = own_data.manifest(rows)
        found[_SECRET] = f"{secret}\n".encode()
    return found


def _summary(
    exercises: Sequence[Exercise], people: Sequence[Learner], files: Files, out: Path
) -> str:
    what = "exercise" if len(exercises) == 1 else "exercises"
    lines = [f"{out}: {len(exercises)} {what}, {len(files)} files."]
    lines.append("Hand out what is in learners; keep instructor to yourself.")
    if people:
        who = "learner has" if len(people) == 1 else "learners have"
        lines.append(
            f"{len(people)} {who} data of their own; "
            f"keep {_SECRET} to make the same again."
        )
    return "\n".join(lines)
