"""How far predicted numbers are from what happened.

Each score is a mean of one cost per row, so it is one line; what differs is which
number a forecaster who knows the distribution would say to keep that mean low: the
mean (squares), the median (absolute values), a quantile (pinball).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats
from ml_from_scratch.metrics.inputs import target_pair


def mean_absolute_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean distance between prediction and truth.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In the unit of the targets; lowest for predictions of the median.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> mean_absolute_error([1.0, 2.0, 3.0], [1.0, 2.0, 6.0])
    1.0
    """
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    return float(np.average(np.abs(true - predicted), weights=weights))


def mean_squared_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean squared distance between prediction and truth.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In the squared unit of the targets; lowest for predictions of the mean.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> mean_squared_error([1.0, 2.0, 3.0], [1.0, 2.0, 6.0])
    3.0
    """
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    return float(np.average((true - predicted) ** 2, weights=weights))


def root_mean_squared_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the root of the mean squared error, in the unit of the targets.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        At least the mean absolute error; the more so, the more a few rows dominate.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> root_mean_squared_error([0.0, 0.0], [3.0, -3.0])
    3.0
    """
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    distance = np.abs(true - predicted)
    largest = distance.max() or 1.0  # squares of huge numbers leave float64's range
    mean = np.average((distance / largest) ** 2, weights=weights)
    return float(largest * np.sqrt(mean))


def median_absolute_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the distance between prediction and truth that half of the rows exceed.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In the unit of the targets. The worst half of the rows can be as wrong as it
        likes: nothing moves.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    O(n log n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> median_absolute_error([1.0, 2.0, 3.0], [1.5, 2.0, 60.0])
    0.5
    """
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    return _weighted_median(np.abs(true - predicted), weights)


def _weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value with half of the weight on each side; if two, their mean."""
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    reached = np.cumsum(weights[order])
    half = reached[-1] / 2
    lower = np.searchsorted(reached, half)
    exactly = reached[lower] - half <= np.finfo(np.float64).eps * reached[-1]
    upper = min(lower + exactly, len(order) - 1)
    return float((values[order[lower]] + values[order[upper]]) / 2)


def mean_absolute_percentage_error(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean distance between prediction and truth, as a share of the truth.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        1.0 is 100 %. A truth of zero is taken as 2e-16, as scikit-learn does, which
        makes the score huge: then this is the wrong score.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or hold NaN or infinity.

    Notes
    -----
    A prediction of half the truth costs 50 %, one of twice the truth 100 %: the score
    prefers models that say too little.

    O(n). Taught in: classical/regression-metrics.

    Examples
    --------
    >>> mean_absolute_percentage_error([10.0, 100.0], [5.0, 200.0])
    0.75
    """
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    size = np.maximum(np.abs(true), np.finfo(np.float64).eps)
    return float(np.average(np.abs(true - predicted) / size, weights=weights))


def mean_pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alpha: float = 0.5,
) -> float:
    """Return the mean cost of quantiles: too low costs alpha, too high 1 - alpha.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True values and predicted quantiles.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    alpha : float, default 0.5
        Which quantile, between 0 and 1.

    Returns
    -------
    float
        In the unit of the targets; lowest for predictions of the alpha-quantile. At
        0.5 it is half the mean absolute error.

    Raises
    ------
    ValueError
        If `alpha` is outside 0 to 1, or the two differ in length, are empty, or hold
        NaN or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    References
    ----------
    Koenker and Bassett (1978), "Regression quantiles", Econometrica 46.

    Examples
    --------
    >>> round(mean_pinball_loss([10.0, 10.0], [8.0, 12.0], alpha=0.9), 2)
    1.0
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha!r}.")
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    missing = true - predicted
    losses = np.maximum(alpha * missing, (alpha - 1) * missing)
    return float(np.average(losses, weights=weights))


def mean_huber_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    delta: float = 1.0,
) -> float:
    """Return the mean of a cost that is a square near zero and straight further out.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted values.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    delta : float, default 1.0
        The distance at which the square, r^2 / 2, goes over into the line
        delta (r - delta / 2).

    Returns
    -------
    float
        At most half the mean squared error, and less the more rows are far off.

    Raises
    ------
    ValueError
        If `delta` is not above 0, or the two differ in length, are empty, or hold NaN
        or infinity.

    Notes
    -----
    O(n). Taught in: classical/regression-metrics.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter", Annals of Mathematical
    Statistics 35.

    Examples
    --------
    >>> mean_huber_loss([0.0, 0.0], [1.0, 5.0], delta=2.0)
    4.25
    """
    if not delta > 0:
        raise ValueError(f"delta must be a number above 0, got {delta!r}.")
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    distance = np.abs(true - predicted)
    near = np.minimum(distance, delta)
    losses = near * (distance - near / 2)
    return float(np.average(losses, weights=weights))


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
    true, predicted, weights = target_pair(y_true, y_pred, sample_weight)
    counted = true[weights > 0]
    spread = np.ptp(counted)
    if spread == 0:
        return float((counted == predicted[weights > 0]).all())
    mean = np.average(true, weights=weights)
    # In units of the spread: squares of tiny or huge numbers leave float64's range.
    left = np.sum(weights * ((true - predicted) / spread) ** 2)
    return float(1 - left / np.sum(weights * ((true - mean) / spread) ** 2))
