"""DBSCAN: clusters are where rows lie densely, of whatever shape.

A row with enough others around it is a core row. Core rows within reach of each other
belong together: the clusters are the connected components of that graph. Rows that are
not core themselves, but within reach of one that is, are the border of its cluster;
all others are noise. Nothing here looks at one row at a time: the neighbourhoods are
found by blocks, and the components by one pass over the pairs.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ml_from_scratch.base import (
    BaseEstimator,
    ClusterMixin,
    Floats,
    Integers,
    check_features,
    check_parameters,
    check_sample_weight,
    is_whole,
)
from ml_from_scratch.neighbors.search import METRICS, Metric, radius_neighbors

NOISE = -1


class DBSCAN(ClusterMixin, BaseEstimator):
    """Find clusters of any shape as regions where rows lie densely, and noise between.

    Parameters
    ----------
    eps : float
        How far the neighbourhood of a row reaches, its edge included.
    min_samples : int
        Rows in the neighbourhood, the row itself among them, that make it a core row;
        a sum of weights, where rows have weights.
    metric : {"euclidean", "manhattan", "cosine"}
        How distances are measured; see `ml_from_scratch.neighbors.radius_neighbors`.

    Attributes
    ----------
    labels_ : array of shape (n,)
        The cluster of each row, -1 for noise. Clusters are numbered in the order of
        their first core rows; a border row of several is in the first of them.
    core_sample_indices_ : array
        Positions of the core rows.
    components_ : array of shape (number of core rows, d)
        The core rows.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^2 d) time and memory for the pairs of neighbours: if the neighbourhoods hold
    many rows, `eps` is too large to be of use.

    Taught in: classical/clustering.

    References
    ----------
    Ester, Kriegel, Sander and Xu (1996), "A density-based algorithm for discovering
    clusters in large spatial databases with noise", KDD.

    Examples
    --------
    >>> X = [[0.0], [0.4], [0.8], [5.0], [9.0], [9.4], [9.8]]
    >>> DBSCAN(eps=0.5, min_samples=3).fit(X).labels_.tolist()
    [0, 0, 0, -1, 1, 1, 1]
    """

    def __init__(
        self, eps: float = 0.5, *, min_samples: int = 5, metric: Metric = "euclidean"
    ) -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.metric = metric

    def fit(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the core rows, join those within reach, and add the border.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to group.
        y : ignored
            There so that pipelines may pass it.
        sample_weight : array of shape (n,), optional
            How much each row counts in a neighbourhood.

        Returns
        -------
        DBSCAN
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        self._check_settings()
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        row, neighbour = _pairs(X, self.eps, self.metric)
        mass = np.bincount(row, weights[neighbour], minlength=len(X))
        core = mass >= self.min_samples
        self.core_sample_indices_ = np.flatnonzero(core)
        self.components_ = X[core]
        self.labels_ = _labels(core, row, neighbour)
        return self

    def _check_settings(self) -> None:
        check_parameters(
            self,
            eps=(isinstance(self.eps, Real) and self.eps > 0, "a number above 0"),
            min_samples=(is_whole(self.min_samples), "a whole number from 1"),
            metric=(self.metric in METRICS, f"one of {METRICS}"),
        )


def _pairs(X: Floats, eps: float, metric: Metric) -> tuple[Integers, Integers]:
    """Return both ends of all pairs within reach; each row is its own neighbour."""
    found = radius_neighbors(X, X, eps, metric=metric)
    row = np.repeat(np.arange(len(X)), [len(near) for near in found])
    return row, np.concatenate(found)


def _labels(
    core: np.ndarray[Any, np.dtype[np.bool_]], row: Integers, neighbour: Integers
) -> Integers:
    n = len(core)
    both = core[row] & core[neighbour]
    ends = row[both], neighbour[both]
    graph = sparse.coo_array((np.ones(both.sum(), dtype=bool), ends), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    labels = np.full(n, NOISE)
    _, first, codes = np.unique(component[core], return_index=True, return_inverse=True)
    labels[core] = np.argsort(np.argsort(first))[codes]  # in the order of first rows
    border = ~core[row] & core[neighbour]
    nearby = np.full(n, n)
    np.minimum.at(nearby, row[border], labels[neighbour[border]])
    reached = nearby < n
    labels[reached] = nearby[reached]
    return labels
