"""nbval's verdicts: one run of pytest over notebooks of judge cells.

What nbval did not get to, because a kernel ended, it is asked again: the submission
at which it ended alone, and those after it together. So one submission whose evidence
ends a kernel costs nobody else a mark, and a kernel that ends of itself costs nobody
at all.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import nbformat

from coursekit.exercises.judge import (
    Case,
    judging_notebook,
    nbval_verdicts,
    run_nbval,
)
from coursekit.grading import record
from coursekit.grading.courtroom import Docket
from coursekit.grading.sitting import JudgingError, Limits, Verdict

__all__ = ["RECORD", "REFERENCE", "gather"]

REFERENCE: Final = "reference"
RECORD: Final = "junit-judge.xml"
_CELL_SECONDS = 60.0  # for one cell, before nbval gives its notebook up
_START_SECONDS = 300.0  # for a whole run, and for each of its cells
_MEAN_SECONDS = 0.5


def gather(
    docket: Docket,
    first: Mapping[tuple[str, str], Verdict],
    folder: Path,
    limits: Limits,
) -> dict[tuple[str, str], bool]:
    """Ask nbval about every item, but those over which the judge had to be ended.

    Parameters
    ----------
    docket : Docket
        What was judged; `reference` is among its cases.
    first : mapping
        What the judge said, by case and item.
    folder : Path
        Where `junit-judge.xml` goes, and the notebooks while they run.
    limits : Limits
        How many submissions go in a notebook, and how often nbval is asked.

    Returns
    -------
    dict
        By case and item, whether nbval passed it. An item is absent where nbval, asked
        about its submission alone, ended before it.

    Raises
    ------
    JudgingError
        If nbval says nothing, or not even passes the reference.
    """
    opinion = _Opinion(docket, first, folder)
    names = [case for case in docket.cases if case != REFERENCE]
    size = limits.notebook
    groups = [names[at : at + size] for at in range(0, len(names), size)]
    try:
        for _ in range(limits.rounds):
            groups = opinion.ask(groups)
            if not groups:
                return opinion.told
    finally:
        opinion.close()
    unheard = sum(map(len, groups))
    raise JudgingError(
        f"nbval was run {limits.rounds} times and has still not judged {unheard} of "
        f"{len(names)} submissions{opinion.failure and ': '}{opinion.failure}."
    )


class _Opinion:
    """What nbval has said so far."""

    def __init__(
        self, docket: Docket, first: Mapping[tuple[str, str], Verdict], folder: Path
    ) -> None:
        self.told: dict[tuple[str, str], bool] = {}
        self.failure = ""
        self._docket = docket
        self._first = first
        self._folder = folder
        self._reports: list[Path] = []

    def ask(self, groups: Sequence[Sequence[str]]) -> list[list[str]]:
        """Run nbval once, over one notebook a group; return what to ask next."""
        run = len(self._reports)
        place = self._folder / f"nbval-{run}"
        place.mkdir(parents=True)
        report = place / "junit.xml"
        self._reports.append(report)
        papers = [place / f"judging-{run}-{at}.ipynb" for at in range(len(groups))]
        for at, (paper, group) in enumerate(zip(papers, groups, strict=True)):
            nbformat.write(self._notebook(group, f"{REFERENCE}{run}x{at}"), paper)
        said = self._run(papers, report, sum(map(len, groups)))
        self.told |= said
        return [
            group
            for at, asked in enumerate(groups)
            for group in self._again(asked, said, f"{REFERENCE}{run}x{at}")
        ]

    def _run(
        self, papers: Sequence[Path], report: Path, cases: int
    ) -> dict[tuple[str, str], bool]:
        cells = (cases + len(papers)) * (1 + len(self._docket.exercise.items))
        try:
            run_nbval(
                papers,
                report,
                timeout=_START_SECONDS + _MEAN_SECONDS * cells,
                cell_seconds=_CELL_SECONDS,
            )
        except RuntimeError as error:
            self.failure = str(error)
        except subprocess.TimeoutExpired as error:
            self.failure = f"it took more than {error.timeout:.0f} seconds"
        return nbval_verdicts(report) if report.is_file() else {}

    def _notebook(self, group: Sequence[str], reference: str) -> nbformat.NotebookNode:
        """Write the reference, then the group, then nothing that stopped the judge."""
        docket = self._docket
        folders = {reference: docket.expected, **{c: docket.cases[c] for c in group}}
        cases = [
            Case(name, folder, docket.expected, docket.seed)
            for name, folder in folders.items()
        ]
        notebook = judging_notebook(docket.exercise, cases)
        notebook.cells = [
            cell for cell in notebook.cells if not self._stopped(cell.metadata)
        ]
        return notebook

    def _stopped(self, metadata: Mapping[str, dict[str, str]]) -> bool:
        about = metadata.get("course", {})
        verdict = self._first.get((about.get("case", ""), about.get("item", "")))
        return verdict is not None and verdict.stopped

    def _again(
        self,
        group: Sequence[str],
        said: Mapping[tuple[str, str], bool],
        reference: str,
    ) -> Iterator[list[str]]:
        """Give the groups that have to be asked again for this one."""
        items = [item.id for item in self._docket.exercise.items]
        if not all(said.get((reference, item)) for item in items):
            yield list(group)
            return
        unheard = [case for case in group if self._unheard(case, items)]
        if unheard and len(group) > 1:
            yield unheard[:1]
            if unheard[1:]:
                yield unheard[1:]

    def _unheard(self, case: str, items: Sequence[str]) -> bool:
        """Whether an item is without nbval's verdict to which the judge gave points."""
        return any(
            self._first[case, item].passed and (case, item) not in self.told
            for item in items
        )

    def close(self) -> None:
        """Keep the reports as one, and remove the notebooks."""
        cases = set(self._docket.cases)
        record.keep(
            [report for report in self._reports if report.is_file()],
            self._folder / RECORD,
            cases,
        )
        for report in self._reports:
            shutil.rmtree(report.parent, ignore_errors=True)
