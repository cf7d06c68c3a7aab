"""Least squares and ridge: against scikit-learn, closed forms, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression as TheirLinearRegression
from sklearn.linear_model import Ridge as TheirRidge

from ml_from_scratch.linear import LinearRegression, Ridge
from ml_from_scratch.linear.least_squares import centred, ridge_weights

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30)
TOLERANCE = 1e-8  # of the largest coefficient
TRUTH = np.array([3.0, -2.0, 0.0, 0.5])


@cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return 500 rows of a sum whose weights are `TRUTH` and whose intercept is 7."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4)) + 10
    return X, X @ TRUTH + 7 + rng.normal(size=500)


@cache
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    return load_diabetes(return_X_y=True)


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    """Return nearly collinear measures of cells, in units from 1e-3 to 1e3."""
    X, _ = load_breast_cancer(return_X_y=True)
    return X[:, 1:], X[:, 0]


@cache
def awkward() -> tuple[np.ndarray, np.ndarray]:
    """Return columns that repeat, sum or never change, and fewer directions."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 60))
    X = np.column_stack([a, b, a + b, a, np.full(60, 0.1), np.zeros(60), 100 * b])
    return X, 2 * a - b + rng.normal(size=60)


@cache
def wide() -> tuple[np.ndarray, np.ndarray]:
    """Return more columns than rows."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(20, 50)), rng.normal(size=20)


DATA = {f.__name__: f for f in (synthetic, diabetes, cancer, awkward, wide)}
CUT = 60 * 2.3e-16  # scikit-learn's own, 1e-6, would drop small columns


def _close(ours: Any, theirs: Any) -> None:
    atol = TOLERANCE * np.abs(theirs.coef_).max()
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=atol)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8, atol=atol)


def _weights(n: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 4, n).astype(float)


# --- against scikit-learn ----------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", DATA)
def test_least_squares_is_scikit_learns_to_1e_8(
    name: str, weighted: bool, fit_intercept: bool
) -> None:
    X, y = DATA[name]()
    weights = _weights(len(y)) if weighted else None
    ours = LinearRegression(fit_intercept=fit_intercept).fit(X, y, weights)
    theirs = TheirLinearRegression(fit_intercept=fit_intercept, tol=CUT)
    _close(ours, theirs.fit(X, y, weights))
    assert ours.rank_ == theirs.rank_
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", DATA)
def test_ridge_is_scikit_learns_to_1e_8(
    name: str, weighted: bool, alpha: float, fit_intercept: bool
) -> None:
    X, y = DATA[name]()
    weights = _weights(len(y)) if weighted else None
    ours = Ridge(alpha, fit_intercept=fit_intercept).fit(X, y, weights)
    theirs = TheirRidge(alpha, fit_intercept=fit_intercept, solver="svd")
    _close(ours, theirs.fit(X, y, weights))


@pytest.mark.parametrize("name", DATA)
def test_ridge_without_a_penalty_is_least_squares(name: str) -> None:
    X, y = DATA[name]()
    ours, plain = Ridge(0.0).fit(X, y), LinearRegression().fit(X, y)
    np.testing.assert_array_equal(ours.coef_, plain.coef_)


@pytest.mark.parametrize("share", [1e-13, 3e-9, 1e-7])
def test_a_tiny_penalty_keeps_its_digits_on_columns_that_nearly_repeat(
    share: float,
) -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(size=200)
    X = np.column_stack([a, a + 1e-6 * rng.normal(size=200)])
    y, alpha = X @ [1.0, 2.0] + rng.normal(size=200), share * (X**2).sum()
    u, s, vt = np.linalg.svd(X, full_matrices=False)
    exact = vt.T @ (s / (s**2 + alpha) * (u.T @ y))
    np.testing.assert_allclose(ridge_weights(X, y, alpha), exact, rtol=1e-6)


def test_the_truth_is_found_within_four_standard_errors() -> None:
    X, y = synthetic()
    model = LinearRegression().fit(X, y)
    errors = np.sqrt(np.diag(np.linalg.inv(np.cov(X.T) * len(X))))
    assert (np.abs(model.coef_ - TRUTH) < 4 * errors).all()
    assert (errors < 0.1).all()


# --- what must hold ----------------------------------------------------------------


def _problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 30)), int(rng.integers(1, 8))
    return rng.normal(size=(n, d)), rng.normal(size=n)


@FEW
@given(SEEDS)
def test_residuals_are_uncorrelated_with_every_column(seed: int) -> None:
    X, y = _problem(seed)
    left = y - LinearRegression().fit(X, y).predict(X)
    np.testing.assert_allclose(X.T @ left, 0, atol=1e-10)
    assert left.sum() == pytest.approx(0, abs=1e-10)


@FEW
@given(SEEDS, st.sampled_from([1e-3, 1.0, 100.0]), st.floats(-50, 50))
def test_ridges_slope_is_zero_and_the_intercept_is_not_penalised(
    seed: int, alpha: float, shift: float
) -> None:
    X, y = _problem(seed)
    model = Ridge(alpha).fit(X, y)
    left = y - model.predict(X)
    np.testing.assert_allclose(X.T @ left, alpha * model.coef_, atol=1e-9)
    moved = Ridge(alpha).fit(X + shift, y - shift)
    np.testing.assert_allclose(moved.coef_, model.coef_, atol=1e-9)


@FEW
@given(SEEDS)
def test_a_stronger_penalty_makes_smaller_weights(seed: int) -> None:
    X, y = _problem(seed)
    sizes = [np.linalg.norm(Ridge(a).fit(X, y).coef_) for a in (0, 0.1, 1, 10, 1e6)]
    assert (np.diff(sizes) < 1e-9).all()


@FEW
@given(SEEDS, st.sampled_from([LinearRegression(), Ridge(0.5)]))
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(
    seed: int, model: Any
) -> None:
    X, y = _problem(seed)
    counts = np.random.default_rng(seed).integers(0, 3, len(y))
    counts[0] = 1
    weighted = model.fit(X, y, sample_weight=counts)
    found = np.append(weighted.coef_, weighted.intercept_)
    repeated = model.fit(X.repeat(counts, axis=0), y.repeat(counts))
    expected = np.append(repeated.coef_, repeated.intercept_)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@FEW
@given(SEEDS, st.sampled_from([1e-100, 1e-9, 1e9, 1e100]))
def test_units_of_the_columns_only_change_the_units_of_the_weights(
    seed: int, unit: float
) -> None:
    X, y = _problem(seed)
    one, other = LinearRegression().fit(X, y), LinearRegression().fit(X * unit, y)
    np.testing.assert_allclose(other.coef_ * unit, one.coef_, atol=1e-6)


@FEW
@given(SEEDS)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    X, y = _problem(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    for model in (LinearRegression(), Ridge()):
        one = model.fit(X, y).coef_
        np.testing.assert_allclose(model.fit(X[order], y[order]).coef_, one, atol=1e-8)


def test_huge_values_do_not_overflow_in_ridge() -> None:
    X, y = synthetic()
    model = Ridge(1.0).fit(X * 1e200, y)
    np.testing.assert_allclose(
        model.coef_ * 1e200, LinearRegression().fit(X, y).coef_, rtol=1e-9
    )


def test_a_column_that_never_changes_gets_no_weight() -> None:
    X, y = awkward()
    for model in (LinearRegression(), Ridge(1e-12), Ridge(1.0)):
        assert model.fit(X, y).coef_[4] == model.coef_[5] == 0.0


def test_one_row_is_answered_with_its_own_target() -> None:
    for model in (LinearRegression(), Ridge()):
        assert model.fit([[2.0, 1.0]], [5.0]).predict([[9.0, 9.0]]).tolist() == [5.0]


def test_centring_leaves_the_data_alone_and_takes_means_out() -> None:
    X, y = (part.copy() for part in synthetic())
    weights = np.arange(500.0)
    rows = centred(X, y, weights)
    np.testing.assert_array_equal(X, synthetic()[0])
    np.testing.assert_array_equal(y, synthetic()[1])
    np.testing.assert_allclose(rows.x_mean, np.average(X, axis=0, weights=weights))
    np.testing.assert_allclose(np.sqrt(weights) @ rows.X, 0, atol=1e-7)


def test_names_of_columns_are_kept() -> None:
    frame = pd.DataFrame(synthetic()[0], columns=["wind", "rain", "hour", "age"])
    model = LinearRegression().fit(frame, synthetic()[1])
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    with pytest.raises(ValueError, match="same order"):
        model.predict(frame[["rain", "wind", "hour", "age"]])


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [-1.0, np.nan, np.inf])
def test_bad_penalties_are_refused_in_words(alpha: float) -> None:
    with pytest.raises(ValueError, match=r"alpha must be a finite number.*got"):
        Ridge(alpha).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize("model", [LinearRegression(), Ridge()])
@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        ([[0.0], [np.nan]], [0, 1], "NaN"),
        ([[0.0], [1.0]], [0, np.inf], "Input y contains NaN or inf"),
        (np.empty((0, 2)), [], r"0 sample\(s\)"),
        ([[0.0], [1.0]], [0, 1, 1], "X has 2 and y has 3"),
        ([[0.0], [1.0]], [[0, 1], [1, 1]], "1d array"),
        ([["fog"], ["rain"]], [0, 1], "Encode text"),
        ([[0.0], [1.0]], ["a", "b"], "y must hold numbers"),
    ],
)
def test_bad_data_are_refused_in_words(model: Any, X: Any, y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        model.fit(X, y)
