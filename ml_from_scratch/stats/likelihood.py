"""Distributions fitted to data: by maximum likelihood, and by updating a belief.

Most maximum-likelihood fits are a mean. Beta and Dirichlet have no closed form: their
log-likelihood is concave, and Newton's method climbs it in a few steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ml_from_scratch.base import Floats
from ml_from_scratch.stats._checks import positive, sample, table, whole

_MOST_STEPS = 200


def fit_bernoulli(x: ArrayLike) -> float:
    """Return the most likely probability of a 1.

    Parameters
    ----------
    x : array-like of shape (n,)
        Zeros and ones.

    Returns
    -------
    float
        The share of ones.

    Raises
    ------
    ValueError
        If there is no value, or another one than 0 or 1.

    Notes
    -----
    O(n). Taught in: mathematics/probability.

    Examples
    --------
    >>> fit_bernoulli([1, 0, 0, 1])
    0.5
    """
    return fit_binomial(x, 1)


def fit_binomial(x: ArrayLike, trials: int) -> float:
    """Return the most likely probability of a success.

    Parameters
    ----------
    x : array-like of shape (n,)
        Successes, each out of `trials`.
    trials : int
        At least 1.

    Returns
    -------
    float
        Successes over trials.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0 to `trials`.

    Notes
    -----
    O(n). Taught in: mathematics/probability.

    Examples
    --------
    >>> fit_binomial([3, 5], trials=10)
    0.4
    """
    most = whole(trials, "trials", least=1)
    counts = _counts(x)
    if counts.max() > most:
        raise ValueError(f"x holds {counts.max():g}; expected at most {most}.")
    return float(counts.mean() / most)


def fit_poisson(x: ArrayLike) -> float:
    """Return the most likely rate of a Poisson distribution.

    Parameters
    ----------
    x : array-like of shape (n,)
        Counts.

    Returns
    -------
    float
        Their mean.

    Raises
    ------
    ValueError
        If a count is negative or no whole number.

    Notes
    -----
    O(n). Taught in: mathematics/probability.

    Examples
    --------
    >>> fit_poisson([0, 2, 4])
    2.0
    """
    return float(_counts(x).mean())


class Gaussian(NamedTuple):
    """A normal distribution.

    Parameters
    ----------
    mean, variance
        Its two parameters.

    Notes
    -----
    Taught in: mathematics/probability.

    Examples
    --------
    >>> Gaussian(0.0, 4.0).variance
    4.0
    """

    mean: float
    variance: float


def fit_gaussian(x: ArrayLike) -> Gaussian:
    """Return the most likely normal distribution.

    Parameters
    ----------
    x : array-like of shape (n,)
        Numbers.

    Returns
    -------
    Gaussian
        Mean and variance. The variance divides by n: it is (n - 1) / n of the
        unbiased one.

    Raises
    ------
    ValueError
        If there is no value or some are not finite.

    Notes
    -----
    O(n). Taught in: mathematics/probability.

    Examples
    --------
    >>> fit_gaussian([1.0, 3.0])
    Gaussian(mean=2.0, variance=1.0)
    """
    values = sample(x, "x")
    return Gaussian(float(values.mean()), float(values.var()))


def fit_exponential(x: ArrayLike) -> float:
    """Return the most likely rate of an exponential distribution.

    Parameters
    ----------
    x : array-like of shape (n,)
        Waiting times, 0 or more and not all 0.

    Returns
    -------
    float
        Events per unit of time: one over the mean.

    Raises
    ------
    ValueError
        If a time is negative or all are 0.

    Notes
    -----
    O(n). Taught in: mathematics/probability.

    Examples
    --------
    >>> fit_exponential([1.0, 3.0])
    0.5
    """
    times = sample(x, "x")
    if times.min() < 0 or not times.any():
        raise ValueError(
            f"x goes from {times.min():g} to {times.max():g}; expected times of 0 or "
            "more, not all of them 0."
        )
    return float(1 / times.mean())


class Beta(NamedTuple):
    """A beta distribution: a belief about a probability.

    Parameters
    ----------
    a, b
        As if `a` successes and `b` failures had been seen.

    Notes
    -----
    Taught in: mathematics/bayes-and-information.

    Examples
    --------
    >>> Beta(3.0, 1.0).mean
    0.75
    """

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The probability of a success in the next trial."""
        return self.a / (self.a + self.b)

    def interval(self, credibility: float = 0.95) -> tuple[float, float]:
        """Return the ends that cut off equal tails.

        Parameters
        ----------
        credibility : float, default 0.95
            Belief that the probability lies between them.

        Returns
        -------
        tuple of float
            Low and high end.
        """
        tail = (1 - credibility) / 2
        low = float(special.betaincinv(self.a, self.b, tail))
        return low, float(special.betainccinv(self.a, self.b, tail))


def fit_beta(x: ArrayLike) -> Beta:
    """Return the most likely beta distribution.

    Parameters
    ----------
    x : array-like of shape (n,)
        Shares above 0 and below 1, at least two different ones.

    Returns
    -------
    Beta
        Its two parameters.

    Raises
    ------
    ValueError
        If a share is 0, 1 or beyond, or all are equal.

    Notes
    -----
    As for `fit_dirichlet`, of which it is the case of two shares.

    Taught in: mathematics/probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = fit_beta(rng.beta(2.0, 5.0, size=100_000))
    >>> round(a, 1), round(b, 1)
    (2.0, 5.0)
    """
    values = sample(x, "x", least=2)
    return Beta(*map(float, fit_dirichlet(np.column_stack([values, 1 - values]))))


def fit_dirichlet(x: ArrayLike) -> Floats:
    """Return the most likely Dirichlet distribution.

    The log-likelihood is concave. Its Hessian is a diagonal plus one number
    everywhere, so that a Newton step costs no more than a gradient step.

    Parameters
    ----------
    x : array-like of shape (n, k)
        Rows of shares above 0 that sum to 1; not all rows are equal.

    Returns
    -------
    numpy.ndarray of shape (k,)
        The parameters.

    Raises
    ------
    ValueError
        If a share is not above 0, a row does not sum to 1, or all rows are equal.

    Notes
    -----
    O(nk) once, then O(k) a step; a dozen steps.

    Taught in: mathematics/probability.

    References
    ----------
    Minka (2000), "Estimating a Dirichlet distribution", technical report, MIT,
    section 1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit_dirichlet(rng.dirichlet([1.0, 2.0, 4.0], size=100_000)).round(1)
    array([1., 2., 4.])
    """
    shares = table(x, "x", least=2)
    _check_shares(shares)
    mean_log = np.log(shares).mean(axis=0)
    alpha = _matched_moments(shares)
    for _ in range(_MOST_STEPS):
        step = _newton_step(alpha, mean_log)
        while (alpha <= step).any():  # never past 0
            step /= 2
        alpha = alpha - step
        if np.abs(step / alpha).max() < 1e-12:
            break
    return alpha


def _newton_step(alpha: Floats, mean_log: Floats) -> Floats:
    """Solve (diagonal + constant) step = gradient by Sherman and Morrison."""
    total = alpha.sum()
    gradient = special.digamma(total) - special.digamma(alpha) + mean_log
    diagonal = -special.polygamma(1, alpha)
    constant = special.polygamma(1, total)
    shift = np.sum(gradient / diagonal) / (1 / constant + np.sum(1 / diagonal))
    return np.asarray((gradient - shift) / diagonal)


def _matched_moments(shares: Floats) -> Floats:
    """Start where mean and variance are those of the data."""
    mean, variance = shares.mean(axis=0), shares.var(axis=0)
    if not variance.max() > 1e-24:
        raise ValueError("All rows are equal; expected at least two different ones.")
    varying = variance > 0
    sizes = mean[varying] * (1 - mean[varying]) / variance[varying] - 1
    return np.asarray(mean * max(float(np.median(sizes)), 1e-2))


def _check_shares(shares: Floats) -> None:
    if shares.shape[1] < 2 or shares.min() <= 0:
        raise ValueError(
            f"x has shape {shares.shape} and a smallest value of {shares.min():g}; "
            "expected two columns or more of shares above 0 and below 1."
        )
    gap = float(np.abs(shares.sum(axis=1) - 1).max())
    if gap > 1e-6:
        raise ValueError(f"A row of x misses a sum of 1 by {gap:.3g}; expected shares.")


def _counts(x: ArrayLike) -> Floats:
    counts = sample(x, "x")
    wrong = (counts < 0) | (counts % 1 != 0)
    if wrong.any():
        raise ValueError(
            f"x holds {counts[wrong][0]:g}; expected whole numbers, 0 or more."
        )
    return counts


# ------------------------------------------------------------------------- beliefs


def update_beta(prior: tuple[float, float], x: ArrayLike) -> Beta:
    """Return what to believe of a probability after some trials.

    Parameters
    ----------
    prior : (float, float)
        The beta distribution believed before: (1, 1) is a flat one.
    x : array-like of shape (n,)
        Zeros and ones; may be empty.

    Returns
    -------
    Beta
        The posterior: successes are added to `a`, failures to `b`.

    Raises
    ------
    ValueError
        If a parameter is not above 0 or a value is not 0 or 1.

    Notes
    -----
    O(n). Taught in: mathematics/bayes-and-information.

    References
    ----------
    Murphy (2022), Probabilistic Machine Learning: An Introduction, section 4.6.2.

    Examples
    --------
    >>> update_beta((1, 1), [1, 1, 0])
    Beta(a=3.0, b=2.0)
    """
    a, b = positive(prior[0], "prior a"), positive(prior[1], "prior b")
    successes = fit_bernoulli(x) * len(np.asarray(x)) if np.size(x) else 0.0
    return Beta(a + round(successes), b + np.size(x) - round(successes))


class Gamma(NamedTuple):
    """A gamma distribution: a belief about a rate.

    Parameters
    ----------
    shape, rate
        As if `shape` events had been seen in `rate` units of time.

    Notes
    -----
    Taught in: mathematics/bayes-and-information.

    Examples
    --------
    >>> Gamma(6.0, 2.0).mean
    3.0
    """

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        """The expected rate."""
        return self.shape / self.rate


def update_gamma(prior: tuple[float, float], x: ArrayLike) -> Gamma:
    """Return what to believe of a Poisson rate after some counts.

    Parameters
    ----------
    prior : (float, float)
        Shape and rate of the gamma distribution believed before.
    x : array-like of shape (n,)
        Counts, each of one unit of time; may be empty.

    Returns
    -------
    Gamma
        The posterior: events are added to the shape, units of time to the rate.

    Raises
    ------
    ValueError
        If a parameter is not above 0 or a count is negative or no whole number.

    Notes
    -----
    O(n). Taught in: mathematics/bayes-and-information.

    References
    ----------
    Gelman et al. (2013), Bayesian Data Analysis, 3rd edition, section 2.6.

    Examples
    --------
    >>> update_gamma((2, 1), [3, 4])
    Gamma(shape=9.0, rate=3.0)
    """
    shape, rate = positive(prior[0], "prior shape"), positive(prior[1], "prior rate")
    events = float(_counts(x).sum()) if np.size(x) else 0.0
    return Gamma(shape + events, rate + np.size(x))


def update_normal(
    prior: tuple[float, float], x: ArrayLike, *, noise: float
) -> Gaussian:
    """Return what to believe of a mean after some noisy measurements of it.

    Parameters
    ----------
    prior : (float, float)
        Mean and variance of the normal distribution believed before.
    x : array-like of shape (n,)
        Measurements; may be empty.
    noise : float
        Variance of one measurement, known.

    Returns
    -------
    Gaussian
        The posterior: precisions (one over variance) add up, and the mean is the
        average of prior and measurements weighted by them.

    Raises
    ------
    ValueError
        If a variance is not above 0 or a value is not finite.

    Notes
    -----
    O(n). Taught in: mathematics/bayes-and-information.

    References
    ----------
    Murphy (2022), as for `update_beta`, section 4.6.5.

    Examples
    --------
    >>> update_normal((0, 1), [2.0, 2.0, 2.0], noise=1.0)
    Gaussian(mean=1.5, variance=0.25)
    """
    mean, variance = float(prior[0]), positive(prior[1], "prior variance")
    values = sample(x, "x", least=0) if np.size(x) else np.zeros(0)
    precision = 1 / variance + len(values) / positive(noise, "noise")
    weighted = mean / variance + float(values.sum()) / noise
    return Gaussian(weighted / precision, 1 / precision)
