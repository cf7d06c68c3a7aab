"""The one report of nbval's that is kept of a batch, made of those of several runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["keep"]


def _properties(case: ET.Element) -> dict[str, str]:
    return {str(p.get("name")): p.get("value", "") for p in case.iter("property")}


def keep(reports: Sequence[Path], into: Path, cases: Set[str]) -> None:
    """Put several reports into one, for the cases that count.

    Parameters
    ----------
    reports : sequence of Path
        The earliest first; those that are not there are left out. What `into` holds
        comes before them, less the cases that they have.
    into : Path
        The report that is kept; it is replaced as a whole.
    cases : set of str
        Cases of the batch. Cells of others, the set-up among them, are left out.
    """
    whole = ET.Element("testsuites", name="judge")
    reports = [report for report in reports if report.is_file()]
    new = {case for report in reports for case in _cases(report)}
    for suite in _suites(into, set(cases) - new):
        whole.append(suite)
    for report in reports:
        for suite in _suites(report, cases):
            whole.append(suite)
    draft = into.with_name(f"{into.name}.new")
    ET.ElementTree(whole).write(draft, encoding="utf-8", xml_declaration=True)
    draft.replace(into)


def _cases(report: Path) -> Iterator[str]:
    for case in ET.parse(report).getroot().iter("testcase"):
        yield _properties(case).get("case", "")


def _suites(report: Path, cases: Set[str]) -> Iterator[ET.Element]:
    if not report.is_file():
        return
    for suite in ET.parse(report).getroot().iter("testsuite"):
        for case in list(suite.findall("testcase")):
            if _properties(case).get("case") not in cases:
                suite.remove(case)
        _count(suite)
        if len(suite.findall("testcase")):
            yield suite


def _count(suite: ET.Element) -> None:
    """Make the suite's figures those of the cells that are left in it."""
    left = suite.findall("testcase")
    suite.set("tests", str(len(left)))
    for name, tag in (("failures", "failure"), ("errors", "error")):
        suite.set(name, str(sum(case.find(tag) is not None for case in left)))
    skipped = sum(case.find("skipped") is not None for case in left)
    suite.set("skipped", str(skipped))
