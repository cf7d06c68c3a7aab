"""Imputing: a value for what is missing, learned from what is there.

What to fill in is learned by ``fit`` and only used by ``transform``, so that a test row
never lends its value to the mean that fills it. That a value was missing often tells
more than any guess at it: `add_indicator` keeps that as columns of its own.
"""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    TransformerMixin,
    check_is_fitted,
    check_parameters,
)
from ml_from_scratch.preprocessing.columns import columns_of, feature_names

_NUMBERS = "biuf"


class _Imputer(TransformerMixin, BaseEstimator):
    """Columns with gaps in, columns without them out, indicators behind."""

    add_indicator: bool
    n_features_in_: int

    def _learn_indicator(self, gaps: NDArray[np.bool_]) -> None:
        self.indicator_features_ = np.flatnonzero(gaps.any(axis=0))

    def _with_indicator(
        self, filled: NDArray[Any], gaps: NDArray[np.bool_]
    ) -> NDArray[Any]:
        if not self.add_indicator:
            return filled
        said = gaps[:, self.indicator_features_].astype(filled.dtype)
        return np.hstack([filled, said])

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
            The same names, then one "missingindicator_" name an indicator.
        """
        check_is_fitted(self, "indicator_features_")
        names = feature_names(self, input_features)
        if not self.add_indicator:
            return names
        said = [f"missingindicator_{names[j]}" for j in self.indicator_features_]
        return np.concatenate([names, np.asarray(said, dtype=object)])

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a transformer that takes missing values."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class SimpleImputer(_Imputer):
    """Fill each column's gaps with one value: its mean, median, mode or a constant.

    Parameters
    ----------
    strategy : {"mean", "median", "most_frequent", "constant"}
        What to fill in. Columns of strings take one of the last two.
    fill_value : str or number, optional
        The constant; by default 0 for numbers and "missing_value" for strings.
    add_indicator : bool
        Whether to append, for each column that had gaps in ``fit``, a column that says
        where they are.

    Attributes
    ----------
    statistics_ : array of shape (d,)
        What is filled in.
    indicator_features_ : array of shape (k,)
        Positions of the columns that had gaps.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    NaN, None and pandas' NA are missing. Of several most frequent values the smallest
    is filled in. A column without any value is refused, where scikit-learn drops it:
    later steps would count on it.

    O(n d) time. Taught in: classical/preparing-data.

    References
    ----------
    Little and Rubin (2019), Statistical Analysis with Missing Data, 3rd edition,
    chapter 4.

    Examples
    --------
    >>> rows = [[1.0, np.nan], [3.0, 4.0], [np.nan, 8.0]]
    >>> SimpleImputer(add_indicator=True).fit_transform(rows).tolist()
    [[1.0, 6.0, 0.0, 1.0], [3.0, 4.0, 0.0, 0.0], [2.0, 8.0, 1.0, 0.0]]
    """

    def __init__(
        self,
        *,
        strategy: Literal["mean", "median", "most_frequent", "constant"] = "mean",
        fill_value: Any = None,
        add_indicator: bool = False,
    ) -> None:
        self.strategy = strategy
        self.fill_value = fill_value
        self.add_indicator = add_indicator

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what to fill in.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows to learn from; columns of numbers or strings, with gaps.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        SimpleImputer
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse.
        ValueError
            If an input is not as described, or if a column has no value at all.
        """
        del y
        strategies = ("mean", "median", "most_frequent", "constant")
        fine = self.strategy in strategies
        check_parameters(self, strategy=(fine, f"one of {strategies}"))
        columns = columns_of(self, X, fitting=True)
        gaps = _gaps(columns)
        names = feature_names(self)
        values = [
            self._value(_as_numbers(column[~gap], self.strategy, name), name)
            for column, gap, name in zip(columns, gaps.T, names, strict=True)
        ]
        numbers = all(isinstance(value, float) for value in values)
        kind = np.float64 if numbers else object
        self.statistics_ = np.asarray(values, dtype=kind)
        self._learn_indicator(gaps)
        return self

    def _value(self, present: NDArray[Any], name: str) -> Any:
        """Return what to fill into a column with these values."""
        numeric = present.dtype.kind in _NUMBERS
        if self.strategy == "constant":
            constant = self.fill_value
            if constant is None:
                constant = 0.0 if numeric else "missing_value"
            return float(constant) if numeric else constant
        if not len(present):
            raise ValueError(
                f"Column {name!r} has no value at all, so its {self.strategy} is "
                "unknown: drop it, or fill a constant."
            )
        if self.strategy == "most_frequent":
            values, counts = np.unique(present, return_counts=True)
            most = values[counts.argmax()]
            return float(most) if numeric else most
        return float(getattr(np, self.strategy)(present))

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the rows with their gaps filled.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d) or (n, d + k)
            float64 if every column was of numbers in ``fit``, else object.
        """
        check_is_fitted(self, "statistics_")
        columns = columns_of(self, X, fitting=False)
        gaps = _gaps(columns)
        filled = np.empty(gaps.shape, dtype=self.statistics_.dtype)
        names = feature_names(self)
        for j, (column, value) in enumerate(
            zip(columns, self.statistics_, strict=True)
        ):
            there = ~gaps[:, j]
            present = column[there]
            if filled.dtype == np.float64:
                present = _as_numbers(present, "mean", names[j])
            filled[there, j], filled[~there, j] = present, value
        return self._with_indicator(filled, gaps)


def _gaps(columns: list[NDArray[Any]]) -> NDArray[np.bool_]:
    """Return where values are missing, (n, d)."""
    return np.column_stack([np.asarray(pd.isna(column)) for column in columns])


def _as_numbers(present: NDArray[Any], strategy: str, name: str) -> NDArray[Any]:
    """Return a column's values as floats if they are numbers, else as they are."""
    if present.dtype.kind == "O" and all(_is_number(value) for value in present):
        present = present.astype(np.float64)
    if present.dtype.kind in _NUMBERS:
        numbers = present.astype(np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError(f"Input X contains inf, in column {name!r}.")
        return numbers
    if strategy in ("mean", "median"):
        first = next(value for value in present if not _is_number(value))
        kind = TypeError if not isinstance(first, str) else ValueError
        raise kind(
            f"Column {name!r} holds {first!r}, and the {strategy} of what is no number "
            "is unknown: an imputer's argument must be a string or a number, and for "
            "strings its strategy 'most_frequent' or 'constant'."
        )
    return present


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number | np.bool_)


class KNNImputer(_Imputer):
    """Fill each gap with the mean of that column in the most similar rows.

    Parameters
    ----------
    n_neighbors : int
        How many rows to average, of those that have the value.
    weights : {"uniform", "distance"}
        Whether they count alike, or by the inverse of their distance.
    add_indicator : bool
        Whether to append, for each column that had gaps in ``fit``, a column that says
        where they are.

    Attributes
    ----------
    indicator_features_ : array of shape (k,)
        Positions of the columns that had gaps.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    The distance of two rows is the root of the mean squared difference over the columns
    that both have. Scale the columns first. Rows that share no column are no
    neighbours; where none is left, the column's mean is filled in. A column without any
    value is refused.

    O(q n d) time for q rows with gaps and O(q n) memory; the distances are three matrix
    products.

    Taught in: classical/preparing-data.

    References
    ----------
    Troyanskaya et al. (2001), "Missing value estimation methods for DNA microarrays",
    Bioinformatics 17.

    Examples
    --------
    >>> rows = [[1.0, 10.0], [2.0, 20.0], [9.0, 90.0], [1.5, np.nan]]
    >>> KNNImputer(n_neighbors=2).fit_transform(rows)[3].tolist()
    [1.5, 15.0]
    """

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        weights: Literal["uniform", "distance"] = "uniform",
        add_indicator: bool = False,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.add_indicator = add_indicator

    def fit(self, X: Any, y: Any = None) -> Self:
        """Keep the rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows of numbers with gaps.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        KNNImputer
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse.
        ValueError
            If an input is not as described, or if a column has no value at all.
        """
        del y
        ways = ("uniform", "distance")
        check_parameters(
            self,
            n_neighbors=(self.n_neighbors >= 1, "a whole number from 1"),
            weights=(self.weights in ways, f"one of {ways}"),
        )
        rows, gaps = self._rows(X, fitting=True)
        empty = feature_names(self)[gaps.all(axis=0)]
        if len(empty):
            raise ValueError(f"Columns {list(empty)} have no value at all: drop them.")
        self._fit_X, self._fit_gaps = rows, gaps
        self._means = rows.sum(axis=0) / (~gaps).sum(axis=0)
        self._learn_indicator(gaps)
        return self

    def _rows(self, X: Any, *, fitting: bool) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the rows with zeros for gaps, and where these are."""
        columns = columns_of(self, X, fitting=fitting)
        gaps, rows = _gaps(columns), np.zeros((len(columns[0]), len(columns)))
        names = feature_names(self)
        for j, column in enumerate(columns):
            there = ~gaps[:, j]
            rows[there, j] = _as_numbers(column[there], "mean", names[j])
        return rows, gaps

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the rows with their gaps filled.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n, d) or (n, d + k)
            float64.
        """
        check_is_fitted(self, "indicator_features_")
        rows, gaps = self._rows(X, fitting=False)
        broken = np.flatnonzero(gaps.any(axis=1))
        if len(broken):
            distances = self._distances(rows[broken], gaps[broken])
            for j in np.flatnonzero(gaps.any(axis=0)):
                mine = gaps[broken, j]
                rows[broken[mine], j] = self._guesses(distances[mine], int(j))
        return self._with_indicator(rows, gaps)

    def _distances(self, rows: Floats, gaps: NDArray[np.bool_]) -> Floats:
        """Return (q, n) distances over shared columns, inf where none is shared."""
        ours, theirs = (~gaps).astype(float), (~self._fit_gaps).astype(float)
        # Sum of (a - b) ** 2 over shared columns; zeros stand in the gaps of both.
        squares: Floats = rows**2 @ theirs.T
        squares -= (2 * rows) @ self._fit_X.T
        squares += ours @ (self._fit_X**2).T
        np.maximum(squares, 0.0, out=squares)
        shared = ours @ theirs.T
        squares[shared == 0] = np.inf
        squares /= np.maximum(shared, 1.0, out=shared)
        return np.sqrt(squares, out=squares)

    def _guesses(self, distances: Floats, j: int) -> Floats:
        """Return the mean of column j over each row's neighbours that have it."""
        donors = np.flatnonzero(~self._fit_gaps[:, j])
        k = min(self.n_neighbors, len(donors))
        distances = distances[:, donors]
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        away = np.take_along_axis(distances, nearest, axis=1)
        values = self._fit_X[donors, j][nearest]
        weights = np.isfinite(away).astype(float)
        if self.weights == "distance":
            weights = _inverse(away)
        total = weights.sum(axis=1)
        guesses = (weights * values).sum(axis=1) / np.where(total > 0, total, 1.0)
        found: Floats = np.where(total > 0, guesses, self._means[j])
        return found


def _inverse(away: Floats) -> Floats:
    """Return 1 / distance; where one is 0, only such rows count."""
    same = away == 0
    weights = 1.0 / np.where(same, 1.0, away)
    return np.where(same.any(axis=1, keepdims=True), same, weights)
