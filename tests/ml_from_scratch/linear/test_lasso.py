"""The lasso and the elastic net: by their own conditions, and against scikit-learn."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import ElasticNet as TheirElasticNet
from sklearn.linear_model import Lasso as TheirLasso
from sklearn.linear_model import lasso_path as their_lasso_path
from sklearn.preprocessing import StandardScaler

from ml_from_scratch.base import ConvergenceWarning
from ml_from_scratch.linear import (
    ElasticNet,
    Lasso,
    LinearRegression,
    Ridge,
    lasso_path,
)
from ml_from_scratch.linear.lasso import coordinate_descent

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=25)
TIGHT = {"tol": 1e-11, "max_iter": 20_000}


@cache
def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return 200 rows in which five of forty columns matter."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 40)) + 5
    return X, X[:, :5] @ [3.0, -2.0, 1.0, 1.0, -1.0] + rng.normal(size=200)


@cache
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), y / 50


@cache
def cancer() -> tuple[np.ndarray, np.ndarray]:
    """Return thirty columns that nearly repeat one another."""
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y.astype(float)


@cache
def awkward() -> tuple[np.ndarray, np.ndarray]:
    """Return columns that sum, never change or are zero, and unequal scales."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 60))
    X = np.column_stack([a, b, np.full(60, 0.1), np.zeros(60), 5 * a - b])
    return X, 2 * a - b + rng.normal(size=60)


@cache
def wide() -> tuple[np.ndarray, np.ndarray]:
    """Return 300 columns, more than are in play at once, and 50 rows."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 300))
    return X, X[:, 200:210].sum(axis=1) + rng.normal(size=50)


DATA = {f.__name__: f for f in (synthetic, diabetes, cancer, awkward, wide)}
CASES = [(name, ratio) for name in DATA for ratio in (1.0, 0.5)]


def _objective(model: Any, X: Any, y: Any, weights: Any = None) -> float:
    left = y - X @ model.coef_ - model.intercept_
    l1, l2 = model.alpha * model.l1_ratio, model.alpha * (1 - model.l1_ratio)
    sizes, squares = np.abs(model.coef_).sum(), (model.coef_**2).sum()
    return np.average(left**2, weights=weights) / 2 + l1 * sizes + l2 / 2 * squares


def _broken_by(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """Return by how much the conditions of a minimum (KKT) are missed."""
    l1, l2 = model.alpha * model.l1_ratio, model.alpha * (1 - model.l1_ratio)
    left = y - X @ model.coef_ - model.intercept_
    pull = X.T @ left / len(y) - l2 * model.coef_
    zero = model.coef_ == 0
    inside = np.maximum(np.abs(pull[zero]) - l1, 0)
    at_edge = np.abs(pull[~zero] - l1 * np.sign(model.coef_[~zero]))
    return max(np.concatenate([inside, at_edge, [abs(left.mean())]]))


# --- the conditions of a minimum ----------------------------------------------------


@pytest.mark.parametrize("alpha", [0.5, 0.1])
@pytest.mark.parametrize(("name", "l1_ratio"), CASES)
def test_the_conditions_of_a_minimum_hold_to_1e_6(
    name: str, l1_ratio: float, alpha: float
) -> None:
    X, y = DATA[name]()
    model = ElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT).fit(X, y)
    assert _broken_by(model, X, y) < 1e-6
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("alpha", [0.5, 0.1])
@pytest.mark.parametrize(("name", "l1_ratio"), CASES)
def test_scikit_learn_goes_no_lower_and_the_gap_says_by_how_much(
    name: str, l1_ratio: float, alpha: float
) -> None:
    X, y = DATA[name]()
    best = TheirElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT).fit(X, y)
    rough = ElasticNet(alpha, l1_ratio=l1_ratio, tol=1e-2).fit(X, y)
    lowest = _objective(best, X, y)
    assert -1e-9 <= _objective(rough, X, y) - lowest <= rough.dual_gap_ + 1e-9
    assert rough.dual_gap_ <= 1e-2 * y.var() * (1 + 1e-9)
    tight = ElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT).fit(X, y)
    assert _objective(tight, X, y) == pytest.approx(lowest, abs=1e-9)


@pytest.mark.parametrize("name", ["synthetic", "diabetes", "wide"])
def test_the_lassos_weights_are_scikit_learns_to_1e_5(name: str) -> None:
    X, y = DATA[name]()
    ours, theirs = Lasso(0.1, **TIGHT).fit(X, y), TheirLasso(0.1, **TIGHT).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert (ours.coef_ == 0).any()
    assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-4)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_weights_of_rows_mean_what_they_mean_in_scikit_learn(
    fit_intercept: bool,
) -> None:
    X, y = synthetic()
    weights = np.random.default_rng(4).uniform(0, 3, len(y))
    options = {"l1_ratio": 0.7, "fit_intercept": fit_intercept, **TIGHT}
    ours = ElasticNet(0.1, **options).fit(X, y, sample_weight=weights)
    theirs = TheirElasticNet(0.1, **options).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    lowest = _objective(theirs, X, y, weights)
    assert _objective(ours, X, y, weights) == pytest.approx(lowest, abs=1e-9)


def test_the_columns_that_matter_are_found() -> None:
    X, y = synthetic()
    found = np.flatnonzero(Lasso(0.25).fit(X, y).coef_)
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_the_gap_is_that_of_the_dual_in_closed_form() -> None:
    X, y = np.eye(2), np.array([3.0, 1.0])  # best at l1 = 2: weights (1, 0), value 4.5
    early = coordinate_descent(X, y, 2.0, 0.0, tol=1e-9, max_iter=0)
    assert early.coef.tolist() == [0.0, 0.0]
    # At zero the residual is y; shrunk by 2/3, the dual is 10 * (2/3) - 10 * (4/9) / 2.
    assert early.gap == pytest.approx(5 - (20 / 3 - 20 / 9))
    assert not early.converged
    done = coordinate_descent(X, y, 2.0, 0.0, tol=1e-9, max_iter=9)
    assert done.coef.tolist() == [1.0, 0.0]
    assert done.gap == pytest.approx(0, abs=1e-12)


def test_a_start_at_the_solution_takes_no_sweep() -> None:
    X, y = diabetes()
    found = coordinate_descent(X, y, 20.0, 0.0, tol=1e-9, max_iter=999)
    again = coordinate_descent(
        X, y, 20.0, 0.0, tol=1e-9, max_iter=999, start=found.coef
    )
    assert found.n_iter > again.n_iter == 0
    np.testing.assert_array_equal(again.coef, found.coef)


# --- the path ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["synthetic", "diabetes", "cancer"])
def test_the_path_is_scikit_learns_to_1e_4(name: str) -> None:
    X, y = DATA[name]()
    X, y = X - X.mean(axis=0), y - y.mean()
    alphas, coefs, gaps = lasso_path(X, y, n_alphas=20, eps=0.01, **TIGHT)
    theirs = their_lasso_path(X, y, alphas=alphas, **TIGHT)
    np.testing.assert_allclose(alphas, theirs[0])
    np.testing.assert_allclose(coefs, theirs[1], atol=1e-4)
    assert (gaps <= 1e-11 * (y @ y) / len(y)).all()


def test_the_path_begins_where_the_first_weight_leaves_zero() -> None:
    X, y = synthetic()
    X, y = X - X.mean(axis=0), y - y.mean()
    alphas, coefs, _ = lasso_path(X, y, n_alphas=50, tol=1e-9)
    np.testing.assert_allclose(coefs[:, 0], 0, atol=1e-9)
    assert np.count_nonzero(coefs[:, 1]) == 1
    assert alphas[-1] == pytest.approx(alphas[0] / 1000)
    sizes = np.abs(coefs).sum(axis=0)
    assert (np.diff(sizes) > -1e-9).all()


# --- what must hold ----------------------------------------------------------------


def _problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(3, 30)), int(rng.integers(1, 10))
    X = rng.normal(size=(n, d))
    return X, X[:, 0] + rng.normal(size=n)


@FEW
@given(SEEDS, st.floats(0.01, 1.0), st.floats(0.1, 1.0))
def test_the_conditions_of_a_minimum_hold_on_any_data(
    seed: int, alpha: float, l1_ratio: float
) -> None:
    X, y = _problem(seed)
    model = ElasticNet(alpha, l1_ratio=l1_ratio, **TIGHT).fit(X, y)
    assert _broken_by(model, X, y) < 1e-5


@FEW
@given(SEEDS)
def test_the_objective_never_rises_from_sweep_to_sweep(seed: int) -> None:
    X, y = _problem(seed)

    def value(sweeps: int) -> float:
        found = coordinate_descent(X, y, 0.5, 0.1, tol=1e-15, max_iter=sweeps).coef
        penalty = 0.5 * np.abs(found).sum() + 0.05 * (found**2).sum()
        return ((y - X @ found) ** 2).sum() / 2 + penalty

    values = [value(sweeps) for sweeps in range(8)]
    assert (np.diff(values) < 1e-10).all()


@FEW
@given(SEEDS)
def test_orthogonal_columns_have_a_closed_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, _ = np.linalg.qr(rng.normal(size=(12, 4)))
    y = rng.normal(size=12)
    pull = X.T @ y
    expected = np.sign(pull) * np.maximum(np.abs(pull) - 0.3, 0) / 1.2
    found = coordinate_descent(X, y, 0.3, 0.2, tol=1e-14, max_iter=99)
    np.testing.assert_allclose(found.coef, expected, atol=1e-9)


@FEW
@given(SEEDS)
def test_weight_two_is_the_row_twice_and_weight_zero_is_no_row(seed: int) -> None:
    X, y = _problem(seed)
    counts = np.random.default_rng(seed).integers(0, 3, len(y))
    counts[:2] = 1
    model = ElasticNet(0.1, **TIGHT)
    weighted = model.fit(X, y, sample_weight=counts).predict(X)
    repeated = model.fit(X.repeat(counts, axis=0), y.repeat(counts)).predict(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-5)


def test_no_penalty_on_sizes_is_ridge_and_no_penalty_is_least_squares() -> None:
    X, y = diabetes()
    pairs = [
        (ElasticNet(0.3, l1_ratio=0.0), Ridge(0.3 * len(y))),
        (Lasso(0.0), LinearRegression()),
        (ElasticNet(0.0), LinearRegression()),
    ]
    for ours, expected in pairs:
        expected.fit(X, y)
        np.testing.assert_allclose(ours.fit(X, y).coef_, expected.coef_, atol=1e-9)
        assert ours.intercept_ == pytest.approx(expected.intercept_)


def test_a_strong_penalty_leaves_the_mean() -> None:
    X, y = diabetes()
    model = Lasso(1e6).fit(X, y)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(y.mean())


def test_values_whose_squares_overflow_are_refused_in_words() -> None:
    X, y = diabetes()
    for rows, target in ((X * 1e200, y), (X, y * 1e200)):
        with pytest.raises(ValueError, match="scale both, so that float64"):
            Lasso(0.1).fit(rows, target)


def test_a_target_that_never_changes_is_answered_at_once() -> None:
    model = Lasso(0.1).fit([[0.0], [1.0], [2.0]], [4.0, 4.0, 4.0])
    assert model.predict([[9.0]]).tolist() == [4.0]
    assert model.dual_gap_ == 0.0


def test_too_few_sweeps_are_warned_about_with_what_was_found() -> None:
    X, y = cancer()
    with pytest.warns(ConvergenceWarning, match="stopped after 3 sweeps"):
        Lasso(1e-4, tol=1e-9, max_iter=3).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="duality gap of") as seen:
        lasso_path(X, y, alphas=[1e-4], tol=1e-9, max_iter=3)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Lasso(0.1).fit(X, y)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": -1.0}, "alpha must be a finite number of at least 0, got -1.0"),
        ({"alpha": np.inf}, "alpha must be"),
        ({"l1_ratio": 1.5}, "l1_ratio must be a number from 0 to 1, got 1.5"),
        ({"max_iter": 0}, "max_iter must be a whole number from 1, got 0"),
        ({"tol": 0.0}, "tol must be a number above 0"),
    ],
)
def test_bad_settings_are_refused_by_fit_in_words(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        ElasticNet(**options).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_alphas": 0}, "n_alphas must be a whole number from 1"),
        ({"eps": 1.0}, "eps between 0 and 1"),
        ({"alphas": [0.0]}, "numbers above 0"),
        ({"alphas": []}, "numbers above 0"),
        ({"y": np.zeros(3)}, "every weight is 0"),
        ({"X": [[np.nan], [1.0], [2.0]]}, "NaN"),
        ({"X": [1.0, 2.0, 3.0]}, "2D array"),
    ],
)
def test_a_bad_path_is_refused_in_words(arguments: dict[str, Any], words: str) -> None:
    good = {"X": [[0.0], [1.0], [2.0]], "y": [0.0, 1.0, 3.0]}
    with pytest.raises(ValueError, match=words):
        lasso_path(**{**good, **arguments})
