"""Answers "is this a notebook?" as a notebook does."""

from __future__ import annotations

from typing import Any


class Events:
    """Takes what libraries want to be told of, and tells nothing."""

    def register(self, name: str, call: Any) -> None:
        """Forget it: figures are shown at the end of a cell without being told."""

    def unregister(self, name: str, call: Any) -> None:
        """Nothing was registered."""


class ZMQInteractiveShell:
    """The page's Python, under the name by which libraries know a notebook."""

    kernel = "page"
    config: dict[str, Any] = {"IPKernelApp": {}}  # noqa: RUF012 (others read it)

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.events = Events()

    def run_line_magic(self, name: str, line: str, *_: Any) -> None:
        """Say what a command of IPython's does here."""
        import sys

        sys.stderr.write(f"%{name} {line}".strip() + " is left out: it is IPython's.\n")

    def __repr__(self) -> str:
        return "<the page's Python>"


_SHELL = ZMQInteractiveShell()


def get_ipython() -> ZMQInteractiveShell:
    """Return the one shell that there is."""
    return _SHELL
