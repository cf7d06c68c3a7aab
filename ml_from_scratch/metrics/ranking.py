"""How good a list of recommended items is, read from the top.

Every query is one row: what each item is worth (`y_true`) and what the model gave it
(`y_score`). Items of equal score stand in no order, so each score here is the mean
over all orders of the tied items. There is no need to try them: at a place inside a
group of tied items, each item of the group stands with the same probability, and that
is all that any of the scores needs to know.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, check_sample_weight
from ml_from_scratch.metrics.inputs import floats


class _Places(NamedTuple):
    """For each place of each list, from the top, what is known of the item there.

    All arrays have shape (queries, items). A group is what shares one score.
    """

    gain: Floats  # mean worth of the group: what the place is worth on average
    above: Floats  # total worth of the groups before this one
    size: Floats  # items in the group
    offset: Floats  # places of the group before this one


def _places(true: Floats, score: Floats) -> _Places:
    order = np.argsort(-score, axis=1, kind="stable")
    true = np.take_along_axis(true, order, axis=1)
    score = np.take_along_axis(score, order, axis=1)
    n, m = true.shape
    place = np.broadcast_to(np.arange(m), (n, m))
    edge = np.ones((n, m + 1), dtype=bool)  # edge[:, j]: a group ends before place j
    edge[:, 1:-1] = score[:, 1:] != score[:, :-1]
    start = np.maximum.accumulate(np.where(edge[:, :-1], place, 0), axis=1)
    stop = np.where(edge[:, 1:], place + 1, m)[:, ::-1]
    stop = np.minimum.accumulate(stop, axis=1)[:, ::-1]
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(true, axis=1)], axis=1)
    above = np.take_along_axis(total, start, axis=1)
    size = (stop - start).astype(np.float64)
    gain = (np.take_along_axis(total, stop, axis=1) - above) / size
    return _Places(gain, above, size, (place - start).astype(np.float64))


# ------------------------------------------------------------- graded worth


def dcg_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the worth of the items, those further down counting less (DCG).

    The item at place i, from 1, counts 1 / log2(i + 1).

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        What each item is worth, 0 or more.
    y_score : array-like of shape (queries, items)
        What the model gave it: higher stands further up.
    k : int, optional
        How many places count; by default all.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        The mean over queries, in the unit of worth; ties are averaged over.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    Jarvelin and Kekalainen (2002), "Cumulated gain-based evaluation of IR
    techniques", ACM Transactions on Information Systems 20. McSherry and Najork
    (2008), "Computing information retrieval performance measures efficiently in the
    presence of tied scores", European Conference on Information Retrieval.

    Examples
    --------
    >>> round(dcg_score([[3, 0, 1]], [[0.9, 0.8, 0.1]]), 2)
    3.5
    """
    true, score, weights = _queries(y_true, y_score, k, sample_weight)
    return float(np.average(_dcg(true, score, k), weights=weights))


def _dcg(true: Floats, score: Floats, k: int | None) -> Floats:
    discount = 1 / np.log2(np.arange(true.shape[1]) + 2)
    found: Floats = _places(true, score).gain[:, :k] @ discount[:k]
    return found


def ndcg_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the DCG as a share of what the best order would have.

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        What each item is worth, 0 or more.
    y_score : array-like of shape (queries, items)
        What the model gave it: higher stands further up.
    k : int, optional
        How many places count; by default all.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        The mean over queries, between 0 and 1. A query whose items are all worth
        nothing earns 0, as in scikit-learn.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    Jarvelin and Kekalainen (2002), "Cumulated gain-based evaluation of IR
    techniques", ACM Transactions on Information Systems 20.

    Examples
    --------
    >>> round(ndcg_score([[3, 0, 1]], [[0.9, 0.8, 0.1]]), 3)
    0.964
    """
    true, score, weights = _queries(y_true, y_score, k, sample_weight)
    best = _dcg(true, true, k)
    shares = _dcg(true, score, k) / np.where(best > 0, best, 1.0)
    return float(np.average(shares, weights=weights))


# ------------------------------------------------------ relevant or not: 0 or 1


def precision_at_k(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the share of the first k items that are relevant.

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        1 for relevant items, 0 for others.
    y_score : array-like of shape (queries, items)
        What the model gave them: higher stands further up.
    k : int
        How many places count, at most as many as there are items.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        The mean over queries, between 0 and 1; ties are averaged over.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval,
    section 8.4.

    Examples
    --------
    >>> precision_at_k([[1, 0, 1, 0]], [[0.9, 0.8, 0.3, 0.2]], k=2)
    0.5
    """
    true, score, weights = _relevance(y_true, y_score, k, sample_weight)
    found = _places(true, score).gain[:, :k].sum(axis=1)
    return float(np.average(found / k, weights=weights))


def recall_at_k(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the share of the relevant items that are among the first k.

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        1 for relevant items, 0 for others; at least one relevant a query.
    y_score : array-like of shape (queries, items)
        What the model gave them: higher stands further up.
    k : int
        How many places count, at most as many as there are items.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        The mean over queries, between 0 and 1; ties are averaged over.

    Raises
    ------
    ValueError
        If a query has no relevant item (its recall is 0 / 0), or the inputs are not as
        described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    Manning, Raghavan and Schuetze (2008), Introduction to Information Retrieval,
    section 8.4.

    Examples
    --------
    >>> recall_at_k([[1, 0, 1, 0]], [[0.9, 0.8, 0.3, 0.2]], k=3)
    1.0
    """
    true, score, weights = _relevance(y_true, y_score, k, sample_weight)
    _refuse_empty_queries(true)
    found = _places(true, score).gain[:, :k].sum(axis=1)
    return float(np.average(found / true.sum(axis=1), weights=weights))


def hit_rate_at_k(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the share of queries with a relevant item among the first k.

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        1 for relevant items, 0 for others.
    y_score : array-like of shape (queries, items)
        What the model gave them: higher stands further up.
    k : int
        How many places count, at most as many as there are items.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        Between 0 and 1; with ties, the probability over their orders.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    Examples
    --------
    >>> hit_rate_at_k([[0, 0, 1], [1, 0, 0]], [[3, 2, 1], [3, 2, 1]], k=2)
    0.5
    """
    true, score, weights = _relevance(y_true, y_score, k, sample_weight)
    missed = _none_so_far(_places(true, score))[:, k]
    return float(np.average(1 - missed, weights=weights))


def mean_reciprocal_rank(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean of 1 / (place of the first relevant item).

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        1 for relevant items, 0 for others.
    y_score : array-like of shape (queries, items)
        What the model gave them: higher stands further up.
    k : int, optional
        How many places count; a query with nothing relevant there earns 0.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        Between 0 and 1; ties are averaged over.

    Raises
    ------
    ValueError
        If the inputs are not as described.

    Notes
    -----
    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    Voorhees (1999), "The TREC-8 question answering track report", Text Retrieval
    Conference.

    Examples
    --------
    >>> mean_reciprocal_rank([[0, 1, 0], [1, 0, 0]], [[3, 2, 1], [3, 2, 1]])
    0.75
    """
    true, score, weights = _relevance(y_true, y_score, k, sample_weight)
    missed = _none_so_far(_places(true, score))
    first = missed[:, :-1] - missed[:, 1:]  # that the first relevant item stands here
    reciprocal = 1 / np.arange(1, true.shape[1] + 1)
    return float(np.average(first[:, :k] @ reciprocal[:k], weights=weights))


def _none_so_far(places: _Places) -> Floats:
    """Return the probability that none of the first j items is relevant, j from 0.

    If none was relevant so far, all relevant items of the group are among those left.
    """
    relevant = places.gain * places.size
    hazard = np.minimum(relevant / (places.size - places.offset), 1.0)
    going_on = np.cumprod(1 - hazard, axis=1)
    return np.concatenate([np.ones((len(going_on), 1)), going_on], axis=1)


def mean_average_precision(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    k: int | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean precision at the places of the relevant items (MAP).

    Parameters
    ----------
    y_true : array-like of shape (queries, items)
        1 for relevant items, 0 for others; at least one relevant a query.
    y_score : array-like of shape (queries, items)
        What the model gave them: higher stands further up.
    k : int, optional
        How many places count. The sum is divided by the number of relevant items, or
        by k where that is smaller, so that a perfect list earns 1.
    sample_weight : array-like of shape (queries,), optional
        How much each query counts.

    Returns
    -------
    float
        The mean over queries, between 0 and 1; ties are averaged over.

    Raises
    ------
    ValueError
        If a query has no relevant item (its precision has no places), or the inputs
        are not as described.

    Notes
    -----
    With ties: if an item of the group stands at this place and is relevant, then on
    average it has before it all relevant ones of the groups above, and of its own
    group's offset places a share (relevant - 1) / (size - 1).

    O(m log m) a query of m items. Taught in: domains/ranking-metrics.

    References
    ----------
    McSherry and Najork (2008), "Computing information retrieval performance measures
    efficiently in the presence of tied scores", European Conference on Information
    Retrieval.

    Examples
    --------
    >>> round(mean_average_precision([[1, 0, 1, 0]], [[0.9, 0.8, 0.3, 0.2]]), 3)
    0.833
    """
    true, score, weights = _relevance(y_true, y_score, k, sample_weight)
    _refuse_empty_queries(true)
    gain, above, size, offset = _places(true, score)
    among_others = (gain * size - 1) / np.maximum(size - 1, 1)
    before = above + 1 + offset * among_others
    rank = np.arange(1, true.shape[1] + 1)
    summed = (gain * before / rank)[:, :k].sum(axis=1)
    most = true.sum(axis=1) if k is None else np.minimum(true.sum(axis=1), k)
    return float(np.average(summed / most, weights=weights))


# ----------------------------------------------------------------- the inputs


def _queries(
    y_true: ArrayLike,
    y_score: ArrayLike,
    k: int | None,
    sample_weight: ArrayLike | None,
) -> tuple[Floats, Floats, Floats]:
    true, score = floats(y_true, "y_true", ndim=2), floats(y_score, "y_score", ndim=2)
    if true.shape != score.shape:
        raise ValueError(
            f"Expected a score an item, but y_true has shape {true.shape} and y_score "
            f"{score.shape}."
        )
    if true.min() < 0:
        raise ValueError(f"Items must be worth 0 or more, but one is {true.min()}.")
    if k is not None and not (isinstance(k, int | np.integer) and k >= 1):
        raise ValueError(f"k must be a whole number from 1, got {k!r}.")
    return true, score, check_sample_weight(sample_weight, len(true))


def _relevance(
    y_true: ArrayLike,
    y_score: ArrayLike,
    k: int | None,
    sample_weight: ArrayLike | None,
) -> tuple[Floats, Floats, Floats]:
    true, score, weights = _queries(y_true, y_score, k, sample_weight)
    if not np.isin(true, [0, 1]).all():
        other = true[~np.isin(true, [0, 1])][0]
        raise ValueError(f"Items must be relevant (1) or not (0), but one is {other}.")
    if k is not None and k > true.shape[1]:
        raise ValueError(f"k is {k}, but there are only {true.shape[1]} items.")
    return true, score, weights


def _refuse_empty_queries(true: NDArray[np.float64]) -> None:
    empty = np.flatnonzero(true.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"Query {empty[0]} (of {len(empty)} such) has no relevant item, so its "
            "score is 0 / 0: leave out such queries, and say how many they are."
        )
