"""What a cell of an exercise does, read from its syntax without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

__all__ = ["checked", "defined", "imported", "imports", "summary_points", "written"]


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


def imported(code: str) -> set[str]:
    r"""Return the modules that a cell imports, without what it takes out of them.

    Examples
    --------
    >>> sorted(imported("import numpy as np\nfrom scipy.stats import norm"))
    ['numpy', 'scipy.stats']
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        return [node.module, *inner]
    return []


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
