"""Approximate search by angle: random hyperplanes turn vectors into short keys.

A hyperplane through zero separates two vectors with probability angle / pi. The sides
of a dozen planes are a dozen bits, and vectors at a small angle agree in all of them
often enough, if a few tables with planes of their own have a try each. Only rows with
the query's key in some table are compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import BaseEstimator, Floats, Integers, check_features
from ml_from_scratch.neighbors.search import directions


class HyperplaneIndex:
    """Index of vectors that finds most of a query's nearest by comparing few.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Vectors to index, none of them zero.
    n_bits : int, default 10
        Hyperplanes a table, up to 62. More make smaller buckets: faster, and less is
        found.
    n_tables : int, default 10
        Tables. More find more, and take more time and memory.
    rng : numpy.random.Generator
        Draws the hyperplanes.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Notes
    -----
    A vector at angle a to the query shares a key with it in one of T tables of b bits
    with probability 1 - (1 - (1 - a / pi)^b)^T. Building costs O(ndbT) time and O(nT)
    memory on top of the vectors; a query costs O(dbT) and its candidates.
    Taught in: domains/vision-search.

    References
    ----------
    Charikar (2002), "Similarity estimation techniques from rounding algorithms",
    STOC. Indyk and Motwani (1998), "Approximate nearest neighbors: towards removing
    the curse of dimensionality", STOC.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> vectors = rng.normal(size=(1000, 32))
    >>> index = HyperplaneIndex(vectors, rng=rng)
    >>> distances, indices = index.query(2.0 * vectors[:3] + 0.01, k=1)
    >>> indices.ravel().tolist()
    [0, 1, 2]
    """

    def __init__(
        self,
        X: ArrayLike,
        *,
        n_bits: int = 10,
        n_tables: int = 10,
        rng: np.random.Generator,
    ) -> None:
        if not 1 <= n_bits <= 62:
            raise ValueError(
                f"n_bits must be a whole number from 1 to 62, got {n_bits}."
            )
        if n_tables < 1:
            raise ValueError(f"n_tables must be a whole number from 1, got {n_tables}.")
        self._unit = directions(check_features(BaseEstimator(), X, fitting=True))
        self._planes = rng.normal(size=(n_tables, self._unit.shape[1], n_bits))
        keys = self._keys(self._unit)  # (n_tables, n)
        # Sorted by key, a bucket is a slice, and two binary searches find it.
        self._order = np.argsort(keys, axis=1, kind="stable")
        self._sorted_keys = np.take_along_axis(keys, self._order, axis=1)

    def _keys(self, unit: Floats) -> Integers:
        sides = unit @ self._planes > 0  # (n_tables, rows, n_bits)
        keys: Integers = sides @ (1 << np.arange(sides.shape[2]))
        return keys

    def query(self, queries: ArrayLike, k: int = 1) -> tuple[Floats, Integers]:
        """Find up to `k` near vectors for each query.

        Parameters
        ----------
        queries : array-like of shape (m, d)
            Vectors, none of them zero.
        k : int, default 1
            How many are wanted.

        Returns
        -------
        distances : numpy.ndarray of shape (m, k)
            1 - cosine, rising; inf where fewer than `k` candidates were met.
        indices : numpy.ndarray of shape (m, k)
            Their positions; -1 where there is none.

        Raises
        ------
        ValueError
            If `queries` or `k` is not as described.
        """
        unit = directions(check_features(BaseEstimator(), queries, fitting=True))
        if unit.shape[1] != self._unit.shape[1]:
            raise ValueError(
                f"Queries must have {self._unit.shape[1]} columns as the index has, "
                f"got {unit.shape[1]}."
            )
        if k < 1:
            raise ValueError(f"k must be a whole number from 1, got {k!r}.")
        distances = np.full((len(unit), k), np.inf)
        indices = np.full((len(unit), k), -1)
        for i, candidates in enumerate(self._candidates(unit)):
            differences = self._unit[candidates] - unit[i]
            halves = 0.5 * np.einsum("ij,ij->i", differences, differences)
            first = np.argsort(halves, kind="stable")[:k]
            distances[i, : len(first)] = halves[first]
            indices[i, : len(first)] = candidates[first]
        return distances, indices

    def _candidates(self, unit: Floats) -> list[Integers]:
        """Return for each query the rows that share a key with it in some table."""
        keys = self._keys(unit)
        found: list[list[Integers]] = [[] for _ in unit]
        for order, ours, wanted in zip(
            self._order, self._sorted_keys, keys, strict=True
        ):
            starts = np.searchsorted(ours, wanted, side="left")
            stops = np.searchsorted(ours, wanted, side="right")
            for i, (start, stop) in enumerate(zip(starts, stops, strict=True)):
                found[i].append(order[start:stop])
        return [np.unique(np.concatenate(parts)) for parts in found]
