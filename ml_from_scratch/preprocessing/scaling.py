"""Scaling: the same information in comparable units.

A scaler learns two numbers a column, what to subtract and what to divide by. They are
learned on training rows and used on all, which is the whole point of the class.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_sample_weight,
)
from ml_from_scratch.preprocessing.columns import OneToOne, check_width

_EPS = float(np.finfo(np.float64).eps)


class StandardScaler(OneToOne, TransformerMixin, BaseEstimator):
    """Subtract each column's mean and divide by its standard deviation.

    Parameters
    ----------
    with_mean : bool
        Whether to subtract.
    with_std : bool
        Whether to divide.

    Attributes
    ----------
    mean_ : array of shape (d,)
        Means of the columns.
    var_ : array of shape (d,)
        Their variances (divided by n, not by n - 1).
    scale_ : array of shape (d,)
        What is divided by: the standard deviation, or 1 where a column never changes.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    A column counts as one that never changes if its standard deviation is within the
    rounding of its mean. The first row is subtracted before the mean is taken, so that
    a large mean costs no digits.

    O(n d) time and a copy of `X` in memory.

    Taught in: classical/preparing-data.

    References
    ----------
    Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance:
    analysis and recommendations", The American Statistician 37.

    Examples
    --------
    >>> scaler = StandardScaler().fit([[0.0, 5.0], [2.0, 5.0]])
    >>> scaler.transform([[0.0, 5.0], [4.0, 6.0]]).tolist()
    [[-1.0, 0.0], [3.0, 1.0]]
    """

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def fit(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the mean and the standard deviation of each column.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from, finite numbers.
        y : ignored
            There so that pipelines may pass it.
        sample_weight : array-like of shape (n,), optional
            How much each row counts.

        Returns
        -------
        StandardScaler
            The estimator itself.

        Raises
        ------
        ValueError
            If an input is not as described.
        """
        del y
        X = check_features(self, X, fitting=True)
        weights = check_sample_weight(sample_weight, len(X))
        shares = weights / weights.sum()
        rest = X - X[0]
        offset = shares @ rest
        rest -= offset
        self.mean_: Floats = X[0] + offset
        deviation = _root_mean_square(rest, shares)
        with np.errstate(over="ignore", under="ignore"):
            self.var_: Floats = deviation**2
        same = deviation <= 8 * _EPS * np.abs(self.mean_)
        self.scale_ = np.where(same, 1.0, deviation) if self.with_std else None
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the rows in units of standard deviations from the mean.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "mean_")
        X = check_features(self, X, fitting=False)
        moved = X - self.mean_ if self.with_mean else X.copy()
        if self.scale_ is not None:
            moved /= self.scale_
        return moved

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return scaled rows in their former units.

        Parameters
        ----------
        X : array-like of shape (n, d)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "mean_")
        X = check_width(X, self.n_features_in_, "StandardScaler")
        moved = X.copy() if self.scale_ is None else X * self.scale_
        return moved + self.mean_ if self.with_mean else moved

    n_features_in_: int


def _root_mean_square(rest: Floats, shares: Floats) -> Floats:
    """Return the root of each column's mean square, also where squares over-/underflow.

    Such columns are rare; only they are divided by their largest entry first.
    """
    with np.errstate(over="ignore", under="ignore"):
        squares: Floats = np.einsum("i,ij,ij->j", shares, rest, rest)
    roots: Floats = np.sqrt(squares)
    extreme = ~((squares > 1e-280) & (squares < 1e280))
    if extreme.any():
        odd = rest[:, extreme]
        largest = np.abs(odd).max(axis=0)
        unit = odd / np.where(largest > 0, largest, 1.0)
        roots[extreme] = largest * np.sqrt(shares @ unit**2)
    return roots


class MinMaxScaler(OneToOne, TransformerMixin, BaseEstimator):
    """Stretch each column so that its smallest and largest value are given ones.

    Parameters
    ----------
    feature_range : (float, float)
        The two values.
    clip : bool
        Whether values outside the range of ``fit`` end at its edges.

    Attributes
    ----------
    data_min_ : array of shape (d,)
        Smallest value of each column.
    data_max_ : array of shape (d,)
        Largest.
    scale_ : array of shape (d,)
        What each column is multiplied by; 1 stands for its range where it is 0.
    min_ : array of shape (d,)
        What is added then.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    One outlier sets the scale of its column; `RobustScaler` does not mind.

    O(n d) time. Taught in: classical/preparing-data.

    Examples
    --------
    >>> scaler = MinMaxScaler().fit([[1.0], [3.0]])
    >>> scaler.transform([[1.0], [2.0], [5.0]]).ravel().tolist()
    [0.0, 0.5, 2.0]
    """

    def __init__(
        self, feature_range: tuple[float, float] = (0.0, 1.0), *, clip: bool = False
    ) -> None:
        self.feature_range = feature_range
        self.clip = clip

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the smallest and the largest value of each column.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from, finite numbers.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        MinMaxScaler
            The estimator itself.

        Raises
        ------
        ValueError
            If `X` or `feature_range` is not as described.
        """
        del y
        low, high = self.feature_range
        fine = bool(np.isfinite([low, high]).all() and low < high)
        check_parameters(self, feature_range=(fine, "two finite numbers that rise"))
        X = check_features(self, X, fitting=True)
        self.data_min_, self.data_max_ = X.min(axis=0), X.max(axis=0)
        spread = self.data_max_ - self.data_min_
        self.scale_: Floats = (high - low) / np.where(spread > 0, spread, 1.0)
        self.min_: Floats = low - self.data_min_ * self.scale_
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the rows with their columns stretched.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "scale_")
        X = check_features(self, X, fitting=False)
        moved: Floats = X * self.scale_
        moved += self.min_
        return np.clip(moved, *self.feature_range) if self.clip else moved

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return stretched rows in their former units.

        Parameters
        ----------
        X : array-like of shape (n, d)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "scale_")
        back: Floats = check_width(X, self.n_features_in_, "MinMaxScaler") - self.min_
        back /= self.scale_
        return back

    n_features_in_: int


class RobustScaler(OneToOne, TransformerMixin, BaseEstimator):
    """Subtract each column's median and divide by the distance of two quantiles.

    Parameters
    ----------
    with_centering : bool
        Whether to subtract.
    with_scaling : bool
        Whether to divide.
    quantile_range : (float, float)
        The two quantiles, in per cent.

    Attributes
    ----------
    center_ : array of shape (d,)
        Medians of the columns.
    scale_ : array of shape (d,)
        Distances of the quantiles; 1 where that is 0.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    Values outside the quantiles may be anything and change nothing.

    O(n d) time, by selection and not by sorting. Taught in: classical/preparing-data.

    References
    ----------
    Huber and Ronchetti (2009), Robust Statistics, 2nd edition, chapter 1.

    Examples
    --------
    >>> rows = [[1.0], [2.0], [3.0], [4.0], [1e9]]
    >>> RobustScaler().fit_transform(rows).ravel()[:4].tolist()
    [-1.0, -0.5, 0.0, 0.5]
    """

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: tuple[float, float] = (25.0, 75.0),
    ) -> None:
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the median and the two quantiles of each column.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from, finite numbers.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        RobustScaler
            The estimator itself.

        Raises
        ------
        ValueError
            If `X` or `quantile_range` is not as described.
        """
        del y
        low, high = self.quantile_range
        fine = 0 <= low < high <= 100
        check_parameters(self, quantile_range=(fine, "two numbers from 0 to 100, up"))
        X = check_features(self, X, fitting=True)
        first, middle, last = np.percentile(X, [low, 50, high], axis=0)
        spread = last - first
        unit = np.where(spread > 8 * _EPS * np.abs(middle), spread, 1.0)
        self.center_ = middle if self.with_centering else None
        self.scale_ = unit if self.with_scaling else None
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the rows in units of the quantiles' distance from the median.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "center_")
        X = check_features(self, X, fitting=False)
        moved = X.copy() if self.center_ is None else X - self.center_
        if self.scale_ is not None:
            moved /= self.scale_
        return moved

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return scaled rows in their former units.

        Parameters
        ----------
        X : array-like of shape (n, d)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            A new array.
        """
        check_is_fitted(self, "center_")
        X = check_width(X, self.n_features_in_, "RobustScaler")
        moved = X.copy() if self.scale_ is None else X * self.scale_
        return moved if self.center_ is None else moved + self.center_

    n_features_in_: int
