"""Data of each learner's own: another seed in each learner's starter.

The seed is made from the learner's key and the exercise's name with a secret of the
class (HMAC), so that it is the same whenever it is made again, and nobody can work out
another learner's. Grading does not depend on it: marks are given with one secret seed.
"""

from __future__ import annotations

import copy
import csv
import hashlib
import hmac
import io
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import nbformat

from coursekit.grading import safe
from coursekit.grading.assign.files import AssignError
from coursekit.grading.model import Learner

__all__ = [
    "folder_of",
    "manifest",
    "new_secret",
    "read_secret",
    "seed_of",
    "with_seed",
]

_PERSON = ("key", "name", "id")
_SEED = re.compile(r"^seed = [0-9_]+$", re.MULTILINE)
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_SECRET = re.compile(r"[0-9a-f]{64}")


def new_secret() -> str:
    """Make the secret of a class: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def read_secret(path: Path) -> str:
    """Read the secret that an earlier release was made with.

    Raises
    ------
    AssignError
        If the file is not what a release writes.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AssignError(f"{path} cannot be read: {error}.") from None
    if not _SECRET.fullmatch(text):
        raise AssignError(
            f"{path} holds no class secret: expected 64 hexadecimal digits, found "
            f"{len(text)} characters."
        )
    return text


def seed_of(secret: str, exercise: str, key: str) -> int:
    """Return a learner's seed for an exercise.

    Parameters
    ----------
    secret : str
        The class's secret.
    exercise : str
        `part/slug`.
    key : str
        The learner's key.

    Returns
    -------
    int
        From 1 to 2,147,483,647: what every random generator takes.

    Examples
    --------
    >>> seed_of("0" * 64, "a/b", "ada") == seed_of("0" * 64, "a/b", "ada")
    True
    >>> seed_of("0" * 64, "a/b", "ada") == seed_of("1" * 64, "a/b", "ada")
    False
    """
    told = f"{exercise}\0{key}".encode()
    digest = hmac.new(bytes.fromhex(secret), told, hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") % (2**31 - 1) + 1


def with_seed(notebook: nbformat.NotebookNode, seed: int) -> nbformat.NotebookNode:
    """Give a starter a seed of its own.

    Parameters
    ----------
    notebook : NotebookNode
        A starter.
    seed : int
        The seed.

    Returns
    -------
    NotebookNode
        A copy whose parameters set that seed; every exercise's set one.
    """
    own = copy.deepcopy(notebook)
    cell = next(one for one in own.cells if one.id == "parameters")
    cell.source = _SEED.sub(f"seed = {seed}", cell.source)
    return own


def folder_of(learner: Learner) -> str:
    """Return the name of a learner's folder, which no other learner has."""
    plain = _PLAIN.fullmatch(learner.key)
    return learner.key if plain else safe.file_name(learner.key)


def manifest(rows: Iterable[tuple[Learner, str, str, int]]) -> bytes:
    """Write who got which seed, for the instructor.

    Parameters
    ----------
    rows : iterable of tuple
        Learner, exercise, file and seed.

    Returns
    -------
    bytes
        A CSV file; no cell begins a formula.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([*_PERSON, "exercise", "file", "seed"])
    for learner, exercise, file, seed in rows:
        known: Sequence[str] = (learner.key, learner.name, learner.id)
        writer.writerow([*map(safe.cell, known), exercise, file, seed])
    return written.getvalue().encode("utf-8-sig")
