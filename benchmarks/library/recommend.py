"""Recommenders: alternating least squares against a loop of ridge regressions."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.linear_model import ridge_regression

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.recommend import ALS, ImplicitALS, check_interactions, solve_side


def _ratings(n: int) -> sparse.csr_array:
    """Return n ratings of 2,000 users and 1,000 items."""
    rng = np.random.default_rng(0)
    users, items = rng.integers(2000, size=n), rng.integers(1000, size=n)
    values = rng.integers(1, 6, size=n).astype(float)
    return check_interactions(sparse.coo_array((values, (users, items)), (2000, 1000)))


def _one_turn() -> tuple[Work, Work]:
    table = _ratings(100_000)
    ones = table.copy()
    ones.data[:] = 1.0
    items = np.random.default_rng(1).normal(size=(1000, 32))

    def theirs() -> np.ndarray:
        found = np.zeros((2000, 32))
        for user in range(2000):
            mine = slice(table.indptr[user], table.indptr[user + 1])
            X, y = items[table.indices[mine]], table.data[mine]
            found[user] = ridge_regression(X, y, 1.0, solver="cholesky")
        return found

    return lambda: solve_side(ones, table, items, np.eye(32)), theirs


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


def _explicit(n: int) -> Work:
    table = _ratings(n)
    return lambda: ALS(16, n_iter=2, random_state=0).fit(table)


def _implicit(n: int) -> Work:
    table = _ratings(n)
    return lambda: ImplicitALS(16, n_iter=2, random_state=0).fit(table)


CASES = [
    Case(
        "ALS, one turn, 2k users, 100k ratings, 32 factors",
        "scikit-learn's ridge, user by user",
        _one_turn,
        _same,
        goal=0.3,
    )
]
GROWTH = [
    Growth("ALS, ratings", _explicit, (100_000, 200_000, 400_000, 800_000), 1.0),
    Growth(
        "implicit ALS, ratings", _implicit, (100_000, 200_000, 400_000, 800_000), 1.0
    ),
]
