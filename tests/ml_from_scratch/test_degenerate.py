"""Awkward data meet every estimator: it answers with finite numbers or in a sentence.

Warnings are errors here, those about convergence and about thin data apart: an overflow
or a division by zero that nobody reports is how a silent wrong answer begins.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ml_from_scratch.base import ConvergenceWarning, check_features

from .test_contract import estimators, made

Table = tuple[np.ndarray, np.ndarray]


def _labels(n: int) -> np.ndarray:
    return np.arange(n) % 2


def constant_columns() -> Table:
    X = np.random.default_rng(0).normal(size=(40, 4))
    X[:, 1], X[:, 2] = 7.0, 0.0
    return X, _labels(40)


def all_rows_equal() -> Table:
    return np.full((30, 3), 2.5), _labels(30)


def many_duplicates() -> Table:
    rng = np.random.default_rng(1)
    return rng.integers(0, 2, size=(60, 2)).astype(float), _labels(60)


def collinear() -> Table:
    a, b = np.random.default_rng(2).normal(size=(2, 50))
    return np.column_stack([a, b, a + b, 2 * a]), (a > 0).astype(int)


def huge() -> Table:
    X = np.random.default_rng(3).normal(size=(40, 3)) * 1e100
    return X, _labels(40)


def tiny() -> Table:
    X = np.random.default_rng(4).normal(size=(40, 3)) * 1e-100
    return X, _labels(40)


def far_from_zero() -> Table:
    X = np.random.default_rng(5).normal(size=(60, 3)) + 1e8
    return X, _labels(60)


def rare_class() -> Table:
    X = np.random.default_rng(6).normal(size=(60, 3))
    return X, (np.arange(60) == 0).astype(int)


def wider_than_long() -> Table:
    return np.random.default_rng(7).normal(size=(12, 30)), _labels(12)


def one_row() -> Table:
    return np.array([[1.0, 2.0, 3.0]]), np.array([1])


def two_rows() -> Table:
    return np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([0, 1])


TABLES: list[Callable[[], Table]] = [
    constant_columns,
    all_rows_equal,
    many_duplicates,
    collinear,
    huge,
    tiny,
    far_from_zero,
    rare_class,
    wider_than_long,
    one_row,
    two_rows,
]


def answers(model: Any, X: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    methods = ("predict", "predict_proba", "decision_function", "score_samples")
    for name in (*methods, "transform"):
        if hasattr(model, name):
            found = getattr(model, name)(X)
            yield (
                name,
                np.asarray(found.toarray() if hasattr(found, "toarray") else found),
            )


def numeric(kind: Any) -> bool:
    """Whether an estimator takes tables of numbers (a vectoriser takes text)."""
    return bool(made(kind).__sklearn_tags__().input_tags.two_d_array)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
@pytest.mark.parametrize(
    "kind", list(filter(numeric, estimators())), ids=lambda kind: kind.__name__
)
def test_awkward_data_get_finite_answers_or_a_sentence(
    kind: Any, table: Callable[[], Table]
) -> None:
    X, y = table()
    if made(kind).__sklearn_tags__().input_tags.positive_only:
        X = np.abs(X)
    refusal = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", category=UserWarning)
        try:
            found = dict(answers(made(kind).fit(X, y), X))
        except ValueError as error:
            refusal = error
    if refusal is not None:
        assert type(refusal) is ValueError  # not LinAlgError, which is one as well
        assert len(str(refusal)) > 30
        return
    for name, values in found.items():
        assert len(values) == len(X)
        if values.dtype.kind in "fc":
            assert np.isfinite(values).all(), name
        if name == "predict_proba":
            np.testing.assert_allclose(values.sum(axis=1), 1.0, atol=1e-9)


def test_the_tables_are_what_the_checks_of_input_let_through() -> None:
    for table in TABLES:
        X, _ = table()
        assert check_features(object.__new__(type("M", (), {})), X, fitting=True) is X
