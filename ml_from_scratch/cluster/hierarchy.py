"""Hierarchical clustering: join the two nearest clusters until one is left.

How far two clusters are apart can be said in several ways; for the four here the
distance to a joined cluster follows from the distances to its parts, so that one table
of distances, kept up to date, is enough. And joining two clusters never brings a third
one nearer than it was to both. So nobody has to look for the smallest entry of the
table: two clusters that are each other's nearest will be joined sooner or later, and
may as well be joined now. A walk from a cluster to its nearest, from there to its
nearest, and so on, ends at such a pair. That makes O(n^2) of what would be O(n^3).
"""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from ml_from_scratch.base import (
    BaseEstimator,
    ClusterMixin,
    Floats,
    Integers,
    check_features,
    check_parameters,
    check_table,
    is_whole,
    power_of_two,
)

Method = Literal["ward", "complete", "average", "single"]
METHODS = ("ward", "complete", "average", "single")


def linkage(X: ArrayLike, method: Method = "ward") -> Floats:
    """Return the tree of joins, from the nearest two rows up to one cluster.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    method : {"ward", "complete", "average", "single"}
        What the distance of two clusters is: how much joining them adds to the sum of
        squares (its root, times sqrt(2)), or the largest, the mean or the smallest
        distance between a row of one and a row of the other.

    Returns
    -------
    array of shape (n - 1, 4)
        SciPy's table, one join a row, in ascending order of distance: the numbers of
        the two clusters (row i is cluster i, join i makes cluster n + i), the smaller
        first; their distance; the rows in both.

    Raises
    ------
    ValueError
        If `method` is none of the four, or `X` has fewer than two rows, holds NaN or
        infinity, or is not two-dimensional.

    Notes
    -----
    O(n^2 d) time and 8 n^2 bytes, by the nearest-neighbour chain. Where distances are
    tied, there is more than one right tree.

    Taught in: classical/clustering.

    References
    ----------
    Lance and Williams (1967), "A general theory of classificatory sorting strategies",
    The Computer Journal 9. Murtagh (1983), "A survey of recent advances in hierarchical
    clustering algorithms", The Computer Journal 26. Müllner (2011), "Modern
    hierarchical, agglomerative clustering algorithms", arXiv:1109.2378.

    Examples
    --------
    >>> linkage([[0.0], [1.0], [5.0]], "single").tolist()
    [[0.0, 1.0, 1.0, 2.0], [2.0, 3.0, 4.0, 3.0]]
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}.")
    X = check_table(X)
    if len(X) < 2:
        raise ValueError("linkage needs two rows or more, but X has 1 sample.")
    unit = power_of_two(X)
    squared = method == "ward"
    distances = cdist(X / unit, X / unit, "sqeuclidean" if squared else "euclidean")
    pairs, heights = _nearest_neighbour_chain(distances, method)
    if squared:
        heights = np.sqrt(heights)
    order = np.argsort(heights, kind="stable")
    return _numbered(pairs[order], heights[order] * unit)


def _nearest_neighbour_chain(D: Floats, method: Method) -> tuple[Integers, Floats]:
    """Return the pairs joined and their distances, using up the table `D`.

    A cluster lives in the row and column of one of its rows; joining a and b leaves
    the place of b to both and fills that of a with infinity.
    """
    n = len(D)
    np.fill_diagonal(D, np.inf)
    sizes, alive = np.ones(n), np.ones(n, dtype=bool)
    pairs, heights = np.empty((n - 1, 2), dtype=np.intp), np.empty(n - 1)
    chain: list[int] = []
    for join in range(n - 1):
        if not chain:
            chain.append(int(alive.argmax()))
        a, b = _walk(D, chain)
        pairs[join], heights[join] = (a, b), D[a, b]
        D[b] = _distances_to_both(D, a, b, sizes, method)
        D[:, b] = D[b]
        D[a] = D[:, a] = D[b, b] = np.inf
        sizes[b] += sizes[a]
        alive[a] = False
    return pairs, heights


def _distances_to_both(
    D: Floats, a: int, b: int, sizes: Floats, method: Method
) -> Floats:
    """Return how far each cluster is from a and b together, by Lance and Williams."""
    if method == "single":
        to_both: Floats = np.minimum(D[a], D[b])
    elif method == "complete":
        to_both = np.maximum(D[a], D[b])
    elif method == "average":
        to_both = (sizes[a] * D[a] + sizes[b] * D[b]) / (sizes[a] + sizes[b])
    else:  # ward, whose D holds squares
        to_both = (sizes[a] + sizes) * D[a] + (sizes[b] + sizes) * D[b]
        to_both = (to_both - sizes * D[a, b]) / (sizes[a] + sizes[b] + sizes)
    return to_both


def _walk(D: Floats, chain: list[int]) -> tuple[int, int]:
    """Go on from nearest to nearest until two are each other's; take them off."""
    while True:
        here = D[chain[-1]]
        nearest = int(here.argmin())
        # Where distances tie, the way back counts as nearest: else it may go in rings.
        if len(chain) > 1 and here[chain[-2]] <= here[nearest]:
            return chain.pop(), chain.pop()
        chain.append(nearest)


def _numbered(pairs: Integers, heights: Floats) -> Floats:
    """Give the clusters numbers in the order of the joins, and count their rows."""
    n = len(pairs) + 1
    cluster_of, sizes = list(range(n)), [1] * n
    above = list(range(n))  # from row to row, up to the one that stands for its cluster
    table = np.empty((n - 1, 4))
    for join, (a, b) in enumerate(pairs.tolist()):
        a, b = _top(above, a), _top(above, b)
        sizes[b] += sizes[a]
        first, second = sorted((cluster_of[a], cluster_of[b]))
        table[join] = first, second, heights[join], sizes[b]
        above[a], cluster_of[b] = b, n + join
    return table


def _top(above: list[int], row: int) -> int:
    while above[row] != row:
        above[row] = above[above[row]]  # halve the way for those who come after
        row = above[row]
    return row


def cut_tree(tree: ArrayLike, n_clusters: int) -> Integers:
    """Undo the last joins, so that so many clusters are left.

    Parameters
    ----------
    tree : array of shape (n - 1, 4)
        What `linkage` returns.
    n_clusters : int
        How many clusters to leave, from 1 to n.

    Returns
    -------
    array of shape (n,)
        The cluster of each row; clusters are numbered in the order of their first rows.

    Raises
    ------
    ValueError
        If `n_clusters` is not between 1 and n.

    Notes
    -----
    O(n log n). Taught in: classical/clustering.

    Examples
    --------
    >>> cut_tree(linkage([[0.0], [9.0], [1.0]]), 2).tolist()
    [0, 1, 0]
    """
    children = np.asarray(tree)[:, :2].astype(np.intp)
    n = len(children) + 1
    if not is_whole(n_clusters) or n_clusters > n:
        raise ValueError(
            f"n_clusters must be a whole number from 1 to the number of rows, {n}, "
            f"got {n_clusters!r}."
        )
    owner = np.arange(2 * n - 1)
    for join in reversed(range(n - n_clusters)):
        owner[children[join]] = owner[n + join]
    _, first, codes = np.unique(owner[:n], return_index=True, return_inverse=True)
    labels: Integers = np.argsort(np.argsort(first))[codes]
    return labels


class AgglomerativeClustering(ClusterMixin, BaseEstimator):
    """Join the nearest clusters until as many are left as asked for.

    Parameters
    ----------
    n_clusters : int or None
        How many clusters; None where `distance_threshold` says when to stop.
    linkage : {"ward", "complete", "average", "single"}
        What the distance of two clusters is; see the function of that name.
    distance_threshold : float or None
        Clusters that are this far apart, or further, are not joined.

    Attributes
    ----------
    labels_ : array of shape (n,)
        The cluster of each row, numbered in the order of their first rows.
    n_clusters_ : int
        How many there are.
    children_ : array of shape (n - 1, 2)
        The two clusters of each join, up to the last one; see `linkage`.
    distances_ : array of shape (n - 1,)
        How far they were apart.
    n_leaves_ : int
        Number of rows.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^2 d) time and 8 n^2 bytes.

    Taught in: classical/clustering.

    References
    ----------
    Ward (1963), "Hierarchical grouping to optimize an objective function", Journal of
    the American Statistical Association 58.

    Examples
    --------
    >>> model = AgglomerativeClustering(2).fit([[0.0], [9.0], [1.0], [8.0]])
    >>> model.labels_.tolist()
    [0, 1, 0, 1]
    >>> model.distances_.round(3).tolist()
    [1.0, 1.0, 11.314]
    """

    def __init__(
        self,
        n_clusters: int | None = 2,
        *,
        linkage: Method = "ward",
        distance_threshold: float | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.linkage = linkage
        self.distance_threshold = distance_threshold

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Build the tree and cut it.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to group, two at least.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        AgglomerativeClustering
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
        X = check_features(self, X, fitting=True, least_rows=2)
        tree = linkage(X, self.linkage)
        self.children_ = tree[:, :2].astype(np.intp)
        self.distances_ = tree[:, 2]
        self.n_leaves_ = len(X)
        self.n_clusters_ = self.n_clusters or 1
        if self.distance_threshold is not None:
            kept_apart = self.distances_ >= self.distance_threshold
            self.n_clusters_ = int(np.count_nonzero(kept_apart)) + 1
        self.labels_ = cut_tree(tree, self.n_clusters_)
        return self

    def _check_settings(self) -> None:
        k, far = self.n_clusters, self.distance_threshold
        one = (k is None) != (far is None)
        words = "None exactly where distance_threshold is given, else a number from 1"
        check_parameters(
            self,
            linkage=(self.linkage in METHODS, f"one of {METHODS}"),
            n_clusters=(one and (k is None or is_whole(k)), words),
            distance_threshold=(far is None or _is_number(far), "a number from 0"),
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and float(value) >= 0
