"""Recognise known mistakes by their evidence.

An exercise's wrong answers are the mistakes that people make. Each is executed once
with the batch's seed, where its question is asked, the reference answering the other
questions. A learner who loses an item with the same evidence has made that mistake:
no other look at the code is needed, and none is as sure.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from coursekit import compare
from coursekit.exercises import cache, evidence, runs
from coursekit.exercises.commands import ROOT
from coursekit.exercises.model import Exercise, Variant
from coursekit.grading.model import Piece, Runner
from coursekit.grading.tasks import write_evidence

__all__ = ["Catalogue", "catalogue"]

_RTOL: Final = 1e-6  # wide enough for another order of sums, too narrow for a mistake
_ATOL: Final = 1e-12  # for what is zero but for rounding
_REFERENCE: Final = "reference"

Values = dict[str, Any]


class Catalogue:
    """The evidence of an exercise's wrong answers, with one seed.

    Parameters
    ----------
    folder : Path
        A folder of evidence by wrong answer, `q1.forgets-the-mean`, and one of the
        `reference`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, dict[str, Values]] = {}

    def match(self, item: str, evidence_folder: Path) -> str | None:
        """Name the mistake behind a lost item; for a judging process alone.

        Parameters
        ----------
        item : str
            `question.item`.
        evidence_folder : Path
            The learner's evidence, folders of questions inside.

        Returns
        -------
        str or None
            Name of the wrong answer whose evidence is the same, several joined by
            `or`; None where it is no known mistake.
        """
        found = _values(evidence_folder, item)
        if found is None:
            return None
        known = self._of_item(item)
        names = [name for name, values in known.items() if _same(found, values)]
        return " or ".join(names) or None

    def _of_item(self, item: str) -> dict[str, Values]:
        """Return the evidence of each mistake that shows in an item."""
        if item not in self._known:
            right = _values(self.folder / _REFERENCE, item)
            question = item.partition(".")[0]
            read = {
                place.name.partition(".")[2]: _values(place, item)
                for place in sorted(self.folder.glob(f"{question}.*"))
            }
            self._known[item] = {
                name: values
                for name, values in read.items()
                if values is not None and not (right and _same(values, right))
            }
        return self._known[item]


def catalogue(
    exercise: Exercise, seed: int, executor: Runner, folder: Path | None = None
) -> Catalogue:
    """Execute every wrong answer of an exercise, or find that it was done before.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    seed : int
        The batch's seed.
    executor : Runner
        What executes; it is not asked where the evidence is there already.
    folder : Path, optional
        Where the evidence is kept, for the next grading too. Without one it is gone
        when the catalogue that is returned is.

    Returns
    -------
    Catalogue
        Small: it can be sent to the process that judges.
    """
    place = folder or Path(tempfile.mkdtemp(prefix="catalogue-"))
    kept = place / cache.key(exercise.source.path, f"catalogue {seed}", ROOT)[:32]
    if not kept.is_dir():
        draft = kept.with_suffix(f".{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            _execute(exercise, seed, executor, draft)
            _publish(draft, kept)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    made = Catalogue(kept)
    if folder is None:
        weakref.finalize(made, shutil.rmtree, place, ignore_errors=True)
    return made


def _publish(draft: Path, kept: Path) -> None:
    """Give a finished folder its name; another process may have been first."""
    try:
        draft.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise


def _execute(exercise: Exercise, seed: int, executor: Runner, folder: Path) -> None:
    right = runs.answers(exercise)
    questions = [question.name for question in exercise.questions]
    execution = executor.run(_pieces(right), seed)
    write_evidence(execution.evidence, folder / _REFERENCE, questions)
    for together in _mistakes(exercise):
        wrong = {variant.question: variant.cell.source for variant in together}
        execution = executor.run(_pieces(right | wrong), seed)
        for variant in together:
            place = folder / f"{variant.question}.{variant.name}"
            write_evidence(execution.evidence, place, [variant.question])


def _mistakes(exercise: Exercise) -> Iterator[list[Variant]]:
    """Give wrong answers to try at once, one to a question.

    Questions are proven to be independent, so that one execution shows as many
    mistakes as there are questions.
    """
    wrong = [
        [variant for variant in question.variants if variant.wrong]
        for question in exercise.questions
    ]
    for row in zip_longest(*wrong):
        yield [variant for variant in row if variant is not None]


def _pieces(answers: Mapping[str, str]) -> tuple[Piece, ...]:
    return tuple(
        Piece("answer", code, question=question) for question, code in answers.items()
    )


def _values(folder: Path, item: str) -> Values | None:
    """Return the values of one item; None where there are none to be read."""
    question, _, name = item.partition(".")
    try:
        return evidence.read(folder, question).items.get(name)
    except evidence.EvidenceError:
        return None


def _same(found: Values, expected: Values) -> bool:
    return found.keys() == expected.keys() and all(
        compare.close(found[name], value, rtol=_RTOL, atol=_ATOL) is None
        for name, value in expected.items()
    )
