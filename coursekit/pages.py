"""What pages share: the style of figures, numbers for prose, source, live servers.

Imported by notebooks, so it needs nothing beyond what each function uses:
`style` needs matplotlib, `serve` needs uvicorn.
"""

from __future__ import annotations

import ast
import atexit
import inspect
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from IPython.display import Markdown

# After Okabe and Ito (2008), darkened until each can be small text on white (a contrast
# of 4.5; orange, too bright for that, is for lines and areas) and still stands out in a
# dark notebook. The site's dark theme lifts them. Dashes tell lines apart in greyscale.
COLOURS = {
    "blue": "#2a7bb3",
    "orange": "#cf7a00",
    "green": "#0a825f",
    "red": "#c94c14",
    "purple": "#ad5488",
    "grey": "#707070",
}
INK = COLOURS["grey"]


def style() -> None:
    """Set matplotlib up for the book: once, at the top of a page.

    Figures have no background and grey ink, so that they read on light and on dark
    pages; lines differ by colour and by dashes.

    Taught in: every page that draws.
    """
    import matplotlib as mpl
    from cycler import cycler

    dashes = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]
    cycle = cycler(color=list(COLOURS.values())) + cycler(linestyle=dashes)
    ink = dict.fromkeys(
        ["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color"], INK
    )
    settings: dict[str, Any] = {**ink, "ytick.color": INK, "axes.prop_cycle": cycle}
    settings.update(
        {
            "figure.figsize": (7.0, 3.6),
            "figure.dpi": 100,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": INK,
            "grid.alpha": 0.25,
            "lines.linewidth": 2.0,
            "font.size": 11.0,
            "figure.constrained_layout.use": True,
        }
    )
    mpl.rcParams.update(cast("Any", settings))
    _sharper_pictures()


def _sharper_pictures() -> None:
    """Ask Jupyter for twice the pixels; outside Jupyter there is nothing to ask."""
    from IPython.core.getipython import get_ipython

    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


def glue(name: str, value: object) -> None:
    """Keep a value under a name, for the prose to quote as ``{glue:text}`name` ``.

    Parameters
    ----------
    name
        What the prose calls it; once a page.
    value
        What to print there. Pass a string to decide the format.

    Notes
    -----
    The output is what `myst_nb.glue` makes, which cannot be had in Colab or in the
    browser; there the number is kept and nothing is shown.
    """
    from IPython.display import display

    prefix = "application/papermill.record/"
    # Whoever shows the number evaluates the text, so strings keep their quotes.
    display(
        {f"{prefix}text/plain": repr(value)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
    )


def show_source(*objects: Any) -> Markdown:
    """Show the source of functions or classes as it stands in the library.

    Of each docstring only the first line is shown: the page around it says the rest.

    Parameters
    ----------
    *objects
        Functions, methods or classes.

    Returns
    -------
    IPython.display.Markdown
        Their source, highlighted wherever a notebook is shown.
    """
    from IPython.display import Markdown

    sources = (textwrap.dedent(inspect.getsource(item)) for item in objects)
    code = "\n\n\n".join(_with_short_docstrings(source) for source in sources)
    return Markdown(f"```python\n{code}\n```")


def _with_short_docstrings(source: str) -> str:
    """Keep the first line of every docstring, and every line of code as it is."""
    lines = source.rstrip().splitlines()
    documented = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, documented)]
    # From the end, so that the lines above keep their numbers.
    for node in sorted(nodes, key=lambda node: node.lineno, reverse=True):
        if (text := ast.get_docstring(node)) and "\n" in text:
            first, last = node.body[0].lineno - 1, node.body[0].end_lineno
            indent = " " * node.body[0].col_offset
            lines[first:last] = [f'{indent}"""{text.splitlines()[0]}"""']
    return "\n".join(lines)


class ServerError(RuntimeError):
    """A server that did not come up, with what it said."""


class Server:
    """A uvicorn process on a free port of this machine, stopped when done with.

    Parameters
    ----------
    app
        What to serve, `module:attribute`, importable by a fresh Python.
    factory
        Whether the attribute is a function that makes the application.
    env
        Environment variables to add.
    path
        Path that answers with 200 once the server is ready.
    workers
        Number of processes.
    timeout
        Seconds to wait for that.

    Examples
    --------
    The address is known once the block begins; the process is gone when it ends::

        with Server("delay_desk.serve:app_from_environment", factory=True) as url:
            httpx.get(f"{url}/health")
    """

    def __init__(
        self,
        app: str,
        *,
        factory: bool = False,
        env: Mapping[str, str] | None = None,
        path: str = "/health",
        workers: int = 1,
        timeout: float = 30.0,
    ) -> None:
        self._command = [sys.executable, "-m", "uvicorn", app, "--port", "0"]
        self._command += ["--host", "127.0.0.1", "--workers", str(workers)]
        self._command += ["--no-access-log"] + (["--factory"] if factory else [])
        self._env = os.environ | {"PYTHONUNBUFFERED": "1"} | dict(env or {})
        self._path = path
        self._timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._address = threading.Event()
        self.url = ""

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise ServerError("The server is not running: call start() first.")
        return self._process.pid

    def start(self) -> str:
        """Start the process and wait until it answers.

        Returns
        -------
        str
            Its address, `http://127.0.0.1:<port>`.

        Raises
        ------
        ServerError
            If it ends or does not answer in time; the message has its last lines.
        """
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        atexit.register(self.stop)
        threading.Thread(target=self._follow, daemon=True).start()
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self.url

    def _follow(self) -> None:
        assert self._process is not None
        for line in self._process.stdout or ():
            self._lines.append(line)
            if found := re.search(r"running on (http://[\d.]+:\d+)", line):
                self.url = found.group(1)
                self._address.set()

    def _wait(self) -> None:
        end = time.monotonic() + self._timeout
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            if self._address.wait(0.05) and self._answers():
                return
            time.sleep(0.02)  # between two polls of a server that is starting
        tail = "".join(self._lines[-8:]).strip() or "nothing"
        raise ServerError(
            f"The server did not answer {self._path} within {self._timeout:g} s; "
            f"it said: {tail}"
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self._path, timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> None:
        """Stop the process, gently and then by force; stopping twice is fine."""
        process, self._process = self._process, None
        atexit.unregister(self.stop)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(app: str, **options: Any) -> Server:
    """Make a `Server`; use it in a `with`, or call `start()` and `stop()`.

    Parameters
    ----------
    app
        What to serve, `module:attribute`.
    **options
        As for `Server`.
    """
    return Server(app, **options)
