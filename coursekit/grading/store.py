"""What has been done of a batch, kept so that it is done once.

One SQLite file in the out-folder: SQLite sees to it that what is written is there
after a crash, and that nothing half-written ever is. Evidence is kept until it is
judged, then given up.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from coursekit.grading.model import Execution, ItemMark
from coursekit.grading.tasks import pack, unpack

__all__ = ["Store", "StoreError"]

_VERSION = 1
_PATIENCE = 2.0  # seconds to wait for another process to let go
_TABLE = """\
CREATE TABLE IF NOT EXISTS work (
    key TEXT PRIMARY KEY,
    execution BLOB NOT NULL,
    marks TEXT
)"""


class StoreError(RuntimeError):
    """The store cannot be used; said in one sentence."""


class Store:
    """Work by key: an execution, and once it is judged its marks.

    Parameters
    ----------
    path : Path
        The file; it is made where there is none.

    Raises
    ------
    StoreError
        If it is in use by another grading, or is no store.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._sentences():
            self._data = sqlite3.connect(path, timeout=_PATIENCE)
            self._data.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._data.execute("BEGIN EXCLUSIVE")
            version = self._data.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise StoreError(f"{path} is of format {version}, not {_VERSION}.")
            self._data.execute(_TABLE)
            self._data.execute(f"PRAGMA user_version = {_VERSION}")
            self._data.commit()

    def __enter__(self) -> Store:
        """Use as a context, so that the file is closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._data.close()

    def executed(self, key: str) -> bool:
        """Whether there is an execution of a key."""
        with self._sentences():
            query = "SELECT 1 FROM work WHERE key = ?"
            return self._data.execute(query, (key,)).fetchone() is not None

    def judged(self, key: str) -> bool:
        """Whether there are marks of a key."""
        with self._sentences():
            query = "SELECT 1 FROM work WHERE key = ? AND marks IS NOT NULL"
            return self._data.execute(query, (key,)).fetchone() is not None

    def execution(self, key: str) -> Execution | None:
        """Return the execution of a key; without evidence once it is judged."""
        with self._sentences():
            query = "SELECT execution FROM work WHERE key = ?"
            row = self._data.execute(query, (key,)).fetchone()
        return unpack(zlib.decompress(row[0])) if row else None

    def marks(self, key: str) -> list[ItemMark] | None:
        """Return the marks of a key, or None while it is not judged."""
        with self._sentences():
            query = "SELECT marks FROM work WHERE key = ? AND marks IS NOT NULL"
            row = self._data.execute(query, (key,)).fetchone()
        return [ItemMark(**mark) for mark in json.loads(row[0])] if row else None

    def keep(self, key: str, execution: Execution) -> None:
        """Keep an execution that waits to be judged."""
        content = zlib.compress(pack(execution), 1)
        with self._sentences(), self._data:
            query = "INSERT OR REPLACE INTO work (key, execution) VALUES (?, ?)"
            self._data.execute(query, (key, content))

    def settle(self, key: str, marks: Sequence[ItemMark]) -> None:
        """Keep the marks of a key and give up its evidence, both or neither."""
        execution = self.execution(key)
        if execution is None:
            raise StoreError(f"{self._path} has no execution {key}.")
        content = zlib.compress(pack(replace(execution, evidence={})), 1)
        plain = json.dumps([mark.model_dump(mode="json") for mark in marks])
        with self._sentences(), self._data:
            query = "UPDATE work SET execution = ?, marks = ? WHERE key = ?"
            self._data.execute(query, (content, plain, key))

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Say what SQLite says in a sentence."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                told = f"{self._path} is in use: another grading is at work there."
            else:
                told = f"{self._path} cannot be written or read: {error}."
            raise StoreError(told) from None
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path} is damaged ({error}). Remove it: what was done is then "
                "done again."
            ) from None
