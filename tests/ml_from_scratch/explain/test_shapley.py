"""Shapley values: closed forms, axioms, shap's KernelExplainer, and sampling."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

from ml_from_scratch.explain import (
    interventional_value,
    kernel_shap,
    sampled_shapley,
    shapley_values,
)

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def shap() -> Any:
    return pytest.importorskip("shap", exc_type=ImportError)  # not on all platforms


def _any_game(seed: int, d: int) -> Any:
    values = np.random.default_rng(seed).normal(size=2**d)
    return lambda coalitions: values[coalitions @ (1 << np.arange(d))]


def _predictions(name: str) -> tuple[Any, np.ndarray]:
    """Return a function of rows that is not linear, and rows."""
    if name == "product":
        X = np.random.default_rng(0).normal(size=(60, 5))
        return lambda rows: rows[:, 0] * rows[:, 1] * rows[:, 3] + rows[:, 2] ** 2, X
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
        X = X[:, :6]
        return KNeighborsRegressor(7).fit(X, y).predict, X
    X, y = load_breast_cancer(return_X_y=True)
    X = (X[:, :7] - X[:, :7].mean(axis=0)) / X[:, :7].std(axis=0)
    model = LogisticRegression().fit(X, y)
    return lambda rows: model.predict_proba(rows)[:, 1], X


NAMES = ["product", "diabetes", "cancer"]


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 6))
def test_they_are_the_mean_over_all_orders(seed: int, d: int) -> None:
    game = _any_game(seed, d)
    expected, orders = np.zeros(d), list(permutations(range(d)))
    for order in orders:
        known = np.zeros((1, d), dtype=bool)
        for player in order:
            before = game(known)[0]
            known[0, player] = True
            expected[player] += game(known)[0] - before
    found = shapley_values(game, d)
    np.testing.assert_allclose(found, expected / len(orders), atol=1e-12)


@given(SEEDS, st.integers(2, 7))
def test_the_axioms_hold(seed: int, d: int) -> None:
    one, two = _any_game(seed, d), _any_game(seed + 1, d)
    found = shapley_values(one, d)
    ends = one(np.array([[False] * d, [True] * d]))
    assert found.sum() == pytest.approx(ends[1] - ends[0], abs=1e-10)  # efficiency
    both = shapley_values(lambda c: one(c) + 3 * two(c), d)  # linearity
    np.testing.assert_allclose(both, found + 3 * shapley_values(two, d), atol=1e-10)
    alike = shapley_values(lambda c: one(c & [[False, *[True] * (d - 1)]]), d)
    assert alike[0] == pytest.approx(0, abs=1e-12)  # a player that adds nothing
    swapped = shapley_values(lambda c: one(c[:, ::-1]), d)  # symmetry
    np.testing.assert_allclose(swapped[::-1], found, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_kernel_shap_of_all_coalitions_is_exact_to_1e_10(name: str) -> None:
    predict, X = _predictions(name)
    for x in X[:3]:
        game = interventional_value(predict, x, X[10:30])
        exact = shapley_values(game, X.shape[1])
        np.testing.assert_allclose(kernel_shap(game, X.shape[1]), exact, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_shaps_kernel_explainer_agrees_to_1e_8(shap: Any, name: str) -> None:
    predict, X = _predictions(name)
    background = X[10:30]
    explainer = shap.KernelExplainer(predict, background)
    theirs = explainer.shap_values(X[:2], nsamples=2**10, l1_reg=False, silent=True)
    for x, expected in zip(X[:2], theirs, strict=True):
        ours = kernel_shap(interventional_value(predict, x, background), X.shape[1])
        np.testing.assert_allclose(ours, expected, atol=1e-8)


@given(SEEDS, st.integers(2, 6))
def test_kernel_shap_is_exact_for_any_game(seed: int, d: int) -> None:
    game = _any_game(seed, d)
    np.testing.assert_allclose(kernel_shap(game, d), shapley_values(game, d), atol=1e-9)


@settings(max_examples=20)
@given(SEEDS)
def test_a_sum_needs_no_sample_of_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth = rng.normal(size=30)  # far too many players for all coalitions

    def game(coalitions: np.ndarray) -> np.ndarray:
        return coalitions @ worth + 5

    np.testing.assert_allclose(
        kernel_shap(game, 30, n_coalitions=200, rng=rng), worth, atol=1e-8
    )
    found = sampled_shapley(game, 30, n_permutations=2, rng=rng)
    np.testing.assert_allclose(found.values, worth, atol=1e-10)
    assert found.standard_error.max() < 1e-10


@pytest.mark.parametrize("name", NAMES)
def test_samples_add_up_and_are_as_far_off_as_they_say(name: str) -> None:
    predict, X = _predictions(name)
    d = X.shape[1]
    game = interventional_value(predict, X[0], X[10:20])
    exact = shapley_values(game, d)
    rng = np.random.default_rng(0)
    drawn = [sampled_shapley(game, d, n_permutations=20, rng=rng) for _ in range(60)]
    for found in drawn[:5]:
        assert found.values.sum() == pytest.approx(exact.sum(), abs=1e-9)
    off = np.array([found.values for found in drawn]) - exact
    said = np.mean([found.standard_error**2 for found in drawn], axis=0)
    np.testing.assert_allclose(off.mean(axis=0), 0, atol=4 * np.sqrt(said / 60).max())
    assert (off**2).mean(axis=0).sum() == pytest.approx(said.sum(), rel=0.35)


def test_an_order_and_its_reverse_cancel_what_two_players_do_together() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.normal(size=(8, 8))

    def game(coalitions: np.ndarray) -> np.ndarray:
        return np.sum((coalitions @ pairs) * coalitions, axis=1)

    found = sampled_shapley(game, 8, n_permutations=2, rng=rng)
    np.testing.assert_allclose(found.values, shapley_values(game, 8), atol=1e-10)


def test_drawn_sizes_have_the_weights_of_the_kernel() -> None:
    def game(coalitions: np.ndarray) -> np.ndarray:  # the first player ends it all
        return (coalitions[:, 1:].sum(axis=1) >= 6) & ~coalitions[:, 0]

    exact, rng = shapley_values(game, 14), np.random.default_rng(0)
    tries = [kernel_shap(game, 14, n_coalitions=4000, rng=rng) for _ in range(10)]
    np.testing.assert_allclose(np.mean(tries, axis=0), exact, atol=0.006)


def test_drawn_coalitions_come_close_and_closer_with_more() -> None:
    predict, X = _predictions("cancer")
    game = interventional_value(predict, X[0], X[10:30])
    exact, rng = shapley_values(game, 7), np.random.default_rng(0)

    def error(n: int) -> float:
        tries = [kernel_shap(game, 7, n_coalitions=n, rng=rng) for _ in range(30)]
        assert tries[0].sum() == pytest.approx(exact.sum(), abs=1e-9)
        return float(np.sqrt(np.mean((np.array(tries) - exact) ** 2)))

    few, many = error(40), error(120)
    assert many < few / 1.3
    assert many < 0.1 * np.abs(exact).max()


def test_the_game_of_a_row_sets_columns_and_asks_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ml_from_scratch.explain import shapley

    predict, X = _predictions("product")
    coalitions = np.random.default_rng(0).random((9, 5)) < 0.5
    found = interventional_value(predict, X[0], X[5:15])(coalitions)
    for known, value in zip(coalitions, found, strict=True):
        mixed = X[5:15].copy()
        mixed[:, known] = X[0, known]
        assert value == pytest.approx(predict(mixed).mean(), abs=1e-12)
    monkeypatch.setattr(shapley, "_ROWS_AT_ONCE", 20)
    again = interventional_value(predict, X[0], X[5:15])(coalitions)
    np.testing.assert_allclose(again, found, atol=1e-12)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: shapley_values(g, 21), "n_players is 21: expected 1 to 20"),
        (lambda g: shapley_values(g, 0), "n_players is 0"),
        (lambda g: shapley_values(lambda c: [1.0], 3), "1 values for 8 coalitions"),
        (lambda g: shapley_values(lambda c: c.sum(1) * np.nan, 2), "contains NaN"),
        (lambda g: kernel_shap(g, 1), "n_players is 1"),
        (lambda g: kernel_shap(g, 25), "25 players have too many"),
        (lambda g: kernel_shap(g, 5, n_coalitions=10), "give an rng"),
        (lambda g: kernel_shap(g, 9, n_coalitions=4, rng=RNG), "do not tell 9 players"),
        (
            lambda g: sampled_shapley(g, 3, n_permutations=1, rng=RNG),
            "2 permutations",
        ),
        (
            lambda g: interventional_value(g, [1.0], [[1.0, 2.0]]),
            "x has 1 columns, but background has 2",
        ),
        (lambda g: interventional_value(g, [np.inf], [[1.0]]), "x contains NaN or inf"),
    ],
)
def test_bad_input_is_refused_in_words(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(lambda coalitions: coalitions.sum(axis=1))
