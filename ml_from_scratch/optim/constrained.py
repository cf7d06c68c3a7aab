"""Descent that stays inside a region: step as if there were none, then go back in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.optim.descent import (
    DivergedError,
    Trace,
    Vector,
    _check_settings,
    _gradient_at,
    _limit,
    _loss_at,
    _norm,
    _refuse_bad_start,
    _trace,
    _vector,
)


def project_to_box(x: ArrayLike, low: ArrayLike, high: ArrayLike) -> Vector:
    """Return the nearest point whose entries lie between two bounds.

    Parameters
    ----------
    x : array-like of shape (d,)
        Any point.
    low, high : array-like of shape (d,) or number
        The bounds; infinite for none.

    Returns
    -------
    numpy.ndarray of shape (d,)
        The nearest point.

    Raises
    ------
    ValueError
        If a lower bound is above its upper bound.

    Notes
    -----
    O(d). Taught in: mathematics/optimization.

    Examples
    --------
    >>> project_to_box([-3.0, 0.5], 0.0, 1.0)
    array([0. , 0.5])
    """
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if not (low <= high).all():
        raise ValueError("A lower bound is above its upper bound, or NaN.")
    return _vector(x, "x").clip(low, high)


def project_to_ball(x: ArrayLike, radius: float = 1.0) -> Vector:
    """Return the nearest point whose Euclidean norm is at most the radius.

    Parameters
    ----------
    x : array-like of shape (d,)
        Any point.
    radius : float
        At least 0.

    Returns
    -------
    numpy.ndarray of shape (d,)
        The nearest point.

    Raises
    ------
    ValueError
        If the radius is negative or NaN.

    Notes
    -----
    O(d). Least squares inside a ball is ridge regression.

    Taught in: mathematics/optimization.

    Examples
    --------
    >>> project_to_ball([3.0, 4.0])
    array([0.6, 0.8])
    """
    if not radius >= 0:
        raise ValueError(f"radius is {radius}; expected 0 or more.")
    point = _vector(x, "x")
    norm = _norm(point)
    return point * (radius / norm) if norm > radius else point


def project_to_simplex(x: ArrayLike, total: float = 1.0) -> Vector:
    """Return the nearest point whose entries are at least 0 and add up to a total.

    One number is taken off all entries, and those below zero are set to zero; the
    number is the one after which the rest adds up.

    Parameters
    ----------
    x : array-like of shape (d,)
        Any point.
    total : float
        Above 0; with 1 the result is a probability distribution.

    Returns
    -------
    numpy.ndarray of shape (d,)
        The nearest point.

    Raises
    ------
    ValueError
        If the total is not above 0.

    Notes
    -----
    O(d log d), for sorting. Taught in: mathematics/optimization.

    References
    ----------
    Duchi, Shalev-Shwartz, Singer and Chandra (2008), "Efficient projections onto the
    l1-ball for learning in high dimensions", ICML, figure 1.

    Examples
    --------
    >>> project_to_simplex([0.5, 1.5, -2.0])
    array([0., 1., 0.])
    """
    if not 0 < total < np.inf:
        raise ValueError(f"total is {total}; expected a finite number above 0.")
    point = _vector(x, "x")
    point -= point.max()  # the answer does not change, and no digits are lost
    falling = np.sort(point)[::-1]
    # If only the k largest stay above zero, this is what must be taken off them.
    taken = (falling.cumsum() - total) / np.arange(1, point.size + 1)
    k = np.flatnonzero(falling > taken)[-1]
    return np.asarray(np.maximum(point - taken[k], 0.0))


def projected_gradient(
    loss: Callable[[Vector], float],
    gradient: Callable[[Vector], Vector],
    project: Callable[[Vector], Vector],
    start: ArrayLike,
    *,
    rate: float,
    steps: int = 100,
    tolerance: float = 0.0,
) -> Trace:
    """Walk downhill inside a convex region: after each step, back to its nearest point.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns one number.
    gradient : callable
        Takes the same point, returns the slope there, shape (d,).
    project : callable
        Takes any point, returns the nearest one of the region.
    start : array-like of shape (d,)
        Where to begin; it is projected first.
    rate : float
        The learning rate, above 0.
    steps : int
        How many steps to take at most.
    tolerance : float
        Stop once a step is at most this times the rate. Without a region that is the
        norm of the gradient; at a wall, of the part that does not press against it.

    Returns
    -------
    Trace
        The path, the losses along it and whether the tolerance was reached.

    Raises
    ------
    ValueError
        If an argument is out of its range, or a function returns what it should not.
    DivergedError
        If the loss grows without bound.

    Notes
    -----
    One call of each function a step. Below 2 / L, with L the largest curvature, the
    loss never rises.

    Taught in: mathematics/optimization.

    References
    ----------
    Bertsekas (1999), Nonlinear Programming, 2nd edition, section 2.3.

    Examples
    --------
    >>> target = np.array([2.0, 0.5])
    >>> trace = projected_gradient(
    ...     lambda x: float((x - target) @ (x - target)), lambda x: 2 * (x - target),
    ...     lambda x: project_to_box(x, 0.0, 1.0), [0.0, 0.0], rate=0.5, tolerance=1e-9,
    ... )
    >>> trace.x
    array([1. , 0.5])
    """
    _check_settings(rate, 0.0, False, steps, tolerance)
    x = _projected(project, _vector(start, "start"))
    path, losses, step = [x], [_loss_at(loss, x)], np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        slope = _gradient_at(gradient, x)
        _refuse_bad_start(losses[0], slope)
        limit = _limit(losses[0], slope, rate)
        while len(path) <= steps and step > tolerance * rate:
            x = _projected(project, x - rate * slope)
            step = _norm(x - path[-1])
            path.append(x)
            losses.append(_loss_at(loss, x))
            slope = _gradient_at(gradient, x)
            if not (losses[-1] <= limit and np.isfinite(slope).all()):
                raise DivergedError(_trace(path, losses, converged=False), rate)
    return _trace(path, losses, converged=step <= tolerance * rate)


def _projected(project: Callable[[Vector], Vector], x: Vector) -> Vector:
    inside = np.array(project(x), dtype=np.float64)
    if inside.shape != x.shape:
        raise ValueError(f"project returned shape {inside.shape}; expected {x.shape}.")
    return inside
