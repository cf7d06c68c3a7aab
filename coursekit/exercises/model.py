"""An exercise as questions and items, built from its source.

`build` refuses a source that breaks the format, with file, line and what to do; every
fault is listed, not the first alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coursekit import source as reader
from coursekit.exercises import rules
from coursekit.source import Cell, CellRole, ExerciseMeta, Source

__all__ = [
    "Exercise",
    "ExerciseError",
    "Item",
    "Question",
    "Variant",
    "build",
    "load",
]


class ExerciseError(ValueError):
    """A source that breaks the format; one line a fault."""

    def __init__(self, path: Path, faults: list[rules.Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__(
            "\n".join(f"{path}:{fault.line}: {fault.what}" for fault in self.faults)
        )


@dataclass(frozen=True)
class Item:
    """What points are given for: one evidence cell and the judge of it."""

    question: str
    name: str
    points: int
    evidence: Cell
    judge: Cell

    @property
    def id(self) -> str:
        """`question.item`, the name under which the evidence is written."""
        return f"{self.question}.{self.name}"


@dataclass(frozen=True)
class Variant:
    """An answer that somebody might give, and what is to become of it."""

    question: str
    name: str
    cell: Cell
    caught_by: str | None = None
    says: str | None = None

    @property
    def wrong(self) -> bool:
        """Whether it is meant to lose points."""
        return self.caught_by is not None


@dataclass(frozen=True)
class Question:
    """One question: what stands in the starter, and what marks it."""

    name: str
    answer: Cell | None = None
    manual: Cell | None = None
    needs: tuple[str, ...] = ()
    checks: tuple[Cell, ...] = ()
    hints: tuple[Cell, ...] = ()
    items: tuple[Item, ...] = ()
    variants: tuple[Variant, ...] = ()

    @property
    def points(self) -> int:
        """Points that the judge gives."""
        return sum(item.points for item in self.items)

    @property
    def manual_points(self) -> int:
        """Points that a person gives."""
        if self.manual is None or self.manual.role is None:
            return 0
        return self.manual.role.points or 0


@dataclass(frozen=True)
class Exercise:
    """One exercise, checked."""

    source: Source
    meta: ExerciseMeta
    questions: tuple[Question, ...]
    items: tuple[Item, ...] = field(default=())

    @property
    def name(self) -> str:
        """`part/slug`."""
        return self.source.name

    @property
    def points(self) -> int:
        """Points that the judge gives, all questions together."""
        return sum(item.points for item in self.items)

    def question(self, name: str) -> Question:
        """Return the question of that name."""
        return next(one for one in self.questions if one.name == name)


def load(path: Path) -> Exercise:
    """Read and check one exercise.

    Parameters
    ----------
    path : Path
        Its source, `solutions/<part>/<slug>.md`.

    Returns
    -------
    Exercise
        Its questions and items.

    Raises
    ------
    coursekit.source.SourceError
        If the file cannot be read as a notebook with roles.
    ExerciseError
        If it breaks the format of an exercise.
    """
    return build(reader.read(path))


def build(source: Source) -> Exercise:
    """Build the exercise from a source that has been read.

    Raises
    ------
    ExerciseError
        Listing every fault with its line.
    """
    faults = rules.faults(source)
    if faults or source.exercise is None:
        raise ExerciseError(source.path, faults)
    questions = tuple(_question(source, name) for name in rules.question_names(source))
    items = tuple(item for question in questions for item in question.items)
    return Exercise(source, source.exercise, questions, items)


def _question(source: Source, name: str) -> Question:
    cells = [cell for cell in source.cells if _role(cell).question == name]
    answer = _first(cells, "answer")
    return Question(
        name=name,
        answer=answer,
        manual=_first(cells, "manual"),
        needs=tuple(_role(answer).needs) if answer else (),
        checks=_all(cells, "check"),
        hints=tuple(sorted(_all(cells, "hint"), key=lambda c: _role(c).level or 0)),
        items=tuple(_item(name, cells, cell) for cell in _all(cells, "evidence")),
        variants=tuple(
            _variant(cell)
            for cell in cells
            if _role(cell).role in ("wrong-answer", "right-answer")
        ),
    )


def _item(question: str, cells: list[Cell], evidence: Cell) -> Item:
    role = _role(evidence)
    judge = next(cell for cell in _all(cells, "judge") if _role(cell).item == role.item)
    return Item(question, role.item or "", role.points or 0, evidence, judge)


def _variant(cell: Cell) -> Variant:
    role = _role(cell)
    return Variant(
        role.question or "", role.name or "", cell, role.caught_by, role.says
    )


_GIVEN = CellRole.model_construct(role="parameters", question=None)


def _role(cell: Cell) -> CellRole:
    """Return the cell's role; without one, a role that belongs to no question."""
    return cell.role or _GIVEN


def _all(cells: list[Cell], role: str) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if cell.role and cell.role.role == role)


def _first(cells: list[Cell], role: str) -> Cell | None:
    return next(iter(_all(cells, role)), None)
