"""The rules that the source of an exercise keeps to.

Each function looks at one thing and gives the faults that it finds: the line, and a
sentence that says what is wrong and what to do.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from coursekit.exercises import gate
from coursekit.exercises.strip import MarkerError, blocks, has_marker, strip
from coursekit.exercises.verdicts import verdicts
from coursekit.source import Cell, CellRole, Source

__all__ = ["Fault", "faults", "question_names"]


class Fault(NamedTuple):
    """What is wrong on one line of a source, and what to do about it."""

    line: int
    what: str


class _Demand(NamedTuple):
    """Which fields a role has, which it may have, and the kind of its cell."""

    kind: str
    has: frozenset[str]
    may: frozenset[str] = frozenset()


def _demand(kind: str, has: str, may: str = "") -> _Demand:
    return _Demand(kind, frozenset(has.split()), frozenset(may.split()))


_DEMANDS = {
    "parameters": _demand("code", ""),
    "answer": _demand("code", "question points", "needs"),
    "check": _demand("code", "", "question"),
    "evidence": _demand("code", "question item points"),
    "judge": _demand("code", "question item"),
    "hint": _demand("markdown", "question level"),
    "manual": _demand("markdown", "question points title"),
    "wrong-answer": _demand("code", "question name caught_by says"),
    "right-answer": _demand("code", "question name"),
}
_ORDER = {
    "manual": 0,
    "answer": 0,
    "check": 1,
    "hint": 2,
    "evidence": 3,
    "judge": 3,
    "wrong-answer": 4,
    "right-answer": 4,
}
_FIELDS = ("question", "item", "points", "level", "title", "name", "caught_by", "says")


def faults(source: Source) -> list[Fault]:
    """Return every fault of a source; empty where it keeps to the format."""
    if source.exercise is None:
        return [Fault(1, "add `exercise:` with title, chapter, skills, ... on top.")]
    first = [*_fields(source), *_syntax(source), *_markers(source)]
    if first:  # the rest would only repeat these in other words
        return first
    found: list[Fault] = []
    for rule in _RULES:
        found += rule(source)
    return found


def question_names(source: Source) -> list[str]:
    """Return the names of the questions in the order of the file."""
    named = (
        cell.role.question
        for cell in source.cells
        if cell.role and cell.role.role in ("answer", "manual")
    )
    return list(dict.fromkeys(name for name in named if name))


def _with(source: Source, *roles: str) -> Iterator[tuple[Cell, CellRole]]:
    for cell in source.cells:
        if cell.role and cell.role.role in roles:
            yield cell, cell.role


def _fields(source: Source) -> Iterator[Fault]:
    for cell in source.cells:
        if cell.role is None:
            continue
        demand = _DEMANDS[cell.role.role]
        called = f"a cell with the role `{cell.role.role}`"
        if cell.kind != demand.kind:
            yield Fault(cell.line, f"make {called} a {demand.kind} cell.")
        given = {name for name in _FIELDS if getattr(cell.role, name) is not None}
        given |= {"needs"} if cell.role.needs else set()
        for name in sorted(demand.has - given):
            yield Fault(cell.line, f"give {called} `{name}`.")
        for name in sorted(given - demand.has - demand.may):
            yield Fault(cell.line, f"remove `{name}`: {called} has none.")


def _syntax(source: Source) -> Iterator[Fault]:
    for cell in source.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            line = cell.line + (error.lineno or 1) - 1
            yield Fault(line, f"this is not Python: {error.msg}. (No magics either.)")


def _markers(source: Source) -> Iterator[Fault]:
    for cell in source.cells:
        role = cell.role.role if cell.role else "given"
        if role not in ("answer", "manual"):
            if has_marker(cell.source):
                yield Fault(
                    cell.line, f"take the solution markers out of this {role} cell."
                )
            continue
        try:
            found = blocks(cell.source)
        except MarkerError as error:
            yield Fault(cell.line + error.line, str(error))
            continue
        if not found:
            yield Fault(
                cell.line, "put the solution between BEGIN and END SOLUTION lines."
            )


def _start(source: Source) -> Iterator[Fault]:
    found = [cell for cell, _ in _with(source, "parameters")]
    if len(found) != 1 or source.code[0] is not found[0]:
        line = found[-1].line if found else 1
        yield Fault(line, "make the first code cell, and no other, `parameters`.")
        return
    if "parameters" not in found[0].tags:
        yield Fault(found[0].line, "tag the parameters cell `tags: [parameters]`.")
    if not _sets_whole_number(found[0].source, "seed"):
        yield Fault(found[0].line, "let the parameters cell say `seed = 0`.")


def _sets_whole_number(code: str, name: str) -> bool:
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if name in names and type(node.value.value) is int:
                return True
    return False


def _questions(source: Source) -> Iterator[Fault]:
    names = question_names(source)
    if not 2 <= len(names) <= 5:
        yield Fault(1, f"ask 2 to 5 questions, found {len(names)}.")
    wanted = [f"q{number}" for number in range(1, len(names) + 1)]
    if names != wanted:
        yield Fault(1, f"name the questions {', '.join(wanted)} in order: {names}.")
    for cell, role in _with(source, *_ORDER):
        if role.question is not None and role.question not in names:
            told = f"there is no answer cell for {role.question}: correct the name."
            yield Fault(cell.line, told)
    yield from _twice(source, "answer", "give each question one answer cell")
    manual = [cell for cell, _ in _with(source, "manual")]
    for cell in manual[1:]:
        yield Fault(cell.line, "keep to one manual cell in an exercise.")


def _twice(source: Source, role: str, rule: str) -> Iterator[Fault]:
    seen: set[str | None] = set()
    for cell, its in _with(source, role):
        if its.question in seen:
            yield Fault(cell.line, f"{rule}: {its.question} has a second one.")
        seen.add(its.question)


def _order(source: Source) -> Iterator[Fault]:
    names = question_names(source)
    placed = [
        (cell, (names.index(role.question), _ORDER[role.role]))
        for cell, role in _with(source, *_ORDER)
        if role.question in names
    ]
    for (_, before), (cell, after) in pairwise(placed):
        if after < before:
            yield Fault(
                cell.line,
                "keep the order answer, checks, hints, evidence and judge, wrong and "
                "right answers, and then the next question.",
            )


def _items(source: Source) -> Iterator[Fault]:
    evidence = [
        (cell, f"{r.question}.{r.item}") for cell, r in _with(source, "evidence")
    ]
    judges = [(cell, f"{r.question}.{r.item}") for cell, r in _with(source, "judge")]
    for cells, role in ((evidence, "evidence"), (judges, "judge")):
        for name, times in Counter(name for _, name in cells).items():
            if times > 1:
                line = [cell.line for cell, own in cells if own == name][-1]
                yield Fault(line, f"{name} has {times} {role} cells: keep one.")
    for cell, name in evidence:
        if name not in {own for _, own in judges}:
            yield Fault(cell.line, f"write a judge cell for {name}.")
        if gate.written(cell.source) != [name]:
            told = f'call evidence("{name}", ...) once here, and no other evidence.'
            yield Fault(cell.line, told)
    for cell, name in judges:
        if name not in {own for _, own in evidence}:
            yield Fault(cell.line, f"write an evidence cell for {name}.")


def _points(source: Source) -> Iterator[Fault]:
    for cell, role in _with(source, "answer"):
        points = [
            its.points or 0
            for _, its in _with(source, "evidence")
            if its.question == role.question
        ]
        if sum(points) != role.points:
            told = (
                f"the items of {role.question} have {sum(points)} points in all and "
                f"its answer says {role.points}: make them agree."
            )
            yield Fault(cell.line, told)


def _checks(source: Source) -> Iterator[Fault]:
    for cell, role in _with(source, "check"):
        if role.question is None:
            continue
        named = gate.checked(cell.source)
        if set(named) != {role.question}:
            told = f'let every check here begin `with check("{role.question}", ...)`.'
            yield Fault(cell.line, told)
    checked = {role.question for _, role in _with(source, "check")}
    for cell, role in _with(source, "answer"):
        if role.question not in checked:
            yield Fault(
                cell.line, f"write a check cell after the answer {role.question}."
            )


def _summary(source: Source) -> Iterator[Fault]:
    last = source.code[-1]
    if not (last.role and last.role.role == "check" and last.role.question is None):
        told = "end with a cell `course: {role: check}` that calls check.summary(...)."
        yield Fault(last.line, told)
        return
    for cell, role in _with(source, "check"):
        if role.question is None and cell is not last:
            yield Fault(cell.line, "give this check its `question`.")
    wanted = {str(r.question): r.points for _, r in _with(source, "answer")}
    if gate.summary_points(last.source) != wanted:
        call = ", ".join(f"{name}={points}" for name, points in wanted.items())
        yield Fault(last.line, f"write check.summary({call}) here.")


def _hints(source: Source) -> Iterator[Fault]:
    for cell, role in _with(source, "answer"):
        levels = sorted(
            its.level or 0
            for _, its in _with(source, "hint")
            if its.question == role.question
        )
        if levels != [1, 2, 3]:
            told = f"give {role.question} hints of level 1, 2 and 3, found {levels}."
            yield Fault(cell.line, told)


def _variants(source: Source) -> Iterator[Fault]:
    wrong = [role for _, role in _with(source, "wrong-answer")]
    right = [role for _, role in _with(source, "right-answer")]
    for cell, role in _with(source, "answer"):
        number = sum(its.question == role.question for its in wrong)
        if number < 2:
            told = f"write two wrong answers to {role.question}, found {number}."
            yield Fault(cell.line, told)
    if len(wrong) < 5:
        yield Fault(1, f"write five wrong answers in all, found {len(wrong)}.")
    if len(right) < 2:
        yield Fault(1, f"write two right answers in all, found {len(right)}.")
    items = {f"{r.question}.{r.item}" for _, r in _with(source, "evidence")}
    seen: set[tuple[str | None, str | None]] = set()
    for cell, role in _with(source, "wrong-answer", "right-answer"):
        if role.caught_by is not None and role.caught_by not in items:
            told = f"there is no item {role.caught_by}: name one of {sorted(items)}."
            yield Fault(cell.line, told)
        if (role.question, role.name) in seen:
            yield Fault(cell.line, f"{role.name} stands twice: rename one.")
        seen.add((role.question, role.name))


def _needs(source: Source) -> Iterator[Fault]:
    names = question_names(source)
    for cell, role in _with(source, "answer"):
        earlier = names[: names.index(str(role.question))]
        for name in role.needs:
            if name not in earlier:
                told = f"`needs` may name only an earlier question, not {name}."
                yield Fault(cell.line, told)


def _skeletons(source: Source) -> Iterator[Fault]:
    """Check that the skeleton is Python and gives a value to each name it leaves."""
    for cell, role in _with(source, "answer"):
        skeleton = strip(cell.source, str(role.question))
        try:
            tree = ast.parse(skeleton)
        except SyntaxError as error:
            told = (
                f"without the solution this is not Python ({error.msg}): move markers."
            )
            yield Fault(cell.line, told)
            continue
        lost = gate.defined(ast.parse(cell.source)) - gate.defined(tree)
        lost &= _used_elsewhere(source, cell)
        if lost:
            named = ", ".join(sorted(lost))
            told = f"give {named} a value (such as None) before BEGIN SOLUTION."
            yield Fault(cell.line, told)


def _used_elsewhere(source: Source, answer: Cell) -> set[str]:
    """Names that the cells of the starter and of the grader read."""
    return {
        node.id
        for cell in source.code
        if cell is not answer
        and not (cell.role and cell.role.role in ("wrong-answer", "right-answer"))
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name)
    }


def _gates(source: Source) -> Iterator[Fault]:
    forbidden = source.exercise.forbid if source.exercise else []
    for cell in source.code:
        role = cell.role.role if cell.role else "given"
        if role not in ("check", "judge", "wrong-answer"):
            for line, module in gate.imports(cell.source, forbidden):
                told = f"do not import {module} here: `forbid` keeps it from learners."
                yield Fault(cell.line + line - 1, told)


def _evidence(source: Source) -> Iterator[Fault]:
    """Check that evidence hands on values, and calls what is there when it runs."""
    answers = {
        name
        for cell, _ in _with(source, "answer")
        for name in gate.defined(ast.parse(cell.source))
    }
    there = _functions(source, "parameters", "given", "answer", "evidence")
    missing = _functions(source, "check") - there
    for cell, _ in _with(source, "evidence"):
        for line, what in verdicts(cell.source, answers):
            yield Fault(cell.line + line - 1, what)
        names = [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Name)]
        own = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        for node in names:
            if node.id in missing - own:
                told = (
                    f"`{node.id}` is made in a check cell, which does not run when "
                    "this exercise is graded: the judge cell compares."
                )
                yield Fault(cell.line + node.lineno - 1, told)


def _functions(source: Source, *roles: str) -> set[str]:
    """Return the names of functions and classes that the cells of some roles define."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name
        for cell in source.code
        if (cell.role.role if cell.role else "given") in roles
        for node in ast.parse(cell.source).body
        if isinstance(node, kinds)
    }


_RULES = (
    _start,
    _questions,
    _order,
    _items,
    _points,
    _checks,
    _summary,
    _hints,
    _variants,
    _needs,
    _skeletons,
    _gates,
    _evidence,
)
