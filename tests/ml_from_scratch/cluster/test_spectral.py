"""Spectral clustering: against scikit-learn, and what must hold."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import SpectralClustering as Oracle
from sklearn.datasets import load_iris, load_wine, make_circles, make_moons
from sklearn.manifold import spectral_embedding as their_embedding
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import scale

from ml_from_scratch.cluster import SpectralClustering, spectral_embedding

SEEDS = st.integers(0, 2**32 - 1)


def blobs() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 6 * np.eye(3)[np.arange(150) % 3] + rng.normal(size=(150, 3))


DATA: dict[str, tuple[Any, int, dict[str, Any]]] = {
    "blobs, rbf": (blobs, 3, {"gamma": 0.3}),
    "iris with twins, rbf": (lambda: load_iris().data, 3, {}),
    "iris with twins, neighbours": (
        lambda: load_iris().data,
        2,
        {"affinity": "nearest_neighbors", "n_neighbors": 15},
    ),
    "wine, rbf": (lambda: scale(load_wine().data), 3, {"gamma": 0.05}),
    "moons, neighbours": (
        lambda: make_moons(200, noise=0.05, random_state=0)[0],
        2,
        {"affinity": "nearest_neighbors"},
    ),
}


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


@pytest.mark.filterwarnings("ignore:Graph is not fully connected")
@pytest.mark.parametrize("name", DATA)
def test_the_clusters_are_scikit_learns_up_to_their_names(name: str) -> None:
    make, k, options = DATA[name]
    X = make()
    ours = SpectralClustering(k, random_state=0, **options).fit(X)
    theirs = Oracle(k, random_state=0, **options).fit(X)
    assert same_partition(ours.labels_, theirs.labels_)


@pytest.mark.parametrize("name", ["blobs, rbf", "iris with twins, rbf", "wine, rbf"])
def test_the_embedding_is_scikit_learns_to_1e_8_up_to_sign(name: str) -> None:
    make, k, options = DATA[name]
    W = rbf_kernel(make(), gamma=options.get("gamma", 1.0))
    ours = spectral_embedding(W, k)
    theirs = their_embedding(W, n_components=k, drop_first=False, random_state=0)
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs * signs, atol=1e-8 * np.abs(theirs).max())


def test_a_likeness_is_as_defined() -> None:
    X = load_iris().data
    model = SpectralClustering(3, gamma=0.7, random_state=0).fit(X)
    np.testing.assert_allclose(model.affinity_matrix_, rbf_kernel(X, gamma=0.7))
    again = SpectralClustering(3, affinity="precomputed", random_state=0)
    again.fit(model.affinity_matrix_)
    np.testing.assert_array_equal(again.labels_, model.labels_)


def test_rings_and_moons_are_told_apart() -> None:
    for X, y in (
        make_circles(200, factor=0.4, noise=0.03, random_state=0),
        make_moons(200, noise=0.05, random_state=0),
    ):
        model = SpectralClustering(2, affinity="nearest_neighbors", random_state=0)
        assert same_partition(model.fit(X).labels_, y)


@settings(max_examples=20)
@given(SEEDS, st.integers(1, 4))
def test_the_embedding_solves_its_eigenvalue_problem(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    W = rng.random((25, 25))
    W = W + W.T
    spots = spectral_embedding(W, k)
    np.fill_diagonal(W, 0.0)
    degrees = W.sum(axis=1)
    walked = W @ spots / degrees[:, None]  # a random walk: eigenvectors keep direction
    values = (walked * spots * degrees[:, None]).sum(axis=0)
    np.testing.assert_allclose(walked, spots * values, atol=1e-10)
    np.testing.assert_allclose(
        spots.T @ (degrees[:, None] * spots), np.eye(k), atol=1e-10
    )
    assert values[0] == pytest.approx(1.0)
    assert (np.diff(values) <= 1e-12).all()
    np.testing.assert_allclose(spots[:, 0], spots[0, 0])


@settings(max_examples=20)
@given(SEEDS)
def test_order_turning_and_shifting_keep_the_clusters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = np.repeat([[0, 0], [4, 0], [0, 4]], 10, axis=0) + rng.normal(size=(30, 2)) / 2
    order, (turn, _) = rng.permutation(30), np.linalg.qr(rng.normal(size=(2, 2)))
    plain = SpectralClustering(3, random_state=0).fit(X).labels_
    moved = SpectralClustering(3, random_state=0).fit((X @ turn + 3)[order]).labels_
    assert same_partition(moved, plain[order])
    assert same_partition(plain, np.repeat([0, 1, 2], 10))


def test_a_node_without_edges_is_a_piece_of_its_own() -> None:
    W = np.zeros((7, 7))
    W[:3, :3] = W[3:6, 3:6] = 1.0
    model = SpectralClustering(3, affinity="precomputed", random_state=0).fit(W)
    assert same_partition(model.labels_, np.array([0, 0, 0, 1, 1, 1, 2]))


def test_more_pieces_than_clusters_are_warned_about() -> None:
    X = np.repeat([[0.0], [100.0], [200.0]], 5, axis=0) + np.arange(15)[:, None] / 10
    model = SpectralClustering(2, random_state=0)
    with pytest.warns(UserWarning, match="falls into 3 pieces, more than n_cl") as seen:
        model.fit(X)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SpectralClustering(3, random_state=0).fit(X)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_clusters": 0}, "n_clusters must be"),
        ({"n_clusters": 9}, "n_samples=4 should be >= n_clusters=9"),
        ({"affinity": "cosine"}, r"affinity must be one of .*got 'cosine'"),
        ({"gamma": 0.0}, "gamma must be a number above 0"),
        ({"gamma": 1e6}, "No two of the 4 rows are alike.*too large"),
        ({"n_neighbors": 1}, "n_neighbors must be a whole number from 2"),
        ({"affinity": "nearest_neighbors"}, "n_neighbors=10 counts the row itself"),
        ({"affinity": "precomputed"}, "must be square"),
        ({"n_init": 0}, "n_init must be"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    model = SpectralClustering(**{"n_clusters": 2, **options})
    with pytest.raises(ValueError, match=words):
        model.fit([[0.0], [1.0], [2.0], [3.0]])


def test_a_table_that_is_no_affinity_is_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        spectral_embedding([[0.0, 1.0], [2.0, 0.0]], 1)
    with pytest.raises(ValueError, match=r"negative, but one is -1\.0"):
        spectral_embedding([[0.0, -1.0], [-1.0, 0.0]], 1)
    with pytest.raises(ValueError, match="NaN"):
        spectral_embedding([[0.0, np.nan], [np.nan, 0.0]], 1)
