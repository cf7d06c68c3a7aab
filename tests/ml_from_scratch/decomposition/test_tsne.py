"""t-SNE: its gradient by finite differences, its maps against scikit-learn's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.manifold import TSNE as Oracle
from sklearn.preprocessing import scale

from ml_from_scratch.decomposition import TSNE, joint_probabilities, kl_and_gradient
from ml_from_scratch.numeric import numerical_gradient

SEEDS = st.integers(0, 2**32 - 1)


def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 8 * np.eye(4)[np.arange(120) % 4] + rng.normal(size=(120, 4))


DATA: dict[str, Any] = {
    "blobs": blobs,
    "iris, with twins": lambda: load_iris().data,
    "wine": lambda: scale(load_wine().data),
    "digits": lambda: load_digits().data[:200],
}


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 3), st.floats(-3, 1))
def test_the_gradient_is_the_measured_one_to_1e_6(
    seed: int, k: int, exponent: float
) -> None:
    rng = np.random.default_rng(seed)
    P = joint_probabilities(rng.normal(size=(12, 3)), perplexity=4)
    Y = rng.normal(size=(12, k)) * 10**exponent
    _, gradient = kl_and_gradient(P, Y)
    measured = numerical_gradient(lambda at: kl_and_gradient(P, at)[0], Y)
    np.testing.assert_allclose(gradient, measured, atol=1e-8, rtol=1e-6)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("perplexity", [5.0, 30.0])
def test_every_row_has_the_perplexity_asked_for_to_1e_4(
    name: str, perplexity: float
) -> None:
    X = np.unique(DATA[name](), axis=0)
    P = joint_probabilities(X, perplexity)
    np.testing.assert_array_equal(P, P.T)
    assert P.sum() == pytest.approx(1.0)
    assert (np.diag(P) == 0).all()
    expected = _joint_by_bisection(X, perplexity)
    np.testing.assert_allclose(P, expected, atol=1e-4 * expected.max())


def _joint_by_bisection(X: np.ndarray, perplexity: float) -> np.ndarray:
    """Do the same, row by row, with SciPy's root finder."""
    from scipy.optimize import brentq
    from scipy.stats import entropy

    rows = []
    for i, squares in enumerate(cdist(X, X, "sqeuclidean")):
        others = np.delete(squares, i)
        others = others - others.min()

        def bells(log_b: float, others: np.ndarray = others) -> np.ndarray:
            powers = np.exp(-np.exp(log_b) * others)
            return powers / powers.sum()

        def gap(log_b: float, bells: Any = bells) -> float:
            return float(entropy(bells(log_b)) - np.log(perplexity))

        rows.append(np.insert(bells(brentq(gap, -20, 20)), i, 0.0))
    table = np.array(rows)
    return (table + table.T) / (2 * len(X))


@pytest.mark.parametrize("name", DATA)
def test_the_map_is_as_good_as_scikit_learns_to_5_percent_or_0_01(name: str) -> None:
    X = DATA[name]()
    start = np.random.default_rng(0).normal(size=(len(X), 2)) * 1e-4
    options: dict[str, Any] = {"perplexity": 20, "max_iter": 500, "init": start}
    ours = TSNE(**options).fit(X)
    theirs = Oracle(**options, method="exact").fit(X)
    assert ours.kl_divergence_ == pytest.approx(
        theirs.kl_divergence_, rel=0.05, abs=0.01
    )
    P = joint_probabilities(X, 20)
    kl, _ = kl_and_gradient(P, theirs.embedding_.astype(float))
    assert kl == pytest.approx(theirs.kl_divergence_, rel=1e-3)
    assert ours.learning_rate_ == pytest.approx(theirs.learning_rate_)


def test_the_divergence_falls_and_known_clusters_stay_together() -> None:
    X = blobs()
    model = TSNE(perplexity=15).fit(X)
    assert (np.diff(model.kl_path_[1:]) <= 1e-3).all()
    assert model.kl_path_[-1] == model.kl_divergence_ < 0.5 * model.kl_path_[0]
    Y = model.embedding_
    nearest = np.argsort(cdist(Y, Y), axis=1)[:, 1]
    np.testing.assert_array_equal(nearest % 4, np.arange(120) % 4)


def test_small_steps_go_down_from_any_start() -> None:
    P = joint_probabilities(load_iris().data[::3], 10)
    Y = np.random.default_rng(0).normal(size=(50, 2))
    values = []
    for _ in range(40):
        kl, slope = kl_and_gradient(P, Y)
        values.append(kl)
        Y = Y - 5.0 * slope
    assert (np.diff(values) < 0).all()


@settings(max_examples=20)
@given(SEEDS)
def test_turning_shifting_scaling_and_mixing_change_no_probability(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(25, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    order = rng.permutation(25)
    P = joint_probabilities(X, 6)
    moved = (X @ turn * 2.0 ** rng.integers(-500, 500))[order]
    np.testing.assert_allclose(
        joint_probabilities(moved, 6), P[np.ix_(order, order)], atol=1e-6 * P.max()
    )
    Y = rng.normal(size=(25, 2))
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    kl, slope = kl_and_gradient(P, Y)
    other, turned = kl_and_gradient(P, Y @ turn + 3)
    assert other == pytest.approx(kl)
    np.testing.assert_allclose(turned, slope @ turn, atol=1e-12)
    np.testing.assert_allclose(slope.sum(axis=0), 0, atol=1e-12)  # no net force


def test_twins_share_their_probability_evenly() -> None:
    X = np.repeat([[0.0], [100.0]], 10, axis=0)
    P = joint_probabilities(X, 3)
    np.testing.assert_allclose(P[0, 1:10], P[0, 1])
    assert P[0, 10:].max() < 1e-12
    Y = TSNE(perplexity=3, max_iter=300).fit_transform(X)
    assert np.isfinite(Y).all()
    equal = TSNE(perplexity=2, max_iter=300).fit_transform(np.ones((8, 2)))
    assert np.isfinite(equal).all()


def test_the_same_data_give_the_same_map_and_any_start_is_taken() -> None:
    X = blobs()
    first, second = (TSNE(max_iter=60).fit_transform(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    drawn = [
        TSNE(max_iter=60, init="random", random_state=s).fit_transform(X)
        for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])


def test_it_stops_where_the_slope_is_gone() -> None:
    X = blobs()[:20]
    model = TSNE(perplexity=5, min_grad_norm=1e9, max_iter=600).fit(X)
    assert model.n_iter_ == 0


def test_too_few_rows_for_the_perplexity_are_warned_about() -> None:
    with pytest.warns(UserWarning, match=r"perplexity=30.0 is too much for 20") as seen:
        TSNE(max_iter=1).fit(blobs()[:20])
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TSNE(max_iter=1).fit(blobs())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1"),
        ({"perplexity": 0}, "perplexity must be a number above 0"),
        ({"early_exaggeration": "much"}, "early_exaggeration must be"),
        ({"learning_rate": "fast"}, "learning_rate must be 'auto' or a number above 0"),
        ({"max_iter": 0.5}, "max_iter must be"),
        ({"min_grad_norm": -1}, "min_grad_norm must be"),
        ({"init": "best"}, "init must be 'pca', 'random' or an array"),
        ({"init": [[0.0, 1.0]]}, r"init must have shape \(6, 2\)"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TSNE(**{"perplexity": 1.5, **options}).fit(np.arange(12.0).reshape(6, 2))


def test_bad_data_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="minimum of 4 is required"):
        TSNE().fit([[1.0], [2.0], [3.0]])
    with pytest.raises(ValueError, match="NaN"):
        TSNE().fit([[1.0], [2.0], [np.nan], [3.0]])
    with pytest.raises(ValueError, match="below the number of other rows, 3, got 3"):
        joint_probabilities(np.eye(4), 3)
