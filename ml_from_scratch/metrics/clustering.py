"""How good a grouping is: against another one, or by distances alone.

Against known groups, all that counts is the table of how many rows each pair of
groups shares; names do not matter. Without known groups, distances within a cluster
are compared with those to the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.metrics.inputs import floats, plain_labels, same_length

_BLOCK = 4_000_000  # distances held at a time: 32 MB


# ------------------------------------------------------- against known groups


def adjusted_rand_score(labels_true: ArrayLike, labels_pred: ArrayLike) -> float:
    """Return how much more two groupings agree on pairs of rows than by chance.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n,)
        The group of each row, in two groupings; names do not matter.

    Returns
    -------
    float
        1 for the same grouping, 0 on average for random ones, and down to -0.5.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or have missing labels.

    Notes
    -----
    O(n log n). Taught in: classical/clustering.

    References
    ----------
    Hubert and Arabie (1985), "Comparing partitions", Journal of Classification 2.

    Examples
    --------
    >>> adjusted_rand_score([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    """
    table = _shared_rows(labels_true, labels_pred)
    together = _pairs(table).sum()  # in both
    in_true, in_pred = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    if in_true == in_pred == together:  # also where there are no pairs at all
        return 1.0
    by_chance = in_true * in_pred / _pairs(table.sum())
    return float((together - by_chance) / ((in_true + in_pred) / 2 - by_chance))


def _pairs(counts: Floats) -> Floats:
    return np.asarray(counts * (counts - 1) / 2)


def _shared_rows(labels_true: ArrayLike, labels_pred: ArrayLike) -> Floats:
    """Count the rows that each pair of groups shares: (groups true, groups pred)."""
    codes = []
    for labels, name in ((labels_true, "labels_true"), (labels_pred, "labels_pred")):
        known = plain_labels(np.asarray(labels), name)
        codes.append(np.unique(known, return_inverse=True)[1])
    true, predicted = same_length(*codes)
    shape = int(true.max()) + 1, int(predicted.max()) + 1
    counts = np.bincount(true * shape[1] + predicted, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def normalized_mutual_info_score(
    labels_true: ArrayLike,
    labels_pred: ArrayLike,
    *,
    average_method: Literal["min", "geometric", "arithmetic", "max"] = "arithmetic",
) -> float:
    """Return the information that two groupings share, as a share of their own.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n,)
        The group of each row, in two groupings; names do not matter.
    average_method : {"min", "geometric", "arithmetic", "max"}, default "arithmetic"
        How the entropies of the two are averaged to divide by.

    Returns
    -------
    float
        0 for groupings that say nothing of each other, 1 for the same. Unlike the
        adjusted Rand score it grows with the number of groups, also random ones.

    Raises
    ------
    ValueError
        If the two differ in length, are empty, or have missing labels, or if
        `average_method` is not as described.

    Notes
    -----
    O(n log n). Taught in: classical/clustering.

    References
    ----------
    Vinh, Epps and Bailey (2010), "Information theoretic measures for clusterings
    comparison", Journal of Machine Learning Research 11.

    Examples
    --------
    >>> normalized_mutual_info_score([0, 0, 1, 1], ["a", "b", "a", "b"])
    0.0
    """
    if average_method not in _MEANS:
        raise ValueError(
            f"average_method must be one of {list(_MEANS)}, got {average_method!r}."
        )
    table = _shared_rows(labels_true, labels_pred)
    if table.shape == (1, 1):
        return 1.0
    shares = table / table.sum()
    true, predicted = shares.sum(axis=1), shares.sum(axis=0)
    both = shares > 0
    surprise = np.log(shares[both] / np.outer(true, predicted)[both])
    shared = float(np.sum(shares[both] * surprise))
    if shared <= np.finfo(np.float64).eps:  # independent, up to rounding
        return 0.0
    return shared / _MEANS[average_method](_entropy(true), _entropy(predicted))


_MEANS: dict[str, Callable[[float, float], float]] = {
    "min": min,
    "geometric": lambda a, b: math.sqrt(a * b),
    "arithmetic": lambda a, b: (a + b) / 2,
    "max": max,
}


def _entropy(shares: Floats) -> float:
    return float(-np.sum(shares * np.log(shares)))  # no share is zero


# ------------------------------------------------------------ by distances


def silhouette_samples(X: ArrayLike, labels: ArrayLike) -> Floats:
    """Return how much closer each row is to its own cluster than to the next one.

    With a the mean distance to the other rows of its cluster and b the mean distance
    to the rows of the nearest other cluster, (b - a) / max(a, b).

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows; the distance is Euclidean.
    labels : array-like of shape (n,)
        The cluster of each row: at least two clusters, and fewer than rows.

    Returns
    -------
    numpy.ndarray of shape (n,)
        Between -1 (in the wrong cluster) and 1; 0 for rows alone in a cluster.

    Raises
    ------
    ValueError
        If the inputs or the number of clusters are not as described.

    Notes
    -----
    O(n^2 d) time. Distances are made in blocks of rows and summed by cluster in a
    product with a table of memberships, so that memory stays at 32 MB.

    Taught in: classical/clustering.

    References
    ----------
    Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis", Journal of Computational and Applied Mathematics
    20.

    Examples
    --------
    >>> silhouette_samples([[0.0], [1.0], [9.0], [9.0]], [0, 0, 1, 1]).round(3).tolist()
    [0.889, 0.875, 1.0, 1.0]
    """
    rows, codes, k = _clustered(X, labels)
    n = len(rows)
    sizes = np.bincount(codes)
    member = np.zeros((n, k))
    member[np.arange(n), codes] = 1.0
    sums = np.empty((n, k))  # of the distances of each row to each cluster
    step = max(1, _BLOCK // n)
    for start in range(0, n, step):
        sums[start : start + step] = cdist(rows[start : start + step], rows) @ member
    everyone = np.arange(n)
    within = sums[everyone, codes] / np.maximum(sizes[codes] - 1, 1)  # not to itself
    means = sums / sizes
    means[everyone, codes] = np.inf
    across = means.min(axis=1)
    larger = np.maximum(within, across)
    silhouette = (across - within) / np.where(larger > 0, larger, 1.0)
    return np.where(sizes[codes] > 1, silhouette, 0.0)


def silhouette_score(X: ArrayLike, labels: ArrayLike) -> float:
    """Return the mean of `silhouette_samples`.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows; the distance is Euclidean.
    labels : array-like of shape (n,)
        The cluster of each row: at least two clusters, and fewer than rows.

    Returns
    -------
    float
        Between -1 and 1; higher for clusters that are tighter and further apart.

    Raises
    ------
    ValueError
        If the inputs or the number of clusters are not as described.

    Notes
    -----
    O(n^2 d) time. Taught in: classical/clustering.

    References
    ----------
    Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis", Journal of Computational and Applied Mathematics
    20.

    Examples
    --------
    >>> round(silhouette_score([[0.0], [1.0], [9.0], [9.0]], [0, 0, 1, 1]), 3)
    0.941
    """
    return float(silhouette_samples(X, labels).mean())


def davies_bouldin_score(X: ArrayLike, labels: ArrayLike) -> float:
    """Return how much the clusters overlap with their worst neighbour; 0 is best.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows; the distance is Euclidean.
    labels : array-like of shape (n,)
        The cluster of each row: at least two clusters, and fewer than rows.

    Returns
    -------
    float
        The mean over clusters of the largest (spread + spread of the other) /
        (distance of the centres). Infinite if two spread clusters share a centre.

    Raises
    ------
    ValueError
        If the inputs or the number of clusters are not as described.

    Notes
    -----
    O(n d + k^2 d). Taught in: classical/clustering.

    References
    ----------
    Davies and Bouldin (1979), "A cluster separation measure", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 1.

    Examples
    --------
    >>> davies_bouldin_score([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    0.2
    """
    rows, codes, k = _clustered(X, labels)
    centres = _centres(rows, codes, k)
    distances = np.sqrt(((rows - centres[codes]) ** 2).sum(axis=1))
    spread = np.bincount(codes, distances) / np.bincount(codes)
    apart = cdist(centres, centres)
    both = spread[:, None] + spread
    touching = np.where(both > 0, np.inf, 0.0)  # if the centres are the same
    overlap = np.where(apart > 0, both / np.where(apart > 0, apart, 1.0), touching)
    np.fill_diagonal(overlap, 0.0)
    return float(overlap.max(axis=1).mean())


def calinski_harabasz_score(X: ArrayLike, labels: ArrayLike) -> float:
    """Return the variance between the clusters over that within them.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    labels : array-like of shape (n,)
        The cluster of each row: at least two clusters, and fewer than rows.

    Returns
    -------
    float
        0 or more, higher for tighter clusters: an F statistic. 1 if all rows of each
        cluster are the same, as in scikit-learn.

    Raises
    ------
    ValueError
        If the inputs or the number of clusters are not as described.

    Notes
    -----
    O(n d). Taught in: classical/clustering.

    References
    ----------
    Calinski and Harabasz (1974), "A dendrite method for cluster analysis",
    Communications in Statistics 3.

    Examples
    --------
    >>> calinski_harabasz_score([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1])
    50.0
    """
    rows, codes, k = _clustered(X, labels)
    centres = _centres(rows, codes, k)
    sizes = np.bincount(codes)
    between = np.sum(sizes[:, None] * (centres - rows.mean(axis=0)) ** 2)
    within = np.sum((rows - centres[codes]) ** 2)
    if within == 0:
        return 1.0
    return float(between * (len(rows) - k) / (within * (k - 1)))


def _centres(rows: Floats, codes: Integers, k: int) -> Floats:
    sums = np.zeros((k, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums / np.bincount(codes)[:, None]


def _clustered(X: ArrayLike, labels: ArrayLike) -> tuple[Floats, Integers, int]:
    rows = floats(X, "X", ndim=2)
    known = plain_labels(np.asarray(labels), "labels")
    if len(known) != len(rows):
        raise ValueError(f"X has {len(rows)} rows, but there are {len(known)} labels.")
    clusters, codes = np.unique(known, return_inverse=True)
    if not 2 <= len(clusters) < len(rows):
        raise ValueError(
            f"Clusters are compared with each other: expected 2 to {len(rows) - 1} for "
            f"{len(rows)} rows, but there are {len(clusters)}."
        )
    return rows, codes, len(clusters)
