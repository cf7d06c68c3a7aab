"""Finding the bottom of a function by walking down it, and how fast that can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]

# A descent has blown up when its loss is this many times what it was at the start.
# Momentum may raise a loss by a few orders of magnitude on its way to the minimum,
# and float64 overflows only at 1e308: in between, nothing is coming back.
_BLOWN_UP = 1e10


@dataclass(frozen=True, slots=True)
class Trace:
    """What a descent did: every point that it visited, and the loss there.

    Parameters
    ----------
    path
        The points, shape (steps + 1, d); `path[0]` is the start.
    losses
        The loss at each of them, shape (steps + 1,).
    converged
        Whether the norm of the gradient at the last point is within the tolerance.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    Examples
    --------
    >>> trace = Trace(np.array([[4.0], [2.0]]), np.array([8.0, 2.0]), converged=False)
    >>> trace.steps, trace.x
    (1, array([2.]))
    """

    path: Vector
    losses: Vector
    converged: bool

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.path) - 1

    @property
    def x(self) -> Vector:
        """The last point, shape (d,)."""
        last: Vector = self.path[-1]
        return last


class DivergedError(ArithmeticError):
    """A descent whose loss grew without bound, stopped at the step where it showed.

    Parameters
    ----------
    trace
        Everything up to and including that step, for a plot of how it went.
    rate
        The learning rate that was asked for.

    Attributes
    ----------
    step
        The step after which the loss was out of bounds; 0 is the start itself.
    loss
        The loss there, possibly inf or nan.
    trace
        Everything up to and including that step, for a plot of how it went.
    rate
        The learning rate that was asked for.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    Examples
    --------
    >>> try:
    ...     gradient_descent(lambda x: x @ x, lambda x: 2 * x, [1.0], rate=9.0)
    ... except DivergedError as error:
    ...     print(error.step)
    5
    """

    def __init__(self, trace: Trace, rate: float) -> None:
        super().__init__(trace, rate)
        self.trace = trace
        self.rate = rate
        self.step = trace.steps
        self.loss = float(trace.losses[-1])

    def __str__(self) -> str:
        """Say where it stopped, and what to look at."""
        return (
            f"Diverged at step {self.step}: the loss is {self.loss:.4g}, at the start "
            f"it was {self.trace.losses[0]:.4g}. Lower the rate ({self.rate:g}), or "
            "check the gradient against numerical_gradient."
        )


def gradient_descent(
    loss: Callable[[Vector], float],
    gradient: Callable[[Vector], Vector],
    start: ArrayLike,
    *,
    rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    steps: int = 100,
    tolerance: float = 0.0,
) -> Trace:
    """Walk downhill from `start`, and keep the whole path.

    Each step adds the gradient to a velocity that forgets, and moves against it:
    `v = momentum * v + g`, then `x = x - rate * v`. Nesterov's form moves by
    `g + momentum * v`, as if the gradient had been taken one step ahead. This is
    the arithmetic of `torch.optim.SGD`, without its dampening and weight decay.

    Parameters
    ----------
    loss
        Takes a point of shape (d,), returns one number.
    gradient
        Takes the same point, returns the slope of the loss there, shape (d,).
    start
        Where to begin, shape (d,). It is not changed.
    rate
        The learning rate, above 0, in units of x squared per unit of loss.
    momentum
        How much of the velocity is kept from step to step, at least 0, below 1.
    nesterov
        Whether to look one step ahead; needs momentum.
    steps
        How many steps to take at most.
    tolerance
        Stop as soon as the Euclidean norm of the gradient is at most this.

    Returns
    -------
    Trace
        The path, the losses along it and whether the tolerance was reached.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `loss` or `gradient` returns another
        shape than it should, or NaN at the start.
    DivergedError
        If the loss or the gradient stops being finite, or the loss exceeds 1e10
        times its scale at the start: the larger of its size there and of the fall
        that the first step promised, `rate * |g|^2`.

    Notes
    -----
    Costs one call of `loss` and one of `gradient` a step, O(d) besides, and memory
    for `steps * d` numbers, because the path is kept.

    Taught in: mathematics/gradient-descent.

    References
    ----------
    B. T. Polyak, Some methods of speeding up the convergence of iteration methods,
    USSR Computational Mathematics and Mathematical Physics 4(5), 1964.
    I. Sutskever, J. Martens, G. Dahl and G. Hinton, On the importance of
    initialization and momentum in deep learning, ICML 2013.

    Examples
    --------
    >>> trace = gradient_descent(
    ...     lambda x: x @ x / 2, lambda x: x, [8.0, 4.0], rate=0.5, steps=3
    ... )
    >>> trace.path
    array([[8. , 4. ],
           [4. , 2. ],
           [2. , 1. ],
           [1. , 0.5]])
    """
    _check_settings(rate, momentum, nesterov, steps, tolerance)
    x = _vector(start, "start")
    path, losses = [x], [_loss_at(loss, x)]
    velocity = np.zeros_like(x)
    # What overflows here is found by the check for divergence and named there.
    with np.errstate(over="ignore", invalid="ignore"):
        slope = _gradient_at(gradient, x)
        _refuse_bad_start(losses[0], slope)
        limit = _limit(losses[0], slope, rate)
        while len(path) <= steps and not _norm(slope) <= tolerance:
            velocity = momentum * velocity + slope
            x = x - rate * (slope + momentum * velocity if nesterov else velocity)
            path.append(x)
            losses.append(_loss_at(loss, x))
            slope = _gradient_at(gradient, x)
            if not (losses[-1] <= limit and np.isfinite(slope).all()):
                raise DivergedError(_trace(path, losses, converged=False), rate)
    return _trace(path, losses, converged=_norm(slope) <= tolerance)


def _limit(loss: float, slope: Vector, rate: float) -> float:
    # Not the loss alone, which may well be 0 where a bowl has its minimum below 0.
    scale = max(abs(loss), rate * float(slope @ slope))
    return min(_BLOWN_UP * scale, float(np.finfo(np.float64).max))


def _norm(vector: Vector) -> float:
    return float(np.sqrt(vector @ vector))


def _trace(path: list[Vector], losses: list[float], *, converged: bool) -> Trace:
    return Trace(np.stack(path), np.array(losses), bool(converged))


def _check_settings(
    rate: float, momentum: float, nesterov: bool, steps: int, tolerance: float
) -> None:
    if not 0 < rate < np.inf:
        raise ValueError(f"rate is {rate}; expected a positive, finite number.")
    _check_momentum(momentum, nesterov)
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps is {steps!r}; expected an integer, 0 or more.")
    if not 0 <= tolerance < np.inf:
        raise ValueError(f"tolerance is {tolerance}; expected a number, 0 or more.")


def _check_momentum(momentum: float, nesterov: bool) -> None:
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; expected 0 or more and below 1.")
    if nesterov and momentum == 0:
        raise ValueError("nesterov is True with momentum 0; expected momentum above 0.")


def _vector(value: ArrayLike, name: str) -> Vector:
    vector = np.array(value, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(f"{name} has shape {vector.shape}; expected (d,), d above 0.")
    if not np.isfinite(vector).all():
        where = int(np.argmin(np.isfinite(vector)))
        raise ValueError(
            f"{name}[{where}] is {vector[where]}; expected finite numbers."
        )
    return vector


def _loss_at(loss: Callable[[Vector], float], x: Vector) -> float:
    value = np.asarray(loss(x), dtype=np.float64)
    if value.size != 1:
        raise ValueError(f"loss returned shape {value.shape}; expected one number.")
    return float(value.item())


def _gradient_at(gradient: Callable[[Vector], Vector], x: Vector) -> Vector:
    # A copy: the caller may hand out one buffer again and again.
    slope = np.array(gradient(x), dtype=np.float64)
    if slope.shape != x.shape:
        raise ValueError(
            f"gradient returned shape {slope.shape}; expected {x.shape}, that of start."
        )
    return slope


def _refuse_bad_start(loss: float, slope: Vector) -> None:
    if not np.isfinite(loss):
        raise ValueError(
            f"The loss at the start is {loss}; expected a finite number. "
            "Look for missing values in the data first."
        )
    if not np.isfinite(slope).all():
        where = int(np.argmin(np.isfinite(slope)))
        raise ValueError(
            f"The gradient at the start is {slope[where]} in entry {where}; "
            "expected finite numbers."
        )


# What theory says about a quadratic bowl, 0.5 x'Hx - b'x + c. Every smooth loss is
# close to one near its minimum, so these are the numbers that a run is held against.


def curvatures(hessian: ArrayLike) -> Vector:
    """Return how sharply a quadratic bends along its own axes, flattest first.

    Parameters
    ----------
    hessian
        The matrix of second derivatives, symmetric, shape (d, d).

    Returns
    -------
    numpy.ndarray
        Its eigenvalues in ascending order, shape (d,). All above 0: a bowl with one
        minimum. One below 0: a saddle, or worse.

    Raises
    ------
    ValueError
        If the matrix is not square, not finite or not symmetric to 1e-8 of its
        largest entry.

    Notes
    -----
    O(d^3) time. An eigenvalue is known to about 1e-16 of the largest one: a smaller
    one is rounding error, and its sign means nothing.

    Taught in: mathematics/gradient-descent.

    Examples
    --------
    >>> curvatures([[25.0, 0.0], [0.0, 1.0]])
    array([ 1., 25.])
    """
    matrix = np.array(hessian, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"hessian has shape {matrix.shape}; expected (d, d).")
    if not np.isfinite(matrix).all():
        raise ValueError("hessian holds NaN or infinity; expected finite numbers.")
    gap = np.abs(matrix - matrix.T).max()
    if gap > 1e-8 * np.abs(matrix).max():
        raise ValueError(
            f"hessian differs from its transpose by {gap:.3g}; expected symmetry."
        )
    return np.asarray(np.linalg.eigvalsh(matrix), dtype=np.float64)


def _bowl(hessian: ArrayLike) -> tuple[float, float]:
    """Return the smallest and the largest curvature of a strictly convex quadratic."""
    values = curvatures(hessian)
    if values[0] <= 0:
        raise ValueError(
            f"hessian has a curvature of {values[0]:.3g}; expected all above 0. "
            "Look for columns that repeat one another."
        )
    return float(values[0]), float(values[-1])


def condition_number(hessian: ArrayLike) -> float:
    """Return kappa, the largest curvature of a bowl over its smallest.

    Parameters
    ----------
    hessian
        Symmetric and positive definite, shape (d, d).

    Returns
    -------
    float
        At least 1. Plain gradient descent needs a number of steps in proportion to
        kappa; momentum, to its square root.

    Raises
    ------
    ValueError
        If the matrix is no bowl: a curvature is 0 or less.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    Examples
    --------
    >>> condition_number([[25.0, 0.0], [0.0, 1.0]])
    25.0
    """
    flattest, steepest = _bowl(hessian)
    return steepest / flattest


def largest_stable_rate(
    hessian: ArrayLike, *, momentum: float = 0.0, nesterov: bool = False
) -> float:
    """Return the learning rate from which descent on a quadratic diverges.

    Without momentum it is 2 / L, with L the largest curvature; heavy-ball momentum
    widens it to `2 (1 + m) / L`, Nesterov's narrows it to
    `2 (1 + m) / ((1 + 2 m) L)`. Only the steepest direction counts.

    Parameters
    ----------
    hessian
        Symmetric, with a positive largest eigenvalue, shape (d, d).
    momentum
        At least 0, below 1.
    nesterov
        Whether the momentum is Nesterov's.

    Returns
    -------
    float
        Below this rate every start converges, above it almost every start diverges.

    Raises
    ------
    ValueError
        If the matrix has no positive eigenvalue, or momentum is out of range.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    References
    ----------
    G. Goh, Why momentum really works, Distill 2017, doi:10.23915/distill.00006.

    Examples
    --------
    >>> largest_stable_rate([[25.0, 0.0], [0.0, 1.0]])
    0.08
    """
    _check_momentum(momentum, nesterov)
    steepest = float(curvatures(hessian)[-1])
    if steepest <= 0:
        raise ValueError(
            f"hessian's largest curvature is {steepest:.3g}; expected one above 0."
        )
    widening = 2 * (1 + momentum)
    return widening / ((1 + 2 * momentum if nesterov else 1) * steepest)


def best_rate(hessian: ArrayLike) -> float:
    """Return the rate at which plain descent on a quadratic goes fastest.

    It is `2 / (mu + L)`, where the flattest direction (curvature mu) and the
    steepest (L) shrink by the same factor a step, `(kappa - 1) / (kappa + 1)`.

    Parameters
    ----------
    hessian
        Symmetric and positive definite, shape (d, d).

    Returns
    -------
    float
        The learning rate.

    Raises
    ------
    ValueError
        If the matrix is no bowl: a curvature is 0 or less.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    References
    ----------
    S. Boyd and L. Vandenberghe, Convex Optimization, Cambridge University Press
    2004, section 9.3.

    Examples
    --------
    >>> best_rate([[3.0, 0.0], [0.0, 1.0]])
    0.5
    """
    return 2 / sum(_bowl(hessian))


def best_momentum(hessian: ArrayLike) -> tuple[float, float]:
    """Return the rate and the momentum at which the heavy ball goes fastest.

    With s = sqrt(L) and r = sqrt(mu) they are `4 / (s + r)^2` and
    `((s - r) / (s + r))^2`, and the error shrinks by about `(s - r) / (s + r)` a step.

    Parameters
    ----------
    hessian
        Symmetric and positive definite, shape (d, d).

    Returns
    -------
    rate : float
        The learning rate.
    momentum : float
        At least 0, below 1.

    Raises
    ------
    ValueError
        If the matrix is no bowl: a curvature is 0 or less.

    Notes
    -----
    Taught in: mathematics/gradient-descent.

    References
    ----------
    B. T. Polyak, Some methods of speeding up the convergence of iteration methods,
    USSR Computational Mathematics and Mathematical Physics 4(5), 1964.

    Examples
    --------
    >>> best_momentum([[9.0, 0.0], [0.0, 1.0]])
    (0.25, 0.25)
    """
    slow, fast = np.sqrt(_bowl(hessian))
    return float(4 / (fast + slow) ** 2), float(((fast - slow) / (fast + slow)) ** 2)


def convergence_factor(
    hessian: ArrayLike, *, rate: float, momentum: float = 0.0, nesterov: bool = False
) -> float:
    """Return the factor by which each step of a long descent shrinks the error.

    Along an axis of curvature c the error obeys a recurrence of two terms; the factor
    is the size of the largest root of its characteristic polynomial, over all axes.

    Parameters
    ----------
    hessian
        Symmetric, shape (d, d).
    rate
        The learning rate, above 0.
    momentum
        At least 0, below 1.
    nesterov
        Whether the momentum is Nesterov's.

    Returns
    -------
    float
        Below 1 the descent converges, and about `-1 / log10(factor)` steps gain one
        decimal digit; above 1 it diverges.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or rate or momentum is out of range.

    Notes
    -----
    O(d^3) time, for the eigenvalues.

    Taught in: mathematics/gradient-descent.

    References
    ----------
    G. Goh, Why momentum really works, Distill 2017, doi:10.23915/distill.00006.

    Examples
    --------
    >>> bowl = [[25.0, 0.0], [0.0, 1.0]]
    >>> round(convergence_factor(bowl, rate=2 / 26), 4)
    0.9231
    >>> round(convergence_factor(bowl, rate=1 / 9, momentum=4 / 9), 4)
    0.6667
    """
    _check_settings(rate, momentum, nesterov, steps=0, tolerance=0.0)
    kept = 1 - rate * curvatures(hessian)
    # z^2 - (kept + m) z + m for the heavy ball; Nesterov's: z^2 - (1 + m) k z + m k.
    trace = (1 + momentum) * kept if nesterov else kept + momentum
    product = momentum * kept if nesterov else np.full_like(kept, momentum)
    root = np.sqrt((trace**2 - 4 * product).astype(np.complex128))
    return float(np.abs(np.stack([trace + root, trace - root])).max() / 2)
