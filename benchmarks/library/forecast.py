"""Holt-Winters against statsmodels."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.forecast import (
    HoltWinters,
    InitialState,
    Smoothing,
    adaptive_conformal,
)


def _series(n: int) -> np.ndarray:
    rng, t = np.random.default_rng(0), np.arange(n)
    season = 1 + 0.2 * np.sin(2 * np.pi * t / 12)
    return (
        100 + 0.3 * t + rng.normal(scale=0.7, size=n).cumsum()
    ) * season + rng.normal(scale=2, size=n)


def _fit(seasonal: Any) -> tuple[Work, Work]:
    y = _series(144)

    def theirs() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ExponentialSmoothing(
                y, trend="add", seasonal=seasonal[:3], seasonal_periods=12
            )
            return float(model.fit().sse)

    return lambda: HoltWinters(12, seasonal=seasonal).fit(y).sse_, theirs


def _at_least_as_good(ours: float, theirs: float) -> None:
    assert ours <= theirs * 1.001


def _recursion(n: int) -> Work:
    y, weights = _series(n), Smoothing(0.3, 0.1, 0.2)
    start = InitialState(100.0, 0.3, (1.0,) * 12)  # nothing to be found: two runs
    return lambda: HoltWinters(12, smoothing=weights, start=start).fit(y)


def _stream(n: int) -> Work:
    y = np.random.default_rng(0).normal(size=n)
    return lambda: adaptive_conformal(y, np.zeros(n), confidence=0.9)


CASES = [
    Case(
        "Holt-Winters, additive, 144 months, fit",
        "statsmodels",
        lambda: _fit("additive"),
        _at_least_as_good,
        goal=1.0,
    ),
    Case(
        "Holt-Winters, multiplicative, 144 months, fit",
        "statsmodels",
        lambda: _fit("multiplicative"),
        _at_least_as_good,
        goal=1.0,
    ),
]
GROWTH = [
    Growth(
        "Holt-Winters, given weights and start, length",
        _recursion,
        (8000, 16_000, 32_000, 64_000),
        expected=1.0,
    ),
    # Errors are kept in a sorted list: each insertion moves half of it.
    Growth("adaptive conformal, length", _stream, (8000, 16_000, 32_000, 64_000), 2.0),
]
