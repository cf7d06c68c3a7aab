"""Sequential minimal optimisation: change two coefficients at a time, the best two.

All kernel machines here are one problem in signed coefficients b, one a row:

    minimise  b'Kb / 2 - target'b   with  lower <= b <= upper,  sum(b) kept as it is.

Its slope is a residual: target - Kb, what the machine should say of a row less what it
says. Moving an amount from one coefficient to another keeps the sum; along that line
the problem is a parabola, whose minimum is known in closed form. The art is to choose
the pair: the row that asks most for more, and the partner with which most is gained.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ml_from_scratch.base import Floats
from ml_from_scratch.svm.kernels import Kernel

_FLAT = 1e-12  # a parabola with no more curvature than this is treated as having this


class DualSolution(NamedTuple):
    """Where the solver stopped.

    Parameters
    ----------
    coefficients : array of shape (n,)
        The signed coefficients; rows with one that is not 0 are support vectors.
    intercept : float
        What to add to K b so that it says what it should at the margin.
    residuals : array of shape (n,)
        target - K b, the slope of the objective.
    n_iter : int
        Pairs that were changed.
    converged : bool
        Whether no pair violates the optimality conditions by more than the tolerance.

    Notes
    -----
    Taught in: classical/svm.

    Examples
    --------
    >>> kernel = Kernel("linear", np.array([[-1.0], [1.0]]))
    >>> y, room = np.array([-1.0, 1.0]), np.array([10.0, 10.0])
    >>> found = minimise_by_smo(kernel, y, np.minimum(y * room, 0), y.clip(0) * room)
    >>> found.coefficients.tolist(), found.intercept
    ([-0.5, 0.5], 0.0)
    """

    coefficients: Floats
    intercept: float
    residuals: Floats
    n_iter: int
    converged: bool


def minimise_by_smo(
    kernel: Kernel,
    target: Floats,
    lower: Floats,
    upper: Floats,
    *,
    start: Floats | None = None,
    tol: float = 1e-3,
    max_iter: int = -1,
    cache_mib: float = 200.0,
) -> DualSolution:
    """Minimise b'Kb / 2 - target'b in a box, keeping the sum of b, two at a time.

    Parameters
    ----------
    kernel : Kernel
        Similarities of the n rows; fewer rows than targets are repeated.
    target : array of shape (n,)
        What the machine should say of each row: for classes -1 and 1.
    lower : array of shape (n,)
        Least values of b.
    upper : array of shape (n,)
        Largest values of b.
    start : array of shape (n,), optional
        First values of b, within the box; zeros if None.
    tol : float, default 1e-3
        Stop when no pair of residuals asks for a move by more than this.
    max_iter : int, default -1
        Most pairs to change; -1 for no limit.
    cache_mib : float, default 200
        Memory for rows of the kernel table, in MiB. Each is computed when first used.

    Returns
    -------
    DualSolution
        Where it stopped.

    Notes
    -----
    O(n) a pair once its two rows are known, O(n d) for a new row; pairs grow like n to
    n^2, with the share of rows near the margin and with the bounds.
    Taught in: classical/svm.

    References
    ----------
    Platt (1998), "Sequential minimal optimization: a fast algorithm for training
    support vector machines", Microsoft Research MSR-TR-98-14. Fan, Chen and Lin
    (2005), "Working set selection using second order information for training support
    vector machines", Journal of Machine Learning Research 6.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [3.0], [4.0]])
    >>> y = np.array([-1.0, -1.0, 1.0, 1.0])
    >>> kernel = Kernel("linear", X)
    >>> found = minimise_by_smo(kernel, y, np.minimum(y, 0) * 5, np.maximum(y, 0) * 5)
    >>> found.coefficients.round(3).tolist(), round(found.intercept, 3)
    ([0.0, -0.5, 0.5, 0.0], -2.0)
    """
    row = _cached_rows(kernel, len(target), cache_mib)
    b = np.zeros(len(target)) if start is None else start.copy()
    residuals = target.copy()
    for k in np.flatnonzero(b).tolist():
        residuals -= b[k] * row(k)[0]
    # Added to the residuals, these shut out the rows that have no room to move.
    no_more = np.where(b < upper, 0.0, -np.inf)
    no_less = np.where(b > lower, 0.0, np.inf)
    n_iter, wish, gain = 0, np.empty_like(b), np.empty_like(b)
    while True:
        np.add(residuals, no_more, out=wish)
        i = int(wish.argmax())
        most, (similar, steepness) = wish[i], row(i)
        np.add(residuals, no_less, out=wish)
        np.subtract(most, wish, out=wish)  # by how much each pair with i violates
        if wish.max() <= tol or n_iter == max_iter:
            break
        np.multiply(wish, steepness, out=gain)  # the root of twice what is gained
        j = int(gain.argmax())
        amount = gain[j] * steepness[j]  # to the bottom of the parabola,
        amount = min(amount, upper[i] - b[i], b[j] - lower[j])  # or to a wall
        np.subtract(similar, row(j)[0], out=gain)
        gain *= amount
        residuals -= gain
        b[i] = upper[i] if amount == upper[i] - b[i] else b[i] + amount
        b[j] = lower[j] if amount == b[j] - lower[j] else b[j] - amount
        no_more[i], no_less[i] = 0.0 if b[i] < upper[i] else -np.inf, 0.0
        no_less[j], no_more[j] = 0.0 if b[j] > lower[j] else np.inf, 0.0
        n_iter += 1
    intercept = _intercept(residuals, no_more, no_less)
    return DualSolution(b, intercept, residuals, n_iter, bool(wish.max() <= tol))


def _cached_rows(
    kernel: Kernel, size: int, cache_mib: float
) -> Callable[[int], tuple[Floats, Floats]]:
    """Return a function that gives a row of the table, and one over root curvature."""
    diagonal, n = kernel.diagonal(), len(kernel.rows)

    @lru_cache(maxsize=max(2, int(cache_mib * 2**20 / (16 * size))))
    def row(i: int) -> tuple[Floats, Floats]:
        k = i % n
        similar = kernel.table(kernel.rows[k : k + 1])[0]
        curvature = diagonal[k] + diagonal - 2.0 * similar
        steepness = 1.0 / np.sqrt(np.maximum(curvature, _FLAT))
        if size == n:
            return similar, steepness
        return np.tile(similar, size // n), np.tile(steepness, size // n)

    return row


def _intercept(residuals: Floats, no_more: Floats, no_less: Floats) -> float:
    """Return the residual that all rows inside their box share, up to the tolerance."""
    free = (no_more == 0.0) & (no_less == 0.0)
    if free.any():
        return float(residuals[free].mean())
    # Anything between what the rows at either wall say is right.
    ends = (residuals + no_more).max(), (residuals + no_less).min()
    return float(np.mean([end for end in ends if np.isfinite(end)]))
