"""Reports of a graded batch: for machines, for tables, for learners, for instructors.

Of one batch every file is the same, byte for byte, however often it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from coursekit.exercises.model import Exercise
from coursekit.grading.model import Batch
from coursekit.grading.reports import pages, records, tables
from coursekit.grading.reports.junit import junit
from coursekit.grading.reports.records import read

__all__ = ["read", "write"]

# What `safe.file_name` makes; nothing else in the folder is ever removed.
_PAGE = re.compile(r"[a-z0-9-]+-[0-9a-f]{16}\.html")
_BOM = "\ufeff"  # tells Excel that a table is UTF-8


def write(batch: Batch, exercise: Exercise, out: Path) -> list[Path]:
    """Write every report of a batch.

    Parameters
    ----------
    batch : Batch
        Marked, with the policy applied.
    exercise : Exercise
        What was graded.
    out : Path
        The folder; made where it is not there. Pages of learners who are no longer in
        the batch are removed. A `manual.csv` that somebody has written into is left
        as it is.

    Returns
    -------
    list of Path
        What was written. Each file is replaced as a whole or not at all.
    """
    ordered = sorted(batch.results, key=lambda r: (r.learner.key, r.attempt, r.file))
    batch = batch.model_copy(update={"results": ordered})
    texts = {
        "results.json": records.results(batch),
        "results.schema.json": records.schema(),
        "grades.csv": _BOM + tables.grades(batch, exercise),
        "canvas.csv": tables.canvas(batch, exercise),
        "moodle.csv": tables.moodle(batch, exercise),
        "junit.xml": junit(batch),
        **pages.learners(batch, exercise),
        "index.html": pages.instructor(batch, exercise),
    }
    if _may_write_manual(batch, out / "manual.csv"):
        texts["manual.csv"] = _BOM + tables.manual(batch)
    _remove_others(out / "learners", {Path(name).name for name in texts})
    return [_replace(out / name, text) for name, text in texts.items()]


def _may_write_manual(batch: Batch, path: Path) -> bool:
    if not any(result.manual for result in batch.results):
        return False
    if not path.exists():
        return True
    try:
        return not tables.is_filled(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:  # saved by a spreadsheet, so written into
        return False


def _remove_others(folder: Path, names: Iterable[str]) -> None:
    for path in folder.glob("*.html"):
        if _PAGE.fullmatch(path.name) and path.name not in names:
            path.unlink()


def _replace(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    try:
        # A half of a surrogate pair, in JSON alone, becomes its escape.
        beside.write_bytes(text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path
