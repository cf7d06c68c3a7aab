"""Naive Bayes against scikit-learn."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.naive_bayes import GaussianNB as TheirGaussianNB
from sklearn.naive_bayes import MultinomialNB as TheirMultinomialNB

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.naive_bayes import GaussianNB, MultinomialNB


def _measured(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=n)
    return rng.normal(size=(n, 20)) + y[:, None], y


def _gaussian() -> tuple[Work, Work]:
    X, y = _measured(20_000)
    return (
        lambda: GaussianNB().fit(X, y).predict_log_proba(X),
        lambda: TheirGaussianNB().fit(X, y).predict_log_proba(X),
    )


def _multinomial() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    X = sparse.random_array((20_000, 5_000), density=0.01, format="csr", rng=rng)
    y = rng.integers(5, size=20_000)
    return (
        lambda: MultinomialNB().fit(X, y).predict_log_proba(X),
        lambda: TheirMultinomialNB().fit(X, y).predict_log_proba(X),
    )


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9)


def _gaussian_on(n: int) -> Work:
    X, y = _measured(n)
    return lambda: GaussianNB().fit(X, y).predict_log_proba(X)


CASES = [
    Case(
        "Gaussian naive Bayes, 20k x 20, fit + predict",
        "scikit-learn",
        _gaussian,
        _same,
        goal=1.0,
    ),
    Case(
        "multinomial naive Bayes, 20k x 5k sparse, fit + predict",
        "scikit-learn",
        _multinomial,
        _same,
        goal=1.2,
        memory=True,
    ),
]
GROWTH = [
    Growth(
        "Gaussian naive Bayes, rows",
        _gaussian_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=1.0,
    )
]
