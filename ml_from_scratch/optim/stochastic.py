"""Descent by the slope of a few rows at a time, with any optimiser, for any function.

The optimisers move tensors by their ``grad``; here the gradient comes from a formula
instead of a tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.optim.descent import (
    DivergedError,
    Trace,
    Vector,
    _gradient_at,
    _loss_at,
    _norm,
    _refuse_bad_start,
    _trace,
    _vector,
)
from ml_from_scratch.optim.optimizers import Optimizer

Rows = NDArray[np.intp]


def stochastic_descent(
    loss: Callable[[Vector], float],
    gradient: Callable[[Vector, Rows], Vector],
    start: ArrayLike,
    n_rows: int,
    *,
    optimizer: Callable[[list[Tensor]], Optimizer],
    batch_size: int = 32,
    epochs: int = 10,
    tolerance: float = 0.0,
    rng: np.random.Generator,
) -> Trace:
    """Take a step for each batch of rows, every row once an epoch, in random order.

    Parameters
    ----------
    loss : callable
        Takes a point of shape (d,), returns the loss over all rows.
    gradient : callable
        Takes the point and the numbers of some rows, returns the mean slope over those
        rows, shape (d,).
    start : array-like of shape (d,)
        Where to begin.
    n_rows : int
        How many rows there are.
    optimizer : callable
        Makes the optimiser of a list of one tensor, such as
        ``lambda params: Adam(params, lr=0.1)``.
    batch_size : int
        Rows a step; the last batch of an epoch may be smaller.
    epochs : int
        How often to go through all rows at most.
    tolerance : float
        Stop after an epoch at whose end the norm of the full gradient is at most this.
    rng : numpy.random.Generator
        Draws the order of the rows.

    Returns
    -------
    Trace
        The point and the loss after each epoch; a step of it is an epoch.

    Raises
    ------
    ValueError
        If an argument is out of its range, or a function returns what it should not.
    DivergedError
        If the loss or the gradient stops being finite.

    Notes
    -----
    An epoch costs as much as two steps of plain descent, one for its batches and one
    for the loss and the gradient at its end.

    Taught in: mathematics/optimization.

    References
    ----------
    Bottou, Curtis and Nocedal (2018), "Optimization methods for large-scale machine
    learning", SIAM Review 60, section 4.

    Examples
    --------
    >>> from ml_from_scratch.optim import SGD
    >>> X = np.array([[1.0], [2.0], [3.0]])
    >>> y = 2 * X[:, 0]
    >>> trace = stochastic_descent(
    ...     lambda w: float(np.mean((X @ w - y) ** 2)),
    ...     lambda w, rows: 2 * X[rows].T @ (X[rows] @ w - y[rows]) / len(rows),
    ...     [0.0], 3, optimizer=lambda params: SGD(params, lr=0.05), batch_size=1,
    ...     epochs=20, rng=np.random.default_rng(0),
    ... )
    >>> trace.x.round(4)
    array([2.])
    """
    _check_counts(n_rows=n_rows, batch_size=batch_size, epochs=epochs)
    x = _vector(start, "start")
    w = Tensor(x, requires_grad=True)  # shares the array: a step of the rule moves x
    rule, everything = optimizer([w]), np.arange(n_rows)
    path, losses = [x.copy()], [_loss_at(loss, x)]
    with np.errstate(over="ignore", invalid="ignore"):
        slope = _mean_slope(gradient, x, everything)
        _refuse_bad_start(losses[0], slope)
        while len(path) <= epochs and _norm(slope) > tolerance:
            order = rng.permutation(n_rows)
            for first in range(0, n_rows, batch_size):
                rows = order[first : first + batch_size]
                w.grad = _mean_slope(gradient, x, rows)
                rule.step()
            path.append(x.copy())
            losses.append(_loss_at(loss, x))
            slope = _mean_slope(gradient, x, everything)
            if not (np.isfinite(losses[-1]) and np.isfinite(slope).all()):
                trace = _trace(path, losses, converged=False)
                raise DivergedError(trace, rule.param_groups[0]["lr"])
    return _trace(path, losses, converged=_norm(slope) <= tolerance)


def _mean_slope(
    gradient: Callable[[Vector, Rows], Vector], x: Any, rows: Rows
) -> Vector:
    return _gradient_at(lambda point: gradient(point, rows), x)


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if isinstance(count, bool) or count != int(count) or count < 1:
            raise ValueError(f"{name} is {count!r}; expected a whole number from 1.")
