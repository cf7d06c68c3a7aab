"""Neighbours against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier as TheirClassifier
from sklearn.neighbors import NearestNeighbors

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.neighbors import (
    KDTree,
    KNeighborsClassifier,
    nearest_neighbors,
    radius_neighbors,
)


def _rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def _predict() -> tuple[Work, Work]:
    X, queries = _rows(5000, 20), _rows(5000, 20, seed=1)
    y = (X[:, 0] > 0).astype(int)
    ours = KNeighborsClassifier().fit(X, y)
    theirs = TheirClassifier(algorithm="brute", n_jobs=1).fit(X, y)
    return lambda: ours.predict(queries), lambda: theirs.predict(queries)


def _search() -> tuple[Work, Work]:
    X, queries = _rows(50_000, 64), _rows(1000, 64, seed=1)
    theirs = NearestNeighbors(n_neighbors=10, algorithm="brute", n_jobs=1).fit(X)
    return (
        lambda: nearest_neighbors(X, queries, 10)[1],
        lambda: theirs.kneighbors(queries, return_distance=False),
    )


def _radius() -> tuple[Work, Work]:
    X = _rows(5000, 2)
    theirs = NearestNeighbors(radius=0.1, algorithm="brute", n_jobs=1).fit(X)
    return (
        lambda: radius_neighbors(X, X, 0.1),
        lambda: theirs.radius_neighbors(X, return_distance=False, sort_results=False),
    )


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_array_equal(ours, theirs)


def _same_sets(ours: Any, theirs: Any) -> None:
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, np.sort(b))


def _brute_on(n: int) -> Work:
    X, queries = _rows(n, 20), _rows(500, 20, seed=1)
    return lambda: nearest_neighbors(X, queries, 5)


def _tree_on(n: int) -> Work:
    tree, queries = KDTree(_rows(n, 2)), _rows(200, 2, seed=1)
    return lambda: tree.query(queries, 5)


CASES = [
    Case(
        "kNN predict, 5k against 5k x 20",
        "scikit-learn",
        _predict,
        _same,
        goal=1.3,
        memory=True,
    ),
    Case(
        "10 nearest of 50k x 64, 1k queries",
        "scikit-learn",
        _search,
        _same,
        goal=1.3,
        memory=True,
    ),
    Case("all within a radius, 5k x 2", "scikit-learn", _radius, _same_sets, goal=3.0),
]
GROWTH = [
    Growth(
        "nearest neighbours by brute force, rows",
        _brute_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=1.0,
    ),
    Growth(
        "k-d tree in two columns, rows",
        _tree_on,
        (2_000, 4_000, 8_000, 16_000),
        expected=0.0,
    ),
]
