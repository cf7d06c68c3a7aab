"""What another sample would have said, asked of the one sample there is.

The bootstrap draws new samples from the old one, the jackknife leaves out one row at a
time, a permutation test deals the rows to the groups anew. All three call a statistic
some thousand times. What makes that fast is calling it on many samples at once, laid
out as the lines of a table small enough for the processor's cache.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.stats._checks import alternative_of, inside, whole
from ml_from_scratch.stats._checks import sample as numbers

Statistic = Callable[..., Any]
Samples = tuple[Floats, ...]
Method = Literal["percentile", "basic", "bca"]

_AT_ONCE = 2**16  # numbers in one table of samples: half a megabyte


class BootstrapResult(NamedTuple):
    """What the bootstrap found.

    Parameters
    ----------
    value
        The statistic of the data as they are.
    standard_error
        The standard deviation of the replicates.
    low, high
        The ends of the confidence interval.
    replicates
        The statistic of each new sample, shape (n_resamples,).

    Notes
    -----
    Taught in: mathematics/sampling.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bootstrap([1.0, 2.0, 3.0], np.mean, n_resamples=5, rng=rng).replicates.shape
    (5,)
    """

    value: float
    standard_error: float
    low: float
    high: float
    replicates: Floats


def bootstrap(
    data: ArrayLike | tuple[ArrayLike, ...],
    statistic: Statistic,
    *,
    rng: np.random.Generator,
    method: Method = "bca",
    confidence: float = 0.95,
    n_resamples: int = 9999,
    vectorized: bool | None = None,
    paired: bool = False,
    clusters: ArrayLike | None = None,
    block_length: int | None = None,
) -> BootstrapResult:
    """Return a confidence interval for any statistic, by drawing rows anew.

    The percentile interval takes the replicates' own quantiles; the basic one mirrors
    them at the estimate; BCa moves the quantiles to correct for the bias of the
    replicates and for a standard error that changes with the value.

    Rows that depend on each other must be drawn together, or the interval is far too
    short: whole clusters (all rows of a customer) or blocks of neighbouring rows (of a
    time series).

    Parameters
    ----------
    data : array-like of shape (n,), or a tuple of them
        One sample, or several that are drawn independently of each other.
    statistic : callable
        Takes as many arrays as there are samples and returns a number. With an
        argument `axis` it is called on tables of samples, one a line, with
        ``axis=-1``, which is many times faster.
    rng : numpy.random.Generator
        Where the draws come from.
    method : {"percentile", "basic", "bca"}, default "bca"
        Which interval.
    confidence : float, default 0.95
        Share of samples whose interval holds the truth.
    n_resamples : int, default 9999
        New samples.
    vectorized : bool, optional
        Whether `statistic` takes `axis`; by default it is looked up.
    paired : bool, default False
        Whether the samples belong together row by row, as x and y of a correlation.
    clusters : array-like of shape (n,), optional
        For each row, to whom it belongs; clusters are drawn whole.
    block_length : int, optional
        Draw blocks of so many neighbouring rows; the last is followed by the first.

    Returns
    -------
    BootstrapResult
        The estimate, its standard error, the interval and the replicates.

    Raises
    ------
    ValueError
        If a sample has fewer than two finite rows (or clusters), an argument is out of
        its range, the statistic is not finite, or BCa is asked for where it has no
        answer: for blocks, or where all replicates lie on one side of the estimate.

    Notes
    -----
    n_resamples calls of the statistic on n rows, and n more for BCa; memory for one
    table of 65,536 numbers and the replicates. Not for maxima, nor for samples of a
    dozen rows: the interval is then too short whatever the method.

    Taught in: mathematics/sampling.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 13 and 14.
    Politis and Romano (1992), "A circular block-resampling procedure for stationary
    data", in Exploring the Limits of Bootstrap.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> delays = rng.exponential(10, size=200)
    >>> found = bootstrap(delays, np.median, rng=rng)
    >>> found.low < found.value < found.high
    True
    """
    samples = _samples(data, paired or clusters is not None)
    _check_settings(method, confidence, n_resamples, block_length, clusters, samples)
    fast = _takes_axis(statistic) if vectorized is None else vectorized
    draw: _Rows | _Clusters
    if clusters is None:
        draw = _Rows(samples, paired, block_length or 1, fast)
    else:
        draw, fast = _Clusters(samples, clusters), False  # new samples differ in length
    value = _one_value(statistic(*samples))
    drawn = draw.resamples(n_resamples, rng)
    replicates = _all_values(statistic, drawn, fast, n_resamples)
    levels = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    if method == "bca":
        levels = _bca_levels(levels, value, replicates, draw.left_out(statistic))
    low, high = np.quantile(replicates, levels)
    if method == "basic":
        low, high = 2 * value - high, 2 * value - low
    error = float(np.std(replicates, ddof=1))
    return BootstrapResult(value, error, float(low), float(high), replicates)


def _bca_levels(
    levels: Floats, value: float, replicates: Floats, left_out: list[Floats]
) -> Floats:
    """Return the quantiles to take instead of `levels`.

    z0 says by how much the median of the replicates is off, the acceleration how the
    standard error changes with the value, which the jackknife tells.
    """
    below = np.mean(replicates < value) + np.mean(replicates <= value)
    if np.ptp(replicates) == 0:
        return levels  # a statistic that never varies: every quantile is the same
    if below in (0, 2):
        raise ValueError(
            f"All replicates lie on one side of the estimate {value:g}, where BCa has "
            "no answer; expected a smooth statistic. Take method='percentile'."
        )
    z0 = special.ndtri(below / 2)
    influences = [(values.mean() - values) / len(values) for values in left_out]
    # (n - 1) of each sample; it matters only where samples differ in size
    influences = [(len(u) - 1) * u for u in influences]
    cubes = sum(float(np.sum(u**3)) for u in influences)
    squares = sum(float(np.sum(u**2)) for u in influences)
    acceleration = cubes / (6 * squares**1.5) if squares > 0 else 0.0
    shifted = z0 + special.ndtri(levels)
    return np.asarray(special.ndtr(z0 + shifted / (1 - acceleration * shifted)))


class _Rows:
    """Draw rows, or blocks of them, as tables of whole samples."""

    def __init__(
        self, samples: Samples, paired: bool, block_length: int, fast: bool
    ) -> None:
        self.samples, self.paired, self.block = samples, paired, block_length
        self.fast = fast

    def resamples(self, count: int, rng: np.random.Generator) -> Iterator[Samples]:
        for lines in _batches(count, max(map(len, self.samples)), self.fast):
            drawn = self._tables(lines, rng)
            yield drawn if self.fast else tuple(table[0] for table in drawn)

    def _tables(self, lines: int, rng: np.random.Generator) -> Samples:
        if self.paired:
            chosen = self._indices(len(self.samples[0]), lines, rng)
            return tuple(x.take(chosen) for x in self.samples)
        return tuple(
            x.take(self._indices(len(x), lines, rng)) for x in self.samples
        )  # each (lines, n)

    def _indices(self, n: int, lines: int, rng: np.random.Generator) -> Integers:
        if self.block == 1:
            return rng.integers(0, n, (lines, n))
        blocks = -(-n // self.block)
        starts = rng.integers(0, n, (lines, blocks, 1))
        chosen = (starts + np.arange(self.block)) % n
        return np.asarray(chosen.reshape(lines, -1)[:, :n], dtype=np.intp)

    def left_out(self, statistic: Statistic) -> list[Floats]:
        """For each sample the statistic without each of its rows."""
        which = range(len(self.samples))
        shortened = [list(which)] if self.paired else [[i] for i in which]
        return [
            _without_each(statistic, self.samples, self.fast, some)
            for some in shortened
        ]


class _Clusters:
    """Draw whole clusters, one sample at a time."""

    def __init__(self, samples: Samples, clusters: ArrayLike) -> None:
        self.samples = samples
        ids = np.asarray(clusters)
        if ids.shape != samples[0].shape:
            raise ValueError(
                f"clusters has shape {ids.shape}; expected {samples[0].shape}, one "
                "cluster a row."
            )
        _, codes = np.unique(ids, return_inverse=True)
        order = np.argsort(codes, kind="stable")
        self.members = np.split(order, np.cumsum(np.bincount(codes))[:-1])
        if len(self.members) < 2:
            raise ValueError("clusters names 1 cluster; expected 2 or more.")

    def resamples(self, count: int, rng: np.random.Generator) -> Iterator[Samples]:
        for _ in range(count):
            chosen = rng.integers(0, len(self.members), len(self.members))
            rows = np.concatenate([self.members[c] for c in chosen])
            yield tuple(x[rows] for x in self.samples)

    def left_out(self, statistic: Statistic) -> list[Floats]:
        """Return the statistic without each of the clusters."""
        values = [
            statistic(*(np.delete(x, members) for x in self.samples))
            for members in self.members
        ]
        return [np.array(values, dtype=np.float64)]


def _without_each(
    statistic: Statistic, samples: Samples, fast: bool, shortened: list[int]
) -> Floats:
    """Call the statistic without row i of the samples in `shortened`, for each i."""
    n = len(samples[shortened[0]])
    others = np.arange(n - 1)
    values: list[Floats] = []
    first = 0
    for lines in _batches(n, max(map(len, samples)), fast):
        missing = np.arange(first, first + lines)[:, None]
        kept = others + (others >= missing)  # (lines, n - 1)
        tables = [
            x[kept] if i in shortened else np.tile(x, (lines, 1))
            for i, x in enumerate(samples)
        ]
        arguments = tables if fast else [table[0] for table in tables]
        values.append(_values(statistic, arguments, fast))
        first += lines
    return np.concatenate(values)


def _values(statistic: Statistic, arguments: Sequence[Floats], fast: bool) -> Floats:
    found = statistic(*arguments, axis=-1) if fast else statistic(*arguments)
    return np.atleast_1d(np.asarray(found, dtype=np.float64))


def _all_values(
    statistic: Statistic, drawn: Iterator[Samples], fast: bool, count: int
) -> Floats:
    values = np.concatenate([_values(statistic, one, fast) for one in drawn])
    if values.shape != (count,):
        raise ValueError(
            f"statistic gave {values.size} values for {count} samples; expected one "
            "number a sample."
        )
    if not np.isfinite(values).all():
        wrong = np.count_nonzero(~np.isfinite(values))
        raise ValueError(
            f"statistic is not finite on {wrong} of {count} new samples; expected a "
            "number for every sample that can be drawn."
        )
    return values


def _one_value(found: Any) -> float:
    value = np.asarray(found, dtype=np.float64)
    if value.size != 1 or not np.isfinite(value).all():
        raise ValueError(f"statistic of the data is {found!r}; expected one number.")
    return float(value.item())


def _takes_axis(statistic: Statistic) -> bool:
    """Say whether a function has an argument called axis."""
    try:
        return "axis" in inspect.signature(statistic).parameters
    except (TypeError, ValueError):  # built in, and not telling
        return False


def _samples(data: Any, same: bool) -> Samples:
    parts = data if isinstance(data, tuple) else (data,)
    if not parts:
        raise ValueError("data is an empty tuple; expected one sample or more.")
    names = [f"data[{i}]" for i in range(len(parts))] if len(parts) > 1 else ["data"]
    samples = tuple(
        numbers(part, name, least=2) for part, name in zip(parts, names, strict=True)
    )
    if same and len(set(map(len, samples))) > 1:
        raise ValueError(
            f"The samples have {[len(x) for x in samples]} rows; rows that belong "
            "together need samples of one length."
        )
    return samples


def _check_settings(
    method: str,
    confidence: float,
    n_resamples: int,
    block_length: int | None,
    clusters: ArrayLike | None,
    samples: Samples,
) -> None:
    if method not in ("percentile", "basic", "bca"):
        raise ValueError(
            f"method is {method!r}; expected 'percentile', 'basic' or 'bca'."
        )
    inside(confidence, "confidence")
    whole(n_resamples, "n_resamples", least=2)
    if block_length is None:
        return
    if clusters is not None:
        raise ValueError("Both clusters and block_length are given; expected one.")
    longest = min(map(len, samples))
    if whole(block_length, "block_length", least=1) > longest:
        raise ValueError(f"block_length is {block_length}; expected at most {longest}.")
    if method == "bca" and block_length > 1:
        raise ValueError(
            "BCa has no jackknife for blocks; expected method 'percentile' or 'basic'."
        )


class JackknifeResult(NamedTuple):
    """What leaving out one row at a time tells about a statistic.

    Parameters
    ----------
    value
        The statistic of all rows.
    bias
        By how much it is too large on average, estimated.
    standard_error
        Its standard deviation from sample to sample, estimated.
    left_out
        The statistic without row i, shape (n,).

    Notes
    -----
    Taught in: mathematics/sampling.

    Examples
    --------
    >>> jackknife([1.0, 2.0, 6.0], np.mean).left_out.tolist()
    [4.0, 3.5, 1.5]
    """

    value: float
    bias: float
    standard_error: float
    left_out: Floats


def jackknife(
    data: ArrayLike, statistic: Statistic, *, vectorized: bool | None = None
) -> JackknifeResult:
    """Estimate the bias and the standard error of a smooth statistic.

    Parameters
    ----------
    data : array-like of shape (n,)
        The sample, n at least 2.
    statistic : callable
        Takes an array and returns a number; see `bootstrap`.
    vectorized : bool, optional
        Whether `statistic` takes `axis`; by default it is looked up.

    Returns
    -------
    JackknifeResult
        The estimate, its bias and standard error, and the n values they come from.

    Raises
    ------
    ValueError
        If there are fewer than two rows or the statistic is not a finite number.

    Notes
    -----
    n calls of the statistic. Wrong for the median and other statistics that jump.

    Taught in: mathematics/sampling.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.

    Examples
    --------
    >>> found = jackknife([1.0, 2.0, 3.0, 6.0], np.var)
    >>> round(found.value - found.bias, 6)  # the unbiased variance, exactly
    4.666667
    """
    (x,) = _samples(data, same=False)
    fast = _takes_axis(statistic) if vectorized is None else vectorized
    value, n = _one_value(statistic(x)), len(x)
    values = _without_each(statistic, (x,), fast, [0])
    if not np.isfinite(values).all():
        raise ValueError("statistic is not finite once a row is left out.")
    bias = (n - 1) * (values.mean() - value)
    error = np.sqrt((n - 1) * values.var())
    return JackknifeResult(value, float(bias), float(error), values)


class PermutationResult(NamedTuple):
    """What a permutation test found.

    Parameters
    ----------
    statistic
        The statistic of the data as they are.
    p_value
        How often dealing the rows at random does at least as much.
    null
        The statistic of each dealing.
    exact
        Whether every dealing was tried.

    Notes
    -----
    Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> permutation_test([1.0, 2.0], [3.0, 4.0], rng=rng).exact
    True
    """

    statistic: float
    p_value: float
    null: Floats
    exact: bool


def mean_difference(x: Floats, y: Floats, axis: int = -1) -> Any:
    """Return the mean of `y` less the mean of `x`.

    Parameters
    ----------
    x, y : numpy.ndarray
        Two samples, or tables of them.
    axis : int, default -1
        The axis of the rows of a sample.

    Returns
    -------
    float or numpy.ndarray
        One difference a sample.

    Notes
    -----
    Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> float(mean_difference(np.array([1.0, 2.0]), np.array([4.0, 5.0])))
    3.0
    """
    return np.mean(y, axis=axis) - np.mean(x, axis=axis)


def permutation_test(
    x: ArrayLike,
    y: ArrayLike,
    statistic: Statistic = mean_difference,
    *,
    rng: np.random.Generator,
    alternative: str = "two-sided",
    paired: bool = False,
    n_permutations: int = 9999,
    vectorized: bool | None = None,
) -> PermutationResult:
    """Test whether two samples come from one distribution, by dealing rows anew.

    If it makes no difference in which group a row is, every way of dealing the rows
    to the groups was equally likely, and the statistic at hand is one draw among them.

    Parameters
    ----------
    x, y : array-like of shapes (n,) and (m,)
        The samples.
    statistic : callable, default `mean_difference`
        Takes the two samples and returns a number; see `bootstrap` for `axis`.
    rng : numpy.random.Generator
        Where the dealings come from.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which statistics are extreme; two-sided doubles the smaller of the one-sided
        p-values.
    paired : bool, default False
        Whether x and y belong together row by row: then only the two values of a row
        change places.
    n_permutations : int, default 9999
        Random dealings. If there are no more dealings than that, each is tried once
        and the p-value is exact.
    vectorized : bool, optional
        Whether `statistic` takes `axis`; by default it is looked up.

    Returns
    -------
    PermutationResult
        Statistic, p-value (never 0) and the null distribution.

    Raises
    ------
    ValueError
        If a sample is empty or not finite, an argument is out of its range, or the
        statistic is not a finite number.

    Notes
    -----
    O(n_permutations * (n + m)) time and, in tables of 65,536 numbers, little memory.

    Taught in: mathematics/tests-and-power.

    References
    ----------
    Phipson and Smyth (2010), "Permutation p-values should never be zero", Statistical
    Applications in Genetics and Molecular Biology 9(1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> permutation_test([1.0, 2.0, 3.0], [7.0, 8.0, 9.0], rng=rng).p_value
    0.1
    """
    first, second = numbers(x, "x"), numbers(y, "y")
    if paired:
        _samples((x, y), same=True)
    alternative_of(alternative)
    whole(n_permutations, "n_permutations", least=1)
    fast = _takes_axis(statistic) if vectorized is None else vectorized
    value = _one_value(statistic(first, second))
    ways = 2 ** len(first) if paired else comb(len(first) + len(second), len(first))
    exact = ways <= n_permutations
    count = ways if exact else n_permutations
    deal = _swaps if paired else _splits
    dealt = deal(first, second, count, None if exact else rng, fast)
    null = _all_values(statistic, dealt, fast, count)
    p_value = _permutation_p(value, null, alternative, extra=0 if exact else 1)
    return PermutationResult(value, p_value, null, exact)


def _splits(
    x: Floats, y: Floats, count: int, rng: np.random.Generator | None, fast: bool
) -> Iterator[Samples]:
    """Deal all rows to two groups of the sizes of x and y."""
    pooled, n = np.concatenate([x, y]), len(x)
    everything = combinations(range(len(pooled)), n)
    for lines in _batches(count, len(pooled), fast):
        if rng is None:
            first = np.array([next(everything) for _ in range(lines)], dtype=np.intp)
            rest = np.ones((lines, len(pooled)), dtype=bool)
            rest[np.arange(lines)[:, None], first] = False
            second = np.broadcast_to(pooled, rest.shape)[rest].reshape(lines, len(y))
            dealt = pooled[first], second
        else:
            shuffled = rng.permuted(np.tile(pooled, (lines, 1)), axis=1)
            dealt = shuffled[:, :n], shuffled[:, n:]
        yield dealt if fast else (dealt[0][0], dealt[1][0])


def _swaps(
    x: Floats, y: Floats, count: int, rng: np.random.Generator | None, fast: bool
) -> Iterator[Samples]:
    """Let the two values of each row change places or not."""
    done = 0
    for lines in _batches(count, len(x), fast):
        swapped: NDArray[np.bool_]
        if rng is None:  # the binary digits of 0, 1, 2, ...
            digits = np.arange(done, done + lines)[:, None] >> np.arange(len(x))
            swapped = digits % 2 == 1
        else:
            swapped = rng.random((lines, len(x))) < 0.5
        done += lines
        dealt = np.where(swapped, y, x), np.where(swapped, x, y)
        yield dealt if fast else (dealt[0][0], dealt[1][0])


def _batches(count: int, width: int, fast: bool) -> Iterator[int]:
    """Cut a number of lines into tables that fit the cache."""
    at_once = max(1, _AT_ONCE // width) if fast else 1
    for start in range(0, count, at_once):
        yield min(at_once, count - start)


def _permutation_p(value: float, null: Floats, alternative: str, extra: int) -> float:
    """Rank the statistic among its dealings; `extra` counts the data themselves."""
    slack = 1e-14 * max(abs(value), float(np.abs(null).max()))  # equal up to rounding
    greater = (np.count_nonzero(null >= value - slack) + extra) / (len(null) + extra)
    less = (np.count_nonzero(null <= value + slack) + extra) / (len(null) + extra)
    if alternative == "two-sided":
        return float(min(1.0, 2 * min(greater, less)))
    return float(greater if alternative == "greater" else less)
