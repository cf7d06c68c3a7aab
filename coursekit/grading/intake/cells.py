"""Whose is this cell: a learner's notebook held against the exercise's starter.

Answers are found by our id, then by our metadata, by nbgrader's id, and at last by the
names that they define. Cells of ours that are given, and the parameters, run as we have
them; checks never run.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from coursekit.exercises.model import Exercise
from coursekit.grading.intake.code import Code, hidden, same, tidy
from coursekit.grading.intake.form import NEVER, Form, Slot, form_of
from coursekit.grading.model import Piece

__all__ = ["Found", "pieces_of"]

LONGEST_WRITTEN = 20_000
# Characters of a learner's cells that are parsed. What comes after them runs all the
# same, but an answer in it is found by its id alone.
LOOKED_INTO = 500_000
_STRANGE = "No cell of this exercise was found in the notebook: is it the right one?"
_SEED = re.compile(r"^(seed *=) *[0-9_]+ *$", re.MULTILINE)
_RUNNABLE = ("parameters", "given", "answer")


@dataclass(frozen=True)
class Found:
    """What a notebook holds of an exercise.

    Attributes
    ----------
    pieces
        What runs, in the learner's order.
    written
        Texts of the manual questions, by question; empty where nothing was written.
    notes, flags
        Sentences for the learner, and for the instructor alone.
    recognised
        Whether any cell of the exercise was found.
    """

    pieces: tuple[Piece, ...]
    written: dict[str, str]
    notes: tuple[str, ...]
    flags: tuple[str, ...]
    recognised: bool


@dataclass
class _Cell:
    """A cell of the learner's notebook.

    Attributes
    ----------
    runs
        Whether it is a code cell.
    slot
        The cell of ours that it is, or None for one of the learner's own.
    exact
        Whether its id says so, rather than other marks.
    answers
        Questions that it was taken to answer.
    """

    code: Code
    runs: bool
    slot: Slot | None
    exact: bool
    answers: list[str] = field(default_factory=list)

    @property
    def role(self) -> str:
        return self.slot.role if self.slot else "added"

    @property
    def kind(self) -> Literal["edited", "added"]:
        return "edited" if self.role == "given" else "added"

    @property
    def changed(self) -> bool:
        """Whether it differs from the cell of ours that it is."""
        ours = self.slot.code.source if self.slot else ""
        return tidy(self.code.source) != tidy(ours)

    @property
    def free(self) -> bool:
        """Whether an answer may be looked for in it, for the names that it defines."""
        replaced = self.role in NEVER and not self.code.checks
        replaced |= self.role == "given"
        return self.runs and (self.slot is None or (replaced and self.changed))

    def is_for(self, question: str, role: str) -> bool:
        return self.slot is not None and (self.slot.question, self.role) == (
            question,
            role,
        )


def pieces_of(notebook: Mapping[str, Any], exercise: Exercise) -> Found:
    """Tell the parts of a learner's notebook.

    Parameters
    ----------
    notebook : mapping
        As `read_notebook` returns it.
    exercise : Exercise
        The exercise that it should be of.

    Returns
    -------
    Found
        What runs and what a person reads, with what is to be said about it. Each
        answer runs in its own place; everything else after the cell of ours that it
        follows.
    """
    form = form_of(exercise)
    cells = _claimed(notebook["cells"], form)
    recognised = any(cell.slot for cell in cells)
    notes = [] if recognised else [_STRANGE]
    notes += _move_pasted(cells, form)
    for question in form.wanted:
        chosen, said = _answer(question, cells, form)
        for cell in chosen:
            cell.answers.append(question)
        notes += said
    notes += _order(cells)
    written, about_texts = _written(cells, form)
    taken, left_out = _taken(cells)
    notes += [*about_texts, *left_out, *_lost_names(taken, form)]
    pieces = tuple(one.piece for one in taken)
    flags = tuple(_flags(taken, form))
    return Found(pieces, written, tuple(notes), flags, recognised)


# --- whose cell ---


def _claimed(raws: Sequence[Mapping[str, Any]], form: Form) -> list[_Cell]:
    cells = []
    looked_into = 0
    for raw in raws:
        runs = raw["cell_type"] == "code"
        slot, exact = _claim(raw, form)
        if slot is not None and slot.role == "text" and runs:
            slot = None
        known = form.texts.get(tidy(raw["source"])) if runs else None
        if known and (slot is None or known.role != "answer"):
            slot, exact = known, known.name == raw["id"]
        looked_into += 0 if known else len(raw["source"])
        code = Code(raw["source"], opaque=looked_into > LOOKED_INTO)
        cells.append(_Cell(code, runs, slot, exact))
    _one_each(cells)
    return cells


def _claim(raw: Mapping[str, Any], form: Form) -> tuple[Slot | None, bool]:
    """Return the cell of ours that a cell says it is, and whether by its id."""
    if raw["id"] in form.slots:
        return form.slots[raw["id"]], True
    course, nbgrader = raw["metadata"]["course"], raw["metadata"]["nbgrader"]
    role, question = course.get("role"), course.get("question")
    role = "written" if role == "manual" else role
    if isinstance(role, str) and isinstance(question, str):
        slot = form.slot(question, role)
        if slot:
            return slot, False
    name = nbgrader.get("grade_id")
    return (form.slots.get(name) if isinstance(name, str) else None), False


def _one_each(cells: list[_Cell]) -> None:
    """Leave each given cell and check to one cell: a changed copy is the learner's."""
    held: dict[str, _Cell] = {}
    for cell in cells:
        if cell.slot and cell.role not in ("answer", "written", "text"):
            best = held.setdefault(cell.slot.name, cell)
            if _rank(cell) > _rank(best):
                held[cell.slot.name] = cell
    for cell in cells:
        holder = held.get(cell.slot.name) if cell.slot else None
        if holder is not None and holder is not cell and cell.changed:
            cell.slot = None


def _rank(cell: _Cell) -> tuple[bool, bool]:
    return cell.exact, not cell.changed


# --- answers ---


def _move_pasted(cells: list[_Cell], form: Form) -> Iterator[str]:
    """Give an answer that stands in another question's cell to its own question."""
    for cell in cells:
        if cell.role != "answer" or cell.slot is None or not cell.runs:
            continue
        here = cell.slot.question
        if cell.code.names & form.wanted[here]:
            continue
        for question, wanted in form.wanted.items():
            if question != here and wanted and wanted <= cell.code.names:
                cell.slot = form.slots[f"{question}-answer"]
                yield f"The answer to {question} stood in the cell of {here}."
                break


def _answer(
    question: str, cells: list[_Cell], form: Form
) -> tuple[list[_Cell], list[str]]:
    """Choose the cells that answer a question, and say what is to be said of it."""
    skeleton = form.slots[f"{question}-answer"].code
    wanted = form.wanted[question]
    own = [cell for cell in cells if cell.is_for(question, "answer")]
    code = [cell for cell in own if cell.runs]
    live = [cell for cell in code if _is_live(cell, skeleton)]
    if any(cell.code.tree is None or cell.code.names & wanted for cell in live):
        return _without_older(live, wanted, question)
    by_name, told = _by_name(question, cells, form)
    if by_name:
        return [*live, by_name], [told]
    names = " and ".join(f"`{name}`" for name in sorted(wanted))
    if live:
        return live, [f"The cell of {question} does not define {names}."]
    if code:
        return code[-1:], [f"{question} is not answered."]
    if own:
        told = f"The answer to {question} is not in a code cell, so it is not run."
        return [], [told]
    return [], [f"There is no answer to {question}."]


def _is_live(cell: _Cell, skeleton: Code) -> bool:
    return not cell.code.blank and not same(cell.code, skeleton)


def _without_older(
    live: list[_Cell], wanted: frozenset[str], question: str
) -> tuple[list[_Cell], list[str]]:
    """Leave out cells of which later ones define everything anew; keep split parts."""
    kept: list[_Cell] = []
    later: frozenset[str] = frozenset()
    doubled = False
    for cell in reversed(live):
        doubled |= bool(kept and cell.code.names & wanted & later)
        provides = cell.code.provides
        repeated = any(same(cell.code, other.code) for other in kept)
        if repeated or (kept and provides and provides <= later):
            continue
        kept.insert(0, cell)
        later |= provides
    told = f"{question} is answered more than once; the last answer counts."
    return kept, [told] if doubled else []


def _by_name(question: str, cells: list[_Cell], form: Form) -> tuple[_Cell | None, str]:
    """Find an answer by the names that it defines, where its own cell has none."""
    skeleton = form.slots[f"{question}-answer"].code
    wanted = form.wanted[question]
    named = [c for c in cells if c.free and c.code.names & wanted]
    named = [cell for cell in named if _is_live(cell, skeleton)]
    whole = [cell for cell in named if wanted <= cell.code.names]
    if named:
        told = f"The answer to {question} was found by its name in another cell."
        return (whole or named)[-1], told
    for cell in cells:
        if cell.runs and cell.slot and cell.role == "answer":
            here = cell.slot.question
            if here != question and wanted and wanted <= cell.code.names:
                return cell, f"The answer to {question} stood in the cell of {here}."
    return None, ""


def _order(cells: Iterable[_Cell]) -> Iterator[str]:
    order = [int(name[1:]) for cell in cells for name in cell.answers]
    if order != sorted(order):
        yield (
            "The answers do not stand in the order of the questions; each was run in "
            "its own place."
        )


# --- what runs ---


@dataclass(frozen=True)
class _Taken:
    """A piece, and its code as it has been read."""

    piece: Piece
    code: Code

    @property
    def place(self) -> str:
        """Return what to call it at the beginning of a sentence."""
        piece = self.piece
        if piece.kind == "answer":
            return f"The answer to {piece.question}"
        return (
            "An added cell"
            if piece.kind == "added"
            else f"The changed cell `{piece.after}`"
        )


def _taken(cells: list[_Cell]) -> tuple[list[_Taken], list[str]]:
    """Take what runs, and say what was left out."""
    taken: list[_Taken] = []
    notes: list[str] = []
    needed = _needed(cells)
    checks = 0
    after = ""
    for cell in cells:
        if cell.slot and cell.role in _RUNNABLE:
            after = cell.slot.name
        if cell.answers:
            taken += [_answering(cell, name) for name in cell.answers]
            after = f"{cell.answers[-1]}-answer"
        elif not cell.runs or cell.code.blank:
            continue  # nothing would run
        elif cell.role in ("parameters", *NEVER):
            notes += _unused(cell)
        elif cell.role == "answer" or (cell.role == "given" and not cell.changed):
            continue
        elif cell.code.checks and not cell.code.provides & needed:
            checks += 1
        else:
            piece = Piece(cell.kind, cell.code.source, after=after)
            taken.append(_Taken(piece, cell.code))
    if checks:
        notes.append(f"Cells of your own that call `check` were left out: {checks}.")
    return taken, notes


def _needed(cells: list[_Cell]) -> frozenset[str]:
    """Return the names that answers read: what defines one of them is not left out."""
    return frozenset().union(*(cell.code.uses for cell in cells if cell.answers))


def _answering(cell: _Cell, question: str) -> _Taken:
    return _Taken(Piece("answer", cell.code.source, question=question), cell.code)


def _unused(cell: _Cell) -> Iterator[str]:
    if cell.slot is None or not cell.changed:
        return
    if cell.role == "parameters":
        if _seedless(cell.code.source) == _seedless(cell.slot.code.source):
            return  # somebody's own data differ in that number
        yield "Your changes to the parameters were not used: grading sets its own."
    else:
        name = cell.slot.name
        yield f"Your changes to the cell `{name}` were not used: it never runs."


def _seedless(source: str) -> str:
    return _SEED.sub(r"\1", tidy(source))


def _lost_names(taken: Iterable[_Taken], form: Form) -> Iterator[str]:
    """Say where an answer relies on a name that only a check gives."""
    taken = list(taken)
    ours = form.provided("given", "parameters") | frozenset(dir(builtins))
    theirs = frozenset().union(*(one.code.provides for one in taken))
    lost = form.provided("check") - ours - theirs
    for one in taken:
        for name in sorted((one.code.uses - one.code.binds) & lost):
            yield (
                f"{one.place} uses `{name}`, which only a check defines: checks are "
                "not run when graded."
            )


# --- what people look at ---


def _written(cells: list[_Cell], form: Form) -> tuple[dict[str, str], list[str]]:
    written: dict[str, str] = {}
    notes: list[str] = []
    for slot in form.slots.values():
        if slot.role != "written":
            continue
        mine = [cell for cell in cells if cell.is_for(slot.question, "written")]
        texts = [cell.code.source.strip() for cell in mine if cell.changed]
        text = next(filter(None, reversed(texts)), "")
        written[slot.question] = text[:LONGEST_WRITTEN]
        if not text:
            there = "is not answered" if mine else "has no cell to be answered in"
            notes.append(f"{slot.question} {there}.")
        elif len(text) > LONGEST_WRITTEN:
            notes.append(
                f"Your text for {slot.question} has {len(text):,} characters and was "
                f"cut after {LONGEST_WRITTEN:,}."
            )
    return written, notes


def _flags(taken: Iterable[_Taken], form: Form) -> Iterator[str]:
    for one in taken:
        if one.code.functions & form.oracles:
            yield f"{one.place} has a function of a check, names aside."
        for words in hidden(one.code.source):
            yield f"{one.place} {words}."
