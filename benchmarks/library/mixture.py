"""Gaussian mixtures against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture as TheirGaussianMixture

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.mixture import GaussianMixture


def _rows(n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(5, d))
    return centers[rng.integers(5, size=n)] + rng.normal(size=(n, d))


def _fit(model: Any, X: np.ndarray) -> Work:
    def fit() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(X)

    return fit


def _options(X: np.ndarray, kind: str) -> dict[str, Any]:
    """Return the same start for both, and twenty steps always."""
    d = X.shape[1]
    precisions = {"full": np.tile(np.eye(d), (5, 1, 1)), "diag": np.ones((5, d))}
    return {
        "covariance_type": kind,
        "weights_init": np.full(5, 0.2),
        "means_init": X[:5],
        "precisions_init": precisions[kind],
        "max_iter": 20,
        "tol": 0.0,
    }


def _mixture(kind: str) -> tuple[Work, Work]:
    X = _rows(20_000, 10)
    options = _options(X, kind)
    ours, theirs = GaussianMixture(5, **options), TheirGaussianMixture(5, **options)
    return _fit(ours, X), _fit(theirs, X)


def _same_fit(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-8)
    np.testing.assert_allclose(ours.covariances_, theirs.covariances_, atol=1e-8)
    assert ours.n_iter_ == theirs.n_iter_


def _mixture_on(n: int) -> Work:
    X = _rows(n, 10)
    return _fit(GaussianMixture(5, **_options(X, "full")), X)


CASES = [
    Case(
        f"Gaussian mixture, {kind}, 20k x 10, k = 5, twenty steps",
        "scikit-learn",
        lambda kind=kind: _mixture(kind),
        _same_fit,
        goal=goal,
    )
    for kind, goal in (("full", 1.2), ("diag", 2.0))
]
GROWTH = [
    Growth(
        "Gaussian mixture, twenty steps, rows",
        _mixture_on,
        (5_000, 10_000, 20_000, 40_000),
        expected=1.0,
    )
]
