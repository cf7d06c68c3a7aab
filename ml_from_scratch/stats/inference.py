"""Intervals and tests for means and for shares.

Every test here is a difference divided by its standard error. What differs is where
the standard error comes from, and the distribution that the ratio is held against.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ml_from_scratch.base import Floats
from ml_from_scratch.stats._checks import (
    Difference,
    Estimate,
    alternative_of,
    inside,
    normal_quantile,
    sample,
    whole,
)

ProportionMethod = Literal["wilson", "clopper-pearson", "wald"]


def mean_interval(
    x: ArrayLike, *, confidence: float = 0.95, sigma: float | None = None
) -> Estimate:
    """Return the mean of a sample and the interval that its truth is in.

    Parameters
    ----------
    x : array-like of shape (n,)
        Independent values; n at least 2, or 1 where `sigma` is given.
    confidence : float, default 0.95
        Share of samples whose interval holds the truth.
    sigma : float, optional
        The standard deviation of the population if it is known: then the interval is
        the normal distribution's. Else it is Student's, which is wider.

    Returns
    -------
    Estimate
        Mean, standard error and interval.

    Raises
    ------
    ValueError
        If there are too few values, some are not finite, or an argument is out of its
        range.

    Notes
    -----
    O(n). Taught in: mathematics/tests-and-power.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6(1).

    Examples
    --------
    >>> found = mean_interval([4.0, 5.0, 6.0])
    >>> round(found.low, 3), round(found.high, 3)
    (2.516, 7.484)
    """
    values = sample(x, "x", least=2 if sigma is None else 1)
    inside(confidence, "confidence")
    n = len(values)
    if sigma is None:
        error = float(values.std(ddof=1) / np.sqrt(n))
        width = error * float(special.stdtrit(n - 1, (1 + confidence) / 2))
    else:
        error = sigma / np.sqrt(n)
        width = error * normal_quantile(confidence)
    mean = float(values.mean())
    return Estimate(mean, float(error), mean - width, mean + width)


def t_test(
    x: ArrayLike,
    null: float = 0.0,
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
) -> Difference:
    """Test whether a mean is `null`; of the differences of pairs, the paired test.

    Parameters
    ----------
    x : array-like of shape (n,)
        Independent values, at least two different ones.
    null : float, default 0.0
        The mean that is doubted.
    confidence : float, default 0.95
        For the two-sided interval.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        What the mean may be instead.

    Returns
    -------
    Difference
        The mean less `null`, with interval, statistic and p-value.

    Raises
    ------
    ValueError
        If there are fewer than two values, some are not finite, or all are equal.

    Notes
    -----
    O(n). Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> before, after = np.array([5.0, 6.0, 7.0]), np.array([6.0, 6.5, 9.0])
    >>> round(t_test(after - before).p_value, 3)
    0.118
    """
    values = sample(x, "x", least=2)
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    gap = float(values.mean()) - null
    return _student(gap, error, len(values) - 1, confidence, alternative)


def welch_test(
    x: ArrayLike,
    y: ArrayLike,
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
) -> Difference:
    """Test whether two groups have one mean, without supposing one variance.

    Parameters
    ----------
    x, y : array-like of shapes (n,) and (m,)
        Two independent groups, each of at least two values.
    confidence : float, default 0.95
        For the two-sided interval.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        What the mean of `y` may be, compared with that of `x`.

    Returns
    -------
    Difference
        The mean of `y` less that of `x`, with interval, statistic and p-value.

    Raises
    ------
    ValueError
        If a group has fewer than two values, some are not finite, or both groups are
        constant, so that there is no spread to judge by.

    Notes
    -----
    O(n + m). Taught in: mathematics/tests-and-power.

    References
    ----------
    Welch (1947), "The generalization of Student's problem when several different
    population variances are involved", Biometrika 34.

    Examples
    --------
    >>> found = welch_test([1.0, 2.0, 3.0], [4.0, 5.0, 9.0])
    >>> found.difference, round(found.p_value, 3)
    (4.0, 0.106)
    """
    first, second = sample(x, "x", least=2), sample(y, "y", least=2)
    gap = float(second.mean() - first.mean())
    error, degrees = welch_error(first, second)
    return _student(gap, error, degrees, confidence, alternative)


def welch_error(x: Floats, y: Floats) -> tuple[float, float]:
    """Return the standard error of a difference of means, and its degrees of freedom.

    Parameters
    ----------
    x, y : numpy.ndarray of shapes (n,) and (m,)
        Two groups of at least two values.

    Returns
    -------
    standard_error : float
        Of mean(y) - mean(x).
    degrees : float
        Of the Student distribution that comes closest (Welch and Satterthwaite).

    Notes
    -----
    O(n + m). Taught in: mathematics/tests-and-power.

    References
    ----------
    Satterthwaite (1946), "An approximate distribution of estimates of variance
    components", Biometrics Bulletin 2.

    Examples
    --------
    >>> error, degrees = welch_error(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    >>> round(error, 3), round(degrees, 3)
    (1.414, 2.0)
    """
    parts = np.array([x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)])
    total = parts.sum()
    if total == 0:
        return 0.0, 1.0
    shares = parts / total  # first, so that huge and tiny variances do not overflow
    degrees = 1 / np.sum(shares**2 / np.array([len(x) - 1, len(y) - 1]))
    return float(np.sqrt(total)), float(degrees)


def _student(
    gap: float, error: float, degrees: float, confidence: float, alternative: str
) -> Difference:
    inside(confidence, "confidence")
    alternative_of(alternative)
    if error == 0:
        raise ValueError("All values are equal; expected some spread to judge by.")
    statistic = gap / error
    below = float(special.stdtr(degrees, statistic))
    above = float(special.stdtr(degrees, -statistic))
    p_value = {"less": below, "greater": above, "two-sided": 2 * min(below, above)}
    width = error * float(special.stdtrit(degrees, (1 + confidence) / 2))
    return Difference(
        gap, error, gap - width, gap + width, statistic, p_value[alternative]
    )


# ------------------------------------------------------------------------- shares


def proportion_interval(
    successes: int,
    n: int,
    *,
    confidence: float = 0.95,
    method: ProportionMethod = "wilson",
) -> Estimate:
    """Return a share and the interval that its truth is in.

    Wald's interval takes the standard error at the observed share, and is empty at 0
    of n. Wilson's asks which true shares would not be surprised by the data. Clopper
    and Pearson's asks the same of the exact binomial distribution: never too short,
    and often too long.

    Parameters
    ----------
    successes : int
        How many of the `n`.
    n : int
        How many independent trials, at least 1.
    confidence : float, default 0.95
        Share of samples whose interval holds the truth.
    method : {"wilson", "clopper-pearson", "wald"}, default "wilson"
        Which interval.

    Returns
    -------
    Estimate
        Share, its standard error and the interval.

    Raises
    ------
    ValueError
        If the counts are not whole numbers with 0 <= successes <= n.

    Notes
    -----
    O(1). Taught in: mathematics/tests-and-power.

    References
    ----------
    Brown, Cai and DasGupta (2001), "Interval estimation for a binomial proportion",
    Statistical Science 16(2).

    Examples
    --------
    >>> found = proportion_interval(0, 20)
    >>> round(found.low, 3), round(found.high, 3)
    (0.0, 0.161)
    """
    _check_counts(successes, n)
    z = normal_quantile(confidence)
    share = successes / n
    error = float(np.sqrt(share * (1 - share) / n))
    if method == "wald":
        low, high = share - z * error, share + z * error
    elif method == "wilson":
        low, high = _wilson(share, n, z)
    elif method == "clopper-pearson":
        low, high = _clopper_pearson(successes, n, (1 - confidence) / 2)
    else:
        raise ValueError(
            f"method is {method!r}; expected 'wilson', 'clopper-pearson' or 'wald'."
        )
    return Estimate(share, error, low, high)


def _wilson(share: float, n: int, z: float) -> tuple[float, float]:
    """Solve (share - p)^2 = z^2 p (1 - p) / n for p."""
    pull = z**2 / n
    centre = (share + pull / 2) / (1 + pull)
    width = np.sqrt(share * (1 - share) * pull + pull**2 / 4) / (1 + pull)
    low = 0.0 if share == 0 else float(centre - width)
    high = 1.0 if share == 1 else float(centre + width)
    return low, high


def _clopper_pearson(successes: int, n: int, tail: float) -> tuple[float, float]:
    failures = n - successes
    low = float(special.betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = (
        float(special.betaincinv(successes + 1, failures, 1 - tail))
        if failures
        else 1.0
    )
    return low, high


def proportion_test(
    successes_x: int,
    n_x: int,
    successes_y: int,
    n_y: int,
    *,
    confidence: float = 0.95,
    alternative: str = "two-sided",
) -> Difference:
    """Test whether two groups have one share.

    The statistic pools the groups, since under the null hypothesis they have one
    share. The interval is Newcombe's, from the two Wilson intervals: it stays within
    -1 to 1 and is right for small counts too.

    Parameters
    ----------
    successes_x, n_x : int
        Successes and trials of the first group.
    successes_y, n_y : int
        Successes and trials of the second group.
    confidence : float, default 0.95
        For the two-sided interval.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        What the share of the second group may be, compared with the first.

    Returns
    -------
    Difference
        The second share less the first, with interval, z statistic and p-value. Where
        both groups have no success, or nothing but successes, z is 0 and p is 1.

    Raises
    ------
    ValueError
        If the counts are not whole numbers with 0 <= successes <= n.

    Notes
    -----
    O(1). The p-value is the normal distribution's: have at least 5 successes and 5
    failures in each group.

    Taught in: mathematics/tests-and-power.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent
    proportions: comparison of eleven methods", Statistics in Medicine 17(8).

    Examples
    --------
    >>> found = proportion_test(40, 400, 60, 400)
    >>> round(found.difference, 3), round(found.p_value, 3)
    (0.05, 0.033)
    """
    alternative_of(alternative)
    x = proportion_interval(successes_x, n_x, confidence=confidence)
    y = proportion_interval(successes_y, n_y, confidence=confidence)
    gap = y.value - x.value
    pooled = (successes_x + successes_y) / (n_x + n_y)
    spread = float(np.sqrt(pooled * (1 - pooled) * (1 / n_x + 1 / n_y)))
    statistic = gap / spread if spread else 0.0
    below, above = float(special.ndtr(statistic)), float(special.ndtr(-statistic))
    p_value = {"less": below, "greater": above, "two-sided": 2 * min(below, above)}
    return Difference(
        difference=gap,
        standard_error=float(np.hypot(x.standard_error, y.standard_error)),
        low=gap - float(np.hypot(y.value - y.low, x.high - x.value)),
        high=gap + float(np.hypot(y.high - y.value, x.value - x.low)),
        statistic=statistic,
        p_value=p_value[alternative],
    )


def _check_counts(successes: int, n: int) -> None:
    whole(n, "n", least=1)
    if whole(successes, "successes") > n:
        raise ValueError(f"successes is {successes}; expected at most n, which is {n}.")
