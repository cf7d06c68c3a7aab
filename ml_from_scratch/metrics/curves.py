"""How well scores put the rows of one class above the others, at every threshold.

One sort serves every curve. Walk down the rows from the highest score: after each
distinct score, the rows so far are those that a threshold there would pick. Counting
how many of them are right (hits) and wrong (false alarms) gives the whole ROC curve
and the whole precision-recall curve. Rows of equal score are passed at one step, so
that ties cannot depend on the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, check_sample_weight
from ml_from_scratch.metrics.inputs import (
    encode,
    floats,
    plain_labels,
    positives,
    probability_table,
    same_length,
)

Mask = NDArray[np.bool_]


class _Steps(NamedTuple):
    """What each threshold picks, from the highest down; arrays of one length."""

    hits: Floats
    false_alarms: Floats
    thresholds: Floats


def _steps(is_positive: Mask, score: Floats, weights: Floats | None) -> _Steps:
    """Count hits and false alarms after each distinct score."""
    order = np.argsort(-score, kind="stable")
    score, is_positive = score[order], is_positive[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    if weights is None:  # counting is exact
        hits = np.cumsum(is_positive)[last]
        false_alarms = last + 1 - hits
    else:
        weights = weights[order]
        hits = np.cumsum(weights * is_positive)[last]
        false_alarms = np.cumsum(weights * ~is_positive)[last]
    return _Steps(hits.astype(np.float64), false_alarms.astype(np.float64), score[last])


def _binary_steps(
    y_true: ArrayLike,
    y_score: ArrayLike,
    pos_label: Any,
    sample_weight: ArrayLike | None,
) -> _Steps:
    true, _ = same_length(y_true, y_score)
    score = floats(y_score, "y_score", ndim=1)
    if sample_weight is None:
        return _steps(positives(true, pos_label), score, None)
    weights = check_sample_weight(sample_weight, len(true))
    kept = weights > 0
    return _steps(positives(true[kept], pos_label), score[kept], weights[kept])


# ----------------------------------------------------------------------- ROC


class RocCurve(NamedTuple):
    """Shares of both classes that are picked, at thresholds from the highest down.

    Parameters
    ----------
    fpr : numpy.ndarray of shape (t,)
        Picked share of the negatives: false alarms.
    tpr : numpy.ndarray of shape (t,)
        Picked share of the positives: recall.
    thresholds : numpy.ndarray of shape (t,)
        Rows with a score of at least this are picked.

    Notes
    -----
    Taught in: classical/classification-metrics.

    Examples
    --------
    >>> curve = roc_curve([0, 1], [0.2, 0.7])
    >>> curve.thresholds.tolist()
    [inf, 0.7, 0.2]
    """

    fpr: Floats
    tpr: Floats
    thresholds: Floats


def roc_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    drop_intermediate: bool = True,
) -> RocCurve:
    """Return false-alarm rate and recall at every threshold.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of two classes.
    y_score : array-like of shape (n,)
        The higher, the surer that a row is of the class looked for.
    pos_label : label, optional
        The class looked for; 1 if the labels are 0 and 1 or -1 and 1.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    drop_intermediate : bool, default True
        Leave out points on the straight line between their neighbours.

    Returns
    -------
    RocCurve
        ``fpr``, ``tpr`` and ``thresholds``, arrays of one length; from (0, 0) at
        threshold infinity to (1, 1).

    Raises
    ------
    ValueError
        If a class is missing, or lengths, labels or scores are not as described.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    References
    ----------
    Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27.

    Examples
    --------
    >>> fpr, tpr, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> fpr.tolist(), tpr.tolist()
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    hits, alarms, thresholds = _binary_steps(y_true, y_score, pos_label, sample_weight)
    if drop_intermediate and len(hits) > 2:
        bends = (np.diff(alarms, 2) != 0) | (np.diff(hits, 2) != 0)
        kept = np.concatenate([[True], bends, [True]])
        hits, alarms, thresholds = hits[kept], alarms[kept], thresholds[kept]
    return RocCurve(
        np.concatenate([[0.0], alarms / alarms[-1]]),
        np.concatenate([[0.0], hits / hits[-1]]),
        np.concatenate([[np.inf], thresholds]),
    )


def auc(x: ArrayLike, y: ArrayLike) -> float:
    """Return the area under a line through points, by trapezoids.

    Parameters
    ----------
    x : array-like of shape (n,)
        Places, rising or falling, two at least.
    y : array-like of shape (n,)
        Heights there.

    Returns
    -------
    float
        The area.

    Raises
    ------
    ValueError
        If there are fewer than two points or `x` goes back and forth.

    Notes
    -----
    O(n). Taught in: classical/classification-metrics.

    Examples
    --------
    >>> auc([0.0, 0.5, 1.0], [0.0, 1.0, 1.0])
    0.75
    """
    same_length(x, y)
    places, heights = floats(x, "x", ndim=1), floats(y, "y", ndim=1)
    steps = np.diff(places)
    if len(places) < 2 or ((steps > 0).any() and (steps < 0).any()):
        raise ValueError(
            f"x must hold two places or more, rising or falling, got {places[:5]}."
        )
    return float(abs(np.sum(steps * (heights[1:] + heights[:-1]) / 2)))


def roc_auc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Literal["macro", "weighted"] | None = "macro",
    sample_weight: ArrayLike | None = None,
    multi_class: Literal["raise", "ovr", "ovo"] = "raise",
    labels: ArrayLike | None = None,
) -> float | Floats:
    """Return the probability that a row of a class scores above one of another.

    That is the area under the ROC curve. Two rows of equal score count one half.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels; of two, the greater is the class looked for.
    y_score : array-like of shape (n,) or (n, k)
        Scores of the class looked for, or, for more than two classes, probabilities
        of each class in sorted order.
    average : {"macro", "weighted"} or None, default "macro"
        With more than two classes: the mean over classes or pairs, counting each once
        or by its rows; None for an array, one area a class ("ovr" alone).
    sample_weight : array-like of shape (n,), optional
        How much each row counts (not for "ovo").
    multi_class : {"raise", "ovr", "ovo"}, default "raise"
        What to do with more than two classes: refuse them, compare each class with
        all others, or compare each pair of classes.
    labels : array-like of shape (k,), optional
        All classes, sorted; by default those that occur.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        0.5 for scores that tell nothing, 1 for a perfect order, 0 for its reverse.

    Raises
    ------
    ValueError
        If there is only one class, or the inputs are not as described.

    Notes
    -----
    O(n log n) for two classes, and k or k^2 times that for k. No curve is needed:
    each false alarm is passed by the hits so far, so the area is a sum over the
    distinct scores.

    Taught in: classical/classification-metrics.

    References
    ----------
    Hanley and McNeil (1982), "The meaning and use of the area under a receiver
    operating characteristic (ROC) curve", Radiology 143. Hand and Till (2001), "A
    simple generalisation of the area under the ROC curve for multiple class
    classification problems", Machine Learning 45.

    Examples
    --------
    >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    >>> roc_auc_score(["no", "yes", "no"], [0.5, 0.5, 0.2])
    0.75
    """
    true, score = same_length(y_true, y_score)
    true = plain_labels(true, "y_true")
    if score.ndim == 1:
        greater = np.unique(true)[-1].item()
        return _area(_binary_steps(true, score, greater, sample_weight))
    options = {"average": ("macro", "weighted", None), "multi_class": ("ovr", "ovo")}
    for name, value in (("average", average), ("multi_class", multi_class)):
        if value not in options[name]:
            raise ValueError(
                f"With a column a class, {name} must be one of {options[name]}, got "
                f"{value!r}."
            )
    codes, table = _codes_and_table(true, score, labels)
    if multi_class == "ovr":
        return _each_against_the_rest(_area, codes, table, average, sample_weight)
    if average is None or sample_weight is not None:
        raise ValueError(
            "multi_class='ovo' takes no sample_weight and needs an average."
        )
    return _each_against_each(codes, table, average)


def _area(steps: _Steps) -> float:
    hits = np.concatenate([[0.0], steps.hits])
    alarms = np.diff(steps.false_alarms, prepend=0.0)
    passed = alarms * (hits[:-1] + hits[1:])  # twice: hits above, and half of the ties
    return float(passed.sum() / (2 * hits[-1] * steps.false_alarms[-1]))


def _codes_and_table(
    true: NDArray[Any], score: NDArray[Any], labels: ArrayLike | None
) -> tuple[NDArray[np.intp], Floats]:
    table = probability_table(floats(score, "y_score", ndim=2))
    classes = np.unique(true if labels is None else np.asarray(labels))
    if len(classes) != table.shape[1] or len(classes) < 3:
        raise ValueError(
            f"y_score has {table.shape[1]} columns for {len(classes)} classes: "
            "expected one a class for three or more, and one score a row for two."
        )
    return encode(true, classes), table


def _each_against_the_rest(
    measure: Callable[[_Steps], float],
    codes: NDArray[np.intp],
    table: Floats,
    average: str | None,
    sample_weight: ArrayLike | None,
) -> float | Floats:
    n, k = table.shape
    weights = check_sample_weight(sample_weight, n)
    totals = np.bincount(codes, weights, k)
    if not totals.all():
        empty = int(np.flatnonzero(totals == 0)[0])
        raise ValueError(f"Class number {empty} has no rows: it has no curve.")
    kept = weights > 0
    given = None if sample_weight is None else weights[kept]
    scores = np.array(
        [measure(_steps(codes[kept] == c, table[kept, c], given)) for c in range(k)]
    )
    if average is None:
        return scores
    return float(np.average(scores, weights=totals if average == "weighted" else None))


def _each_against_each(codes: NDArray[np.intp], table: Floats, average: str) -> float:
    """Return the mean over pairs of classes, both taken as the one looked for."""
    areas, rows = [], []
    k = table.shape[1]
    for a, b in combinations(range(k), 2):
        pair = (codes == a) | (codes == b)
        if not (codes == a).any() or not (codes == b).any():
            raise ValueError(f"Class number {a} or {b} has no rows: no curve.")
        both = [_area(_steps(codes[pair] == c, table[pair, c], None)) for c in (a, b)]
        areas.append(np.mean(both))
        rows.append(pair.sum())
    return float(np.average(areas, weights=rows if average == "weighted" else None))


# ---------------------------------------------------------- precision, recall


class PrecisionRecallCurve(NamedTuple):
    """Precision and recall at rising thresholds, and the end point (1, 0).

    Parameters
    ----------
    precision : numpy.ndarray of shape (t + 1,)
        Share of the picked rows that are positive; the last entry is 1.
    recall : numpy.ndarray of shape (t + 1,)
        Share of the positive rows that are picked; the last entry is 0.
    thresholds : numpy.ndarray of shape (t,)
        Rows with a score of at least this are picked.

    Notes
    -----
    Taught in: classical/classification-metrics.

    Examples
    --------
    >>> curve = precision_recall_curve([0, 1], [0.2, 0.7])
    >>> curve.thresholds.tolist()
    [0.2, 0.7]
    """

    precision: Floats
    recall: Floats
    thresholds: Floats


def precision_recall_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    drop_intermediate: bool = False,
) -> PrecisionRecallCurve:
    """Return precision and recall at every threshold.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels of two classes.
    y_score : array-like of shape (n,)
        The higher, the surer that a row is of the class looked for.
    pos_label : label, optional
        The class looked for; 1 if the labels are 0 and 1 or -1 and 1.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    drop_intermediate : bool, default False
        Of thresholds with the same recall, keep the outermost.

    Returns
    -------
    PrecisionRecallCurve
        ``precision`` and ``recall`` of shape (t + 1,), ``thresholds`` of shape (t,).

    Raises
    ------
    ValueError
        If a class is missing, or lengths, labels or scores are not as described.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    References
    ----------
    Davis and Goadrich (2006), "The relationship between precision-recall and ROC
    curves", International Conference on Machine Learning.

    Examples
    --------
    >>> precision, recall, _ = precision_recall_curve([0, 0, 1, 1], [1, 4, 3, 8])
    >>> precision.round(2).tolist(), recall.tolist()
    ([0.5, 0.67, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.5, 0.0])
    """
    hits, alarms, thresholds = _binary_steps(y_true, y_score, pos_label, sample_weight)
    if drop_intermediate and len(hits) > 2:
        moves = np.diff(hits) != 0
        kept = np.concatenate([[True], moves[:-1] | moves[1:], [True]])
        hits, alarms, thresholds = hits[kept], alarms[kept], thresholds[kept]
    return PrecisionRecallCurve(
        np.append((hits / (hits + alarms))[::-1], 1.0),
        np.append((hits / hits[-1])[::-1], 0.0),
        thresholds[::-1],
    )


def average_precision_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Literal["macro", "weighted"] | None = "macro",
    pos_label: Any = 1,
    sample_weight: ArrayLike | None = None,
) -> float | Floats:
    """Return the mean precision at the thresholds that each find one more row.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Labels.
    y_score : array-like of shape (n,) or (n, k)
        Scores of the class looked for, or, for more than two classes, probabilities
        of each class in sorted order.
    average : {"macro", "weighted"} or None, default "macro"
        With a column a class: the mean over classes, counting each once or by its
        rows; None for an array.
    pos_label : label, default 1
        The class looked for, of two.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        1 for a perfect order; scores that tell nothing earn the share of the class.

    Raises
    ------
    ValueError
        If there is only one class, or the inputs are not as described.

    Notes
    -----
    A sum of steps, not of trapezoids: a straight line between two points of the
    curve would promise a precision that no threshold has.

    O(n log n), k times for k classes. Taught in: classical/classification-metrics.

    References
    ----------
    Davis and Goadrich (2006), "The relationship between precision-recall and ROC
    curves", International Conference on Machine Learning.

    Examples
    --------
    >>> round(average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 3)
    0.833
    """
    true, score = same_length(y_true, y_score)
    if score.ndim == 1:
        return _mean_precision(_binary_steps(true, score, pos_label, sample_weight))
    if average not in ("macro", "weighted", None):
        raise ValueError(
            f"average must be 'macro', 'weighted' or None, got {average!r}."
        )
    codes, table = _codes_and_table(plain_labels(true, "y_true"), score, None)
    return _each_against_the_rest(_mean_precision, codes, table, average, sample_weight)


def _mean_precision(steps: _Steps) -> float:
    hits, alarms, _ = steps
    found = np.diff(hits, prepend=0.0)
    return float(np.sum(found * hits / (hits + alarms)) / hits[-1])
