"""Bayes' rule, and how surprising the world is.

Everything is measured in nats, unless a base is given: base 2 is bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ml_from_scratch.base import Floats
from ml_from_scratch.stats._checks import same_length, sample, table

_ROUNDING = 1e-6  # by how much probabilities may miss a sum of 1


def bayes_rule(prior: ArrayLike, likelihood: ArrayLike) -> Floats:
    """Return what to believe of each hypothesis once the evidence is in.

    Parameters
    ----------
    prior : array-like of shape (k,)
        Belief in each of k hypotheses beforehand; sums to 1.
    likelihood : array-like of shape (k,) or (n, k)
        Probability of the evidence under each hypothesis; of n independent pieces of
        evidence, one a line.

    Returns
    -------
    numpy.ndarray of shape (k,)
        Posterior beliefs, which sum to 1.

    Raises
    ------
    ValueError
        If the prior does not sum to 1, a likelihood is negative, or the evidence is
        impossible under every hypothesis that is believed in.

    Notes
    -----
    O(nk). Products are sums of logarithms, so that ten thousand pieces of evidence do
    not round to 0.

    Taught in: mathematics/bayes-and-information.

    References
    ----------
    MacKay (2003), Information Theory, Inference, and Learning Algorithms, chapter 3.

    Examples
    --------
    A test finds 90 % of the ill, alarms on 5 % of the healthy; 1 % are ill.

    >>> bayes_rule([0.01, 0.99], [0.90, 0.05]).round(3)
    array([0.154, 0.846])
    """
    belief = _probabilities(prior, "prior")
    evidence = np.atleast_2d(np.asarray(likelihood, dtype=np.float64))
    if evidence.ndim != 2 or evidence.shape[1] != len(belief):
        raise ValueError(
            f"likelihood has shape {evidence.shape}; expected {len(belief)} columns, "
            "one a hypothesis."
        )
    if not (np.isfinite(evidence) & (evidence >= 0)).all():
        raise ValueError("A likelihood is negative or not finite; expected 0 or more.")
    with np.errstate(divide="ignore"):  # log(0) is minus infinity: impossible
        logs = np.log(belief) + np.log(evidence).sum(axis=0)
    if np.isneginf(logs.max()):
        raise ValueError("The evidence is impossible under every hypothesis.")
    posterior = np.exp(logs - logs.max())
    return np.asarray(posterior / posterior.sum())


def entropy(p: ArrayLike, *, base: float | None = None) -> float:
    """Return how surprising a draw is on average: -sum(p log p).

    Parameters
    ----------
    p : array-like of shape (k,)
        Probabilities, summing to 1.
    base : float, optional
        Of the logarithm: 2 for bits.

    Returns
    -------
    float
        From 0 (certain) to log(k) (all alike).

    Raises
    ------
    ValueError
        If `p` are no probabilities.

    Notes
    -----
    O(k). Taught in: mathematics/bayes-and-information.

    References
    ----------
    Shannon (1948), "A mathematical theory of communication", Bell System Technical
    Journal 27, section 6.

    Examples
    --------
    >>> entropy([0.5, 0.25, 0.25], base=2)
    1.5
    """
    return float(special.entr(_probabilities(p, "p")).sum()) / _unit(base)


def cross_entropy_between(
    p: ArrayLike, q: ArrayLike, *, base: float | None = None
) -> float:
    """Return how surprising draws from `p` are to someone who expects `q`.

    Parameters
    ----------
    p, q : array-like of shape (k,)
        Probabilities, each summing to 1.
    base : float, optional
        Of the logarithm: 2 for bits.

    Returns
    -------
    float
        -sum(p log q); infinite where `q` rules out what `p` does not.

    Raises
    ------
    ValueError
        If `p` or `q` are no probabilities, or differ in length.

    Notes
    -----
    O(k). Taught in: mathematics/bayes-and-information.

    Examples
    --------
    >>> cross_entropy_between([0.5, 0.5], [0.25, 0.75], base=2).__round__(3)
    1.208
    """
    true, believed = _probabilities(p, "p"), _probabilities(q, "q")
    same_length(p=true, q=believed)
    return float(-special.xlogy(true, believed).sum()) / _unit(base)


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float | None = None) -> float:
    """Return what it costs to expect `q` when `p` is true: sum(p log(p / q)).

    Parameters
    ----------
    p, q : array-like of shape (k,)
        Probabilities, each summing to 1.
    base : float, optional
        Of the logarithm: 2 for bits.

    Returns
    -------
    float
        Cross-entropy less entropy: 0 for equal distributions, else above, and
        infinite where `q` rules out what `p` does not.

    Raises
    ------
    ValueError
        If `p` or `q` are no probabilities, or differ in length.

    Notes
    -----
    O(k). Not symmetric. Taught in: mathematics/bayes-and-information.

    References
    ----------
    Kullback and Leibler (1951), "On information and sufficiency", Annals of
    Mathematical Statistics 22(1).

    Examples
    --------
    >>> round(kl_divergence([0.5, 0.5], [0.25, 0.75], base=2), 3)
    0.208
    """
    true, believed = _probabilities(p, "p"), _probabilities(q, "q")
    same_length(p=true, q=believed)
    # kl_div adds q - p, whose sum is 0, so that no term is below 0
    return float(special.kl_div(true, believed).sum()) / _unit(base)


def mutual_information(joint: ArrayLike, *, base: float | None = None) -> float:
    """Return how much knowing the row of a table tells about the column.

    Parameters
    ----------
    joint : array-like of shape (r, c)
        Counts or probabilities of each pair, 0 or more.
    base : float, optional
        Of the logarithm: 2 for bits.

    Returns
    -------
    float
        0 for independent rows and columns, at most the smaller of their entropies.

    Raises
    ------
    ValueError
        If a count is negative or not finite, or all are 0.

    Notes
    -----
    O(rc). Taught in: mathematics/bayes-and-information.

    References
    ----------
    Cover and Thomas (2006), Elements of Information Theory, 2nd edition, section 2.3.

    Examples
    --------
    >>> mutual_information([[2, 0], [0, 2]], base=2)
    1.0
    """
    counts = table(joint, "joint")
    if counts.min() < 0 or not counts.any():
        raise ValueError(
            f"joint goes from {counts.min():g} to {counts.max():g}; expected counts of "
            "0 or more, not all of them 0."
        )
    p = counts / counts.sum()
    independent = np.outer(p.sum(axis=1), p.sum(axis=0))
    return max(0.0, float(special.rel_entr(p, independent).sum())) / _unit(base)


def _probabilities(values: ArrayLike, name: str) -> Floats:
    p = sample(values, name)
    if p.min() < 0 or abs(p.sum() - 1) > _ROUNDING:
        raise ValueError(
            f"{name} has a smallest value of {p.min():g} and a sum of {p.sum():.6g}; "
            "expected probabilities that sum to 1."
        )
    return p


def _unit(base: float | None) -> float:
    """Return the nats in one unit of the logarithm to this base."""
    if base is None:
        return 1.0
    if not 0 < base < np.inf or base == 1:
        raise ValueError(f"base is {base!r}; expected a number above 0 other than 1.")
    return float(np.log(base))
