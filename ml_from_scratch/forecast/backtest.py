"""Pretending to be in the past, again and again: the honest test of a forecaster."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.forecast.baselines import Forecaster
from ml_from_scratch.forecast.series import check_count, check_series


def rolling_origin(
    n: int,
    *,
    initial: int,
    horizon: int = 1,
    step: int = 1,
    window: int | None = None,
    gap: int = 0,
) -> Iterator[tuple[Integers, Integers]]:
    """Yield training and test rows, the test always after the training.

    Parameters
    ----------
    n : int
        Length of the series.
    initial : int
        Training rows of the first split.
    horizon : int, default 1
        Test rows of each split.
    step : int, default 1
        By how much the origin moves from split to split.
    window : int, optional
        Train on the last so many rows only (a sliding window); by default on all
        before the origin (an expanding one).
    gap : int, default 0
        Rows left out between training and test, such as days until data arrive.

    Yields
    ------
    train : numpy.ndarray of int
        Rows to learn from.
    test : numpy.ndarray of int
        Rows to forecast.

    Raises
    ------
    ValueError
        If an argument is out of its range or the series is too short for one split.

    Notes
    -----
    Taught in: domains/backtesting.

    References
    ----------
    Tashman (2000), "Out-of-sample tests of forecasting accuracy: an analysis and
    review", International Journal of Forecasting 16(4).

    Examples
    --------
    >>> for train, test in rolling_origin(6, initial=3, horizon=2, window=2):
    ...     print(train, test)
    [1 2] [3 4]
    [2 3] [4 5]
    """
    check_count(initial, "initial")
    check_count(horizon, "horizon")
    check_count(step, "step")
    check_count(gap, "gap", least=0)
    if window is not None and check_count(window, "window") > initial:
        raise ValueError(f"window is {window}; expected at most initial, {initial}.")
    if initial + gap + horizon > n:
        raise ValueError(
            f"A series of {n} is too short for {initial} rows to learn from, a gap of "
            f"{gap} and {horizon} to forecast."
        )
    rows = np.arange(n)
    for origin in range(initial, n - gap - horizon + 1, step):
        first = 0 if window is None else origin - window
        yield rows[first:origin], rows[origin + gap : origin + gap + horizon]


class BacktestResult(NamedTuple):
    """Forecasts made at many origins, and what came.

    Parameters
    ----------
    origins
        First row after each training set, shape (k,).
    forecasts, actual
        One line an origin, one column a step ahead, shape (k, horizon).

    Notes
    -----
    Taught in: domains/backtesting.

    Examples
    --------
    >>> found = BacktestResult(np.array([2]), np.array([[1.0]]), np.array([[3.0]]))
    >>> found.errors
    array([[2.]])
    """

    origins: Integers
    forecasts: Floats
    actual: Floats

    @property
    def errors(self) -> Floats:
        """What came less what was forecast, shape (k, horizon)."""
        return self.actual - self.forecasts


def backtest(
    forecaster: Forecaster,
    y: ArrayLike | pd.Series[Any],
    *,
    initial: int,
    horizon: int = 1,
    step: int = 1,
    window: int | None = None,
) -> BacktestResult:
    """Forecast from many origins, each time from what was known then.

    Parameters
    ----------
    forecaster : object with fit and forecast
        Copied for each origin, and left as it was.
    y : array-like or pandas.Series of shape (n,)
        Values in the order of time.
    initial, horizon, step, window
        As for `rolling_origin`.

    Returns
    -------
    BacktestResult
        Origins, forecasts and what came.

    Raises
    ------
    ValueError
        As for `rolling_origin`, or if a forecast is not `horizon` finite numbers.

    Notes
    -----
    One fit an origin. Taught in: domains/backtesting.

    Examples
    --------
    >>> from ml_from_scratch.forecast import SeasonalNaive
    >>> found = backtest(SeasonalNaive(1), [1.0, 2.0, 4.0, 7.0], initial=2)
    >>> found.errors.tolist()
    [[2.0], [3.0]]
    """
    values = check_series(y)
    splits = rolling_origin(
        len(values), initial=initial, horizon=horizon, step=step, window=window
    )
    origins, forecasts, actual = [], [], []
    for train, test in splits:
        fitted = copy.deepcopy(forecaster).fit(values[train])
        forecasts.append(_checked(fitted.forecast(horizon), horizon))
        origins.append(test[0])
        actual.append(values[test])
    return BacktestResult(np.array(origins), np.array(forecasts), np.array(actual))


def _checked(forecast: Floats, horizon: int) -> Floats:
    if np.shape(forecast) != (horizon,) or not np.isfinite(forecast).all():
        raise ValueError(
            f"The forecast is {forecast!r}; expected {horizon} finite numbers."
        )
    return forecast
