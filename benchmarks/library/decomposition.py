"""Decompositions and maps against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import decomposition, manifold
from sklearn.datasets import load_digits

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.decomposition import PCA, TSNE, TruncatedSVD


def _rows(n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d))


def _pca(n: int, d: int, k: int, solver: str) -> tuple[Work, Work]:
    X = _rows(n, d)
    return (
        lambda: PCA(k).fit(X),
        lambda: decomposition.PCA(k, svd_solver=solver).fit(X),
    )


def _same_axes(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.components_, theirs.components_, atol=1e-8)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_)


def _truncated() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5_000, 8)) @ rng.normal(size=(8, 1_000))
    X += 0.1 * rng.normal(size=X.shape)
    options = {"n_iter": 4, "random_state": 0}
    return (
        lambda: TruncatedSVD(8, **options).fit(X).singular_values_,
        lambda: decomposition.TruncatedSVD(8, **options).fit(X).singular_values_,
    )


def _tsne() -> tuple[Work, Work]:
    X = load_digits().data[:500]
    start = np.random.default_rng(0).normal(size=(500, 2)) * 1e-4
    options = {"init": start, "max_iter": 300}
    return (
        lambda: TSNE(**options).fit(X).kl_divergence_,
        lambda: manifold.TSNE(**options, method="exact").fit(X).kl_divergence_,
    )


def _as_good(ours: float, theirs: float) -> None:
    assert ours < 1.05 * theirs


def _pca_on(n: int) -> Work:
    X = _rows(n, 100)
    return lambda: PCA(10).fit(X)


def _tsne_on(n: int) -> Work:
    X = _rows(n, 5)
    return lambda: TSNE(max_iter=50).fit(X)


CASES = [
    Case(
        "PCA 5k x 200 to 10",
        "scikit-learn",
        lambda: _pca(5_000, 200, 10, "auto"),
        _same_axes,
        goal=1.0,
        memory=True,
    ),
    Case(
        "PCA 200 x 5k to 10, more columns than rows",
        "scikit-learn",
        lambda: _pca(200, 5_000, 10, "full"),
        _same_axes,
        goal=1.0,
    ),
    Case(
        "truncated SVD, 5k x 1k to 8, randomised",
        "scikit-learn",
        _truncated,
        np.testing.assert_allclose,
        goal=1.2,
    ),
    Case(
        "t-SNE, exact, 500 digits, 300 steps",
        "scikit-learn",
        _tsne,
        _as_good,
        goal=1.0,
        rounds=3,
        memory=True,
    ),
]
GROWTH = [
    Growth(
        "PCA to 10 of 100 columns, rows",
        _pca_on,
        (5_000, 10_000, 20_000, 40_000),
        expected=1.0,
    ),
    Growth("t-SNE, fifty steps, rows", _tsne_on, (500, 1_000, 2_000), expected=2.0),
]
