"""PCA: turn the axes so that the first few hold most of the variance.

The directions are the right singular vectors of the centred rows. Two ways lead there.
The singular value decomposition of the rows is the one that keeps all digits. The
eigenvectors of X'X (of XX', where there are more columns than rows) are the same
directions at a fraction of the price, for the large table is met in one product only;
but squares have lost half of the digits of whatever is small. So the cheap way is
taken first, and the other one where the smallest variance that is wanted turns out to
be small beside the largest.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    power_of_two,
    random_generator,
)
from ml_from_scratch.decomposition.svd import _point_up, randomized_svd

Solver = Literal["auto", "full", "covariance_eigh", "randomized"]
SOLVERS = ("auto", "full", "covariance_eigh", "randomized")

# Squares of singular values from X'X are right to eps times the largest one: those
# above this share of it keep 12 digits.
_SMALL_SHARE = 1e-4


class _Axes(NamedTuple):
    """Squared singular values in falling order, their directions as rows, and a sum."""

    squares: Floats
    directions: Floats
    total: float  # of all squares, also of those that were not computed


def _axes_by_svd(Z: Floats) -> _Axes:
    _, values, directions = linalg.svd(Z, full_matrices=False)
    squares = values**2
    return _Axes(squares, directions, float(squares.sum()))


def _axes_by_products(Z: Floats, count: int) -> _Axes:
    """Return the first eigenvectors of Z'Z, by way of those of ZZ' if it is smaller."""
    wide = Z.shape[0] < Z.shape[1]
    products = Z @ Z.T if wide else Z.T @ Z
    m = len(products)
    total = float(np.trace(products))
    squares, vectors = linalg.eigh(
        products, subset_by_index=[m - count, m - 1], overwrite_a=True
    )
    squares, vectors = np.maximum(squares[::-1], 0.0), vectors[:, ::-1]
    if wide:  # u' Z = s v'
        lengths = np.sqrt(np.where(squares > 0, squares, 1.0))
        vectors = Z.T @ vectors / lengths
    return _Axes(squares, vectors.T, total)


class PCA(TransformerMixin, BaseEstimator):
    """Turn rows onto the directions of largest variance, and keep the first of these.

    Parameters
    ----------
    n_components : int, float or None
        How many directions; or the share of the variance that they hold together, as a
        number between 0 and 1; None for all.
    whiten : bool
        Whether to divide each new column by its standard deviation.
    svd_solver : {"auto", "full", "covariance_eigh", "randomized"}
        "full" decomposes the rows, "covariance_eigh" the smaller of X'X and XX', "auto"
        the latter, unless that would cost digits; "randomized" is `randomized_svd`, for
        a few directions of a large table.
    random_state : int, Generator, RandomState or None
        For "randomized".

    Attributes
    ----------
    components_ : array of shape (n_components_, d)
        The directions, of length one and at right angles; the entry of largest size in
        each is positive.
    explained_variance_ : array of shape (n_components_,)
        Variance along each, with n - 1 in the denominator, falling.
    explained_variance_ratio_ : array of shape (n_components_,)
        As shares of the total; zero if no column varies.
    singular_values_ : array of shape (n_components_,)
        Lengths of the columns of the transformed training rows.
    mean_ : array of shape (d,)
        Mean of the columns.
    n_components_ : int
        How many directions there are.
    noise_variance_ : float
        Mean variance along the directions left out.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    With m = min(n, d): O(ndm) time, and O(m^3) for the eigenvectors; memory for a copy
    of the rows.

    Taught in: classical/dimensionality.

    References
    ----------
    Jolliffe (2002), Principal Component Analysis, 2nd edition, chapters 2 and 3.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0], [2.0, 2.1], [3.0, 2.9], [4.0, 4.0]])
    >>> model = PCA(1).fit(X)
    >>> model.explained_variance_ratio_.round(3).tolist()
    [0.999]
    >>> model.inverse_transform(model.transform(X)).round(2).tolist()
    [[0.99, 1.01], [2.05, 2.05], [2.95, 2.95], [4.01, 3.99]]
    """

    def __init__(
        self,
        n_components: int | float | None = None,
        *,
        whiten: bool = False,
        svd_solver: Solver = "auto",
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.whiten = whiten
        self.svd_solver = svd_solver
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows, two at least.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        PCA
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        X = check_features(self, X, fitting=True, least_rows=2)
        self._check_settings(min(X.shape))
        unit = power_of_two(X)
        Z = X / unit
        mean = Z.mean(axis=0)
        Z -= mean
        axes = self._axes(Z)
        k = self._n_wanted(axes)
        self.mean_ = mean * unit
        self.n_components_ = k
        self.components_ = _point_up(axes.directions[:k])
        self.singular_values_ = np.sqrt(axes.squares[:k]) * unit
        self._freedom = len(X) - 1
        self.explained_variance_ratio_ = axes.squares[:k] / (axes.total or 1.0)
        with np.errstate(over="ignore"):  # of numbers above 1e154, that is infinite
            per_square = unit * unit / self._freedom
            self.explained_variance_ = axes.squares[:k] * per_square
            self.noise_variance_ = _mean_left_out(axes, k, min(X.shape)) * per_square
        return self

    def _axes(self, Z: Floats) -> _Axes:
        if self.svd_solver == "randomized":
            return self._axes_by_chance(Z)
        if self.svd_solver == "full":
            return _axes_by_svd(Z)
        most = min(Z.shape)
        whole = isinstance(self.n_components, Integral)
        # One more than wanted: the largest of those left out is the noise.
        count = min(int(self.n_components or 0) + 1, most) if whole else most
        axes = _axes_by_products(Z, count)
        if self.svd_solver == "auto":
            smallest = axes.squares[: self._n_wanted(axes) + 1].min()
            if smallest < _SMALL_SHARE * axes.squares[0]:
                return _axes_by_svd(Z)
        return axes

    def _axes_by_chance(self, Z: Floats) -> _Axes:
        k = int(self.n_components or min(Z.shape))
        rng = random_generator(self.random_state)
        _, values, directions = randomized_svd(Z, k, rng=rng)
        return _Axes(values**2, directions, float(np.vdot(Z, Z)))

    def _n_wanted(self, axes: _Axes) -> int:
        if self.n_components is None:
            return len(axes.squares)
        if isinstance(self.n_components, Integral):
            return int(self.n_components)
        shares = np.cumsum(axes.squares) / (axes.total or 1.0)
        enough = np.searchsorted(shares, float(self.n_components), side="right")
        return min(int(enough) + 1, len(shares))

    def _check_settings(self, most: int) -> None:
        k, solver = self.n_components, self.svd_solver
        if isinstance(k, Integral):
            fine = 1 <= int(k) <= most
        else:
            fine = k is None or (isinstance(k, Real) and 0 < float(k) < 1)
        words = f"None, a whole number from 1 to min(rows, columns)={most}, or a share"
        share = solver == "randomized" and not (k is None or isinstance(k, Integral))
        check_parameters(
            self,
            n_components=(fine, f"{words} between 0 and 1"),
            svd_solver=(solver in SOLVERS, f"one of {SOLVERS}"),
            whiten=(isinstance(self.whiten, bool | np.bool_), "True or False"),
        )
        check_parameters(
            self,
            n_components=(not share, "a whole number for svd_solver='randomized'"),
        )

    def transform(self, X: ArrayLike) -> Floats:
        """Return rows along the directions.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, n_components_)
            Coordinates, around the mean of the training rows.
        """
        check_is_fitted(self, "components_")
        X = check_features(self, X, fitting=False)
        along: Floats = (X - self.mean_) @ self.components_.T
        if self.whiten:
            along /= self._scales()
        return along

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return the rows that have these coordinates, and none along other directions.

        Parameters
        ----------
        X : array of shape (n, n_components_)
            What ``transform`` gives.

        Returns
        -------
        array of shape (n, d)
            The nearest rows that so few directions can give.
        """
        check_is_fitted(self, "components_")
        along = check_features(BaseEstimator(), X, fitting=True)
        if along.shape[1] != self.n_components_:
            raise ValueError(
                f"X has {along.shape[1]} columns, but there are {self.n_components_} "
                "components."
            )
        if self.whiten:
            along = along * self._scales()
        rows: Floats = along @ self.components_ + self.mean_
        return rows

    def _scales(self) -> Floats:
        """Return the standard deviations; 1 where there is nothing but rounding."""
        values = self.singular_values_
        nothing = values <= len(values) * np.finfo(np.float64).eps * values[0]
        scales: Floats = np.where(nothing, 1.0, values / np.sqrt(self._freedom))
        return scales


def _mean_left_out(axes: _Axes, k: int, most: int) -> float:
    if k == most:
        return 0.0
    left = axes.total - axes.squares.sum() + axes.squares[k:].sum()
    return max(float(left), 0.0) / (most - k)
