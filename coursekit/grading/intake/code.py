"""What a learner's code says of itself, read from its syntax without running it."""

from __future__ import annotations

import ast
import hashlib
import re
import warnings
from collections.abc import Iterator
from functools import cached_property

from coursekit.exercises.gate import defined

__all__ = ["Code", "hidden", "same", "tidy"]

# A longer source is taken as it is: its syntax tree could take a hundred times more.
_LONGEST = 50_000
# Of a function: below that, two people write the same without copying.
_TELLING = 30
_BIDI = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_FAR = 300
_DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_GAP = re.compile(r"\S\s{40,}(?=\S)")
# `%matplotlib inline`, `!ls`, `found = !ls`, `descend?`
_MAGIC = re.compile(
    r"^([ \t]*)(?:\w+[ \t]*=[ \t]*)?[%!].*$|^([ \t]*)[\w.]+\?{1,2}[ \t]*$", re.MULTILINE
)


class Code:
    """One source: its tree and names, each worked out when it is first asked for.

    Parameters
    ----------
    source : str
        Code of one cell, magics and all.
    opaque : bool
        Not to look into it.
    """

    def __init__(self, source: str, *, opaque: bool = False) -> None:
        self.source = source
        self._opaque = opaque

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree, less magics and docstrings; None where it is not Python."""
        if self._opaque or len(self.source) > _LONGEST:
            return None
        return _parsed(self.source) or _parsed(_without_magics(self.source))

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that it defines at its top level."""
        if self.tree is None:
            return frozenset()
        try:
            return frozenset(defined(self.tree))
        except RecursionError:
            return frozenset()

    @cached_property
    def provides(self) -> frozenset[str]:
        """Names that it defines or imports, at whatever level."""
        nodes = ast.walk(self.tree) if self.tree else ()
        imported = {
            (alias.asname or alias.name).partition(".")[0]
            for node in nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        return self.names | imported

    @cached_property
    def uses(self) -> frozenset[str]:
        """Names that it reads, wherever."""
        nodes = ast.walk(self.tree) if self.tree else ()
        return frozenset(
            node.id
            for node in nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )

    @cached_property
    def binds(self) -> frozenset[str]:
        """Names that it gives a value, wherever."""
        nodes = list(ast.walk(self.tree)) if self.tree else []
        stored = {
            node.id
            for node in nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
        made = {node.name for node in nodes if isinstance(node, _DOCUMENTED)}
        return self.provides | stored | arguments | made

    @cached_property
    def checks(self) -> bool:
        """Whether it calls the course's `check` or `check.summary`."""
        nodes = ast.walk(self.tree) if self.tree else ()
        return "check" not in self.names and any(map(_is_check, nodes))

    @cached_property
    def functions(self) -> frozenset[str]:
        """Digests of its functions, in which names, notes and comments do not count."""
        nodes = ast.walk(self.tree) if self.tree else ()
        return frozenset(digest for node in nodes if (digest := _digest(node)))

    @property
    def blank(self) -> bool:
        """Whether nothing in it would run."""
        lines = (line.strip() for line in self.source.split("\n"))
        return all(not line or line.startswith("#") for line in lines)


def tidy(source: str) -> str:
    r"""Return a source without what an editor changes by itself.

    Examples
    --------
    >>> tidy("\nx = 1  \r\ny = 2\n\n")
    'x = 1\ny = 2'
    """
    lines = source.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def same(one: Code, other: Code) -> bool:
    """Whether two sources are the same but for layout, comments and docstrings."""
    if tidy(one.source) == tidy(other.source):
        return True
    if one.tree is None or other.tree is None:
        return False
    try:
        return ast.dump(one.tree) == ast.dump(other.tree)
    except RecursionError:
        return False


def hidden(source: str) -> Iterator[str]:
    """Say what in a source a reader would not see as it runs."""
    if _BIDI.search(source):
        yield "has control characters for the direction of writing in its code"
    if any(map(_is_far, source.split("\n"))):
        yield f"has code behind a wide gap, beyond column {_FAR}"


def _is_far(line: str) -> bool:
    return len(line) > _FAR and any(gap.end() >= _FAR for gap in _GAP.finditer(line))


def _parsed(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return tree


def _without_magics(source: str) -> str:
    """Put `pass` in place of IPython's own lines; a cell magic's line goes whole."""
    first, _, rest = source.lstrip().partition("\n")
    body = rest if first.startswith("%%") else source
    return _MAGIC.sub(lambda found: f"{found[1] or found[2] or ''}pass", body)


def _is_check(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
    return isinstance(called, ast.Name) and called.id == "check"


def _digest(node: ast.AST) -> str:
    """Return a digest of a function's shape; empty for others and for short ones."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    try:
        parts = list(_shape(node, _own_names(node)))
    except RecursionError:
        return ""
    if len(parts) < _TELLING:
        return ""
    return hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, str]:
    """Return a number for each name that a function binds, in their order."""
    names = {function.name: "0"}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, str(len(names)))
        elif isinstance(node, ast.arg):
            names.setdefault(node.arg, str(len(names)))
    return names


def _shape(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    """Walk a function; a name of its own becomes a number."""
    yield type(node).__name__
    if isinstance(node, ast.Name | ast.arg):
        name = node.id if isinstance(node, ast.Name) else node.arg
        yield names.get(name, name)
        return
    if isinstance(node, ast.Constant | ast.Attribute):
        yield repr(node.value if isinstance(node, ast.Constant) else node.attr)
    for child in _children(node):
        yield from _shape(child, names)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Return the children that count: no types and no decorators."""
    for name, value in ast.iter_fields(node):
        if name not in ("returns", "decorator_list", "ctx"):
            inner = value if isinstance(value, list) else [value]
            yield from (child for child in inner if isinstance(child, ast.AST))
