"""Intervals that keep their promise whatever the model.

A forecast on rows that the model has not seen is off by some amount. If the next row
is like them, its error is equally likely to have any rank among theirs; so a quantile
of the errors, counted right, bounds it as often as promised. That holds for any model
and any distribution. Where the world drifts it does not, and the level is steered.
"""

from __future__ import annotations

from bisect import insort
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_finite
from ml_from_scratch.forecast.series import check_count


class PredictionIntervals(NamedTuple):
    """One interval a forecast.

    Parameters
    ----------
    low, high
        The ends, each of shape (m,).

    Notes
    -----
    Taught in: domains/backtesting.

    Examples
    --------
    >>> PredictionIntervals(np.array([1.0]), np.array([2.0])).high
    array([2.])
    """

    low: Floats
    high: Floats


def conformal_quantile(scores: ArrayLike, *, confidence: float = 0.95) -> float:
    """Return the bound that one more score stays below as often as promised.

    Parameters
    ----------
    scores : array-like of shape (n,)
        How wrong a model was on n rows that it did not learn from.
    confidence : float, default 0.95
        How often the bound shall hold.

    Returns
    -------
    float
        The ceil((n + 1) * confidence)-th smallest score; infinite where n is too
        small for that: 19 scores are needed for 95 %.

    Raises
    ------
    ValueError
        If there is no score, one is not finite, or `confidence` is not from 0 to 1.

    Notes
    -----
    O(n). The bound holds with a probability from `confidence` to `confidence` +
    1 / (n + 1), if scores have no ties.

    Taught in: domains/backtesting.

    References
    ----------
    Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, section
    4.2. Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), "Distribution-free
    predictive inference for regression", Journal of the American Statistical
    Association 113, section 2.2.

    Examples
    --------
    >>> conformal_quantile([3.0, 1.0, 2.0, 4.0], confidence=0.8)
    4.0
    >>> conformal_quantile([3.0, 1.0, 2.0], confidence=0.8)
    inf
    """
    values = _column(scores, "scores")
    return _ranked(np.sort(values).tolist(), _confidence(confidence))


def _ranked(ascending: list[float], confidence: float) -> float:
    # The tiny share keeps 0.95 * 20 at 19, whatever the last binary digit says.
    rank = ceil((len(ascending) + 1) * confidence - 1e-9)
    if rank > len(ascending):
        return np.inf
    return ascending[rank - 1] if rank >= 1 else -np.inf


def split_conformal(
    y_calibration: ArrayLike,
    predicted_calibration: ArrayLike,
    predicted: ArrayLike,
    *,
    confidence: float = 0.95,
) -> PredictionIntervals:
    """Return intervals of one width around predictions.

    Parameters
    ----------
    y_calibration, predicted_calibration : array-like of shape (n,)
        Truth and prediction on rows that the model did not learn from.
    predicted : array-like of shape (m,)
        Predictions that need an interval.
    confidence : float, default 0.95
        How often an interval shall hold the truth.

    Returns
    -------
    PredictionIntervals
        Predictions less and plus the conformal quantile of the absolute errors.

    Raises
    ------
    ValueError
        If shapes do not match or values are not finite.

    Notes
    -----
    O(n log n + m). The promise is for the average row, not for each kind of row: it
    can be kept by being far too wide here and too narrow there.

    Taught in: domains/backtesting.

    References
    ----------
    Lei et al. (2018), as for `conformal_quantile`.

    Examples
    --------
    >>> found = split_conformal([1, 2, 3, 4], [2, 2, 2, 2], [10.0], confidence=0.8)
    >>> found.low, found.high
    (array([8.]), array([12.]))
    """
    true = _column(y_calibration, "y_calibration")
    guess = _column(predicted_calibration, "predicted_calibration", len(true))
    centre = _column(predicted, "predicted")
    width = conformal_quantile(np.abs(true - guess), confidence=confidence)
    return PredictionIntervals(centre - width, centre + width)


def conformal_quantile_regression(
    y_calibration: ArrayLike,
    calibration: tuple[ArrayLike, ArrayLike],
    predicted: tuple[ArrayLike, ArrayLike],
    *,
    confidence: float = 0.95,
) -> PredictionIntervals:
    """Widen or narrow predicted quantiles until they hold what they promise.

    The quantiles say where the truth is hard to know, and the correction makes the
    promise good: intervals may differ in width and still hold as often as promised.

    Parameters
    ----------
    y_calibration : array-like of shape (n,)
        Truth on rows that the model did not learn from.
    calibration : pair of array-like of shape (n,)
        Lower and upper quantile predicted for those rows.
    predicted : pair of array-like of shape (m,)
        The same for the rows that need an interval.
    confidence : float, default 0.95
        How often an interval shall hold the truth.

    Returns
    -------
    PredictionIntervals
        Quantiles moved apart by one number, or together if it is negative.

    Raises
    ------
    ValueError
        If shapes do not match or values are not finite.

    Notes
    -----
    O(n log n + m). Ends can cross where quantiles were too far apart by more than
    their distance: an empty interval.

    Taught in: domains/backtesting.

    References
    ----------
    Romano, Patterson and Candès (2019), "Conformalized quantile regression", NeurIPS.

    Examples
    --------
    >>> found = conformal_quantile_regression(
    ...     [1, 2, 3, 4], ([0, 0, 0, 0], [2, 2, 2, 2]), ([10.0], [20.0]), confidence=0.8
    ... )
    >>> found.low, found.high
    (array([8.]), array([22.]))
    """
    true = _column(y_calibration, "y_calibration")
    lower = _column(calibration[0], "The lower calibration quantile", len(true))
    upper = _column(calibration[1], "The upper calibration quantile", len(true))
    low = _column(predicted[0], "The lower predicted quantile")
    high = _column(predicted[1], "The upper predicted quantile", len(low))
    outside = np.maximum(lower - true, true - upper)  # below 0 where it is inside
    shift = conformal_quantile(outside, confidence=confidence)
    return PredictionIntervals(low - shift, high + shift)


class AdaptiveIntervals(NamedTuple):
    """Intervals of a stream, whose level was steered.

    Parameters
    ----------
    low, high
        The ends at each time, shape (n,): infinite while too little was seen or the
        level is at its end, and low above high where the level calls for nothing.
    levels
        The level that each interval was made for.

    Notes
    -----
    Taught in: domains/backtesting.

    Examples
    --------
    >>> adaptive_conformal([1.0, 2.0], [1.0, 1.0]).levels.shape
    (2,)
    """

    low: Floats
    high: Floats
    levels: Floats


def adaptive_conformal(
    y: ArrayLike,
    predicted: ArrayLike,
    *,
    confidence: float = 0.95,
    rate: float = 0.02,
    window: int | None = None,
) -> AdaptiveIntervals:
    """Return an interval for each value of a stream, wider after every miss.

    After a miss the level rises by rate * confidence, after a hit it falls by
    rate * (1 - confidence). Whatever the stream does, these balance only where the
    share of hits is right.

    Parameters
    ----------
    y, predicted : array-like of shape (n,)
        Values in the order of time, and the forecast made of each before it came.
    confidence : float, default 0.95
        Share of intervals that shall hold the truth in the long run.
    rate : float, default 0.02
        How fast the level moves: 0 is plain split conformal.
    window : int, optional
        Take the quantile of the last so many errors; of all by default.

    Returns
    -------
    AdaptiveIntervals
        Ends and levels. The interval for time t knows nothing of y[t] or later.

    Raises
    ------
    ValueError
        If shapes do not match, values are not finite, or an argument is out of its
        range.

    Notes
    -----
    O(n^2) in the worst case but with a tiny constant: errors are kept sorted. The
    share of hits is off by at most (1 + rate) / (rate * n), for every stream.

    Taught in: domains/backtesting.

    References
    ----------
    Gibbs and Candès (2021), "Adaptive conformal inference under distribution shift",
    NeurIPS, proposition 4.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=2000) * np.linspace(1, 5, 2000)  # ever more noise
    >>> found = adaptive_conformal(y, np.zeros(2000), confidence=0.9)
    >>> hit = (found.low <= y) & (y <= found.high)
    >>> round(float(hit.mean()), 1)
    0.9
    """
    true = _column(y, "y")
    centre = _column(predicted, "predicted", len(true))
    target = _confidence(confidence)
    if not 0 <= rate < np.inf:
        raise ValueError(f"rate is {rate}; expected a finite number, 0 or more.")
    longest = len(true) if window is None else check_count(window, "window")
    scores = np.abs(true - centre).tolist()
    levels, widths = np.empty(len(true)), np.empty(len(true))
    level, seen = target, list[float]()
    for t, score in enumerate(scores):
        levels[t], widths[t] = level, _steered(seen, level)
        missed = score > widths[t]
        level += rate * (target if missed else target - 1)
        insort(seen, score)
        if len(seen) > longest:
            seen.remove(scores[t - longest])
    return AdaptiveIntervals(centre - widths, centre + widths, levels)


def _steered(ascending: list[float], level: float) -> float:
    """Return the width for a level that may have been steered beyond 0 or 1."""
    if level >= 1:
        return np.inf
    return _ranked(ascending, level) if level > 0 else -np.inf


def _confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected between 0 and 1.")
    return float(confidence)


def _column(values: ArrayLike, name: str, length: int | None = None) -> Floats:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or len(column) == 0 or len(column) != (length or len(column)):
        wanted = "(n,), n above 0" if length is None else f"({length},)"
        raise ValueError(f"{name} has shape {column.shape}; expected {wanted}.")
    check_finite(column, name)
    return column
