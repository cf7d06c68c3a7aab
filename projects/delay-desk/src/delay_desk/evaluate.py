"""How good the probabilities are, and what acting on them costs.

Costs are regrets, per passenger: what a decision cost beyond the one that would have
been best for that flight. A *miss* kept the seat on a flight that was late; a *false
alarm* gave up one that was not. The two right decisions cost nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

__all__ = [
    "best_threshold",
    "break_even",
    "by_slice",
    "calibration_table",
    "mean_cost",
    "report",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


def report(y: ArrayLike, p: ArrayLike, *, threshold: float) -> dict[str, float]:
    """Describe probabilities against what happened.

    Parameters
    ----------
    y : array-like of shape (n,)
        Whether each flight was late.
    p : array-like of shape (n,)
        The probability that was given.
    threshold : float
        Rebooking is advised at or above it.

    Returns
    -------
    dict of str to float
        ``rows``; ``rate`` (share late) and ``mean_probability``; ``auc`` and
        ``average_precision``, for the order; ``brier``, ``brier_of_rate`` (what a
        constant with the true rate would score) and ``calibration_error`` (mean gap
        in ten bins of equal size), for the size; ``advised``, ``precision`` and
        ``recall``, for the advice. NaN where a figure is not defined, such as the
        AUC of flights that were all in time.

    Raises
    ------
    ValueError
        If lengths differ, there is no row, labels are not boolean, or a probability
        is not from 0 to 1.

    Examples
    --------
    >>> found = report([1, 0, 0, 1], [0.9, 0.2, 0.4, 0.3], threshold=0.35)
    >>> found["auc"], found["advised"], found["recall"]
    (0.75, 0.5, 0.5)
    """
    late, score = _checked(y, p)
    rate = float(late.mean())
    both = 0 < rate < 1
    return {
        "rows": float(len(late)),
        "rate": rate,
        "mean_probability": float(score.mean()),
        "auc": float(roc_auc_score(late, score)) if both else np.nan,
        "average_precision": (
            float(average_precision_score(late, score)) if both else np.nan
        ),
        "brier": float(np.mean((score - late) ** 2)),
        "brier_of_rate": rate * (1 - rate),
        "calibration_error": _calibration_error(late, score),
        **_advice(late, score >= threshold),
    }


def _advice(late: Labels, advised: Labels) -> dict[str, float]:
    hits = int((late & advised).sum())
    return {
        "advised": float(advised.mean()),
        "precision": hits / int(advised.sum()) if advised.any() else np.nan,
        "recall": hits / int(late.sum()) if late.any() else np.nan,
    }


def break_even(*, cost_miss: float, cost_false_alarm: float) -> float:
    """Return the probability at which rebooking and keeping cost the same.

    Keeping costs ``p * cost_miss`` on average and rebooking
    ``(1 - p) * cost_false_alarm``. Right for probabilities that are calibrated;
    `best_threshold` asks the data instead.

    References
    ----------
    Elkan, C. (2001). The foundations of cost-sensitive learning. IJCAI.

    Examples
    --------
    >>> break_even(cost_miss=300, cost_false_alarm=75)
    0.2
    """
    _check_costs(cost_miss, cost_false_alarm)
    return cost_false_alarm / (cost_false_alarm + cost_miss)


def mean_cost(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    cost_miss: float,
    cost_false_alarm: float,
) -> float:
    """Return the mean regret per flight of advice at one threshold.

    Examples
    --------
    >>> costs = {"cost_miss": 300, "cost_false_alarm": 75}
    >>> mean_cost([1, 0, 0, 1], [0.9, 0.2, 0.4, 0.3], threshold=0.35, **costs)
    93.75
    """
    _check_costs(cost_miss, cost_false_alarm)
    late, score = _checked(y, p)
    advised = score >= threshold
    misses, false_alarms = (late & ~advised).mean(), (~late & advised).mean()
    return float(cost_miss * misses + cost_false_alarm * false_alarms)


def best_threshold(
    y: ArrayLike, p: ArrayLike, *, cost_miss: float, cost_false_alarm: float
) -> float:
    """Return the threshold at which advice on these flights would have cost least.

    Every distinct probability is tried, and "never rebook". Of equally cheap ones
    the highest is taken: the fewest people are sent to the counter.

    Parameters
    ----------
    y, p : array-like of shape (n,)
        As for `report`. Choose on flights that the model was not fitted to.
    cost_miss, cost_false_alarm : float
        Regrets, in any one currency; positive.

    Returns
    -------
    float
        One of the probabilities, or a number slightly above all of them.

    Notes
    -----
    One sort and two running sums: time O(n log n).

    Examples
    --------
    >>> best_threshold([1, 0, 0, 1], [0.9, 0.2, 0.4, 0.3], cost_miss=300,
    ...                cost_false_alarm=75)
    0.3
    """
    _check_costs(cost_miss, cost_false_alarm)
    late, score = _checked(y, p)
    order = np.argsort(-score, kind="stable")
    late, score = late[order], score[order]
    # Cost of advising the first k flights, for k = 0 ... n, relative to advising none.
    step = np.where(late, -cost_miss, cost_false_alarm)
    cost = np.concatenate([[0.0], np.cumsum(step)])
    # A threshold cannot part equal probabilities: k ends where the next one differs.
    ends = np.concatenate([[True], score[1:] != score[:-1], [True]])
    best = int(np.argmin(np.where(ends, cost, np.inf)))
    return float(score[best - 1] if best else np.nextafter(score[0], np.inf))


def calibration_table(y: ArrayLike, p: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Compare promised and observed rates in bins of (nearly) equal size.

    Returns
    -------
    DataFrame of shape (<= bins, 3)
        ``rows``, ``promised`` (mean probability), ``observed`` (share late).

    Examples
    --------
    >>> calibration_table([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2)
       rows  promised  observed
    0     2       0.2       0.0
    1     2       0.7       1.0
    """
    late, score = _checked(y, p)
    order = np.argsort(score, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return pd.DataFrame(
        {
            "rows": [len(part) for part in parts],
            "promised": [score[part].mean() for part in parts],
            "observed": [late[part].mean() for part in parts],
        }
    )


def _calibration_error(late: Labels, score: Floats) -> float:
    table = calibration_table(late, score)
    gap = (table["promised"] - table["observed"]).abs()
    return float(np.average(gap, weights=table["rows"]))


def by_slice(
    y: ArrayLike, p: ArrayLike, groups: ArrayLike, *, threshold: float
) -> pd.DataFrame:
    """Make the report for each group of flights: an average hides its worst part.

    Parameters
    ----------
    y, p : array-like of shape (n,)
        As for `report`.
    groups : array-like of shape (n,)
        What to part the flights by; flights without a group are left out.
    threshold : float
        As for `report`.

    Returns
    -------
    DataFrame
        One row per group, in sorted order, with the columns of `report`.

    Examples
    --------
    >>> found = by_slice([1, 0, 0], [0.9, 0.2, 0.4], ["EWR", "EWR", "JFK"],
    ...                  threshold=0.35)
    >>> found[["rows", "rate", "advised"]]
         rows  rate  advised
    EWR   2.0   0.5      0.5
    JFK   1.0   0.0      1.0
    """
    late, score = _checked(y, p)
    keys = pd.Series(np.asarray(groups))
    if len(keys) != len(late):
        raise ValueError(f"groups: found {len(keys)} values, expected {len(late)}")
    rows: dict[Any, dict[str, float]] = {}
    for key, where in keys.groupby(keys, sort=True).groups.items():
        rows[key] = report(late[where], score[where], threshold=threshold)
    return pd.DataFrame.from_dict(rows, orient="index")


def _checked(y: ArrayLike, p: ArrayLike) -> tuple[Labels, Floats]:
    labels, score = np.asarray(y), np.asarray(p, dtype=np.float64)
    if labels.shape != score.shape or labels.ndim != 1 or not len(labels):
        shapes = f"found shapes {labels.shape} and {score.shape}"
        raise ValueError(f"y and p: {shapes}, expected two of (n,) with n > 0")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("y: found values other than 0 and 1, expected labels")
    if not ((score >= 0) & (score <= 1)).all():
        wrong = score[~((score >= 0) & (score <= 1))][0]
        raise ValueError(f"p: found {wrong}, expected probabilities from 0 to 1")
    return labels.astype(bool), score


def _check_costs(cost_miss: float, cost_false_alarm: float) -> None:
    if not (cost_miss > 0 and cost_false_alarm > 0):
        found = f"found {cost_miss} for a miss and {cost_false_alarm} for a false alarm"
        raise ValueError(f"costs: {found}, expected positive numbers")
