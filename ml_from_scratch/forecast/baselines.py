"""Forecasts that take no thought: the floor that every other must beat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_is_fitted
from ml_from_scratch.forecast.series import check_count, check_series


class Forecaster(Protocol):
    """What everything in this package that forecasts can do.

    Notes
    -----
    Taught in: domains/forecasting.

    Examples
    --------
    >>> model: Forecaster = MeanForecast()
    >>> model.fit([1.0, 3.0]).forecast(1).tolist()
    [2.0]
    """

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Learn from a series.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time.

        Returns
        -------
        Forecaster
            Itself.
        """

    def forecast(self, horizon: int) -> Floats:
        """Return what comes next.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            One forecast a step.
        """


@dataclass
class MeanForecast:
    """Forecast the mean of what was seen, or of its last part.

    Parameters
    ----------
    window : int, optional
        How many of the last values count; all by default.

    Attributes
    ----------
    mean_ : float
        What is forecast.

    Notes
    -----
    O(n). Taught in: domains/forecasting.

    Examples
    --------
    >>> MeanForecast(window=2).fit([9.0, 1.0, 3.0]).forecast(2)
    array([2., 2.])
    """

    window: int | None = None
    mean_: float = field(init=False, repr=False)

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Take the mean.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time; n at least `window`.

        Returns
        -------
        MeanForecast
            Itself.
        """
        window = 1 if self.window is None else check_count(self.window, "window")
        values = check_series(y, least=window)
        self.mean_ = float(values[-window if self.window else 0 :].mean())
        return self

    def forecast(self, horizon: int) -> Floats:
        """Return the mean at every step.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            The same number each time.
        """
        check_is_fitted(self, "mean_")
        return np.full(check_count(horizon, "horizon"), self.mean_)


@dataclass
class SeasonalNaive:
    """Forecast what was seen one season ago; with a period of 1, the last value.

    Parameters
    ----------
    period : int, default 1
        Steps in a season: 7 for days and weeks, 12 for months and years.

    Attributes
    ----------
    last_ : numpy.ndarray of shape (period,)
        The last season.

    Notes
    -----
    O(period). Hard to beat where seasons are strong.

    Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd
    edition, section 5.2.

    Examples
    --------
    >>> SeasonalNaive(3).fit([0.0, 1.0, 2.0, 3.0]).forecast(5)
    array([1., 2., 3., 1., 2.])
    """

    period: int = 1
    last_: Floats = field(init=False, repr=False)

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Keep the last season.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time; at least one season.

        Returns
        -------
        SeasonalNaive
            Itself.
        """
        period = check_count(self.period, "period")
        self.last_ = check_series(y, least=period)[-period:]
        return self

    def forecast(self, horizon: int) -> Floats:
        """Return the last season again and again.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            One forecast a step.
        """
        check_is_fitted(self, "last_")
        return np.resize(self.last_, check_count(horizon, "horizon"))


@dataclass
class DriftForecast:
    """Extend the line from the first value through the last.

    Attributes
    ----------
    last_ : float
        The last value.
    slope_ : float
        Mean change from step to step.

    Notes
    -----
    O(1). Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), as for `SeasonalNaive`, section 5.2.

    Examples
    --------
    >>> DriftForecast().fit([1.0, 7.0, 5.0]).forecast(2)
    array([7., 9.])
    """

    last_: float = field(init=False, repr=False)
    slope_: float = field(init=False, repr=False)

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Draw the line.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time; two or more.

        Returns
        -------
        DriftForecast
            Itself.
        """
        values = check_series(y, least=2)
        self.last_ = float(values[-1])
        self.slope_ = float((values[-1] - values[0]) / (len(values) - 1))
        return self

    def forecast(self, horizon: int) -> Floats:
        """Return points on the line.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            One forecast a step.
        """
        check_is_fitted(self, "last_")
        steps = np.arange(1, check_count(horizon, "horizon") + 1)
        return np.asarray(self.last_ + self.slope_ * steps)
