"""Two ways of judging agree, or the lower mark stands and says so."""

from xml.etree import ElementTree as ET

import nbformat
import numpy as np
import pytest

from coursekit.exercises.evidence import Writer
from coursekit.exercises.judge import nbval_verdicts
from coursekit.exercises.model import build
from coursekit.grading import second_opinion, sitting
from coursekit.grading.judging import JudgingError, Limits, judge_batch
from coursekit.source import read

SEED = 7
RIGHT = {
    "q1.values": {"value": np.arange(6.0).reshape(2, 3)},
    "q1.edges": {"value": np.zeros((2, 3)), "input": np.zeros((2, 3))},
    "q2.scaler": {"later": np.ones((2, 3)), "first": np.ones((4, 3))},
    "q3.widest": {"value": 9.5},
}


def gather(folder, **changes):
    """Evidence for the good exercise's four items; None leaves one out."""
    folder.mkdir(parents=True)
    write = Writer(folder)
    for name, values in (RIGHT | changes).items():
        if values is not None:
            write(name, **values)
    return folder


@pytest.fixture
def expected(tmp_path):
    return gather(tmp_path / "expected")


@pytest.fixture
def cases(tmp_path):
    return {
        "right": gather(tmp_path / "right"),
        "wrong": gather(tmp_path / "wrong", **{"q3.widest": {"value": 1.0}}),
        "empty": gather(tmp_path / "empty", **dict.fromkeys(RIGHT)),
    }


def earned(marks):
    return {case: [mark.earned for mark in own] for case, own in marks.items()}


EARNED = {"right": [2, 1, 2, 1], "wrong": [2, 1, 2, 0], "empty": [0, 0, 0, 0]}


def with_judge(good, tmp_path, *edits):
    """The good exercise with other judge cells."""
    text = good.source.text
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed" / "scaling.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return build(read(path))


WIDEST = 'close(found["value"], expected["value"], rtol=1e-6)'
SAME = 'close(found["value"], expected["value"], rtol=1e-8, atol=1e-12)'


def test_both_ways_say_the_same_and_nbvals_report_is_kept(
    good, tmp_path, cases, expected
):
    told = []
    marks = judge_batch(
        good,
        cases,
        expected,
        SEED,
        tmp_path / "judging",
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert earned(marks) == EARNED
    assert all(mark.agreed for own in marks.values() for mark in own)
    kept = nbval_verdicts(tmp_path / "judging" / "junit-judge.xml")
    assert kept == {
        (case, mark.item): mark.earned > 0
        for case, own in marks.items()
        for mark in own
    }
    assert [p.name for p in (tmp_path / "judging").iterdir()] == ["junit-judge.xml"]
    assert told == [(n, 16) for n in range(1, 17)]


def test_what_is_told_to_the_learner_names_no_value(good, tmp_path, cases, expected):
    marks = judge_batch(good, cases, expected, SEED, tmp_path, nbval=False)
    widest = marks["wrong"][3]
    assert "9.5" in widest.why
    assert widest.feedback
    assert "9.5" not in widest.feedback


class Names:
    """A catalogue that can be sent to the judge's process."""

    def match(self, item, folder):
        if item == "q1.values":
            raise ZeroDivisionError
        return f"{item} of {folder.name}"


def test_a_lost_item_is_named_by_the_catalogue_and_its_errors_cost_nothing(
    good, tmp_path, cases, expected
):
    marks = judge_batch(
        good, cases, expected, SEED, tmp_path, nbval=False, catalogue=Names()
    )
    assert marks["wrong"][3].misconception == "q3.widest of wrong"
    assert marks["right"][3].misconception is None
    assert marks["empty"][0].misconception is None
    assert earned(marks) == EARNED


def test_a_reference_without_evidence_costs_nobody_a_mark(good, tmp_path, cases):
    broken = gather(tmp_path / "broken", **{"q2.scaler": None})
    with pytest.raises(JudgingError, match=r"q2\.scaler: the reference: there is no"):
        judge_batch(good, cases, broken, SEED, tmp_path, nbval=False)


def test_a_judge_that_refuses_the_reference_costs_nobody_a_mark(
    good, tmp_path, cases, expected
):
    strange = with_judge(good, tmp_path, (WIDEST, "reject('never')"))
    with pytest.raises(JudgingError, match=r"does not earn q3\.widest .*: never"):
        judge_batch(strange, cases, expected, SEED, tmp_path, nbval=False)


HARMS = {
    2.0: ("__import__('time').sleep(99)", "it took more than 2 seconds"),
    3.0: ("__import__('os')._exit(0)", "its process ended on its own"),
    4.0: ("bytearray(2**40)", "MemoryError"),
    5.0: ("print('{}', flush=True) or reject('printed')", "printed"),
}


def test_evidence_that_is_too_much_for_the_judge_costs_its_item(
    good, tmp_path, cases, expected
):
    traps = [f"if found['value'] == {at}: {harm}" for at, (harm, _) in HARMS.items()]
    strange = with_judge(good, tmp_path, (WIDEST, "\n".join([*traps, WIDEST])))
    for at in HARMS:
        changes = {"q3.widest": {"value": at}}
        cases[f"bad{at:.0f}"] = gather(tmp_path / f"bad{at:.0f}", **changes)
    limits = Limits(seconds=2.0)
    marks = judge_batch(
        strange, cases, expected, SEED, tmp_path, nbval=False, limits=limits
    )
    assert earned(marks) == EARNED | {f"bad{at:.0f}": [2, 1, 2, 0] for at in HARMS}
    for at, (_, why) in HARMS.items():
        assert why in marks[f"bad{at:.0f}"][3].why


def test_a_submission_that_stops_the_judge_twice_is_given_up(
    good, tmp_path, cases, expected, monkeypatch
):
    sittings = []
    true = sitting._Sitting

    def counted(docket, limits):
        sittings.append(docket.work[0])
        return true(docket, limits)

    monkeypatch.setattr(sitting, "_Sitting", counted)
    end = "if np.size(found['value']) == 1: __import__('os')._exit(0)"
    ones = {name: dict.fromkeys(values, 1.0) for name, values in RIGHT.items()}
    cases["bad"] = gather(tmp_path / "bad", **ones)
    cases["after"] = gather(tmp_path / "after", **{"q3.widest": None})
    strange = with_judge(good, tmp_path, (SAME, f"{end}\n{SAME}"))
    marks = judge_batch(strange, cases, expected, SEED, tmp_path, nbval=False)
    assert earned(marks) == EARNED | {"bad": [0, 0, 0, 0], "after": [2, 1, 2, 0]}
    assert sittings[1:] == [("bad", "q1.edges"), ("after", "q1.values")]


def dying_nbval(killers, asked, rounds=99):
    """Stand in for nbval: a kernel ends over some cases, and none later has a verdict.

    After so many rounds it ends over none.
    """

    def run(papers, report, *, timeout, cell_seconds):
        asked.append([])
        suite = ET.Element("testsuite")
        for paper in papers:
            about = [cell.metadata.get("course") for cell in read_paper(paper).cells]
            asked[-1].append(list(dict.fromkeys(one["case"] for one in about if one)))
            dead = False
            for one in filter(None, about):
                case = ET.SubElement(suite, "testcase")
                for name, value in one.items():
                    ET.SubElement(case, "property", name=name, value=value)
                if dead:
                    ET.SubElement(case, "skipped", message="Previous cell timed out")
                elif one["case"] in killers and len(asked) <= rounds:
                    ET.SubElement(case, "failure", message="Timeout of 60 seconds")
                    dead = True
        ET.ElementTree(suite).write(report)

    return run


def read_paper(paper):
    return nbformat.read(paper, as_version=4)


@pytest.fixture
def many(tmp_path):
    return {f"c{number}": gather(tmp_path / f"c{number}") for number in range(9)}


def test_submissions_that_end_the_kernel_cost_the_others_nothing(
    good, tmp_path, many, expected, monkeypatch
):
    asked = []
    monkeypatch.setattr(second_opinion, "run_nbval", dying_nbval({"c2", "c3"}, asked))
    limits = Limits(notebook=6)
    marks = judge_batch(good, many, expected, SEED, tmp_path / "j", limits=limits)
    lost = {case for case, own in marks.items() if not all(m.earned for m in own)}
    assert lost == {"c2", "c3"}
    assert not marks["c2"][0].agreed
    assert "nbval did not get to it" in marks["c2"][0].why
    without = [[names[1:] for names in papers] for papers in asked]
    assert without == [
        [["c0", "c1", "c2", "c3", "c4", "c5"], ["c6", "c7", "c8"]],
        [["c2"], ["c3", "c4", "c5"]],
        [["c3"], ["c4", "c5"]],
    ]


def test_a_kernel_that_ends_of_itself_costs_nobody_a_mark(
    good, tmp_path, many, expected, monkeypatch
):
    asked = []
    monkeypatch.setattr(
        second_opinion, "run_nbval", dying_nbval({"c4"}, asked, rounds=1)
    )
    marks = judge_batch(good, many, expected, SEED, tmp_path / "j")
    assert all(m.earned and m.agreed for own in marks.values() for m in own)
    assert len(asked) == 2


def test_a_class_of_kernel_killers_is_an_error_and_no_row_of_zeros(
    good, tmp_path, many, expected, monkeypatch
):
    monkeypatch.setattr(second_opinion, "run_nbval", dying_nbval(set(many), []))
    with pytest.raises(JudgingError, match="nbval was run 4 times"):
        judge_batch(good, many, expected, SEED, tmp_path / "j")


def test_nbval_that_says_nothing_costs_nobody_a_mark(
    good, tmp_path, cases, expected, monkeypatch
):
    def silent(papers, report, *, timeout, cell_seconds):
        raise RuntimeError("nbval ended without a report: no kernel")

    monkeypatch.setattr(second_opinion, "run_nbval", silent)
    with pytest.raises(
        JudgingError, match=r"has still not judged 3 of 3 .*: no kernel"
    ):
        judge_batch(good, cases, expected, SEED, tmp_path)


def test_where_nbval_says_otherwise_the_lower_mark_stands(
    good, tmp_path, cases, expected, monkeypatch
):
    true = nbval_verdicts

    def flipped(report):
        said = true(report)
        said["right", "q3.widest"] = False
        said["empty", "q3.widest"] = True
        return said

    monkeypatch.setattr(second_opinion, "nbval_verdicts", flipped)
    marks = judge_batch(good, cases, expected, SEED, tmp_path)
    assert earned(marks) == EARNED | {"right": [2, 1, 2, 0]}
    told = [m.item for own in marks.values() for m in own if not m.agreed]
    assert told == ["q3.widest", "q3.widest"]
    assert "The judge passes it, and nbval does not" in marks["right"][3].why
