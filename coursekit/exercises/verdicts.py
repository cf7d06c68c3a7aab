"""Find verdicts in an evidence cell: what compares, or scores, what an answer gave.

Evidence is what the learner's code returned; comparing is the judge's, in a process
that the learner's code never meets. A comparison in an evidence cell would bring what
is expected into the learner's process, and a verdict there could be forged.

What the answer gave is followed through the cell by name: through assignments, loops,
lists that it is appended to and helpers that it is handed to. This is a gate for
honest mistakes and for lazy cells, not a proof: what is tried against it is in the
tests.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

__all__ = ["verdicts"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Calls that score, whatever they are given.
_SCORES = _words(
    "allclose isclose array_equal array_equiv array_almost_equal equals "
    "assert_allclose assert_array_equal assert_frame_equal score accuracy_score "
    "f1_score precision_score recall_score r2_score roc_auc_score log_loss "
    "mean_squared_error mean_absolute_error"
)
# Calls that compare, where one side is what the answer gave.
_COMPARE = _words(
    "eq ne lt le gt ge __eq__ __ne__ __lt__ __le__ __gt__ __ge__ equal not_equal "
    "greater greater_equal less less_equal isin in1d contains __contains__ "
    "issubset issuperset isdisjoint startswith endswith fullmatch match search count "
    "countOf indexOf sign heaviside bool compare compare_digest"
)
# Calls that make one number of a difference: a distance from what is expected.
_SIZE = _words("abs absolute fabs norm max mean sum median square hypot dist amax any")
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_FILLS = _words("append extend insert add update setdefault")
_NAMES = _words("expected correct solution oracle passed verdict score")
_TOLD = (
    "evidence must be what the learner's code gave, not a verdict on it: write the "
    "value itself and let the judge cell compare."
)
_OUT_OF_PLACE = (
    "the name `{}` belongs to a judge cell: what is expected must not be where the "
    "learner's code runs."
)


def verdicts(code: str, answers: Collection[str]) -> list[tuple[int, str]]:
    """Find comparisons with what an answer gave, and scores of it.

    Parameters
    ----------
    code : str
        Source of an evidence cell.
    answers : collection of str
        Names that the answer cells of the exercise define.

    Returns
    -------
    list of (int, str)
        Line within the cell (from 1) and what to do.

    Examples
    --------
    >>> verdicts('evidence("q1.f", value=f(2) > 3)', ["f"])[0][0]
    1
    >>> verdicts('evidence("q1.f", value=f(X, y > 3))', ["f"])
    []
    """
    tree = ast.parse(code)
    cell = _Cell(tree, answers)
    found = [(node.lineno, _TOLD) for node in cell.verdicts(tree)]
    found += [(node.lineno, _OUT_OF_PLACE.format(name)) for node, name in _named(tree)]
    return sorted(set(found))


def _named(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.keyword, str]]:
    """Give the names that say themselves that they do not belong here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _NAMES:
            yield node, node.id
        elif isinstance(node, ast.keyword) and node.arg in _NAMES:
            yield node, str(node.arg)


class _Cell:
    """Which names of a cell hold what an answer gave."""

    def __init__(self, tree: ast.Module, answers: Collection[str]) -> None:
        self._answers = frozenset(answers)
        self._helpers = {
            node.name: node for node in ast.walk(tree) if isinstance(node, _FUNCTION)
        }
        self._tainted: set[str] = set()
        before = -1
        while before < len(self._tainted):  # until nothing more is reached
            before = len(self._tainted)
            for node in ast.walk(tree):
                self._spread(node)

    def verdicts(self, node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
        """Walk the cell; what an answer is given may be made by comparing."""
        if isinstance(node, ast.Call) and self._is_answer(node.func):
            yield from self.verdicts(node.func)
            return
        if isinstance(node, ast.expr | ast.stmt) and self._judges(node):
            yield node
            return
        inner = ast.iter_child_nodes(node)
        if isinstance(node, ast.IfExp | ast.If) and _selects(node):
            inner = (child for child in inner if child is not node.test)
        for child in inner:
            yield from self.verdicts(child)

    def _judges(self, node: ast.expr | ast.stmt) -> bool:
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.ImportFrom):  # it could be called by another name
            return any(one.name in _COMPARE | _SCORES for one in node.names)
        if isinstance(node, ast.Match):
            return self._given(node.subject)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._given(node.operand)
        if isinstance(node, ast.Compare):
            return any(map(self._given, [node.left, *node.comparators]))
        if isinstance(node, ast.Assign | ast.NamedExpr):
            return self._judges_by_name(node.value)
        return isinstance(node, ast.Call) and self._call_judges(node)

    def _judges_by_name(self, value: ast.expr) -> bool:
        """Whether a comparing function is given another name, to be called by it."""
        return isinstance(value, ast.Attribute | ast.Name) and (
            _last(value) in _SCORES or _last(value) in _words("eq ne lt le gt ge")
        )

    def _call_judges(self, call: ast.Call) -> bool:
        name = _last(call.func)
        if name in _SCORES:
            return True
        parts = [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(call.func, ast.Attribute):
            parts.append(call.func.value)
            looked_up = isinstance(call.func.value, ast.Dict)
        else:
            looked_up = False
        if name in _COMPARE or looked_up:
            return any(map(self._given, parts))
        passed = any(_last(part) in _COMPARE | _SCORES for part in call.args[:1])
        if passed and any(map(self._given, parts)):
            return True  # map(operator.eq, found, ...)
        return name in _SIZE and any(map(self._distance, parts))

    def _distance(self, node: ast.expr) -> bool:
        """Whether a difference has what an answer gave on one side only."""
        return any(
            isinstance(one, ast.BinOp)
            and isinstance(one.op, ast.Sub)
            and self._given(one.left) != self._given(one.right)
            and not any(isinstance(s, ast.Constant) for s in (one.left, one.right))
            for one in ast.walk(node)
        )

    def _given(self, node: ast.AST) -> bool:
        """Whether what an answer gave is in the value of an expression."""
        if isinstance(node, ast.Name):
            return node.id in self._tainted or node.id in self._answers
        if isinstance(node, _FUNCTION | ast.Lambda):
            return False
        return any(map(self._given, ast.iter_child_nodes(node)))

    def _is_answer(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and function.id in self._answers

    def _spread(self, node: ast.AST) -> None:
        """Follow what an answer gave over one node."""
        targets, sources = _flow(node)
        if any(map(self._given, sources)):
            self._taint(*targets)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(self._returns(node)):
                self._tainted.add(node.name)
        elif isinstance(node, ast.ClassDef):
            if any(map(self._given, node.bases)):
                self._tainted.add(node.name)
        elif isinstance(node, ast.Call):
            self._spread_call(node)

    def _returns(self, function: ast.AST) -> Iterator[bool]:
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield) and node.value:
                yield self._given(node.value)

    def _spread_call(self, call: ast.Call) -> None:
        parts = [*call.args, *(keyword.value for keyword in call.keywords)]
        if self._is_answer(call.func) or not any(map(self._given, parts)):
            return
        # found.append(f(2)) puts it into `found`; a helper meets it as an argument.
        if isinstance(call.func, ast.Attribute) and call.func.attr in _FILLS:
            self._taint(call.func.value)
        for function in (call.func, *parts):
            if isinstance(function, ast.Lambda):
                self._taint_arguments(function)
            elif isinstance(function, ast.Name) and function.id in self._helpers:
                self._taint_arguments(self._helpers[function.id])

    def _taint_arguments(
        self, function: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef
    ) -> None:
        given = function.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        every += [one for one in (given.vararg, given.kwarg) if one]
        self._tainted |= {one.arg for one in every}

    def _taint(self, *targets: ast.AST) -> None:
        for target in targets:
            if isinstance(target, ast.Name):
                self._tainted.add(target.id)
            elif isinstance(target, ast.Tuple | ast.List):
                self._taint(*target.elts)
            elif isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
                self._taint(target.value)


def _flow(node: ast.AST) -> tuple[list[ast.expr], list[ast.expr]]:
    """Return to what a node gives a value, and from what; mostly to nothing."""
    if isinstance(node, ast.Assign):
        return node.targets, [node.value]
    if isinstance(node, ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
        return [node.target], [node.value] if node.value else []
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        return [node.target], [node.iter]
    if isinstance(node, ast.withitem) and node.optional_vars:
        return [node.optional_vars], [node.context_expr]
    return [], []


def _selects(node: ast.IfExp | ast.If) -> bool:
    """Whether a condition only chooses which values to hand on, and makes none."""
    if isinstance(node, ast.If):
        return False
    return not any(
        isinstance(branch, ast.Constant) for branch in (node.body, node.orelse)
    )


def _last(node: ast.AST) -> str:
    """Return the last part of a dotted name; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
