"""The evidence of a submission beside the reference's, and what a judge cell may call.

Light, because the judging notebook imports it: NumPy and pandas, and nothing heavier.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from coursekit import compare
from coursekit.exercises import evidence

__all__ = ["Court", "Rejected", "between", "close", "equal", "reject", "same_rows"]


class Rejected(Exception):  # noqa: N818 (a verdict, not an error)
    """The evidence is not what was asked for."""


def close(
    found: object, expected: object, rtol: float = 1e-7, atol: float = 0.0
) -> None:
    """Reject numbers that are not within `atol + rtol * abs(expected)`."""
    _settle(compare.close(found, expected, rtol=rtol, atol=atol))


def equal(found: object, expected: object) -> None:
    """Reject what is not exactly the same, kind included."""
    _settle(compare.equal(found, expected))


def between(found: object, low: float, high: float) -> None:
    """Reject numbers that are not all from `low` to `high`."""
    _settle(compare.between(found, low, high))


def same_rows(found: object, expected: pd.DataFrame, ordered: bool = False) -> None:
    """Reject a table whose rows are not those expected, as often as expected."""
    _settle(compare.same_rows(found, expected, ordered=ordered))


def reject(sentence: str) -> NoReturn:
    """Reject for a reason of the exercise's own."""
    raise Rejected(sentence)


def _settle(problem: str | None) -> None:
    if problem:
        raise Rejected(problem)


class Court:
    """The evidence of one submission and of the reference, ready to be judged.

    Parameters
    ----------
    found, expected : Path or mapping of str to Path
        Out-folder of the learner and of the reference; a mapping gives the folder by
        question, where questions were gathered apart.
    seed : int
        The seed with which both ran.
    """

    def __init__(
        self,
        found: Path | Mapping[str, Path],
        expected: Path | Mapping[str, Path],
        seed: int,
    ) -> None:
        self._found = found
        self._expected = expected
        self._seed = seed
        self._read: dict[tuple[str, Path], evidence.Evidence] = {}

    def evidence_of(self, item: str) -> dict[str, Any]:
        """Return the names that a judge cell starts with.

        Raises
        ------
        Rejected
            If the learner's evidence is missing or malformed.
        RuntimeError
            If the reference's is: then the exercise is at fault.
        """
        try:
            expected = self._values(self._expected, item)
        except Rejected as error:
            raise RuntimeError(f"the reference: {error}") from None
        found = self._values(self._found, item)
        if set(found) != set(expected):
            raise Rejected("the evidence has other names than the reference's")
        helpers = (close, equal, between, same_rows, reject)
        names: dict[str, Any] = {helper.__name__: helper for helper in helpers}
        names.update(np=np, pd=pd, seed=self._seed)
        return names | {"found": found, "expected": expected}

    def _values(self, side: Path | Mapping[str, Path], item: str) -> dict[str, Any]:
        question, _, name = item.partition(".")
        folder = side if isinstance(side, Path) else side[question]
        key = (question, folder)
        if key not in self._read:
            try:
                self._read[key] = evidence.read(folder, question)
            except evidence.EvidenceError as error:
                raise Rejected(f"the evidence cannot be read: {error}") from None
        read = self._read[key]
        if name in read.problems:
            raise Rejected(f"the evidence cannot be read: {read.problems[name]}")
        if name not in read.items:
            raise Rejected(
                "there is no evidence: the cell stopped before it was written"
            )
        return read.items[name]
