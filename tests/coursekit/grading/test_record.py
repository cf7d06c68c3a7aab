"""Only what nbval ran to an end is a verdict, and the record is of the batch alone."""

from xml.etree import ElementTree as ET

import pytest

from coursekit.exercises.judge import nbval_verdicts
from coursekit.grading import record


def cell(case, item, inside=""):
    return (
        f'<testcase name="Cell 1"><properties><property name="case" value="{case}"/>'
        f'<property name="item" value="{item}"/></properties>{inside}</testcase>'
    )


def report(path, *cases):
    path.write_text(
        f'<testsuites><testsuite name="pytest" tests="9">{"".join(cases)}'
        '<testcase name="set-up"/></testsuite></testsuites>'
    )
    return path


@pytest.mark.parametrize(
    ("inside", "verdict"),
    [
        ("", True),
        ('<failure message="Notebook cell execution failed">x</failure>', False),
        (
            '<failure message="x">RuntimeError: Kernel dead on test start</failure>',
            False,
        ),
        ('<skipped type="pytest.xfail" message="Previous cell timed out"/>', None),
        ('<error message="failed on setup">x</error>', None),
        (
            '<failure message="RuntimeError: Kernel dead on test start">x</failure>',
            None,
        ),
        ('<failure message="Timeout of 60 seconds exceeded">x</failure>', None),
    ],
)
def test_a_cell_that_did_not_run_has_no_verdict(tmp_path, inside, verdict):
    path = report(tmp_path / "a.xml", cell("c1", "q1.a", inside))
    expected = {} if verdict is None else {("c1", "q1.a"): verdict}
    assert nbval_verdicts(path) == expected


def kept(path):
    return [case for case, _ in sorted(nbval_verdicts(path))]


def test_the_record_has_the_cases_of_the_batch_and_no_others(tmp_path):
    first = report(tmp_path / "1.xml", cell("c1", "q1"), cell("gone", "q1"))
    into = tmp_path / "kept.xml"
    record.keep([first], into, {"c1", "gone"})
    assert kept(into) == ["c1", "gone"]
    second = report(tmp_path / "2.xml", cell("c2", "q1"), cell("other", "q1"))
    record.keep([second], into, {"c1", "c2"})
    assert kept(into) == ["c1", "c2"]
    assert not list(tmp_path.glob("*.new"))


def test_the_figures_of_the_record_are_those_of_its_cases(tmp_path):
    first = report(
        tmp_path / "1.xml",
        cell("c1", "q1"),
        cell("c1", "q2", '<failure message="x"/>'),
        cell("c2", "q1", '<skipped message="x"/>'),
        cell("other", "q1", '<failure message="x"/>'),
    )
    record.keep([first], tmp_path / "kept.xml", {"c1", "c2"})
    suite = ET.parse(tmp_path / "kept.xml").getroot().find("testsuite")
    figures = {name: suite.get(name) for name in ("tests", "failures", "skipped")}
    assert figures == {"tests": "3", "failures": "1", "skipped": "1"}
