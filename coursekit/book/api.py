"""What the library offers, read from its text: modules, names, signatures, docstrings.

Nothing is imported, so that a library that cannot be imported can still be read, and
so that a build in which nothing changed stays quick.
"""

from __future__ import annotations

import ast
import copy
import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from coursekit.source import SourceError

# The sentence of a docstring that names the page which teaches it.
TAUGHT = re.compile(r"Taught in:\s+(?P<page>[\w-]+/[\w-]+)\.?")
_FIELDS = ("dataclass", "NamedTuple", "TypedDict")

Definition: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Documented: TypeAlias = ast.Module | Definition
Known: TypeAlias = Mapping[str, Definition]


@dataclass(frozen=True)
class Entry:
    """A public name: a class, a function, or a method or property of a class.

    Attributes
    ----------
    name
        Without its module.
    kind
        "class", "exception", "function", "method" or "property".
    signature
        Parameters and defaults in parentheses, without types; empty for a property.
    docstring
        Its text without indentation.
    page
        The page that teaches it, as `part/slug`; empty where none is named.
    methods
        What a class has beside its constructor.
    """

    name: str
    kind: str
    signature: str
    docstring: str
    page: str = ""
    methods: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Size:
    """How much there is to read in a module.

    Attributes
    ----------
    lines
        Lines of code, without docstrings, comments and blank lines.
    functions
        Number of functions and methods.
    median, longest
        Lines of the function in the middle and of the longest, without docstrings.
    """

    lines: int
    functions: int
    median: float
    longest: int


@dataclass(frozen=True)
class Module:
    """A module as its users see it: a file, or a package that re-exports.

    Attributes
    ----------
    name
        As it is imported.
    about
        Its docstring.
    entries
        Its public names, in the order of the text.
    size
        How much there is to read.
    """

    name: str
    about: str
    entries: tuple[Entry, ...]
    size: Size


def read(package: Path) -> tuple[Module, ...]:
    """Read every public module of a package, in alphabetical order.

    Parameters
    ----------
    package
        The folder of the package.

    Returns
    -------
    tuple of Module
        A package inside it is one module where its `__init__` has a list `__all__`,
        and one module for each of its files where it has none.

    Raises
    ------
    coursekit.source.SourceError
        If a file is no Python, or exports what it does not define.
    """
    return tuple(
        sorted(_modules(package, package.name), key=lambda module: module.name)
    )


def _modules(folder: Path, name: str) -> Iterator[Module]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (path / "__init__.py").is_file():
            inner = f"{name}.{path.name}"
            exported = _exported(_parse(path / "__init__.py"))
            if exported is None:
                yield from _modules(path, inner)
            else:
                yield _package(path, inner, exported)
        elif path.suffix == ".py" and not path.stem.startswith("_"):
            yield _file(path, f"{name}.{path.stem}")


def _file(path: Path, name: str) -> Module:
    tree = _parse(path)
    about = ast.get_docstring(tree) or ""
    known = {node.name: node for node in _definitions(tree)}
    public = [node for name, node in known.items() if not name.startswith("_")]
    entries = tuple(_entry(node, known) for node in public)
    return Module(name, about, entries, _size_of([path]))


def _package(folder: Path, name: str, exported: list[str]) -> Module:
    init = _parse(folder / "__init__.py")
    trees = [_parse(path) for path in sorted(folder.glob("*.py"))]
    found = {node.name: node for tree in trees for node in _definitions(tree)}
    constants = {target for tree in trees for target in _assigned(tree)}
    if missing := [each for each in exported if each not in found.keys() | constants]:
        words = f"__all__ has {missing[0]!r}, which no file of {name} defines."
        raise SourceError(folder / "__init__.py", 1, words)
    public = [node for node in found.values() if node.name in exported]
    entries = tuple(_entry(node, found) for node in public)
    size = _size_of(sorted(folder.glob("*.py")))
    return Module(name, ast.get_docstring(init) or "", entries, size)


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise SourceError(path, error.lineno or 1, error.msg) from None


def _exported(tree: ast.Module) -> list[str] | None:
    """Return the list `__all__` of a module; None where it has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def _assigned(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (ast.unparse(target) for target in targets)


def _definitions(tree: ast.Module) -> Iterator[Definition]:
    return (node for node in tree.body if isinstance(node, Definition))


def _entry(node: Definition, known: Known) -> Entry:
    text = ast.get_docstring(node) or ""
    found = TAUGHT.search(text)
    page = found["page"] if found else ""
    if not isinstance(node, ast.ClassDef):
        return Entry(node.name, "function", _signature(node), text, page)
    methods = tuple(_methods(node))
    bases = [ast.unparse(base) for base in node.bases]
    kind = "exception" if _is_error(node.name, bases) else "class"
    return Entry(node.name, kind, _constructor(node, known), text, page, methods)


def _is_error(name: str, bases: list[str]) -> bool:
    return name.endswith(("Error", "Warning")) and bool(bases)


def _methods(node: ast.ClassDef) -> Iterator[Entry]:
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef) or inner.name.startswith("_"):
            continue
        marks = {ast.unparse(mark) for mark in inner.decorator_list}
        if any(mark.endswith((".setter", "overload")) for mark in marks):
            continue
        is_property = bool(marks & {"property", "cached_property"})
        kind = "property" if is_property else "method"
        own = 0 if "staticmethod" in marks else 1  # `self` or `cls` is not passed
        signature = "" if is_property else _signature(inner, skip=own)
        yield Entry(inner.name, kind, signature, ast.get_docstring(inner) or "")


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, skip: int = 0) -> str:
    arguments = copy.deepcopy(node.args)
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    first = arguments.posonlyargs or arguments.args
    del first[:skip]
    return f"({ast.unparse(arguments)})"


def _constructor(node: ast.ClassDef, known: Known) -> str:
    """Return what a class is called with: an `__init__`, or a data class's fields."""
    for each in _lineage(node, known):
        for inner in each.body:
            if isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                return _signature(inner, skip=1)
        if _has_fields(each):
            return _called_with(list(_lineage(each, known)))
    return ""


def _lineage(node: ast.ClassDef, known: Known) -> Iterator[ast.ClassDef]:
    """Yield a class and then, as far as they are known, those that it is made from."""
    yield node
    for base in node.bases:
        found = known.get(ast.unparse(base).partition("[")[0])
        if isinstance(found, ast.ClassDef):
            yield from _lineage(found, known)


def _has_fields(node: ast.ClassDef) -> bool:
    marks = [ast.unparse(each) for each in (*node.decorator_list, *node.bases)]
    return any(mark.split("(")[0].split(".")[-1] in _FIELDS for mark in marks)


def _called_with(lineage: list[ast.ClassDef]) -> str:
    """Return the fields of a data class, those of what it is made from first."""
    bodies = [each.body for each in reversed(lineage) if _has_fields(each)]
    fields = [
        each for body in bodies for each in body if isinstance(each, ast.AnnAssign)
    ]
    # A field that is told again stays in its place.
    told = {ast.unparse(each.target): _passed(each) for each in fields}
    passed = [each for each in told.values() if each is not None]
    named = [text for text, by_name in passed if by_name]
    shown = [text for text, by_name in passed if not by_name]
    return f"({', '.join([*shown, '*', *named] if named else shown)})"


def _passed(field: ast.AnnAssign) -> tuple[str, bool] | None:
    """Return how a field is passed, and whether by name only; None if it is not."""
    name, value = ast.unparse(field.target), field.value
    options: dict[str | None, str] = {}
    default = None if value is None else ast.unparse(value)
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        options = {each.arg: ast.unparse(each.value) for each in value.keywords}
        made = options.get("default_factory")
        default = options.get("default", made and f"{made}()")
        if made and not made.isidentifier():  # a lambda says nothing to its caller
            default = "..."
    if name.startswith("_") or options.get("init") == "False":
        return None
    text = name if default is None else f"{name}={default}"
    return text, options.get("kw_only") == "True"


def _size_of(files: list[Path]) -> Size:
    lengths = [length for file in files for length in _lengths(_parse(file))]
    lines = sum(map(_lines_of_code, files))
    middle = statistics.median(lengths) if lengths else 0.0
    return Size(lines, len(lengths), middle, max(lengths, default=0))


def _lengths(tree: ast.Module) -> Iterator[int]:
    """Yield the lines of each function's body, its docstring left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _lines_of_code(file: Path) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(_parse(file)):
        if isinstance(node, Documented) and ast.get_docstring(node) is not None:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno or 0
            lines[first:last] = [""] * (last - first)
    return sum(bool(line.strip()) and line.strip()[0] != "#" for line in lines)
