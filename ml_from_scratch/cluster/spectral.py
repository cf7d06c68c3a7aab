"""Spectral clustering: cut a graph of likenesses where it is thinnest.

The rows are the nodes of a graph whose edges say how alike two rows are. If it falls
into k pieces, then k eigenvectors of its Laplacian are constant on each piece, and a
row's k entries in them say to which piece it belongs. If it nearly does, they are
nearly constant, and k-means on those entries finds the pieces.
"""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from ml_from_scratch.base import (
    BaseEstimator,
    ClusterMixin,
    Floats,
    check_features,
    check_parameters,
    check_table,
    is_whole,
    random_generator,
)
from ml_from_scratch.cluster.kmeans import KMeans, _check_enough_rows
from ml_from_scratch.neighbors.search import nearest_neighbors


def spectral_embedding(affinity: ArrayLike, n_components: int) -> Floats:
    """Place the nodes of a graph so that strongly joined ones lie near each other.

    Parameters
    ----------
    affinity : array of shape (n, n)
        How alike each two nodes are: symmetric, from 0. The diagonal does not count.
    n_components : int
        How many coordinates.

    Returns
    -------
    array of shape (n, n_components)
        Eigenvectors of the smallest eigenvalues of the normalised Laplacian
        I - D^-1/2 W D^-1/2, divided by the roots of the degrees; the first is constant
        if the graph hangs together. Rows are not scaled to length one. The entry of
        largest size in each column is positive.

    Raises
    ------
    ValueError
        If the table is not square and symmetric or holds a negative number, or has
        fewer rows than components.

    Notes
    -----
    O(n^3) time at worst, 16 n^2 bytes. Divided by the degrees' roots, they are the
    eigenvectors of the random walk along the edges. A node without edges is a piece of
    its own.

    Taught in: classical/clustering.

    References
    ----------
    Shi and Malik (2000), "Normalized cuts and image segmentation", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 22. von Luxburg (2007), "A tutorial on
    spectral clustering", Statistics and Computing 17.

    Examples
    --------
    >>> two_pairs = np.kron(np.eye(2), np.ones((2, 2)))
    >>> spots = spectral_embedding(two_pairs, 2)
    >>> bool(np.allclose(spots[0], spots[1])), bool(np.allclose(spots[0], spots[2]))
    (True, False)
    """
    W = _checked_affinity(affinity)
    _check_enough_rows(W, n_components)
    n = len(W)
    np.fill_diagonal(W, 0.0)
    degrees = W.sum(axis=1)
    alone = degrees == 0
    roots = np.sqrt(np.where(alone, 1.0, degrees))
    W /= roots
    W /= roots[:, None]
    W[alone, alone] = 1.0
    # The largest eigenvalues of W belong to the smallest ones of I - W.
    _, vectors = linalg.eigh(W, subset_by_index=[n - n_components, n - 1])
    spots: Floats = vectors[:, ::-1] / roots[:, None]
    largest = np.abs(spots).argmax(axis=0)
    spots *= np.sign(spots[largest, np.arange(n_components)])
    return spots


class SpectralClustering(ClusterMixin, BaseEstimator):
    """Split rows where a graph of their likenesses is thinnest; shapes do not matter.

    Parameters
    ----------
    n_clusters : int
        How many clusters.
    affinity : {"rbf", "nearest_neighbors", "precomputed"}
        How alike two rows are: exp(-gamma |x - y|^2); 1 if each is among the nearest of
        the other, 1/2 if one of them is; or `X` is itself the table of likenesses.
    gamma : float
        For "rbf"; the likeness has fallen to 0.37 at the distance 1 / sqrt(gamma).
    n_neighbors : int
        For "nearest_neighbors": how many are nearest, the row itself among them.
    n_init : int
        Starts of k-means.
    random_state : int, Generator, RandomState or None
        Draws the starts.

    Attributes
    ----------
    labels_ : array of shape (n,)
        The cluster of each row.
    affinity_matrix_ : array of shape (n, n)
        The likenesses.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^3) time at worst, 24 n^2 bytes.

    Taught in: classical/clustering.

    References
    ----------
    von Luxburg (2007), "A tutorial on spectral clustering", Statistics and Computing
    17, section 4.

    Examples
    --------
    >>> angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> ring = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> model = SpectralClustering(2, affinity="nearest_neighbors", n_neighbors=4,
    ...                            random_state=0)
    >>> labels = model.fit(np.vstack([ring, 4 * ring])).labels_
    >>> len(set(labels[:40])), len(set(labels[40:])), bool(labels[0] != labels[-1])
    (1, 1, True)
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        affinity: Literal["rbf", "nearest_neighbors", "precomputed"] = "rbf",
        gamma: float = 1.0,
        n_neighbors: int = 10,
        n_init: int = 10,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.affinity = affinity
        self.gamma = gamma
        self.n_neighbors = n_neighbors
        self.n_init = n_init
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a clusterer; a table of likenesses is cut both ways."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.affinity == "precomputed"
        return tags

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Build the graph, place its nodes, and group them by k-means.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to group; for "precomputed" the (n, n) table of likenesses.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        SpectralClustering
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described, or no two rows are
            alike at all.

        Warns
        -----
        UserWarning
            If the graph falls into more pieces than there are to be clusters.
        """
        del y
        self._check_settings()
        X = check_features(self, X, fitting=True)
        _check_enough_rows(X, self.n_clusters)
        self.affinity_matrix_ = self._likenesses(X)
        self._check_pieces()
        spots = spectral_embedding(self.affinity_matrix_, self.n_clusters)
        rng = random_generator(self.random_state)
        means = KMeans(self.n_clusters, n_init=self.n_init, random_state=rng)
        self.labels_ = means.fit(spots).labels_
        return self

    def _likenesses(self, X: Floats) -> Floats:
        if self.affinity == "precomputed":
            return _checked_affinity(X)
        if self.affinity == "rbf":
            near: Floats = np.exp(-self.gamma * cdist(X, X, "sqeuclidean"))
            return near
        return _neighbour_graph(X, self.n_neighbors)

    def _check_pieces(self) -> None:
        edges = sparse.csr_array(self.affinity_matrix_)
        n_pieces, _ = connected_components(edges, directed=False)
        n_rows = edges.shape[0]
        if n_pieces == n_rows > self.n_clusters:
            raise ValueError(
                f"No two of the {n_rows} rows are alike: all affinities are 0. "
                f"With affinity='rbf', gamma={self.gamma} is too large for these data."
            )
        if n_pieces > self.n_clusters:
            warnings.warn(
                f"The graph falls into {n_pieces} pieces, more than n_clusters="
                f"{self.n_clusters}: which of them are put together is arbitrary. "
                "Raise n_neighbors, or lower gamma.",
                stacklevel=3,
            )

    def _check_settings(self) -> None:
        kinds = ("rbf", "nearest_neighbors", "precomputed")
        check_parameters(
            self,
            n_clusters=(is_whole(self.n_clusters), "a whole number from 1"),
            affinity=(self.affinity in kinds, f"one of {kinds}"),
            gamma=(isinstance(self.gamma, Real) and self.gamma > 0, "a number above 0"),
            n_neighbors=(is_whole(self.n_neighbors, 2), "a whole number from 2"),
            n_init=(is_whole(self.n_init), "a whole number from 1"),
        )


def _neighbour_graph(X: Floats, n_neighbors: int) -> Floats:
    """Return 1 where two rows are among each other's nearest, 1/2 where one is."""
    if n_neighbors > len(X):
        raise ValueError(
            f"n_neighbors={n_neighbors} counts the row itself and must be at most the "
            f"number of rows, {len(X)}."
        )
    _, nearest = nearest_neighbors(X, None, n_neighbors - 1)
    directed = np.eye(len(X))
    np.put_along_axis(directed, nearest, 1.0, axis=1)
    return 0.5 * (directed + directed.T)


def _checked_affinity(affinity: ArrayLike) -> Floats:
    """Return a copy of a symmetric table of numbers from 0."""
    W = check_table(affinity).copy()
    if W.shape[0] != W.shape[1]:
        raise ValueError(
            f"The table of affinities must be square, but its shape is {W.shape}."
        )
    if (W < 0).any():
        raise ValueError(f"Affinities must not be negative, but one is {W.min()}.")
    if not np.allclose(W, W.T, rtol=1e-10, atol=0):
        raise ValueError("The table of affinities must be symmetric, but it is not.")
    return W
