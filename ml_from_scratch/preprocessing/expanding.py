"""Expanding: more columns out of few, so that a straight line can bend.

Products of columns let a linear model have curves and interactions; bins let it have
steps.
"""

from __future__ import annotations

from itertools import chain, combinations, combinations_with_replacement
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.preprocessing.columns import check_width, feature_names

Product = tuple[int, ...]  # positions of the factors, which may repeat


class PolynomialFeatures(TransformerMixin, BaseEstimator):
    """Append all products of up to so many columns.

    Parameters
    ----------
    degree : int
        Most factors of a product.
    interaction_only : bool
        Whether a column may be a factor only once.
    include_bias : bool
        Whether to begin with a column of ones, the product of no factors. A model that
        has an intercept does not need it.

    Attributes
    ----------
    products_ : list of tuples
        The factors of each output column, by position.
    n_output_features_ : int
        How many there are.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    There are binomial(d + degree, degree) products: 20 columns give 231 of degree 2 and
    10,626 of degree 4. Each is the product of an earlier one and a column, so O(n)
    apiece.

    Taught in: features/feature-engineering.

    Examples
    --------
    >>> expander = PolynomialFeatures(include_bias=False)
    >>> expander.fit_transform([[2.0, 3.0]]).tolist()
    [[2.0, 3.0, 4.0, 6.0, 9.0]]
    >>> expander.get_feature_names_out().tolist()
    ['x0', 'x1', 'x0^2', 'x0 x1', 'x1^2']
    """

    def __init__(
        self,
        degree: int = 2,
        *,
        interaction_only: bool = False,
        include_bias: bool = True,
    ) -> None:
        self.degree = degree
        self.interaction_only = interaction_only
        self.include_bias = include_bias

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Count the columns and list the products.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of finite numbers.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        PolynomialFeatures
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        check_parameters(self, degree=(self.degree >= 0, "a whole number from 0"))
        self.n_features_in_ = check_features(self, X, fitting=True).shape[1]
        choose = (
            combinations if self.interaction_only else combinations_with_replacement
        )
        sizes = range(0 if self.include_bias else 1, self.degree + 1)
        positions = range(self.n_features_in_)
        lists = (choose(positions, size) for size in sizes)
        self.products_: list[Product] = list(chain.from_iterable(lists))
        self.n_output_features_ = len(self.products_)
        if not self.products_:
            raise ValueError("degree 0 without include_bias leaves no column at all.")
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Return the products.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, k)
            Ones, the columns, the products of two and so on.
        """
        check_is_fitted(self, "products_")
        X = check_features(self, X, fitting=False)
        columns = np.ascontiguousarray(X.T)
        made = np.empty((self.n_output_features_, len(X)))
        place = {product: i for i, product in enumerate(self.products_)}
        for i, product in enumerate(self.products_):
            if len(product) < 2:
                made[i] = columns[product[0]] if product else 1.0
            else:  # all but its last factor were multiplied before
                np.multiply(
                    made[place[product[:-1]]], columns[product[-1]], out=made[i]
                )
        return np.ascontiguousarray(made.T)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features : array-like of shape (d,), optional
            Names of the input; by default those seen by ``fit``, or x0, x1 and so on.

        Returns
        -------
        numpy.ndarray of shape (k,)
            Such as "1", "x0", "x0^2" and "x0 x1".
        """
        check_is_fitted(self, "products_")
        names = feature_names(self, input_features)
        return np.asarray([_name(p, names) for p in self.products_], dtype=object)


def _name(product: Product, names: NDArray[Any]) -> str:
    powers = {names[j]: product.count(j) for j in product}
    words = [name if n == 1 else f"{name}^{n}" for name, n in powers.items()]
    return " ".join(words) or "1"


class KBinsDiscretizer(TransformerMixin, BaseEstimator):
    """Replace each number by the bin that it falls into.

    Parameters
    ----------
    n_bins : int
        Bins a column, at least 2.
    encode : {"ordinal", "onehot-dense"}
        The number of the bin, or a column of zeros and ones for each.
    strategy : {"quantile", "uniform"}
        Bins with the same number of rows, or of the same width.

    Attributes
    ----------
    bin_edges_ : list of arrays
        The edges of each column's bins, rising; the first and last are the smallest and
        the largest value.
    n_bins_ : array of shape (d,)
        How many bins each column has.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    A value on an edge belongs to the bin above it; values outside belong to the first
    or the last bin. Quantiles that coincide, as many equal values make them, leave
    fewer bins; a column that never changes has one.

    O(n d) time to find quantiles by selection, O(n d log(n_bins)) to look values up.

    Taught in: features/feature-engineering.

    References
    ----------
    Hyndman and Fan (1996), "Sample quantiles in statistical packages", The American
    Statistician 50: definition 2 is used.

    Examples
    --------
    >>> hours = [[0.0], [1.0], [2.0], [6.0], [7.0], [23.0]]
    >>> KBinsDiscretizer(n_bins=3).fit_transform(hours).ravel().tolist()
    [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    """

    def __init__(
        self,
        n_bins: int = 5,
        *,
        encode: Literal["ordinal", "onehot-dense"] = "ordinal",
        strategy: Literal["quantile", "uniform"] = "quantile",
    ) -> None:
        self.n_bins = n_bins
        self.encode = encode
        self.strategy = strategy

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the edges of each column's bins.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from, finite numbers.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        KBinsDiscretizer
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        ways, strategies = ("ordinal", "onehot-dense"), ("quantile", "uniform")
        check_parameters(
            self,
            n_bins=(self.n_bins >= 2, "a whole number from 2"),
            encode=(self.encode in ways, f"one of {ways}"),
            strategy=(self.strategy in strategies, f"one of {strategies}"),
        )
        X = check_features(self, X, fitting=True)
        self.bin_edges_ = [self._edges(column) for column in X.T]
        self.n_bins_ = np.array([len(edges) - 1 for edges in self.bin_edges_])
        return self

    def _edges(self, column: Floats) -> Floats:
        low, high = column.min(), column.max()
        if low == high:
            return np.array([low, high])
        if self.strategy == "uniform":
            return np.unique(np.linspace(low, high, self.n_bins + 1))
        shares = np.linspace(0, 100, self.n_bins + 1)
        return np.unique(np.percentile(column, shares, method="averaged_inverted_cdf"))

    def transform(self, X: ArrayLike) -> Floats:
        """Return the bins of the values.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d) or (n, sum of n_bins_)
            Numbers of bins from 0, or zeros and ones.
        """
        check_is_fitted(self, "bin_edges_")
        X = check_features(self, X, fitting=False)
        bins = [
            np.searchsorted(edges[1:-1], column, side="right")
            for column, edges in zip(X.T, self.bin_edges_, strict=True)
        ]
        if self.encode == "ordinal":
            return np.column_stack(bins).astype(np.float64)
        blocks = zip(self.n_bins_, bins, strict=True)
        return np.hstack([np.eye(k)[chosen] for k, chosen in blocks])

    def inverse_transform(self, X: ArrayLike) -> Floats:
        """Return the middle of each bin.

        Parameters
        ----------
        X : array-like of shape (n, k)
            What ``transform`` gave.

        Returns
        -------
        numpy.ndarray of shape (n, d)
            Numbers in the units of the columns.
        """
        check_is_fitted(self, "bin_edges_")
        back = [
            ((edges[1:] + edges[:-1]) / 2)[chosen]
            for edges, chosen in zip(self.bin_edges_, self._chosen(X), strict=True)
        ]
        return np.column_stack(back)

    def _chosen(self, X: ArrayLike) -> list[Integers]:
        one_hot = self.encode == "onehot-dense"
        width = int(self.n_bins_.sum()) if one_hot else len(self.n_bins_)
        table = check_width(X, width, "KBinsDiscretizer")
        if one_hot:
            blocks = np.split(table, np.cumsum(self.n_bins_)[:-1], axis=1)
            return [block.argmax(axis=1) for block in blocks]
        return [
            np.clip(column, 0, k - 1).astype(np.intp)
            for column, k in zip(table.T, self.n_bins_, strict=True)
        ]

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features : array-like of shape (d,), optional
            Names of the input; by default those seen by ``fit``, or x0, x1 and so on.

        Returns
        -------
        numpy.ndarray of shape (k,)
            The same names, with the number of the bin behind if it has its own column.
        """
        check_is_fitted(self, "bin_edges_")
        names = feature_names(self, input_features)
        if self.encode == "ordinal":
            return names
        pairs = zip(names, self.n_bins_, strict=True)
        numbered = [f"{name}_{float(i)}" for name, k in pairs for i in range(k)]
        return np.asarray(numbered, dtype=object)
