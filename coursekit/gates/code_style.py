"""Code in cells is what a good engineer would commit: ruff says whether it is.

The defect: an unused import, a shadowed builtin, `import *`, a line too long to read
on a phone; a name that only a removed cell defines, so that a reader who runs the page
in the browser has it not. The cells of a page are checked as one file in which each
line keeps its number, so that ruff's complaints point into the page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from coursekit.gates.model import Book, Finding, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursekit.source import Cell

GATE = "code-style"
# What is right in a module and not in a notebook: imports stand where they are first
# needed, functions of a page have no docstrings, a cell ends in an expression.
RULES = ("E", "F", "W6", "B", "UP", "NPY", "PIE", "SIM", "A", "C4", "RET", "ERA")
NOT_IN_CELLS = ("E402", "B018", "F704", "B015", "SIM117", "ERA001")


def check(page: Page, _book: Book) -> Iterator[Finding]:
    """Yield what ruff's linter and its formatter say."""
    cells = page.source.code
    for fault in _lint(_as_module(page, cells)):
        message = f"{fault['code'] or 'syntax'}: {fault['message']}."
        yield Finding(page.path, fault["location"]["row"], GATE, message)
    yield from _unformatted(page)
    seen = [cell for cell in cells if "remove-cell" not in cell.tags]
    if len(seen) < len(cells):
        yield from _missing(page, seen)


def _missing(page: Page, seen: list[Cell]) -> Iterator[Finding]:
    """Yield names that the cells which a reader sees do not define."""
    for fault in _lint(_as_module(page, seen), rules=("F821",)):
        message = (
            f"{fault['message']} in the cells that readers see and run in the browser: "
            "take it from one of those, not from a removed cell."
        )
        yield Finding(page.path, fault["location"]["row"], GATE, message)


def _as_module(page: Page, cells: list[Cell]) -> str:
    """Return a file in which every cell stands on the lines that it has in the page."""
    lines = [""] * (len(page.source.lines) + 1)
    for cell in cells:
        for offset, text in enumerate(cell.source.splitlines()):
            magic = text.lstrip().startswith(("%", "!"))
            lines[cell.line - 1 + offset] = "" if magic else text
    return "\n".join(lines).rstrip() + "\n"


def _ruff(verb: str, *options: str, text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", verb, "--isolated", "--quiet", *options]
    command += ["--target-version", "py311", "--line-length", "88", "-"]
    return subprocess.run(
        command, input=text, text=True, capture_output=True, check=False
    )


def _lint(text: str, rules: tuple[str, ...] = RULES) -> list[dict[str, dict[str, int]]]:
    chosen = ("--select", ",".join(rules), "--ignore", ",".join(NOT_IN_CELLS))
    result = _ruff("check", *chosen, "--output-format", "json", text=text)
    faults: list[dict[str, dict[str, int]]] = json.loads(result.stdout or "[]")
    return faults


def _unformatted(page: Page) -> Iterator[Finding]:
    """Yield cells that ruff would format otherwise, asking it once a page."""
    cells = [cell for cell in page.source.code if not _left_alone(cell)]
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": cell.source,
            }
            for cell in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    asked = ("--diff", "--stdin-filename", "page.ipynb")
    result = _ruff("format", *asked, text=json.dumps(notebook))
    # Cells that need no change have a header without a hunk.
    changed = r"^--- .*cell (\d+)\n\+\+\+ .*\n@@"
    for number in re.findall(changed, result.stdout, re.MULTILINE):
        message = "the cell is not formatted; paste it through `ruff format -`."
        yield Finding(page.path, cells[int(number) - 1].line, GATE, message)


def _left_alone(cell: Cell) -> bool:
    """Tell whether a cell may be malformed: it fails on purpose, or it is a magic."""
    magic = cell.source.lstrip().startswith(("%", "!"))
    return magic or "raises-exception" in cell.tags
