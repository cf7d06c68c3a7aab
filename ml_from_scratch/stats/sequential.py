"""Looking at an experiment before its end without being fooled.

Who looks five times and stops at the first p-value below 5 % is fooled 14 % of the
time. Two remedies: group-sequential boundaries, for looks that were planned, come from
integrating the probability of every path that has not stopped yet; always-valid
p-values, for looking whenever one likes, from a bet against the null hypothesis whose
winnings can rarely grow large if it is true.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from ml_from_scratch.base import Floats
from ml_from_scratch.stats._checks import inside, positive, sample, whole

_NODES = 160  # points of the quadrature at each look: more than 12 digits at 20 looks
Kind = Literal["obrien-fleming", "pocock"]


def crossing_probabilities(
    bounds: ArrayLike, information: ArrayLike | None = None, *, drift: float = 0.0
) -> Floats:
    """Return the probability of stopping at each look.

    The z statistics of successive looks are a random walk, seen on the scale
    s = z * sqrt(t) on which its steps are independent. The density of those walks
    that have not left the bounds is carried from look to look by an integral.

    Parameters
    ----------
    bounds : array-like of shape (k,)
        At look i the test stops if |z| is at least bounds[i], above 0.
    information : array-like of shape (k,), optional
        Share of all data that look i has, increasing, at most 1; evenly spaced by
        default.
    drift : float, default 0.0
        Mean of z at the end, if the trial went on to it. 0 is the null hypothesis; for
        a difference d of means with n rows a group, d / (sd * sqrt(2 / n)).

    Returns
    -------
    numpy.ndarray of shape (k,)
        Probability of stopping for the first time at look i. The sum is the rate of
        false alarms where the drift is 0, and the power elsewhere.

    Raises
    ------
    ValueError
        If the lengths differ, bounds are not above 0 or information does not increase.

    Notes
    -----
    O(160^2 k) time. Gauss-Legendre quadrature is exact to about 1e-12 here.

    Taught in: mlops/ab-testing.

    References
    ----------
    Armitage, McPherson and Rowe (1969), "Repeated significance tests on accumulating
    data", Journal of the Royal Statistical Society A 132(2).

    Examples
    --------
    >>> five_looks = crossing_probabilities([1.96] * 5)
    >>> round(float(five_looks.sum()), 3)
    0.142
    """
    limits = sample(bounds, "bounds")
    times = _information(information, len(limits))
    if limits.min() <= 0:
        raise ValueError(f"bounds is {bounds!r}; expected numbers above 0.")
    if not np.isfinite(drift):
        raise ValueError(f"drift is {drift!r}; expected a finite number.")
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    ends = limits * np.sqrt(times)
    found = np.empty(len(limits))
    # All walks start at 0: a "density" that is one point of weight 1.
    points, mass = np.zeros(1), np.ones(1)
    for i, step in enumerate(np.diff(times, prepend=0.0)):
        sd = np.sqrt(step)
        centres = points + drift * step
        above = special.ndtr((centres - ends[i]) / sd)
        below = special.ndtr((-ends[i] - centres) / sd)
        found[i] = mass @ (above + below)
        landed = nodes * ends[i]
        gaps = (landed[:, None] - centres) / sd
        density = np.exp(-(gaps**2) / 2) @ mass / (sd * np.sqrt(2 * np.pi))
        points, mass = landed, density * weights * ends[i]
    return found


def group_sequential_bounds(
    looks: int,
    *,
    kind: Kind = "obrien-fleming",
    alpha: float = 0.05,
    information: ArrayLike | None = None,
) -> Floats:
    """Return how large |z| must be at each planned look to stop.

    O'Brien and Fleming's bounds start so high that the last look costs almost
    nothing; Pocock's are equal at all looks, which stops large effects sooner.

    Parameters
    ----------
    looks : int
        How many looks, the last one included.
    kind : {"obrien-fleming", "pocock"}, default "obrien-fleming"
        The shape of the bounds.
    alpha : float, default 0.05
        Rate of false alarms of all looks together, two-sided.
    information : array-like of shape (looks,), optional
        Share of all data that look i has; evenly spaced by default.

    Returns
    -------
    numpy.ndarray of shape (looks,)
        Bounds.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    A dozen or two calls of `crossing_probabilities`. Bounds hold for these looks
    only; for looking at will see `always_valid_p_values`.

    Taught in: mlops/ab-testing.

    References
    ----------
    O'Brien and Fleming (1979), "A multiple testing procedure for clinical trials",
    Biometrics 35. Pocock (1977), "Group sequential methods in the design and analysis
    of clinical trials", Biometrika 64.

    Examples
    --------
    >>> group_sequential_bounds(3).round(3)
    array([3.471, 2.454, 2.004])
    >>> group_sequential_bounds(3, kind="pocock").round(3)
    array([2.289, 2.289, 2.289])
    """
    times = _information(information, whole(looks, "looks", least=1))
    inside(alpha, "alpha")
    shapes = {"obrien-fleming": np.sqrt(times[-1] / times), "pocock": np.ones(looks)}
    if kind not in shapes:
        raise ValueError(f"kind is {kind!r}; expected 'obrien-fleming' or 'pocock'.")
    shape = shapes[kind]

    def excess(scale: float) -> float:
        return float(crossing_probabilities(scale * shape, times).sum()) - alpha

    one_look = float(-special.ndtri(alpha / 2))
    bonferroni = float(-special.ndtri(alpha / 2 / looks))  # never too low
    if looks == 1:
        return np.array([one_look])
    scale = optimize.brentq(excess, one_look, bonferroni + 1e-9, xtol=1e-12)
    return np.asarray(float(scale) * shape)


def _information(information: ArrayLike | None, looks: int) -> Floats:
    if information is None:
        return np.arange(1, looks + 1) / looks
    times = sample(information, "information")
    if len(times) != looks:
        raise ValueError(f"information has {len(times)} shares for {looks} looks.")
    if times[0] <= 0 or times[-1] > 1 or (np.diff(times) <= 0).any():
        raise ValueError(
            f"information is {information!r}; expected shares that increase from above "
            "0 to at most 1."
        )
    return times


# ------------------------------------------------------------- at any time at all


def always_valid_p_values(
    x: ArrayLike, *, sigma: float, tau: float, null: float = 0.0
) -> Floats:
    """Return p-values that stay valid however often one looks, and whenever one stops.

    The likelihood ratio of "the mean is drawn from a normal distribution of standard
    deviation tau around the null" against "it is the null" has mean 1 under the null
    at every time, so it ever exceeds 1 / alpha with probability at most alpha
    (Ville's inequality). The p-value is the smallest reciprocal so far.

    Parameters
    ----------
    x : array-like of shape (n,)
        Values in the order in which they came; for an A/B test the differences of
        pairs, treatment less control.
    sigma : float
        Their standard deviation, known or well estimated beforehand.
    tau : float
        Size of the effects that are hoped for. Only power depends on it.
    null : float, default 0.0
        The mean that is doubted.

    Returns
    -------
    numpy.ndarray of shape (n,)
        p-values after 1, 2, ..., n values; they never rise.

    Raises
    ------
    ValueError
        If values are not finite, or `sigma` or `tau` is not above 0.

    Notes
    -----
    O(n). Taught in: mlops/ab-testing.

    References
    ----------
    Johari, Koomen, Pekelis and Walsh (2017), "Peeking at A/B tests: why it matters,
    and what to do about it", KDD. Robbins (1970), "Statistical methods related to the
    law of the iterated logarithm", Annals of Mathematical Statistics 41.

    Examples
    --------
    >>> always_valid_p_values([2.0, 2.0, 2.0, 2.0], sigma=1.0, tau=1.0).round(3)
    array([0.52 , 0.12 , 0.022, 0.004])
    """
    values = sample(x, "x")
    variance, prior = positive(sigma, "sigma") ** 2, positive(tau, "tau") ** 2
    n = np.arange(1, len(values) + 1)
    sums = np.cumsum(values - null)
    total = variance + n * prior
    log_ratio = 0.5 * np.log(variance / total)
    log_ratio += prior * sums**2 / (2 * variance * total)
    return np.exp(-np.maximum.accumulate(np.maximum(log_ratio, 0.0)))


class ConfidenceSequence(NamedTuple):
    """Intervals that hold the truth at all times at once.

    Parameters
    ----------
    low, high
        The ends after 1, 2, ..., n values, shape (n,).

    Notes
    -----
    Taught in: mlops/ab-testing.

    Examples
    --------
    >>> confidence_sequence([1.0, 1.0], sigma=1.0, tau=1.0).low.shape
    (2,)
    """

    low: Floats
    high: Floats


def confidence_sequence(
    x: ArrayLike, *, sigma: float, tau: float, confidence: float = 0.95
) -> ConfidenceSequence:
    """Return an interval for the mean after every value, all of them right at once.

    Parameters
    ----------
    x, sigma, tau
        As for `always_valid_p_values`.
    confidence : float, default 0.95
        Probability that no interval, at any time, misses the mean.

    Returns
    -------
    ConfidenceSequence
        Ends of the intervals, one pair a value.

    Raises
    ------
    ValueError
        As for `always_valid_p_values`.

    Notes
    -----
    O(n). An interval holds exactly the means that the likelihood ratio at that time
    does not refute. The price of looking at will: some 1.5 times the width of an
    interval for one planned look.

    Taught in: mlops/ab-testing.

    References
    ----------
    Robbins (1970), as for `always_valid_p_values`.

    Examples
    --------
    >>> found = confidence_sequence([2.0, 2.0, 2.0, 2.0], sigma=1.0, tau=1.0)
    >>> found.low.round(2), found.high.round(2)
    (array([-1.66, -0.31,  0.19,  0.46]), array([5.66, 4.31, 3.81, 3.54]))
    """
    values = sample(x, "x")
    variance, prior = positive(sigma, "sigma") ** 2, positive(tau, "tau") ** 2
    alpha = 1 - inside(confidence, "confidence")
    n = np.arange(1, len(values) + 1)
    total = variance + n * prior
    mean = np.cumsum(values) / n
    log_ratio = np.log(total / (variance * alpha**2))
    width = np.sqrt(variance * total * log_ratio / prior) / n
    return ConfidenceSequence(mean - width, mean + width)
