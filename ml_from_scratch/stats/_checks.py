"""What the functions of `stats` ask of their arguments, and the results they share."""

from __future__ import annotations

from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ml_from_scratch.base import Floats, check_finite

ALTERNATIVES = ("two-sided", "less", "greater")


class Estimate(NamedTuple):
    """A number that was estimated, and how far off it may be.

    Parameters
    ----------
    value
        The estimate.
    standard_error
        The standard deviation of the estimate from sample to sample.
    low, high
        The ends of the confidence interval.

    Notes
    -----
    Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> Estimate(2.0, 0.5, 1.0, 3.0).high
    3.0
    """

    value: float
    standard_error: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference with its interval, and the p-value of there being none.

    Parameters
    ----------
    difference
        What was estimated: the second group less the first, or a mean less the null.
    standard_error
        Its standard deviation from sample to sample.
    low, high
        The ends of the confidence interval.
    statistic
        The difference in units of its standard error under the null hypothesis.
    p_value
        How often chance alone gives a statistic at least as extreme.

    Notes
    -----
    Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> Difference(2.0, 0.5, 1.0, 3.0, 4.0, 0.001).p_value
    0.001
    """

    difference: float
    standard_error: float
    low: float
    high: float
    statistic: float
    p_value: float


def sample(values: ArrayLike, name: str, *, least: int = 1) -> Floats:
    """Return a column of at least so many finite numbers, or say what is wrong."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers.")
    if array.ndim != 1 or len(array) < least:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n,) with n at least {least}."
        )
    floats = array.astype(np.float64)
    check_finite(floats, name)
    return floats


def table(values: ArrayLike, name: str, *, least: int = 1) -> Floats:
    """Return rows and columns of finite numbers; a single column may come flat."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {array.dtype}; expected numbers.")
    floats = array.astype(np.float64)
    floats = floats[:, None] if floats.ndim == 1 else floats
    if floats.ndim != 2 or len(floats) < least or floats.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (n, d), n at least {least}."
        )
    check_finite(floats, name)
    return floats


def same_length(**columns: Floats) -> None:
    """Refuse columns that do not belong to the same rows."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"The lengths {lengths} differ; expected one value a row.")


def whole(value: int, name: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} is {value!r}; expected an integer, {least} or more.")
    return int(value)


def positive(value: float, name: str) -> float:
    """Return a finite number above 0."""
    if not 0 < value < np.inf:
        raise ValueError(f"{name} is {value!r}; expected a finite number above 0.")
    return float(value)


def inside(value: float, name: str, low: float = 0.0, high: float = 1.0) -> float:
    """Return a number strictly between two others."""
    if not low < value < high:
        raise ValueError(
            f"{name} is {value!r}; expected a number above {low:g} and below {high:g}."
        )
    return float(value)


def alternative_of(alternative: str) -> str:
    """Return the direction of a test, one of three."""
    if alternative not in ALTERNATIVES:
        raise ValueError(
            f"alternative is {alternative!r}; expected one of "
            f"{', '.join(ALTERNATIVES)}."
        )
    return alternative


def normal_estimate(value: float, standard_error: float, confidence: float) -> Estimate:
    """Return an estimate with its interval by the normal distribution."""
    width = normal_quantile(confidence) * standard_error
    return Estimate(value, standard_error, value - width, value + width)


def normal_test(value: float, standard_error: float, confidence: float) -> Difference:
    """Return the two-sided z-test of an estimate against 0."""
    estimate = normal_estimate(value, standard_error, confidence)
    statistic = value / standard_error
    p_value = 2 * float(special.ndtr(-abs(statistic)))
    return Difference(*estimate, statistic, p_value)


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors hold this share of a normal distribution."""
    inside(confidence, "confidence")
    return float(-special.ndtri((1 - confidence) / 2))
