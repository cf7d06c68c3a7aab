"""Who is treated how: rates by group, their gaps, and two ways to close them.

Everything is counted once per group; then a gap is a maximum less a minimum. A rate of
a small group is mostly noise, and the largest gap between many small groups is never
zero, so that `group_rates` puts counts and intervals beside the rates: read it before
any single number.

The gaps have fairlearn's names. Which of them should be closed is no question for
code: unless the groups have the same base rate, not all of them can be.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from ml_from_scratch.base import Floats, Integers, check_is_fitted, check_sample_weight
from ml_from_scratch.calibration import (
    calibration_error_floor,
    expected_calibration_error,
)
from ml_from_scratch.metrics import roc_curve
from ml_from_scratch.metrics.inputs import floats, outcomes, plain_labels, same_length
from ml_from_scratch.stats import proportion_interval

Parity = Literal["demographic_parity", "equal_opportunity", "equalized_odds"]


# ------------------------------------------------------------ rates and gaps


def group_rates(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Return how often each group is selected, rightly found and wrongly alarmed.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened: 0 or 1.
    y_pred : array-like of shape (n,)
        What was decided: 0 or 1, and 1 is being selected.
    sensitive_features : array-like of shape (n,)
        The group of each row.
    confidence : float, default 0.95
        Of the intervals, which are Wilson's.

    Returns
    -------
    pandas.DataFrame
        A row a group, with ``rows``, ``positives`` and ``negatives``; the rates
        ``selection_rate``, ``tpr`` and ``fpr``; and each rate's ends of interval,
        ``..._low`` and ``..._high``. A rate of no rows is NaN.

    Raises
    ------
    ValueError
        If lengths differ, or a value is not as described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Barocas, Hardt and Narayanan (2023), Fairness and Machine Learning, chapter 3.

    Examples
    --------
    >>> table = group_rates(
    ...     [1, 0, 1, 0], [1, 0, 0, 0], sensitive_features=["a", "a", "b", "b"]
    ... )
    >>> table[["rows", "selection_rate", "tpr"]].to_numpy().tolist()
    [[2.0, 0.5, 1.0], [2.0, 0.0, 0.0]]
    """
    counts = _counted(y_true, y_pred, sensitive_features, None)
    table = pd.DataFrame(
        {
            "rows": counts.rows.astype(int),
            "positives": counts.positives.astype(int),
            "negatives": counts.negatives.astype(int),
        },
        index=pd.Index(counts.groups, name="group"),
    )
    for name, (hits, of) in counts.rates().items():
        pairs = zip(hits.astype(int).tolist(), of.astype(int).tolist(), strict=True)
        table[[name, f"{name}_low", f"{name}_high"]] = [
            _share_with_interval(hit, total, confidence) for hit, total in pairs
        ]
    return table


def _share_with_interval(
    hits: int, total: int, confidence: float
) -> tuple[float, float, float]:
    if total == 0:
        return (np.nan, np.nan, np.nan)
    found = proportion_interval(hits, total, confidence=confidence)
    return hits / total, found.low, found.high


class _Counts(NamedTuple):
    """What rates are made of: one entry a group."""

    groups: NDArray[Any]
    rows: Floats
    positives: Floats
    negatives: Floats
    selected: Floats
    found: Floats  # selected positives
    alarmed: Floats  # selected negatives

    def rates(self) -> dict[str, tuple[Floats, Floats]]:
        """Return each rate as (selected, out of)."""
        return {
            "selection_rate": (self.selected, self.rows),
            "tpr": (self.found, self.positives),
            "fpr": (self.alarmed, self.negatives),
        }


def _counted(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sensitive_features: ArrayLike,
    sample_weight: ArrayLike | None,
) -> _Counts:
    true, predicted = same_length(y_true, y_pred)
    true, predicted = outcomes(true), outcomes(predicted)
    groups, codes = _groups(sensitive_features, len(true))
    weights = check_sample_weight(sample_weight, len(true))
    parts = (1.0, true, 1 - true, predicted, predicted * true, predicted * (1 - true))
    sums = [np.bincount(codes, weights * part).astype(np.float64) for part in parts]
    return _Counts(groups, *sums)


def _groups(sensitive_features: ArrayLike, n: int) -> tuple[NDArray[Any], Integers]:
    labels = plain_labels(np.asarray(sensitive_features), "sensitive_features")
    if len(labels) != n:
        raise ValueError(
            f"Expected a group for each of {n} rows, but {len(labels)} came."
        )
    groups, codes = np.unique(labels, return_inverse=True)
    return groups, codes


def _rate_of_each_group(counts: _Counts, name: str) -> Floats:
    hits, of = counts.rates()[name]
    if not of.all():
        what = {"tpr": "positive", "fpr": "negative"}.get(name, "weighted")
        empty = counts.groups[of == 0].tolist()
        raise ValueError(
            f"The groups {empty} have no {what} rows, so that their {name} is 0 / 0: "
            "leave them out, and say so."
        )
    return hits / of


def _gap(counts: _Counts, name: str) -> float:
    return float(np.ptp(_rate_of_each_group(counts, name)))


def demographic_parity_difference(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the largest difference between the selection rates of two groups.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened, 0 or 1; does not matter here.
    y_pred : array-like of shape (n,)
        What was decided: 0 or 1.
    sensitive_features : array-like of shape (n,)
        The group of each row.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        0 if all groups are selected equally often, up to 1. Noise alone makes it
        larger than 0, the more so the smaller and the more the groups are.

    Raises
    ------
    ValueError
        If lengths differ, or a value is not as described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Barocas, Hardt and Narayanan (2023), Fairness and Machine Learning, chapter 3.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b"]
    >>> demographic_parity_difference([1, 0, 1, 0], [1, 1, 1, 0],
    ...                               sensitive_features=groups)
    0.5
    """
    counts = _counted(y_true, y_pred, sensitive_features, sample_weight)
    return _gap(counts, "selection_rate")


def demographic_parity_ratio(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the lowest selection rate of a group over the highest.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened, 0 or 1; does not matter here.
    y_pred : array-like of shape (n,)
        What was decided: 0 or 1.
    sensitive_features : array-like of shape (n,)
        The group of each row.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        1 if all groups are selected equally often; below 0.8 is what US agencies take
        as a sign of adverse impact. NaN if nobody is selected.

    Raises
    ------
    ValueError
        If lengths differ, or a value is not as described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    US Equal Employment Opportunity Commission (1978), Uniform Guidelines on Employee
    Selection Procedures, section 4D.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b"]
    >>> demographic_parity_ratio([1, 0, 1, 0], [1, 1, 1, 0], sensitive_features=groups)
    0.5
    """
    counts = _counted(y_true, y_pred, sensitive_features, sample_weight)
    rates = _rate_of_each_group(counts, "selection_rate")
    return float(rates.min() / rates.max()) if rates.any() else float("nan")


def equal_opportunity_difference(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the largest difference between the true positive rates of two groups.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened: 0 or 1.
    y_pred : array-like of shape (n,)
        What was decided: 0 or 1.
    sensitive_features : array-like of shape (n,)
        The group of each row; each needs positive rows.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        0 if those who deserve it are selected equally often in all groups, up to 1.

    Raises
    ------
    ValueError
        If a group has no positive rows, lengths differ, or a value is not as
        described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Hardt, Price and Srebro (2016), "Equality of opportunity in supervised learning",
    Advances in Neural Information Processing Systems 29.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b"]
    >>> equal_opportunity_difference([1, 1, 1, 0], [1, 0, 1, 1],
    ...                              sensitive_features=groups)
    0.5
    """
    return _gap(_counted(y_true, y_pred, sensitive_features, sample_weight), "tpr")


def equalized_odds_difference(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the larger of the gaps in true and in false positive rates.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened: 0 or 1.
    y_pred : array-like of shape (n,)
        What was decided: 0 or 1.
    sensitive_features : array-like of shape (n,)
        The group of each row; each needs positive and negative rows.
    sample_weight : array-like of shape (n,), optional
        How much each row counts.

    Returns
    -------
    float
        0 if, given what happened, the group makes no difference; up to 1.

    Raises
    ------
    ValueError
        If a group lacks positive or negative rows, lengths differ, or a value is not
        as described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Hardt, Price and Srebro (2016), "Equality of opportunity in supervised learning",
    Advances in Neural Information Processing Systems 29.

    Examples
    --------
    >>> groups = ["a", "a", "b", "b"]
    >>> equalized_odds_difference([1, 0, 1, 0], [1, 0, 1, 1],
    ...                           sensitive_features=groups)
    1.0
    """
    counts = _counted(y_true, y_pred, sensitive_features, sample_weight)
    return max(_gap(counts, "tpr"), _gap(counts, "fpr"))


def group_calibration(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    sensitive_features: ArrayLike,
    n_bins: int = 10,
) -> pd.DataFrame:
    """Return whether forecasts mean the same in each group.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        What happened: 0 or 1.
    y_prob : array-like of shape (n,)
        Its forecast probability.
    sensitive_features : array-like of shape (n,)
        The group of each row.
    n_bins : int, default 10
        Bins of the calibration error.

    Returns
    -------
    pandas.DataFrame
        A row a group: ``rows``, ``base_rate`` (share of events), ``mean_forecast``,
        ``calibration_error``, and ``error_floor``, what the error would be on average
        if the group's forecasts were true.

    Raises
    ------
    ValueError
        If lengths differ, or a value is not as described.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Kleinberg, Mullainathan and Raghavan (2017), "Inherent trade-offs in the fair
    determination of risk scores", Innovations in Theoretical Computer Science.

    Examples
    --------
    >>> table = group_calibration([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5],
    ...                           sensitive_features=["a", "a", "b", "b"])
    >>> table.calibration_error.tolist()
    [0.0, 0.5]
    """
    true, _ = same_length(y_true, y_prob)
    true, forecast = outcomes(true), floats(y_prob, "y_prob", ndim=1)
    groups, codes = _groups(sensitive_features, len(true))
    table = []
    for g in range(len(groups)):
        y, p = true[codes == g], forecast[codes == g]
        error = expected_calibration_error(y, p, pos_label=1, n_bins=n_bins)
        floor = calibration_error_floor(p, n_bins=n_bins)
        table.append((len(y), y.mean(), p.mean(), error, floor))
    names = ["rows", "base_rate", "mean_forecast", "calibration_error", "error_floor"]
    return pd.DataFrame(table, columns=names, index=pd.Index(groups, name="group"))


# ------------------------------------------------------------- two remedies


def reweighing(y: ArrayLike, *, sensitive_features: ArrayLike) -> Floats:
    """Return row weights under which the label does not depend on the group.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels of any number of classes.
    sensitive_features : array-like of shape (n,)
        The group of each row.

    Returns
    -------
    numpy.ndarray of shape (n,)
        What to pass as ``sample_weight``: the share that group and label would have
        together if they were independent, over the share that they have. Groups and
        classes keep their total weights.

    Raises
    ------
    ValueError
        If lengths differ, labels are missing, or a group lacks a class: no weight of
        no rows can make up for it.

    Notes
    -----
    O(n log n). Taught in: mlops/fairness.

    References
    ----------
    Kamiran and Calders (2012), "Data preprocessing techniques for classification
    without discrimination", Knowledge and Information Systems 33.

    Examples
    --------
    >>> groups = ["a", "a", "a", "b", "b", "b"]
    >>> reweighing([1, 1, 0, 1, 0, 0], sensitive_features=groups).tolist()
    [0.75, 0.75, 1.5, 1.5, 0.75, 0.75]
    """
    labels = plain_labels(np.asarray(y), "y")
    groups, codes = _groups(sensitive_features, len(labels))
    classes, label_codes = np.unique(labels, return_inverse=True)
    table = np.zeros((len(groups), len(classes)))
    np.add.at(table, (codes, label_codes), 1.0)
    if not table.all():
        g, c = np.argwhere(table == 0)[0]
        raise ValueError(
            f"The group {groups.tolist()[g]!r} has no rows of class "
            f"{classes.tolist()[c]!r}: no weights can make the label independent of "
            "the group."
        )
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    weights: Floats = (expected / table)[codes, label_codes]
    return weights


class FairThresholds:
    """Give each group thresholds of its own, so that a rate is the same in all.

    Parameters
    ----------
    constraint : str, default "equalized_odds"
        What all groups shall share: "demographic_parity" the selection rate,
        "equal_opportunity" the true positive rate, "equalized_odds" both the true and
        the false positive rate.

    Attributes
    ----------
    groups_ : array of shape (g,)
        The groups, sorted.
    rules_ : list of tuple
        For each group, pairs of (threshold, probability of using it).
    rates_ : array of shape (g, 2)
        False and true positive rate of each group in ``fit``.
    accuracy_ : float
        The expected accuracy in ``fit``: the highest that the constraint allows.

    Notes
    -----
    A group's thresholds are points of its ROC curve, and throwing dice between two
    thresholds reaches every point between: together all points under the curve's hull.
    Accuracy and the constraints are linear in the probabilities of the thresholds, so
    the best mixture is a linear programme, and a solution at a corner uses two or three
    thresholds a group. Decisions at random are the price: two people with the same
    score can be decided on differently.

    The programme has a variable for each corner of the ROC curves.

    Taught in: mlops/fairness.

    References
    ----------
    Hardt, Price and Srebro (2016), "Equality of opportunity in supervised learning",
    Advances in Neural Information Processing Systems 29.

    Examples
    --------
    >>> y, groups = [0, 1, 1, 0, 0, 1], ["a", "a", "a", "b", "b", "b"]
    >>> score = [0.1, 0.6, 0.9, 0.3, 0.4, 0.5]
    >>> rules = FairThresholds("equal_opportunity")
    >>> rules = rules.fit(y, score, sensitive_features=groups)
    >>> rules.probability(score, sensitive_features=groups).tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    """

    groups_: NDArray[Any]
    rules_: list[list[tuple[float, float]]]
    rates_: Floats
    accuracy_: float

    def __init__(self, constraint: Parity = "equalized_odds") -> None:
        self.constraint = constraint

    def fit(
        self, y_true: ArrayLike, y_score: ArrayLike, *, sensitive_features: ArrayLike
    ) -> Self:
        """Find the most accurate thresholds that keep the constraint.

        Parameters
        ----------
        y_true : array-like of shape (n,)
            What happened: 0 or 1.
        y_score : array-like of shape (n,)
            The higher, the surer; on rows that the model has not seen.
        sensitive_features : array-like of shape (n,)
            The group of each row; each needs both outcomes.

        Returns
        -------
        FairThresholds
            The rule itself.

        Raises
        ------
        ValueError
            If a group lacks an outcome, lengths differ, or a value is not as
            described.
        """
        true = outcomes(same_length(y_true, y_score)[0])
        score = floats(y_score, "y_score", ndim=1)
        self.groups_, codes = _groups(sensitive_features, len(true))
        curves, sizes = [], []
        for g, name in enumerate(self.groups_.tolist()):
            inside = codes == g
            positives = true[inside].sum()
            if positives in (0, inside.sum()):
                raise ValueError(f"The group {name!r} has rows of one outcome only.")
            curves.append(roc_curve(true[inside], score[inside]))
            sizes.append((inside.sum() - positives, positives))
        self._solve(curves, np.array(sizes))
        return self

    def _solve(self, curves: list[Any], sizes: Floats) -> None:
        """Choose the probability of each threshold: a linear programme."""
        starts = np.cumsum([0] + [len(curve.fpr) for curve in curves])
        points = np.concatenate([np.column_stack([c.fpr, c.tpr]) for c in curves])
        group = np.repeat(np.arange(len(curves)), np.diff(starts))
        # Right decisions: selected positives, and negatives that are not selected.
        right = points[:, 1] * sizes[group, 1] - points[:, 0] * sizes[group, 0]
        shared = _shared_rates(self.constraint, points, sizes[group])
        first = group == 0
        equal = [
            np.where(group == g, rate, 0) - np.where(first, rate, 0)
            for rate in shared
            for g in range(1, len(curves))
        ]
        one_each = [(group == g).astype(float) for g in range(len(curves))]
        found = optimize.linprog(
            -right,
            A_eq=np.array(one_each + equal),
            b_eq=np.repeat([1.0, 0.0], [len(one_each), len(equal)]),
            method="highs-ds",
        )
        self.accuracy_ = float((sizes[:, 0].sum() - found.fun) / sizes.sum())
        parts = np.split(np.asarray(found.x), starts[1:-1])
        self.rates_ = np.array(
            [
                p @ np.column_stack([c.fpr, c.tpr])
                for p, c in zip(parts, curves, strict=True)
            ]
        )
        self.rules_ = [
            [(float(c.thresholds[i]), float(p[i])) for i in np.flatnonzero(p > 0)]
            for p, c in zip(parts, curves, strict=True)
        ]

    def probability(
        self, y_score: ArrayLike, *, sensitive_features: ArrayLike
    ) -> Floats:
        """Return the probability with which each row is selected.

        Parameters
        ----------
        y_score : array-like of shape (n,)
            Scores.
        sensitive_features : array-like of shape (n,)
            The group of each row.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Mostly 0 and 1; something between for scores between two thresholds.

        Raises
        ------
        ValueError
            If a group is unknown, or lengths differ.
        """
        check_is_fitted(self, "rules_")
        score = floats(y_score, "y_score", ndim=1)
        names, codes = _groups(sensitive_features, len(score))
        known = self.groups_.tolist()
        chance = np.zeros(len(score))
        for g, name in enumerate(names.tolist()):
            if name not in known:
                raise ValueError(f"The group {name!r} is not among {known} of fit.")
            for threshold, probability in self.rules_[known.index(name)]:
                chance += probability * ((codes == g) & (score >= threshold))
        return chance

    def predict(
        self,
        y_score: ArrayLike,
        *,
        sensitive_features: ArrayLike,
        rng: np.random.Generator,
    ) -> Integers:
        """Return a decision for each row, by dice where the rule asks for them.

        Parameters
        ----------
        y_score : array-like of shape (n,)
            Scores.
        sensitive_features : array-like of shape (n,)
            The group of each row.
        rng : numpy.random.Generator
            The dice.

        Returns
        -------
        numpy.ndarray of shape (n,)
            0 or 1.
        """
        chance = self.probability(y_score, sensitive_features=sensitive_features)
        return (rng.random(len(chance)) < chance).astype(np.intp)


def _shared_rates(constraint: str, points: Floats, sizes: Floats) -> list[Floats]:
    """Return what each threshold contributes to the rates that groups shall share."""
    fpr, tpr = points.T
    selected = (points * sizes).sum(axis=1) / sizes.sum(axis=1)
    rates = {
        "demographic_parity": [selected],
        "equal_opportunity": [tpr],
        "equalized_odds": [fpr, tpr],
    }
    if constraint not in rates:
        raise ValueError(
            f"constraint must be one of {list(rates)}, got {constraint!r}."
        )
    return rates[constraint]
