"""Preparing tables against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import sklearn.preprocessing as theirs

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.preprocessing import (
    KNNImputer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)


def _numbers(n: int, d: int) -> np.ndarray:
    return np.random.default_rng(0).normal(5.0, 2.0, size=(n, d))


def _words(n: int) -> pd.DataFrame:
    """Return columns of 3, 20 and 300 categories."""
    rng = np.random.default_rng(1)
    columns = {
        f"of {k}": rng.choice([f"category {i}" for i in range(k)], n).astype(object)
        for k in (3, 20, 300)
    }
    return pd.DataFrame(columns)


def _both(ours: Any, other: Any, *rows: Any) -> tuple[Work, Work]:
    return lambda: ours.fit_transform(*rows), lambda: other.fit_transform(*rows)


def _standard() -> tuple[Work, Work]:
    return _both(StandardScaler(), theirs.StandardScaler(), _numbers(20_000, 50))


def _robust() -> tuple[Work, Work]:
    return _both(RobustScaler(), theirs.RobustScaler(), _numbers(20_000, 50))


def _polynomial() -> tuple[Work, Work]:
    X = _numbers(20_000, 20)
    return _both(PolynomialFeatures(2), theirs.PolynomialFeatures(2), X)


def _one_hot() -> tuple[Work, Work]:
    other = theirs.OneHotEncoder(sparse_output=False)
    return _both(OneHotEncoder(), other, _words(20_000))


def _sparse_one_hot() -> tuple[Work, Work]:
    ours = OneHotEncoder(sparse_output=True)
    return _both(ours, theirs.OneHotEncoder(), _words(100_000))


def _ordinal() -> tuple[Work, Work]:
    return _both(OrdinalEncoder(), theirs.OrdinalEncoder(), _words(100_000))


def _target() -> tuple[Work, Work]:
    table, y = _words(20_000), _numbers(20_000, 1)[:, 0]
    folds = _folds()
    return (
        lambda: TargetEncoder(cv=folds).fit_transform(table, y),
        lambda: theirs.TargetEncoder(cv=folds).fit_transform(table, y),
    )


def _folds() -> Any:
    from sklearn.model_selection import KFold

    return KFold(5)


def _neighbours() -> tuple[Work, Work]:
    from sklearn.impute import KNNImputer as TheirKNNImputer

    X = _numbers(3000, 20)
    X[np.random.default_rng(2).random(X.shape) < 0.05] = np.nan
    return _both(KNNImputer(), TheirKNNImputer(), X)


def _same(ours: Any, other: Any) -> None:
    if hasattr(ours, "toarray"):
        assert abs(ours - other).max() == 0
    else:
        np.testing.assert_allclose(ours, other, rtol=1e-8, atol=1e-8)


def _one_hot_on(n: int) -> Work:
    table = _words(n)
    return lambda: OneHotEncoder(sparse_output=True).fit_transform(table)


def _scale_on(n: int) -> Work:
    X = _numbers(n, 20)
    return lambda: StandardScaler().fit_transform(X)


TOOL = "scikit-learn"
SIZES = (50_000, 100_000, 200_000, 400_000)
CASES = [
    Case("standard scaler, 20k x 50", TOOL, _standard, _same, goal=1.0),
    Case("robust scaler, 20k x 50", TOOL, _robust, _same, goal=1.0),
    Case("polynomial features, 20k x 20, degree 2", TOOL, _polynomial, _same, goal=2.0),
    Case("one-hot encoder, 20k x 3 words, dense", TOOL, _one_hot, _same, goal=1.0),
    Case(
        "one-hot encoder, 100k x 3 words, sparse",
        TOOL,
        _sparse_one_hot,
        _same,
        goal=1.0,
    ),
    Case("ordinal encoder, 100k x 3 words", TOOL, _ordinal, _same, goal=1.0),
    Case("target encoder, 20k x 3 words, cross-fitted", TOOL, _target, _same, goal=1.0),
    Case("kNN imputer, 3k x 20, 5 % missing", TOOL, _neighbours, _same, goal=2.0),
]
GROWTH = [
    Growth("one-hot encoder, sparse, rows", _one_hot_on, SIZES, expected=1.0),
    Growth("standard scaler, rows", _scale_on, SIZES, expected=1.0),
]
