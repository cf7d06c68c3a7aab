"""Scores and calibration against scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.metrics as theirs
from sklearn.isotonic import IsotonicRegression as TheirIsotonic

from benchmarks.case import Case, Growth, Work
from ml_from_scratch import metrics as ours
from ml_from_scratch.calibration import IsotonicRegression


def _labels(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.integers(10, size=n)
    return true, np.where(rng.random(n) < 0.8, true, rng.integers(10, size=n))


def _scores(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = (rng.random(n) < 0.1).astype(int)
    return true, rng.normal(size=n) + true


def _lists() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    worth = rng.integers(5, size=(2_000, 100))
    return worth, (worth + rng.normal(size=worth.shape)).round(1)


def _rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=n)
    return rng.normal(size=(n, 20)) + 3 * rng.normal(size=(10, 20))[labels], labels


def _close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-9)


def _case(task: str, name: str, make: Callable[[], Any], **options: Any) -> Case:
    """Compare the two functions of one name on the same data and options."""

    def prepare() -> tuple[Work, Work]:
        data = make()
        return (
            lambda: getattr(ours, name)(*data, **options),
            lambda: getattr(theirs, name)(*data, **options),
        )

    return Case(task, "scikit-learn", prepare, _close, goal=1.0)


def _area_of(n: int) -> Work:
    data = _scores(n)
    return lambda: ours.roc_auc_score(*data)


def _forecasts(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    score = rng.random(n)
    return score, (rng.random(n) < score**2).astype(float)


def _isotonic() -> tuple[Work, Work]:
    x, y = _forecasts(200_000)
    return (
        lambda: IsotonicRegression().fit(x, y).predict(x),
        lambda: TheirIsotonic(out_of_bounds="clip").fit(x, y).predict(x),
    )


def _isotonic_of(n: int) -> Work:
    x, y = _forecasts(n)
    return lambda: IsotonicRegression().fit(x, y)


def _silhouette_of(n: int) -> Work:
    data = _rows(n)
    return lambda: ours.silhouette_score(*data)


CASES = [
    _case("area under the ROC curve, 1m rows", "roc_auc_score", lambda: _scores(10**6)),
    _case(
        "average precision, 1m rows",
        "average_precision_score",
        lambda: _scores(10**6),
    ),
    _case(
        "F1 of ten classes, 1m rows",
        "f1_score",
        lambda: _labels(10**6),
        average="macro",
    ),
    _case("NDCG with ties, 2k lists of 100", "ndcg_score", _lists, k=10),
    _case("silhouette, 4k x 20", "silhouette_score", lambda: _rows(4_000)),
    _case(
        "adjusted Rand score, 1m rows", "adjusted_rand_score", lambda: _labels(10**6)
    ),
    Case("isotonic regression, 200k rows", "scikit-learn", _isotonic, _close),
]
GROWTH = [
    Growth(
        "area under the ROC curve, rows",
        _area_of,
        (100_000, 200_000, 400_000, 800_000),
        expected=1.1,  # n log n
    ),
    Growth(
        "isotonic regression, rows",
        _isotonic_of,
        (50_000, 100_000, 200_000, 400_000),
        expected=1.1,  # n log n for the sort, n for the pooling
    ),
    Growth("silhouette, rows", _silhouette_of, (1_000, 2_000, 4_000), expected=2.0),
]
