"""The batch as JUnit XML, which every build server shows: a suite for each learner."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from coursekit.grading.model import Batch, ItemMark, Result
from coursekit.grading.reports.analysis import counting
from coursekit.grading.safe import line, visible

__all__ = ["junit"]


def junit(batch: Batch) -> str:
    """Return the text of `junit.xml`.

    Parameters
    ----------
    batch : Batch
        The batch.

    Returns
    -------
    str
        A suite for each learner, a case for each item. An item without all its points
        is a failure that says what its learner is told, a submission that cannot be
        read an error, one that was not handed in is skipped.
    """
    root = ET.Element("testsuites", {"name": batch.exercise})
    for result in counting(batch):
        root.append(_suite(batch, result))
    _sum_up(root, root.findall("testsuite"))
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _suite(batch: Batch, result: Result) -> ET.Element:
    described = {
        "name": visible(result.learner.key),
        "timestamp": batch.graded_at.isoformat(timespec="seconds"),
    }
    suite = ET.Element("testsuite", described)
    for mark in result.items:
        suite.append(_item(batch, mark))
    if result.state != "graded":
        suite.append(_nothing(batch, result))
    told = {
        "tests": len(suite),
        "failures": len(suite.findall("*/failure")),
        "errors": len(suite.findall("*/error")),
        "skipped": len(suite.findall("*/skipped")),
    }
    suite.attrib |= {name: str(count) for name, count in told.items()}
    suite.set("time", f"{result.usage.wall_seconds:.3f}")
    return suite


def _item(batch: Batch, mark: ItemMark) -> ET.Element:
    about = {"classname": f"{batch.exercise}.{mark.question}", "name": mark.item}
    case = ET.Element("testcase", about)
    if mark.earned < mark.points:
        said = visible(mark.feedback)
        message = line(mark.feedback, 200) if said.strip() else "not passed"
        ET.SubElement(case, "failure", {"message": message}).text = said
    return case


def _nothing(batch: Batch, result: Result) -> ET.Element:
    case = ET.Element("testcase", {"classname": batch.exercise, "name": "submission"})
    if result.state == "missing":
        ET.SubElement(case, "skipped", {"message": "nothing was handed in"})
    else:
        ET.SubElement(case, "error", {"message": line(result.problem, 400)})
    return case


def _sum_up(root: ET.Element, suites: Iterable[ET.Element]) -> None:
    names = ("tests", "failures", "errors", "skipped")
    for name in names:
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
