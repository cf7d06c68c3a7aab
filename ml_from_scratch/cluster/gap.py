"""How many clusters: compared with rows that have none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_table, power_of_two
from ml_from_scratch.cluster.kmeans import KMeans, _check_counts


class Gap(NamedTuple):
    """What `gap_statistic` found, one entry for each number of clusters from 1.

    Parameters
    ----------
    n_clusters : int
        The number chosen.
    gap : array of shape (max_clusters,)
        How far the logarithm of the inertia is below that of rows without clusters.
    error : array of shape (max_clusters,)
        Standard error of `gap`.
    inertia : array of shape (max_clusters,)
        Of the data: the curve in which one looks for an elbow.

    Notes
    -----
    Taught in: classical/clustering.

    Examples
    --------
    >>> X = [[0.0], [1.0], [10.0], [11.0]]
    >>> found = gap_statistic(X, 2, n_references=5, rng=np.random.default_rng(0))
    >>> found.inertia.round(6).tolist()
    [101.0, 1.0]
    """

    n_clusters: int
    gap: Floats
    error: Floats
    inertia: Floats


def gap_statistic(
    X: ArrayLike,
    max_clusters: int = 10,
    *,
    n_references: int = 20,
    rng: np.random.Generator,
) -> Gap:
    """Choose the number of clusters by comparison with rows that have none.

    The inertia of k-means falls with every further cluster, also where there are none.
    So the same is done on rows drawn evenly from the box around the data, and the
    smallest k is chosen whose gap to them is within a standard error of the next one's.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows to group.
    max_clusters : int
        Largest number tried.
    n_references : int
        How many data sets without clusters are drawn.
    rng : numpy.random.Generator
        Draws them, and the starts of k-means.

    Returns
    -------
    Gap
        The number chosen, and the curves.

    Raises
    ------
    ValueError
        If there are not more distinct rows than `max_clusters`, or an argument is not
        as described.

    Notes
    -----
    Costs `n_references` + 1 runs of k-means for each number of clusters. The box lies
    along the principal axes, so that turning the data changes nothing.

    Taught in: classical/clustering.

    References
    ----------
    Tibshirani, Walther and Hastie (2001), "Estimating the number of clusters in a data
    set via the gap statistic", Journal of the Royal Statistical Society B 63.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(90, 2)) + 8 * np.repeat([[0, 0], [1, 0], [0, 1]], 30, 0)
    >>> gap_statistic(X, 5, n_references=5, rng=rng).n_clusters
    3
    """
    X = check_table(X)
    _check_counts(max_clusters=max_clusters, n_references=n_references)
    n_distinct = len(np.unique(X, axis=0))
    if n_distinct <= max_clusters:
        raise ValueError(
            f"max_clusters={max_clusters} needs more than {max_clusters} distinct "
            f"rows, but X has {n_distinct}: their inertia would be 0."
        )
    unit = power_of_two(X)
    centred = X / unit - (X / unit).mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    references = rng.uniform(low, high, size=(n_references, len(X), len(axes)))
    expected = np.array([_log_inertias(R, max_clusters, rng) for R in references])
    found = _log_inertias(turned, max_clusters, rng)
    gap = expected.mean(axis=0) - found
    error = expected.std(axis=0) * np.sqrt(1 + 1 / n_references)
    inertia = np.exp(found) * unit * unit
    return Gap(_first_within_error(gap, error), gap, error, inertia)


def _log_inertias(X: Floats, max_clusters: int, rng: np.random.Generator) -> Floats:
    ks = range(1, max_clusters + 1)
    runs = (KMeans(k, n_init=3, random_state=rng).fit(X) for k in ks)
    return np.log([run.inertia_ for run in runs])


def _first_within_error(gap: Floats, error: Floats) -> int:
    good = np.flatnonzero(gap[:-1] >= gap[1:] - error[1:])
    return int(good[0]) + 1 if len(good) else len(gap)
