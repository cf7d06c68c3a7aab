"""Predict a row from the rows that are nearest to it: k-nearest neighbours."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    ClassifierMixin,
    Floats,
    Integers,
    RegressorMixin,
    check_features,
    check_is_fitted,
    check_labels,
    check_parameters,
    check_targets,
)
from ml_from_scratch.neighbors.search import METRICS, Metric, nearest_neighbors

Weights = Literal["uniform", "distance"]
WEIGHTS = ("uniform", "distance")


class _Neighbors(BaseEstimator):
    """What both models share: keep the rows, find the nearest, weigh them."""

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        weights: Weights = "uniform",
        metric: Metric = "euclidean",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.metric = metric

    def _keep(self, X: Floats) -> None:
        whole = isinstance(self.n_neighbors, int | np.integer)
        check_parameters(
            self,
            n_neighbors=(whole and self.n_neighbors >= 1, "a whole number from 1"),
            weights=(self.weights in WEIGHTS, f"one of {WEIGHTS}"),
            metric=(self.metric in METRICS, f"one of {METRICS}"),
        )
        if self.n_neighbors > len(X):
            raise ValueError(
                f"n_neighbors must be at most the number of rows, n_samples = {len(X)},"
                f" got {self.n_neighbors}."
            )
        self.n_samples_fit_ = len(X)
        self._rows = X.copy()

    def kneighbors(
        self, X: ArrayLike, n_neighbors: int | None = None
    ) -> tuple[Floats, Integers]:
        """Find the training rows nearest to each row.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows with the columns of ``fit``.
        n_neighbors : int, optional
            How many; the hyperparameter of this name if None.

        Returns
        -------
        distances : numpy.ndarray of shape (m, n_neighbors)
            Rising along each row.
        indices : numpy.ndarray of shape (m, n_neighbors)
            Positions among the training rows; ties in their order.
        """
        check_is_fitted(self, "n_samples_fit_")
        X = check_features(self, X, fitting=False)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        return nearest_neighbors(self._rows, X, k, metric=self.metric)

    def _votes(self, X: ArrayLike) -> tuple[Floats, Integers]:
        """Return the weight of each neighbour, summing to 1 a row, and which it is."""
        distances, indices = self.kneighbors(X)
        votes = np.ones_like(distances)
        if self.weights == "distance":
            votes = _inverse(distances)
        return votes / votes.sum(axis=1, keepdims=True), indices


def _inverse(distances: Floats) -> Floats:
    """Weigh by 1 / distance; where rows coincide with the query, only they count."""
    nearest = distances[:, :1]
    # Relative to the nearest, weights are at most 1 and cannot overflow.
    weights = np.ones_like(distances)  # 0 / 0 is 1 here, and 0 / anything else 0
    return np.divide(nearest, distances, out=weights, where=distances > 0)


class KNeighborsClassifier(ClassifierMixin, _Neighbors):
    """Classifier that lets the nearest training rows vote.

    Parameters
    ----------
    n_neighbors : int, default 5
        How many vote. Few follow the data closely, many smooth.
    weights : {"uniform", "distance"}
        One vote each, or votes of 1 / distance. Rows at distance 0 outvote all
        others.
    metric : {"euclidean", "manhattan", "cosine"}
        As in `nearest_neighbors`. Columns count by their scale: standardise first.

    Attributes
    ----------
    classes_ : array of shape (k,)
        The classes, sorted.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    ``fit`` only keeps the rows; ``predict`` costs O(n d) a row. Among classes with
    the same votes the first in `classes_` wins.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Cover and Hart (1967), "Nearest neighbor pattern classification", IEEE
    Transactions on Information Theory 13.

    Examples
    --------
    >>> metres = [[50.0], [55.0], [60.0], [150.0], [160.0]]
    >>> kind = ["flat", "flat", "flat", "house", "house"]
    >>> model = KNeighborsClassifier(3).fit(metres, kind)
    >>> model.predict([[70.0], [140.0]]).tolist()
    ['flat', 'house']
    >>> model.predict_proba([[140.0]]).round(2).tolist()
    [[0.33, 0.67]]
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the rows and their labels.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : array-like of shape (n,)
            Class labels.

        Returns
        -------
        KNeighborsClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        rows = check_features(self, X, fitting=True)
        self.classes_, self._codes = check_labels(y, len(rows))
        self._keep(rows)
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Return the share of the votes that each class gets.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (m, k)
            Columns in the order of ``classes_``; rows sum to one.
        """
        votes, indices = self._votes(X)
        shape = len(votes), len(self.classes_)
        # Each pair of row and class is a bin; votes fall into theirs.
        bins = np.arange(shape[0])[:, None] * shape[1] + self._codes[indices]
        shares = np.bincount(bins.ravel(), votes.ravel(), shape[0] * shape[1])
        return np.asarray(shares, dtype=np.float64).reshape(shape)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class with the most votes.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (m,)
            Labels of the kind that ``fit`` was given.
        """
        shares = self.predict_proba(X)
        labels: NDArray[Any] = self.classes_[shares.argmax(axis=1)]
        return labels


class KNeighborsRegressor(RegressorMixin, _Neighbors):
    """Regressor that predicts the mean of the nearest training rows.

    Parameters
    ----------
    n_neighbors : int, default 5
        How many are averaged.
    weights : {"uniform", "distance"}
        The plain mean, or weights of 1 / distance. Rows at distance 0 outweigh all
        others.
    metric : {"euclidean", "manhattan", "cosine"}
        As in `nearest_neighbors`. Columns count by their scale: standardise first.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    ``fit`` only keeps the rows; ``predict`` costs O(n d) a row. Outside the range of
    the training rows the prediction stays that of the outermost.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning,
    2nd edition, section 2.3.2.

    Examples
    --------
    >>> model = KNeighborsRegressor(2).fit([[0.0], [1.0], [2.0]], [0.0, 10.0, 20.0])
    >>> model.predict([[0.4], [9.0]]).tolist()
    [5.0, 15.0]
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the rows and their targets.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales.
        y : array-like of shape (n,)
            Targets.

        Returns
        -------
        KNeighborsRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        rows = check_features(self, X, fitting=True)
        self._targets = check_targets(y, len(rows)).copy()
        self._keep(rows)
        return self

    def predict(self, X: ArrayLike) -> Floats:
        """Return the weighted mean of the nearest rows' targets.

        Parameters
        ----------
        X : array-like of shape (m, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (m,)
            Predictions, never outside the range of the targets.
        """
        votes, indices = self._votes(X)
        means: Floats = np.einsum("mk,mk->m", votes, self._targets[indices])
        return means
