"""Local outlier factor: unusual is what lies more thinly than its neighbours do."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.anomaly.detector import (
    Contamination,
    contamination_rule,
    offset_for,
)
from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    OutlierMixin,
    check_features,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.neighbors import nearest_neighbors
from ml_from_scratch.neighbors.search import METRICS, Metric

_NOTHING = 1e-10  # of the largest distance: what a reach of zero counts as


class LocalOutlierFactor(OutlierMixin, BaseEstimator):
    """Outlier detector that compares the density around a row with its neighbours'.

    Parameters
    ----------
    n_neighbors : int, default 20
        Neighbours; all other rows where there are fewer.
    metric : {"euclidean", "manhattan", "cosine"}
        As in `nearest_neighbors`.
    contamination : "auto" or float
        "auto" calls rows outliers whose factor is above 1.5; a share makes that share
        of the training rows outliers.
    novelty : bool, default False
        False for judging the training rows themselves, by ``fit_predict``; True for
        judging new rows, by ``predict``, ``decision_function`` and ``score_samples``.
        The two must not be mixed: a training row asked about as if it were new would
        find itself at distance zero.

    Attributes
    ----------
    negative_outlier_factor_ : array of shape (n,)
        Minus the factor of each training row: about -1 for usual rows, much lower for
        outliers.
    n_neighbors_ : int
        Neighbours used.
    offset_ : float
        Where the factors separate the two.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^2 d) time, nearly all of it in one matrix product; O(nk) memory. More than k
    equal rows have a reach of zero and no finite density; their reach counts as 1e-10
    of the largest, whereas scikit-learn adds 1e-10 in whatever unit the data have, so
    that there the factor of tiny data is 1 throughout.
    Taught in: classical/anomalies.

    References
    ----------
    Breunig, Kriegel, Ng and Sander (2000), "LOF: identifying density-based local
    outliers", SIGMOD.

    Examples
    --------
    >>> X = [[0.0], [0.1], [0.2], [0.3], [5.0]]
    >>> model = LocalOutlierFactor(n_neighbors=2)
    >>> model.fit_predict(X).tolist()
    [1, 1, 1, 1, -1]
    >>> model.negative_outlier_factor_.round(1).tolist()
    [-1.0, -1.0, -1.0, -1.0, -31.7]
    """

    def __init__(
        self,
        n_neighbors: int = 20,
        *,
        metric: Metric = "euclidean",
        contamination: Contamination = "auto",
        novelty: bool = False,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.contamination = contamination
        self.novelty = novelty

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Measure the density around every row.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers on comparable scales; at least two rows.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        LocalOutlierFactor
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        UserWarning
            If rows are repeated so often that others beside them look infinitely thin.
        """
        del y
        whole = isinstance(self.n_neighbors, int | np.integer)
        check_parameters(
            self,
            n_neighbors=(whole and self.n_neighbors >= 1, "a whole number from 1"),
            metric=(self.metric in METRICS, f"one of {METRICS}"),
            contamination=contamination_rule(self.contamination, auto=True),
        )
        rows = check_features(self, X, fitting=True, least_rows=2)
        self.n_neighbors_ = k = min(self.n_neighbors, len(rows) - 1)
        distances, indices = nearest_neighbors(rows, None, k, metric=self.metric)
        self._rows, self._k_distance = rows.copy(), distances[:, -1]
        self._nothing = _NOTHING * float(self._k_distance.max()) or 1.0
        self._reach = self._mean_reach(distances, indices)
        factors = self._factors(self._reach, indices)
        self.negative_outlier_factor_ = -factors
        self.offset_ = offset_for(self.contamination, -factors, auto=-1.5)
        self._warn_of_twins(factors)
        return self

    def _mean_reach(self, distances: Floats, indices: Integers) -> Floats:
        """Return the mean distance to the neighbours, each at least its own reach.

        The density is one over this. Within the crowd around a neighbour all distances
        count alike, which keeps the chance of who is nearest there out of it.
        """
        reach = np.maximum(distances, self._k_distance[indices])
        mean: Floats = reach.mean(axis=1) + self._nothing
        return mean

    def _factors(self, reach: Floats, indices: Integers) -> Floats:
        """Return the mean density of the neighbours relative to a row's own."""
        factors: Floats = (reach[:, None] / self._reach[indices]).mean(axis=1)
        return factors

    def _warn_of_twins(self, factors: Floats) -> None:
        worst = float(factors.max())
        if worst > 1e7:
            warnings.warn(
                f"A row has the outlier factor {worst:.3g}, because it is next to rows "
                f"with more than {self.n_neighbors_} copies, whose density has no "
                "bound: drop duplicates, or raise n_neighbors.",
                stacklevel=3,
            )

    def fit_predict(self, X: ArrayLike, y: Any = None) -> Integers:
        """Say of each training row whether it is an outlier.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to judge.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        numpy.ndarray of shape (n,)
            -1 for outliers, 1 for the others.
        """
        factors = self.fit(X, y).negative_outlier_factor_
        return np.where(factors < self.offset_, -1, 1)

    @property
    def score_samples(self) -> Callable[[ArrayLike], Floats]:
        """Takes new rows, returns minus their factors; only with ``novelty=True``."""
        self._need_novelty("score_samples")
        return self._score_samples

    @property
    def decision_function(self) -> Callable[[ArrayLike], Floats]:
        """Takes new rows, returns scores below 0 for outliers; as `score_samples`."""
        self._need_novelty("decision_function")
        return lambda X: self._score_samples(X) - self.offset_

    @property
    def predict(self) -> Callable[[ArrayLike], Integers]:
        """Takes new rows, returns -1 for outliers and 1 for others; as above."""
        self._need_novelty("predict")
        return lambda X: np.where(self._score_samples(X) < self.offset_, -1, 1)

    def _need_novelty(self, method: str) -> None:
        if not self.novelty:
            raise AttributeError(
                f"{method} is for new rows and needs novelty=True; for the training "
                "rows use fit_predict and negative_outlier_factor_."
            )

    def _score_samples(self, X: ArrayLike) -> Floats:
        check_is_fitted(self, "offset_")
        rows = check_features(self, X, fitting=False)
        k = self.n_neighbors_
        found = nearest_neighbors(self._rows, rows, k, metric=self.metric)
        return -self._factors(self._mean_reach(*found), found[1])
