"""Exponential smoothing: a level, a trend and a season, each nudged by every surprise.

One recursion serves all of them. What is left out has a weight of 0 and never moves: a
plain smoother is Holt-Winters' without trend and season.

Smoothing weights and the states to start from are found by L-BFGS-B on the sum of
squared one-step errors. Its gradient comes from running the recursion backwards
(backpropagation through time): all derivatives together, up to a dozen or more, for
the price of about two more runs, where measuring them would take a run for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize

from ml_from_scratch.base import Floats, check_is_fitted
from ml_from_scratch.forecast.series import check_count, check_series

Seasonal = Literal["additive", "multiplicative"]

_WEIGHTS = 4  # alpha, beta, gamma, phi come first in the vector of parameters
_DAMPING = (0.8, 0.98)  # below, the trend is gone at once; above, it is not damped
_SMALLEST_FACTOR = 0.01  # of a multiplicative season at the start
_HOPELESS = 1e100  # instead of infinity, which a line search cannot back away from


class Smoothing(NamedTuple):
    """How much each surprise changes the states.

    Parameters
    ----------
    alpha
        Of the level: 0 never changes it, 1 follows every value.
    beta
        Of the trend, in the changes of the level.
    gamma
        Of the season.
    phi
        How much of the trend is left after a step; 1 where it is not damped.

    Notes
    -----
    Taught in: domains/forecasting.

    Examples
    --------
    >>> Smoothing(0.5)
    Smoothing(alpha=0.5, beta=0.0, gamma=0.0, phi=1.0)
    """

    alpha: float
    beta: float = 0.0
    gamma: float = 0.0
    phi: float = 1.0


class InitialState(NamedTuple):
    """The states before the first value.

    Parameters
    ----------
    level, trend
        Two numbers.
    season
        One number a step of the season, that of the first value first.

    Notes
    -----
    Taught in: domains/forecasting.

    Examples
    --------
    >>> InitialState(10.0, 1.0).season
    (0.0,)
    """

    level: float
    trend: float = 0.0
    season: tuple[float, ...] = (0.0,)


class _States(NamedTuple):
    """All states: entry t stands before value t, the last one after the last value."""

    level: list[float]
    trend: list[float]
    season: list[float]


def _run(
    y: list[float], w: Smoothing, start: InitialState, multiplicative: bool
) -> _States:
    """Go through the series once. Plain floats: arrays of one entry are far slower."""
    level, trend, season = [start.level], [start.trend], list(start.season)
    for t, value in enumerate(y):
        base, old = level[t] + w.phi * trend[t], season[t]
        if multiplicative:
            without_season, without_base = value / old, value / base
        else:
            without_season, without_base = value - old, value - base
        level.append(w.alpha * without_season + (1 - w.alpha) * base)
        rise = level[t + 1] - level[t]
        trend.append(w.beta * rise + (1 - w.beta) * w.phi * trend[t])
        season.append(w.gamma * without_base + (1 - w.gamma) * old)
    return _States(level, trend, season)


def _one_step_forecasts(states: _States, phi: float, multiplicative: bool) -> Floats:
    base = np.array(states.level[:-1]) + phi * np.array(states.trend[:-1])
    season = np.array(states.season[: len(base)])
    return np.asarray(base * season if multiplicative else base + season)


def _gradient(
    y: list[float], w: Smoothing, s: _States, errors: list[float], multiplicative: bool
) -> Floats:
    """Return the slope of the sum of squared errors in weights and start.

    Each line of `_run` is taken back in turn. A name such as d_level is the slope of
    the sum of squares in that state, as far as later steps depend on it.
    """
    n, period = len(y), len(s.season) - len(y)
    d_alpha = d_beta = d_gamma = d_phi = d_level = d_trend = 0.0
    d_season = [0.0] * (n + period)
    for t in reversed(range(n)):
        level, trend, old, value = s.level[t], s.trend[t], s.season[t], y[t]
        base, d_forecast = level + w.phi * trend, -2 * errors[t]
        # The line of `_run` that sets the next trend.
        d_beta += d_trend * (s.level[t + 1] - level - w.phi * trend)
        d_phi += d_trend * (1 - w.beta) * trend
        d_new = d_level + w.beta * d_trend
        d_level = -w.beta * d_trend
        d_trend = (1 - w.beta) * w.phi * d_trend
        # The lines that set the next level and the same step of the next season.
        d_base, d_old = (1 - w.alpha) * d_new, (1 - w.gamma) * d_season[t + period]
        d_without_season = w.alpha * d_new
        d_without_base = w.gamma * d_season[t + period]
        if multiplicative:  # the forecast was a product
            d_alpha += d_new * (value / old - base)
            d_gamma += d_season[t + period] * (value / base - old)
            d_base += d_forecast * old - d_without_base * value / base**2
            d_old += d_forecast * base - d_without_season * value / old**2
        else:  # a sum
            d_alpha += d_new * (value - old - base)
            d_gamma += d_season[t + period] * (value - base - old)
            d_base += d_forecast - d_without_base
            d_old += d_forecast - d_without_season
        # The line that sets the base.
        d_level += d_base
        d_trend += w.phi * d_base
        d_phi += trend * d_base
        d_season[t] = d_old
    weights = [d_alpha, d_beta, d_gamma, d_phi]
    return np.array([*weights, d_level, d_trend, *d_season[:period]])


class _Parts(NamedTuple):
    """Which states there are."""

    trend: bool = False
    damped: bool = False
    seasonal: str | None = None
    period: int = 1

    @property
    def multiplicative(self) -> bool:
        return self.seasonal == "multiplicative"

    def free(self, weights_too: bool, start_too: bool) -> list[int]:
        """Return the places of what is to be found, in the vector of parameters."""
        weights = [True, self.trend, self.seasonal is not None, self.damped]
        states = [True, self.trend] + [self.seasonal is not None] * self.period
        wanted = [w and weights_too for w in weights] + [
            s and start_too for s in states
        ]
        return [i for i, is_wanted in enumerate(wanted) if is_wanted]


@dataclass
class _Smoother:
    """What the three smoothers share: fitting and forecasting."""

    smoothing: Smoothing | None = field(default=None, kw_only=True)
    start: InitialState | None = field(default=None, kw_only=True)
    smoothing_: Smoothing = field(init=False, repr=False)
    start_: InitialState = field(init=False, repr=False)
    level_: Floats = field(init=False, repr=False)
    trend_: Floats = field(init=False, repr=False)
    season_: Floats = field(init=False, repr=False)
    fitted_: Floats = field(init=False, repr=False)
    sse_: float = field(init=False, repr=False)

    # What a smoother has; the three classes below say otherwise where they do.
    def _parts(self) -> _Parts:
        return _Parts()

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Find weights and start that forecast one step ahead best.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time: two seasons or more, or three values where
            there is no season; above 0 for multiplicative seasons.

        Returns
        -------
        forecaster
            Itself.

        Raises
        ------
        ValueError
            If the series is too short, is unsorted or has gaps, holds a value that is
            not finite, or a hyperparameter is out of its range.
        """
        parts = self._parts()
        values = check_series(y, least=max(3, 2 * parts.period))
        if parts.multiplicative and values.min() <= 0:
            raise ValueError(
                f"The series holds {values.min():g}; multiplicative seasons need "
                "values above 0."
            )
        _check_fixed(parts, self.smoothing, self.start)
        self.smoothing_, self.start_ = _best(values, parts, self.smoothing, self.start)
        weights = self.smoothing_
        states = _run(values.tolist(), weights, self.start_, parts.multiplicative)
        self.level_, self.trend_ = (
            np.array(states.level[1:]),
            np.array(states.trend[1:]),
        )
        self.season_ = np.array(states.season[parts.period :])
        self.fitted_ = _one_step_forecasts(states, weights.phi, parts.multiplicative)
        self.sse_ = float(np.sum((values - self.fitted_) ** 2))
        return self

    def forecast(self, horizon: int) -> Floats:
        """Extend level and trend, and repeat the last season.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            One forecast a step.
        """
        check_is_fitted(self, "level_")
        parts, steps = self._parts(), check_count(horizon, "horizon")
        # a damped trend goes on for phi + phi^2 + ... steps
        reach = np.cumsum(self.smoothing_.phi ** np.arange(1, steps + 1))
        base = self.level_[-1] + reach * self.trend_[-1]
        season = np.resize(self.season_[-parts.period :], steps)
        return np.asarray(base * season if parts.multiplicative else base + season)


@dataclass
class SimpleExpSmoothing(_Smoother):
    """Forecast a level that follows the series at a distance.

    Parameters
    ----------
    smoothing : Smoothing, optional
        Weights to use; found by default.
    start : InitialState, optional
        States to start from; found by default.

    Attributes
    ----------
    smoothing_ : Smoothing
        The weights.
    start_ : InitialState
        The states before the first value.
    level_, trend_, season_ : numpy.ndarray of shape (n,)
        The states after each value.
    fitted_ : numpy.ndarray of shape (n,)
        The forecast of each value from those before it.
    sse_ : float
        Sum of squares of what they missed by.

    Notes
    -----
    O(n) a step of L-BFGS-B, some twenty of them.

    Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd
    edition, section 8.1.

    Examples
    --------
    >>> model = SimpleExpSmoothing(smoothing=Smoothing(0.5), start=InitialState(4.0))
    >>> model.fit([4.0, 6.0, 8.0]).forecast(2)
    array([6.5, 6.5])
    """


@dataclass
class Holt(_Smoother):
    """Forecast a level and a trend.

    Parameters
    ----------
    damped : bool, default False
        Whether the trend fades as the forecast goes on, which is usually better.
    smoothing : Smoothing, optional
        Weights to use; found by default.
    start : InitialState, optional
        States to start from; found by default.

    Attributes
    ----------
    smoothing_ : Smoothing
        The weights.
    start_ : InitialState
        The states before the first value.
    level_, trend_, season_ : numpy.ndarray of shape (n,)
        The states after each value.
    fitted_ : numpy.ndarray of shape (n,)
        The forecast of each value from those before it.
    sse_ : float
        Sum of squares of what they missed by.

    Notes
    -----
    As for `SimpleExpSmoothing`. Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), as for `SimpleExpSmoothing`, section 8.2.

    Examples
    --------
    >>> weights = Smoothing(0.5, beta=0.5)
    >>> model = Holt(smoothing=weights, start=InitialState(1.0, 2.0))
    >>> model.fit([3.0, 5.0, 7.0]).forecast(2)
    array([ 9., 11.])
    """

    damped: bool = False

    def _parts(self) -> _Parts:
        return _Parts(trend=True, damped=bool(self.damped))


@dataclass
class HoltWinters(_Smoother):
    """Forecast a level, a trend and a season.

    Parameters
    ----------
    period : int
        Steps in a season, 2 or more.
    seasonal : {"additive", "multiplicative"}, default "additive"
        Whether the season is added to the level or multiplied with it. Multiplicative
        seasons swing wider as the level rises.
    trend : bool, default True
        Whether there is a trend.
    damped : bool, default False
        Whether the trend fades as the forecast goes on.
    smoothing : Smoothing, optional
        Weights to use; found by default.
    start : InitialState, optional
        States to start from; found by default.

    Attributes
    ----------
    smoothing_ : Smoothing
        The weights.
    start_ : InitialState
        The states before the first value.
    level_, trend_, season_ : numpy.ndarray of shape (n,)
        The states after each value.
    fitted_ : numpy.ndarray of shape (n,)
        The forecast of each value from those before it.
    sse_ : float
        Sum of squares of what they missed by.

    Notes
    -----
    O(n) a step of L-BFGS-B, from three starts, fifty to some hundred steps each. The
    sum of squares has several minima; this is the best of three, not always of all.

    Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), as for `SimpleExpSmoothing`, section 8.3.
    Winters (1960), "Forecasting sales by exponentially weighted moving averages",
    Management Science 6(3).

    Examples
    --------
    >>> y = [10.0, 20.0, 12.0, 22.0, 14.0, 24.0]
    >>> HoltWinters(2).fit(y).forecast(3).round(2)
    array([16., 26., 18.])
    """

    period: int
    seasonal: Seasonal = "additive"
    trend: bool = True
    damped: bool = False

    def _parts(self) -> _Parts:
        period = check_count(self.period, "period", least=2)
        if self.seasonal not in ("additive", "multiplicative"):
            raise ValueError(
                f"seasonal is {self.seasonal!r}; expected 'additive' or "
                "'multiplicative'."
            )
        if self.damped and not self.trend:
            raise ValueError("damped is True without a trend; expected a trend.")
        return _Parts(bool(self.trend), bool(self.damped), self.seasonal, period)


# ------------------------------------------------------------------------- finding


def _best(
    y: Floats, parts: _Parts, smoothing: Smoothing | None, start: InitialState | None
) -> tuple[Smoothing, InitialState]:
    """Return the weights and the start with the smallest sum of squared errors."""
    free = parts.free(smoothing is None, start is None)
    # Numbers near 1 suit the optimiser: shift and scale, and undo it at the end.
    shift = 0.0 if parts.multiplicative else float(y.mean())
    scale = float(y.mean() if parts.multiplicative else y.std()) or 1.0
    objective = _Objective((y - shift) / scale, parts, free)
    season_scale = 1.0 if parts.multiplicative else scale
    begin = start or _rough_start(y, parts)
    states = [
        (begin.level - shift) / scale,
        begin.trend / scale,
        *np.array(begin.season) / season_scale,
    ]
    weights = [smoothing] if smoothing else _candidates(parts)
    guesses = [objective.packed(w, states) for w in weights]
    found = objective.minimise(guesses)
    best, level, trend = objective.weights(found), *found[_WEIGHTS : _WEIGHTS + 2]
    season = found[_WEIGHTS + 2 :] * season_scale
    if start is None:
        level, trend = level * scale + shift, trend * scale
        start = InitialState(float(level), float(trend), tuple(season.tolist()))
    return (best if smoothing is None else smoothing), start


def _rough_start(y: Floats, parts: _Parts) -> InitialState:
    """Take level and trend from the first two seasons, the season from all."""
    m = parts.period
    if parts.seasonal is None:  # a line through the first ten values
        first = y[:10]
        rise, level = np.polyfit(np.arange(1, len(first) + 1), first, 1).tolist()
        return (
            InitialState(level, rise)
            if parts.trend
            else InitialState(float(first.mean()))
        )
    seasons = y[: len(y) // m * m].reshape(-1, m)
    means = seasons.mean(axis=1, keepdims=True)
    rise = float(means[1, 0] - means[0, 0]) / m if parts.trend else 0.0
    level = float(means[0, 0]) - rise * (m + 1) / 2
    if parts.multiplicative:
        level, shape = max(level, float(means[0, 0]) / 10), seasons / means
    else:
        shape = seasons - means
    return InitialState(level, rise, tuple(shape.mean(axis=0).tolist()))


def _candidates(parts: _Parts) -> list[Smoothing]:
    """Return weights that are worth starting from: slow to quick."""
    phi = 0.95 if parts.damped else 1.0
    betas = (0.01, 0.2, 0.9) if parts.trend else (0.0,)
    shares = (0.05, 0.4) if parts.seasonal else (0.0,)
    grid = product((0.01, 0.1, 0.4, 0.9), betas, shares)
    return [Smoothing(a, beta, share * (1 - a), phi) for a, beta, share in grid]


class _Objective:
    """The sum of squared one-step errors as a function of one vector.

    The vector holds alpha, beta, gamma / (1 - alpha), phi, level, trend and season;
    of these only those at the places `free` are moved. Dividing gamma keeps it where
    the recursion forgets its start.
    """

    def __init__(self, y: Floats, parts: _Parts, free: list[int]) -> None:
        self.y, self.parts, self.free = y.tolist(), parts, free
        self.unit = float(len(y) * y.var()) or 1.0  # what a mean would leave

    def packed(self, w: Smoothing, states: list[float]) -> Floats:
        share = w.gamma / (1 - w.alpha) if w.alpha < 1 else 0.0
        return np.array([w.alpha, w.beta, share, w.phi, *states])

    def weights(self, theta: Floats) -> Smoothing:
        alpha, beta, share, phi = theta[:_WEIGHTS].tolist()
        return Smoothing(alpha, beta, share * (1 - alpha), phi)

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the sum of squares and its slope, as shares of what a mean leaves."""
        w, y, multiplicative = self.weights(theta), self.y, self.parts.multiplicative
        level, trend, *season = theta[_WEIGHTS:].tolist()
        try:
            states = _run(
                y, w, InitialState(level, trend, tuple(season)), multiplicative
            )
            errors = np.array(y) - _one_step_forecasts(states, w.phi, multiplicative)
            value = float(errors @ errors) / self.unit
            slope = _gradient(y, w, states, errors.tolist(), multiplicative) / self.unit
        except (ZeroDivisionError, OverflowError):
            return _HOPELESS, np.zeros_like(theta)
        if not (value < _HOPELESS and np.isfinite(slope).all()):
            return _HOPELESS, np.zeros_like(theta)
        slope[0] -= theta[2] * slope[2]  # gamma = share * (1 - alpha)
        slope[2] *= 1 - theta[0]
        return value, slope

    def minimise(self, guesses: list[Floats]) -> Floats:
        """Walk down from the best guess of each beta; return the lowest end."""
        with np.errstate(over="ignore", invalid="ignore"):
            height = {id(g): self.value_and_gradient(g)[0] for g in guesses}
            best: dict[float, Floats] = {}
            for guess in sorted(guesses, key=lambda g: height[id(g)]):
                best.setdefault(float(guess[1]), guess)
            ends = [self._descend(g) if self.free else g for g in best.values()]
        return min(ends, key=lambda end: self.value_and_gradient(end)[0])

    def _descend(self, guess: Floats) -> Floats:
        theta = guess.copy()

        def objective(free: Floats) -> tuple[float, Floats]:
            theta[self.free] = free
            value, slope = self.value_and_gradient(theta)
            return value, slope[self.free]

        season = (_SMALLEST_FACTOR, None) if self.parts.multiplicative else (None, None)
        bounds: list[tuple[float | None, float | None]] = [(0, 1)] * 3 + [_DAMPING]
        bounds += [(None, None)] * 2 + [season] * self.parts.period
        result = optimize.minimize(
            objective,
            theta[self.free],
            jac=True,
            method="L-BFGS-B",
            bounds=[bounds[i] for i in self.free],
            options={"maxiter": 500, "ftol": 1e-9, "gtol": 1e-7},
        )
        theta[self.free] = result.x
        return theta


def _check_fixed(
    parts: _Parts, smoothing: Smoothing | None, start: InitialState | None
) -> None:
    if smoothing is not None:
        outside = {k: v for k, v in smoothing._asdict().items() if not 0 <= v <= 1}
        if outside:
            raise ValueError(f"smoothing has {outside}; expected weights from 0 to 1.")
        unused = (not parts.trend and smoothing.beta) or (
            parts.seasonal is None and smoothing.gamma
        )
        if unused or (not parts.damped and smoothing.phi != 1):
            raise ValueError(
                f"smoothing is {smoothing}, with a weight for a state that this model "
                "does not have; expected 0 there (1 for phi)."
            )
    if start is not None and len(start.season) != parts.period:
        raise ValueError(
            f"start has {len(start.season)} seasonal states; expected {parts.period}."
        )
