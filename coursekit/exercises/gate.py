"""What a cell of an exercise does, read from its syntax without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

__all__ = ["checked", "defined", "imports", "summary_points", "verdicts", "written"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Calls that compare or score: evidence carries what the learner's code returned, and
# the judge, which the learner's code never meets, compares.
_COMPARE = _words(
    "allclose isclose array_equal array_equiv array_almost_equal equals "
    "assert_allclose assert_array_equal assert_frame_equal score accuracy_score "
    "f1_score precision_score recall_score r2_score roc_auc_score log_loss "
    "mean_squared_error mean_absolute_error"
)
# Calls that hand their argument through, so that a comparison inside is a verdict.
_THROUGH = _words(
    "bool int float str list tuple dict all any sum mean min max asarray array "
    "astype item tolist len round not_equal equal logical_and logical_or"
)
_TOLD = (
    "evidence must be what the learner's code gave, not a verdict on it: write the "
    "value itself and let the judge cell compare."
)


def written(code: str) -> list[str]:
    """Return the names given to `evidence(...)`, in order.

    Examples
    --------
    >>> written('evidence("q1.f", value=f(2))')
    ['q1.f']
    """
    return [_first_text(call) for call in _calls(code, "evidence")]


def checked(code: str) -> list[str]:
    """Return the questions given to `check(...)`, in order."""
    return [_first_text(call) for call in _calls(code, "check")]


def summary_points(code: str) -> dict[str, int | None]:
    """Return the points that `check.summary(...)` is told, by question."""
    points: dict[str, int | None] = {}
    for node in ast.walk(ast.parse(code)):
        if not (isinstance(node, ast.Call) and _called(node) == "summary"):
            continue
        for keyword in node.keywords:
            value = keyword.value
            number = value.value if isinstance(value, ast.Constant) else None
            points[str(keyword.arg)] = number if isinstance(number, int) else None
    return points


def defined(tree: ast.Module) -> set[str]:
    r"""Return the names that a cell makes at its top level, loops and ifs included.

    Examples
    --------
    >>> sorted(defined(ast.parse("a, b = 1, 2\ndef f():\n    c = 3")))
    ['a', 'b', 'f']
    """
    return set(_defined(tree.body))


def _defined(body: Iterable[ast.AST]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            continue
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp):
            yield from _defined(ast.iter_child_nodes(node))


def imports(code: str, modules: Iterable[str]) -> list[tuple[int, str]]:
    r"""Find imports of any of `modules`, or of a part of one.

    Examples
    --------
    >>> imports("import numpy\nfrom sklearn.svm import SVC", ["sklearn"])
    [(2, 'sklearn.svm')]
    """
    kept = tuple(modules)
    found = []
    for node in ast.walk(ast.parse(code)):
        for name in _imported(node):
            if any(name == one or name.startswith(f"{one}.") for one in kept):
                found.append((getattr(node, "lineno", 1), name))
                break
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module, *inner]
    return []


def verdicts(code: str) -> list[tuple[int, str]]:
    """Find comparisons and scores that an evidence cell would write as its value.

    Parameters
    ----------
    code : str
        Source of an evidence cell.

    Returns
    -------
    list of (int, str)
        Line within the cell (from 1) and what to do.

    Examples
    --------
    >>> verdicts('evidence("q1.f", value=f(2) > 3)')[0][0]
    1
    >>> verdicts('evidence("q1.f", value=f(X, y > 3))')
    []
    """
    tree = ast.parse(code)
    sources = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        compares = isinstance(node, ast.Call) and _called(node) in _COMPARE
        if isinstance(node, ast.Assert) or compares:
            found.append((getattr(node, "lineno", 1), _TOLD))
    for call in _calls(code, "evidence"):
        found += [
            (getattr(node, "lineno", 1), _TOLD)
            for keyword in call.keywords
            for node in _handed(keyword.value, sources, set())
            if isinstance(node, ast.Compare) or _is_not(node)
        ]
    return sorted(set(found))


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _handed(
    node: ast.AST, sources: dict[str, ast.expr], seen: set[str]
) -> Iterator[ast.AST]:
    """Walk what becomes part of a value: not the arguments of a learner's function."""
    yield node
    if isinstance(node, ast.Name):
        if node.id in sources and node.id not in seen:
            yield from _handed(sources[node.id], sources, seen | {node.id})
        return
    if isinstance(node, ast.Call) and _called(node) not in _THROUGH:
        if isinstance(node.func, ast.Attribute):  # found[...] == x).any() and the like
            yield from _handed(node.func.value, sources, seen)
        return
    if isinstance(node, ast.Subscript):
        yield from _handed(node.value, sources, seen)  # a[b > 0] hands a part of a on
        return
    for child in ast.iter_child_nodes(node):
        yield from _handed(child, sources, seen)


def _calls(code: str, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(code)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == name
        ):
            yield node


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _first_text(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""
