"""Two samples: whether they come from one distribution, and how far apart they are.

`reference` is the sample that stands for "as usual", `current` the one that is
watched. Sizes of a difference: `psi`, `psi_categories`. Tests with a p-value:
`ks_2samp` for one column of numbers, `chi_square` for one of categories, `mmd` and
`classifier_test` for several columns at once. What to do with the p-values of many
columns is in `ml_from_scratch.stats`: `bonferroni`, `holm`, `benjamini_hochberg`.

Missing values are refused everywhere: whether values are missing more often than
before is a question of its own, to be asked first (`chi_square` of `isna()`).
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.linear import LogisticRegression
from ml_from_scratch.metrics import roc_auc_score

_EMPTY = 0.5  # rows that an empty bin counts for, so that its logarithm exists
_EXACT_STEPS = 4_000_000  # lattice points that an exact p-value may visit


class TwoSample(NamedTuple):
    """What a two-sample test found.

    Parameters
    ----------
    statistic : float
        How far apart the samples are, on the test's own scale.
    p_value : float
        How probable a statistic at least as large is where nothing has moved.

    Notes
    -----
    Taught in: mlops/drift.

    Examples
    --------
    >>> TwoSample(statistic=0.4, p_value=0.02).p_value
    0.02
    """

    statistic: float
    p_value: float


class _Classifier(Protocol):
    """What `classifier_test` asks of a model: scikit-learn's two methods."""

    def fit(self, X: Any, y: Any) -> Any:
        """Learn from rows and labels."""

    def predict_proba(self, X: Any) -> Any:
        """Return one column of probabilities per class."""


# ------------------------------------------------------------------ sizes: PSI


def psi(reference: ArrayLike, current: ArrayLike, *, bins: int = 10) -> float:
    r"""Return the population stability index (PSI) of a column of numbers.

    With shares :math:`p_b` of the reference and :math:`q_b` of the current sample in
    bin b, :math:`\sum_b (q_b - p_b) \ln(q_b / p_b)`. The bins are `quantile_edges` of
    the reference, so that each holds about the same share of it.

    A bin that is empty in one sample counts as half a row there (the logarithm of
    zero would make the index infinite); a bin that is empty in both is left out.

    Parameters
    ----------
    reference : array-like of shape (n,)
        Numbers that stand for "as usual"; at least two different ones.
    current : array-like of shape (m,)
        Numbers that are watched.
    bins : int, default 10
        Bins to aim for; ties in the reference can leave fewer.

    Returns
    -------
    float
        0 for equal shares, no upper limit. Two samples of one distribution give
        about (bins - 1) (1 / n + 1 / m), see `psi_limit`.

    Raises
    ------
    ValueError
        If a sample is empty or has missing values, `bins` is below 2, or all values
        of the reference are equal.

    Notes
    -----
    O((n + m) log n). Unchanged by a strictly increasing map of both samples. The
    outer bins have no end: how far out a value lies makes no difference.

    Taught in: mlops/drift.

    References
    ----------
    Yurdakul and Naranjo (2020), "Statistical properties of the population stability
    index", Journal of Risk Model Validation 14(4).

    Examples
    --------
    >>> round(psi(range(100), range(50, 150)), 3)
    2.294
    """
    before, now = _numbers(reference, "reference"), _numbers(current, "current")
    edges = quantile_edges(before, bins)
    counts = [
        np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1)
        for x in (before, now)
    ]
    return _psi_of_counts(*counts)


def quantile_edges(reference: ArrayLike, bins: int) -> Floats:
    """Return the values of the reference that cut it into equal shares.

    Bin b holds edges[b - 1] < x <= edges[b]; the first and the last have no end.
    Edges are values of the sample, never between two: so they move with every
    strictly increasing map. Equal edges are kept once, and none lies at the maximum,
    where it would cut off a bin without rows.

    Parameters
    ----------
    reference : array-like of shape (n,)
        Numbers, at least two different ones.
    bins : int
        Bins to aim for, 2 or more.

    Returns
    -------
    numpy.ndarray of shape (at most bins - 1,)
        Increasing edges.

    Raises
    ------
    ValueError
        As for `psi`.

    Notes
    -----
    O(n log n). Taught in: mlops/drift.

    Examples
    --------
    >>> quantile_edges([1, 2, 3, 4, 5, 6, 7, 8], bins=4).tolist()
    [2.0, 4.0, 6.0]
    >>> quantile_edges([0, 0, 0, 0, 0, 0, 7, 8], bins=4).tolist()
    [0.0]
    """
    values = np.sort(_numbers(reference, "reference"))
    if bins < 2:
        raise ValueError(
            f"bins is {bins}: one bin holds everything; expected 2 or more"
        )
    if values[0] == values[-1]:
        raise ValueError(
            f"All {len(values)} values of reference are {values[0]:g}: no edge divides "
            "them. Compare such a column with psi_categories."
        )
    ranks = (len(values) * np.arange(1, bins) - 1) // bins  # ceil(n b / bins), from 0
    edges = np.unique(values[np.maximum(ranks, 0)])
    return np.asarray(edges[edges < values[-1]])


def psi_categories(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the population stability index (PSI) of a column of categories.

    Each category is a bin; one that a sample lacks counts as half a row there.

    Parameters
    ----------
    reference : array-like of shape (n,)
        Labels that stand for "as usual": strings, numbers, booleans.
    current : array-like of shape (m,)
        Labels that are watched.

    Returns
    -------
    float
        0 for equal shares; the same when the two samples change places.

    Raises
    ------
    ValueError
        If a sample is empty or has missing labels.

    Notes
    -----
    O(n + m). Taught in: mlops/drift.

    Examples
    --------
    >>> round(psi_categories(["EWR", "JFK"] * 50, ["EWR"] * 60 + ["JFK"] * 40), 4)
    0.0405
    """
    return _psi_of_counts(*_category_counts(reference, current))


def _psi_of_counts(before: NDArray[Any], now: NDArray[Any]) -> float:
    filled = (before > 0) | (now > 0)
    counts = np.array([before[filled], now[filled]], dtype=np.float64)  # (2, k)
    counts[counts == 0] = _EMPTY
    p, q = counts / counts.sum(axis=1, keepdims=True)
    return float(np.sum((q - p) * np.log(q / p)))


def psi_limit(n: int, m: int, *, bins: int = 10, alpha: float = 0.05) -> float:
    r"""Return the PSI that chance alone exceeds with probability `alpha`.

    Where nothing has moved and no bin is nearly empty, the PSI of n against m rows
    is distributed about as :math:`(1/n + 1/m)\,\chi^2_{B-1}` for B bins.

    Parameters
    ----------
    n, m : int
        Rows of the two samples.
    bins : int, default 10
        Bins that are in use.
    alpha : float, default 0.05
        Probability of a false alarm.

    Returns
    -------
    float
        The limit.

    Raises
    ------
    ValueError
        If a size is not positive, `bins` is below 2 or `alpha` not between 0 and 1.

    Notes
    -----
    Taught in: mlops/drift.

    References
    ----------
    Yurdakul and Naranjo (2020), as for `psi`.

    Examples
    --------
    >>> round(psi_limit(200, 200), 3)
    0.169
    """
    if min(n, m) < 1 or bins < 2 or not 0 < alpha < 1:
        raise ValueError(
            f"Expected n, m >= 1, bins >= 2 and 0 < alpha < 1, found n={n}, m={m}, "
            f"bins={bins}, alpha={alpha}"
        )
    return float((1 / n + 1 / m) * special.chdtri(bins - 1, alpha))


# ------------------------------------------------- one column: KS, chi-square


def ks_2samp(reference: ArrayLike, current: ArrayLike) -> TwoSample:
    r"""Test the largest gap between two empirical CDFs (Kolmogorov-Smirnov).

    The statistic is :math:`\max_x |F(x) - G(x)|`, exact also with ties. The p-value
    is exact (all interleavings of the two samples counted) up to about 1,000 rows
    against 1,000, and above that Kolmogorov's limit for large samples.

    Parameters
    ----------
    reference : array-like of shape (n,)
        Numbers that stand for "as usual".
    current : array-like of shape (m,)
        Numbers that are watched.

    Returns
    -------
    TwoSample
        Statistic from 0 to 1 (a share of rows), and two-sided p-value. With ties the
        p-value is conservative: it is at least as large as it should be.

    Raises
    ------
    ValueError
        If a sample is empty or has missing values.

    Notes
    -----
    O((n + m) log(n + m)), and O(n m) time with O(min(n, m)) memory for the exact
    p-value. Unchanged by a strictly increasing map, and when the samples change
    places.

    Taught in: mlops/drift.

    References
    ----------
    Hodges (1958), "The significance probability of the Smirnov two-sample test",
    Arkiv för Matematik 3(5).

    Examples
    --------
    >>> found = ks_2samp([1, 2, 3, 4], [3, 4, 5, 6])
    >>> found.statistic, round(found.p_value, 4)
    (0.5, 0.7714)
    """
    x = np.sort(_numbers(reference, "reference"))
    y = np.sort(_numbers(current, "current"))
    n, m = len(x), len(y)
    points = np.concatenate([x, y])
    below_x = np.searchsorted(x, points, side="right")  # rows of x at or below
    below_y = np.searchsorted(y, points, side="right")
    gap = int(np.abs(below_x * m - below_y * n).max())  # n m times the statistic
    if min(n, m) * (n + m) <= _EXACT_STEPS:
        p_value = _ks_exact(gap, min(n, m), max(n, m))
    else:
        p_value = float(special.kolmogorov(gap / np.sqrt(n * m * (n + m))))
    return TwoSample(gap / (n * m), p_value)


def _ks_exact(gap: int, n: int, m: int) -> float:
    """Share of the interleavings of n and m values whose CDFs reach the gap.

    Each interleaving is a path over a lattice, i values of the one and j of the
    other seen so far. `reached[i]` is the share of the paths to (i, s - i) that have
    been at |i / n - j / m| >= gap / (n m) on their way.
    """
    if gap == 0:
        return 1.0
    i = np.arange(n + 1)
    reached = np.zeros(n + 1)
    for s in range(1, n + m + 1):
        j = s - i
        step = reached * (j / s)  # the last value came from the sample of j
        step[1:] += reached[:-1] * (i[1:] / s)  # or from that of i
        outside = (np.abs(i * m - j * n) >= gap) | (j < 0)
        reached = np.where(outside, 1.0, step)
    return float(reached[n])


def chi_square(
    reference: ArrayLike, current: ArrayLike, *, pool_below: float = 5.0
) -> TwoSample:
    """Test whether the shares of categories moved: chi-square test of homogeneity.

    Both samples are taken as samples: what is expected in a cell follows from the
    shares of the two together. (A test that takes the reference's shares for the
    truth is another one, and alarms too often.) Categories that only one sample has
    take part like any other.

    Parameters
    ----------
    reference : array-like of shape (n,)
        Labels that stand for "as usual": strings, numbers, booleans.
    current : array-like of shape (m,)
        Labels that are watched.
    pool_below : float, default 5
        Categories that are expected fewer times than this in either sample are
        pooled into one, because the p-value is an approximation for counts that are
        not small. 0 pools none.

    Returns
    -------
    TwoSample
        The statistic with k - 1 degrees of freedom for k categories after pooling,
        and its p-value; 0 and 1 where a single category is left.

    Raises
    ------
    ValueError
        If a sample is empty or has missing labels.

    Notes
    -----
    O(n + m). Taught in: mlops/drift.

    References
    ----------
    Pearson (1900), "On the criterion that a given system of deviations ...",
    Philosophical Magazine 50(302).

    Examples
    --------
    >>> found = chi_square(["EWR", "JFK"] * 50, ["EWR"] * 60 + ["JFK"] * 40)
    >>> round(found.statistic, 3), round(found.p_value, 3)
    (2.02, 0.155)
    """
    observed = np.array(_category_counts(reference, current), dtype=np.float64)
    rows = observed.sum(axis=1, keepdims=True)  # (2, 1)
    rare = rows.min() * observed.sum(axis=0) / rows.sum() < pool_below  # (k,)
    pooled = observed[:, rare].sum(axis=1, keepdims=True)
    observed = np.hstack([observed[:, ~rare], pooled[:, pooled.sum(axis=0) > 0]])
    expected = rows * observed.sum(axis=0) / rows.sum()
    statistic = float(np.sum((observed - expected) ** 2 / expected))
    degrees = observed.shape[1] - 1
    p_value = float(special.chdtrc(degrees, statistic)) if degrees else 1.0
    return TwoSample(statistic if degrees else 0.0, p_value)


# ------------------------------------- several columns: MMD, a classifier


def mmd(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    bandwidth: float | None = None,
    permutations: int = 200,
) -> TwoSample:
    r"""Test how much closer rows are to their own sample (maximum mean discrepancy).

    The statistic is the unbiased estimate of :math:`\mathrm{MMD}^2` with the kernel
    :math:`k(a, b) = \exp(-\lVert a - b \rVert^2 / 2 h^2)`: mean similarity within
    the reference, plus within the current sample, less twice that across. Its p-value
    comes from shuffling which row belongs to which sample.

    Parameters
    ----------
    reference : array-like of shape (n, d) or (n,)
        Rows that stand for "as usual", n >= 2. Bring columns to one scale first.
    current : array-like of shape (m, d) or (m,)
        Rows that are watched, m >= 2.
    rng : numpy.random.Generator
        Where the shuffles come from.
    bandwidth : float, optional
        The kernel's h; by default `median_distance` of all rows together.
    permutations : int, default 200
        Shuffles. The smallest p-value that can come out is 1 / (permutations + 1).

    Returns
    -------
    TwoSample
        The estimate (around 0, also below it, where nothing has moved) and p-value.

    Raises
    ------
    ValueError
        If a sample has fewer than two rows or values that are not finite, the
        columns do not match, or the bandwidth is not positive.

    Notes
    -----
    Time O((n + m)^2 (d + permutations)) and memory O((n + m)^2): sample a few
    thousand rows at most. Taught in: mlops/drift.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), "A kernel two-sample test",
    JMLR 13, lemma 6.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = mmd(rng.normal(size=(50, 2)), rng.normal(1, 1, size=(50, 2)), rng=rng)
    >>> round(found.p_value, 3)
    0.005
    """
    rows, is_reference = _pooled_rows(reference, current, least=2)
    h = median_distance(rows) if bandwidth is None else bandwidth
    if not h > 0:
        raise ValueError(f"bandwidth is {h}: expected a positive distance")
    kernel = np.exp(_squared_distances(rows) / (-2 * h**2))  # (N, N)
    members = np.array(
        [is_reference] + [rng.permutation(is_reference) for _ in range(permutations)]
    )  # (1 + permutations, N)
    estimates = _unbiased_mmd(kernel, members.astype(np.float64))
    return TwoSample(float(estimates[0]), _permutation_p(estimates))


def _unbiased_mmd(kernel: Floats, members: Floats) -> Floats:
    """One estimate per line of `members`, which marks the rows of the reference."""
    n = members[0].sum()
    m = len(kernel) - n
    to_reference = members @ kernel  # (lines, N)
    all_pairs, of_reference = kernel.sum(), to_reference.sum(axis=1)
    within_x = np.sum(to_reference * members, axis=1)
    across = of_reference - within_x
    within_y = all_pairs - within_x - 2 * across
    # A row is not its own neighbour: the diagonal holds ones.
    return np.asarray(
        (within_x - n) / (n * (n - 1))
        + (within_y - m) / (m * (m - 1))
        - 2 * across / (n * m)
    )


def median_distance(rows: ArrayLike) -> float:
    """Return the median distance between two different rows, a usual bandwidth.

    Parameters
    ----------
    rows : array-like of shape (n, d) or (n,)
        Finite numbers, n >= 2.

    Returns
    -------
    float
        Positive.

    Raises
    ------
    ValueError
        If there are fewer than two rows, values are not finite, or the median is 0
        because most pairs of rows are equal: then choose a bandwidth yourself.

    Notes
    -----
    O(n^2 d) time, O(n^2) memory. Taught in: mlops/drift.

    References
    ----------
    Gretton et al. (2012), as for `mmd`, section 8.

    Examples
    --------
    >>> median_distance([0.0, 1.0, 3.0])
    2.0
    """
    table = _table(rows, "rows", least=2)
    above = np.triu_indices(len(table), k=1)
    median = float(np.sqrt(np.median(_squared_distances(table)[above])))
    if median == 0:
        raise ValueError(
            "The median distance is 0, because at least half of the pairs of rows are "
            "equal: give a bandwidth."
        )
    return median


def _squared_distances(rows: Floats) -> Floats:
    centred = rows - rows.mean(axis=0)  # keeps digits when all values are far from 0
    squares = np.sum(centred**2, axis=1)
    distances = squares[:, None] + squares - 2 * centred @ centred.T
    np.fill_diagonal(distances, 0.0)
    return np.asarray(np.maximum(distances, 0.0))


def classifier_test(
    reference: ArrayLike,
    current: ArrayLike,
    *,
    rng: np.random.Generator,
    model: _Classifier | None = None,
    folds: int = 5,
    permutations: int = 100,
) -> TwoSample:
    """Test whether a classifier can tell the two samples apart.

    A model learns to tell reference from current rows on all folds but one and ranks
    the rows of that one; the statistic is the AUC, averaged over the folds. It is
    0.5 where nothing can be told and 1 where everything can.

    Rows of one fold train the models of the others, so the AUCs of the folds are not
    independent, and a binomial or normal p-value would be too small. This one
    shuffles the labels and does everything again.

    Parameters
    ----------
    reference : array-like of shape (n, d) or (n,)
        Rows that stand for "as usual", at least one per fold.
    current : array-like of shape (m, d) or (m,)
        Rows that are watched, at least one per fold.
    rng : numpy.random.Generator
        Orders the rows before they are dealt to folds, and shuffles labels.
    model : object with fit and predict_proba, optional
        By default `ml_from_scratch.linear.LogisticRegression`, which sees shifts of
        means only. It is copied for each fit, and left as it was. Columns are
        standardised beforehand.
    folds : int, default 5
        Folds, 2 or more.
    permutations : int, default 100
        Shuffles, each with `folds` fits.

    Returns
    -------
    TwoSample
        AUC and one-sided p-value.

    Raises
    ------
    ValueError
        If a sample has fewer rows than there are folds, values are not finite, or
        the columns do not match.

    Notes
    -----
    (permutations + 1) * folds fits. Taught in: mlops/drift.

    References
    ----------
    Lopez-Paz and Oquab (2017), "Revisiting classifier two-sample tests", ICLR.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(60, 2)), rng.normal(1, 1, size=(60, 2))
    >>> found = classifier_test(x, y, rng=rng, permutations=50)
    >>> found.statistic > 0.7, round(found.p_value, 3)
    (True, 0.02)
    """
    if folds < 2:
        raise ValueError(f"folds is {folds}: expected 2 or more")
    rows, is_reference = _pooled_rows(reference, current, least=folds)
    spread = rows.std(axis=0)
    rows = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    order = rng.permutation(len(rows))
    rows, labels = rows[order], (~is_reference[order]).astype(int)
    learner = LogisticRegression() if model is None else model
    found = [_cross_fitted_auc(learner, rows, labels, folds)]
    for _ in range(permutations):
        shuffled = rng.permutation(labels)
        found.append(_cross_fitted_auc(learner, rows, shuffled, folds))
    return TwoSample(found[0], _permutation_p(np.array(found)))


def _cross_fitted_auc(
    model: _Classifier, rows: Floats, labels: Integers, folds: int
) -> float:
    fold = np.empty(len(rows), dtype=int)
    fold[np.argsort(labels, kind="stable")] = np.arange(len(rows)) % folds
    found = []
    for k in range(folds):
        held_out = fold == k
        fitted = copy.deepcopy(model)
        fitted.fit(rows[~held_out], labels[~held_out])
        score = fitted.predict_proba(rows[held_out])[:, 1]
        found.append(float(roc_auc_score(labels[held_out], score)))
    return float(np.mean(found))


def _permutation_p(found: Floats) -> float:
    """Rank of the first entry among all: itself counts, so the p-value is never 0."""
    tolerance = 1e-12 * np.abs(found).max()  # equal up to rounding is equal
    return float(np.mean(found >= found[0] - tolerance))


# ------------------------------------------------------------ checks of input


def _numbers(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(f"{name} has shape {array.shape}: expected (n,) with n >= 1")
    if array.dtype.kind not in "biufO":
        raise ValueError(f"{name} holds {array.dtype}: expected numbers")
    try:
        floats = array.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} holds {array[:3]!r}: expected numbers") from None
    _refuse_missing(np.isnan(floats), name)
    return floats


def _refuse_missing(missing: NDArray[np.bool_], name: str) -> None:
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {missing.size} values of {name} are missing: compare "
            "the share of missing values first, then the values that are there."
        )


def _category_counts(
    reference: ArrayLike, current: ArrayLike
) -> tuple[Integers, Integers]:
    """Count each category in the two samples, in one order."""
    sides = []
    for values, name in ((reference, "reference"), (current, "current")):
        column = pd.Series(values).astype(object)
        if column.empty:
            raise ValueError(f"{name} has no rows: expected 1 or more")
        _refuse_missing(column.isna().to_numpy(), name)
        sides.append(column)
    codes, labels = pd.factorize(pd.concat(sides, ignore_index=True))
    split = len(sides[0])
    before = np.bincount(codes[:split], minlength=len(labels))
    return before, np.bincount(codes[split:], minlength=len(labels))


def _table(values: ArrayLike, name: str, *, least: int) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) < least or table.shape[1] == 0:
        raise ValueError(
            f"{name} has shape {np.shape(values)}: expected (n, d) with n >= {least}"
        )
    if not np.isfinite(table).all():
        wrong = np.count_nonzero(~np.isfinite(table))
        raise ValueError(f"{name} has {wrong} values that are missing or infinite")
    return table


def _pooled_rows(
    reference: ArrayLike, current: ArrayLike, *, least: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """All rows, those of the reference first, and which they are."""
    x = _table(reference, "reference", least=least)
    y = _table(current, "current", least=least)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"reference has {x.shape[1]} columns and current {y.shape[1]}: expected "
            "the same columns in the same order"
        )
    return np.vstack([x, y]), np.arange(len(x) + len(y)) < len(x)
