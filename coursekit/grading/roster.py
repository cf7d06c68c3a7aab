"""Read who is expected to hand something in."""

from __future__ import annotations

import csv
from pathlib import Path

from coursekit.grading.model import Learner

__all__ = ["RosterError", "read_roster"]


class RosterError(ValueError):
    """A roster that cannot be used; said in one sentence."""


def read_roster(path: Path) -> list[Learner]:
    """Read a roster: a CSV file with the columns key, name and id.

    Parameters
    ----------
    path : Path
        The file. Further columns are not looked at; name and id may be missing.

    Returns
    -------
    list of Learner
        In the file's order.

    Raises
    ------
    RosterError
        In one sentence with the line.
    """
    rows = csv.DictReader(_text(path).splitlines())
    if "key" not in (rows.fieldnames or ()):
        found = ", ".join(rows.fieldnames or ()) or "nothing"
        raise RosterError(
            f"{path}: expected the columns key, name and id; found {found}."
        )
    learners: dict[str, Learner] = {}
    for row in rows:
        key, name, number = (
            (row.get(column) or "").strip() for column in ("key", "name", "id")
        )
        if not key or key in learners:
            what = f"{key!r} for the second time" if key else "no key"
            raise RosterError(f"{path}, line {rows.line_num}: found {what}.")
        learners[key] = Learner(key=key, name=name, id=number)
    return list(learners.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RosterError(f"{path} is not UTF-8.") from None
    except OSError as error:
        raise RosterError(f"{path} cannot be read ({error.strerror}).") from None
