"""Many p-values at once, and how not to be fooled by the smallest of them.

Each function returns p-values that may be held against alpha as they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats


def bonferroni(p_values: ArrayLike) -> Floats:
    """Multiply p-values by their number, so that even one false alarm is rare.

    Parameters
    ----------
    p_values : array-like of shape (k,)
        One per comparison.

    Returns
    -------
    numpy.ndarray of shape (k,)
        Adjusted p-values, at most 1. Alarming on those at or below alpha keeps the
        probability of any false alarm at or below alpha.

    Raises
    ------
    ValueError
        If a p-value is missing or outside 0 to 1, or there is none.

    Notes
    -----
    O(k). Taught in: mlops/drift.

    Examples
    --------
    >>> bonferroni([0.01, 0.02, 0.5]).tolist()
    [0.03, 0.06, 1.0]
    """
    p = _p_values(p_values)
    return np.minimum(p * len(p), 1.0)


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values step by step: Bonferroni's promise, kept with more power.

    The smallest of k p-values is multiplied by k, the next by k - 1, and so on: once
    the smallest is called real, only k - 1 are left that could be false alarms.

    Parameters
    ----------
    p_values : array-like of shape (k,)
        One per comparison.

    Returns
    -------
    numpy.ndarray of shape (k,)
        Adjusted p-values, at most 1 and never above Bonferroni's. Alarming on those
        at or below alpha keeps the probability of any false alarm at or below alpha.

    Raises
    ------
    ValueError
        If a p-value is missing or outside 0 to 1, or there is none.

    Notes
    -----
    O(k log k). Taught in: mathematics/tests-and-power.

    References
    ----------
    Holm (1979), "A simple sequentially rejective multiple test procedure",
    Scandinavian Journal of Statistics 6(2).

    Examples
    --------
    >>> holm([0.01, 0.02, 0.5]).tolist()
    [0.03, 0.04, 0.5]
    """
    p = _p_values(p_values)
    order = np.argsort(p)
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    # A larger p-value never ends below a smaller one: maximum from the left.
    adjusted[order] = np.maximum.accumulate(scaled)
    return np.minimum(adjusted, 1.0)


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust p-values so that few of the alarms are false.

    Parameters
    ----------
    p_values : array-like of shape (k,)
        One per comparison.

    Returns
    -------
    numpy.ndarray of shape (k,)
        Adjusted p-values, at most 1. Alarming on those at or below alpha keeps the
        expected share of false ones among the alarms at or below alpha, where the
        comparisons are independent or positively dependent.

    Raises
    ------
    ValueError
        If a p-value is missing or outside 0 to 1, or there is none.

    Notes
    -----
    O(k log k). Taught in: mlops/drift.

    References
    ----------
    Benjamini and Hochberg (1995), "Controlling the false discovery rate", Journal of
    the Royal Statistical Society B 57(1).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.02, 0.5]).tolist()
    [0.03, 0.03, 0.5]
    """
    p = _p_values(p_values)
    order = np.argsort(p)
    scaled = p[order] * (len(p) / np.arange(1, len(p) + 1))
    adjusted = np.empty_like(p)
    # A larger p-value never ends below a smaller one: minimum from the right.
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(adjusted, 1.0)


def _p_values(p_values: ArrayLike) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or len(p) == 0 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"p_values is {p!r}: expected a list of numbers from 0 to 1, none missing"
        )
    return p
