"""Runs the cells of a page as Jupyter would: in the browser, in Node and in CPython.

It knows no JavaScript and no page. Whoever makes a `Kernel` is told, in order, what a
cell writes, shows and ends with. How values are shown is in `shim/course_display.py`;
the folder `shim` must be on `sys.path`, before IPython where there is one.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import inspect
import io
import linecache
import os
import re
import sys
import time
import tokenize
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Emit = Callable[[str, dict[str, Any]], None]

# What a cell may write and show before the rest is left out: a page must stay usable.
MOST_TEXT = 200_000
MOST_SHOWN = 100
# The first pieces are handed on at once, then what came together in a twentieth of a
# second: a loop that prints must not send thousands of messages.
_AT_ONCE = 50
_PAUSE = 0.05
_PIECE = 8_000

_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_QUIET_COMMANDS = frozenset(
    ("matplotlib", "config", "load_ext", "reload_ext", "autoreload", "pylab")
)
_OURS = ("/ml_from_scratch/", "/coursekit/")
_NO_KEYBOARD = (
    "input() has no keyboard to read from in the page: write the value into the cell."
)


class Kernel:
    """One namespace, in which cells run one after the other.

    Parameters
    ----------
    emit
        Is told what happens: a kind and a payload.

        ``stream``   ``{name, text}``
        ``display``  ``{data: {media type: text}, metadata}``, perhaps `id`, `update`
        ``result``   ``{data, metadata}`` of the last expression
        ``clear``    ``{wait}``: remove what was shown so far
        ``error``    ``{name, message, traceback, line, hint, missing}``: `line` is that
        of the cell (or None), `missing` a name or module that was not found (or None).
    """

    def __init__(self, emit: Emit) -> None:
        # By name, since the module's place on the path is the caller's affair.
        self._shown = importlib.import_module("course_display")
        # Pyodide has a back end in mind that draws into a page: there is none here.
        os.environ["MPLBACKEND"] = _BACKEND
        self._outputs = _Outputs(emit)
        self._runs: dict[str, int] = {}
        self.module = types.ModuleType("__main__")
        self.namespace = self.module.__dict__
        self.namespace["__builtins__"] = builtins
        self.namespace["display"] = self._shown.display

    async def execute(self, source: str, cell: str) -> bool:
        """Run one cell.

        Parameters
        ----------
        source
            Its text.
        cell
            What to call it in messages, such as `cell 3`.

        Returns
        -------
        bool
            Whether it went to its end.
        """
        file = self._remember(source, cell)
        self.namespace.pop("__warningregistry__", None)
        self._outputs.begin()
        with self._in_place():
            error = await self._run(source, file)
            # Figures drawn before an error are shown too, as Jupyter does.
            error = self._figures() or error
        if error is not None:
            self._outputs.show("error", describe(error, file))
        self._outputs.flush()
        return error is None

    def _remember(self, source: str, cell: str) -> str:
        """Keep a cell's text where `inspect` looks; give the name of its file."""
        self._runs[cell] = number = self._runs.get(cell, 0) + 1
        # `coursekit.check` knows a notebook's cell by the word in its file's name.
        file = f"<ipython {cell}>" if number == 1 else f"<ipython {cell} #{number}>"
        lines = source.splitlines(keepends=True)
        linecache.cache[file] = (len(source), None, lines, file)
        return file

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[None]:
        """Stand where Python's own streams, keyboard and main module are."""
        out, err = (_Stream(self._outputs, name) for name in ("stdout", "stderr"))
        shell = importlib.import_module("IPython.core.getipython").get_ipython
        with contextlib.ExitStack() as stack:
            for owner, name, value in (
                (sys, "stdout", out),
                (sys, "stderr", err),
                (builtins, "input", _no_keyboard),
                (builtins, "get_ipython", shell),
                (warnings, "formatwarning", _format_warning),
            ):
                stack.enter_context(_swapped(owner, name, value))
            stack.enter_context(_main(self.module))
            self._shown.listen(self._outputs.show)
            stack.callback(self._shown.unlisten)
            yield

    async def _run(self, source: str, file: str) -> BaseException | None:
        try:
            tree, quiet = parse(source, file)
            await self._evaluate(tree, file, show_last=not quiet)
        # A cell may raise anything, also what ends a program: the page goes on.
        except BaseException as error:  # noqa: BLE001
            return error
        return None

    async def _evaluate(self, tree: ast.Module, file: str, *, show_last: bool) -> None:
        body = list(tree.body)
        last = body.pop() if show_last and body and _is_expression(body[-1]) else None
        if body:
            await self._value(ast.Module(body, []), file, "exec")
        if isinstance(last, ast.Expr):
            value = await self._value(ast.Expression(last.value), file, "eval")
            self._show_result(value)

    async def _value(self, node: ast.AST, file: str, mode: str) -> Any:
        code = compile(node, file, mode, flags=_AWAIT, dont_inherit=True)  # type: ignore[call-overload]
        value = eval(code, self.namespace)
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def _show_result(self, value: object) -> None:
        if value is None:
            return
        self.namespace["_"] = value
        data, metadata = self._shown.bundle(value)
        self._outputs.show("result", {"data": data, "metadata": metadata})
        if self._shown.is_figure(value):
            sys.modules["matplotlib.pyplot"].close(value)  # shown once is enough

    def _figures(self) -> BaseException | None:
        try:
            self._shown.show_figures()
        # Drawing runs the reader's values through matplotlib: anything may be raised.
        except BaseException as error:  # noqa: BLE001
            return error
        return None

    def needs(self, source: str) -> list[str]:
        """Return what a cell needs, with what earlier cells imported; as `needs`.

        Parameters
        ----------
        source
            A cell's text.
        """
        return needs(source, self.namespace)

    def wrote(self, text: str, name: str = "stdout") -> None:
        """Take text that the running cell wrote past Python, such as C code's."""
        self._outputs.write(name, text)


# Not by the name "inline", which matplotlib looks for in an installed distribution.
_BACKEND = "module://course_backend"


# Reading a cell


def parse(source: str, file: str = "<ipython>") -> tuple[ast.Module, bool]:
    """Read a cell; IPython's commands are answered in a sentence when it runs.

    Parameters
    ----------
    source, file
        Its text and what to call it.

    Returns
    -------
    tree : ast.Module
    quiet : bool
        Whether a semicolon at its end keeps the last value from being shown.

    Raises
    ------
    SyntaxError
        Where it is not Python.
    """
    try:
        return _tree(source, file), _ends_quietly(source)
    except SyntaxError:
        plain = without_commands(source)
        if plain == source:
            raise
        return _tree(plain, file), _ends_quietly(plain)


def _tree(source: str, file: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | _AWAIT
    tree = compile(source, file, "exec", flags=flags, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return tree


def _is_expression(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr)


def _ends_quietly(source: str) -> bool:
    passed = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    last = ""
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            last = last if token.type in passed else token.string
    return last == ";"


def without_commands(source: str) -> str:
    r"""Replace IPython's commands by Python that says what became of them.

    Lines keep their numbers.

    Examples
    --------
    >>> without_commands("%matplotlib inline\nx = 1")
    'pass\nx = 1'
    """
    lines = source.split("\n")
    if lines[0].startswith("%%"):
        return _without_cell_command(lines)
    return "\n".join(map(_without_command, lines))


def _without_cell_command(lines: list[str]) -> str:
    name, _, _ = lines[0][2:].partition(" ")
    if name in ("time", "timeit", "capture"):
        told = f"%%{name} is left out: the cell runs without it."
        return "\n".join([_told(told), *map(_without_command, lines[1:])])
    return _told(f"%%{name} does not work in the page: the cell was left out.")


def _without_command(line: str) -> str:
    found = re.match(r"(\s*)(?:\w+\s*=\s*)?([%!])\s*(\w+)?(.*)", line)
    if found:
        indent, sign, name, rest = found.groups()
        return indent + _answered(sign, name or "", rest)
    if asked := re.match(r"(\s*)\??\??([\w.]+)\?{1,2}\s*$|(\s*)\?{1,2}([\w.]+)$", line):
        first, of_first, second, of_second = asked.groups()
        return f"{first or second or ''}help({of_first or of_second})"
    return line


def _answered(sign: str, name: str, rest: str) -> str:
    if sign == "%" and name in _QUIET_COMMANDS:
        return "pass"
    if sign == "%" and name in ("time", "timeit") and rest.strip():
        return rest.strip()
    if name in ("pip", "conda", "mamba"):
        return _told(
            "Nothing can be installed in the page, and nothing need be: packages that "
            "run here come with the cell that imports them."
        )
    whose = "the page has no shell" if sign == "!" else "the page has no IPython"
    return _told(f"{sign}{name} was left out: {whose}.")


def _told(sentence: str) -> str:
    return f"print({sentence!r}, file=__import__('sys').stderr)"


def needs(source: str, namespace: Mapping[str, object] | None = None) -> list[str]:
    """Return what code imports, and what it uses of modules, by full names, sorted.

    With it the page fetches no more than a cell needs: `pages.style()` is
    `coursekit.pages.style`, also where an earlier cell imported `pages`.

    Parameters
    ----------
    source
        Code. Where it cannot be read, nothing is needed.
    namespace
        The names that are there already.

    Examples
    --------
    >>> needs("from coursekit import pages; pages.style()")
    ['coursekit', 'coursekit.pages', 'coursekit.pages.style']
    """
    try:
        tree, _ = parse(source)
    except (SyntaxError, ValueError):
        return []
    known = imports(tree)
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    used = (_full_name(_dotted(node), known, namespace or {}) for node in nodes)
    return sorted({*known.values(), *filter(None, used)})


def _full_name(
    dotted: str, known: Mapping[str, str], namespace: Mapping[str, object]
) -> str:
    first, _, rest = dotted.partition(".")
    there = namespace.get(first)
    module = there.__name__ if isinstance(there, types.ModuleType) else None
    owner = known.get(first, module)
    return f"{owner}.{rest}" if owner else ""


def imports(tree: ast.AST) -> dict[str, str]:
    """Return the modules that code imports: full name by the name that it gets.

    A name taken from a module may be a module itself, so `from a import b` gives `a.b`.

    Examples
    --------
    >>> imports(ast.parse("import numpy as np, os.path"))
    {'np': 'numpy', 'os.path': 'os.path'}
    """
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {a.asname or a.name: a.name for a in node.names if a.name != "*"}
            found |= {short: f"{node.module}.{name}" for short, name in names.items()}
            found.setdefault(node.module, node.module)
    return found


def _dotted(node: ast.Attribute) -> str:
    """Return `a.b.c` of such an expression, and nothing of any other."""
    names = [node.attr]
    inner = node.value
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(names)]) if isinstance(inner, ast.Name) else ""


# What a cell writes and shows


class _Outputs:
    """Hands on what a cell writes and shows: in order, in pieces, up to a limit."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.begin()

    def begin(self) -> None:
        self._name = "stdout"
        self._waiting: list[str] = []
        self._size = self._written = self._pieces = self._shows = 0
        self._last = self._since = time.monotonic()

    def write(self, name: str, text: str) -> None:
        if name != self._name:
            self.flush()
            self._name = name
        room = MOST_TEXT - self._written
        if room <= 0:
            return
        self._waiting.append(text[:room])
        self._size += len(text[:room])
        self._written += len(text[:room])
        if len(text) > room or self._written >= MOST_TEXT:
            self._refuse(f"It wrote more than {MOST_TEXT // 1000} kB: the rest")
        elif self._due(text):
            self.flush()

    def _due(self, text: str) -> bool:
        now = time.monotonic()
        if len(self._waiting) == 1:
            self._since = now
        if "\n" in text:
            early = self._pieces < _AT_ONCE or now - self._last >= _PAUSE
        else:  # print() writes its line break by itself: not a piece of its own
            early = now - self._since >= _PAUSE
        return early or self._size >= _PIECE

    def flush(self) -> None:
        if self._waiting:
            text = "".join(self._waiting)
            self._waiting, self._size = [], 0
            self._pieces += 1
            self._last = time.monotonic()
            self._emit("stream", {"name": self._name, "text": text})

    def show(self, kind: str, payload: dict[str, Any]) -> None:
        self.flush()
        if kind in ("display", "result"):
            self._shows += 1
            if self._shows > MOST_SHOWN:
                if self._shows == MOST_SHOWN + 1:
                    self._refuse(f"It showed more than {MOST_SHOWN} things: the rest")
                return
            payload = payload | {"data": _clipped(payload["data"])}
        self._emit(kind, payload)

    def _refuse(self, what: str) -> None:
        self.flush()
        text = f"\n{what} is left out, to keep the page usable. The cell ran on.\n"
        self._emit("stream", {"name": "stderr", "text": text})


def _clipped(data: dict[str, Any]) -> dict[str, Any]:
    """Cut plain text that is too long, and leave out tables that no page can hold."""
    kept = {
        kind: form
        for kind, form in data.items()
        if kind.startswith("image/") or len(str(form)) <= 10 * MOST_TEXT
    }
    text = str(data.get("text/plain", ""))
    if len(text) > MOST_TEXT:
        kept["text/plain"] = f"{text[:MOST_TEXT]}\n... cut after {MOST_TEXT} characters"
    return kept


class _Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, outputs: _Outputs, name: str) -> None:
        self._outputs = outputs
        self.name = f"<{name}>"
        self._stream = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        self._outputs.write(self._stream, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        self._outputs.flush()


# Standing in for parts of Python while a cell runs


def _no_keyboard(_prompt: object = "") -> str:
    raise EOFError(_NO_KEYBOARD)


@contextlib.contextmanager
def _swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    missing = object()
    before = getattr(owner, name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        # Left as it is where the cell put something of its own there.
        if getattr(owner, name, None) is value:
            if before is missing:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


@contextlib.contextmanager
def _main(module: types.ModuleType) -> Iterator[None]:
    """Be the main module, where pickle and dataclasses look for a cell's classes."""
    before = sys.modules.get("__main__")
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        if before is not None:
            sys.modules["__main__"] = before


def _format_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Write a warning with the place that the reader knows."""
    text = (linecache.getline(filename, lineno) if line is None else line).strip()
    told = f"{_short_place(filename)}, line {lineno}: {category.__name__}: {message}\n"
    return f"{told}  {text}\n" if text else told


# What is said of an error


def describe(error: BaseException, file: str) -> dict[str, Any]:
    """Say what went wrong in a cell: the payload of `error`.

    Parameters
    ----------
    error
        What was raised.
    file
        The name of the cell's file.
    """
    told = traceback.TracebackException(type(error), error, error.__traceback__)
    _prune(told)
    line = _line(told, file)
    text = "".join(told.format())
    if not told.stack:  # a heading over no calls, as with a syntax error
        text = text.replace("Traceback (most recent call last):\n", "", 1)
    return {
        "name": type(error).__name__,
        "message": _message(error),
        "traceback": _PLACE.sub(_place, text).rstrip(),
        "line": line,
        "hint": hint(error),
        "missing": getattr(error, "name", None) if _names(error) else None,
    }


_PLACE = re.compile(r'File "([^"]+)", line (\d+)(?:, in (\S+))?')


def _names(error: BaseException) -> bool:
    return isinstance(error, NameError | ImportError)


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    return str(error)


def _prune(told: traceback.TracebackException) -> None:
    """Keep the cells' lines and our library's, and where another library stopped."""
    last = len(told.stack) - 1
    told.stack[:] = [
        frame
        for number, frame in enumerate(told.stack)
        if frame.filename != _HERE
        and (number == last or _is_cell(frame.filename) or _is_ours(frame.filename))
    ]
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _prune(other)


_HERE = describe.__code__.co_filename


def _is_cell(filename: str) -> bool:
    return filename.startswith("<ipython ")


def _is_ours(filename: str) -> bool:
    return any(folder in filename.replace("\\", "/") for folder in _OURS)


def _line(told: traceback.TracebackException, file: str) -> int | None:
    if issubclass(told.exc_type or Exception, SyntaxError) and told.filename == file:
        return int(told.lineno) if told.lineno else None
    lines = [frame.lineno for frame in told.stack if frame.filename == file]
    return lines[-1] if lines else None


def _place(found: re.Match[str]) -> str:
    filename, line, function = found.groups()
    where = f"{_short_place(filename)}, line {line}"
    return f"{where}, in {function}" if function not in (None, "<module>") else where


def _short_place(filename: str) -> str:
    """Name a file as a reader knows it."""
    if cell := re.fullmatch(r"<ipython (.*?)(?: #\d+)?>", filename):
        return cell[1]
    plain = filename.replace("\\", "/")
    shorter = re.sub(r"^.*/(?:site-packages|python3\.\d+)/", "", plain)
    found = re.search(r"(?:^|/)((?:ml_from_scratch|coursekit)/.*)", shorter)
    return found[1] if found else shorter


def hint(error: BaseException) -> str:
    """Return a sentence on what the page's Python cannot do, where that is why."""
    text = str(error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        return (
            f"{package} is not among the packages that run in the page: run this in "
            "Colab or on your machine."
        )
    if "requires jinja2" in text:
        return "Styled tables (.style) do not run in the page: show the table itself."
    if "can't start new thread" in text:
        return "The page's Python has one thread only: run this without threads."
    if "does not support processes" in text:
        return "The page's Python cannot start other programs or processes."
    if isinstance(error, MemoryError):
        return "The page's Python ran out of memory: try it with less data."
    if sys.platform == "emscripten" and _is_network(error):
        return "Running code has no network here: load data with coursekit.data."
    return ""


def _is_network(error: BaseException) -> bool:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"URLError", "gaierror", "ConnectionError", "TimeoutError"})
