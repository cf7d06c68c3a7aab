"""DBSCAN: against scikit-learn, label for label, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN as Oracle
from sklearn.datasets import load_digits, load_iris, load_wine, make_moons
from sklearn.preprocessing import scale

from ml_from_scratch.cluster import DBSCAN

SEEDS = st.integers(0, 2**32 - 1)


def moons() -> np.ndarray:
    return make_moons(600, noise=0.12, random_state=0)[0]


def grid() -> np.ndarray:
    """Return points of a lattice: many distances are exactly 1."""
    full = np.argwhere(np.ones((15, 15)))
    return full[np.random.default_rng(0).random(225) < 0.6].astype(float)


DATA: dict[str, tuple[Any, float, int]] = {
    "moons": (moons, 0.15, 6),
    "grid, neighbours exactly at eps": (grid, 1.0, 4),
    "iris, with twins": (lambda: load_iris().data, 0.4, 5),
    "wine, scaled": (lambda: scale(load_wine().data), 2.2, 5),
    "digits, constant columns": (lambda: load_digits().data, 22.0, 8),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_labels_are_exactly_scikit_learns(
    name: str, weighted: bool, metric: Any
) -> None:
    make, eps, least = DATA[name]
    X = make()
    eps = eps * (2.5 if metric == "manhattan" and "grid" not in name else 1)
    w = np.random.default_rng(0).integers(0, 3, len(X)) if weighted else None
    ours = DBSCAN(eps, min_samples=least, metric=metric).fit(X, sample_weight=w)
    theirs = Oracle(eps=eps, min_samples=least, metric=metric).fit(X, sample_weight=w)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    np.testing.assert_array_equal(
        ours.core_sample_indices_, theirs.core_sample_indices_
    )
    np.testing.assert_array_equal(ours.components_, theirs.components_)


def test_the_data_sets_have_clusters_borders_and_noise() -> None:
    for make, eps, least in DATA.values():
        X = make()
        model = DBSCAN(eps, min_samples=least).fit(X)
        border = np.setdiff1d(
            np.flatnonzero(model.labels_ >= 0), model.core_sample_indices_
        )
        assert model.labels_.max() >= 0
        assert len(border) > 0
        assert (model.labels_ == -1).any()


def test_two_moons_are_told_apart() -> None:
    X, y = make_moons(400, noise=0.05, random_state=1)
    labels = DBSCAN(0.2).fit(X).labels_
    assert len(set(zip(labels, y, strict=True))) == 2


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 6), st.floats(0.2, 3.0))
def test_labels_say_what_they_are_defined_to_say(
    seed: int, least: int, eps: float
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2)) * 2
    X = np.round(X) if seed % 2 else X
    labels = DBSCAN(eps, min_samples=least).fit(X).labels_
    near = cdist(X, X) <= eps
    core = near.sum(axis=1) >= least
    assert (labels[core] >= 0).all()
    for i in np.flatnonzero(core):  # neighbours that are core belong together
        assert (labels[near[i] & core] == labels[i]).all()
    for i in np.flatnonzero(~core):
        around = labels[near[i] & core]
        assert labels[i] == (around.min() if len(around) else -1)
    firsts = [np.flatnonzero(core & (labels == c))[0] for c in range(labels.max() + 1)]
    assert firsts == sorted(firsts)


@settings(max_examples=20)
@given(SEEDS)
def test_order_turning_shifting_and_scaling_keep_the_core_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    order, (turn, _) = rng.permutation(60), np.linalg.qr(rng.normal(size=(2, 2)))
    plain = DBSCAN(0.5, min_samples=4).fit(X)
    other = DBSCAN(5.0, min_samples=4).fit((10 * X @ turn + 7)[order])
    core = np.isin(np.arange(60), plain.core_sample_indices_)
    np.testing.assert_array_equal(
        np.sort(order[other.core_sample_indices_]), plain.core_sample_indices_
    )
    np.testing.assert_array_equal(other.labels_ == -1, plain.labels_[order] == -1)
    pairs = set(
        zip(other.labels_[core[order]], plain.labels_[order][core[order]], strict=True)
    )
    assert len(pairs) == len(set(plain.labels_[core]))


def test_everything_can_be_noise_or_one_cluster() -> None:
    X = np.arange(6.0)[:, None]
    assert set(DBSCAN(0.1).fit(X).labels_) == {-1}
    assert DBSCAN(0.1).fit(X).components_.shape == (0, 1)
    assert set(DBSCAN(10.0).fit(X).labels_) == {0}
    assert DBSCAN(1.0, min_samples=1).fit([[3.0]]).labels_.tolist() == [0]
    assert set(DBSCAN(0.1).fit(np.ones((9, 2))).labels_) == {0}


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**600])
def test_huge_and_tiny_values_change_nothing(unit: float) -> None:
    X = load_iris().data
    plain = DBSCAN(0.4).fit(X).labels_
    np.testing.assert_array_equal(DBSCAN(0.4 * unit).fit(X * unit).labels_, plain)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"eps": 0.0}, "eps must be a number above 0, got 0.0"),
        ({"eps": "near"}, "eps must be"),
        ({"min_samples": 0}, "min_samples must be a whole number from 1"),
        ({"min_samples": 2.5}, "min_samples must be"),
        ({"metric": "hops"}, r"metric must be one of .*'manhattan'.*got 'hops'"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DBSCAN(**options).fit([[0.0], [1.0]])


def test_bad_data_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="NaN"):
        DBSCAN().fit([[np.nan], [1.0]])
    with pytest.raises(ValueError, match="negative"):
        DBSCAN().fit([[0.0], [1.0]], sample_weight=[-1.0, 1.0])
