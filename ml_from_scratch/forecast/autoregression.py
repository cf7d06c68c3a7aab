"""A series regressed on its own past.

Lags are features like any others, with one rule: what is forecast h steps ahead may
only use lags of h and more, since the rest is not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_is_fitted
from ml_from_scratch.forecast.series import check_count, check_series


class Lagged(NamedTuple):
    """A series as a table for any regression.

    Parameters
    ----------
    X
        One column a lag, shape (n - largest lag, k).
    y
        The value that each row leads to.
    times
        Its place in the series.

    Notes
    -----
    Taught in: domains/forecasting.

    Examples
    --------
    >>> make_lags([1.0, 2.0, 3.0], [1]).times
    array([1, 2])
    """

    X: Floats
    y: Floats
    times: Integers


def make_lags(
    y: ArrayLike | pd.Series[Any], lags: Sequence[int], *, horizon: int = 1
) -> Lagged:
    """Return past values as features, and the value that each row leads to.

    Parameters
    ----------
    y : array-like or pandas.Series of shape (n,)
        Values in the order of time.
    lags : sequence of int
        How far back to look, each `horizon` or more: column j of the row for time t
        holds y[t - lags[j]].
    horizon : int, default 1
        How many steps ahead the forecast will be made.

    Returns
    -------
    Lagged
        Features, targets and their times. The first rows, whose past is not known,
        are left out, not filled.

    Raises
    ------
    ValueError
        If a lag is shorter than the horizon (it would be the future), appears twice,
        or is longer than the series.

    Notes
    -----
    O(nk). Taught in: domains/forecasting.

    Examples
    --------
    >>> found = make_lags([1.0, 2.0, 3.0, 4.0], [1, 2])
    >>> found.X.tolist(), found.y.tolist()
    ([[2.0, 1.0], [3.0, 2.0]], [3.0, 4.0])
    """
    steps = [check_count(lag, "A lag") for lag in lags]
    if not steps or len(set(steps)) < len(steps):
        raise ValueError(f"lags is {list(lags)}; expected one or more, none twice.")
    if min(steps) < check_count(horizon, "horizon"):
        raise ValueError(
            f"Lag {min(steps)} is not known {horizon} steps ahead; expected lags of "
            f"{horizon} or more."
        )
    values = check_series(y, least=max(steps) + 1)
    times = np.arange(max(steps), len(values))
    return Lagged(values[times[:, None] - np.array(steps)], values[times], times)


@dataclass
class AutoRegression:
    """Forecast a weighted sum of past values, the weights by least squares.

    Parameters
    ----------
    lags : int or sequence of int, default 1
        Lags to use; a number p means 1 to p.

    Attributes
    ----------
    intercept_ : float
        Forecast where all lags are 0.
    coef_ : numpy.ndarray of shape (k,)
        One weight a lag.

    Notes
    -----
    O(n k^2). Several steps are forecast one after the other, from forecasts: errors
    add up. Where lags repeat each other the shortest solution is taken.

    Taught in: domains/forecasting.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd
    edition, section 9.3.

    Examples
    --------
    >>> model = AutoRegression([2]).fit([1.0, 5.0, 2.0, 6.0, 3.0, 7.0])
    >>> model.forecast(2).round(6)
    array([4., 8.])
    """

    lags: int | Sequence[int] = 1
    intercept_: float = field(init=False, repr=False)
    coef_: Floats = field(init=False, repr=False)
    past_: Floats = field(init=False, repr=False)

    def _steps(self) -> list[int]:
        if isinstance(self.lags, Sequence):
            return list(self.lags)
        return list(range(1, check_count(self.lags, "lags") + 1))

    def fit(self, y: ArrayLike | pd.Series[Any]) -> Self:
        """Solve for the weights.

        Parameters
        ----------
        y : array-like or pandas.Series of shape (n,)
            Values in the order of time, at least as many beyond the largest lag as
            there are weights.

        Returns
        -------
        AutoRegression
            Itself.

        Raises
        ------
        ValueError
            If the series is too short, is unsorted or has gaps, or a lag is wrong.
        """
        steps = self._steps()
        X, targets, _ = make_lags(y, steps)
        if len(targets) <= len(steps):
            raise ValueError(
                f"The series leaves {len(targets)} rows for {len(steps) + 1} weights; "
                "expected a longer series or fewer lags."
            )
        design = np.column_stack([np.ones(len(X)), X])
        weights = np.linalg.lstsq(design, targets, rcond=None)[0]
        self.intercept_, self.coef_ = float(weights[0]), np.asarray(weights[1:])
        self.past_ = check_series(y)[-max(steps) :]
        return self

    def forecast(self, horizon: int) -> Floats:
        """Return forecasts, each made from those before it.

        Parameters
        ----------
        horizon : int
            How many steps.

        Returns
        -------
        numpy.ndarray of shape (horizon,)
            One forecast a step.
        """
        check_is_fitted(self, "coef_")
        known = self.past_.tolist()
        weighted = list(zip(self._steps(), self.coef_.tolist(), strict=True))
        for _ in range(check_count(horizon, "horizon")):
            known.append(self.intercept_ + sum(w * known[-lag] for lag, w in weighted))
        return np.array(known[-horizon:])
