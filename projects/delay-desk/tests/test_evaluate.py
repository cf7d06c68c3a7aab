"""Figures agree with scikit-learn, thresholds with trying every one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from delay_desk import evaluate

COSTS = {"cost_miss": 300.0, "cost_false_alarm": 75.0}

# Few distinct probabilities, so that ties are common.
pairs = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda k: k / 8)),
    min_size=1,
    max_size=40,
)


@given(pairs, st.floats(0.1, 50), st.floats(0.1, 50))
def test_no_threshold_is_cheaper_than_the_best(
    flights: list[tuple[bool, float]], miss: float, false_alarm: float
) -> None:
    y, p = map(np.array, zip(*flights, strict=True))
    costs = {"cost_miss": miss, "cost_false_alarm": false_alarm}
    best = evaluate.best_threshold(y, p, **costs)
    cheapest = evaluate.mean_cost(y, p, threshold=best, **costs)
    for threshold in [-0.1, *(k / 16 for k in range(18))]:
        other = evaluate.mean_cost(y, p, threshold=threshold, **costs)
        assert cheapest <= other + 1e-9


@given(pairs)
def test_of_equally_cheap_thresholds_the_one_with_fewest_alarms_is_taken(
    flights: list[tuple[bool, float]],
) -> None:
    y, p = map(np.array, zip(*flights, strict=True))
    best = evaluate.best_threshold(y, p, **COSTS)
    cheapest = evaluate.mean_cost(y, p, threshold=best, **COSTS)
    for threshold in p[p > best]:
        assert evaluate.mean_cost(y, p, threshold=threshold, **COSTS) > cheapest


def test_where_every_flight_is_in_time_nobody_is_sent_to_rebook() -> None:
    p = np.array([0.2, 0.9, 1.0])
    best = evaluate.best_threshold([0, 0, 0], p, **COSTS)
    assert not (p >= best).any()


def test_for_calibrated_probabilities_the_best_threshold_is_the_break_even() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(400_000)
    best = evaluate.best_threshold(rng.random(len(p)) < p, p, **COSTS)
    assert best == pytest.approx(evaluate.break_even(**COSTS), abs=0.02)


def test_the_cost_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(1)
    y, p = rng.random(200) < 0.3, rng.random(200)
    total = 0.0
    for late, probability in zip(y, p, strict=True):
        if probability >= 0.4 and not late:
            total += 75
        if probability < 0.4 and late:
            total += 300
    found = evaluate.mean_cost(y, p, threshold=0.4, **COSTS)
    assert found == pytest.approx(total / 200)


def test_the_report_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(500).round(2)
    y = rng.random(500) < p
    found = evaluate.report(y, p, threshold=0.5)
    advised = p >= 0.5
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(y, p))
    expected = metrics.average_precision_score(y, p)
    assert found["average_precision"] == pytest.approx(expected)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, p))
    constant = np.full(500, y.mean())
    assert found["brier_of_rate"] == pytest.approx(np.mean((constant - y) ** 2))
    assert found["precision"] == pytest.approx(metrics.precision_score(y, advised))
    assert found["recall"] == pytest.approx(metrics.recall_score(y, advised))


def test_figures_that_do_not_exist_are_nan_and_not_zero() -> None:
    found = evaluate.report([0, 0], [0.1, 0.2], threshold=0.5)
    for name in ("auc", "average_precision", "precision", "recall"):
        assert math.isnan(found[name])


def test_calibration_error_is_zero_only_where_promises_are_kept() -> None:
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.45, size=100_000)
    y = rng.random(len(p)) < p
    kept = evaluate.report(y, p, threshold=0.5)["calibration_error"]
    doubled = evaluate.report(y, 2 * p, threshold=0.5)["calibration_error"]
    assert kept < 0.01
    assert doubled == pytest.approx(p.mean(), abs=0.01)


def test_slices_are_the_reports_of_their_rows_and_lose_none() -> None:
    rng = np.random.default_rng(4)
    y, p = rng.random(300) < 0.4, rng.random(300)
    group = rng.choice(["a", "b", "c"], size=300)
    found = evaluate.by_slice(y, p, group, threshold=0.5)
    assert found["rows"].sum() == 300
    for name in "abc":
        rows = group == name
        expected = evaluate.report(y[rows], p[rows], threshold=0.5)
        assert found.loc[name].to_dict() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("y", "p", "sentence"),
    [
        ([], [], r"expected two of \(n,\) with n > 0"),
        ([1], [0.1, 0.2], r"found shapes \(1,\) and \(2,\)"),
        ([2], [0.1], "expected labels"),
        ([1], [1.2], "found 1.2, expected probabilities"),
        ([1], [math.nan], "found nan, expected probabilities"),
    ],
)
def test_bad_input_is_said_in_a_sentence(
    y: list[float], p: list[float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        evaluate.report(y, p, threshold=0.5)


def test_a_cost_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="found 0 for a miss"):
        evaluate.break_even(cost_miss=0, cost_false_alarm=75)
