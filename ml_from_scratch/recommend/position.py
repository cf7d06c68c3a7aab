"""What is shown first is clicked first, and learnt from first: how to undo it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_finite


def position_propensities(clicks: ArrayLike, positions: ArrayLike) -> Floats:
    """Return how often each place of a list is looked at, relative to the first.

    A click takes a look and a liking. Where items were put in places at random, each
    place had items as good as any, and its share of clicks tells of the looks alone.

    Parameters
    ----------
    clicks : array-like of shape (n,)
        1 where the item was clicked, else 0; from lists in random order.
    positions : array-like of int of shape (n,)
        Its place, from 0.

    Returns
    -------
    numpy.ndarray of shape (largest position + 1,)
        1 for the first place.

    Raises
    ------
    ValueError
        If the columns do not match, a click is not 0 or 1, or a place was never shown
        or never clicked.

    Notes
    -----
    O(n). Taught in: domains/feedback-loops.

    References
    ----------
    Joachims, Swaminathan and Schnabel (2017), "Unbiased learning-to-rank with biased
    feedback", WSDM, section 5.

    Examples
    --------
    >>> position_propensities([1, 1, 1, 0], [0, 0, 1, 1]).tolist()
    [1.0, 0.5]
    """
    clicked, place = _clicks(clicks, positions)
    shown = np.bincount(place)
    hits = np.bincount(place, weights=clicked)
    if not shown.all() or not hits.all():
        where = int(np.argmin(np.minimum(shown, hits)))
        raise ValueError(
            f"Place {where} was shown {shown[where]} times and clicked "
            f"{hits[where]:g} times; expected at least one click in each place."
        )
    rates = hits / shown
    return np.asarray(rates / rates[0])


def debiased_click_rates(
    clicks: ArrayLike,
    items: ArrayLike,
    positions: ArrayLike,
    propensities: ArrayLike,
) -> Floats:
    """Return how often each item would be clicked if everyone looked at it.

    Each click counts one over the chance that its place was looked at.

    Parameters
    ----------
    clicks : array-like of shape (n,)
        1 where the item was clicked, else 0.
    items : array-like of int of shape (n,)
        What was shown, from 0.
    positions : array-like of int of shape (n,)
        Where, from 0.
    propensities : array-like of shape (p,)
        How often each place is looked at, above 0.

    Returns
    -------
    numpy.ndarray of shape (largest item + 1,)
        Click rates; NaN for items never shown.

    Raises
    ------
    ValueError
        If the columns do not match, or a place has no propensity above 0.

    Notes
    -----
    O(n). Unbiased, but few clicks far down count a lot: the variance grows.

    Taught in: domains/feedback-loops.

    References
    ----------
    Joachims, Swaminathan and Schnabel (2017), as for `position_propensities`.

    Examples
    --------
    >>> clicks, items, positions = [1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1]
    >>> debiased_click_rates(clicks, items, positions, [1.0, 0.5]).tolist()
    [0.5, 1.0]
    """
    clicked, place = _clicks(clicks, positions)
    _, item = _clicks(clicks, items)
    looks = np.asarray(propensities, dtype=np.float64)
    if looks.ndim != 1 or place.max() >= len(looks) or not (looks > 0).all():
        raise ValueError(
            f"propensities is {propensities!r}; expected numbers above 0, for places 0 "
            f"to {place.max()}."
        )
    shown = np.bincount(item)
    hits = np.bincount(item, weights=clicked / looks[place])
    return np.where(shown > 0, hits / np.maximum(shown, 1), np.nan)


def _clicks(clicks: ArrayLike, places: ArrayLike) -> tuple[Floats, Integers]:
    clicked, place = np.asarray(clicks, dtype=np.float64), np.asarray(places)
    if clicked.ndim != 1 or clicked.shape != place.shape or not len(clicked):
        raise ValueError(
            f"clicks has shape {clicked.shape} and the other column {place.shape}; "
            "expected (n,) each."
        )
    check_finite(clicked, "clicks")
    if not np.isin(clicked, (0, 1)).all():
        raise ValueError("A click is neither 0 nor 1.")
    if place.dtype.kind not in "iu" or place.min() < 0:
        raise ValueError("Places and items must be whole numbers, 0 or more.")
    return clicked, place.astype(np.intp)
