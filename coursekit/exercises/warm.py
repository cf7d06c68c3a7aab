"""What one child process had to load, kept for the next ones.

Proofs go through an exercise many times, each in a fork. The first pass leaves in a
folder which modules its cells imported on their way, and the tables that they loaded;
the process that forks takes both over, so that every later fork begins with them.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from coursekit import data

__all__ = ["Warmth"]


class Warmth:
    """Tables and modules that passed through a folder.

    Parameters
    ----------
    folder : Path
        Where children leave what they loaded. Only cells of the exercise's own source
        may run in them: tables are pickled.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, pd.DataFrame] = {}
        self._load: Callable[..., pd.DataFrame] = data.table
        self._leaving = True
        folder.mkdir(parents=True, exist_ok=True)

    def install(self) -> None:
        """Let `data.table` look here first, in this process and its forks."""
        data.table = self._table

    def remove(self) -> None:
        """Give `data.table` back."""
        data.table = self._load

    def settle(self) -> None:
        """Leave nothing any more: other cells than our own may run from now on."""
        self._leaving = False

    def leave(self, work: Callable[..., None], *args: Any) -> None:
        """In a child: do `work(*args)` and leave word of the modules it imported."""
        before = set(sys.modules)
        work(*args)
        after = sorted(set(sys.modules) - before)
        (self._folder / "modules.json").write_text(json.dumps(after), encoding="utf-8")

    def take(self) -> None:
        """In the process that forks: import and load what children left."""
        for file in sorted(self._folder.glob("*.table")):
            if file.stem not in self._tables:
                self._tables[file.stem] = pd.read_pickle(file)
        listed = self._folder / "modules.json"
        if listed.is_file():
            for name in json.loads(listed.read_text(encoding="utf-8")):
                # What a cell made up, or cannot be had twice, is its own affair.
                with contextlib.suppress(Exception):
                    importlib.import_module(name)

    def _table(
        self,
        name: str,
        table: str,
        *,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
    ) -> pd.DataFrame:
        wanted = None if columns is None else list(columns)
        text = json.dumps([name, table, wanted, rows])
        key = hashlib.sha256(text.encode()).hexdigest()
        if key not in self._tables and not self._leaving:
            return self._load(name, table, columns=wanted, rows=rows)
        if key not in self._tables:
            self._tables[key] = self._load(name, table, columns=wanted, rows=rows)
            file = self._folder / f"{key}.table"
            draft = file.with_suffix(f".{os.getpid()}")
            self._tables[key].to_pickle(draft)
            draft.replace(file)
        return self._tables[key].copy()
