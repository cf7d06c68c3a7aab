"""Gaussian mixtures: against scikit-learn from the same start, and what must hold."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.mixture import GaussianMixture as Oracle
from sklearn.preprocessing import scale

from ml_from_scratch.base import ConvergenceWarning
from ml_from_scratch.mixture import (
    Components,
    GaussianMixture,
    fitted_components,
    responsibilities,
)

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("full", "tied", "diag", "spherical")


@cache
def mixed() -> np.ndarray:
    """Return 3,000 rows of a mixture that is known: `TRUTH`."""
    rng = np.random.default_rng(0)
    labels = rng.choice(2, 3000, p=TRUTH.weights)
    roots = np.linalg.cholesky(TRUTH.covariances)
    noise = rng.normal(size=(3000, 2))
    return TRUTH.means[labels] + np.einsum("nij,nj->ni", roots[labels], noise)


TRUTH = Components(
    np.array([0.7, 0.3]),
    np.array([[0.0, 0.0], [4.0, -3.0]]),
    np.array([[[2.0, 1.2], [1.2, 1.0]], [[0.5, -0.2], [-0.2, 0.6]]]),
    "full",
)
DATA: dict[str, Any] = {
    "a known mixture": mixed,
    "iris, with twins": lambda: load_iris().data,
    "wine, columns of very different size": lambda: load_wine().data,
    "cancer, nearly collinear": lambda: scale(load_breast_cancer().data)[:, :8],
    "digits, with columns that never change": lambda: load_digits().data[:500, :12],
}


def start(X: np.ndarray, k: int, kind: str) -> dict[str, Any]:
    """Return a start for both libraries: rows as means, the columns' variances."""
    d = X.shape[1]
    precision = 1 / (X.var(axis=0) + 0.1)
    precisions = {
        "full": np.tile(np.diag(precision), (k, 1, 1)),
        "tied": np.diag(precision),
        "diag": np.tile(precision, (k, 1)),
        "spherical": np.full(k, precision.mean()),
    }
    rows = np.random.default_rng(d).choice(len(X), k, replace=False)
    weights = np.arange(1.0, k + 1) / np.arange(1.0, k + 1).sum()
    return {
        "weights_init": weights,
        "means_init": X[rows],
        "precisions_init": precisions[kind],
    }


# --- against scikit-learn ----------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::ml_from_scratch.base.ConvergenceWarning")
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("kind", KINDS)
def test_from_the_same_start_it_goes_scikit_learns_way_to_1e_8(
    name: str, kind: Any
) -> None:
    X = DATA[name]()
    options = {"covariance_type": kind, "max_iter": 30, **start(X, 3, kind)}
    ours, theirs = GaussianMixture(3, **options).fit(X), Oracle(3, **options).fit(X)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.converged_ == theirs.converged_
    np.testing.assert_allclose(ours.lower_bounds_, theirs.lower_bounds_, rtol=1e-8)
    assert ours.lower_bound_ == pytest.approx(theirs.lower_bound_, rel=1e-8)
    np.testing.assert_allclose(ours.weights_, theirs.weights_, rtol=1e-8, atol=1e-14)
    size = np.abs(X).max()
    np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-8 * size)
    np.testing.assert_allclose(
        ours.covariances_, theirs.covariances_, atol=1e-8 * size**2
    )
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-7
    )
    np.testing.assert_allclose(
        ours.score_samples(X), theirs.score_samples(X), rtol=1e-7
    )
    assert ours.bic(X) == pytest.approx(theirs.bic(X), rel=1e-8)
    assert ours.aic(X) == pytest.approx(theirs.aic(X), rel=1e-8)
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-8)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("name", ["a known mixture", "iris, with twins"])
@pytest.mark.parametrize("init", ["kmeans", "random"])
def test_the_best_of_three_starts_is_as_likely_as_scikit_learns(
    name: str, init: Any
) -> None:
    X = DATA[name]()
    options = {"n_init": 3, "init_params": init, "random_state": 0, "tol": 1e-4}
    options["max_iter"] = 500
    ours, theirs = GaussianMixture(2, **options).fit(X), Oracle(2, **options).fit(X)
    assert ours.score(X) == pytest.approx(theirs.score(X), abs=2e-3)


def test_the_known_mixture_is_found() -> None:
    model = GaussianMixture(2, random_state=0).fit(mixed())
    order = np.argsort(model.means_[:, 0])
    np.testing.assert_allclose(model.weights_[order], TRUTH.weights, atol=0.02)
    np.testing.assert_allclose(model.means_[order], TRUTH.means, atol=0.1)
    np.testing.assert_allclose(model.covariances_[order], TRUTH.covariances, atol=0.15)


@pytest.mark.parametrize("kind", KINDS)
def test_densities_are_scipys_to_1e_10(kind: Any) -> None:
    X = mixed()[:200]
    model = GaussianMixture(3, covariance_type=kind, random_state=0).fit(X)
    expected = np.zeros(len(X))
    for j in range(3):
        C = model.covariances_ if kind == "tied" else model.covariances_[j]
        C = C if np.ndim(C) == 2 else np.diag(C * np.ones(2))
        normal = multivariate_normal(model.means_[j], C)
        expected += model.weights_[j] * normal.pdf(X)
    np.testing.assert_allclose(np.exp(model.score_samples(X)), expected, rtol=1e-10)


def test_one_component_is_the_mean_and_the_covariance() -> None:
    X = load_wine().data
    model = GaussianMixture(reg_covar=0.0).fit(X)
    np.testing.assert_allclose(model.means_[0], X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        model.covariances_[0], np.cov(X.T, bias=True), rtol=1e-9, atol=1e-12
    )


def test_information_criteria_choose_the_number_and_the_shape() -> None:
    X = mixed()
    bic = {
        (k, kind): GaussianMixture(k, covariance_type=kind, random_state=0)
        .fit(X)
        .bic(X)
        for k in (1, 2, 3)
        for kind in ("full", "spherical")
    }
    assert min(bic, key=lambda key: bic[key]) == (2, "full")


# --- properties --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(SEEDS)
def test_no_step_lowers_the_likelihood(kind: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2)) + rng.choice([0.0, 3.0], (80, 1))
    shares = rng.dirichlet(np.ones(3), 80)
    components = fitted_components(X, shares, kind, reg_covar=0.0)
    bounds = []
    for _ in range(10):
        log_density, shares = responsibilities(components, X)
        bounds.append(log_density.mean())
        components = fitted_components(X, shares, kind, reg_covar=0.0)
    assert all(b >= a - 1e-12 for a, b in pairwise(bounds))


@settings(max_examples=15)
@given(SEEDS, st.sampled_from(KINDS), st.floats(-150, 150))
def test_probabilities_are_probabilities_even_far_out(
    seed: int, kind: Any, exponent: float
) -> None:
    X = np.random.default_rng(seed).normal(size=(40, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianMixture(3, covariance_type=kind, random_state=0).fit(X)
    far = X * 10.0 ** (exponent - 2)
    P = model.predict_proba(far)
    assert (P >= 0).all()
    np.testing.assert_allclose(P.sum(axis=1), 1.0)
    assert np.isfinite(model.score_samples(far)).all()
    np.testing.assert_allclose(model.weights_.sum(), 1.0)


@settings(max_examples=15)
@given(SEEDS)
def test_turning_shifting_and_mixing_the_rows_changes_no_probability(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = np.repeat([[0, 0], [4, 1]], 30, axis=0) + rng.normal(size=(60, 2))
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    order = rng.permutation(60)
    moved = X @ turn + [100.0, -50.0]
    given = {"means_init": X[[0, 59]], "weights_init": [0.5, 0.5]}
    given["precisions_init"] = [np.eye(2)] * 2
    options = {"max_iter": 8, "tol": 0.0, "reg_covar": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        plain = GaussianMixture(2, **options, **given).fit(X)
        given["means_init"] = moved[[0, 59]]
        other = GaussianMixture(2, **options, **given).fit(moved[order])
    np.testing.assert_allclose(
        other.predict_proba(moved), plain.predict_proba(X), atol=1e-8
    )
    assert other.lower_bound_ == pytest.approx(plain.lower_bound_, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_far_from_zero_are_fitted_as_near_it(kind: Any) -> None:
    X = np.round(mixed()[:600] * 2**10) / 2**10  # so that shifting rounds nothing
    options: dict[str, Any] = {"covariance_type": kind, "max_iter": 10, "tol": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        near = GaussianMixture(2, **options, **start(X, 2, kind)).fit(X)
        far_start = {**start(X, 2, kind), "means_init": start(X, 2, kind)["means_init"]}
        far_start["means_init"] = far_start["means_init"] + 2.0**30
        far = GaussianMixture(2, **options, **far_start).fit(X + 2.0**30)
    np.testing.assert_allclose(far.covariances_, near.covariances_, atol=1e-5)
    np.testing.assert_allclose(far.means_ - 2.0**30, near.means_, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_rows_have_the_components_moments(kind: Any) -> None:
    model = GaussianMixture(2, covariance_type=kind, random_state=0).fit(mixed())
    X, labels = model.sample(40_000)
    shares = np.bincount(labels) / len(labels)
    np.testing.assert_allclose(shares, model.weights_, atol=0.01)
    for j in range(2):
        C = model.covariances_ if kind == "tied" else model.covariances_[j]
        C = C if np.ndim(C) == 2 else np.diag(C * np.ones(2))
        drawn = X[labels == j]
        np.testing.assert_allclose(drawn.mean(axis=0), model.means_[j], atol=0.05)
        np.testing.assert_allclose(np.cov(drawn.T), C, atol=0.08)
    assert np.all(np.diff(labels) >= 0)


# --- degenerate input --------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_equal_rows_give_components_of_the_least_variance(kind: Any) -> None:
    X = np.repeat([[1.0, 2.0], [5.0, 5.0]], 10, axis=0)
    model = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), [1.0, 5.0])
    assert np.max(model.covariances_) == pytest.approx(1e-6)
    assert len(set(model.predict(X))) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_a_component_is_answered(kind: Any) -> None:
    X = np.array([[0.0, 0.0], [3.0, 1.0], [9.0, 9.0]])
    model = GaussianMixture(3, covariance_type=kind, random_state=0).fit(X)
    assert sorted(model.predict(X)) == [0, 1, 2]
    np.testing.assert_allclose(model.weights_, 1 / 3)


@pytest.mark.parametrize("kind", KINDS)
def test_more_components_than_distinct_rows_are_answered(kind: Any) -> None:
    X = np.repeat([[1.0, 2.0], [5.0, 5.0]], 10, axis=0)
    model = GaussianMixture(4, covariance_type=kind, random_state=0).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
    assert np.isfinite(model.means_).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_that_collapses_is_named(kind: Any) -> None:
    X = np.ones((10, 2))
    with pytest.raises(ValueError, match=r"Component 0 has collapsed.*raise reg_covar"):
        GaussianMixture(1, covariance_type=kind, reg_covar=0.0).fit(X)


def test_a_component_that_nobody_belongs_to_keeps_finite_numbers() -> None:
    X = mixed()[:100]
    given = {
        "means_init": [[0.0, 0.0], [1e6, 1e6]],
        "weights_init": [0.5, 0.5],
        "precisions_init": [np.eye(2)] * 2,
    }
    model = GaussianMixture(2, **given).fit(X)
    alone = GaussianMixture(1).fit(X)
    assert model.score(X) == pytest.approx(alone.score(X), abs=1e-6)
    assert np.isfinite(model.means_).all()


def test_too_few_steps_are_warned_about() -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter=2 steps") as seen:
        GaussianMixture(3, max_iter=2, tol=0.0, random_state=0).fit(mixed())
    assert seen[0].filename == __file__


def test_the_same_seed_gives_the_same_model() -> None:
    X = load_iris().data
    models = [GaussianMixture(3, random_state=4).fit(X) for _ in range(2)]
    np.testing.assert_array_equal(models[0].means_, models[1].means_)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1, got 0"),
        ({"n_components": "2"}, "n_components must be"),
        ({"n_components": 9}, "n_samples=3 should be >= n_components=9"),
        ({"covariance_type": "round"}, r"covariance_type must be one of .*got 'round'"),
        ({"tol": -1.0}, "tol must be a number from 0"),
        ({"reg_covar": -1.0}, "reg_covar must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"n_init": 1.5}, "n_init must be"),
        ({"init_params": "best"}, "init_params must be one of"),
        ({"means_init": [[0.0]]}, r"means_init must have shape \(2, 1\).*\(1, 1\)"),
        ({"weights_init": [0.9, 0.9]}, "weights_init must be shares of 1"),
        ({"weights_init": [1.5, -0.5]}, "weights_init must be shares of 1"),
        ({"precisions_init": [[[-1.0]]] * 2}, "positive definite"),
        (
            {"covariance_type": "diag", "precisions_init": [[0.0], [1.0]]},
            "must be above 0",
        ),
        ({"means_init": [[np.nan], [0.0]]}, "means_init contains NaN"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    model = GaussianMixture(**{"n_components": 2, **options})
    with pytest.raises(ValueError, match=words):
        model.fit([[0.0], [1.0], [2.0]])


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ([[0.0], [np.nan]], "NaN"),
        ([[0.0]], "1 sample"),
        ([[0.0], [1e160]], r"1e\+160, whose square float64 cannot hold"),
        ([["fog"], ["sun"]], "Encode text"),
    ],
)
def test_bad_data_is_refused_in_words(X: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GaussianMixture().fit(X)


def test_no_rows_cannot_be_drawn() -> None:
    model = GaussianMixture().fit([[0.0], [1.0]])
    with pytest.raises(ValueError, match="n_samples must be a whole number from 1"):
        model.sample(0)
