"""Which other packages our modules need, so that a browser loads only those.

Found by reading. What a module needs *when it is imported* is what stands outside its
functions, in it and in every module of ours that this imports. What one of its
functions needs *when it is called* and imports only then has the function's own name:
`import coursekit.pages` needs nothing, `coursekit.pages.style` matplotlib.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from coursekit.book.imports import absolute, never_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def needs(sources: Mapping[str, str], packages: set[str]) -> dict[str, set[str]]:
    """Return the top-level names of others that each of our modules needs.

    Parameters
    ----------
    sources
        The text of our modules by their full names; packages without `.__init__`.
    packages
        Which of these names are packages.

    Returns
    -------
    dict
        Names by module, and by `module.function` where calling needs more.

    Examples
    --------
    >>> found = needs({"a": "import numpy", "b": "import a"}, set())
    >>> found["b"]
    {'numpy'}
    """
    modules = {
        name: _Module(name, text, is_package=name in packages)
        for name, text in sources.items()
    }
    found: dict[str, set[str]] = {}
    for name, module in modules.items():
        found[name] = _reached(name, modules)
        for function, names in module.called():
            if more := names - set(modules) - found[name]:
                found[f"{name}.{function}"] = more
    return found


def _reached(name: str, modules: Mapping[str, _Module]) -> set[str]:
    """Return what others an import of a module brings in, through all of ours."""
    others: set[str] = set()
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in modules:
            waiting += [*_above(current), *modules[current].imported]
        elif current.partition(".")[0] not in modules:
            others.add(current.partition(".")[0])
    return others


def _above(name: str) -> Iterator[str]:
    """Give the packages that are imported before a module in them."""
    while name := name.rpartition(".")[0]:
        yield name


class _Module:
    """One module, read."""

    def __init__(self, name: str, text: str, *, is_package: bool) -> None:
        self._tree = ast.parse(text)
        self._package = name if is_package else name.rpartition(".")[0]
        self._unreached = never_run(self._tree)
        # The full names that are imported when the module is.
        self.imported = list(self._imports(self._tree, deep=False))

    def called(self) -> Iterator[tuple[str, set[str]]]:
        """Give each function with what others it imports, also through its helpers."""
        bodies = {
            node.name: node
            for node in self._tree.body
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef))
        }
        imported = {
            name: {found.partition(".")[0] for found in self._imports(body, deep=True)}
            for name, body in bodies.items()
        }
        if not any(imported.values()):
            return
        uses = {name: _names(body) & set(bodies) for name, body in bodies.items()}
        for name in bodies:
            if not name.startswith("_"):
                yield name, set().union(*(imported[n] for n in _closure(name, uses)))

    def _imports(self, top: ast.AST, *, deep: bool) -> Iterator[str]:
        for node in ast.iter_child_nodes(top):
            if id(node) in self._unreached or _is_optional(node):
                continue
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = absolute(node, self._package)
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            elif isinstance(node, _FUNCTIONS) and (not deep or _is_protocol(node)):
                continue
            else:
                yield from self._imports(node, deep=deep)


def _names(body: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(body) if isinstance(node, ast.Name)}


def _closure(name: str, uses: Mapping[str, set[str]]) -> set[str]:
    """Return a function and those of its module that it names, directly or not."""
    waiting, seen = [name], set()
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += uses[current]
    return seen


def _is_optional(node: ast.AST) -> bool:
    """Tell whether the code goes on where an import fails."""
    return isinstance(node, ast.Try) and any(
        handler.type is not None and "ImportError" in ast.unparse(handler.type)
        for handler in node.handlers
    )


def _is_protocol(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether only another package calls a method: it has been imported then."""
    return node.name.startswith("__sklearn") and node.name.endswith("__")
