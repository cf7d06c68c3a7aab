"""Scores of numbers: against scikit-learn and SciPy, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import huber
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression

from ml_from_scratch import metrics

SEEDS = st.integers(0, 2**32 - 1)
NAMES = [
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "median_absolute_error",
    "mean_absolute_percentage_error",
    "mean_pinball_loss",
    "r2_score",
]


def _numbers(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    if name == "synthetic":
        true = rng.normal(size=301)
        return true, true + rng.standard_t(2, 301), rng.integers(0, 4, 301) / 2
    X, y = load_diabetes(return_X_y=True)
    if name == "cancer":  # counts of zero and one: ties everywhere
        X, y = load_breast_cancer(return_X_y=True)
    X = X[:, :4]
    return y, LinearRegression().fit(X, y).predict(X).round(1), rng.random(len(y))


@pytest.mark.parametrize("data", ["synthetic", "diabetes", "cancer"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_scikit_learns_to_1e_12(
    data: str, name: str, weighted: bool
) -> None:
    true, predicted, weights = _numbers(data)
    options = {"sample_weight": weights if weighted else None}
    found = getattr(metrics, name)(true, predicted, **options)
    expected = getattr(oracle, name)(true, predicted, **options)
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS, st.sampled_from(NAMES), st.booleans())
def test_scores_of_few_tied_rows_are_scikit_learns(
    seed: int, name: str, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(1, 5, size=(2, rng.integers(2, 9))).astype(float)
    weights = rng.integers(0, 3, len(true)).astype(float)
    weights[0] = 1.0
    if name == "r2_score" and weighted and np.ptp(true[weights > 0]) == 0:
        return  # scikit-learn counts the spread of rows without weight
    options = {"sample_weight": weights if weighted else None}
    found = getattr(metrics, name)(true, predicted, **options)
    expected = getattr(oracle, name)(true, predicted, **options)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.9, 1.0])
def test_the_pinball_loss_is_scikit_learns_at_every_quantile(alpha: float) -> None:
    true, predicted, _ = _numbers("diabetes")
    found = metrics.mean_pinball_loss(true, predicted, alpha=alpha)
    expected = oracle.mean_pinball_loss(true, predicted, alpha=alpha)
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS, st.sampled_from([0.1, 0.25, 0.5, 0.8]))
def test_the_pinball_loss_is_lowest_at_the_quantile(seed: int, alpha: float) -> None:
    sample = np.random.default_rng(seed).exponential(size=31)
    best = np.quantile(sample, alpha, method="inverted_cdf")

    def loss(said: float) -> float:
        return metrics.mean_pinball_loss(sample, np.full(31, said), alpha=alpha)

    assert all(loss(said) >= loss(best) - 1e-12 for said in np.linspace(0, 5, 21))


@given(SEEDS, st.floats(0.01, 100.0))
def test_the_huber_loss_is_scipys(seed: int, delta: float) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.standard_cauchy(size=(2, 40))
    weights = rng.random(40)
    found = metrics.mean_huber_loss(true, predicted, delta=delta, sample_weight=weights)
    expected = np.average(huber(delta, true - predicted), weights=weights)
    assert found == pytest.approx(expected, rel=1e-12)


@given(SEEDS, st.sampled_from([1e-200, 1e-9, 1.0, 1e9, 1e200]))
def test_r2_and_rmse_hold_at_any_scale(seed: int, scale: float) -> None:
    true, predicted = np.random.default_rng(seed).normal(size=(2, 20))
    found = metrics.r2_score(scale * true, scale * predicted)
    assert found == pytest.approx(metrics.r2_score(true, predicted), rel=1e-9)
    root = metrics.root_mean_squared_error(scale * true, scale * predicted)
    plain = metrics.root_mean_squared_error(true, predicted)
    assert root == pytest.approx(scale * plain, rel=1e-9)


def test_constant_targets_leave_nothing_to_explain() -> None:
    third = np.full(3, 0.1)  # their mean is not 0.1 in float64
    assert metrics.r2_score(third, third) == 1.0
    assert metrics.r2_score(third, [0.1, 0.1, 0.2]) == 0.0
    assert metrics.r2_score([5.0], [5.0]) == 1.0


@pytest.mark.parametrize("name", [*NAMES, "mean_huber_loss"])
@pytest.mark.parametrize(
    ("true", "predicted", "words"),
    [
        ([1.0, np.nan], [1.0, 2.0], "y_true contains NaN"),
        ([1.0, 2.0], [1.0, np.inf], "y_pred contains NaN or inf"),
        ([1.0, 2.0], [1.0], r"shapes are \(1,\) and \(2,\)"),
        ([1.0, 2.0], [[1.0], [2.0]], "1d array"),
        ([], [], "at least one row"),
        ([1.0, 2.0], ["a", "b"], "must hold numbers"),
    ],
)
def test_bad_numbers_are_refused_in_words(
    name: str, true: Any, predicted: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(metrics, name)(true, predicted)


def test_bad_settings_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, got 2"):
        metrics.mean_pinball_loss([1.0], [1.0], alpha=2)
    with pytest.raises(ValueError, match="delta must be a number above 0, got 0"):
        metrics.mean_huber_loss([1.0], [1.0], delta=0)
