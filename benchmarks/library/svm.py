"""Support vector machines against LIBSVM and LIBLINEAR, as scikit-learn calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import svm as theirs

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.svm import SVC, Kernel, LinearSVC

N = 1000


def _rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 20))
    noise = 0.3 * rng.normal(size=n)
    return X, (X[:, 0] * X[:, 1] + X[:, 2] + noise > 0).astype(int)


def _kernel() -> tuple[Work, Work]:
    X, y = _rows(N)
    return lambda: SVC().fit(X, y), lambda: theirs.SVC().fit(X, y)


def _dual(model: Any) -> float:
    X, y = _rows(N)
    table = Kernel("rbf", X, 1.0 / (20 * X.var())).table(X)
    b = np.zeros(N)
    b[model.support_] = model.dual_coef_[0]
    return float(0.5 * b @ table @ b - (2 * y - 1) @ b)


def _same_dual(ours: Any, libsvm: Any) -> None:
    np.testing.assert_allclose(_dual(ours), _dual(libsvm), rtol=1e-6)


def _plane() -> tuple[Work, Work]:
    X, y = _rows(20_000)
    return (
        lambda: LinearSVC(tol=1e-4).fit(X, y).coef_,
        lambda: theirs.LinearSVC(dual=False).fit(X, y).coef_,
    )


def _hinge() -> tuple[Work, Work]:
    X, y = _rows(2000)
    oracle = theirs.LinearSVC(loss="hinge", max_iter=100_000, random_state=0)
    return (
        lambda: LinearSVC(loss="hinge", tol=1e-4).fit(X, y).coef_,
        lambda: oracle.fit(X, y).coef_,
    )


def _same_plane(ours: np.ndarray, liblinear: np.ndarray) -> None:
    np.testing.assert_allclose(ours, liblinear, atol=0.01)


def _kernel_on(n: int) -> Work:
    X, y = _rows(n)
    return lambda: SVC().fit(X, y)


CASES = [
    Case("SVM, RBF, 1k x 20, same dual", "libsvm", _kernel, _same_dual, goal=3.0),
    Case(
        "linear SVM, squared, 20k x 20",
        "liblinear",
        _plane,
        _same_plane,
        goal=1.0,
    ),
    Case("linear SVM, hinge, 2k x 20", "liblinear", _hinge, _same_plane, goal=2.0),
]
GROWTH = [Growth("SVM, RBF, rows", _kernel_on, (500, 1000, 2000, 4000), expected=2.0)]
