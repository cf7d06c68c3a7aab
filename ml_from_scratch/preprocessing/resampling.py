"""Resampling for imbalanced classes: more of the rare ones, or fewer of the others.

Only training rows may be resampled, after the split: a copy of a test row among the
training rows is a leak. And probabilities learned from resampled rows are those of the
resampled world; the true ones need calibration, or the odds multiplied back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from ml_from_scratch.base import (
    BaseEstimator,
    Floats,
    Integers,
    check_features,
    check_labels,
)
from ml_from_scratch.model_selection.splitting import take_rows


def random_oversample(
    X: Any, y: ArrayLike, *, rng: np.random.Generator, ratio: float = 1.0
) -> tuple[Any, NDArray[Any]]:
    """Repeat rows of the smaller classes, drawn at random.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows: an array, a data frame, a list.
    y : array-like of shape (n,)
        Class labels.
    rng : numpy.random.Generator
        Draws the rows.
    ratio : float
        Size of every smaller class, at least, as a share of the largest.

    Returns
    -------
    X : array-like of shape (m, d)
        All rows as they were, then the repeated ones; of the type that came in.
    y : numpy.ndarray of shape (m,)
        Their labels.

    Raises
    ------
    ValueError
        If `y` holds no class labels or `ratio` is not above 0 and at most 1.

    Notes
    -----
    O(m). Taught in: classical/imbalance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = random_oversample([[0.0], [1.0], [2.0]], ["ok", "ok", "late"], rng=rng)
    >>> X, y.tolist()
    ([[0.0], [1.0], [2.0], [2.0]], ['ok', 'ok', 'late', 'late'])
    """
    classes, codes = check_labels(y, _height(X))
    chosen = [np.arange(len(codes))]
    for members, lacking in _lacking(codes, ratio):
        chosen.append(rng.choice(members, lacking, replace=True))
    rows = np.concatenate(chosen)
    return take_rows(X, rows), classes[codes[rows]]


def random_undersample(
    X: Any, y: ArrayLike, *, rng: np.random.Generator, ratio: float = 1.0
) -> tuple[Any, NDArray[Any]]:
    """Leave out rows of the larger classes, drawn at random.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows: an array, a data frame, a list.
    y : array-like of shape (n,)
        Class labels.
    rng : numpy.random.Generator
        Draws the rows.
    ratio : float
        Size of the smallest class as a share of every larger one, at least.

    Returns
    -------
    X : array-like of shape (m, d)
        The rows that are left, in their order; of the type that came in.
    y : numpy.ndarray of shape (m,)
        Their labels.

    Raises
    ------
    ValueError
        If `y` holds no class labels or `ratio` is not above 0 and at most 1.

    Notes
    -----
    O(n). Taught in: classical/imbalance.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X, y = random_undersample([[0.0], [1.0], [2.0]], ["ok", "ok", "late"], rng=rng)
    >>> X, y.tolist()
    ([[1.0], [2.0]], ['ok', 'late'])
    """
    classes, codes = check_labels(y, _height(X))
    _check_ratio(ratio)
    counts = np.bincount(codes)
    most = int(counts.min() / ratio)
    kept = []
    for code, count in enumerate(counts):
        members = np.flatnonzero(codes == code)
        kept.append(rng.choice(members, min(count, most), replace=False))
    rows = np.sort(np.concatenate(kept))
    return take_rows(X, rows), classes[codes[rows]]


def smote(
    X: ArrayLike,
    y: ArrayLike,
    *,
    rng: np.random.Generator,
    k_neighbors: int = 5,
    ratio: float = 1.0,
) -> tuple[Floats, NDArray[Any]]:
    """Add points of the smaller classes, between a row and one of its neighbours.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows of numbers; scale them first, for distance decides who is near.
    y : array-like of shape (n,)
        Class labels.
    rng : numpy.random.Generator
        Draws rows, neighbours and places between them.
    k_neighbors : int
        How many neighbours of its own class a row has; fewer where the class is small.
    ratio : float
        Size of every smaller class, at least, as a share of the largest.

    Returns
    -------
    X : numpy.ndarray of shape (m, d)
        All rows as they were, then the new ones.
    y : numpy.ndarray of shape (m,)
        Their labels.

    Raises
    ------
    ValueError
        If an input is not as described, or if a class to be filled up has one row only.

    Notes
    -----
    A point between two rows of a class need not be of that class. And all new points
    lie within the convex hull of the old.

    O(c log c) for a class of c rows in few dimensions, by a k-d tree; O(c^2) in many.

    Taught in: classical/imbalance.

    References
    ----------
    Chawla, Bowyer, Hall and Kegelmeyer (2002), "SMOTE: synthetic minority over-sampling
    technique", Journal of Artificial Intelligence Research 16.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [10.0], [11.0]]
    >>> rng = np.random.default_rng(0)
    >>> more, y = smote(X, ["ok", "ok", "ok", "late", "late"], rng=rng)
    >>> len(more), bool(10.0 <= more[5, 0] <= 11.0), y.tolist()[5]
    (6, True, 'late')
    """
    if k_neighbors < 1:
        raise ValueError(
            f"k_neighbors must be a whole number from 1, got {k_neighbors}."
        )
    rows = check_features(BaseEstimator(), X, fitting=True)
    classes, codes = check_labels(y, len(rows))
    made, labels = [rows], [classes[codes]]
    for members, lacking in _lacking(codes, ratio):
        label = classes[codes[members[0]]]
        if len(members) < 2:
            raise ValueError(
                f"Class {label!r} has one row only, and no other to go towards: "
                "use random_oversample."
            )
        made.append(_between(rows[members], lacking, k_neighbors, rng))
        labels.append(np.full(lacking, label, dtype=classes.dtype))
    return np.vstack(made), np.concatenate(labels)


def _between(
    rows: Floats, count: int, k_neighbors: int, rng: np.random.Generator
) -> Floats:
    """Return new points, each on the line from a row to one of its neighbours."""
    k = min(k_neighbors, len(rows) - 1)
    start = rng.integers(len(rows), size=count)
    near = _neighbours(rows, k)
    end = near[start, rng.integers(k, size=count)]
    share = rng.random(count)[:, None]
    points: Floats = rows[start] + share * (rows[end] - rows[start])
    return points


def _neighbours(rows: Floats, k: int) -> Integers:
    """Return the k nearest other rows of each."""
    near: Integers = np.asarray(cKDTree(rows).query(rows, k=k + 1)[1])
    return near[:, 1:]  # the first is the row itself, or a twin in the same place


def _lacking(codes: Integers, ratio: float) -> list[tuple[Integers, int]]:
    """Return the rows of each class that is too small, and how many it lacks."""
    _check_ratio(ratio)
    counts = np.bincount(codes)
    wanted = int(np.ceil(ratio * counts.max()))
    return [
        (np.flatnonzero(codes == code), wanted - int(count))
        for code, count in enumerate(counts)
        if count < wanted
    ]


def _check_ratio(ratio: float) -> None:
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio must be above 0 and at most 1, got {ratio!r}.")


def _height(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)
