"""The nearest rows, exactly, at the speed of one matrix product.

|q - x|^2 = |q|^2 - 2 q.x + |x|^2, so all distances between two tables are one product
of matrices, the fastest thing that a computer does. The price is that the large parts
cancel and leave rounding errors. They need not matter: the product only ranks the
rows, in float32 even; the few that come first are measured again by their differences;
and a bound on the rounding says whether a row that was passed over could have been
nearer. Only where it could, the search is repeated with more digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from ml_from_scratch.base import BaseEstimator, Floats, Integers, check_features

Metric = Literal["euclidean", "manhattan", "cosine"]
METRICS = ("euclidean", "manhattan", "cosine")

# A ranking keeps a few rows more than asked for: the gap between the last one wanted
# and the first one passed over is then seldom within the rounding error.
_SPARE = 4
_BLOCK = 2**19  # distances at a time: 2 MiB in float32, which caches hold
_FAR = 1e30  # more than any score, and unlike infinity harmless in a product


def nearest_neighbors(
    X: ArrayLike, queries: ArrayLike | None, k: int, *, metric: Metric = "euclidean"
) -> tuple[Floats, Integers]:
    """Find the `k` rows of `X` nearest to each query, exactly.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows to search.
    queries : array-like of shape (m, d) or None
        Rows whose neighbours are wanted; None for those of `X` itself, none of which
        is then its own neighbour.
    k : int
        How many, from 1 to n (to n - 1 where `queries` is None).
    metric : {"euclidean", "manhattan", "cosine"}
        Length of the difference, sum of its absolute parts, or 1 - cosine of the
        angle.

    Returns
    -------
    distances : numpy.ndarray of shape (m, k)
        Rising along each row.
    indices : numpy.ndarray of shape (m, k)
        Positions in `X`. Rows at the same distance come in the order of `X`.

    Raises
    ------
    ValueError
        If `k` or `metric` is not as described, the columns differ in number, or a row
        of zeros, which has no direction, is compared by its angle.

    Notes
    -----
    O(mnd) time, of which nearly all is a matrix product; O(n d) memory and a block of
    distances. Taught in: classical/neighbours-and-bayes.

    References
    ----------
    Fix and Hodges (1951), "Discriminatory analysis. Nonparametric discrimination:
    consistency properties", USAF School of Aviation Medicine, report 4. Higham (2002),
    Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1.

    Examples
    --------
    >>> distances, indices = nearest_neighbors([[0.0], [1.0], [5.0]], [[0.9]], 2)
    >>> indices.tolist(), distances.round(2).tolist()
    ([[1, 0]], [[0.1, 0.9]])
    """
    alone = queries is None
    rows, wanted = _tables(X, X if queries is None else queries, metric)
    _check_k(k, len(rows) - alone)
    rows, wanted, exponent = _scaled(rows, wanted, metric)
    if metric == "manhattan":  # of which no product of matrices knows anything
        distances, indices = _by_every_distance(rows, wanted, k + alone, "cityblock")
    else:
        distances, indices = _by_ranking(rows, wanted, k + alone)
    if alone:
        distances, indices = _without_itself(distances, indices)
    return _in_units(distances, exponent, metric), indices


def _by_ranking(X: Floats, queries: Floats, k: int) -> tuple[Floats, Integers]:
    """Rank with few digits first, and again with more where that leaves a doubt."""
    distances = np.empty((len(queries), k))
    indices = np.empty((len(queries), k), dtype=np.intp)
    doubtful = np.arange(len(queries))
    for dtype in (np.float32, np.float64):
        if len(X) <= k + _SPARE or len(doubtful) == 0:
            break
        ranking = _Ranking(X, queries, k + _SPARE, dtype)
        unsure = []
        for part in _blocks(doubtful, len(X)):
            chosen, others_from = ranking.shortlist(queries[part])
            distances[part], indices[part] = _measured(X, queries[part], chosen, k)
            unsure.append(part[distances[part, -1] >= others_from])
        doubtful = np.concatenate(unsure)
    exact = _by_every_distance(X, queries[doubtful], k, "euclidean")
    distances[doubtful], indices[doubtful] = exact
    return distances, indices


class _Ranking:
    """Squared distances to all rows by one product, good enough to choose by."""

    def __init__(
        self, X: Floats, queries: Floats, n_kept: int, dtype: type[np.floating[Any]]
    ) -> None:
        n, d = X.shape
        self.n_kept = n_kept
        # Sorting out the first of n numbers is slow; taking the least of each of some
        # groups is fast, and the first ones lie in the groups whose least come first.
        # This size makes both halves of the work, groups and members, equal.
        self.group_size = math.isqrt(n // n_kept)
        self.n_groups = -(-n // self.group_size)
        self.space = _CentredSpace(X, queries)
        centred = self.space.map(X)
        squares = np.einsum("ij,ij->i", centred, centred)
        # (d + 1, n): under each row its square, so that one product gives
        # |x|^2 - 2 q.x. Columns that only fill up the groups are far from everything.
        self.columns = np.zeros((d + 1, self.n_groups * self.group_size), dtype)
        self.columns[:d, :n] = centred.T
        self.columns[d] = _FAR
        self.columns[d, :n] = squares
        self.longest = math.sqrt(squares.max())

    def shortlist(self, queries: Floats) -> tuple[Integers, Floats]:
        """Return the rows that come first, and how near any other may be at most."""
        scores, lengths = self.scores(queries)
        groups = scores.reshape(len(queries), self.group_size, self.n_groups)
        least = groups.min(axis=1)
        first = np.argpartition(least, self.n_kept - 1)[:, : self.n_kept]
        members = (
            first[:, None, :] + self.n_groups * np.arange(self.group_size)[:, None]
        )
        members = members.reshape(len(queries), -1)
        values = np.take_along_axis(scores, members, axis=1)
        kept = np.argpartition(values, self.n_kept - 1)[:, : self.n_kept]
        last = np.take_along_axis(values, kept, axis=1).max(axis=1).astype(np.float64)
        squared = last + lengths**2 - self.rounding(lengths)
        others_from = self.space.unit * np.sqrt(np.maximum(squared, 0.0))
        return np.take_along_axis(members, kept, axis=1), others_from

    def scores(self, queries: Floats) -> tuple[NDArray[np.floating[Any]], Floats]:
        """Return |x|^2 - 2 q.x of all rows, and |q|; adding |q|^2 changes no order."""
        centred = self.space.map(queries)
        doubled = np.ones((len(queries), len(self.columns)), self.columns.dtype)
        doubled[:, :-1] = -2.0 * centred
        lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))
        return doubled @ self.columns, lengths

    def rounding(self, lengths: Floats) -> Floats:
        """Bound the error of scores, and of the distances that they stand for.

        A sum of d products is right to d + 2 roundings of the sum of their absolute
        values, which is at most (|q| + |x|)^2; the rest is a margin.
        """
        limits = np.finfo(self.columns.dtype)
        terms = (lengths + self.longest) ** 2 + float(limits.tiny)
        bound: Floats = 2.0 * (len(self.columns) + 8) * float(limits.eps) * terms
        return bound


class _CentredSpace:
    """The coordinates in which a ranking calculates: around the mean, at most 1.

    Far from zero, |q|^2 and 2 q.x are huge and nearly equal, and cancel; around the
    mean they are as small as the distances themselves.
    """

    def __init__(self, X: Floats, queries: Floats) -> None:
        self.centre = X.mean(axis=0)
        largest = max(float(np.abs(T - self.centre).max()) for T in (X, queries))
        self.unit = 2.0 ** math.frexp(largest)[1]  # a power of 2: exact to divide by

    def map(self, X: Floats) -> Floats:
        """Return rows in these coordinates."""
        mapped: Floats = (X - self.centre) / self.unit
        return mapped


def _measured(
    X: Floats, queries: Floats, chosen: Integers, k: int
) -> tuple[Floats, Integers]:
    """Return the first `k` of the rows chosen, by their differences to the queries."""
    chosen = np.sort(chosen, axis=1)  # so that ties stay in the order of X
    differences = X[chosen] - queries[:, None, :]
    distances = np.sqrt(np.einsum("bkd,bkd->bk", differences, differences))
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return (
        np.take_along_axis(distances, order, axis=1),
        np.take_along_axis(chosen, order, axis=1),
    )


def _by_every_distance(
    X: Floats, queries: Floats, k: int, metric: Literal["euclidean", "cityblock"]
) -> tuple[Floats, Integers]:
    """Measure everything and take the first `k`: slow, and beyond doubt."""
    distances = np.empty((len(queries), k))
    indices = np.empty((len(queries), k), dtype=np.intp)
    for part in _blocks(np.arange(len(queries)), len(X)):
        for i, row in zip(part, cdist(queries[part], X, metric), strict=True):
            limit = np.partition(row, k - 1)[k - 1]
            candidates = np.flatnonzero(row <= limit)  # in the order of X
            indices[i] = candidates[np.argsort(row[candidates], kind="stable")[:k]]
            distances[i] = row[indices[i]]
    return distances, indices


def _without_itself(distances: Floats, indices: Integers) -> tuple[Floats, Integers]:
    """Drop each row from its own neighbours; where twins crowded it out, the last."""
    others = indices != np.arange(len(indices))[:, None]
    others[others.all(axis=1), -1] = False
    shape = len(indices), -1
    return distances[others].reshape(shape), indices[others].reshape(shape)


def radius_neighbors(
    X: ArrayLike, queries: ArrayLike, radius: float, *, metric: Metric = "euclidean"
) -> list[Integers]:
    """Find all rows of `X` within `radius` of each query, exactly.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows to search.
    queries : array-like of shape (m, d)
        Rows whose surroundings are wanted. A row that is in `X` too finds itself.
    radius : float
        Largest distance that counts, from 0.
    metric : {"euclidean", "manhattan", "cosine"}
        As in `nearest_neighbors`.

    Returns
    -------
    list of numpy.ndarray
        For each query positions in `X`, rising; possibly none.

    Raises
    ------
    ValueError
        If `radius` or `metric` is not as described, the columns differ in number, or a
        row of zeros, which has no direction, is compared by its angle.

    Notes
    -----
    O(mnd) time; a block of distances and the result in memory. As in
    `nearest_neighbors`, only pairs within the rounding error of the radius are
    measured by their differences. Taught in: classical/clustering.

    Examples
    --------
    >>> found = radius_neighbors([[0.0], [1.0], [5.0]], [[0.0], [9.0]], 1.0)
    >>> [rows.tolist() for rows in found]
    [[0, 1], []]
    """
    if not radius >= 0:
        raise ValueError(f"radius must be a number from 0, got {radius!r}.")
    rows, wanted = _tables(X, queries, metric)
    rows, wanted, exponent = _scaled(rows, wanted, metric)
    if metric == "cosine":  # |a - b|^2 = 2 (1 - cos) where a and b have length 1
        limit = math.sqrt(2.0 * radius)
    else:
        with np.errstate(over="ignore"):
            limit = float(np.ldexp(radius, -exponent))
    found: list[Integers] = []
    ranking = _Ranking(rows, wanted, 1, np.float64)
    for part in _blocks(np.arange(len(wanted)), len(rows)):
        if metric == "manhattan":
            near = cdist(wanted[part], rows, "cityblock") <= limit
        else:
            near = _within(ranking, rows, wanted[part], limit)
        found += [np.flatnonzero(row) for row in near]
    return found


def _within(
    ranking: _Ranking, X: Floats, queries: Floats, limit: float
) -> NDArray[np.bool_]:
    """Return which rows are within a distance of each query, a table of booleans."""
    scores, lengths = ranking.scores(queries)
    scores = scores[:, : len(X)]
    # No two rows are 1e9 apart in these coordinates; an infinite radius becomes finite.
    border = min(limit / ranking.space.unit, 1e9) ** 2 - lengths**2
    margin = ranking.rounding(lengths)
    near: NDArray[np.bool_] = scores <= (border - margin)[:, None]
    q, x = np.nonzero(~near & (scores <= (border + margin)[:, None]))
    differences = X[x] - queries[q]
    near[q, x] = np.sqrt(np.einsum("pd,pd->p", differences, differences)) <= limit
    return near


def pairwise_distances(
    X: ArrayLike, Y: ArrayLike | None = None, *, metric: Metric = "euclidean"
) -> Floats:
    """Measure the distance of every row of `X` to every row of `Y`.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    Y : array-like of shape (m, d), optional
        Other rows; those of `X` if None.
    metric : {"euclidean", "manhattan", "cosine"}
        As in `nearest_neighbors`.

    Returns
    -------
    numpy.ndarray of shape (n, m)
        Distances, each by the difference of two rows, so that near ones keep all
        their digits.

    Raises
    ------
    ValueError
        If `metric` is not as described, the columns differ in number, or a row of
        zeros, which has no direction, is compared by its angle.

    Notes
    -----
    O(nmd) time, O(nm) memory. Taught in: classical/neighbours-and-bayes.

    Examples
    --------
    >>> pairwise_distances([[0.0, 0.0], [3.0, 4.0]]).tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    rows, others = _tables(X, X if Y is None else Y, metric)
    rows, others, exponent = _scaled(rows, others, metric)
    name: Any = "cityblock" if metric == "manhattan" else "euclidean"
    distances: Floats = cdist(rows, others, name)
    return _in_units(distances, exponent, metric)


def _tables(X: ArrayLike, queries: ArrayLike, metric: Metric) -> tuple[Floats, Floats]:
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {METRICS}, got {metric!r}.")
    rows = check_features(BaseEstimator(), X, fitting=True)
    wanted = check_features(BaseEstimator(), queries, fitting=True)
    if rows.shape[1] != wanted.shape[1]:
        raise ValueError(
            f"Both tables must have the same columns, but one has {rows.shape[1]} and "
            f"the other {wanted.shape[1]}."
        )
    return rows, wanted


def _check_k(k: int, most: int) -> None:
    if not isinstance(k, int | np.integer) or not 1 <= k <= most:
        raise ValueError(
            f"k must be a whole number from 1 to {most}, the rows there are to choose "
            f"from, got {k!r}."
        )


def _scaled(X: Floats, queries: Floats, metric: Metric) -> tuple[Floats, Floats, int]:
    """Divide by a power of 2, so that no square is too large or too small a number.

    For angles the rows get length 1 instead: the angle between two rows says the same
    as the distance between their directions.
    """
    if metric == "cosine":
        return directions(X), directions(queries), 0
    largest = max(np.abs(X).max(), np.abs(queries).max())
    exponent = int(np.frexp(largest)[1])
    return np.ldexp(X, -exponent), np.ldexp(queries, -exponent), exponent


def directions(X: Floats) -> Floats:
    """Return rows of length 1; a row of zeros has no direction and is refused."""
    largest = np.abs(X).max(axis=1, keepdims=True)
    if not largest.all():
        raise ValueError(
            "The cosine distance to a row of zeros is undefined, since it has no "
            f"direction: row {int(np.argmin(largest))} is one."
        )
    X = X / largest  # first, or squares of tiny numbers would be zero
    directions: Floats = X / np.linalg.norm(X, axis=1, keepdims=True)
    return directions


def _in_units(distances: Floats, exponent: int, metric: Metric) -> Floats:
    """Undo `_scaled`."""
    if metric == "cosine":
        return 0.5 * distances**2
    with np.errstate(over="ignore"):  # farther apart than the largest number: inf
        return np.ldexp(distances, exponent)


def _blocks(queries: Integers, n_rows: int) -> Iterator[Integers]:
    """Cut the queries so that each part has about `_BLOCK` distances."""
    size = max(16, _BLOCK // n_rows)
    for start in range(0, len(queries), size):
        yield queries[start : start + size]
