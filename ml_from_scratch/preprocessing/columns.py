"""What the transformers share: columns of any type, and their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import (
    Floats,
    Integers,
    check_columns,
    check_is_fitted,
)


class Categorical:
    """What an encoder's tags add: its input is categories.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.
    """

    def __sklearn_tags__(self) -> Any:
        """Return the tags of the base, marked for categories."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.categorical = True
        return tags


class OneToOne:
    """What a transformer adds whose output has the columns of its input.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.
    """

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
        numpy.ndarray of shape (d,)
            The same names.
        """
        return feature_names(self, input_features)


def feature_names(
    estimator: Any, input_features: ArrayLike | None = None
) -> NDArray[Any]:
    """Return the names of the columns that an estimator was fitted on.

    Parameters
    ----------
    estimator : estimator
        Fitted, with ``n_features_in_``.
    input_features : array-like of shape (d,), optional
        Names to use. Where the columns had names these must be the same.

    Returns
    -------
    numpy.ndarray of shape (d,)
        Names; x0, x1 and so on where there are none.

    Raises
    ------
    ValueError
        If `input_features` does not fit.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> from ml_from_scratch.preprocessing import StandardScaler
    >>> feature_names(StandardScaler().fit([[1.0, 2.0]])).tolist()
    ['x0', 'x1']
    """
    check_is_fitted(estimator, "n_features_in_")
    known = getattr(estimator, "feature_names_in_", None)
    if input_features is None:
        numbered = [f"x{j}" for j in range(estimator.n_features_in_)]
        return np.asarray(numbered, dtype=object) if known is None else known.copy()
    names = np.asarray(input_features, dtype=object)
    if known is not None and list(names) != list(known):
        raise ValueError(
            "input_features is not equal to feature_names_in_: got "
            f"{list(names)}, expected {list(known)}."
        )
    if len(names) != estimator.n_features_in_:
        raise ValueError(
            "input_features should have length equal to number of features "
            f"({estimator.n_features_in_}), got {len(names)}."
        )
    return names


def columns_of(estimator: Any, X: Any, *, fitting: bool) -> list[NDArray[Any]]:
    """Take a table of any types apart into columns, or say what is wrong with it.

    Parameters
    ----------
    estimator : estimator
        Receives, or has already, ``n_features_in_`` and ``feature_names_in_``.
    X : array-like of shape (n, d)
        A data frame, an array or a list of rows; a column may hold numbers or strings.
    fitting : bool
        True in ``fit``, False in every later method.

    Returns
    -------
    list of numpy.ndarray
        One array of shape (n,) a column, in the type that the column has.

    Raises
    ------
    TypeError
        If `X` is sparse.
    ValueError
        If `X` is not two-dimensional, is empty or has other columns than in ``fit``.

    Notes
    -----
    A list of rows that mixes strings and numbers keeps both, which
    ``numpy.asarray`` would not.

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> from ml_from_scratch.base import BaseEstimator
    >>> columns_of(BaseEstimator(), [["fog", 1], ["rain", 2]], fitting=True)[1].tolist()
    [1, 2]
    """
    table = table_of(estimator, X, fitting=fitting)
    if isinstance(table, pd.DataFrame):
        return [table.iloc[:, j].to_numpy() for j in range(table.shape[1])]
    return list(table.T)


def table_of(estimator: Any, X: Any, *, fitting: bool) -> pd.DataFrame | NDArray[Any]:
    """Return a table of any types in one piece, or say what is wrong with it.

    Parameters
    ----------
    estimator : estimator
        Receives, or has already, ``n_features_in_`` and ``feature_names_in_``.
    X : array-like of shape (n, d)
        A data frame, an array or a list of rows.
    fitting : bool
        True in ``fit``, False in every later method.

    Returns
    -------
    pandas.DataFrame or numpy.ndarray
        The data frame itself, or an array.

    Raises
    ------
    TypeError
        If `X` is sparse.
    ValueError
        If `X` is not two-dimensional, is empty or has other columns than in ``fit``.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> from ml_from_scratch.base import BaseEstimator
    >>> table_of(BaseEstimator(), [["fog", 1]], fitting=True).dtype
    dtype('O')
    """
    table = X if isinstance(X, pd.DataFrame) else _array(X)
    _check_shape(table.shape)
    check_columns(estimator, X, table.shape[1], fitting=fitting)
    return table


def _array(X: Any) -> NDArray[Any]:
    if hasattr(X, "tocsr"):
        raise TypeError(
            f"Dense data is required, but X is a sparse {type(X).__name__}: "
            "call X.toarray() if it fits in memory."
        )
    array = np.asarray(X)
    if array.dtype.kind == "U" and not hasattr(X, "dtype"):
        array = np.asarray(X, dtype=object)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X has dtype {array.dtype}.")
    return array


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 2:
        raise ValueError(
            f"Expected a 2D array of shape (rows, columns), but X has shape {shape}. "
            "Reshape your data with X.reshape(-1, 1) if it has one column, or "
            "X.reshape(1, -1) if it has one row."
        )
    for size, what in zip(shape, ("sample", "feature"), strict=True):
        if size < 1:
            raise ValueError(
                f"Found array with {size} {what}(s) (shape={shape}) while a minimum "
                "of 1 is required."
            )


def learn_categories(
    column: NDArray[Any], name: object
) -> tuple[NDArray[Any], Integers]:
    """Return the distinct values of a column, sorted, and the place of each row's.

    Parameters
    ----------
    column : array of shape (n,)
        Strings or numbers, none missing.
    name : object
        What to call the column in an error.

    Returns
    -------
    categories : numpy.ndarray of shape (k,)
        The values.
    codes : numpy.ndarray of shape (n,)
        For each row the position of its value in `categories`.

    Raises
    ------
    TypeError
        If the column mixes strings and numbers, or holds anything else.
    ValueError
        If a value is missing or infinite.

    Notes
    -----
    Rows are hashed and only the distinct values are sorted: O(n + k log k).

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> values = np.array(["rain", "fog", "rain"], dtype=object)
    >>> categories, codes = learn_categories(values, "weather")
    >>> categories.tolist(), codes.tolist()
    (['fog', 'rain'], [1, 0, 1])
    """
    refuse_missing(column, name)
    try:
        codes, found = pd.factorize(column)
        order = np.argsort(found, kind="stable")
    except TypeError:
        raise TypeError(_mixture(column, name)) from None
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(found)[order], rank[codes]


def look_up(
    categories: NDArray[Any], column: NDArray[Any], name: object
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the place of each row's value among known ones, and which have none.

    Parameters
    ----------
    categories : array of shape (k,)
        Known values, each once.
    column : array of shape (n,)
        Values to look up.
    name : object
        What to call the column in an error.

    Returns
    -------
    codes : numpy.ndarray of shape (n,)
        Position in `categories`, and -1 where the value is unknown.
    unseen : numpy.ndarray of shape (n,)
        Whether it is.

    Raises
    ------
    TypeError
        If a value cannot be a category at all.
    ValueError
        If a value is missing or infinite.

    Notes
    -----
    O(n + k). Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> look_up(np.array(["fog", "rain"]), np.array(["rain", "hail"]), "weather")[0]
    array([ 1, -1])
    """
    try:
        codes = pd.Index(categories).get_indexer(pd.Index(column))
    except TypeError:
        raise TypeError(_mixture(column, name)) from None
    unseen = codes < 0
    if unseen.any():
        refuse_missing(column, name)
    return codes.astype(np.intp, copy=False), unseen


def refuse_missing(column: NDArray[Any], name: object) -> None:
    """Refuse a column with a missing or an infinite value, naming the first.

    Parameters
    ----------
    column : array of shape (n,)
        Strings or numbers.
    name : object
        What to call the column.

    Raises
    ------
    ValueError
        If there is one.

    Notes
    -----
    Taught in: classical/preparing-data.

    Examples
    --------
    >>> refuse_missing(np.array(["fog", None], dtype=object), "sky")
    Traceback (most recent call last):
    ValueError: Column 'sky' has 1 of 2 values missing (NaN, None) or inf, the first \
in row 1: fill them first, for example with SimpleImputer.
    """
    missing = np.asarray(pd.isna(column))
    if column.dtype.kind == "f":
        missing = missing | np.isinf(column)
    if missing.any():
        raise ValueError(
            f"Column {name!r} has {missing.sum()} of {len(column)} values missing "
            f"(NaN, None) or inf, the first in row {int(missing.argmax())}: fill them "
            "first, for example with SimpleImputer."
        )


def refuse_unseen(
    unseen: NDArray[np.bool_],
    column: NDArray[Any],
    categories: NDArray[Any],
    name: object,
) -> None:
    """Refuse values that were not there in ``fit``, naming some of both.

    Parameters
    ----------
    unseen : array of shape (n,)
        Which rows have such a value.
    column : array of shape (n,)
        Their values.
    categories : array of shape (k,)
        The known values.
    name : object
        What to call the column.

    Raises
    ------
    ValueError
        If there is one.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> refuse_unseen(np.array([True]), np.array(["hail"]), np.array(["fog"]), "sky")
    Traceback (most recent call last):
    ValueError: Found unknown categories ['hail'] in column 'sky' during transform, in \
1 of 1 rows; known are ['fog'].
    """
    if unseen.any():
        strange = pd.unique(pd.Series(column[unseen])).tolist()
        raise ValueError(
            f"Found unknown categories {strange[:5]} in column {name!r} during "
            f"transform, in {unseen.sum()} of {len(column)} rows; known are "
            f"{categories[:10].tolist()}."
        )


def _mixture(column: NDArray[Any], name: object) -> str:
    kinds = sorted({type(value).__name__ for value in column})
    return (
        f"Column {name!r} holds values of type {kinds}, but an encoder's argument must "
        "be a column of strings or of numbers."
    )


def check_width(X: ArrayLike, width: int, what: str) -> Floats:
    """Return a table to be transformed back, of the width that ``transform`` gives.

    Parameters
    ----------
    X : array-like of shape (n, width)
        The table.
    width : int
        Number of columns expected.
    what : str
        Who expects them.

    Returns
    -------
    numpy.ndarray of shape (n, width)
        float64.

    Raises
    ------
    ValueError
        If the shape is another.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> check_width([[1, 2]], 3, "OneHotEncoder")
    Traceback (most recent call last):
    ValueError: OneHotEncoder gives tables with 3 columns, but X has shape (1, 2).
    """
    array = np.asarray(X, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(
            f"{what} gives tables with {width} columns, but X has shape {array.shape}."
        )
    return array
