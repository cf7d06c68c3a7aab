"""Importances and dependence: against scikit-learn, closed forms, properties."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sklearn.inspection as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression as TheirLogistic
from sklearn.neighbors import KNeighborsRegressor

from ml_from_scratch.explain import (
    drop_column_importance,
    partial_dependence,
    permutation_importance,
)
from ml_from_scratch.linear import LinearRegression
from ml_from_scratch.metrics import mean_squared_error

SEEDS = st.integers(0, 2**32 - 1)


@cache
def fitted(name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return a model with rows and targets; "awkward" has ties and a dead column."""
    if name == "cancer":
        X, y = load_breast_cancer(return_X_y=True)
        X = X[:, :5] / X[:, :5].std(axis=0)
        return TheirLogistic().fit(X, y), X, y
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
        model = GradientBoostingRegressor(n_estimators=20, random_state=0)
        return model.fit(X, y), X, y
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(200, 4)).astype(float)
    X[:, 3] = 1.0
    y = X[:, 0] * X[:, 1] + rng.normal(size=200)
    return KNeighborsRegressor(5).fit(X, y), X, y


NAMES = ["cancer", "diabetes", "awkward"]


@pytest.mark.parametrize("name", NAMES)
def test_permutation_importance_is_scikit_learns_up_to_the_luck_of_shuffles(
    name: str,
) -> None:
    model, X, y = fitted(name)
    rng = np.random.default_rng(0)
    ours = permutation_importance(model, X, y, rng=rng, n_repeats=40)
    theirs = oracle.permutation_importance(model, X, y, n_repeats=40, random_state=1)
    spread = np.hypot(ours.importances_std, theirs.importances_std)
    off = np.abs(ours.importances_mean - theirs.importances_mean)
    assert (off <= 4 * spread / np.sqrt(40) + 1e-12).all()
    np.testing.assert_allclose(
        ours.importances_std, theirs.importances_std, rtol=0.6, atol=1e-3
    )
    assert ours.importances.shape == (X.shape[1], 40)


@settings(max_examples=15)
@given(SEEDS)
def test_a_linear_model_has_the_importance_of_the_formula(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    y = X @ [2.0, -1.0, 0.0] + rng.normal(size=300)
    model = LinearRegression().fit(X, y)

    def score(model: Any, X: Any, y: Any) -> float:
        return -mean_squared_error(y, model.predict(X))

    found = permutation_importance(model, X, y, rng=rng, scoring=score, n_repeats=60)
    expected = 2 * model.coef_**2 * X.var(axis=0)  # residuals do not go with columns
    error = 5 * found.importances_std / np.sqrt(60) + 1e-9
    assert (np.abs(found.importances_mean - expected) <= error + 0.01 * expected).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_the_model_does_not_use_has_no_importance(name: str) -> None:
    model, X, y = fitted(name)

    class Blind:
        def score(self, X: Any, y: Any) -> float:
            return float(model.score(X[:, :-1], y))

    wider = np.column_stack([X, np.arange(len(X))])
    found = permutation_importance(Blind(), wider, y, rng=np.random.default_rng(0))
    assert (found.importances[-1] == 0).all()
    again = permutation_importance(Blind(), wider, y, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(found.importances, again.importances)


def test_a_shuffled_column_keeps_its_values() -> None:
    X, y = load_diabetes(return_X_y=True)
    found = permutation_importance(
        None,
        X,
        y,
        rng=np.random.default_rng(0),
        scoring=lambda _, rows, __: float(np.sort(rows, axis=0)[::7].sum()),
    )
    assert (found.importances == 0).all()


def test_leaving_out_a_column_is_fitting_without_it() -> None:
    X, y = load_diabetes(return_X_y=True)
    train, test = slice(0, 300), slice(300, None)
    found = drop_column_importance(
        LinearRegression(), X[train], y[train], X[test], y[test]
    )
    full = LinearRegression().fit(X[train], y[train]).score(X[test], y[test])
    for j in (0, 4, 9):
        rest = np.delete(np.arange(10), j)
        model = LinearRegression().fit(X[train][:, rest], y[train])
        expected = full - model.score(X[test][:, rest], y[test])
        assert found[j] == pytest.approx(expected, abs=1e-12)


def test_copies_are_worth_nothing_alone_but_shuffling_hurts() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    X, y = np.column_stack([x, x, rng.normal(size=400)]), 3 * x
    dropped = drop_column_importance(LinearRegression(), X, y, X, y)
    np.testing.assert_allclose(dropped, 0, atol=1e-9)
    model = LinearRegression().fit(X, y)
    shuffled = permutation_importance(model, X, y, rng=rng).importances_mean
    assert min(shuffled[:2]) > 0.3


# --- dependence --------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("features", [[0], [2], [0, 1], [3, 0]])
def test_partial_dependence_is_scikit_learns_to_1e_10(
    name: str, features: list[int]
) -> None:
    model, X, _ = fitted(name)
    X = X[:80]

    def predict(rows: np.ndarray) -> np.ndarray:
        if name == "cancer":
            return model.predict_proba(rows)[:, 1]
        return model.predict(rows)

    options: Any = {"grid_resolution": 7, "percentiles": (0.0, 1.0)}
    ours = partial_dependence(predict, X, features, **options)
    theirs = oracle.partial_dependence(
        model, X, features, method="brute", kind="both", **options
    )
    for mine, other in zip(ours.grid, theirs["grid_values"], strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-10)
    np.testing.assert_allclose(ours.average, theirs["average"][0], atol=1e-10)
    np.testing.assert_allclose(ours.individual, theirs["individual"][0], atol=1e-10)


def test_the_grid_runs_between_the_quantiles_asked_for() -> None:
    X = np.arange(101.0)[:, None]
    found = partial_dependence(lambda rows: rows[:, 0], X, [0], grid_resolution=10)
    np.testing.assert_allclose(found.grid[0], np.linspace(5, 95, 10))


@settings(max_examples=20)
@given(SEEDS)
def test_a_sum_of_functions_gives_them_back_and_parallel_curves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 3))
    found = partial_dependence(
        lambda rows: np.sin(rows[:, 0]) + rows[:, 1] ** 2, X, [0], grid_resolution=9
    )
    shifted = found.average - np.sin(found.grid[0])
    np.testing.assert_allclose(shifted, np.mean(X[:, 1] ** 2), atol=1e-12)
    centred = found.individual - found.individual[:, :1]
    np.testing.assert_allclose(centred - centred[0], 0, atol=1e-12)


RNG = np.random.default_rng(0)
MODEL = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: permutation_importance(MODEL, [[1.0]], [1.0], rng=RNG),
            "at least 2 rows",
        ),
        (
            lambda: permutation_importance(MODEL, [[1.0], [2.0]], [1.0], rng=RNG),
            "X has 2 and y has 1",
        ),
        (
            lambda: permutation_importance(
                MODEL, [[1.0], [np.nan]], [1.0, 2.0], rng=RNG
            ),
            "X contains NaN",
        ),
        (
            lambda: permutation_importance(
                MODEL, [[1.0], [2.0]], [1.0, 2.0], rng=RNG, n_repeats=0
            ),
            "n_repeats must be",
        ),
        (
            lambda: drop_column_importance(MODEL, [[1.0]], [1.0], [[1.0]], [1.0]),
            "two at least",
        ),
        (
            lambda: drop_column_importance(MODEL, [[1, 2]], [1.0], [[1]], [1.0]),
            r"\(1, 2\) and \(1, 1\)",
        ),
        (lambda: partial_dependence(MODEL.predict, [[1.0]], [1]), "from 0 to 0"),
        (lambda: partial_dependence(MODEL.predict, [[1.0]], [0, 0, 0]), "one or two"),
        (
            lambda: partial_dependence(MODEL.predict, [[1.0]], [0], percentiles=(1, 0)),
            "the lower first",
        ),
        (
            lambda: partial_dependence(lambda X: X, [[1.0]], [0]),
            r"predict\(X\) must be a 1d array",
        ),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
