"""What a piece of grading work is filed under.

The same code of a learner under the same key is the same work, done once. The key
covers the pieces, the seed, the exercise with all that it reaches, the grader, the
environment, and how far learners' code is kept apart. The policy is not in it: a new
policy gives other marks for the same work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache as memoised
from pathlib import Path

from coursekit.exercises import cache
from coursekit.grading.model import Piece
from coursekit.grading.tasks import canonical, pack_pieces

__all__ = ["grader", "machinery", "work"]

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
# What comes before execution and after judging: it changes no evidence and no mark.
_AROUND = ("assign", "intake", "reports")
_AROUND_FILES = (
    "commands.py",
    "policy.py",
    "progress.py",
    "roster.py",
    "safe.py",
    "similarity.py",
)


def grader(path: Path) -> str:
    """Digest of an exercise's source, what it reaches, the grader and the environment.

    Parameters
    ----------
    path : Path
        Source of the exercise.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    reached = cache.key(path, "graded", _ROOT)
    return hashlib.sha256(f"{reached}\0{machinery()}".encode()).hexdigest()


@memoised
def machinery() -> str:
    """Digest of the code that executes and judges."""
    digest = hashlib.sha256()
    for folder in ("exercises", "grading"):
        for file in sorted((_HERE.parent / folder).rglob("*.py")):
            if not _around(file):
                digest.update(file.read_bytes())
    for name in ("check.py", "compare.py", "source.py", "data.py"):
        digest.update((_HERE.parent / name).read_bytes())
    return digest.hexdigest()


def _around(file: Path) -> bool:
    if not file.is_relative_to(_HERE):
        return False
    place = file.relative_to(_HERE)
    return place.parts[0] in _AROUND or str(place) in _AROUND_FILES


def work(pieces: Sequence[Piece], seed: int, grader: str, isolation: str) -> str:
    """Return the key of a submission's work.

    Parameters
    ----------
    pieces : sequence of Piece
        The learner's code, in its order.
    seed : int
        The secret seed.
    grader : str
        What `grader` gave.
    isolation : str
        How learners' code is kept apart.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    whole = canonical([pack_pieces(pieces), seed, grader, isolation])
    return hashlib.sha256(whole).hexdigest()
