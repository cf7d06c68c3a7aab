"""Costs and thresholds: against trying every threshold, and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.naive_bayes import GaussianNB

from ml_from_scratch.calibration import (
    best_threshold,
    cheapest_class,
    cost_threshold,
    expected_cost,
)

SEEDS = st.integers(0, 2**32 - 1)
PRICES = st.floats(0.01, 100.0)


def _scored(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    if name == "synthetic":
        p = rng.random(400)
        return (rng.random(400) < p).astype(int), p
    X, y = (load_breast_cancer if name == "cancer" else load_digits)(return_X_y=True)
    y = (y == 1).astype(int)
    return y, GaussianNB().fit(X, y).predict_proba(X)[:, 1].round(2)


@pytest.mark.parametrize("name", ["synthetic", "cancer", "digits"])
@pytest.mark.parametrize("costs", [[[0, 1], [10, 0]], [[-1, 3], [2, -4]]])
def test_no_threshold_is_cheaper_than_the_best_one(name: str, costs: Any) -> None:
    y, score = _scored(name)
    found = best_threshold(y, score, costs)
    tried = {
        at: expected_cost(y, (score >= at).astype(int), costs, labels=[0, 1])
        for at in [np.inf, *np.unique(score)]
    }
    assert found.cost == pytest.approx(min(tried.values()), abs=1e-12)
    assert tried[found.threshold] == pytest.approx(found.cost, abs=1e-12)


@given(SEEDS)
def test_the_best_of_few_tied_and_weighted_rows_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    y, score, w = rng.integers(2, size=n), rng.integers(0, 4, n), rng.random(n) + 0.1
    costs = rng.integers(-3, 9, size=(2, 2))
    found = best_threshold(y, score, costs, sample_weight=w)
    options: Any = {"labels": [0, 1], "sample_weight": w}
    tried = [
        expected_cost(y, (score >= at).astype(int), costs, **options)
        for at in [np.inf, *score]
    ]
    assert found.cost == pytest.approx(min(tried), abs=1e-12)


@given(PRICES, PRICES, st.floats(-5, 5), st.floats(-5, 5))
def test_both_decisions_cost_the_same_at_the_threshold(
    alarm: float, miss: float, at_zero: float, at_one: float
) -> None:
    costs = np.array([[at_zero, at_zero + alarm], [at_one + miss, at_one]])
    p = cost_threshold(costs)
    no, yes = np.array([1 - p, p]) @ costs
    assert no == pytest.approx(yes, abs=1e-9)
    assert p == pytest.approx(alarm / (alarm + miss), rel=1e-6)
    assert (
        cheapest_class([[1 - p - 1e-6, p + 1e-6]], costs).tolist() == [1] or p > 0.999
    )
    assert cheapest_class([[1 - p + 1e-6, p - 1e-6]], costs).tolist() == [0] or p < 1e-3


def test_the_best_threshold_tends_to_that_of_the_costs_if_all_is_calibrated() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(200_000)
    costs = [[0, 1], [4, 0]]
    found = best_threshold(rng.random(200_000) < p, p, costs)
    assert found.threshold == pytest.approx(cost_threshold(costs), abs=0.02)


def test_costs_of_three_classes_are_summed_over_the_confusion_matrix() -> None:
    costs = np.array([[0, 1, 5], [2, 0, 1], [9, 3, 0]])
    true, said = ["a", "b", "c", "c"], ["c", "b", "a", "b"]
    assert expected_cost(true, said, costs) == (5 + 0 + 9 + 3) / 4
    proba = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    assert cheapest_class(proba, costs).tolist() == [
        int((p @ costs).argmin()) for p in proba
    ]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: expected_cost([0, 1], [0, 1], np.ones((3, 3))),
            "2 classes.*\\(3, 3\\)",
        ),
        (lambda: expected_cost([0, 1], [0], np.ones((2, 2))), r"\(1,\) and \(2,\)"),
        (lambda: cost_threshold([[0, 0], [1, 0]]), "false alarm costs 0.0 more"),
        (lambda: cost_threshold([[0, 1], [np.nan, 0]]), "costs contains NaN"),
        (lambda: cheapest_class([[0.5, 0.6]], np.eye(2)), "sum to one"),
        (lambda: best_threshold([0, 2], [0.1, 0.2], np.eye(2)), "must be 0 or 1"),
        (lambda: best_threshold([0, 1], [0.1, np.nan], np.eye(2)), "contains NaN"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
