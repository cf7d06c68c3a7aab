"""A learner is told the kind of a mistake, and no value of a hidden input."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit import compare
from coursekit.grading.feedback import explain, kind_of
from coursekit.grading.model import CellOutcome, Execution, ItemMark

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
SENTENCES = [
    ("shape", compare.close(np.zeros((3, 2)), np.zeros((2, 3)))),
    ("shape", compare.close(1.0, np.zeros(3))),
    ("shape", compare.close(np.zeros(3), 1.0)),
    ("number", compare.same_rows(FRAME.iloc[:1], FRAME)),
    ("number", compare.equal([[1], [2]], [[1], [2], [3]])),
    ("names", compare.same_rows(FRAME[["a"]], FRAME)),
    ("names", compare.same_rows(FRAME[["b", "a"]], FRAME)),
    ("names", compare.equal({"a": 1}, {"a": 1, "b": 2})),
    ("names", compare.equal({"a": 1, "b": 2}, {"a": 1})),
    ("type", compare.equal(1.0, 1)),
    ("type", compare.equal([1.0, 2.0], np.array([1.0, 2.0]))),
    ("type", compare.equal("a", 1)),
    ("type", compare.close("a", 1.0)),
    ("type", compare.equal(1, {"a": 1})),
    ("type", compare.same_rows([1], FRAME)),
    ("type", compare.between("a", 0, 1)),
    ("none", compare.close(None, 1.0)),
    ("none", compare.close(None, np.zeros(3))),
    ("gaps", compare.close(np.array([1.0, np.nan]), np.array([1.0, 2.0]))),
    ("gaps", compare.close(np.array([1.0, 2.0]), np.array([1.0, np.nan]))),
    ("band", compare.between(1.5, 0, 1)),
    ("band", compare.between(np.array([0.5, 1.5]), 0, 1)),
    ("values", compare.close(1.0, 1.1)),
    ("values", compare.close(np.zeros(3), np.ones(3))),
    ("values", compare.equal("a", "b")),
    ("values", compare.equal(["a", "b"], ["a", "c"])),
    ("values", compare.equal({"a": 1}, {"a": 2})),
    ("values", compare.same_rows(FRAME, FRAME.assign(a=[1, 3]))),
    ("missing", "there is no evidence: the cell stopped before it was written"),
    ("unreadable", "the evidence cannot be read: the manifest is not JSON"),
    ("unreadable", "the evidence has other names than the reference's"),
    ("stopped", "the judge cell stopped with ValueError: 17.25"),
    ("other", "the log loss 0.4321 hardly beats the base rate"),
]


@pytest.mark.parametrize(("kind", "why"), SENTENCES)
def test_the_judges_sentences_are_told_apart(kind, why):
    assert kind_of(why) == kind


@given(
    st.sampled_from(SENTENCES).map(lambda pair: pair[1]),
    st.integers(10**6, 10**9),
)
def test_no_value_of_the_judge_reaches_a_learner(good, why, secret):
    why = re.sub(r"\d+(\.\d+)?", str(secret), why) + f" {secret}"
    told = explain(mark(why=why), good, Execution())
    assert told
    assert not re.search(r"\d", told.replace("q1", ""))


def mark(**changes):
    plain = {"item": "q1.values", "question": "q1", "points": 2, "earned": 0}
    return ItemMark(**(plain | changes))


MISSING = SENTENCES[28][1]


def errors(*found):
    return tuple(
        CellOutcome(run="main", question=question, kind=kind, error=error)
        for question, kind, error in found
    )


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            errors(("q1", "answer", "SyntaxError"), ("q1", "evidence", "NameError")),
            "Your code for q1 stopped with SyntaxError.",
        ),
        (
            errors(("q1", "evidence", "KeyError"), ("q1", "evidence", "TypeError")),
            (
                "Your code for q1 stopped with KeyError and TypeError when it was "
                "called with other inputs than those that you see."
            ),
        ),
        (
            errors(("q1", "evidence", "NotImplementedError")),
            "q1 is not answered: its code raises NotImplementedError.",
        ),
        (
            errors(("", "added", "ZeroDivisionError"), ("q2", "answer", "KeyError")),
            (
                "Your code for q1 gave nothing that could be marked. A cell of yours "
                "before it stopped with ZeroDivisionError."
            ),
        ),
        ((), "Your code for q1 gave nothing that could be marked."),
    ],
)
def test_where_there_is_no_evidence_the_error_is_named(good, found, told):
    assert explain(mark(why=MISSING), good, Execution(errors=found)) == told


def test_where_there_is_no_evidence_the_limits_are_named(good):
    execution = Execution(limits=("wall time: more than 60 seconds",))
    told = explain(mark(why=MISSING), good, execution)
    assert told.endswith("A limit was met: wall time: more than 60 seconds.")


@pytest.mark.parametrize("name", ["whole-table", "whole-table or sample-deviation"])
def test_a_known_mistake_is_told_in_the_words_of_the_check(good, name):
    told = explain(
        mark(why="Found 1, expected 2.", misconception=name), good, Execution()
    )
    assert '"mean of the whole table"' in told


def test_full_points_need_no_words(good):
    assert explain(mark(earned=2), good, Execution()) == ""
