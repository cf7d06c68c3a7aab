"""A k-d tree: rows in nested boxes, so that far boxes need not be opened.

With few columns a query opens a handful of boxes however many rows there are. With
many columns every box is about as near as the nearest row, and all are opened: the
curse of dimensionality, which `TreeSearch.n_compared` counts.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import BaseEstimator, Floats, Integers, check_features


class TreeSearch(NamedTuple):
    """What a tree found, and how many rows it had to look at for that.

    Parameters
    ----------
    distances : array of shape (m, k)
        Rising along each row.
    indices : array of shape (m, k)
        Positions of the rows found.
    n_compared : array of shape (m,)
        Rows whose distance to the query was measured.

    Notes
    -----
    Taught in: classical/neighbours-and-bayes.

    Examples
    --------
    >>> found = KDTree([[0.0], [1.0], [5.0]]).query([[4.0]], 1)
    >>> found.indices.tolist(), found.distances.tolist()
    ([[2]], [[1.0]])
    """

    distances: Floats
    indices: Integers
    n_compared: Integers


@dataclass(frozen=True)
class _Box:
    """Some rows and the smallest box around them, halved unless they are few."""

    lower: Floats  # (d,)
    upper: Floats  # (d,)
    rows: Integers
    halves: tuple[_Box, _Box] | None

    def squared_distance(self, query: Floats) -> float:
        """Return how far the nearest point of the box is, squared."""
        outside = np.maximum(np.maximum(self.lower - query, query - self.upper), 0.0)
        return float((outside * outside).sum())


class KDTree:
    """Rows sorted into nested boxes by halving the widest side again and again.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows to search.
    leaf_size : int, default 16
        Boxes with no more rows are not halved.

    Raises
    ------
    ValueError
        If `X` or `leaf_size` is not as described.

    Notes
    -----
    Building costs O(n d log n) time and O(n d) memory. A query costs about log n boxes
    where columns are few, and all n rows where they are many (from about 20): then
    `nearest_neighbors`, which compares all rows by a product of matrices, is faster.
    Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Bentley (1975), "Multidimensional binary search trees used for associative
    searching", Communications of the ACM 18. Friedman, Bentley and Finkel (1977), "An
    algorithm for finding best matches in logarithmic expected time", ACM Transactions
    on Mathematical Software 3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shares = []
    >>> for d in (2, 16):
    ...     X = rng.normal(size=(1000, d))
    ...     found = KDTree(X).query(rng.normal(size=(20, d)), 1)
    ...     shares.append(bool(found.n_compared.mean() < 100))
    >>> shares
    [True, False]
    """

    def __init__(self, X: ArrayLike, leaf_size: int = 16) -> None:
        if leaf_size < 1:
            raise ValueError(
                f"leaf_size must be a whole number from 1, got {leaf_size}."
            )
        self._X = _measurable(check_features(BaseEstimator(), X, fitting=True).copy())
        self._root = self._box(np.arange(len(self._X)), leaf_size)

    def _box(self, rows: Integers, leaf_size: int) -> _Box:
        points = self._X[rows]
        lower, upper = points.min(axis=0), points.max(axis=0)
        if len(rows) <= leaf_size:
            return _Box(lower, upper, rows, None)
        widest = int(np.argmax(upper / 2 - lower / 2))  # halves, which do not overflow
        middle = len(rows) // 2
        order = np.argpartition(points[:, widest], middle)
        left = self._box(rows[order[:middle]], leaf_size)
        right = self._box(rows[order[middle:]], leaf_size)
        return _Box(lower, upper, rows, (left, right))

    def query(self, queries: ArrayLike, k: int = 1) -> TreeSearch:
        """Find the `k` rows nearest to each query, exactly.

        Parameters
        ----------
        queries : array-like of shape (m, d)
            Rows with the columns of the tree's.
        k : int, default 1
            How many, from 1 to n.

        Returns
        -------
        TreeSearch
            Euclidean distances, rising; positions, ties in the order of the rows; and
            how many rows were compared.

        Raises
        ------
        ValueError
            If `queries` or `k` is not as described.
        """
        queries = _measurable(check_features(BaseEstimator(), queries, fitting=True))
        n, d = self._X.shape
        if queries.shape[1] != d:
            raise ValueError(
                f"Queries must have {d} columns, as the tree has, but they have "
                f"{queries.shape[1]}."
            )
        if not 1 <= k <= n:
            raise ValueError(f"k must be a whole number from 1 to {n}, got {k!r}.")
        found = [self._nearest(query, k) for query in queries]
        squared, indices, n_compared = map(np.array, zip(*found, strict=True))
        return TreeSearch(np.sqrt(squared), indices, n_compared)

    def _nearest(self, query: Floats, k: int) -> tuple[Floats, Integers, int]:
        """Open boxes, the nearest first, until none can hold a nearer row."""
        squared, rows = np.full(k, np.inf), np.full(k, -1)
        n_compared, n_seen = 0, 0
        waiting = [(self._root.squared_distance(query), n_seen, self._root)]
        while waiting and waiting[0][0] <= squared[-1]:
            box = heapq.heappop(waiting)[2]
            if box.halves is None:
                n_compared += len(box.rows)
                squared, rows = self._merged(query, box.rows, squared, rows)
                continue
            for half in box.halves:
                n_seen += 1  # breaks ties, because boxes have no order
                entry = (half.squared_distance(query), n_seen, half)
                heapq.heappush(waiting, entry)
        return squared, rows, n_compared

    def _merged(
        self, query: Floats, new: Integers, squared: Floats, rows: Integers
    ) -> tuple[Floats, Integers]:
        """Return the nearest among those found so far and those of a box."""
        differences = self._X[new] - query
        squared = np.append(squared, (differences * differences).sum(axis=1))
        rows = np.append(rows, new)
        order = np.lexsort((rows, squared))[: len(squared) - len(new)]
        return squared[order], rows[order]


def _measurable(X: Floats) -> Floats:
    """Refuse numbers whose squares would be infinite or zero."""
    largest = np.abs(X).max()
    if largest != 0 and not 1e-150 < largest < 1e150:
        raise ValueError(
            "The largest value must be between 1e-150 and 1e150 in size, so that it "
            f"can be squared, but it is {largest:.3g}: change the unit."
        )
    return X
