"""Linear models against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.linear import LogisticRegression


def _rows(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    z = X @ rng.normal(size=d) / np.sqrt(d)
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def _logistic() -> tuple[Work, Work]:
    X, y = _rows(20_000, 50)
    return (
        lambda: LogisticRegression().fit(X, y).coef_,
        lambda: TheirLogisticRegression().fit(X, y).coef_,
    )


def _same_coefficients(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def _logistic_on(n: int) -> Work:
    X, y = _rows(n, 50)
    model = LogisticRegression(max_iter=10, tol=1e-12)  # always ten iterations

    def fit() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)

    return fit


CASES = [
    Case(
        "logistic regression, 20k x 50, to convergence",
        "scikit-learn",
        _logistic,
        _same_coefficients,
        goal=1.0,
    )
]
GROWTH = [
    Growth(
        "logistic regression, ten iterations, rows",
        _logistic_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=1.0,
    )
]
