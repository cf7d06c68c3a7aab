"""LIME: closed forms, the ridge oracle, and how unstable it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from ml_from_scratch.explain import lime_tabular

SEEDS = st.integers(0, 2**32 - 1)


def _model(name: str) -> tuple[Any, np.ndarray]:
    load = {"diabetes": load_diabetes, "cancer": load_breast_cancer, "wine": load_wine}
    X, y = load[name](return_X_y=True)
    X = X[:, :5]
    forest = RandomForestRegressor(10, max_depth=5, random_state=0).fit(X, y)
    return forest.predict, X


@pytest.mark.parametrize("name", ["diabetes", "cancer", "wine"])
def test_it_is_scikit_learns_ridge_on_the_same_draws_to_1e_8(name: str) -> None:
    predict, X = _model(name)
    ours = lime_tabular(predict, X[3], X, rng=np.random.default_rng(5), n_samples=400)
    moves = np.random.default_rng(5).normal(size=(400, 5))
    target = predict(X[3] + moves * X.std(axis=0))
    weights = np.exp(-np.sum(moves**2, axis=1) / (0.75**2 * 5))
    theirs = Ridge(1.0).fit(moves, target, sample_weight=weights)
    np.testing.assert_allclose(ours.coef, theirs.coef_, rtol=1e-8, atol=1e-10)
    assert ours.intercept == pytest.approx(theirs.intercept_, rel=1e-8)
    assert ours.score == pytest.approx(
        theirs.score(moves, target, sample_weight=weights), rel=1e-8
    )


@settings(max_examples=20)
@given(SEEDS)
def test_a_linear_model_is_found_exactly_and_a_dead_column_gets_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(50, 4)) * [1, 10, 0.1, 0], rng.normal(size=4)
    found = lime_tabular(
        lambda rows: rows @ w + 7, X[0], X, rng=rng, n_samples=50, alpha=1e-12
    )
    np.testing.assert_allclose(found.coef, w * X.std(axis=0), atol=1e-7)
    assert found.coef[3] == 0.0
    assert found.intercept == pytest.approx(X[0] @ w + 7, abs=1e-7)
    assert found.score == pytest.approx(1.0, abs=1e-9)


def test_near_enough_it_is_the_gradient() -> None:
    X = np.random.default_rng(0).normal(size=(500, 2))
    found = lime_tabular(
        lambda rows: np.sin(rows[:, 0]) * rows[:, 1],
        [0.5, 2.0],
        X,
        rng=np.random.default_rng(1),
        n_samples=200_000,
        kernel_width=0.1,
        alpha=0.0,
    )
    gradient = np.array([2 * np.cos(0.5), np.sin(0.5)]) * X.std(axis=0)
    np.testing.assert_allclose(found.coef, gradient, rtol=0.02)


@pytest.mark.parametrize("name", ["diabetes", "cancer", "wine"])
def test_seeds_disagree_and_four_times_the_samples_halve_that(name: str) -> None:
    predict, X = _model(name)

    def spread(n: int) -> float:
        coefs = [
            lime_tabular(
                predict, X[3], X, rng=np.random.default_rng(seed), n_samples=n
            ).coef
            for seed in range(40)
        ]
        return float(np.sqrt(np.var(coefs, axis=0).sum()))

    few, many = spread(250), spread(1000)
    assert few > 0
    assert few / many == pytest.approx(2.0, rel=0.3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"x": [1.0]}, "columns of X and 2 samples"),
        ({"n_samples": 1}, "got 2 columns and 1"),
        ({"kernel_width": 0.0}, "kernel_width must be above 0"),
        ({"alpha": -1.0}, "alpha not below"),
        ({"x": [1.0, np.nan]}, "x contains NaN"),
        ({"predict": lambda rows: rows}, "must be a 1d array"),
    ],
)
def test_bad_input_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    settings: dict[str, Any] = {
        "predict": lambda rows: rows[:, 0],
        "x": [1.0, 2.0],
        "X": [[1.0, 2.0], [3.0, 5.0]],
        "rng": np.random.default_rng(0),
    }
    with pytest.raises(ValueError, match=words):
        lime_tabular(**{**settings, **options})
