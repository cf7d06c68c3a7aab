"""How far off a forecast was, and how good an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_finite
from ml_from_scratch.forecast.series import check_count, check_series


def mase(
    y_true: ArrayLike, y_pred: ArrayLike, y_train: ArrayLike, *, period: int = 1
) -> float:
    """Return the mean absolute error in units of the naive forecast's.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came and what was forecast.
    y_train : array-like of shape (n,)
        The series that was learnt from, longer than a season.
    period : int, default 1
        Season of the naive forecast.

    Returns
    -------
    float
        Below 1 is better than repeating the season before, measured on `y_train`.

    Raises
    ------
    ValueError
        If shapes differ, values are not finite, or the naive forecast makes no error.

    Notes
    -----
    O(n). Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Koehler (2006), "Another look at measures of forecast accuracy",
    International Journal of Forecasting 22(4).

    Examples
    --------
    >>> mase([5.0, 7.0], [4.0, 4.0], [1.0, 2.0, 3.0])
    2.0
    """
    true, predicted = _same_shape(y_true=y_true, y_pred=y_pred)
    m = check_count(period, "period")
    train = check_series(y_train, least=m + 1)
    naive = float(np.abs(train[m:] - train[:-m]).mean())
    if naive == 0:
        raise ValueError(
            f"The naive forecast of period {m} makes no error on y_train; expected a "
            "series that varies."
        )
    return float(np.abs(true - predicted).mean()) / naive


def smape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the symmetric mean absolute percentage error.

    Parameters
    ----------
    y_true, y_pred : array-like of the same shape
        What came and what was forecast.

    Returns
    -------
    float
        Mean of 200 |y - f| / (|y| + |f|), in percent: from 0 to 200. Where both are
        0, nothing was wrong and the term is 0.

    Raises
    ------
    ValueError
        If shapes differ or values are not finite.

    Notes
    -----
    O(n). In spite of its name it punishes forecasts below the truth more than those
    as far above.

    Taught in: domains/forecasting.

    References
    ----------
    Makridakis and Hibon (2000), "The M3-Competition: results, conclusions and
    implications", International Journal of Forecasting 16(4).

    Examples
    --------
    >>> smape([100.0, 0.0], [300.0, 0.0])
    50.0
    """
    true, predicted = _same_shape(y_true=y_true, y_pred=y_pred)
    size = np.abs(true) + np.abs(predicted)
    gap = np.abs(true - predicted)
    return float(200 * np.mean(gap / np.where(size > 0, size, 1.0)))


def interval_coverage(y_true: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the share of values that lie in their interval, ends included.

    Parameters
    ----------
    y_true, low, high : array-like of the same shape
        What came, and the ends of the intervals.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or an end is NaN.

    Notes
    -----
    O(n). Taught in: domains/backtesting.

    Examples
    --------
    >>> interval_coverage([1.0, 5.0], [0.0, 0.0], [2.0, 4.0])
    0.5
    """
    true, lower, upper = _intervals(y_true, low, high)
    return float(np.mean((lower <= true) & (true <= upper)))


def interval_width(low: ArrayLike, high: ArrayLike) -> float:
    """Return the mean width of intervals; an empty one has none.

    Parameters
    ----------
    low, high : array-like of the same shape
        The ends.

    Returns
    -------
    float
        In the units of the series.

    Raises
    ------
    ValueError
        If shapes differ or an end is NaN.

    Notes
    -----
    O(n). Taught in: domains/backtesting.

    Examples
    --------
    >>> interval_width([0.0, 0.0], [2.0, 4.0])
    3.0
    """
    lower, upper = _same_shape(ends=True, low=low, high=high)
    return float(np.mean(_width(lower, upper)))


def winkler_score(
    y_true: ArrayLike, low: ArrayLike, high: ArrayLike, *, confidence: float = 0.95
) -> float:
    """Return the mean width of intervals, plus a fine for every value they miss.

    Parameters
    ----------
    y_true, low, high : array-like of the same shape
        What came, and the ends of the intervals.
    confidence : float, default 0.95
        What the intervals promise.

    Returns
    -------
    float
        Smaller is better. The fine is 2 / (1 - confidence) times the distance to the
        interval, with which the true quantiles have the smallest score of all.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, an end is NaN or below the other.

    Notes
    -----
    O(n). Taught in: domains/backtesting.

    References
    ----------
    Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and
    estimation", Journal of the American Statistical Association 102, section 6.2.

    Examples
    --------
    >>> winkler_score([1.0, 5.0], [0.0, 0.0], [2.0, 4.0], confidence=0.8)
    8.0
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected between 0 and 1.")
    true, lower, upper = _intervals(y_true, low, high)
    if (lower > upper).any():
        raise ValueError("A low end lies above its high end; expected low <= high.")
    missed = np.maximum(lower - true, 0) + np.maximum(true - upper, 0)
    return float(np.mean(_width(lower, upper) + 2 / (1 - confidence) * missed))


def _width(low: Floats, high: Floats) -> Floats:
    return np.where(high > low, high, 0.0) - np.where(high > low, low, 0.0)


def _intervals(
    y_true: ArrayLike, low: ArrayLike, high: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    true, lower, upper = _same_shape(ends=True, y_true=y_true, low=low, high=high)
    check_finite(true, "y_true")
    return true, lower, upper


def _same_shape(ends: bool = False, **arrays: ArrayLike) -> tuple[Floats, ...]:
    """Return arrays of one shape; only ends of intervals may be infinite."""
    floats = {name: np.asarray(a, dtype=np.float64) for name, a in arrays.items()}
    shapes = {name: array.shape for name, array in floats.items()}
    if len(set(shapes.values())) > 1 or 0 in next(iter(shapes.values())):
        raise ValueError(f"The shapes are {shapes}; expected equal ones, not empty.")
    for name, array in floats.items():
        check_finite(np.where(np.isinf(array), 0.0, array) if ends else array, name)
    return tuple(floats.values())
