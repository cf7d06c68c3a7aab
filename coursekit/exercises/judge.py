"""Mark evidence: run judge cells in a process that never ran a learner's code.

A judge cell passes when nothing raises. It finds `found` and `expected`, the evidence
of the learner and of the reference, `seed`, `np`, `pd` and the helpers of this module.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from coursekit import compare
from coursekit.exercises.court import Court, Rejected
from coursekit.exercises.model import Exercise, Item

if TYPE_CHECKING:
    import nbformat  # slow to import, and a judge's process does without it

__all__ = [
    "Case",
    "Verdict",
    "judge",
    "judging_notebook",
    "nbval_verdicts",
    "run_nbval",
]

# How nbval's own complaints begin; all else that is a failure came of the judge cell.
_NO_VERDICT = ("RuntimeError: Kernel dead", "Timeout of ")


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one item.

    Attributes
    ----------
    item
        `question.item`.
    points, earned
        What it is worth, and what was given.
    why
        Why nothing was given. It may name expected values: for the author and the
        instructor, not for a learner.
    """

    item: str
    points: int
    earned: int
    why: str = ""

    @property
    def passed(self) -> bool:
        """Whether the points were given."""
        return self.earned == self.points


def judge(items: Iterable[Item], court: Court) -> list[Verdict]:
    """Judge items one by one.

    Parameters
    ----------
    items : iterable of Item
        What to judge.
    court : Court
        The evidence.

    Returns
    -------
    list of Verdict
        One an item, in order. A judge cell that stops with an error of its own gives
        no points and says so.

    Raises
    ------
    RuntimeError
        If the reference's evidence is missing.
    """
    return [_verdict(item, court) for item in items]


def _verdict(item: Item, court: Court) -> Verdict:
    try:
        names = court.evidence_of(item.id)
        exec(compile(item.judge.source, f"<judge of {item.id}>", "exec"), names)
    except Rejected as error:
        return Verdict(item.id, item.points, 0, str(error))
    except RuntimeError as error:
        if str(error).startswith("the reference: "):
            raise
        return Verdict(item.id, item.points, 0, _stopped(error))
    except Exception as error:  # noqa: BLE001 (whatever evidence makes it do)
        return Verdict(item.id, item.points, 0, _stopped(error))
    return Verdict(item.id, item.points, item.points)


def _stopped(error: Exception) -> str:
    text = compare.shorten(str(error))
    return f"the judge cell stopped with {type(error).__name__}: {text}"


@dataclass(frozen=True)
class Case:
    """One submission in a judging notebook.

    Attributes
    ----------
    name
        A short name of letters and digits, unique in the notebook.
    found, expected, seed
        As for `court.Court`.
    """

    name: str
    found: Path | Mapping[str, Path]
    expected: Path | Mapping[str, Path]
    seed: int


_SET_UP = """\
from pathlib import Path

from coursekit.exercises.court import Court

courts = {}"""


def judging_notebook(
    exercise: Exercise, cases: Iterable[Case]
) -> nbformat.NotebookNode:
    """Write the notebook that nbval runs: one cell an item of a submission.

    Parameters
    ----------
    exercise : Exercise
        What is judged.
    cases : iterable of Case
        Whose evidence.

    Returns
    -------
    NotebookNode
        The cell `ada-q1-gradient` judges the item `q1.gradient` of the case `ada`.
    """
    import nbformat

    listed = list(cases)
    courts = [
        f'courts["{case.name}"] = Court({_literal(case.found)}, '
        f"{_literal(case.expected)}, {case.seed})"
        for case in listed
    ]
    # One cell makes all courts: for nbval every cell has its price.
    cells = [_code("set-up", "\n".join([_SET_UP, *courts]))]
    for case in listed:
        cells += [_item_cell(case, item) for item in exercise.items]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    made: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=cells, metadata=metadata
    )
    return made


def _item_cell(case: Case, item: Item) -> nbformat.NotebookNode:
    names = f'courts["{case.name}"].evidence_of("{item.id}")'
    begin = f"globals().update({names})"
    name = f"{case.name}-{item.id.replace('.', '-')}"
    cell = _code(name, f"{begin}\n{item.judge.source}")
    cell.metadata["course"] = {"case": case.name, "item": item.id}
    return cell


def _code(name: str, source: str) -> nbformat.NotebookNode:
    import nbformat

    made: nbformat.NotebookNode = nbformat.v4.new_code_cell(source, id=name)
    return made


def _literal(side: Path | Mapping[str, Path]) -> str:
    if isinstance(side, Path):
        return f"Path({str(side)!r})"
    inner = ", ".join(f"{name!r}: Path({str(path)!r})" for name, path in side.items())
    return f"{{{inner}}}"


def run_nbval(
    notebooks: Sequence[Path],
    report: Path,
    *,
    timeout: float = 300.0,
    cell_seconds: float = 60.0,
) -> dict[str, dict[str, bool]]:
    """Run judging notebooks through nbval, all in one run.

    Parameters
    ----------
    notebooks : sequence of Path
        What `judging_notebook` made.
    report : Path
        Where the JUnit XML goes.
    timeout : float
        Seconds for the whole run.
    cell_seconds : float
        Seconds for one cell, after which nbval gives its notebook up.

    Returns
    -------
    dict of dict
        By case and item: whether its cell passed. An item that nbval did not get to
        is absent.

    Raises
    ------
    RuntimeError
        If nbval ended without a report.
    """
    report = report.resolve()
    papers = [str(notebook.resolve()) for notebook in notebooks]
    run = subprocess.run(
        [*_nbval_command(report, cell_seconds), *papers],
        env=_environment(report.parent),
        cwd=report.parent,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if not report.is_file():
        raise RuntimeError(f"nbval ended without a report: {run.stdout[-2000:]}")
    results: dict[str, dict[str, bool]] = {}
    for (case, item), passed in nbval_verdicts(report).items():
        results.setdefault(case, {})[item] = passed
    return results


def _nbval_command(report: Path, cell_seconds: float) -> list[str]:
    """Write the empty settings of a pytest that runs nbval and nothing else."""
    settings = report.with_name("nbval.ini")
    settings.write_text("[pytest]\n", encoding="ascii")
    plugins = ("coursekit.exercises.nbval_names", "nbval.plugin", "no:cacheprovider")
    return [
        *(sys.executable, "-m", "pytest"),
        *("--nbval-lax", "--nbval-current-env", "--color=no", "--quiet"),
        f"--nbval-cell-timeout={cell_seconds:g}",
        f"--junitxml={report}",
        f"--rootdir={report.parent}",
        *("-c", str(settings)),
        *(word for plugin in plugins for word in ("-p", plugin)),
    ]


def _environment(folder: Path) -> dict[str, str]:
    """Where plug-ins are not looked for, and nothing is left in anybody's home."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return os.environ | {
        "PYTHONPATH": path,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def nbval_verdicts(report: Path) -> dict[tuple[str, str], bool]:
    """Read what a report of nbval says.

    Strict, where pytest is kind: only a cell that ran to its end or stopped with an
    error has a verdict. One that was skipped, because the kernel had ended or hung
    before it, has none.

    Parameters
    ----------
    report : Path
        JUnit XML of a run with the plug-in `coursekit.exercises.nbval_names`.

    Returns
    -------
    dict
        By case and item, whether its cell passed; absent where it has no verdict.
    """
    found = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        told = {str(p.get("name")): p.get("value", "") for p in case.iter("property")}
        passed = _passed(case)
        if "item" in told and passed is not None:
            found[told["case"], told["item"]] = passed
    return found


def _passed(case: ET.Element) -> bool | None:
    failures = case.findall("failure")
    if case.find("error") is not None or case.find("skipped") is not None:
        return None
    told = [failure.get("message", "").lstrip() for failure in failures]
    return None if any(one.startswith(_NO_VERDICT) for one in told) else not failures
