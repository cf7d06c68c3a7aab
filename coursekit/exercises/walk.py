"""Walk through an exercise's cells, trying other answers on the way.

A walk runs the exercise with the reference's answers. Before each question it forks
once for every other answer that is to be tried there, so that what comes before is
run once. Where a process cannot be forked, each of them begins in a new process.

Each try leaves a folder: its evidence, and `report.json` with the errors of its cells
and what the checks printed.
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from coursekit.exercises.branches import branch, can_fork
from coursekit.exercises.evidence import Writer
from coursekit.exercises.gate import defined
from coursekit.exercises.impostors import Recorder, Recording, install
from coursekit.exercises.model import Exercise
from coursekit.exercises.session import Session
from coursekit.source import Cell

__all__ = ["Report", "Try", "Walk", "read_report", "run_cells", "walk"]

REFERENCE = "reference"


@dataclass(frozen=True)
class Try:
    """Another answer to be tried.

    Attributes
    ----------
    name
        Name of its folder.
    question
        Question before which the walk forks.
    codes
        Answers by question, in place of the reference's.
    lie
        Kind of made-up answer to `question`, or None.
    rest
        Whether the questions after it are gone through as well.
    only
        The one question whose evidence is wanted, or None for all.
    """

    name: str
    question: str
    codes: dict[str, str] = field(default_factory=dict)
    lie: str | None = None
    rest: bool = False
    only: str | None = None


@dataclass(frozen=True)
class Walk:
    """One way through an exercise.

    Attributes
    ----------
    path
        The exercise's source.
    folder
        Where the folders of the tries go; `reference` is the walk's own.
    mode
        `evidence`: as graded, checks left out. `checks`: as a learner sees it.
    seed
        The seed; None for the one in the source.
    other
        The seed under which the lie `other-seed` is the truth.
    tries
        What to try on the way.
    seconds
        Limit of one try.
    """

    path: Path
    folder: Path
    mode: Literal["evidence", "checks"]
    seed: int | None = None
    other: int | None = None
    tries: tuple[Try, ...] = ()
    seconds: float = 60.0


@dataclass
class Report:
    """What happened in one try.

    Attributes
    ----------
    errors
        Role, line of the source and words of each error.
    said
        What the check cells printed, by question.
    overheard
        Item, function and place, where the results of the reference could be read
        from a place in the evidence cell.
    ended
        Why it did not come to its end; empty where it did.
    """

    errors: list[tuple[str, int, str]] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    overheard: list[tuple[str, str, str]] = field(default_factory=list)
    ended: str = ""

    def error_in(self, *roles: str) -> str:
        """Return the first error in cells of these roles, with its line."""
        for role, line, words in self.errors:
            if role in roles:
                return f"line {line}: {words}"
        return ""


def walk(plan: Walk, exercise: Exercise) -> None:
    """Go one way; call it in a process that nothing else depends on.

    Parameters
    ----------
    plan : Walk
        Which way, and what to try.
    exercise : Exercise
        The exercise of `plan.path`.
    """
    recordings, overheard = _recordings(exercise, plan)
    path = _Path(exercise, plan, recordings)
    path.report.overheard = overheard
    for cell in exercise.source.code:
        if _role(cell) == "answer":
            for one in plan.tries:
                if one.question == _question(cell):
                    _attempt(path, one, cell)
        path.step(cell)
    path.save()


def _recordings(
    exercise: Exercise, plan: Walk
) -> tuple[tuple[Recording, Recording], list[tuple[str, str, str]]]:
    """Record what the reference returns with the walk's seed and with the other one.

    Also returned is what could be overheard with both, since with one it may be chance.
    """
    found: list[Recording] = []
    heard: list[set[tuple[str, str, str]]] = []
    if not any(one.lie for one in plan.tries):
        return (Recording(), Recording()), []
    for seed in (plan.seed, plan.other):
        folder = plan.folder / f"recorded-{seed}"
        path = _Path(exercise, Walk(plan.path, folder, "evidence", seed))
        path.recorder = Recorder(path.session.names)
        for cell in exercise.source.code:
            path.step(cell)
        shutil.rmtree(folder, ignore_errors=True)
        found.append(path.recorder.recording)
        heard.append(set(path.recorder.listener.findings()))
    return (found[0], found[1]), sorted(heard[0] & heard[1])


class _Path:
    """The state of a walk: a session, and where its evidence goes."""

    recorder: Recorder | None = None

    def __init__(
        self,
        exercise: Exercise,
        plan: Walk,
        recordings: tuple[Recording, Recording] | None = None,
    ) -> None:
        self.exercise = exercise
        self.plan = plan
        self.recordings = recordings or (Recording(), Recording())
        self.report = Report()
        grading = plan.mode == "evidence"
        self.session = Session(forbid=exercise.meta.forbid if grading else ())
        self.enter(REFERENCE)

    def enter(self, name: str) -> None:
        """Let what follows write into a folder of its own."""
        self.folder = self.plan.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.report = Report()
        if self.plan.mode == "evidence":
            self.session.names["evidence"] = Writer(self.folder)

    def save(self) -> None:
        """Write the report of this folder."""
        text = json.dumps(asdict(self.report))
        (self.folder / "report.json").write_text(text, encoding="ascii")

    def step(self, cell: Cell, code: str | None = None) -> None:
        """Run one cell of the source, where this kind of walk runs it."""
        role = _role(cell)
        if role not in _RUN[self.plan.mode]:
            return
        if role == "evidence" and self.recorder:
            self.recorder.begin(_item(cell))
        outcome = self.session.run(cell.source if code is None else code)
        if outcome.failure:
            self.report.errors.append((role, cell.line, str(outcome.failure)))
        if role == "check" and cell.role:
            key = cell.role.question or "summary"
            self.report.said[key] = self.report.said.get(key, "") + outcome.text
        if role == "parameters" and self.plan.seed is not None:
            self.session.run(f"seed = {self.plan.seed}")
        if self.recorder and role == "answer":
            self.recorder.watch(_question(cell), _own(cell))
        if self.recorder and role == "given":
            self.recorder.listener.tap(_own(cell))


_RUN = {
    "evidence": {"parameters", "given", "answer", "evidence"},
    "checks": {"parameters", "given", "answer", "check"},
}


def _attempt(path: _Path, one: Try, answer: Cell) -> None:
    """Try one answer from where the walk stands, in a process of its own."""
    plan = path.plan
    if can_fork():
        ended = branch(_perform, path, one, answer, seconds=plan.seconds)
    else:
        ended = branch(_replay, plan, path.exercise, one, seconds=plan.seconds)
    if ended:
        folder = plan.folder / one.name
        folder.mkdir(parents=True, exist_ok=True)
        report = asdict(Report(ended=ended))
        (folder / "report.json").write_text(json.dumps(report), encoding="ascii")


def _perform(path: _Path, one: Try, answer: Cell) -> None:
    path.enter(one.name)
    begin: Callable[[str], None] = _nobody
    for cell in _stretch(path.exercise, one, answer):
        if _role(cell) == "evidence":
            if one.only not in (None, _question(cell)):
                continue
            begin(_item(cell))
        path.step(cell, one.codes.get(_question(cell)) if _is_answer(cell) else None)
        if cell == answer and one.lie:
            names = path.session.names
            own = _own(cell)
            begin = install(names, one.question, own, one.lie, *path.recordings)
    path.save()


def _stretch(exercise: Exercise, one: Try, answer: Cell) -> list[Cell]:
    """Return the cells from an answer to the last that tells of it."""
    wanted = one.only or (None if one.rest else one.question)
    cells = [cell for cell in exercise.source.code if cell.index >= answer.index]
    last = max(
        cell.index
        for cell in cells
        if wanted in (None, _question(cell)) and _role(cell) in ("check", "evidence")
    )
    return [cell for cell in cells if cell.index <= last]


def _nobody(item: str) -> None:
    """Take no notice of the item that begins: only a made-up answer counts calls."""


def _replay(plan: Walk, exercise: Exercise, one: Try) -> None:
    """Without fork: walk up to the question again, and try the answer there."""
    way = plan.folder / f"{one.name}-way"
    alone = replace(plan, folder=way, tries=(one,))
    path = _Path(exercise, alone, _recordings(exercise, alone)[0])
    answer = exercise.question(one.question).answer
    for cell in exercise.source.code:
        if cell == answer:
            path.plan = plan
            _perform(path, one, cell)
            break
        path.step(cell)
    shutil.rmtree(way, ignore_errors=True)


def run_cells(sources: Sequence[str], folder: Path) -> None:
    """Run the code cells of a starter and write what they printed and raised."""
    session = Session()
    report = Report()
    for number, source in enumerate(sources):
        outcome = session.run(source)
        report.said[str(number)] = outcome.text
        if outcome.failure:
            report.errors.append(("cell", number, str(outcome.failure)))
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(report))
    (folder / "report.json").write_text(text, encoding="ascii")


def read_report(folder: Path) -> Report:
    """Read the report that a try left."""
    file = folder / "report.json"
    if not file.is_file():
        return Report(ended="it left no report")
    raw: dict[str, Any] = json.loads(file.read_text(encoding="ascii"))
    raw["errors"] = [tuple(one) for one in raw["errors"]]
    raw["overheard"] = [tuple(one) for one in raw["overheard"]]
    return Report(**raw)


def _role(cell: Cell) -> str:
    return cell.role.role if cell.role else "given"


def _is_answer(cell: Cell) -> bool:
    return _role(cell) == "answer"


def _question(cell: Cell) -> str:
    return (cell.role.question if cell.role else None) or ""


def _item(cell: Cell) -> str:
    return f"{_question(cell)}.{cell.role.item if cell.role else ''}"


def _own(cell: Cell) -> list[str]:
    """Names that an answer cell defines."""
    return sorted(defined(ast.parse(cell.source)))
