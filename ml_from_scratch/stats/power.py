"""How many rows a test needs, and how often it finds what is there.

Power is the probability that the test statistic lands beyond its critical value when
the effect is real. For the t-test that is the non-central t distribution, for shares
nearly a normal one, and for everything else a simulation tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize, special

from ml_from_scratch.stats._checks import (
    Estimate,
    alternative_of,
    inside,
    positive,
    whole,
)
from ml_from_scratch.stats.inference import proportion_interval

_MOST_ROWS = 2**50  # beyond that an integer no longer survives the float arithmetic


def power_of_means(
    effect: float,
    n: float,
    *,
    sd: float = 1.0,
    ratio: float = 1.0,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> float:
    """Return how often a t-test of two means finds a difference of this size.

    Parameters
    ----------
    effect : float
        True difference of the means, second less first.
    n : float
        Rows in the first group, at least 2.
    sd : float, default 1.0
        Standard deviation within each group, in the units of `effect`.
    ratio : float, default 1.0
        Rows in the second group for each row in the first.
    alpha : float, default 0.05
        Significance level.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which differences the test looks for.

    Returns
    -------
    float
        Power; `alpha` where the effect is 0.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(1). Taught in: mathematics/tests-and-power.

    References
    ----------
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, 2nd edition,
    chapter 2.

    Examples
    --------
    >>> round(power_of_means(0.5, 64), 3)
    0.801
    """
    inside(alpha, "alpha")
    positive(sd, "sd")
    positive(ratio, "ratio")
    if not n >= 2 or not n * (1 + ratio) > 2:
        raise ValueError(f"n is {n!r}; expected at least 2 rows a group.")
    degrees = n * (1 + ratio) - 2
    centre = effect / sd * np.sqrt(n * ratio / (1 + ratio))
    return _tails(
        lambda z, sign: _noncentral_t(z, degrees, sign * centre),
        lambda share: special.stdtrit(degrees, share),
        alpha,
        alternative_of(alternative),
    )


def _tails(
    cdf: Callable[[Any, int], Any],
    quantile: Callable[[float], Any],
    alpha: float,
    alternative: str,
) -> float:
    """Add up the tails beyond the critical values.

    ``cdf(z, sign)`` is that of the statistic times `sign`, so that an upper tail is
    the lower tail of the mirrored statistic, and keeps its digits.
    """
    level = alpha / 2 if alternative == "two-sided" else alpha
    critical = quantile(level)
    lower, upper = float(cdf(critical, 1)), float(cdf(critical, -1))
    return {"less": lower, "greater": upper, "two-sided": lower + upper}[alternative]


def _noncentral_t(z: float, degrees: float, centre: float) -> float:
    """Return the probability of a t statistic below z when its numerator has a mean."""
    found = float(special.nctdtr(degrees, centre, z))
    if 0 <= found <= 1:
        return found
    # SciPy has no number far out in a tail; there a normal distribution is near.
    # Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.10
    spread = np.sqrt(1 + z**2 / (2 * degrees))
    return float(special.ndtr((z * (1 - 1 / (4 * degrees)) - centre) / spread))


def power_of_proportions(
    p_x: float,
    p_y: float,
    n: float,
    *,
    ratio: float = 1.0,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> float:
    """Return how often a z-test of two shares finds that they differ.

    Parameters
    ----------
    p_x, p_y : float
        True shares, above 0 and below 1.
    n : float
        Rows in the first group.
    ratio : float, default 1.0
        Rows in the second group for each row in the first.
    alpha : float, default 0.05
        Significance level.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Which differences, second less first, the test looks for.

    Returns
    -------
    float
        Power, by the normal distribution.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(1). Taught in: mathematics/tests-and-power.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd
    edition, chapter 4.

    Examples
    --------
    >>> round(power_of_proportions(0.10, 0.12, 3841), 3)
    0.8
    """
    inside(p_x, "p_x")
    inside(p_y, "p_y")
    inside(alpha, "alpha")
    positive(n, "n")
    positive(ratio, "ratio")
    pooled = (p_x + ratio * p_y) / (1 + ratio)
    under_null = np.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio) / n)
    under_effect = np.sqrt((p_x * (1 - p_x) + p_y * (1 - p_y) / ratio) / n)
    centre = (p_y - p_x) / under_effect
    return _tails(
        lambda z, sign: special.ndtr(z * under_null / under_effect - sign * centre),
        special.ndtri,
        alpha,
        alternative_of(alternative),
    )


def sample_size_for_means(
    effect: float,
    *,
    sd: float = 1.0,
    ratio: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> int:
    """Return how many rows the first group needs to find a difference of means.

    Parameters
    ----------
    effect : float
        Smallest difference worth finding, second less first; not 0.
    sd, ratio
        As for `power_of_means`.
    power : float, default 0.8
        How often it shall be found; above `alpha`.
    alpha, alternative
        As for `power_of_means`.

    Returns
    -------
    int
        The smallest number of rows whose power is enough; the second group needs
        `ratio` times as many.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the effect has the other sign than
        `alternative`.

    Notes
    -----
    Some hundred calls of `power_of_means`. Quarter the effect, and it takes sixteen
    times the rows.

    Taught in: mathematics/tests-and-power.

    References
    ----------
    Cohen (1988), as for `power_of_means`.

    Examples
    --------
    >>> sample_size_for_means(0.5)
    64
    """
    _check_goal(effect, power, alpha, alternative)
    return _smallest(
        lambda n: power_of_means(
            effect, n, sd=sd, ratio=ratio, alpha=alpha, alternative=alternative
        ),
        power,
        least=max(2, int(1 / ratio) + 1) if ratio < 1 else 2,
    )


def sample_size_for_proportions(
    p_x: float,
    p_y: float,
    *,
    ratio: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: str = "two-sided",
) -> int:
    """Return how many rows the first group needs to find a difference of shares.

    Parameters
    ----------
    p_x, p_y : float
        The shares to be told apart.
    ratio
        As for `power_of_proportions`.
    power : float, default 0.8
        How often the difference shall be found; above `alpha`.
    alpha, alternative
        As for `power_of_proportions`.

    Returns
    -------
    int
        The smallest number of rows whose power is enough.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the shares are equal.

    Notes
    -----
    Some hundred calls of `power_of_proportions`.

    Taught in: mathematics/tests-and-power.

    References
    ----------
    Fleiss, Levin and Paik (2003), as for `power_of_proportions`.

    Examples
    --------
    >>> sample_size_for_proportions(0.10, 0.12)
    3841
    """
    _check_goal(p_y - p_x, power, alpha, alternative)
    return _smallest(
        lambda n: power_of_proportions(
            p_x, p_y, n, ratio=ratio, alpha=alpha, alternative=alternative
        ),
        power,
        least=1,
    )


def _smallest(power_at: Callable[[float], float], power: float, least: int) -> int:
    """Double until it is enough, then halve the gap: power grows with n."""
    high = least
    while power_at(high) < power:
        high *= 2
        if high > _MOST_ROWS:
            raise ValueError(
                "More than 1e15 rows are needed; expected a larger effect."
            )
    low = max(least - 1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if power_at(middle) < power else (low, middle)
    return high


def _check_goal(effect: float, power: float, alpha: float, alternative: str) -> None:
    inside(alpha, "alpha")
    inside(power, "power", low=alpha)
    alternative_of(alternative)
    wrong = {"two-sided": effect == 0, "less": effect >= 0, "greater": effect <= 0}
    if not np.isfinite(effect) or wrong[alternative]:
        raise ValueError(
            f"The effect is {effect!r}, which no {alternative} test can find; expected "
            "a finite one that is not 0 and has the right sign."
        )


def minimum_detectable_effect(
    n: int,
    *,
    sd: float = 1.0,
    ratio: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Return the smallest difference of means that a two-sided test finds often enough.

    Parameters
    ----------
    n : int
        Rows in the first group, at least 2.
    sd, ratio
        As for `power_of_means`.
    power : float, default 0.8
        How often the difference shall be found; above `alpha`.
    alpha
        As for `power_of_means`.

    Returns
    -------
    float
        The difference, in the units of `sd`.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Some dozen calls of `power_of_means`. Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> round(minimum_detectable_effect(64), 2)
    0.5
    """
    whole(n, "n", least=2)
    inside(alpha, "alpha")
    inside(power, "power", low=alpha)
    unit = float(np.sqrt((1 + 1 / positive(ratio, "ratio")) / n))

    def lacking(size: float) -> float:
        return power_of_means(size * unit, n, ratio=ratio, alpha=alpha) - power

    high = 1.0
    while lacking(high) < 0:
        high *= 2
    size = optimize.brentq(lacking, 0.0, high, xtol=1e-10)
    return float(size) * unit * positive(sd, "sd")


def simulate_power(
    simulate: Callable[[np.random.Generator], Any],
    p_value: Callable[[Any], float],
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    n_simulations: int = 1000,
    confidence: float = 0.95,
) -> Estimate:
    """Return how often a test is significant on data that you can simulate.

    Simulate with no effect, and this is the rate of false alarms.

    Parameters
    ----------
    simulate : callable
        Takes a generator and returns data.
    p_value : callable
        Takes the data and returns a p-value.
    rng : numpy.random.Generator
        Handed to `simulate`.
    alpha : float, default 0.05
        Significant is a p-value of at most this.
    n_simulations : int, default 1000
        How many data sets.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        Share of significant tests, with its Monte Carlo error and Wilson interval.

    Raises
    ------
    ValueError
        If an argument is out of its range or a p-value is not from 0 to 1.

    Notes
    -----
    Halving the error takes four times as many simulations.

    Taught in: mathematics/tests-and-power.

    Examples
    --------
    >>> from ml_from_scratch.stats import t_test
    >>> found = simulate_power(
    ...     lambda rng: rng.normal(size=20), lambda x: t_test(x).p_value,
    ...     rng=np.random.default_rng(0), n_simulations=400,
    ... )
    >>> found.low < 0.05 < found.high
    True
    """
    inside(alpha, "alpha")
    whole(n_simulations, "n_simulations", least=1)
    found = np.array([float(p_value(simulate(rng))) for _ in range(n_simulations)])
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError("p_value gave a number that is not from 0 to 1.")
    hits = int(np.count_nonzero(found <= alpha))
    return proportion_interval(hits, n_simulations, confidence=confidence)
