"""Who did what with which item: tables with almost nothing in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ml_from_scratch.base import Integers, check_finite

Matrix = sparse.csr_array


class Interactions(NamedTuple):
    """A table of users and items, and their names.

    Parameters
    ----------
    matrix
        One line a user, one column an item, shape (u, i); sparse.
    users, items
        Their names, sorted.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> make_interactions(["ann", "bob"], ["tea", "tea"]).items
    array(['tea'], dtype='<U3')
    """

    matrix: Matrix
    users: NDArray[Any]
    items: NDArray[Any]

    def user_rows(self, names: Iterable[Any]) -> Integers:
        """Return the lines of some users.

        Parameters
        ----------
        names : iterable
            Their names.

        Returns
        -------
        numpy.ndarray of int
            One line a name.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        return _places(names, self.users, "user")

    def item_columns(self, names: Iterable[Any]) -> Integers:
        """Return the columns of some items.

        Parameters
        ----------
        names : iterable
            Their names.

        Returns
        -------
        numpy.ndarray of int
            One column a name.

        Raises
        ------
        ValueError
            If a name is unknown.
        """
        return _places(names, self.items, "item")


def make_interactions(
    users: ArrayLike, items: ArrayLike, values: ArrayLike | None = None
) -> Interactions:
    """Turn a log into a sparse table.

    Parameters
    ----------
    users, items : array-like of shape (n,)
        Names, one pair an event.
    values : array-like of shape (n,), optional
        Rating or count of the event; 1 by default. Events of one pair are added up.

    Returns
    -------
    Interactions
        The table and the names of its lines and columns.

    Raises
    ------
    ValueError
        If the columns do not match, are empty, or a value is negative or not finite.

    Notes
    -----
    O(n log n). Taught in: domains/recommenders.

    Examples
    --------
    >>> found = make_interactions(["ann", "bob", "ann"], ["tea", "tea", "ale"])
    >>> found.matrix.toarray().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    >>> found.user_rows(["eve"])
    Traceback (most recent call last):
    ValueError: The user 'eve' is unknown; expected one of the 2 in the table.
    """
    user_names, rows = np.unique(np.asarray(users), return_inverse=True)
    item_names, columns = np.unique(np.asarray(items), return_inverse=True)
    counts = np.ones(len(rows)) if values is None else np.asarray(values, np.float64)
    if not (rows.shape == columns.shape == counts.shape) or rows.ndim != 1:
        raise ValueError(
            f"users, items and values have shapes {rows.shape}, {columns.shape} and "
            f"{counts.shape}; expected (n,) for each."
        )
    shape = len(user_names), len(item_names)
    matrix = sparse.coo_array((counts, (rows, columns)), shape=shape)
    return Interactions(check_interactions(matrix), user_names, item_names)


def check_interactions(matrix: Any) -> Matrix:
    """Return a table of interactions as sparse rows, or say what is wrong with it.

    Parameters
    ----------
    matrix : sparse or dense array of shape (u, i)
        Ratings or counts; what is absent or 0 did not happen.

    Returns
    -------
    scipy.sparse.csr_array of shape (u, i)
        Sorted, without explicit zeros, float64; a copy.

    Raises
    ------
    ValueError
        If it is not two-dimensional, holds nothing, or a value is negative or not
        finite.

    Notes
    -----
    O(number of interactions). Taught in: domains/recommenders.

    Examples
    --------
    >>> check_interactions([[0, 2], [1, 0]]).nnz
    2
    """
    if not sparse.issparse(matrix):
        matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise ValueError(
            f"The interactions have shape {matrix.shape} and type {matrix.dtype}; "
            "expected numbers, users by items."
        )
    table = sparse.csr_array(matrix, dtype=np.float64, copy=True)
    table.sum_duplicates()
    table.eliminate_zeros()
    check_finite(table.data, "interactions")
    if table.nnz == 0:
        raise ValueError("The interactions hold nothing; expected at least one.")
    if table.data.min() < 0:
        raise ValueError(
            f"The interactions hold {table.data.min():g}; expected 0 or more."
        )
    return table


class EventSplit(NamedTuple):
    """Which events are for learning and which for testing.

    Parameters
    ----------
    train, test
        Rows of the log.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> leave_last_out(["ann", "ann"], [1, 2]).test
    array([1])
    """

    train: Integers
    test: Integers


def leave_last_out(users: ArrayLike, times: ArrayLike) -> EventSplit:
    """Put the last event of each user aside, as the one to be guessed.

    Parameters
    ----------
    users : array-like of shape (n,)
        Who it was.
    times : array-like of shape (n,)
        When it was: numbers or dates. Of events at one time the later row is last.

    Returns
    -------
    EventSplit
        Rows, each part in the order of the log. Users with one event stay in `train`:
        nothing would be left to know them by.

    Raises
    ------
    ValueError
        If the columns do not match or a time is missing.

    Notes
    -----
    O(n log n). It still lets events of others that came later into the training: for
    a verdict on the future split everything at one time.

    Taught in: domains/recommenders.

    Examples
    --------
    >>> leave_last_out(["ann", "bob", "ann", "ann"], [3, 1, 2, 5])
    EventSplit(train=array([0, 1, 2]), test=array([3]))
    """
    _, codes, counts = np.unique(
        np.asarray(users), return_inverse=True, return_counts=True
    )
    when = np.asarray(times)
    if when.shape != codes.shape or codes.ndim != 1 or len(codes) == 0:
        raise ValueError(
            f"users has shape {codes.shape} and times {when.shape}; expected (n,) each."
        )
    missing = np.isnat(when) if when.dtype.kind == "M" else when != when
    if np.any(missing):
        raise ValueError(f"{np.count_nonzero(missing)} of the times are missing.")
    order = np.lexsort((when, codes))  # by user, then by time; stable
    last = order[np.cumsum(counts) - 1]
    test = np.sort(last[counts > 1])
    return EventSplit(np.setdiff1d(np.arange(len(codes)), test), test)


def _places(names: Iterable[Any], known: NDArray[Any], what: str) -> Integers:
    place = {name: i for i, name in enumerate(known.tolist())}
    wanted = list(names)
    for name in wanted:
        if name not in place:
            raise ValueError(
                f"The {what} {name!r} is unknown; expected one of the {len(known)} in "
                "the table."
            )
    return np.array([place[name] for name in wanted], dtype=np.intp)


def rows_of(matrix: Matrix) -> Integers:
    """Return the line of each stored entry of a table.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
        The table.

    Returns
    -------
    numpy.ndarray of shape (number of entries,)
        Lines, beside the columns in ``matrix.indices``.

    Notes
    -----
    Taught in: domains/recommenders.

    Examples
    --------
    >>> rows_of(check_interactions([[1, 1], [0, 1]]))
    array([0, 0, 1])
    """
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
