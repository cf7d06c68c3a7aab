"""How good a classifier's labels and probabilities are.

Names and argument order are scikit-learn's, so that one can stand in for the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, Integers, check_finite, check_sample_weight


def accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of labels that are right.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the two differ in length or are empty.

    Notes
    -----
    O(n). Taught in: classical/logistic-regression.

    Examples
    --------
    >>> accuracy_score([0, 1, 1, 0], [0, 1, 0, 0])
    0.75
    """
    true, predicted = _same_length(y_true, y_pred)
    weights = check_sample_weight(sample_weight, len(true))
    return float(np.average(true == predicted, weights=weights))


def confusion_matrix(
    y_true: ArrayLike, y_pred: ArrayLike, *, labels: ArrayLike | None = None
) -> Integers:
    """Count the rows of each true class by what they were predicted as.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    labels : array-like of shape (k,), optional
        The classes in the order wanted; by default all that occur, sorted.

    Returns
    -------
    numpy.ndarray of shape (k, k)
        Entry (i, j) counts rows of class i that were predicted as class j.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold a label that is not in
        `labels`.

    Notes
    -----
    O(n log n + k^2). Taught in: classical/logistic-regression.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 0], [0, 1, 0, 0]).tolist()
    [[2, 0], [1, 1]]
    """
    true, predicted = _same_length(y_true, y_pred)
    both = np.concatenate([true, predicted])
    classes = np.unique(both) if labels is None else np.asarray(labels)
    rows, columns = _codes(true, classes), _codes(predicted, classes)
    k = len(classes)
    return np.bincount(rows * k + columns, minlength=k * k).reshape(k, k)


def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean of -log(probability given to the true class).

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.
    y_proba : array-like of shape (n,) or (n, k)
        Probability of the second of two classes, or of each class in sorted order.
    labels : array-like of shape (k,), optional
        All classes; needed where `y_true` does not hold each of them.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In nats; 0 is perfect, and saying 1/k for every class earns log(k). A
        probability of zero for the true class is taken as the smallest step below
        one, about 2e-16, so that one hopeless row costs 36 nats and not infinity.

    Raises
    ------
    ValueError
        If lengths differ, a probability is outside 0 to 1, rows do not sum to one, or
        the columns do not match the classes.

    Notes
    -----
    O(nk). From logits, compute the loss with `ml_from_scratch.linear.log_softmax`
    instead: nothing is rounded to zero there.

    Taught in: classical/logistic-regression.

    References
    ----------
    Good (1952), "Rational decisions", Journal of the Royal Statistical Society B 14.

    Examples
    --------
    >>> round(log_loss([0, 1, 1], [0.1, 0.8, 0.5]), 4)
    0.3406
    """
    true, proba = _same_length(y_true, y_proba)
    table = _probability_table(proba)
    classes = np.unique(true) if labels is None else np.unique(np.asarray(labels))
    if len(classes) != table.shape[1]:
        raise ValueError(
            f"y_proba has {table.shape[1]} columns, but there are {len(classes)} "
            f"classes: {classes.tolist()}. Pass labels= if y_true lacks a class."
        )
    given = table[np.arange(len(true)), _codes(true, classes)]
    weights = check_sample_weight(sample_weight, len(true))
    losses = -np.log(np.maximum(given, np.finfo(np.float64).eps))
    return float(np.average(losses, weights=weights))


def brier_score_loss(
    y_true: ArrayLike, y_proba: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean squared distance between a probability and what happened.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        0 or 1 (or booleans): whether the event happened.
    y_proba : array-like of shape (n,)
        Its forecast probability.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        Between 0 (perfect) and 1; always saying the base rate b earns b(1 - b).

    Raises
    ------
    ValueError
        If lengths differ, an outcome is neither 0 nor 1, or a probability is outside
        0 to 1.

    Notes
    -----
    O(n). Taught in: classical/logistic-regression.

    References
    ----------
    Brier (1950), "Verification of forecasts expressed in terms of probability",
    Monthly Weather Review 78.

    Examples
    --------
    >>> round(brier_score_loss([0, 1], [0.2, 0.6]), 4)
    0.1
    """
    true, proba = _same_length(y_true, y_proba)
    outcome = _outcomes(true)
    forecast = _probability_table(proba)[:, -1]
    weights = check_sample_weight(sample_weight, len(true))
    return float(np.average((forecast - outcome) ** 2, weights=weights))


def r2_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of the variance of the targets that predictions explain.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        1 for perfect predictions, 0 for those no better than the mean of `y_true`,
        below 0 for worse. Where `y_true` is constant, 1 if all are right, else 0.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> r2_score([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    true, predicted = _same_length(y_true, y_pred)
    weights = check_sample_weight(sample_weight, len(true))
    true, predicted = true.astype(np.float64), predicted.astype(np.float64)
    check_finite(true, "y_true")
    check_finite(predicted, "y_pred")
    left = np.sum(weights * (true - predicted) ** 2)
    spread = np.sum(weights * (true - np.average(true, weights=weights)) ** 2)
    if spread == 0:
        return float(left == 0)
    return float(1 - left / spread)


def _same_length(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[Any], ...]:
    one, two = np.asarray(first), np.asarray(second)
    if one.ndim != 1 or two.ndim == 0 or len(one) != len(two):
        raise ValueError(
            "Expected as many predictions as true labels, in a 1d array, but their "
            f"shapes are {two.shape} and {one.shape}."
        )
    if len(one) == 0:
        raise ValueError("A score needs at least one row, but both inputs are empty.")
    return one, two


def _codes(values: NDArray[Any], classes: NDArray[Any]) -> Integers:
    order = np.argsort(classes)
    places = np.searchsorted(classes, values, sorter=order).clip(max=len(classes) - 1)
    codes: Integers = order[places]
    unknown = classes[codes] != values
    if unknown.any():
        raise ValueError(
            f"Found the label {values[unknown][0]!r}, which is not among the classes "
            f"{classes.tolist()}."
        )
    return codes


def _outcomes(true: NDArray[Any]) -> Floats:
    if not np.isin(true, [0, 1]).all():
        wrong = true[~np.isin(true, [0, 1])][0]
        raise ValueError(f"Outcomes must be 0 or 1, but {wrong!r} is among them.")
    return true.astype(np.float64)


def _probability_table(proba: NDArray[Any], tolerance: float = 1e-6) -> Floats:
    """Return probabilities as (n, k); one column becomes two."""
    table = np.asarray(proba, dtype=np.float64)
    check_finite(table, "y_proba")
    if table.min() < 0 or table.max() > 1:
        raise ValueError(
            "Probabilities must lie between 0 and 1, but they run from "
            f"{table.min()} to {table.max()}: were logits passed?"
        )
    if table.ndim == 1:
        return np.column_stack([1 - table, table])
    off = np.abs(table.sum(axis=1) - 1)
    if off.max() > tolerance:
        row = int(off.argmax())
        raise ValueError(
            "The probabilities of a row must sum to one, but those of row "
            f"{row} sum to {table[row].sum()}."
        )
    return table
