"""Linear models against scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.linear_model import ElasticNet as TheirElasticNet
from sklearn.linear_model import Lasso as TheirLasso
from sklearn.linear_model import LinearRegression as TheirLinearRegression
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression
from sklearn.linear_model import Ridge as TheirRidge

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.linear import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Ridge,
)


def _rows(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    z = X @ rng.normal(size=d) / np.sqrt(d)
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def _numbers(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated columns, of which ten matter."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, d)) + 0.5 * rng.normal(size=(n, 1))
    return X, X[:, :10] @ rng.normal(size=10) + rng.normal(size=n)


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


def _least_squares() -> tuple[Work, Work]:
    X, y = _numbers(20_000, 50)
    return (
        lambda: LinearRegression().fit(X, y).coef_,
        lambda: TheirLinearRegression().fit(X, y).coef_,
    )


def _ridge() -> tuple[Work, Work]:
    X, y = _numbers(20_000, 50)
    return lambda: Ridge().fit(X, y).coef_, lambda: TheirRidge().fit(X, y).coef_


def _wide_ridge() -> tuple[Work, Work]:
    X, y = _numbers(200, 2000)
    return lambda: Ridge().fit(X, y).coef_, lambda: TheirRidge().fit(X, y).coef_


def _lasso() -> tuple[Work, Work]:
    X, y = _numbers(20_000, 50)
    return (
        lambda: Lasso(0.05).fit(X, y).coef_,
        lambda: TheirLasso(0.05).fit(X, y).coef_,
    )


def _wide_lasso() -> tuple[Work, Work]:
    X, y = _numbers(200, 2000)
    return (
        lambda: Lasso(0.2).fit(X, y).coef_,
        lambda: TheirLasso(0.2).fit(X, y).coef_,
    )


def _elastic_net() -> tuple[Work, Work]:
    X, y = _numbers(20_000, 50)
    return (
        lambda: ElasticNet(0.05).fit(X, y).coef_,
        lambda: TheirElasticNet(0.05).fit(X, y).coef_,
    )


def _exactly(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def _to_the_gap(ours: np.ndarray, theirs: np.ndarray) -> None:
    # Both stop at the same duality gap, from which points 0.01 apart can differ.
    np.testing.assert_allclose(ours, theirs, atol=1e-2)


def _ridge_on(n: int) -> Work:
    X, y = _numbers(n, 50)
    return lambda: Ridge().fit(X, y)


def _lasso_on(n: int) -> Work:
    X, y = _numbers(n, 50)
    return lambda: Lasso(0.05).fit(X, y)


TOOL = "scikit-learn"
SIZES = (10_000, 20_000, 40_000, 80_000)
CASES = [
    Case(
        "logistic regression, 20k x 50, to convergence",
        TOOL,
        _logistic,
        _same_coefficients,
        goal=1.0,
        memory=True,
    ),
    Case("least squares, 20k x 50", TOOL, _least_squares, _exactly, goal=1.0),
    Case("ridge, 20k x 50", TOOL, _ridge, _exactly, goal=1.0),
    Case("ridge, 200 x 2,000", TOOL, _wide_ridge, _exactly, goal=1.2),
    Case("lasso, 20k x 50, same gap", TOOL, _lasso, _to_the_gap, goal=1.2),
    Case("lasso, 200 x 2,000, same gap", TOOL, _wide_lasso, _to_the_gap, goal=2.0),
    Case("elastic net, 20k x 50, same gap", TOOL, _elastic_net, _to_the_gap, goal=1.2),
]
GROWTH = [
    Growth(
        "logistic regression, ten iterations, rows",
        _logistic_on,
        SIZES,
        expected=1.0,
    ),
    Growth("ridge, rows", _ridge_on, SIZES, expected=1.0),
    Growth("lasso, rows", _lasso_on, SIZES, expected=1.0),
]
