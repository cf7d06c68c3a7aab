"""Maps from a table of distances or of products, where there may be no columns.

The directions of PCA are eigenvectors of X'X, the coordinates along them come from
those of XX', and XX' holds nothing but products of rows with rows. So any table of
products will do: that of a kernel, or the one that a table of distances implies.
"""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg
from scipy.spatial.distance import cdist

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_table,
    is_whole,
    power_of_two,
)
from ml_from_scratch.decomposition.svd import _check_components, _signs

KERNELS = ("linear", "poly", "rbf")


def classical_mds(distances: ArrayLike, n_components: int = 2) -> Floats:
    """Place points so that their distances are as in a table.

    Parameters
    ----------
    distances : array of shape (n, n)
        Distances between all pairs: symmetric, from 0, zero on the diagonal.
    n_components : int
        How many coordinates, from 1 to n.

    Returns
    -------
    array of shape (n, n_components)
        Coordinates around their mean, along the directions of largest variance; the
        entry of largest size in each column is positive. If the distances are those of
        rows with so many columns, they are kept exactly.

    Raises
    ------
    ValueError
        If the table is not square and symmetric, or holds a negative number or one
        other than 0 on the diagonal.

    Notes
    -----
    O(n^3) time, O(n^2) memory. Directions whose eigenvalue is negative, which no points
    in space can have, get the coordinate 0.

    Taught in: classical/dimensionality.

    References
    ----------
    Torgerson (1952), "Multidimensional scaling: I. Theory and method", Psychometrika
    17.

    Examples
    --------
    >>> triangle = [[0.0, 3.0, 5.0], [3.0, 0.0, 4.0], [5.0, 4.0, 0.0]]
    >>> spots = classical_mds(triangle)
    >>> cdist(spots, spots).round(9).tolist()
    [[0.0, 3.0, 5.0], [3.0, 0.0, 4.0], [5.0, 4.0, 0.0]]
    """
    D = check_table(distances)
    symmetric = D.shape[0] == D.shape[1] and np.allclose(D, D.T, rtol=1e-10, atol=0)
    if not symmetric or (D < 0).any() or np.diag(D).any():
        raise ValueError(
            "distances must be a square, symmetric table of numbers from 0 with zeros "
            f"on the diagonal, but this one of shape {D.shape} is not."
        )
    _check_components(n_components, len(D), "rows")
    unit = power_of_two(D)
    products = _centred(-0.5 * (D / unit) ** 2)
    values, vectors = _largest(products, n_components)
    spots: Floats = vectors * np.sqrt(np.maximum(values, 0.0)) * unit
    return spots


def _centred(K: Floats) -> Floats:
    """Return the products of rows around their mean, from those of rows."""
    columns = K.mean(axis=0)
    centred: Floats = K - columns - columns[:, None] + columns.mean()
    return centred


def _largest(K: Floats, k: int) -> tuple[Floats, Floats]:
    n = len(K)
    values, vectors = linalg.eigh(K, subset_by_index=[n - k, n - 1])
    vectors = vectors[:, ::-1]
    return values[::-1], np.asarray(vectors * _signs(vectors.T))


class KernelPCA(TransformerMixin, BaseEstimator):
    """PCA on products that a kernel gives: bent directions instead of straight ones.

    Parameters
    ----------
    n_components : int or None
        How many directions; None for all whose variance is not zero.
    kernel : {"linear", "poly", "rbf"}
        x.y, or (gamma x.y + coef0)^degree, or exp(-gamma |x - y|^2).
    gamma : float or None
        See `kernel`; None is 1 / d.
    degree : int
        For "poly".
    coef0 : float
        For "poly".

    Attributes
    ----------
    eigenvalues_ : array of shape (k,)
        Of the centred table of products, falling.
    eigenvectors_ : array of shape (n, k)
        Theirs; the entry of largest size in each is positive.
    X_fit_ : array of shape (n, d)
        The training rows, which new ones are multiplied with.
    gamma_ : float
        The one used.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(n^2 d + n^3) time, O(n^2) memory.

    Taught in: classical/dimensionality.

    References
    ----------
    Schölkopf, Smola and Müller (1998), "Nonlinear component analysis as a kernel
    eigenvalue problem", Neural Computation 10.

    Examples
    --------
    >>> angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    >>> ring = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> X = np.vstack([ring, 3 * ring])
    >>> first = KernelPCA(1, kernel="rbf", gamma=0.3).fit_transform(X)[:, 0]
    >>> float(abs(first[:20].mean() - first[20:].mean()).round(2))  # a straight cut now
    0.76
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        kernel: Literal["linear", "poly", "rbf"] = "linear",
        gamma: float | None = None,
        degree: int = 3,
        coef0: float = 1.0,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the directions.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        KernelPCA
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        X = check_features(self, X, fitting=True)
        self._check_settings(len(X))
        self.X_fit_ = X.copy()
        self.gamma_ = 1.0 / X.shape[1] if self.gamma is None else float(self.gamma)
        K = self._products(X)
        self._column_means = K.mean(axis=0)
        values, vectors = _largest(_centred(K), self.n_components or len(X))
        kept = values > 1e-12 * max(values[0], 0.0)
        if self.n_components is not None:
            values = np.where(kept, values, 0.0)
            kept[:] = True
        self.eigenvalues_, self.eigenvectors_ = values[kept], vectors[:, kept]
        return self

    def _products(self, X: Floats) -> Floats:
        if self.kernel == "rbf":
            near: Floats = np.exp(-self.gamma_ * cdist(X, self.X_fit_, "sqeuclidean"))
            return near
        products: Floats = X @ self.X_fit_.T
        if self.kernel == "poly":
            products = (self.gamma_ * products + self.coef0) ** self.degree
        return products

    def _check_settings(self, n: int) -> None:
        k, gamma = self.n_components, self.gamma
        one = is_whole(k) and int(k or 1) <= n
        positive = isinstance(gamma, Real) and float(gamma) > 0
        check_parameters(
            self,
            n_components=(k is None or one, f"None or a whole number from 1 to {n}"),
            kernel=(self.kernel in KERNELS, f"one of {KERNELS}"),
            gamma=(gamma is None or positive, "None or a number above 0"),
            degree=(is_whole(self.degree), "a whole number from 1"),
            coef0=(isinstance(self.coef0, Real), "a number"),
        )

    def transform(self, X: ArrayLike) -> Floats:
        """Return rows along the directions.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, k)
            Coordinates; 0 along directions without variance.
        """
        check_is_fitted(self, "eigenvectors_")
        K = self._products(check_features(self, X, fitting=False))
        K = K - self._column_means  # the rest of centring: eigenvectors sum to zero
        lengths = np.sqrt(self.eigenvalues_)
        scales = np.where(lengths > 0, 1.0 / np.where(lengths > 0, lengths, 1.0), 0.0)
        along: Floats = K @ (self.eigenvectors_ * scales)
        return along
