"""The one way in which pages and exercises get data: named, checked, offline.

A data set is a folder `datasets/<name>` with its files and a `DATASHEET.md`, and an
entry in `datasets/registry.json` with each file's SHA-256. The loader finds the
folder in a checkout or inside the installed package (Colab, a wheel); where neither
has the file it is fetched once from the public repository into the user's cache.
Every file is checked against its SHA-256 each time before it is read.

In the browser there is neither. There `COURSE_DATASETS` names where the site keeps the
data: an address that ends with a slash, or a folder, with a `registry.json` and the
files below it. From an address only what is asked for is fetched, synchronously,
because a cell that loads a table cannot wait for anything; the registry there may offer
a `sample`, the first rows of a large table, which is taken where it has rows enough.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sqlite3
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_HERE = Path(__file__).resolve().parent
# A checkout keeps the data beside the package, a wheel inside it.
_HOMES = (_HERE.parent / "datasets", _HERE / "_datasets")


class DataError(RuntimeError):
    """Data that is unknown, missing, corrupt or out of reach, said in one sentence."""


def _is_address(base: str) -> bool:
    return "://" in base


def _homes() -> tuple[Path, ...]:
    """Return the folders in which data may stand, the one that is named first."""
    named = os.environ.get("COURSE_DATASETS", "")
    return (Path(named), *_HOMES) if named and not _is_address(named) else _HOMES


@cache
def _registry() -> dict[str, Any]:
    registry: dict[str, Any]
    if _is_address(base := os.environ.get("COURSE_DATASETS", "")):
        registry = json.loads(_read(f"{base}registry.json"))
        return registry
    for home in _homes():
        file = home / "registry.json"
        if file.is_file():
            registry = json.loads(file.read_text(encoding="utf-8"))
            return registry
    raise DataError(
        "The data registry (datasets/registry.json) is missing: get a fresh copy of "
        "the course, or install its package again."
    )


def names() -> list[str]:
    """Return the names of all data sets, sorted.

    Examples
    --------
    >>> "nycflights13" in names()
    True
    """
    return sorted(_registry())


def tables(name: str) -> list[str]:
    """Return the names of the tables of one data set, in the registry's order.

    Examples
    --------
    >>> tables("digits")
    ['digits']
    """
    return list(_entry(name)["tables"])


def _entry(name: str) -> dict[str, Any]:
    if name not in _registry():
        known = ", ".join(names())
        raise DataError(f"There is no data set {name!r}; there are: {known}.")
    entry: dict[str, Any] = _registry()[name]
    return entry


def _table_entry(name: str, table: str) -> dict[str, Any]:
    entries = _entry(name)["tables"]
    if table not in entries:
        known = ", ".join(entries)
        raise DataError(f"{name} has no table {table!r}; it has: {known}.")
    entry: dict[str, Any] = entries[table]
    return entry


def path(name: str, table: str) -> Path:
    """Return the checked file of one table.

    Parameters
    ----------
    name
        A data set, one of `names()`.
    table
        A table, one of `tables(name)`.

    Returns
    -------
    pathlib.Path
        The file, whose SHA-256 is the registry's.

    Raises
    ------
    DataError
        If the name is unknown, the file is corrupt, or it is neither here nor
        to be fetched.
    """
    return _file(name, _table_entry(name, table))


def _file(name: str, entry: dict[str, Any]) -> Path:
    """Return the checked file that an entry names: a table's, or its sample's."""
    if _is_address(base := os.environ.get("COURSE_DATASETS", "")):
        return _from_site(base, name, entry)
    for home in _homes():
        file: Path = home / name / entry["file"]
        if file.is_file():
            _check(file, entry["sha256"], f"{name}/{entry['file']}")
            return file
    return _fetch(name, entry)


def _check(file: Path, sha256: str, label: str) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise DataError(
            f"The data file {label} is corrupt (SHA-256 {found[:12]}..., expected "
            f"{sha256[:12]}...): restore it with `git checkout -- datasets/{label}`, "
            "or delete it and install the course's package again."
        )


def _from_site(base: str, name: str, entry: dict[str, Any]) -> Path:
    """Fetch a file from the site that the reader is on, once a session."""
    label = f"{name}/{entry['file']}"
    file = cache_folder() / "datasets" / label
    if file.is_file() and _digest(file.read_bytes()) == entry["sha256"]:
        return file
    content = _read(f"{base}{label}")
    if _digest(content) != entry["sha256"]:
        raise DataError(
            f"The data file {label} did not arrive as the site's registry has it "
            f"(SHA-256 {_digest(content)[:12]}..., expected "
            f"{entry['sha256'][:12]}...): load the page again."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        unfinished = Path(folder) / file.name
        unfinished.write_bytes(content)
        unfinished.replace(file)
    return file


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(address: str) -> bytes:
    """Read what stands at an address, before anything else happens."""
    try:
        if sys.platform == "emscripten":
            return _read_in_browser(address)
        import urllib.request  # which takes long to import in a browser

        with urllib.request.urlopen(address, timeout=30) as reply:
            return bytes(reply.read())
    except Exception as error:  # whatever browser or network raise, say one thing
        raise DataError(
            f"{address} could not be fetched ({type(error).__name__}): connect to the "
            "internet and run the cell again."
        ) from error


def _read_in_browser(address: str) -> bytes:
    """Read with a synchronous request, which workers may make."""
    # By name, for there is no package `js` that a notebook could install.
    request = importlib.import_module("js").XMLHttpRequest.new()
    request.open("GET", address, False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        raise OSError(f"status {request.status}")
    content: bytes = request.response.to_bytes()
    return content


def _fetch(name: str, entry: dict[str, Any]) -> Path:
    """Fetch a file that neither the checkout nor the package has, once."""
    from coursekit import settings  # only this path needs to know the address

    site = settings.load()
    label = f"{name}/{entry['file']}"
    url = f"{site.repository_url}/raw/{site.tag}/datasets/{label}"
    try:
        import pooch

        fetched = pooch.retrieve(
            url,
            known_hash=f"sha256:{entry['sha256']}",
            path=cache_folder() / name,
            fname=entry["file"],
        )
    except Exception as error:  # whatever pooch or the network raises, say one thing
        raise DataError(
            f"The data file {label} is not on this machine and could not be fetched "
            f"from {url} ({type(error).__name__}): connect to the internet once, or "
            "run from a checkout of the course."
        ) from error
    return Path(fetched)


def cache_folder() -> Path:
    """Return the folder for what can be made again, creating it if need be.

    `COURSE_CACHE` names it; otherwise it is the platform's usual place.
    """
    if named := os.environ.get("COURSE_CACHE"):
        folder = Path(named)
    elif sys.platform == "win32":
        folder = (
            Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ml-engineer-course"
        )
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "ml-engineer-course"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "ml-engineer-course"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def table(
    name: str, table: str, *, columns: list[str] | None = None, rows: int | None = None
) -> pd.DataFrame:
    """Load one table as a data frame.

    Parameters
    ----------
    name
        A data set, one of `names()`.
    table
        A table, one of `tables(name)`.
    columns
        Which columns to read, in the file's order; all if None.
    rows
        How many rows to read from the top; all if None.

    Returns
    -------
    pandas.DataFrame
        The table, with date columns parsed; empty cells are missing values.

    Raises
    ------
    DataError
        If a name is unknown, or the file is missing or corrupt.

    Examples
    --------
    >>> from coursekit import data
    >>> data.table("nycflights13", "airlines").shape
    (16, 2)
    """
    entry = _table_entry(name, table)
    known = [column["name"] for column in entry["columns"]]
    _refuse_unknown(columns, known, f"{name}.{table}")
    wanted = known if columns is None else columns
    dates = [c["name"] for c in entry["columns"] if c["type"] == "datetime"]
    return pd.read_csv(
        _file(name, _smallest(entry, rows)),
        usecols=wanted,
        nrows=rows,
        dtype=_dtypes(entry, wanted),
        parse_dates=[d for d in dates if d in wanted],
        # The carrier code "NA" does not occur, but "NA" must not be guessed at.
        keep_default_na=False,
        na_values=[""],
    )


def _smallest(entry: dict[str, Any], rows: int | None) -> dict[str, Any]:
    """Return the table's sample where that has all the rows that are asked for."""
    sample: dict[str, Any] | None = entry.get("sample")
    if sample is None or rows is None or rows > sample["rows"]:
        return entry
    return sample


def _refuse_unknown(columns: list[str] | None, known: list[str], label: str) -> None:
    for column in columns or []:
        if column not in known:
            raise DataError(
                f"{label} has no column {column!r}; it has: {', '.join(known)}."
            )


def _dtypes(entry: dict[str, Any], wanted: list[str]) -> dict[Hashable, str]:
    kinds = {"text": "object", "integer": "int64", "number": "float64"}
    return {
        column["name"]: kinds[column["type"]]
        for column in entry["columns"]
        if column["name"] in wanted and column["type"] in kinds
    }


def database(name: str) -> Path:
    """Return a SQLite database with all tables of one data set.

    It is built in the user's cache the first time (a few seconds) and found there
    afterwards; a change of the data makes a new one.

    Parameters
    ----------
    name
        A data set, one of `names()`.

    Returns
    -------
    pathlib.Path
        The database file. Keys are declared as the registry gives them.

    Raises
    ------
    DataError
        If the name is unknown, or a file is missing or corrupt.
    """
    entry = _entry(name)
    text = json.dumps(entry, sort_keys=True).encode()
    file = cache_folder() / f"{name}-{hashlib.sha256(text).hexdigest()[:12]}.sqlite"
    if not file.is_file():
        _build(name, entry, file)
    return file


def _build(name: str, entry: dict[str, Any], file: Path) -> None:
    """Build beside the target, then move, so that no half-built file is found."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        unfinished = Path(folder) / file.name
        connection = sqlite3.connect(unfinished)
        try:
            for table_name, table_entry in entry["tables"].items():
                _fill(connection, name, table_name, table_entry)
            connection.commit()
        finally:
            connection.close()
        unfinished.replace(file)


def _fill(
    connection: sqlite3.Connection, name: str, table_name: str, entry: dict[str, Any]
) -> None:
    connection.execute(f"CREATE TABLE {table_name} ({', '.join(_schema(entry))})")
    frame = table(name, table_name)
    for column in frame.select_dtypes(include=["datetime", "datetimetz"]):
        frame[column] = frame[column].dt.strftime("%Y-%m-%d %H:%M:%S")
    frame.to_sql(table_name, connection, if_exists="append", index=False)
    for columns in entry.get("indexes", []):
        index = "_".join([table_name, *columns])
        connection.execute(
            f"CREATE INDEX {index} ON {table_name} ({', '.join(columns)})"
        )


def _schema(entry: dict[str, Any]) -> Iterator[str]:
    types = {"text": "TEXT", "integer": "INTEGER", "number": "REAL", "datetime": "TEXT"}
    for column in entry["columns"]:
        yield f"{column['name']} {types[column['type']]}"
    if key := entry.get("key"):
        yield f"PRIMARY KEY ({', '.join(key)})"
    for column_names, target in entry.get("references", {}).items():
        yield f"FOREIGN KEY ({column_names}) REFERENCES {target}"
