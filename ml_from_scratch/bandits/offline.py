"""What a policy would have earned, from the log of another one.

A log holds the reward of the action taken and of no other. Weighting each row by how
much more often the new policy takes that action turns the log into one of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.bandits._checks import check_arms, column_of
from ml_from_scratch.base import Floats, check_finite
from ml_from_scratch.stats import Estimate, mean_interval


def effective_sample_size(weights: ArrayLike) -> float:
    """Return how many equally weighted rows say as much as these weighted ones.

    Parameters
    ----------
    weights : array-like of shape (n,)
        0 or more, not all 0.

    Returns
    -------
    float
        From 1 to n: sum(w)^2 / sum(w^2). Far below n, a few rows speak for all.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, or all are 0.

    Notes
    -----
    O(n). Taught in: domains/offline-rl.

    References
    ----------
    Kong (1992), "A note on importance sampling using standardized weights", technical
    report 348, Department of Statistics, University of Chicago.

    Examples
    --------
    >>> effective_sample_size([1.0, 1.0, 1.0, 1.0]), effective_sample_size([9.0, 0.0])
    (4.0, 1.0)
    """
    w = column_of(weights, "weights")
    if w.min() < 0 or not w.any():
        raise ValueError(
            f"weights go from {w.min():g} to {w.max():g}; expected 0 or more, and "
            "not all 0."
        )
    w = w / w.max()  # so that squares neither overflow nor vanish
    return float(w.sum() ** 2 / (w @ w))


def ips_value(
    rewards: ArrayLike,
    target: ArrayLike,
    logging: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return what a policy would have earned a step: inverse propensity scoring.

    Each logged reward is weighted by how much more often the new policy takes the
    logged action than the old one did. Unbiased, if the logged propensities are right
    and the old policy did everything that the new one does.

    Parameters
    ----------
    rewards : array-like of shape (n,)
        What the logged actions earned.
    target : array-like of shape (n,)
        Probability of the logged action under the new policy.
    logging : array-like of shape (n,)
        Probability of the logged action under the policy that logged it, above 0.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        Mean reward, its standard error and interval.

    Raises
    ------
    ValueError
        If lengths differ, a probability is not from 0 to 1, or a logged one is 0.

    Notes
    -----
    O(n). The variance grows with the squared weights; look at
    `effective_sample_size` before believing the interval.

    Taught in: domains/offline-rl.

    References
    ----------
    Horvitz and Thompson (1952), "A generalization of sampling without replacement from
    a finite universe", Journal of the American Statistical Association 47.

    Examples
    --------
    >>> ips_value([1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.5, 0.5, 0.5]).value.__round__(3)
    1.333
    """
    paid, weights = _weighted(rewards, target, logging)
    return mean_interval(weights * paid, confidence=confidence)


def snips_value(
    rewards: ArrayLike,
    target: ArrayLike,
    logging: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return what a policy would have earned a step: self-normalised weights.

    A little biased, far steadier: never outside the range of the rewards, and moved
    along when a constant is added to all of them.

    Parameters
    ----------
    rewards, target, logging : array-like of shape (n,)
        As for `ips_value`.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        Mean reward, its standard error by the delta method, and the interval.

    Raises
    ------
    ValueError
        As for `ips_value`, or if the new policy takes none of the logged actions.

    Notes
    -----
    O(n). Taught in: domains/offline-rl.

    References
    ----------
    Swaminathan and Joachims (2015), "The self-normalized estimator for counterfactual
    learning", NeurIPS.

    Examples
    --------
    >>> snips_value([1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.5, 0.5, 0.5]).value
    1.0
    """
    paid, weights = _weighted(rewards, target, logging)
    if not weights.any():
        raise ValueError("The new policy takes none of the logged actions.")
    value = float(weights @ paid / weights.sum())
    influence = weights * (paid - value) / weights.mean()
    spread = mean_interval(influence, confidence=confidence)
    return Estimate(
        value, spread.standard_error, value + spread.low, value + spread.high
    )


def doubly_robust_value(
    rewards: ArrayLike,
    arms: ArrayLike,
    target: ArrayLike,
    logging: ArrayLike,
    predicted: ArrayLike,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """Return what a policy would have earned a step: a model, and its errors weighed.

    Parameters
    ----------
    rewards : array-like of shape (n,)
        What the logged actions earned.
    arms : array-like of shape (n,)
        The logged actions.
    target : array-like of shape (n, k)
        Probability of each of k actions under the new policy.
    logging : array-like of shape (n,)
        Probability of the logged action under the policy that logged it, above 0.
    predicted : array-like of shape (n, k)
        Expected reward of each action, by a model fitted on other rows.
    confidence : float, default 0.95
        For the interval.

    Returns
    -------
    Estimate
        Mean reward, its standard error and interval. Unbiased if the propensities or
        the model are right.

    Raises
    ------
    ValueError
        As for `ips_value`, or if an action is unknown or a line of `target` does not
        sum to 1.

    Notes
    -----
    O(nk). Taught in: domains/offline-rl.

    References
    ----------
    Dudík, Langford and Li (2011), "Doubly robust policy evaluation and learning", ICML.

    Examples
    --------
    >>> found = doubly_robust_value(
    ...     [1.0, 0.0], [0, 1], [[1.0, 0.0], [1.0, 0.0]], [0.5, 0.5], [[1.0, 0.0]] * 2
    ... )
    >>> found.value
    1.0
    """
    chances, model = (np.asarray(a, dtype=np.float64) for a in (target, predicted))
    n = len(column_of(rewards, "rewards"))
    if chances.ndim != 2 or len(chances) != n or model.shape != chances.shape:
        raise ValueError(
            f"target has shape {chances.shape} and predicted {model.shape}; expected "
            f"({n}, k) for both."
        )
    check_finite(chances, "target")
    check_finite(model, "predicted")
    if chances.min() < 0 or np.abs(chances.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError("A line of target is no set of probabilities; expected sum 1.")
    chosen = np.arange(n), check_arms(np.asarray(arms), chances.shape[1], n)
    paid, weights = _weighted(rewards, chances[chosen].clip(0, 1), logging)
    by_model = np.sum(chances * model, axis=1)
    corrected = by_model + weights * (paid - model[chosen])
    return mean_interval(corrected, confidence=confidence)


def _weighted(
    rewards: ArrayLike, target: ArrayLike, logging: ArrayLike
) -> tuple[Floats, Floats]:
    paid = column_of(rewards, "rewards")
    new, old = column_of(target, "target"), column_of(logging, "logging")
    if not len(paid) == len(new) == len(old):
        raise ValueError(
            f"rewards, target and logging have {len(paid)}, {len(new)} and {len(old)} "
            "rows; expected as many of each."
        )
    if new.min() < 0 or new.max() > 1 or old.min() <= 0 or old.max() > 1:
        raise ValueError(
            f"target goes from {new.min():g} to {new.max():g} and logging from "
            f"{old.min():g} to {old.max():g}; expected probabilities, logging above 0."
        )
    return paid, new / old
