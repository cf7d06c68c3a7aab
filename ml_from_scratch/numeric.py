"""Derivatives by measurement: the oracle that every derivation is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

# A central difference errs by about h^2 from the formula and eps / h from rounding;
# the sum is smallest near the cube root of eps, 6.1e-6 in float64.
_RELATIVE_STEP = float(np.finfo(np.float64).eps) ** (1 / 3)


def numerical_gradient(
    function: Callable[[NDArray[np.float64]], float],
    x: ArrayLike,
    *,
    step: float | None = None,
) -> NDArray[np.float64]:
    """Measure the gradient of a scalar function by central differences.

    Each entry of `x` is moved down and up by its own step h, and the slope is
    `(f(x + h) - f(x - h)) / 2h`. For a smooth function whose values are near 1
    expect 9 to 10 correct digits, not 16; at a kink the answer is the mean of the
    two one-sided slopes.

    Parameters
    ----------
    function
        Takes an array of the shape of `x` and returns one number. It is called with
        a fresh copy each time, so it may not disturb the next call.
    x
        The point, of any shape, finite.
    step
        The step h for every entry. By default each entry has its own,
        `eps ** (1/3) * max(1, |x_i|)`, so that one of size 1e6 still moves by more
        than its rounding error.

    Returns
    -------
    numpy.ndarray
        The gradient, of the shape of `x`.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, `step` is not positive or too small to move
        an entry, or the function does not return one finite number.

    Notes
    -----
    Costs 2 n calls of `function` for n entries, and memory for one copy of `x`: a
    tool for tests, not for training.

    Taught in: mathematics/derivatives.

    References
    ----------
    Press, Teukolsky, Vetterling and Flannery, Numerical Recipes, 3rd edition,
    Cambridge University Press 2007, section 5.7.

    Examples
    --------
    >>> numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], [2.0, 5.0]).round(6)
    array([4., 3.])
    """
    point = _finite_point(x)
    steps = _step_sizes(point, step)
    slopes = np.empty_like(point)
    for index in np.ndindex(point.shape):
        below, above = point.copy(), point.copy()
        below[index] -= steps[index]
        above[index] += steps[index]
        # The distance that was walked, which rounding made differ from 2h.
        width = above[index] - below[index]
        rise = _value(function, above, index) - _value(function, below, index)
        slopes[index] = rise / width
    return slopes


def _finite_point(x: ArrayLike) -> NDArray[np.float64]:
    point = np.array(x, dtype=np.float64)
    if point.size == 0:
        raise ValueError("x is empty; expected at least one entry.")
    if not np.isfinite(point).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(point))[0])
        raise ValueError(f"x is {point[where]} at index {where}; expected all finite.")
    return point


def _step_sizes(point: NDArray[np.float64], step: float | None) -> NDArray[np.float64]:
    if step is None:
        steps = _RELATIVE_STEP * np.maximum(1.0, np.abs(point))
        return np.asarray(steps, dtype=np.float64)
    if not (np.isfinite(step) and step > 0):
        raise ValueError(f"step is {step}; expected a positive, finite number.")
    if np.any(point + step == point):
        largest = np.abs(point).max()
        raise ValueError(
            f"step is {step}, too small to move an entry of size {largest:g}; "
            f"expected at least {_RELATIVE_STEP * max(1.0, largest):.1g}."
        )
    return np.full_like(point, step)


def _value(
    function: Callable[[NDArray[np.float64]], float],
    at: NDArray[np.float64],
    index: tuple[int, ...],
) -> float:
    value = np.asarray(function(at.copy()), dtype=np.float64)
    if value.size != 1:
        raise ValueError(
            f"the function returned shape {value.shape}; expected one number."
        )
    if not np.isfinite(value).all():
        raise ValueError(
            f"the function is {value.item()} one step from x in entry {index}; "
            "expected a finite number."
        )
    return float(value.item())
