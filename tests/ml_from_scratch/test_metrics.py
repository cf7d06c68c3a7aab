"""Scores of labels and probabilities: against scikit-learn, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st

from ml_from_scratch import metrics

SEEDS = st.integers(0, 2**32 - 1)


def _labels(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 60), rng.integers(2, 6)
    true, predicted = rng.integers(k, size=(2, n))
    return true, predicted, rng.uniform(0.1, 3.0, n)


def _forecasts(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, a probability table with exact zeros, and weights."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(1, 60)), int(rng.integers(2, 6))
    table = rng.dirichlet(np.full(k, 0.3), size=n)
    table[rng.random((n, k)) < 0.1] = 0.0
    table[table.sum(axis=1) == 0, 0] = 1.0
    table /= table.sum(axis=1, keepdims=True)
    return rng.integers(k, size=n), table, rng.uniform(0.1, 3.0, n)


@given(SEEDS)
def test_accuracy_is_scikit_learns(seed: int) -> None:
    true, predicted, weights = _labels(seed)
    found = metrics.accuracy_score(true, predicted, sample_weight=weights)
    expected = oracle.accuracy_score(true, predicted, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS)
def test_the_confusion_matrix_is_scikit_learns(seed: int) -> None:
    true, predicted, _ = _labels(seed)
    found = metrics.confusion_matrix(true, predicted)
    np.testing.assert_array_equal(found, oracle.confusion_matrix(true, predicted))


@given(SEEDS)
def test_the_confusion_matrix_counts_every_row_once(seed: int) -> None:
    true, predicted, _ = _labels(seed)
    found = metrics.confusion_matrix(true, predicted, labels=range(6))
    assert found.sum() == len(true)
    assert found.sum(axis=1).tolist() == np.bincount(true, minlength=6).tolist()
    share = np.trace(found) / len(true)
    assert share == pytest.approx(metrics.accuracy_score(true, predicted))


def test_the_confusion_matrix_takes_labels_in_the_order_asked_for() -> None:
    true, predicted = ["late", "ok", "late"], ["late", "late", "ok"]
    found = metrics.confusion_matrix(true, predicted, labels=["ok", "late"])
    assert found.tolist() == [[0, 1], [1, 1]]


@given(SEEDS)
def test_log_loss_is_scikit_learns(seed: int) -> None:
    true, table, weights = _forecasts(seed)
    labels = range(table.shape[1])
    found = metrics.log_loss(true, table, labels=labels, sample_weight=weights)
    expected = oracle.log_loss(true, table, labels=labels, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_log_loss_of_a_vector_is_that_of_both_classes() -> None:
    true, late = [0, 1, 1], np.array([0.2, 0.7, 1.0])
    both = metrics.log_loss(true, np.column_stack([1 - late, late]))
    assert metrics.log_loss(true, late) == both


def test_log_loss_of_an_impossible_event_is_finite() -> None:
    assert metrics.log_loss([0, 1], [0.0, 0.0]) == pytest.approx(36.04 / 2, abs=1e-2)


@given(st.integers(2, 8))
def test_log_loss_of_saying_nothing_is_log_k(k: int) -> None:
    table = np.full((k, k), 1 / k)
    assert metrics.log_loss(np.arange(k), table) == pytest.approx(np.log(k))


@given(SEEDS)
def test_the_brier_score_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(2, 60)
    happened, forecast = rng.integers(2, size=n), rng.random(n)
    weights = rng.uniform(0.1, 3.0, n)
    found = metrics.brier_score_loss(happened, forecast, sample_weight=weights)
    expected = oracle.brier_score_loss(happened, forecast, sample_weight=weights)
    assert found == pytest.approx(expected, rel=1e-12)


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_brier_score_is_best_at_the_base_rate(zeros: int, ones: int) -> None:
    happened = np.repeat([False, True], [zeros, ones])
    rate = ones / (zeros + ones)

    def score(p: float) -> float:
        return metrics.brier_score_loss(happened, np.full(len(happened), p))

    assert score(rate) == pytest.approx(rate * (1 - rate))
    assert all(score(p) >= score(rate) - 1e-12 for p in np.linspace(0, 1, 11))


@given(SEEDS)
def test_weight_two_is_the_row_twice(seed: int) -> None:
    true, table, _ = _forecasts(seed)
    counts = np.random.default_rng(seed).integers(1, 4, len(true))
    twice = {"y_true": true.repeat(counts), "y_proba": table.repeat(counts, axis=0)}
    labels = range(table.shape[1])
    weighted = metrics.log_loss(true, table, labels=labels, sample_weight=counts)
    assert weighted == pytest.approx(metrics.log_loss(**twice, labels=labels))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.accuracy_score([0, 1], [0]), r"shapes are \(1,\) and \(2,\)"),
        (lambda: metrics.accuracy_score([], []), "at least one row"),
        (lambda: metrics.accuracy_score([[0], [1]], [0, 1]), r"\(2, 1\)"),
        (lambda: metrics.log_loss([0, 1], [0.1, 1.5]), r"0.1 to 1.5: were logits"),
        (lambda: metrics.log_loss([0, 1], [-0.1, 1.0]), "between 0 and 1"),
        (lambda: metrics.log_loss([0, 1], [np.nan, 1.0]), "y_proba contains NaN"),
        (lambda: metrics.log_loss([0, 1], [[0.5, 0.4], [0, 1]]), "row 0 sum to 0.9"),
        (lambda: metrics.log_loss([0, 0], [0.1, 0.2]), "2 columns.*1 classes"),
        (lambda: metrics.log_loss([0, 2], [0.1, 0.2], labels=[0, 1]), "label 2|.2."),
        (lambda: metrics.brier_score_loss([1, 2], [0.1, 0.2]), "must be 0 or 1"),
        (lambda: metrics.brier_score_loss([0, 1], [0.1, 7.0]), "run from 0.1 to 7.0"),
        (
            lambda: metrics.confusion_matrix(["a"], ["c"], labels=["a", "b"]),
            r"the label .*c.*, which is not among the classes \['a', 'b'\]",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
