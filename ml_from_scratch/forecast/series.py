"""What a series must be: numbers in the order of time, none twice, none left out."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_finite


def check_series(y: ArrayLike | pd.Series[Any], *, least: int = 1) -> Floats:
    """Return a series as finite floats, or say what is wrong with it.

    Parameters
    ----------
    y : array-like or pandas.Series of shape (n,)
        Values in the order of time. The index of a pandas.Series is read as time
        stamps and must increase in even steps: whole numbers, dates or periods.
    least : int, default 1
        How many values are needed.

    Returns
    -------
    numpy.ndarray of shape (n,)
        The values as float64.

    Raises
    ------
    ValueError
        If there are too few values, one is missing, or the time stamps are unsorted,
        duplicated or have gaps.

    Notes
    -----
    O(n). Taught in: domains/forecasting.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-04"])
    >>> check_series(pd.Series([1.0, 2.0, 3.0], index=days))
    Traceback (most recent call last):
    ValueError: After 2026-01-02 00:00:00 comes 2026-01-04 00:00:00: expected even \
steps of 1 days 00:00:00. Insert the missing times first.
    """
    if isinstance(y, pd.Series):
        _check_times(y.index)
        y = y.to_numpy()
    values = np.asarray(y)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"The series holds {values.dtype}; expected numbers.")
    if values.ndim != 1 or len(values) < least:
        raise ValueError(
            f"The series has shape {values.shape}; expected (n,), n at least {least}."
        )
    floats = values.astype(np.float64)
    check_finite(floats, "series")
    return floats


def _check_times(index: pd.Index[Any]) -> None:
    if index.has_duplicates:
        twice = index[index.duplicated()][0]
        raise ValueError(f"The time {twice} stands twice; expected each once.")
    if not index.is_monotonic_increasing:
        after = int(np.argmax(index[1:] < index[:-1]))
        raise ValueError(
            f"After {index[after]} comes {index[after + 1]}: expected increasing "
            "times. Sort the series first."
        )
    if isinstance(index, pd.PeriodIndex):
        _check_steps(index, np.diff(index.astype("int64").to_numpy()))
    elif isinstance(index, pd.DatetimeIndex):
        if len(index) < 3 or pd.infer_freq(index) is None:  # months differ in length
            _check_steps(index, np.diff(index.to_numpy()))
    elif index.dtype.kind in "iuf":
        _check_steps(index, np.diff(index.to_numpy()))


def _check_steps(index: pd.Index[Any], steps: Any) -> None:
    if len(steps) == 0 or (steps == steps[0]).all():
        return
    usual = pd.Series(steps).mode()[0]
    gap = int(np.argmax(steps != usual))
    raise ValueError(
        f"After {index[gap]} comes {index[gap + 1]}: expected even steps of {usual}. "
        "Insert the missing times first."
    )


def check_count(value: int, name: str, *, least: int = 1) -> int:
    """Return a whole number that is large enough, or say what it should be.

    Parameters
    ----------
    value : int
        The number.
    name : str
        What to call it in the message.
    least : int, default 1
        The smallest that will do.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ValueError
        If it is no whole number or too small.

    Notes
    -----
    Taught in: domains/forecasting.

    Examples
    --------
    >>> check_count(3, "horizon")
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is {value!r}; expected an integer, {least} or more.")
    return int(value)
