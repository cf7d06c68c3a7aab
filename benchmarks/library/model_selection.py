"""Cross-validation against scikit-learn's, with the same model on both sides."""

from __future__ import annotations

import numpy as np
import sklearn.model_selection as theirs
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.linear import LogisticRegression
from ml_from_scratch.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
)


def _rows(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    z = X @ rng.normal(size=d) / np.sqrt(d)
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def _cross_validation() -> tuple[Work, Work]:
    X, y = _rows(20_000, 50)
    other = TheirLogisticRegression()
    return (
        lambda: cross_val_score(LogisticRegression(), X, y, cv=5),
        lambda: theirs.cross_val_score(other, X, y, cv=5),
    )


def _bookkeeping() -> tuple[Work, Work]:
    X, y = _rows(200, 5)  # so small that most of the time is not fitting
    model, grid = TheirLogisticRegression(), {"C": [0.1, 1.0, 10.0]}

    def scores(search: type) -> Work:
        return lambda: search(model, grid, cv=5).fit(X, y).best_score_

    return scores(GridSearchCV), scores(theirs.GridSearchCV)


def _stratified() -> tuple[Work, Work]:
    _, y = _rows(200_000, 5)
    return (
        lambda: [test for _, test in StratifiedKFold(5).split(y, y)],
        lambda: [test for _, test in theirs.StratifiedKFold(5).split(y, y)],
    )


def _same(ours: object, other: object) -> None:
    np.testing.assert_allclose(ours, other, atol=2e-3)


TOOL = "scikit-learn"
CASES = [
    Case(
        "5-fold cross-validation of logistic regression, 20k x 50",
        TOOL,
        _cross_validation,
        _same,
        goal=1.0,
    ),
    Case("grid search, 15 fits of 200 x 5", TOOL, _bookkeeping, _same, goal=1.0),
    Case("stratified folds, 200k rows", TOOL, _stratified, _same, goal=1.0),
]
GROWTH: list[Growth] = []
