"""Kernels: inner products of rows in spaces that are never entered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ml_from_scratch.base import Floats

KernelName = Literal["linear", "poly", "rbf"]
KERNELS = ("linear", "poly", "rbf")


@dataclass(frozen=True)
class Kernel:
    """Similarity of any row to some fixed rows, such as the support vectors.

    Parameters
    ----------
    name : {"linear", "poly", "rbf"}
        x.r, or (gamma x.r + coef0)^degree, or exp(-gamma |x - r|^2).
    rows : array of shape (n, d)
        The rows r compared with.
    gamma : float, default 1.0
        For "rbf" one over twice the squared width of the bell around each row.
    degree : int, default 3
        Power of "poly".
    coef0 : float, default 0.0
        Weight of the lower powers of "poly".

    Notes
    -----
    A row of the table costs O(n d) time. Taught in: classical/svm.

    References
    ----------
    Boser, Guyon and Vapnik (1992), "A training algorithm for optimal margin
    classifiers", COLT.

    Examples
    --------
    >>> kernel = Kernel("rbf", np.array([[0.0], [1.0]]), gamma=0.5)
    >>> kernel.table(np.array([[0.0]])).round(3).tolist()
    [[1.0, 0.607]]
    """

    name: KernelName
    rows: Floats
    gamma: float = 1.0
    degree: int = 3
    coef0: float = 0.0

    def table(self, X: Floats) -> Floats:
        """Return the similarity of every row of `X` to every fixed row.

        Parameters
        ----------
        X : array of shape (m, d)
            Any rows.

        Returns
        -------
        numpy.ndarray of shape (m, n)
            Similarities.
        """
        if self.name == "linear":
            products: Floats = X @ self.rows.T
            return products
        if self.name == "poly":
            powers: Floats = (
                self.gamma * (X @ self.rows.T) + self.coef0
            ) ** self.degree
            return powers
        return self._bells(X)

    def diagonal(self) -> Floats:
        """Return the similarity of each fixed row to itself.

        Returns
        -------
        numpy.ndarray of shape (n,)
            The diagonal of ``table(rows)``.
        """
        squares: Floats = np.einsum("ij,ij->i", self.rows, self.rows)
        if self.name == "linear":
            return squares
        if self.name == "poly":
            powers: Floats = (self.gamma * squares + self.coef0) ** self.degree
            return powers
        return np.ones(len(self.rows))

    def _bells(self, X: Floats) -> Floats:
        """Return exp(-gamma |x - r|^2), all distances by one product of matrices."""
        centre, doubled, squares = self._centred
        X = X - centre
        exponents = X @ doubled
        exponents -= squares
        exponents -= self.gamma * np.einsum("md,md->m", X, X)[:, None]
        np.minimum(exponents, 0.0, out=exponents)  # rounding brings no row too near
        return np.exp(exponents, out=exponents)

    @cached_property
    def _centred(self) -> tuple[Floats, Floats, Floats]:
        """Prepare the rows once; around their mean, large numbers do not cancel."""
        centre = self.rows.mean(axis=0)
        rows = self.rows - centre
        squares = self.gamma * np.einsum("ij,ij->i", rows, rows)
        return centre, np.ascontiguousarray(2.0 * self.gamma * rows.T), squares
