"""Descent that knows how the slope changes: line searches, Newton and L-BFGS.

A Newton step goes to the bottom of the parabola that fits here. Far from the minimum
that parabola can be wrong, so a line search decides how much of the step to take.
L-BFGS guesses the curvature from the last few steps and never forms a matrix.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.optim.descent import (
    Trace,
    Vector,
    _gradient_at,
    _loss_at,
    _norm,
    _refuse_bad_start,
    _trace,
    _vector,
)

Loss = Callable[[Vector], float]
Gradient = Callable[[Vector], Vector]
Hessian = Callable[[Vector], NDArray[np.float64]]
Direction = Callable[[Vector, Vector], Vector]  # of a point and the gradient there
Length = Callable[[Vector, Vector, Vector], float]  # of point, direction, gradient

_MOST_TRIALS = 60  # halvings from 1 to below the resolution of float64


class LineSearchError(ArithmeticError):
    """No step along a direction was good enough: the gradient is probably wrong.

    Notes
    -----
    Taught in: mathematics/optimization.

    Examples
    --------
    >>> issubclass(LineSearchError, ArithmeticError)
    True
    """


def armijo_step(
    loss: Loss,
    x: ArrayLike,
    direction: ArrayLike,
    gradient: ArrayLike,
    *,
    first: float = 1.0,
    decrease: float = 1e-4,
) -> float:
    """Halve a step until it gains at least a share of what the slope promised.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns one number.
    x : array-like of shape (d,)
        Where the step begins.
    direction : array-like of shape (d,)
        Where it goes, downhill.
    gradient : array-like of shape (d,)
        The gradient at `x`.
    first : float
        The length tried first, as a multiple of the direction.
    decrease : float
        The share, above 0 and below 1.

    Returns
    -------
    float
        The length; `x` plus that times the direction is the next point.

    Raises
    ------
    LineSearchError
        If the direction does not go downhill, or no length gains enough.

    Notes
    -----
    One call of `loss` a halving, and one at `x`. Near a minimum the gain is smaller
    than the rounding error of the loss, so that much is forgiven.

    Taught in: mathematics/optimization.

    References
    ----------
    Armijo (1966), "Minimization of functions having Lipschitz continuous first partial
    derivatives", Pacific Journal of Mathematics 16. Nocedal and Wright (2006),
    Numerical Optimization, 2nd edition, algorithm 3.1.

    Examples
    --------
    >>> armijo_step(lambda x: x @ x, [1.0], [-8.0], [2.0])
    0.125
    """
    x, direction = _vector(x, "x"), _vector(direction, "direction")
    slope = _slope_downhill(np.asarray(gradient, dtype=np.float64), direction)
    value = _loss_at(loss, x)
    length = first
    for _ in range(_MOST_TRIALS):
        ahead = _loss_at(loss, x + length * direction)
        if _gained_enough(ahead, value, decrease * length * slope):
            return length
        length /= 2
    raise LineSearchError(_no_length(value, slope))


def wolfe_step(
    loss: Loss,
    gradient: Gradient,
    x: ArrayLike,
    direction: ArrayLike,
    *,
    decrease: float = 1e-4,
    flatten: float = 0.9,
) -> float:
    """Find a step that gains enough and after which the slope is clearly flatter.

    The second condition keeps steps from being too short, and gives L-BFGS a change of
    slope to learn from. A step that gains too little is an upper bound, one that ends
    too steep a lower bound; what is between them is halved.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns one number.
    gradient : callable
        Takes the same point, returns the slope there, shape (d,).
    x : array-like of shape (d,)
        Where the step begins.
    direction : array-like of shape (d,)
        Where it goes, downhill.
    decrease : float
        The share of the promised gain, above 0 and below `flatten`.
    flatten : float
        The share of the slope that may be left, below 1.

    Returns
    -------
    float
        The length; `x` plus that times the direction is the next point.

    Raises
    ------
    LineSearchError
        If the direction does not go downhill, or no length was found.

    Notes
    -----
    One call of each function a trial; these are the weak Wolfe conditions.

    Taught in: mathematics/optimization.

    References
    ----------
    Wolfe (1969), "Convergence conditions for ascent methods", SIAM Review 11. Nocedal
    and Wright (2006), Numerical Optimization, 2nd edition, section 3.1.

    Examples
    --------
    >>> wolfe_step(lambda x: x @ x, lambda x: 2 * x, [1.0], [-0.01])
    16.0
    """
    x, direction = _vector(x, "x"), _vector(direction, "direction")
    slope = _slope_downhill(_gradient_at(gradient, x), direction)
    value = _loss_at(loss, x)
    low, length, high = 0.0, 1.0, np.inf
    for _ in range(_MOST_TRIALS):
        there = x + length * direction
        if not _gained_enough(_loss_at(loss, there), value, decrease * length * slope):
            high = length
        elif _gradient_at(gradient, there) @ direction < flatten * slope:
            low = length
        else:
            return length
        length = 2 * low if np.isinf(high) else (low + high) / 2
    raise LineSearchError(_no_length(value, slope))


def newton_method(
    loss: Loss,
    gradient: Gradient,
    hessian: Hessian,
    start: ArrayLike,
    *,
    steps: int = 50,
    tolerance: float = 1e-8,
) -> Trace:
    """Jump to the bottom of the parabola that fits here, and again from there.

    Where the function bends down instead of up, the parabola has no bottom. The sizes
    of the curvatures are then used instead of the curvatures: away from a saddle, not
    towards it.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns one number.
    gradient : callable
        Takes the same point, returns the slope there, shape (d,).
    hessian : callable
        Takes the same point, returns the second derivatives there, shape (d, d).
    start : array-like of shape (d,)
        Where to begin.
    steps : int
        How many steps to take at most.
    tolerance : float
        Stop as soon as the Euclidean norm of the gradient is at most this.

    Returns
    -------
    Trace
        The path, the losses along it and whether the tolerance was reached.

    Raises
    ------
    ValueError
        If an argument is out of its range, or a function returns what it should not.
    LineSearchError
        If no step goes down: the gradient is probably wrong.

    Notes
    -----
    O(d^3) time and O(d^2) memory a step. Near a minimum with a positive definite
    Hessian the number of right digits doubles each step.

    Taught in: mathematics/optimization.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, 2nd edition, section 3.4.
    Dauphin et al. (2014), "Identifying and attacking the saddle point problem in
    high-dimensional non-convex optimization", NeurIPS.

    Examples
    --------
    >>> trace = newton_method(
    ...     lambda x: float(np.sum(np.cosh(x))), np.sinh,
    ...     lambda x: np.diag(np.cosh(x)), [1.0, -2.0],
    ... )
    >>> trace.converged, trace.steps
    (True, 5)
    """

    def direction(x: Vector, slope: Vector) -> Vector:
        bends, axes = np.linalg.eigh(_matrix_at(hessian, x))
        sizes = np.abs(bends)
        sizes = np.maximum(sizes, 1e-10 * max(sizes.max(), 1e-300))
        jump: Vector = -axes @ ((axes.T @ slope) / sizes)
        return jump

    def length(x: Vector, ahead: Vector, slope: Vector) -> float:
        return armijo_step(loss, x, ahead, slope)

    return _search(loss, gradient, start, direction, length, steps, tolerance)


def lbfgs(
    loss: Loss,
    gradient: Gradient,
    start: ArrayLike,
    *,
    memory: int = 10,
    steps: int = 500,
    tolerance: float = 1e-6,
) -> Trace:
    """Take Newton's steps with a curvature guessed from the last few steps.

    Each step s changed the slope by some y, so the curvature along s is y over s. Ten
    such pairs are enough for a good guess, and two loops over them multiply a slope by
    the inverse Hessian that they imply, without a matrix.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns one number.
    gradient : callable
        Takes the same point, returns the slope there, shape (d,).
    start : array-like of shape (d,)
        Where to begin.
    memory : int
        How many pairs are kept.
    steps : int
        How many steps to take at most.
    tolerance : float
        Stop as soon as the Euclidean norm of the gradient is at most this.

    Returns
    -------
    Trace
        The path, the losses along it and whether the tolerance was reached.

    Raises
    ------
    ValueError
        If an argument is out of its range, or a function returns what it should not.
    LineSearchError
        If no step goes down: the gradient is probably wrong.

    Notes
    -----
    O(memory * d) time and memory a step, besides the calls; and memory for the path.

    Taught in: mathematics/optimization.

    References
    ----------
    Liu and Nocedal (1989), "On the limited memory BFGS method for large scale
    optimization", Mathematical Programming 45. Nocedal and Wright (2006), Numerical
    Optimization, 2nd edition, algorithm 7.4.

    Examples
    --------
    >>> from scipy.optimize import rosen, rosen_der
    >>> trace = lbfgs(rosen, rosen_der, [-1.2, 1.0])
    >>> trace.converged, trace.x.round(6)
    (True, array([1., 1.]))
    """
    if memory < 1:
        raise ValueError(f"memory is {memory}; expected a whole number from 1.")
    pairs: deque[tuple[Vector, Vector]] = deque(maxlen=memory)
    before: list[Vector] = []

    def direction(x: Vector, slope: Vector) -> Vector:
        if before:
            s, y = x - before[0], slope - before[1]
            if s @ y > 1e-12 * (y @ y):  # else rounding error is all that it tells
                pairs.append((s, y))
        before[:] = [x, slope]
        return -_inverse_hessian_times(slope, pairs)

    def length(x: Vector, ahead: Vector, _: Vector) -> float:
        return wolfe_step(loss, gradient, x, ahead)

    return _search(loss, gradient, start, direction, length, steps, tolerance)


def _inverse_hessian_times(
    slope: Vector, pairs: deque[tuple[Vector, Vector]]
) -> Vector:
    """Two loops over the pairs: the newest first, and back."""
    q = slope.copy()
    shares = []
    for s, y in reversed(pairs):
        share = (s @ q) / (s @ y)
        q -= share * y
        shares.append(share)
    if pairs:  # in directions never gone, the curvature of the last step
        s, y = pairs[-1]
        q *= (s @ y) / (y @ y)
    else:  # the first step: of length 1 at most
        q /= max(_norm(slope), 1.0)
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        q += (share - (y @ q) / (s @ y)) * s
    return q


def _search(
    loss: Loss,
    gradient: Gradient,
    start: ArrayLike,
    direction: Direction,
    length: Length,
    steps: int,
    tolerance: float,
) -> Trace:
    """Walk along directions by lengths until the slope is flat: both methods."""
    if steps < 0 or not tolerance >= 0:
        raise ValueError(
            f"steps is {steps} and tolerance is {tolerance}; expected 0 or more."
        )
    x = _vector(start, "start")
    slope = _gradient_at(gradient, x)
    path, losses = [x], [_loss_at(loss, x)]
    _refuse_bad_start(losses[0], slope)
    with np.errstate(over="ignore", invalid="ignore"):  # a trial may go too far
        while len(path) <= steps and _norm(slope) > tolerance:
            ahead = direction(x, slope)
            x = x + length(x, ahead, slope) * ahead
            path.append(x)
            losses.append(_loss_at(loss, x))
            slope = _gradient_at(gradient, x)
    return _trace(path, losses, converged=_norm(slope) <= tolerance)


def _slope_downhill(gradient: Vector, direction: Vector) -> float:
    slope = float(gradient @ direction)
    if not slope < 0:
        raise LineSearchError(
            f"The slope along the direction is {slope:.4g}; expected one below 0. "
            "Check the gradient against numerical_gradient."
        )
    return slope


def _gained_enough(ahead: float, value: float, promised: float) -> bool:
    rounding = 4.0 * float(np.finfo(np.float64).eps) * abs(value)
    return ahead <= value + promised + rounding


def _no_length(value: float, slope: float) -> str:
    return (
        f"No step along a slope of {slope:.4g} lowers the loss of {value:.6g} as that "
        "slope promises. Check the gradient against numerical_gradient, and whether "
        "the loss has a minimum."
    )


def _matrix_at(hessian: Hessian, x: Vector) -> NDArray[np.float64]:
    matrix = np.asarray(hessian(x), dtype=np.float64)
    if matrix.shape != (x.size, x.size) or not np.isfinite(matrix).all():
        raise ValueError(
            f"hessian returned shape {matrix.shape}; expected finite numbers of shape "
            f"{(x.size, x.size)}."
        )
    return matrix
