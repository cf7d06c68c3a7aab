"""What the starter of an exercise looks like, to know whose a learner's cell is."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from coursekit.exercises.model import Exercise
from coursekit.exercises.starter import starter
from coursekit.grading.intake.code import Code, tidy

__all__ = ["NEVER", "Form", "Slot", "form_of"]

# Roles of code cells that no grading runs.
NEVER = frozenset({"check", "summary", "bootstrap"})
_GIVEN = frozenset({"given", "parameters"})
_KEPT = 8
_FORMS: dict[tuple[str, str], Form] = {}


@dataclass(frozen=True)
class Slot:
    """One cell of the starter.

    Attributes
    ----------
    name
        Its id: `given-1`, `q1-answer`.
    role
        `parameters`, `given`, `answer`, `check`, `summary`, `bootstrap`, `written`,
        or `text` for everything that only is there to be read.
    question
        The question's name, where it belongs to one.
    code
        Its source.
    """

    name: str
    role: str
    question: str
    code: Code


@dataclass(frozen=True)
class Form:
    """The starter, by what intake asks of it.

    Attributes
    ----------
    exercise
        `part/slug`.
    slots
        Its cells by id, in order.
    texts
        Its code cells by their source, tidied; not the skeletons.
    wanted
        By question that is answered in code: the names that an answer defines.
    oracles
        Digests of the functions that check cells alone define.
    """

    exercise: str
    slots: dict[str, Slot]
    texts: dict[str, Slot]
    wanted: dict[str, frozenset[str]]
    oracles: frozenset[str]

    def slot(self, question: str, role: str) -> Slot | None:
        """Return a question's first cell of that role."""
        for slot in self.slots.values():
            if (slot.question, slot.role) == (question, role):
                return slot
        return None

    def provided(self, *roles: str) -> frozenset[str]:
        """Return the names that the starter's cells of these roles define."""
        slots = self._of(*roles)
        return frozenset().union(*(slot.code.provides for slot in slots))

    def _of(self, *roles: str) -> list[Slot]:
        return [slot for slot in self.slots.values() if slot.role in roles]


def form_of(exercise: Exercise) -> Form:
    """Return the form of an exercise; making it once is enough for a whole batch."""
    key = (exercise.name, exercise.source.text)
    if key not in _FORMS:
        _FORMS[key] = _form(exercise)
        if len(_FORMS) > _KEPT:
            del _FORMS[next(iter(_FORMS))]  # the oldest
    return _FORMS[key]


def _form(exercise: Exercise) -> Form:
    slots = {cell.id: _slot(cell) for cell in starter(exercise).cells}
    code = [slot for slot in slots.values() if slot.role in NEVER | _GIVEN]
    asked = [question.name for question in exercise.questions if question.answer]
    return Form(
        exercise=exercise.name,
        slots=slots,
        texts={tidy(slot.code.source): slot for slot in code},
        wanted={name: _wanted(exercise, name, slots) for name in asked},
        oracles=_functions(slots, NEVER) - _functions(slots, _GIVEN),
    )


def _functions(slots: dict[str, Slot], roles: frozenset[str]) -> frozenset[str]:
    own = (slot.code.functions for slot in slots.values() if slot.role in roles)
    return frozenset().union(*own)


def _wanted(
    exercise: Exercise, question: str, slots: dict[str, Slot]
) -> frozenset[str]:
    """Return the skeleton's names: the reference's helpers are its own affair."""
    skeleton = slots[f"{question}-answer"].code.names
    answer = exercise.question(question).answer
    return skeleton or Code(answer.source if answer else "").names


def _slot(cell: NotebookNode) -> Slot:
    course = cell.metadata.get("course", {})
    question = course.get("question", "")
    return Slot(cell.id, _role(cell, course), question, Code(cell.source))


def _role(cell: NotebookNode, course: dict[str, str]) -> str:
    if "role" in course:
        return {"manual": "written"}.get(course["role"], course["role"])
    if cell.cell_type != "code":
        return "text"
    return "given" if cell.id.startswith("given-") else str(cell.id)
