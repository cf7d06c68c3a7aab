"""TreeSHAP against shap's C++, Kernel SHAP against shap, importance, and growth."""

from __future__ import annotations

from typing import Any

import numpy as np
import shap
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.inspection import permutation_importance as their_importance
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.explain import (
    interventional_value,
    kernel_shap,
    permutation_importance,
    tree_shap,
)


def _rows(n: int, d: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    return X, X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + rng.normal(size=n) / 2


def _trees(model: Any) -> tuple[Work, Work]:
    X, y = _rows(2_000)
    explainer = shap.TreeExplainer(model.fit(X, y))
    return (
        lambda: tree_shap(model, X).values,
        lambda: explainer.shap_values(X, check_additivity=False),
    )


def _forest() -> tuple[Work, Work]:
    return _trees(RandomForestRegressor(50, max_depth=6, random_state=0))


def _boosting() -> tuple[Work, Work]:
    return _trees(GradientBoostingRegressor(n_estimators=100, random_state=0))


def _deep_tree() -> tuple[Work, Work]:
    return _trees(DecisionTreeRegressor(max_depth=12, random_state=0))


def _kernel() -> tuple[Work, Work]:
    X, y = _rows(500, 10)
    predict = LinearRegression().fit(X, y).predict
    explainer = shap.KernelExplainer(predict, X[:50])
    options: Any = {"nsamples": 2**10, "l1_reg": False, "silent": True}
    return (
        lambda: kernel_shap(interventional_value(predict, X[0], X[:50]), 10),
        lambda: explainer.shap_values(X[0], **options),
    )


def _importance() -> tuple[Work, Work]:
    X, y = _rows(5_000)
    model = DecisionTreeRegressor(max_depth=8, random_state=0).fit(X, y)
    rng = np.random.default_rng(0)
    return (
        lambda: permutation_importance(model, X, y, rng=rng).importances_mean,
        lambda: their_importance(model, X, y, random_state=0).importances_mean,
    )


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def _about_the_same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, atol=0.05)


def _explaining(n: int) -> Work:
    X, y = _rows(2_000)
    model = RandomForestRegressor(10, max_depth=6, random_state=0).fit(X, y)
    rows = np.resize(X, (n, X.shape[1]))
    return lambda: tree_shap(model, rows)


def _a_path_of(depth: int) -> Work:
    """Return the work for a chain of splits, each on a column of its own."""
    X = np.tril(np.ones((depth + 1, depth)))
    model = DecisionTreeRegressor(random_state=0).fit(X, 2.0 ** np.arange(depth + 1))
    rows = (np.random.default_rng(0).random((500, depth)) < 0.7).astype(float)
    return lambda: tree_shap(model, rows)


CASES = [
    Case(
        "TreeSHAP, forest of 50, depth 6, 2k rows",
        "shap (C++)",
        _forest,
        _same,
        memory=True,
    ),
    Case("TreeSHAP, boosting 100 x 3, 2k rows", "shap (C++)", _boosting, _same),
    Case("TreeSHAP, one tree of depth 12, 2k rows", "shap (C++)", _deep_tree, _same),
    Case("Kernel SHAP, 10 columns, 1,024 x 50", "shap", _kernel, _same, goal=1.0),
    Case(
        "permutation importance, tree, 5k x 20",
        "scikit-learn",
        _importance,
        _about_the_same,
        goal=1.2,
    ),
]
GROWTH = [
    Growth("TreeSHAP, rows", _explaining, (4_000, 8_000, 16_000), expected=1.0),
    # Leaves and path length both grow: depth * depth^2, less for the shallow leaves.
    Growth("TreeSHAP, depth of a chain", _a_path_of, (16, 32, 64), expected=3.0),
]
