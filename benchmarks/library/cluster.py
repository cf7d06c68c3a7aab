"""Clustering against scikit-learn and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.cluster.hierarchy import linkage as their_linkage
from sklearn import cluster as theirs
from sklearn.metrics import adjusted_rand_score

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.cluster import DBSCAN, KMeans, SpectralClustering, linkage


def _rows(n: int, d: int, k: int = 10, spread: float = 1.0) -> np.ndarray:
    """Return rows around k centres, `spread` apart."""
    rng = np.random.default_rng(0)
    centers = spread * rng.normal(size=(k, d))
    return centers[rng.integers(k, size=n)] + rng.normal(size=(n, d))


def _kmeans() -> tuple[Work, Work]:
    X = _rows(20_000, 20)
    start = X[:10].copy()
    return (
        lambda: KMeans(10, init=start).fit(X),
        lambda: theirs.KMeans(10, init=start, n_init=1).fit(X),
    )


def _same_centers(ours: Any, other: Any) -> None:
    np.testing.assert_allclose(ours.cluster_centers_, other.cluster_centers_)
    np.testing.assert_array_equal(ours.labels_, other.labels_)
    assert ours.n_iter_ == other.n_iter_


def _seeded_kmeans() -> tuple[Work, Work]:
    X = _rows(20_000, 20, spread=3.0)
    return (
        lambda: KMeans(10, n_init=5, random_state=0).fit(X),
        lambda: theirs.KMeans(10, n_init=5, random_state=0).fit(X),
    )


def _same_inertia(ours: Any, other: Any) -> None:
    np.testing.assert_allclose(ours.inertia_, other.inertia_, rtol=1e-3)


def _dbscan(d: int, eps: float) -> tuple[Work, Work]:
    X = _rows(5_000, d, spread=4.0)
    return (
        lambda: DBSCAN(eps).fit(X).labels_,
        lambda: theirs.DBSCAN(eps=eps).fit(X).labels_,
    )


def _ward() -> tuple[Work, Work]:
    X = _rows(2_000, 10)
    return lambda: linkage(X), lambda: their_linkage(X, "ward")


def _spectral() -> tuple[Work, Work]:
    X = _rows(800, 5, k=4, spread=5.0)
    options = {"gamma": 0.2, "n_init": 3, "random_state": 0}
    return (
        lambda: SpectralClustering(4, **options).fit(X).labels_,
        lambda: theirs.SpectralClustering(4, **options).fit(X).labels_,
    )


def _same_groups(ours: np.ndarray, other: np.ndarray) -> None:
    assert adjusted_rand_score(ours, other) == 1.0


def _kmeans_on(n: int) -> Work:
    X = _rows(n, 20)
    start = X[:10].copy()
    model = KMeans(10, init=start, max_iter=10, tol=0.0)  # always ten moves
    return lambda: model.fit(X)


def _dbscan_on(n: int) -> Work:
    rng = np.random.default_rng(0)
    X = rng.random((n, 3)) * (n / 1000) ** (1 / 3)  # as dense, whatever n is
    return lambda: DBSCAN(0.05).fit(X)


def _ward_on(n: int) -> Work:
    X = _rows(n, 5)
    return lambda: linkage(X)


CASES = [
    Case(
        "k-means, 20k x 20, k = 10",
        "scikit-learn",
        _kmeans,
        _same_centers,
        goal=1.8,
        memory=True,
    ),
    Case(
        "k-means, 20k x 20, k = 10, five starts by k-means++",
        "scikit-learn",
        _seeded_kmeans,
        _same_inertia,
    ),
    Case(
        "DBSCAN, 5k x 20",
        "scikit-learn",
        lambda: _dbscan(20, 4.5),
        np.testing.assert_array_equal,
        goal=1.5,
        memory=True,
    ),
    Case(
        "DBSCAN, 5k x 2, where a tree helps",
        "scikit-learn",
        lambda: _dbscan(2, 0.2),
        np.testing.assert_array_equal,
    ),
    Case(
        "hierarchical clustering, Ward, 2k x 10",
        "SciPy",
        _ward,
        np.testing.assert_allclose,
        goal=4.0,
        memory=True,
    ),
    Case(
        "spectral clustering, 800 x 5, k = 4",
        "scikit-learn",
        _spectral,
        _same_groups,
    ),
]
GROWTH = [
    Growth(
        "k-means, ten moves, rows",
        _kmeans_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=1.0,
    ),
    # Every row is compared with every other: 2, whatever the density.
    Growth("DBSCAN, rows", _dbscan_on, (2_000, 4_000, 8_000, 16_000), expected=2.0),
    Growth(
        "hierarchical clustering, Ward, rows",
        _ward_on,
        (1_000, 2_000, 4_000),
        expected=2.0,
    ),
]
