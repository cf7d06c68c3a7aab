"""Arithmetic that survives rounding: log-sum-exp, long sums, spreads, bfloat16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats

if TYPE_CHECKING:
    from typing import Self

Axis = int | tuple[int, ...] | None
AnyFloats = NDArray[np.floating[Any]]


def logsumexp(x: ArrayLike, axis: Axis = None, *, keepdims: bool = False) -> AnyFloats:
    """Return log(sum(exp(x))) over axes, without overflow and to the last digit.

    Parameters
    ----------
    x : array-like of any shape
        Logarithms of what is added. -inf stands for a term of zero; nan gives nan.
    axis : int, tuple of int, or None
        The axes to sum over; all of them by default.
    keepdims : bool
        Whether the axes stay, with length one.

    Returns
    -------
    numpy.ndarray
        float16 and float32 stay what they are; whole numbers become float64. It is
        -inf where every entry is -inf and inf where one is inf.

    Raises
    ------
    TypeError
        If `x` is not made of real numbers.
    ValueError
        If there is nothing to sum.

    Notes
    -----
    The largest entry is taken out first, so that no exponent is above zero. Its own
    term is then exactly 1, and `log1p` of the others keeps the digits that
    `log(1 + others)` would round away. O(n).

    Taught in: mathematics/numerical-stability.

    References
    ----------
    Blanchard, Higham and Higham (2021), "Accurately computing the log-sum-exp and
    softmax functions", IMA Journal of Numerical Analysis 41(4).

    Examples
    --------
    >>> round(float(logsumexp([1000.0, 1000.0])) - 1000, 4)
    0.6931
    >>> logsumexp([[0.0, -40.0], [-np.inf, -np.inf]], axis=1).tolist()
    [4.248354255291589e-18, -inf]
    """
    x = _real_floats(x)
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, x.dtype.type(0))
    # What is ignored is the answer: log(0) = -inf, and inf where a term is inf.
    with np.errstate(divide="ignore", over="ignore"):
        largest = x == top
        n_largest = largest.sum(axis=axis, keepdims=True)
        others = np.where(largest, x.dtype.type(0), np.exp(x - top))
        others = others.sum(axis=axis, keepdims=True)
        shared = np.maximum(n_largest, 1)
        logs = np.where(
            n_largest > 0, np.log(shared) + np.log1p(others / shared), np.log(others)
        )
    out: AnyFloats = (top + logs).astype(x.dtype, copy=False)
    return out if keepdims else out.squeeze(axis)


def log_sigmoid(z: ArrayLike) -> AnyFloats:
    """Return log(1 / (1 + exp(-z))), for log-odds of any size.

    Parameters
    ----------
    z : array-like of any shape
        Log-odds.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Log-probabilities, at most 0. float16 and float32 stay what they are.

    Raises
    ------
    TypeError
        If `z` is not made of real numbers.

    Notes
    -----
    exp is only taken of numbers below zero, and `log1p` keeps the digits of a
    probability close to one. log(1 - sigmoid(z)) is `log_sigmoid(-z)`.

    Taught in: mathematics/numerical-stability.

    References
    ----------
    Mächler (2012), "Accurately computing log(1 - exp(-|a|))", vignette of the R
    package Rmpfr.

    Examples
    --------
    >>> log_sigmoid([-1000.0, 0.0, 40.0]).tolist()
    [-1000.0, -0.6931471805599453, -4.248354255291589e-18]
    """
    z = _real_floats(z, empty=True)
    out: AnyFloats = np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))
    return out


def compensated_sum(x: ArrayLike) -> float:
    """Add numbers and, beside them, what each addition rounded away.

    Parameters
    ----------
    x : array-like of shape (n,)
        The terms. They are added in their own precision: float32 in float32.

    Returns
    -------
    float
        The sum, as accurate as if it had been added with twice the digits and
        rounded once.

    Raises
    ------
    TypeError
        If `x` is not made of real numbers.
    ValueError
        If `x` is not one-dimensional or is empty.

    Notes
    -----
    Neighbours are added in rounds, as in pairwise summation, with Knuth's error-free
    addition of two numbers. `math.fsum` is correctly rounded always, one term at a
    time. O(n), on whole arrays.

    Taught in: mathematics/numerical-stability.

    References
    ----------
    Ogita, Rump and Oishi (2005), "Accurate sum and dot product", SIAM Journal on
    Scientific Computing 26(6).

    Examples
    --------
    >>> compensated_sum([1e16, 1.0, 1.0, -1e16])
    2.0
    """
    terms = _real_floats(x)
    if terms.ndim != 1:
        raise ValueError(f"x has the shape {terms.shape}; expected one dimension.")
    sums, lost = terms, np.zeros_like(terms)
    with np.errstate(invalid="ignore"):  # inf - inf, where a term is infinite
        while len(sums) > 1:
            sums, rounded_away = _two_sum(_even(sums)[::2], _even(sums)[1::2])
            lost = _even(lost)[::2] + _even(lost)[1::2] + rounded_away
    total = sums[0] + lost[0]
    return float(total if np.isfinite(total) else terms.sum())


def _two_sum(a: AnyFloats, b: AnyFloats) -> tuple[AnyFloats, AnyFloats]:
    """Return a + b as rounded, and exactly what the rounding took."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _even(x: AnyFloats) -> AnyFloats:
    return x if len(x) % 2 == 0 else np.append(x, x.dtype.type(0))


@dataclass(frozen=True)
class Moments:
    """Count, mean and spread of rows, in a form that merges without cancellation.

    Parameters
    ----------
    n : int
        Rows seen.
    mean : numpy.ndarray of shape (d,), or float
        Mean of each column.
    squares : numpy.ndarray of shape (d,), or float
        Sum of squared distances from that mean, in squared units.

    Notes
    -----
    `Moments()` has seen nothing. What is kept are sums around the mean, never sums of
    squares around zero: those lose the digits of a spread that is small beside the
    mean. Merging costs O(d), in any order and from any number of workers.

    Taught in: mathematics/numerical-stability.

    References
    ----------
    Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance:
    analysis and recommendations", The American Statistician 37(3).

    Examples
    --------
    >>> first, second = Moments.of([1e9, 1e9 + 1]), Moments.of([1e9 + 2])
    >>> float(first.merge(second).variance())
    0.6666666666666666
    """

    n: int = 0
    mean: Floats | float = 0.0
    squares: Floats | float = 0.0

    @classmethod
    def of(cls, rows: ArrayLike) -> Self:
        """Gather a batch in two passes: the mean first, then distances from it.

        Parameters
        ----------
        rows : array-like of shape (n,) or (n, d)
            At least one row, all finite.

        Returns
        -------
        Moments
        """
        batch = np.asarray(rows, dtype=np.float64)
        if batch.ndim not in (1, 2) or not len(batch):
            raise ValueError(
                f"rows has the shape {batch.shape}; expected (n,) or (n, d), n > 0."
            )
        if not np.isfinite(batch).all():
            raise ValueError("rows holds nan or infinity; expected all finite.")
        mean = batch.mean(axis=0)
        apart = batch - mean
        # The mean is itself rounded; its error shifts all distances alike.
        squares = (apart**2).sum(axis=0) - apart.sum(axis=0) ** 2 / len(batch)
        return cls(len(batch), mean, np.maximum(squares, 0.0))

    def merge(self, other: Self) -> Self:
        """Return the moments of both sets of rows together.

        Parameters
        ----------
        other : Moments
            Of other rows, with the same columns.

        Returns
        -------
        Moments
        """
        n = self.n + other.n
        if not other.n or not self.n:
            return self if self.n else other
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.n / n)
        between = apart**2 * (self.n * other.n / n)
        return type(self)(n, mean, self.squares + other.squares + between)

    def variance(self, ddof: int = 0) -> Floats | float:
        """Return the variance of each column.

        Parameters
        ----------
        ddof : int
            What is subtracted from the number of rows: 1 for a sample.

        Returns
        -------
        numpy.ndarray of shape (d,), or float
        """
        if self.n <= ddof:
            raise ValueError(f"{self.n} rows seen; expected more than ddof = {ddof}.")
        return self.squares / (self.n - ddof)


def round_to_bfloat16(x: ArrayLike) -> NDArray[np.float32]:
    """Round to the numbers that bfloat16 has, kept in float32.

    bfloat16 is a float32 without its last 16 bits: the same range, 8 bits of
    precision in place of 24. NumPy has no such type.

    Parameters
    ----------
    x : array-like of any shape

    Returns
    -------
    numpy.ndarray of float32
        The nearest number of bfloat16; of two equally near, the one whose last bit is
        zero. inf and nan stay what they are.

    Raises
    ------
    TypeError
        If `x` is not made of real numbers.

    Notes
    -----
    Adding just under half a unit to the bits carries into the part that is kept, which
    is what rounding is. O(n).

    Taught in: mathematics/numerical-stability.

    References
    ----------
    Kalamkar et al. (2019), "A study of BFLOAT16 for deep learning training",
    arXiv:1905.12322.

    Examples
    --------
    >>> round_to_bfloat16([1.0, 257.0, 3.14159]).tolist()
    [1.0, 256.0, 3.140625]
    """
    with np.errstate(over="ignore"):
        single = np.atleast_1d(_real_floats(x, empty=True).astype(np.float32))
    bits = single.view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    kept = ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(single), kept, single).reshape(np.shape(x))


def _real_floats(x: ArrayLike, *, empty: bool = False) -> AnyFloats:
    """Keep floats as they are and turn whole numbers into float64."""
    array = np.asarray(x)
    if array.size == 0 and not empty:
        raise ValueError("x is empty; expected at least one number.")
    if array.size == 0 or array.dtype.kind in "biu":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise TypeError(f"x is of dtype {array.dtype}; expected real numbers.")
    return array
