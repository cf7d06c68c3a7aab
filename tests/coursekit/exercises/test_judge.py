"""The judge gives points for evidence, and nbval says the same."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from coursekit.exercises import court
from coursekit.exercises.court import Court, Rejected
from coursekit.exercises.evidence import Writer
from coursekit.exercises.judge import Case, judge, judging_notebook, run_nbval


def gather(folder, **changes):
    """Evidence for the good exercise's four items; `changes` replaces some."""
    values = {
        "q1.values": {"value": np.arange(6.0).reshape(2, 3)},
        "q1.edges": {"value": np.zeros((2, 3)), "input": np.zeros((2, 3))},
        "q2.scaler": {"later": np.ones((2, 3)), "first": np.ones((4, 3))},
        "q3.widest": {"value": 9.5},
    }
    write = Writer(folder)
    for name, own in (values | changes).items():
        if own is not None:
            write(name, **own)
    return folder


@pytest.fixture
def expected(tmp_path):
    return gather(tmp_path / "expected")


def verdicts(good, found, expected):
    return {v.item: v for v in judge(good.items, Court(found, expected, 7))}


def test_equal_evidence_earns_all_points(good, tmp_path, expected):
    found = verdicts(good, gather(tmp_path / "found"), expected)
    assert {item: v.earned for item, v in found.items()} == {
        "q1.values": 2,
        "q1.edges": 1,
        "q2.scaler": 2,
        "q3.widest": 1,
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"value": np.zeros((2, 3))}, "largest difference"),
        ({"value": np.zeros((3, 2))}, "shape (3, 2)"),
        ({"value": None}, "Found None"),
        ({"value": [[0.0, 1, 2], [3, 4, 5]]}, "Found a list"),
        ({"value": object()}, "Found Unfit"),
        ({"other": 1}, "other names"),
        (None, "there is no evidence"),
    ],
)
def test_other_evidence_loses_its_item_alone(good, tmp_path, expected, value, why):
    folder = gather(tmp_path / "found", **{"q1.values": value})
    found = verdicts(good, folder, expected)
    assert found["q1.values"].earned == 0
    assert why in found["q1.values"].why
    assert found["q1.edges"].passed
    assert found["q3.widest"].passed


def test_broken_evidence_of_a_question_loses_that_question(good, tmp_path, expected):
    folder = gather(tmp_path / "found")
    (folder / "q1" / "manifest.json").write_text("{")
    found = verdicts(good, folder, expected)
    assert [v.passed for v in found.values()] == [False, False, True, True]
    assert "cannot be read" in found["q1.values"].why


def test_a_reference_without_evidence_is_the_exercises_fault(good, tmp_path, expected):
    folder = gather(tmp_path / "found")
    (expected / "q3" / "manifest.json").unlink()
    with pytest.raises(RuntimeError, match="the reference: there is no evidence"):
        judge(good.items, Court(folder, expected, 7))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: court.close(1.0, 1.1), "Found 1, expected 1.1"),
        (lambda: court.equal(1, 1.0), "whole numbers"),
        (lambda: court.between(2, 0, 1), "from 0 to 1"),
        (lambda: court.between(float("nan"), 0, 1), "from 0 to 1"),
        (lambda: court.reject("too slow"), "too slow"),
        (
            lambda: court.same_rows(
                pd.DataFrame({"a": [1, 1]}), pd.DataFrame({"a": [1, 2]})
            ),
            "column 'a'",
        ),
        (
            lambda: court.same_rows(
                pd.DataFrame({"a": [2, 1]}), pd.DataFrame({"a": [1, 2]}), ordered=True
            ),
            "column 'a'",
        ),
        (lambda: court.same_rows([1], pd.DataFrame({"a": [1]})), "DataFrame"),
    ],
)
def test_helpers_reject_with_a_reason(call, why):
    with pytest.raises(Rejected, match="(?s).*" + why):
        call()


def test_rows_are_a_multiset_with_gaps_and_ties():
    left = pd.DataFrame({"a": [2, 1, 1], "b": ["x", None, "y"], "c": [np.nan, 0.5, 1]})
    court.same_rows(left.iloc[[2, 0, 1]], left)
    with pytest.raises(Rejected):
        court.same_rows(left.iloc[[0, 0, 1]], left)


def test_nbval_agrees_cell_by_cell(good, tmp_path, expected):
    wrong = gather(
        tmp_path / "wrong", **{"q1.edges": None, "q3.widest": {"value": 1.0}}
    )
    cases = [
        Case("ada", gather(tmp_path / "found"), expected, 7),
        Case("bob", wrong, dict.fromkeys(("q1", "q2", "q3"), expected), 7),
    ]
    notebook = judging_notebook(good, cases)
    assert [cell.id for cell in notebook.cells][:3] == [
        "set-up",
        "ada-q1-values",
        "ada-q1-edges",
    ]
    paper = tmp_path / "judging.ipynb"
    nbformat.write(notebook, paper)
    assert run_nbval([paper], tmp_path / "junit.xml") == {
        case.name: {
            v.item: v.passed
            for v in judge(good.items, Court(case.found, case.expected, 7))
        }
        for case in cases
    }


def test_a_judge_cell_that_does_not_end_is_ended_and_the_next_ones_run(tmp_path):
    cells = [("a-q1", "1"), ("b-q1", "while True: pass"), ("c-q1", "1")]
    paper = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    for name, code in cells:
        cell = nbformat.v4.new_code_cell(code, id=name)
        cell.metadata["course"] = {"case": name[0], "item": "q1.x"}
        paper.cells.append(cell)
    path = tmp_path / "judging.ipynb"
    nbformat.write(paper, path)
    found = run_nbval([path], tmp_path / "junit.xml", cell_seconds=3.0)
    assert found == {"a": {"q1.x": True}, "b": {"q1.x": False}, "c": {"q1.x": True}}
