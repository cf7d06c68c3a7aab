"""Decision trees against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, make_classification, make_friedman1
from sklearn.tree import DecisionTreeClassifier as TheirClassifier
from sklearn.tree import DecisionTreeRegressor as TheirRegressor

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    best_split,
)


def _rows(n: int, n_classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(
        n, 20, n_informative=10, n_classes=n_classes, random_state=0
    )


def _tree() -> tuple[Work, Work]:
    X, y = _rows(10_000)
    return (
        lambda: (DecisionTreeClassifier(max_depth=10).fit(X, y), X, y),
        lambda: (TheirClassifier(max_depth=10, random_state=0).fit(X, y), X, y),
    )


def _digits(criterion: str) -> Callable[[], tuple[Work, Work]]:
    def prepare() -> tuple[Work, Work]:
        X, y = load_digits(return_X_y=True)
        ours = DecisionTreeClassifier(criterion=criterion)  # type: ignore[arg-type]
        theirs = TheirClassifier(criterion=criterion, random_state=0)
        return lambda: (ours.fit(X, y), X, y), lambda: (theirs.fit(X, y), X, y)

    return prepare


def _regression() -> tuple[Work, Work]:
    X, y = make_friedman1(10_000, 20, noise=1.0, random_state=0)
    return (
        lambda: (DecisionTreeRegressor(max_depth=10).fit(X, y), X, y),
        lambda: (TheirRegressor(max_depth=10, random_state=0).fit(X, y), X, y),
    )


def _predict() -> tuple[Work, Work]:
    X, y = _rows(10_000)
    X = X.astype(np.float32)
    ours = DecisionTreeClassifier(max_depth=10).fit(X, y)
    theirs = TheirClassifier(max_depth=10, random_state=0).fit(X, y)
    rows = X.astype(np.float64)
    return lambda: ours.predict(rows).mean(), lambda: theirs.predict(rows).mean()


def _slow() -> tuple[Work, Work]:
    X, y = _rows(500)
    stump = DecisionTreeClassifier(max_depth=1)
    return lambda: _asked(X, y), lambda: float(stump.fit(X, y).tree_.threshold[0])


def _asked(X: np.ndarray, y: np.ndarray) -> float:
    split = best_split(X, y)
    return split.threshold if split else np.nan


def _same_tree(a: Any, b: Any) -> None:
    """Agree up to ties: nearly as many nodes, and the same fit."""
    scores = [model.score(X, y) for model, X, y in (a, b)]
    assert abs(scores[0] - scores[1]) < 0.005
    assert abs(a[0].tree_.node_count / b[0].tree_.node_count - 1) < 0.05


def _same_mean(ours: float, theirs: float) -> None:
    assert abs(ours - theirs) < 0.005


def _same_threshold(ours: float, theirs: float) -> None:
    assert ours == theirs


def _fit_on(n: int) -> Work:
    X, y = _rows(n)
    return lambda: DecisionTreeClassifier(max_depth=8).fit(X, y)


CASES = [
    Case("tree, 10k x 20, depth 10", "scikit-learn", _tree, _same_tree, goal=1.6),
    Case("tree, digits", "scikit-learn", _digits("gini"), _same_tree, goal=2.5),
    Case("tree, digits, entropy", "scikit-learn", _digits("entropy"), _same_tree),
    Case(
        "regression tree, 10k x 20, depth 10", "scikit-learn", _regression, _same_tree
    ),
    Case("tree, predict 10k rows, depth 10", "scikit-learn", _predict, _same_mean),
    Case(
        "one split of 500 x 20, loop over all thresholds",
        "the running sums of our tree",
        _slow,
        _same_threshold,
        rounds=3,
    ),
]
GROWTH = [
    Growth(
        "tree, depth 8, rows", _fit_on, (5_000, 10_000, 20_000, 40_000), expected=1.0
    )
]
