"""Which modules of ours, and which other packages, a piece of code uses.

Found by reading, never by importing: a page's results depend on the text of every
module of ours that it reaches, and on nothing else of ours. Modules are followed one
by one. A package's `__init__` that merely re-exports is followed for the names that
are asked of it, so that a page which uses `ml_from_scratch.optim` is not executed
again when `ml_from_scratch/drift.py` changes.
"""

import ast
import hashlib
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_ASYNC_AST = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_EXPORTS_ONLY = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)


class Reference(NamedTuple):
    """A module, and the name taken from it (None: the module as a whole)."""

    module: str
    name: str | None = None


@dataclass(frozen=True)
class Uses:
    """What a piece of code uses, directly or not.

    Attributes
    ----------
    modules
        SHA-256 by file, relative to the folder that holds the package.
    others
        Top-level names of imports that are neither ours nor Python's.
    """

    modules: dict[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()


class Resolver:
    """Follows imports through our packages.

    Parameters
    ----------
    packages
        Folder of each of our top-level packages, by import name.
    """

    def __init__(self, packages: dict[str, Path]) -> None:
        self._packages = packages
        names = "|".join(map(re.escape, sorted(packages))) or "(?!)"
        self._mention = re.compile(rf"\b(?:{names})(?:\.\w+)+")
        self._trees: dict[Path, ast.Module] = {}
        self._known: dict[Path, list[Reference]] = {}

    def uses(self, sources: Iterable[str]) -> Uses:
        """Return what the given pieces of code use.

        Parameters
        ----------
        sources
            Python code, for instance of a page's cells; IPython magics are allowed.

        Returns
        -------
        Uses
            Digests of our modules and the names of other packages.
        """
        waiting = [
            reference
            for source in sources
            for reference in self._references(parse(source), package="")
        ]
        seen: set[Reference] = set()
        digests: dict[str, str] = {}
        others: set[str] = set()
        while waiting:
            reference = waiting.pop()
            if reference in seen:
                continue
            seen.add(reference)
            top = reference.module.partition(".")[0]
            if top in self._packages:
                waiting += self._follow(reference, digests)
            elif top not in sys.stdlib_module_names:
                others.add(top)
        return Uses(dict(sorted(digests.items())), frozenset(others))

    def _follow(
        self, reference: Reference, digests: dict[str, str]
    ) -> Iterator[Reference]:
        """Note what a reference to a module of ours touches; give what follows."""
        found = self._locate(reference.module)
        if found is None:
            return
        name, path = found
        parent, _, _ = name.rpartition(".")
        if parent:
            yield Reference(parent, "")  # importing a.b runs a's __init__ as well
        if path.name != "__init__.py":
            digests[self._label(path)] = _digest(path)
            yield from self._of_file(path, package=parent)
        elif reference.name is None or not exports_only(self._tree(path)):
            digests[self._label(path)] = _digest(path)
            yield from self._of_file(path, package=name)
            if reference.name and self._exact(f"{name}.{reference.name}"):
                yield Reference(f"{name}.{reference.name}")
        else:
            label = self._label(path)
            digests.setdefault(label, _own_digest(self._tree(path)))
            yield from self._taken(name, reference.name, path)

    def _taken(self, package: str, name: str, path: Path) -> Iterator[Reference]:
        """Say where a name that is taken from a package comes from."""
        if not name:
            return
        exports = dict(_bindings(self._tree(path), package))
        if name in exports:
            yield exports[name]
        elif self._exact(f"{package}.{name}"):
            yield Reference(f"{package}.{name}")
        else:  # made by the package itself, or by its __getattr__
            yield Reference(package)

    def _of_file(self, path: Path, package: str) -> list[Reference]:
        """Return what a module of ours refers to; each file is searched once."""
        if path not in self._known:
            found = self._references(self._tree(path), package)
            self._known[path] = list(dict.fromkeys(found))
        return self._known[path]

    def _references(self, tree: ast.Module, package: str) -> Iterator[Reference]:
        skipped = never_run(tree) | _docstrings(tree)
        for node in ast.walk(tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                yield from self._plain_import(node, tree)
            elif isinstance(node, ast.ImportFrom):
                module = absolute(node, package)
                yield from (
                    Reference(module, None if alias.name == "*" else alias.name)
                    for alias in node.names
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from self._mentioned(node.value)
            elif isinstance(node, ast.List | ast.Tuple | ast.Call):
                yield from self._started(node)

    def _plain_import(self, node: ast.Import, tree: ast.Module) -> Iterator[Reference]:
        """Follow `import a.b`, and `a.c` where the code goes on to write that."""
        for alias in node.names:
            if alias.asname or "." not in alias.name:
                yield Reference(alias.name)
                continue
            yield Reference(alias.name)
            top = alias.name.partition(".")[0]
            yield from (Reference(top, name) for name in _attributes_of(top, tree))

    def _mentioned(self, text: str) -> Iterator[Reference]:
        """Follow modules named in strings: `python -m` and `module:app` load them."""
        if text in self._packages:
            yield Reference(text)
        for name in self._mention.findall(text):
            yield Reference(name)

    def _started(self, node: ast.List | ast.Tuple | ast.Call) -> Iterator[Reference]:
        """Follow a package that is run as a program: `..., "-m", "package", ...`."""
        words = node.args if isinstance(node, ast.Call) else node.elts
        texts = [
            word.value if isinstance(word, ast.Constant) else None for word in words
        ]
        for flag, name in itertools.pairwise(texts):
            if flag == "-m" and name in self._packages:
                yield Reference(f"{name}.__main__")

    def _locate(self, module: str) -> tuple[str, Path] | None:
        """Find the file of a module, or of the longest part of its name that is one."""
        while module:
            if path := self._exact(module):
                return module, path
            module = module.rpartition(".")[0]
        return None

    def _exact(self, module: str) -> Path | None:
        top, *rest = module.split(".")
        stem = self._packages[top].joinpath(*rest)
        candidates = [stem / "__init__.py"]
        if rest:
            candidates.append(stem.with_name(f"{stem.name}.py"))
        return next((path for path in candidates if path.is_file()), None)

    def _label(self, path: Path) -> str:
        for name, folder in self._packages.items():
            if path.is_relative_to(folder):
                return f"{name}/{path.relative_to(folder).as_posix()}"
        raise ValueError(f"{path} is in none of our packages")

    def _tree(self, path: Path) -> ast.Module:
        if path not in self._trees:
            self._trees[path] = ast.parse(path.read_bytes(), filename=str(path))
        return self._trees[path]


def parse(source: str) -> ast.Module:
    r"""Parse the code of a notebook's cell.

    Lines that only IPython understands become `pass`; a cell that is wrong on purpose
    is searched for the lines that import something.

    Examples
    --------
    >>> ast.unparse(parse("%matplotlib inline\nimport numpy"))
    'pass\nimport numpy'
    """
    plain = re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        tree = compile(plain, "<cell>", "exec", _ASYNC_AST)
    except SyntaxError:
        lines = re.findall(r"^(?:import|from)\s[\w., ]+$", plain, flags=re.MULTILINE)
        return _parsed_lines(lines)
    assert isinstance(tree, ast.Module)
    return tree


def _parsed_lines(lines: list[str]) -> ast.Module:
    body: list[ast.stmt] = []
    for line in lines:
        try:
            body += ast.parse(line).body
        except SyntaxError:
            continue  # prose that begins like an import
    return ast.Module(body=body, type_ignores=[])


def exports_only(tree: ast.Module) -> bool:
    """Tell whether a package's `__init__` does nothing but define and re-export."""
    return all(
        isinstance(node, _EXPORTS_ONLY)
        or _is_literal_assignment(node)
        or _is_docstring(node)
        or (isinstance(node, ast.If) and _tests_type_checking(node))
        for node in tree.body
    )


def _own_digest(tree: ast.Module) -> str:
    """Digest what an `__init__` does itself: not its imports, docstring, `__all__`."""
    own = [
        ast.dump(node)
        for node in tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.If)
        and not _is_docstring(node)
        and not _assigns_all(node)
    ]
    return hashlib.sha256("\n".join(own).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _bindings(tree: ast.Module, package: str) -> Iterator[tuple[str, Reference]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            module = absolute(node, package)
            for alias in node.names:
                yield alias.asname or alias.name, Reference(module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, Reference(alias.name)


def absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the full name of the module that a from-import names.

    Parameters
    ----------
    node
        The import.
    package
        The package that it stands in.
    """
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def _attributes_of(name: str, tree: ast.Module) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def never_run(tree: ast.Module) -> set[int]:
    """Return the nodes under `if TYPE_CHECKING`, which no run ever reaches.

    Parameters
    ----------
    tree
        A module.
    """
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and _tests_type_checking(node)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.body[0].value)  # type: ignore[attr-defined]
        for node in ast.walk(tree)
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        )
        and node.body
        and _is_docstring(node.body[0])
    }


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _tests_type_checking(node: ast.If) -> bool:
    return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _is_literal_assignment(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return False
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return True


def _assigns_all(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets)
