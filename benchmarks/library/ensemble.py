"""Ensembles of trees against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import ensemble as theirs
from sklearn.datasets import load_digits, make_classification

from benchmarks.case import Case, Growth, Work
from ml_from_scratch import ensemble as ours


def _rows(n: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    return make_classification(n, 20, n_informative=10, random_state=0)


def _digits() -> tuple[np.ndarray, np.ndarray]:
    return load_digits(return_X_y=True)


def _pair(
    data: Callable[[], tuple[np.ndarray, np.ndarray]],
    kind: str,
    options: dict[str, Any],
    more: dict[str, Any],
) -> Callable[[], tuple[Work, Work]]:
    """Return a preparer of fits, which return the probabilities and labels."""

    def prepare() -> tuple[Work, Work]:
        X, y = data()
        X = X.astype(np.float32).astype(np.float64)
        one = getattr(ours, kind)(**options)
        other = getattr(theirs, kind)(**options, **more)
        return lambda: (one.fit(X, y), X, y), lambda: (other.fit(X, y), X, y)

    return prepare


def _same_out_of_bag(a: Any, b: Any) -> None:
    assert abs(a[0].oob_score_ - b[0].oob_score_) < 0.02
    nodes = [np.mean([t.tree_.node_count for t in m.estimators_]) for m, *_ in (a, b)]
    assert abs(nodes[0] / nodes[1] - 1) < 0.1


def _same_probabilities(a: Any, b: Any) -> None:
    found = [model.predict_proba(X) for model, X, _ in (a, b)]
    assert np.abs(found[0] - found[1]).mean() < 0.01


_FOREST = {"n_estimators": 50, "oob_score": True, "random_state": 0}
_EXTRA = {**_FOREST, "bootstrap": True}
_BINNED = {"max_iter": 100, "max_depth": 3}
_AS_OURS = {"max_leaf_nodes": None, "early_stopping": False}


def _boost_on(n: int) -> Work:
    X, y = _rows(n)
    model = ours.HistGradientBoostingClassifier(max_iter=20, max_depth=3)
    return lambda: model.fit(X, y)


CASES = [
    Case(
        "forest of 50, 10k x 20",
        "scikit-learn",
        _pair(_rows, "RandomForestClassifier", _FOREST, {}),
        _same_out_of_bag,
        goal=4.0,
        rounds=3,
        memory=True,
    ),
    Case(
        "forest of 50, digits",
        "scikit-learn",
        _pair(_digits, "RandomForestClassifier", _FOREST, {}),
        _same_out_of_bag,
        goal=8.0,
        rounds=5,
    ),
    Case(
        "extremely randomised trees, 50, digits",
        "scikit-learn",
        _pair(_digits, "ExtraTreesClassifier", _EXTRA, {}),
        _same_out_of_bag,
        rounds=5,
    ),
    Case(
        "boosting, 100 x depth 3, 10k x 20",
        "HistGradientBoosting",
        _pair(_rows, "HistGradientBoostingClassifier", _BINNED, _AS_OURS),
        _same_probabilities,
        goal=5.0,
        rounds=5,
        memory=True,
    ),
    Case(
        "exact boosting, 20 x depth 3, 10k x 20",
        "scikit-learn",
        _pair(
            _rows,
            "GradientBoostingClassifier",
            {"n_estimators": 20},
            {"random_state": 0},
        ),
        _same_probabilities,
        goal=1.0,
        rounds=3,
    ),
    Case(
        "AdaBoost, 20 stumps, 10k x 20",
        "scikit-learn",
        _pair(_rows, "AdaBoostClassifier", {"n_estimators": 20}, {"random_state": 0}),
        _same_probabilities,
        rounds=3,
    ),
]
GROWTH = [
    Growth(
        "binned boosting, 20 x depth 3, rows",
        _boost_on,
        (10_000, 20_000, 40_000, 80_000),
        expected=1.0,
    )
]
