"""How good a classifier's labels and probabilities are.

Every score of labels is arithmetic on the same few counts: how often each pair of a
true and a predicted class occurs. The counts take one pass (`bincount`); the rest is
of the size of the number of classes.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats, check_sample_weight
from ml_from_scratch.metrics.inputs import (
    encode,
    label_pair,
    outcomes,
    plain_labels,
    probability_table,
    same_length,
)

Average = Literal["binary", "macro", "micro", "weighted"] | None


def accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the share of labels that are right.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the two differ in length or in kind, are empty, or have missing labels.

    Notes
    -----
    O(n). Taught in: classical/logistic-regression.

    Examples
    --------
    >>> accuracy_score([0, 1, 1, 0], [0, 1, 0, 0])
    0.75
    """
    true, predicted = label_pair(y_true, y_pred)
    weights = check_sample_weight(sample_weight, len(true))
    return float(np.average(true == predicted, weights=weights))


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> NDArray[Any]:
    """Count the rows of each true class by what they were predicted as.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    labels : array-like of shape (k,), optional
        The classes in the order wanted; by default all that occur, sorted.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    numpy.ndarray of shape (k, k)
        Entry (i, j) counts rows of class i that were predicted as class j: whole
        numbers, or sums of weights where there are weights.

    Raises
    ------
    ValueError
        If the two differ in length or in kind, are empty, or hold a label that is
        not in `labels` (scikit-learn drops such rows without a word).

    Notes
    -----
    O(n log n + k^2). Taught in: classical/logistic-regression.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 0], [0, 1, 0, 0]).tolist()
    [[2, 0], [1, 1]]
    """
    true, predicted = label_pair(y_true, y_pred)
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(sample_weight, len(true))
    if labels is None:
        both = np.concatenate([true, predicted])
        classes, codes = np.unique(both, return_inverse=True)
        rows, columns = np.split(codes, 2)
    else:
        classes = plain_labels(np.asarray(labels), "labels")
        rows, columns = encode(true, classes), encode(predicted, classes)
    k = len(classes)
    counts = np.bincount(rows * k + columns, weights=weights, minlength=k * k)
    return counts.reshape(k, k)


# --------------------------------------------------- precision, recall and F


class PrecisionRecallFscore(NamedTuple):
    """Precision, recall and F of each class, or their averages over the classes.

    Parameters
    ----------
    precision, recall, fscore : float or numpy.ndarray of shape (k,)
        The scores.
    support : numpy.ndarray of shape (k,) or None
        True rows (or their weight) of each class; None if averaged.

    Notes
    -----
    Taught in: classical/classification-metrics.

    Examples
    --------
    >>> PrecisionRecallFscore(0.5, 1.0, 2 / 3, None).recall
    1.0
    """

    precision: float | Floats
    recall: float | Floats
    fscore: float | Floats
    support: NDArray[Any] | None


def precision_recall_fscore_support(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float = 1.0,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = None,
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
) -> PrecisionRecallFscore:
    """Return precision, recall, F and the number of true rows, class by class.

    Precision is the share of the rows predicted as a class that are of it; recall the
    share of the rows of a class that are predicted as it; F their harmonic mean, in
    which recall counts `beta` times as much.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    beta : float, default 1.0
        How many times as much recall counts in F; 0 is precision, ``inf`` recall.
    labels : array-like of shape (k,), optional
        The classes to score; by default all that occur, sorted.
    pos_label : label, default 1
        The class scored by ``average="binary"``.
    average : {"binary", "macro", "micro", "weighted"} or None, default None
        None gives an array with each class; "binary" scores `pos_label` alone; "macro"
        is the mean over classes, rare ones counting as much as common ones;
        "weighted" counts classes by their rows; "micro" adds up the counts of all
        classes first.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    zero_division : float, default 0.0
        What 0 / 0 is: 0, 1, or NaN, which is left out of averages. scikit-learn's
        default is 0 as well, with a warning.

    Returns
    -------
    PrecisionRecallFscore
        ``precision``, ``recall``, ``fscore``: floats, or arrays of shape (k,) if
        `average` is None; ``support``: array of shape (k,), or None if averaged.

    Raises
    ------
    ValueError
        If the labels do not pair up, if `average` is "binary" and there are more than
        two classes or none is `pos_label`, or if an argument is not as described.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    References
    ----------
    van Rijsbergen (1979), Information Retrieval, 2nd edition, chapter 7.

    Examples
    --------
    >>> true, predicted = ["cat", "cat", "dog", "eel"], ["cat", "dog", "dog", "dog"]
    >>> found = precision_recall_fscore_support(true, predicted)
    >>> found.precision.round(2).tolist(), found.recall.tolist()
    ([1.0, 0.33, 0.0], [0.5, 1.0, 0.0])
    >>> found.support.tolist()
    [2, 1, 1]
    """
    _check_fscore_settings(beta, average, zero_division)
    counts = _hits_predicted_true(y_true, y_pred, labels, sample_weight)
    if average == "binary":
        _refuse_other_than_binary(counts.classes, pos_label, labels)
        counts = counts.at(np.flatnonzero(counts.classes == pos_label))
    if average == "micro":
        counts = counts.summed()
    scores = _prf(counts, beta, zero_division)
    if average is None:
        return PrecisionRecallFscore(*scores, counts.true)
    shares = counts.true if average == "weighted" else np.ones(len(counts.true))
    precision, recall, fscore = (
        _mean_of_defined(score, shares, zero_division) for score in scores
    )
    return PrecisionRecallFscore(precision, recall, fscore, None)


class _Counts(NamedTuple):
    """What precision and recall are made of, per class: arrays of shape (k,)."""

    classes: NDArray[Any]
    hits: NDArray[Any]  # predicted as the class, and of it
    predicted: NDArray[Any]
    true: NDArray[Any]

    def at(self, places: NDArray[Any]) -> _Counts:
        return _Counts(*(part[places] for part in self))

    def summed(self) -> _Counts:
        return _Counts(
            self.classes[:1], *(part.sum(keepdims=True) for part in self[1:])
        )


def _hits_predicted_true(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> _Counts:
    true, predicted = label_pair(y_true, y_pred)
    wanted = true[:0]
    if labels is not None:
        wanted, _ = label_pair(labels, labels)
        label_pair(wanted[:1], true[:1])  # strings with strings, numbers with numbers
    both = np.concatenate([true, predicted, wanted])
    classes, codes = np.unique(both, return_inverse=True)
    n, k = len(true), len(classes)
    rows, columns, places = np.split(codes, [n, 2 * n])
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(sample_weight, n)
    hit = rows == columns
    counts = _Counts(
        classes,
        np.bincount(rows[hit], None if weights is None else weights[hit], k),
        np.bincount(columns, weights, k),
        np.bincount(rows, weights, k),
    )
    return counts if labels is None else counts.at(places)


def _prf(
    counts: _Counts, beta: float, zero_division: float
) -> tuple[Floats, Floats, Floats]:
    _, hits, predicted, true = counts
    precision = _ratio(hits, predicted, zero_division)
    recall = _ratio(hits, true, zero_division)
    if np.isinf(beta):
        return precision, recall, recall
    b2 = beta**2
    fscore = _ratio((1 + b2) * hits, b2 * true + predicted, zero_division)
    return precision, recall, fscore


def _ratio(above: NDArray[Any], below: NDArray[Any], zero_division: float) -> Floats:
    empty = below == 0
    return np.where(empty, zero_division, above / np.where(empty, 1.0, below))


def _mean_of_defined(
    score: Floats, shares: NDArray[Any], zero_division: float
) -> float:
    """Return the mean of the classes whose score is defined; NaN if none is."""
    defined = ~np.isnan(score)
    if not defined.any() or len(score) == 0:
        return float(zero_division)
    score, shares = score[defined], shares[defined]
    return float(np.average(score, weights=shares if shares.any() else None))


def _check_fscore_settings(beta: float, average: Average, zero_division: float) -> None:
    averages = (None, "binary", "macro", "micro", "weighted")
    if average not in averages:
        raise ValueError(f"average must be one of {averages}, got {average!r}.")
    if not beta >= 0:
        raise ValueError(f"beta must be a number from 0, got {beta!r}.")
    if not (zero_division in (0, 1) or np.isnan(zero_division)):
        raise ValueError(f"zero_division must be 0, 1 or nan, got {zero_division!r}.")


def _refuse_other_than_binary(
    classes: NDArray[Any], pos_label: Any, labels: ArrayLike | None
) -> None:
    known = classes.tolist()
    if labels is not None:
        raise ValueError(
            "average='binary' scores pos_label alone, so labels cannot be chosen too: "
            f"leave out labels={labels!r} or choose another average."
        )
    if len(known) > 2:
        raise ValueError(
            f"average='binary' needs two classes, but there are {len(known)}: "
            f"{known[:5]}; choose 'macro', 'micro', 'weighted' or None."
        )
    of_another_kind = isinstance(pos_label, str) != (classes.dtype.kind in "US")
    if pos_label not in known and (len(known) == 2 or of_another_kind):
        raise ValueError(f"pos_label is {pos_label!r}, which is not among {known}.")


def precision_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
) -> float | Floats:
    """Return the share of the rows predicted as a class that are of it.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    labels : array-like of shape (k,), optional
        The classes to score.
    pos_label : label, default 1
        The class scored by ``average="binary"``.
    average : {"binary", "macro", "micro", "weighted"} or None, default "binary"
        As for `precision_recall_fscore_support`.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    zero_division : float, default 0.0
        The precision of a class that was never predicted: 0, 1 or NaN.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        Between 0 and 1; an array if `average` is None.

    Raises
    ------
    ValueError
        As for `precision_recall_fscore_support`.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    Examples
    --------
    >>> round(precision_score([0, 0, 1, 1], [1, 0, 1, 1]), 3)
    0.667
    """
    return precision_recall_fscore_support(
        y_true,
        y_pred,
        labels=labels,
        pos_label=pos_label,
        average=average,
        sample_weight=sample_weight,
        zero_division=zero_division,
    ).precision


def recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
) -> float | Floats:
    """Return the share of the rows of a class that are predicted as it.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    labels : array-like of shape (k,), optional
        The classes to score.
    pos_label : label, default 1
        The class scored by ``average="binary"``.
    average : {"binary", "macro", "micro", "weighted"} or None, default "binary"
        As for `precision_recall_fscore_support`.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    zero_division : float, default 0.0
        The recall of a class without rows: 0, 1 or NaN.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        Between 0 and 1; an array if `average` is None.

    Raises
    ------
    ValueError
        As for `precision_recall_fscore_support`.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    Examples
    --------
    >>> recall_score([0, 0, 1, 1], [1, 0, 1, 0])
    0.5
    """
    return precision_recall_fscore_support(
        y_true,
        y_pred,
        labels=labels,
        pos_label=pos_label,
        average=average,
        sample_weight=sample_weight,
        zero_division=zero_division,
    ).recall


def fbeta_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
) -> float | Floats:
    """Return the harmonic mean of precision and recall, recall counting beta times.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    beta : float
        How many times as much recall counts; 0 is precision, ``inf`` recall.
    labels : array-like of shape (k,), optional
        The classes to score.
    pos_label : label, default 1
        The class scored by ``average="binary"``.
    average : {"binary", "macro", "micro", "weighted"} or None, default "binary"
        As for `precision_recall_fscore_support`.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    zero_division : float, default 0.0
        The score of a class that neither occurs nor was predicted: 0, 1 or NaN.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        Between 0 and 1; an array if `average` is None.

    Raises
    ------
    ValueError
        As for `precision_recall_fscore_support`.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    References
    ----------
    van Rijsbergen (1979), Information Retrieval, 2nd edition, chapter 7.

    Examples
    --------
    >>> round(fbeta_score([0, 0, 1, 1], [1, 0, 1, 1], beta=2.0), 3)
    0.909
    """
    return precision_recall_fscore_support(
        y_true,
        y_pred,
        beta=beta,
        labels=labels,
        pos_label=pos_label,
        average=average,
        sample_weight=sample_weight,
        zero_division=zero_division,
    ).fscore


def f1_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: float = 0.0,
) -> float | Floats:
    """Return the harmonic mean of precision and recall.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    labels : array-like of shape (k,), optional
        The classes to score.
    pos_label : label, default 1
        The class scored by ``average="binary"``.
    average : {"binary", "macro", "micro", "weighted"} or None, default "binary"
        As for `precision_recall_fscore_support`.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    zero_division : float, default 0.0
        The score of a class that neither occurs nor was predicted: 0, 1 or NaN.

    Returns
    -------
    float or numpy.ndarray of shape (k,)
        Between 0 and 1; an array if `average` is None.

    Raises
    ------
    ValueError
        As for `precision_recall_fscore_support`.

    Notes
    -----
    O(n log n). Taught in: classical/classification-metrics.

    Examples
    --------
    >>> f1_score([0, 0, 1, 1], [1, 0, 1, 1])
    0.8
    """
    return fbeta_score(
        y_true,
        y_pred,
        beta=1.0,
        labels=labels,
        pos_label=pos_label,
        average=average,
        sample_weight=sample_weight,
        zero_division=zero_division,
    )


# ------------------------------------------ one number for the whole table


def balanced_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    adjusted: bool = False,
) -> float:
    """Return the mean over the true classes of the share that is found.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.
    adjusted : bool, default False
        Scale so that guessing earns 0 and perfection 1.

    Returns
    -------
    float
        Between 0 and 1; always saying the same class earns 1 / k, however rare the
        others are.

    Raises
    ------
    ValueError
        If the labels do not pair up, or if `adjusted` is asked for with one class.

    Notes
    -----
    Classes that are predicted but never true have no recall and are left out.
    O(n log n). Taught in: classical/imbalance.

    References
    ----------
    Brodersen, Ong, Stephan and Buhmann (2010), "The balanced accuracy and its
    posterior distribution", International Conference on Pattern Recognition.

    Examples
    --------
    >>> balanced_accuracy_score([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 0])
    0.75
    """
    table = confusion_matrix(y_true, y_pred, sample_weight=sample_weight)
    rows = table.sum(axis=1)
    recall = table.diagonal()[rows > 0] / rows[rows > 0]
    score = float(recall.mean())
    if not adjusted:
        return score
    if len(recall) == 1:
        raise ValueError("Guessing one class is always right: adjusted needs two.")
    chance = 1 / len(recall)
    return (score - chance) / (1 - chance)


def matthews_corrcoef(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the correlation between true and predicted labels.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True and predicted labels, of two classes or more.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        1 for perfect labels, 0 for labels that tell nothing (also where one side is
        constant, so that there is no correlation), and down to -1.

    Raises
    ------
    ValueError
        If the labels do not pair up.

    Notes
    -----
    O(n log n). Taught in: classical/imbalance.

    References
    ----------
    Matthews (1975), "Comparison of the predicted and observed secondary structure of
    T4 phage lysozyme", Biochimica et Biophysica Acta 405. Gorodkin (2004), "Comparing
    two K-category assignments by a K-category correlation coefficient", Computational
    Biology and Chemistry 28.

    Examples
    --------
    >>> round(matthews_corrcoef([1, 1, 1, 0], [1, 0, 1, 1]), 4)
    -0.3333
    """
    table = confusion_matrix(y_true, y_pred, sample_weight=sample_weight)
    shares = table / table.sum()  # shares: products of large counts would overflow
    true, predicted = shares.sum(axis=1), shares.sum(axis=0)
    covariance = np.trace(shares) - true @ predicted
    spread = (1 - true @ true) * (1 - predicted @ predicted)
    constant = (true > 0).sum() == 1 or (predicted > 0).sum() == 1
    return 0.0 if constant else float(covariance / np.sqrt(spread))


def cohen_kappa_score(
    y1: ArrayLike,
    y2: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    weights: Literal["linear", "quadratic"] | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return how much more two people agree on labels than by chance.

    Parameters
    ----------
    y1, y2 : array-like of shape (n,)
        The labels that each gave.
    labels : array-like of shape (k,), optional
        All classes, in order; by default those that occur, sorted.
    weights : {"linear", "quadratic"}, optional
        How the seriousness of a disagreement grows with the distance between the two
        classes in their order; by default all are equally serious.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        1 for full agreement, 0 for that of two people who throw dice with their own
        frequencies, below 0 for less. NaN if both always give one same label:
        then chance agrees fully as well, and nothing is left to measure.

    Raises
    ------
    ValueError
        If the labels do not pair up, or `weights` is not as described.

    Notes
    -----
    O(n log n + k^2). Taught in: classical/classification-metrics.

    References
    ----------
    Cohen (1960), "A coefficient of agreement for nominal scales", Educational and
    Psychological Measurement 20.

    Examples
    --------
    >>> cohen_kappa_score(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    0.5
    """
    table = confusion_matrix(y1, y2, labels=labels, sample_weight=sample_weight)
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    cost = _disagreement(len(table), weights)
    expected = np.sum(cost * by_chance)
    return float(1 - np.sum(cost * table) / expected) if expected else float("nan")


def _disagreement(k: int, weights: str | None) -> Floats:
    """Return how serious it is to say class i and class j, (k, k)."""
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    costs = {None: apart > 0, "linear": apart, "quadratic": apart**2}
    if weights not in costs:
        raise ValueError(f"weights must be one of {list(costs)}, got {weights!r}.")
    return costs[weights].astype(np.float64)


# --------------------------------------------------------------- probabilities


def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the mean of -log(probability given to the true class).

    Parameters
    ----------
    y_true : array-like of shape (n,)
        True labels.
    y_proba : array-like of shape (n,) or (n, k)
        Probability of the second of two classes, or of each class in sorted order.
    labels : array-like of shape (k,), optional
        All classes; needed where `y_true` does not hold each of them.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        In nats; 0 is perfect, and saying 1/k for every class earns log(k). A
        probability of zero for the true class is taken as the smallest step below
        one, about 2e-16, so that one hopeless row costs 36 nats and not infinity.

    Raises
    ------
    ValueError
        If lengths differ, a probability is outside 0 to 1, rows do not sum to one, or
        the columns do not match the classes.

    Notes
    -----
    O(nk). From logits, compute the loss with `ml_from_scratch.linear.log_softmax`
    instead: nothing is rounded to zero there.

    Taught in: classical/logistic-regression.

    References
    ----------
    Good (1952), "Rational decisions", Journal of the Royal Statistical Society B 14.

    Examples
    --------
    >>> round(log_loss([0, 1, 1], [0.1, 0.8, 0.5]), 4)
    0.3406
    """
    true, proba = same_length(y_true, y_proba)
    true = plain_labels(true, "y_true")
    table = probability_table(proba)
    classes = np.unique(true if labels is None else np.asarray(labels))
    if len(classes) != table.shape[1]:
        raise ValueError(
            f"y_proba has {table.shape[1]} columns, but there are {len(classes)} "
            f"classes: {classes.tolist()}. Pass labels= if y_true lacks a class."
        )
    given = table[np.arange(len(true)), encode(true, classes)]
    weights = check_sample_weight(sample_weight, len(true))
    losses = -np.log(np.maximum(given, np.finfo(np.float64).eps))
    return float(np.average(losses, weights=weights))


def brier_score_loss(
    y_true: ArrayLike, y_proba: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Return the mean squared distance between a probability and what happened.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        0 or 1 (or booleans): whether the event happened.
    y_proba : array-like of shape (n,)
        Its forecast probability.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        Between 0 (perfect) and 1; always saying the base rate b earns b(1 - b).

    Raises
    ------
    ValueError
        If lengths differ, an outcome is neither 0 nor 1, or a probability is outside
        0 to 1.

    Notes
    -----
    O(n). Taught in: classical/logistic-regression.

    References
    ----------
    Brier (1950), "Verification of forecasts expressed in terms of probability",
    Monthly Weather Review 78.

    Examples
    --------
    >>> round(brier_score_loss([0, 1], [0.2, 0.6]), 4)
    0.1
    """
    true, proba = same_length(y_true, y_proba)
    happened = outcomes(true)
    forecast = probability_table(proba)[:, -1]
    weights = check_sample_weight(sample_weight, len(true))
    return float(np.average((forecast - happened) ** 2, weights=weights))
