"""JUnit XML: a suite a learner, a case an item, and numbers that add up."""

from xml.etree import ElementTree as ET

from coursekit.grading.reports.junit import junit

from .builders import HOSTILE, batch, learner_result


def test_every_learner_is_a_suite_and_every_item_a_case(eventful, good):
    root = ET.fromstring(junit(eventful))
    suites = {suite.get("name"): suite for suite in root}
    assert sorted(suites) == ["ada", "bea", "chen", "dora", "eve", "fay", "gil", "hal"]
    names = [case.get("name") for case in suites["ada"].findall("testcase")]
    assert names == [item.id for item in good.items]
    assert suites["ada"].get("failures") == "0"
    assert suites["bea"].get("failures") == str(len(good.items))


def test_states_are_told_apart(eventful):
    suites = {suite.get("name"): suite for suite in ET.fromstring(junit(eventful))}
    assert suites["gil"].find("testcase/error").get("message") == "The file is empty."
    assert suites["hal"].find("testcase/skipped") is not None


def test_the_numbers_are_those_of_the_cases(eventful):
    root = ET.fromstring(junit(eventful))
    kinds = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for node in [root, *root]:
        assert int(node.get("tests")) == len(list(node.iter("testcase")))
        for name, tag in kinds.items():
            assert int(node.get(name)) == len(list(node.iter(tag)))


def test_a_failure_says_what_the_learner_is_told_and_not_what_the_judge_said(eventful):
    text = junit(eventful)
    assert "The numbers are not those expected." in text
    assert "0.4217" not in text


def test_any_name_and_any_feedback_is_well_formed(good):
    several = []
    for text in HOSTILE:
        one = learner_result(good, text, 0.0)
        one.items[0].feedback = text
        several.append(one)
    root = ET.fromstring(junit(batch(*several)).encode())
    assert len(root) == len(HOSTILE)
    assert len(root.findall("*/testcase/failure")) == len(HOSTILE) * len(good.items)
