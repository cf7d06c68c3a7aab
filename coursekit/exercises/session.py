"""Run the cells of a notebook in this process, in an IPython shell without a kernel.

A session changes its process for good (`__main__`, display hooks, hidden modules), so
it lives in a child process of its own: `engine` and `walk` see to that.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

__all__ = ["Failure", "Outcome", "Session", "hide"]

LONGEST_OUTPUT = 200_000
MOST_OUTPUTS = 10


@dataclass(frozen=True)
class Failure:
    """The error that ended a cell."""

    name: str
    message: str
    traceback: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """`Name: message`."""
        return f"{self.name}: {self.message}" if self.message else self.name


@dataclass(frozen=True)
class Outcome:
    """What running a cell gave: outputs as nbformat has them, and the error if any."""

    outputs: list[dict[str, Any]]
    failure: Failure | None = None

    @property
    def text(self) -> str:
        """All that the cell printed."""
        return "".join(o["text"] for o in self.outputs if o["output_type"] == "stream")

    def as_json(self) -> str:
        """One line for a pipe."""
        return json.dumps(asdict(self))


class Session:
    """One notebook's state.

    Parameters
    ----------
    names : mapping of str to object
        What the cells find defined.
    forbid : iterable of str
        Modules that cannot be imported.
    """

    def __init__(
        self, names: Mapping[str, object] | None = None, forbid: Iterable[str] = ()
    ) -> None:
        hide(forbid)
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        with tempfile.TemporaryDirectory() as folder:
            _Shell.clear_instance()  # `display` asks for the one instance
            self._shell = _Shell.instance(config=config, ipython_dir=folder)
        self.names: dict[str, Any] = self._shell.user_ns
        self.names.update(names or {})

    def run(self, source: str) -> Outcome:
        """Run one cell to its end or its first error.

        Parameters
        ----------
        source : str
            Python as IPython takes it.

        Returns
        -------
        Outcome
            Outputs, at most ten displayed ones and each cut at 200,000 characters,
            and the error.
        """
        shell = self._shell
        shell.failure = None
        with _captured(shell) as (stdout, stderr, shown):
            shell.run_cell(source, store_history=True)
        outputs = [
            {"output_type": "stream", "name": name, "text": text[:LONGEST_OUTPUT]}
            for name, text in (
                ("stdout", stdout.getvalue()),
                ("stderr", stderr.getvalue()),
            )
            if text
        ]
        return Outcome(outputs + shown, shell.failure)


class _Shell(InteractiveShell):
    """A shell that keeps an error instead of printing it."""

    failure: Failure | None = None

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Keep the error that is being handled, with the lines that led to it."""
        error = sys.exc_info()[1]
        if error is None:
            return
        trace = error.__traceback__
        while trace and not trace.tb_frame.f_code.co_filename.startswith("<ipython"):
            trace = trace.tb_next  # the shell's own frames
        lines = traceback.format_exception(type(error), error, trace, limit=-20)
        text = "".join(lines)[-LONGEST_OUTPUT:]
        self.failure = Failure(type(error).__name__, _text(error), text.splitlines())

    def system(self, cmd: str) -> None:
        """Run no command: where exercises are graded there is no shell for `!`."""
        print(f"Not run here: {cmd}")

    def getoutput(self, cmd: str, *_: Any, **__: Any) -> list[str]:
        """Give the output of no command, for `x = !command`."""
        self.system(cmd)
        return []

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> list[str]:
        """Format nothing for a history that nobody reads: it takes up to seconds."""
        return []

    def enable_gui(self, gui: str | None = None) -> None:
        """Open no window: `%matplotlib` and `%gui` ask for one."""

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        """Keep the error of a cell that is not Python."""
        self.showtraceback()


class _Publisher(DisplayPublisher):
    """Collects what `display` is given."""

    shown: list[dict[str, Any]]

    def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
        _show(self.shown, "display_data", data, {})


class _Hook(DisplayHook):
    """Collects the value of a cell's last expression."""

    shown: list[dict[str, Any]]

    def write_output_prompt(self) -> None:
        """Write none: a notebook shows the number itself."""

    def write_format_data(self, format_dict: dict[str, Any], *_: Any) -> None:
        extra = {"execution_count": self.prompt_count}
        _show(self.shown, "execute_result", format_dict, extra)

    def finish_displayhook(self) -> None:
        """Print no line after the value."""
        self._is_active = False


def _show(
    shown: list[dict[str, Any]],
    kind: str,
    data: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> None:
    if len(shown) >= MOST_OUTPUTS:
        return
    kept = {
        name: value
        for name, value in data.items()
        if isinstance(value, str) and len(value) <= LONGEST_OUTPUT
    }
    shown.append({"output_type": kind, "data": kept, "metadata": {}, **extra})


@contextmanager
def _captured(
    shell: InteractiveShell,
) -> Iterator[tuple[io.StringIO, io.StringIO, list[dict[str, Any]]]]:
    stdout, stderr = io.StringIO(), io.StringIO()
    shown: list[dict[str, Any]] = []
    publisher, hook = _Publisher(parent=shell), _Hook(shell=shell)
    publisher.shown = hook.shown = shown
    before = shell.display_pub, shell.displayhook, shell.display_trap.hook
    shell.display_pub, shell.displayhook = publisher, hook
    shell.display_trap.hook = hook
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            yield stdout, stderr, shown
    finally:
        shell.display_pub, shell.displayhook, shell.display_trap.hook = before


def _text(value: object) -> str:
    try:
        return str(value)[:10_000]
    except Exception:  # noqa: BLE001 (a learner's own exception class)
        return "its message could not be read"


class _Hidden(MetaPathFinder):
    """Refuses modules, as a file tree in which they are not would."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if _belongs(fullname, self._modules):
            raise ModuleNotFoundError(
                f"{fullname} is not there when this exercise is graded", name=fullname
            )
        return None


def hide(modules: Iterable[str]) -> None:
    """Make modules impossible to import in this process, loaded ones too.

    Parameters
    ----------
    modules : iterable of str
        Names; the modules inside them go with them.
    """
    names = list(modules)
    if not names:
        return
    for name in [name for name in sys.modules if _belongs(name, names)]:
        parent, _, last = name.rpartition(".")
        if parent in sys.modules and hasattr(sys.modules[parent], last):
            delattr(sys.modules[parent], last)
        del sys.modules[name]
    sys.meta_path.insert(0, _Hidden(names))


def _belongs(name: str, modules: Sequence[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in modules)
