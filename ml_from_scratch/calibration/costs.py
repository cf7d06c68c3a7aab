"""From probabilities and what mistakes cost to decisions.

A probability is an estimate, a threshold is a decision: the costs belong to the second
and are no reason to bend the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_sample_weight
from ml_from_scratch.metrics import confusion_matrix
from ml_from_scratch.metrics.inputs import (
    floats,
    outcomes,
    probability_table,
    same_length,
)


def expected_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    costs: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return what decisions cost, on average over the rows.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    costs : array-like of shape (k, k)
        Entry (i, j) is the cost of saying class j when it is class i; gains are
        negative costs.
    labels : array-like of shape (k,), optional
        The classes in the order of `costs`; by default those that occur, sorted.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In the unit of the costs.

    Raises
    ------
    ValueError
        If the labels do not pair up, or `costs` has another size than there are
        classes.

    Notes
    -----
    O(n log n). Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Elkan (2001), "The foundations of cost-sensitive learning", International Joint
    Conference on Artificial Intelligence.

    Examples
    --------
    >>> costs = [[0, 1], [10, 0]]  # a false alarm costs 1, a miss 10
    >>> expected_cost([0, 0, 1, 1], [1, 0, 1, 0], costs)
    2.75
    """
    table = confusion_matrix(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    prices = _cost_table(costs, len(table))
    return float(np.sum(table * prices) / np.sum(table))


def cost_threshold(costs: ArrayLike) -> float:
    """Return the probability from which saying yes is cheaper than saying no.

    Parameters
    ----------
    costs : array-like of shape (2, 2)
        Entry (i, j) is the cost of saying j when it is i.

    Returns
    -------
    float
        The threshold for calibrated probabilities: where both decisions cost the same.

    Raises
    ------
    ValueError
        If `costs` has another shape, or one decision is never worse than the other.

    Notes
    -----
    Say yes if p c11 + (1 - p) c01 <= p c10 + (1 - p) c00, and solve for p.

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Elkan (2001), "The foundations of cost-sensitive learning", International Joint
    Conference on Artificial Intelligence.

    Examples
    --------
    >>> round(cost_threshold([[0, 1], [10, 0]]), 3)
    0.091
    """
    prices = _cost_table(costs, 2)
    false_alarm = float(prices[0, 1] - prices[0, 0])  # what is lost by a wrong yes
    miss = float(prices[1, 0] - prices[1, 1])
    if false_alarm <= 0 or miss <= 0:
        raise ValueError(
            "A mistake must cost more than being right, but a false alarm costs "
            f"{false_alarm} more and a miss {miss}: one decision is always as good."
        )
    return false_alarm / (false_alarm + miss)


def cheapest_class(y_proba: ArrayLike, costs: ArrayLike) -> Integers:
    """Return the class with the lowest expected cost for each row.

    Parameters
    ----------
    y_proba : array-like of shape (n, k)
        Calibrated probabilities.
    costs : array-like of shape (k, k)
        Entry (i, j) is the cost of saying class j when it is class i.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Class numbers; of equally cheap ones the first.

    Raises
    ------
    ValueError
        If rows are no probabilities, or `costs` has another size.

    Notes
    -----
    O(n k^2). Taught in: classical/calibration-and-thresholds.

    Examples
    --------
    >>> cheapest_class([[0.8, 0.2], [0.95, 0.05]], [[0, 1], [10, 0]]).tolist()
    [1, 0]
    """
    proba = probability_table(floats(y_proba, "y_proba", ndim=2))
    each: Integers = (proba @ _cost_table(costs, proba.shape[1])).argmin(axis=1)
    return each


class BestThreshold(NamedTuple):
    """The threshold that was cheapest, and what it cost.

    Parameters
    ----------
    threshold : float
        Say yes from this score on.
    cost : float
        Mean cost a row.

    Notes
    -----
    Taught in: classical/calibration-and-thresholds.

    Examples
    --------
    >>> best_threshold([0, 1], [0.2, 0.7], [[0, 1], [1, 0]]).cost
    0.0
    """

    threshold: float
    cost: float


def best_threshold(
    y_true: ArrayLike,
    y_score: ArrayLike,
    costs: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> BestThreshold:
    """Return the threshold that would have cost least on these rows.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Whether it happened: 0 or 1.
    y_score : array-like of shape (n,)
        Probabilities, or scores of any scale.
    costs : array-like of shape (2, 2)
        Entry (i, j) is the cost of saying j when it is i.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    BestThreshold
        ``threshold``, one of the scores, or infinity if yes never pays; of equally
        cheap ones the highest. And its ``cost`` a row.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    Where the probabilities are calibrated, `cost_threshold` knows the answer without
    data. This one is chosen on a sample: its cost there is too good to be true, the
    more so the fewer the rows, and wants rows of its own to be believed.

    Walks down the sorted scores once, O(n log n).

    Taught in: classical/calibration-and-thresholds.

    References
    ----------
    Elkan (2001), "The foundations of cost-sensitive learning", International Joint
    Conference on Artificial Intelligence.

    Examples
    --------
    >>> best_threshold([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.9], [[0, 1], [10, 0]])
    BestThreshold(threshold=0.3, cost=0.25)
    """
    happened = outcomes(same_length(y_true, y_score)[0])
    score = floats(y_score, "y_score", ndim=1)
    weights = check_sample_weight(sample_weight, len(score))
    prices = _cost_table(costs, 2)
    event = happened.astype(np.intp)
    change = weights * (prices[event, 1] - prices[event, 0])  # of saying yes to a row
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # equal scores go together
    of_all_no = weights @ prices[event, 0]
    totals = of_all_no + np.append(0.0, np.cumsum(change[order])[last])
    best = int(totals.argmin())
    threshold = np.append(np.inf, score[order][last])[best]
    return BestThreshold(float(threshold), float(totals[best] / weights.sum()))


def _cost_table(costs: ArrayLike, k: int) -> Floats:
    prices = floats(costs, "costs", ndim=2)
    if prices.shape != (k, k):
        raise ValueError(
            f"costs must have a row and a column for each of the {k} classes, but its "
            f"shape is {prices.shape}."
        )
    return prices
