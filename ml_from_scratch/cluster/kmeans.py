"""k-means: centres that are the means of the rows nearest to them.

Two steps in turn: give every row to its nearest centre, then move every centre to the
mean of its rows. Neither step can raise the sum of squared distances, and there are
only so many ways to split the rows, so the two come to rest.

Both steps are matrix products. |x - c|^2 = |x|^2 - 2 x.c + |c|^2, and |x|^2 is the same
for all centres, so the nearest one needs no more than the product of the centres with
the rows; the sums of the rows a cluster are the product of a one-hot matrix with them.
The price is rounding: rows whose two nearest centres differ by less than it are looked
at again, with more digits and at last by plain differences. So the nearest centre is
always the nearest one, and most of the work can be done in float32.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from numbers import Real
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.spatial.distance import cdist

from ml_from_scratch.base import (
    BaseEstimator,
    ClusterMixin,
    ConvergenceWarning,
    Floats,
    Integers,
    TransformerMixin,
    check_features,
    check_is_fitted,
    check_parameters,
    check_sample_weight,
    check_table,
    is_whole,
    power_of_two,
    random_generator,
)

_BLOCK = 4096  # rows whose scores against ten centres or so stay in the cache


class Clustering(NamedTuple):
    """What `lloyd` found.

    Parameters
    ----------
    centers : array of shape (k, d)
        The means.
    labels : array of shape (n,)
        The nearest centre of each row.
    inertia : float
        Sum of the rows' squared distances to their centres, times their weights.
    n_iter : int
        How often the centres were moved.

    Notes
    -----
    Taught in: classical/clustering.

    Examples
    --------
    >>> lloyd([[1.0], [3.0]], [[0.0]]).centers.tolist()
    [[2.0]]
    """

    centers: Floats
    labels: Integers
    inertia: float
    n_iter: int


def lloyd(
    X: ArrayLike,
    centers: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    max_iter: int = 300,
    tol: float = 0.0,
) -> Clustering:
    """Move centres to the means of their rows until they come to rest.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows to group.
    centers : array of shape (k, d)
        Where the centres start.
    sample_weight : array of shape (n,), optional
        How much each row counts.
    max_iter : int
        Most moves.
    tol : float
        Stop when the squared moves of all centres add up to less than this share of
        the mean variance of the columns; 0 waits until no row changes its centre.

    Returns
    -------
    Clustering
        Centres, labels, inertia and the number of moves. A centre that has lost all
        its rows is put on the row that is farthest from its own.

    Raises
    ------
    ValueError
        If an input holds NaN or infinity or has a wrong shape, or a weight is negative.

    Notes
    -----
    O(nkd) time a move, O(nd) memory. The end is a local minimum, which depends on the
    start. All is done on rows scaled by a power of two, which rounds nothing, and
    shifted to mean zero, so that neither huge nor tiny nor far-off values cost digits.

    Taught in: classical/clustering.

    References
    ----------
    Lloyd (1982), "Least squares quantization in PCM", IEEE Transactions on Information
    Theory 28.

    Examples
    --------
    >>> found = lloyd([[1.0], [2.0], [9.0], [10.0]], [[1.0], [2.0]])
    >>> found.centers.ravel().tolist(), found.labels.tolist(), found.inertia
    ([1.5, 9.5], [0, 0, 1, 1], 1.0)
    """
    X, start = check_table(X), check_table(centers)
    _check_same_width(X, start)
    weights = check_sample_weight(sample_weight, len(X))
    unit = power_of_two(X, start)
    rows = X / unit
    space = _Space(rows, origin=weights @ rows / weights.sum())
    found = _descend(space, start / unit, weights, max_iter, tol)
    return _in_units(found, unit)


def _descend(
    space: _Space, C: Floats, weights: Floats, max_iter: int, tol: float
) -> Clustering:
    enough = tol * space.mean_variance(weights) if tol else 0.0
    labels = np.full(len(space.rows), -1)
    n_iter, settled = 0, False
    while n_iter < max_iter and not settled:
        before, labels = labels, space.nearest(C)
        moved = space.means(labels, weights, C)
        settled = np.array_equal(labels, before) or ((moved - C) ** 2).sum() <= enough
        C, n_iter = moved, n_iter + 1
    labels = space.nearest(C)
    errors = space.rows - C[labels]
    inertia = float(weights @ np.einsum("ij,ij->i", errors, errors))
    return Clustering(C, labels, inertia, n_iter)


def _in_units(found: Clustering, unit: float) -> Clustering:
    return found._replace(
        centers=found.centers * unit, inertia=found.inertia * unit * unit
    )


class _Space:
    """Rows, and the same rows around an origin, where products round off less."""

    def __init__(self, rows: Floats, origin: Floats) -> None:
        self.rows, self.origin = rows, origin
        self.centred = rows - origin
        self.longest = _longest(self.centred)
        # (d, n): a product with it reads whole lines of memory, one a column.
        self.rough = np.ascontiguousarray(self.centred.T, dtype=np.float32)

    def nearest(self, centers: Floats) -> Integers:
        """Return the nearest centre of each row; the first one, if several are.

        Few digits do for nearly all rows, and take half the time; what they cannot
        decide is done again with all digits, and at last by plain differences.
        """
        C = centers - self.origin
        longest = max(self.longest, _longest(C))
        labels, unsure = _ranked(self.rough, C.astype(np.float32), longest)
        if len(unsure):
            labels[unsure], still = _ranked(self.centred[unsure].T, C, longest)
            unsure = unsure[still]
            labels[unsure] = cdist(self.rows[unsure], centers).argmin(axis=1)
        return labels

    def means(self, labels: Integers, weights: Floats, centers: Floats) -> Floats:
        """Return the mean of each centre's rows."""
        k, n = len(centers), len(labels)
        one_hot = sparse.csc_array((weights, labels, np.arange(n + 1)), shape=(k, n))
        sums: Floats = np.asarray(one_hot @ self.centred)
        mass = np.bincount(labels, weights, minlength=k).astype(np.float64)
        if not mass.all():
            self._refill(labels, weights, centers, sums, mass)
        means, filled = centers.copy(), mass > 0
        means[filled] = sums[filled] / mass[filled, None] + self.origin
        return means

    def _refill(
        self,
        labels: Integers,
        weights: Floats,
        centers: Floats,
        sums: Floats,
        mass: Floats,
    ) -> None:
        """Give each empty cluster the row that is farthest from its own centre."""
        counted = weights > 0
        sizes = np.bincount(labels[counted], minlength=len(centers))
        squares = ((self.rows - centers[labels]) ** 2).sum(axis=1) * counted
        empty = np.flatnonzero(mass == 0).tolist()
        for row in np.argsort(-squares, kind="stable"):
            giver, weight = labels[row], weights[row]
            if not empty or squares[row] == 0:
                return
            if sizes[giver] > 1:  # never empty one cluster to fill another
                taker = empty.pop(0)
                sizes[giver] -= 1
                sums[giver] -= weight * self.centred[row]
                mass[giver] -= weight
                sums[taker], mass[taker] = weight * self.centred[row], weight

    def mean_variance(self, weights: Floats) -> float:
        """Return the mean of the columns' variances; the origin must be the mean."""
        return float((weights @ self.centred**2).mean() / weights.sum())


def _ranked(
    columns: NDArray[Any], C: NDArray[Any], longest: float
) -> tuple[Integers, Integers]:
    """Return the nearest centre of each row, and the rows where rounding may decide.

    The rows are the columns of a table of shape (d, n).
    """
    (d, n), k, limits = columns.shape, len(C), np.finfo(columns.dtype)
    squares = (C**2).sum(axis=1)[:, None]
    # No score is further off than half of this, so no difference of two by more.
    slack = 16 * (d + 2) * float(limits.eps) * longest**2 + float(limits.tiny)
    # The first of several centres has the highest rank. (Small whole numbers: their
    # maximum is found many times faster than the position of one.)
    ranks = np.arange(k, 0, -1, dtype=np.min_scalar_type(k))[:, None]
    labels = np.empty(n, dtype=np.intp)
    unsure = []
    for start in range(0, n, _BLOCK):
        part = slice(start, start + _BLOCK)
        scores = -2 * C @ columns[:, part] + squares  # (k, rows): |x - c|^2 - |x|^2
        close = scores <= scores.min(axis=0) + slack
        labels[part] = k - (close * ranks).max(axis=0).astype(np.intp)
        if np.count_nonzero(close) > close.shape[1]:
            unsure.append(start + np.flatnonzero(close.sum(axis=0) > 1))
    return labels, np.concatenate(unsure) if unsure else np.empty(0, dtype=np.intp)


def nearest_center(X: ArrayLike, centers: ArrayLike) -> Integers:
    """Return which centre is nearest to each row.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    centers : array of shape (k, d)
        Centres.

    Returns
    -------
    array of shape (n,)
        Positions in `centers`; the first, where several are equally near.

    Raises
    ------
    ValueError
        If an input holds NaN or infinity or has a wrong shape.

    Notes
    -----
    O(nkd) time, and memory for the distances of a few thousand rows at a time.

    Taught in: classical/clustering.

    Examples
    --------
    >>> nearest_center([[0.0], [4.0], [5.0]], [[0.0], [8.0]]).tolist()
    [0, 0, 1]
    """
    X, centers = check_table(X), check_table(centers)
    _check_same_width(X, centers)
    unit = power_of_two(X, centers)
    C = centers / unit
    return _Space(X / unit, origin=C.mean(axis=0)).nearest(C)


def kmeans_plusplus(
    X: ArrayLike,
    n_clusters: int,
    *,
    sample_weight: ArrayLike | None = None,
    n_local_trials: int | None = None,
    rng: np.random.Generator,
) -> tuple[Floats, Integers]:
    """Draw rows as first centres, each far from those drawn before.

    A row is drawn with a probability proportional to its squared distance from the
    nearest centre so far; of a few rows drawn like that, the one stays that leaves the
    smallest sum of squared distances.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows.
    n_clusters : int
        How many to draw.
    sample_weight : array of shape (n,), optional
        How much each row counts; rows of weight zero are never drawn.
    n_local_trials : int, optional
        Rows drawn a centre, 2 + log(n_clusters) by default; 1 is the method as it was
        published.
    rng : numpy.random.Generator
        Draws the rows.

    Returns
    -------
    centers : array of shape (n_clusters, d)
        The rows drawn.
    indices : array of shape (n_clusters,)
        Their positions in `X`.

    Raises
    ------
    ValueError
        If there are fewer rows than centres, or an input is not as described.

    Notes
    -----
    O(nd) time a row drawn. After Lloyd's steps, the expected inertia is at most
    8 (log k + 2) times the best one (with one trial a centre).

    Taught in: classical/clustering.

    References
    ----------
    Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding",
    SODA.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> centers, _ = kmeans_plusplus([[0.0], [0.0], [7.0], [7.0]], 2, rng=rng)
    >>> sorted(centers.ravel().tolist())
    [0.0, 7.0]
    """
    X = check_table(X)
    _check_enough_rows(X, n_clusters)
    weights = check_sample_weight(sample_weight, len(X))
    unit = power_of_two(X)
    _, chosen = _drawn_apart(X / unit, n_clusters, weights, n_local_trials, rng)
    return X[chosen], chosen


def _drawn_apart(
    Y: Floats, k: int, weights: Floats, trials: int | None, rng: np.random.Generator
) -> tuple[Floats, Integers]:
    trials = trials or 2 + int(np.log(k))
    chosen = _draw(weights, 1, rng)
    nearest = cdist(Y[chosen], Y, "sqeuclidean")[0]
    while len(chosen) < k:
        candidates = _draw(weights * nearest, trials, rng)
        left = np.minimum(nearest, cdist(Y[candidates], Y, "sqeuclidean"))
        best = (left @ weights).argmin()
        chosen = np.append(chosen, candidates[best])
        nearest = left[best]
    return Y[chosen], chosen


def _draw(mass: Floats, size: int, rng: np.random.Generator) -> Integers:
    """Draw positions with these probabilities; any position if all are zero."""
    heights = np.cumsum(mass)
    drawn = np.searchsorted(heights, rng.random(size) * heights[-1], side="right")
    last = np.searchsorted(heights, heights[-1])  # where the last mass is
    positions: Integers = np.minimum(drawn, last)
    return positions


class KMeans(ClusterMixin, TransformerMixin, BaseEstimator):
    """Split rows into clusters around means, as tight as can be found.

    Parameters
    ----------
    n_clusters : int
        How many clusters.
    init : {"k-means++", "random"} or array of shape (n_clusters, d)
        Where the centres start; see `kmeans_plusplus`.
    n_init : int or "auto"
        How many starts, of which the best end is kept; "auto" is 10 for "random" and
        1 otherwise.
    max_iter : int
        Most moves of the centres a start.
    tol : float
        When to stop; see `lloyd`.
    random_state : int, Generator, RandomState or None
        Draws the starts.

    Attributes
    ----------
    cluster_centers_ : array of shape (n_clusters, d)
        The means.
    labels_ : array of shape (n,)
        The cluster of each training row.
    inertia_ : float
        Sum of the rows' squared distances to their centres, times their weights.
    n_iter_ : int
        Moves of the best start.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    O(nkd) time a move. With "k-means++" the result depends neither on the order of the
    rows nor on whether a row stands there twice or weighs two: rows are drawn in the
    order of their values.

    Taught in: classical/clustering.

    References
    ----------
    Lloyd (1982), "Least squares quantization in PCM", IEEE Transactions on Information
    Theory 28. Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful
    seeding", SODA.

    Examples
    --------
    >>> X = [[1.0, 1.0], [1.0, 2.0], [8.0, 8.0], [9.0, 8.0]]
    >>> model = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> model.inertia_
    1.0
    >>> first, second = model.predict([[0.0, 0.0], [9.0, 9.0]])
    >>> first != second
    np.True_
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Literal["k-means++", "random"] | ArrayLike = "k-means++",
        n_init: int | Literal["auto"] = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Find the centres.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows to group.
        y : ignored
            There so that pipelines may pass it.
        sample_weight : array of shape (n,), optional
            How much each row counts.

        Returns
        -------
        KMeans
            The estimator itself.

        Raises
        ------
        TypeError
            If `X` is sparse or holds what is no number.
        ValueError
            If an input or a hyperparameter is not as described.

        Warns
        -----
        ConvergenceWarning
            If there are fewer distinct rows than clusters, so that some stay empty.
        """
        del y
        self._check_settings()
        X = check_features(self, X, fitting=True)
        _check_enough_rows(X, self.n_clusters)
        weights = check_sample_weight(sample_weight, len(X))
        given = None if isinstance(self.init, str) else self._given_start(X)
        unit = power_of_two(X) if given is None else power_of_two(X, given)
        rows = X / unit
        space = _Space(rows, origin=weights @ rows / weights.sum())
        starts = self._starts(rows, weights) if given is None else [given / unit]
        ends = [
            _descend(space, start, weights, self.max_iter, self.tol) for start in starts
        ]
        self._keep(_in_units(min(ends, key=lambda end: end.inertia), unit))
        return self

    def _keep(self, best: Clustering) -> None:
        self.cluster_centers_, self.labels_, self.inertia_, self.n_iter_ = best
        used = len(np.unique(self.labels_))
        if used < self.n_clusters:
            warnings.warn(
                f"Only {used} of {self.n_clusters} clusters have rows: there are fewer "
                "distinct rows than clusters. Lower n_clusters.",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _starts(self, X: Floats, weights: Floats) -> Iterator[Floats]:
        rng = random_generator(self.random_state)
        by_chance = self.init == "random"
        if not by_chance:
            order = _order_by_value(X)
            X, weights = X[order], weights[order]
        few = bool(np.count_nonzero(weights) < self.n_clusters)
        for _ in range(self._n_starts()):
            if by_chance:
                share = weights / weights.sum()
                yield X[rng.choice(len(X), self.n_clusters, replace=few, p=share)]
            else:
                yield _drawn_apart(X, self.n_clusters, weights, None, rng)[0]

    def _given_start(self, X: Floats) -> Floats:
        start = check_table(self.init)
        expected = (self.n_clusters, X.shape[1])
        if start.shape != expected:
            raise ValueError(
                f"init must have shape {expected}, one row a cluster and the columns "
                f"of X, but it has shape {start.shape}."
            )
        return start

    def _n_starts(self) -> int:
        if isinstance(self.n_init, str):
            return 10 if isinstance(self.init, str) and self.init == "random" else 1
        return int(self.n_init)

    def _check_settings(self) -> None:
        named = not isinstance(self.init, str) or self.init in ("k-means++", "random")
        auto = isinstance(self.n_init, str) and self.n_init == "auto"
        check_parameters(
            self,
            n_clusters=(is_whole(self.n_clusters), "a whole number from 1"),
            init=(named, "'k-means++', 'random' or an array of centres"),
            n_init=(auto or is_whole(self.n_init), "'auto' or a whole number from 1"),
            max_iter=(is_whole(self.max_iter), "a whole number from 1"),
            tol=(isinstance(self.tol, Real) and self.tol >= 0, "a number from 0"),
        )

    def predict(self, X: ArrayLike) -> Integers:
        """Return the nearest centre of each row.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n,)
            Positions in ``cluster_centers_``.
        """
        check_is_fitted(self, "cluster_centers_")
        X = check_features(self, X, fitting=False)
        return nearest_center(X, self.cluster_centers_)

    def transform(self, X: ArrayLike) -> Floats:
        """Return the distance of each row to each centre.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        array of shape (n, n_clusters)
            Euclidean distances.
        """
        check_is_fitted(self, "cluster_centers_")
        X = check_features(self, X, fitting=False)
        unit = power_of_two(X, self.cluster_centers_)
        distances: Floats = cdist(X / unit, self.cluster_centers_ / unit) * unit
        return distances

    def score(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return minus the inertia of these rows: more is better.

        Parameters
        ----------
        X : array of shape (n, d)
            Rows with the columns of ``fit``.
        y : ignored
            There so that pipelines may pass it.
        sample_weight : array of shape (n,), optional
            How much each row counts.

        Returns
        -------
        float
            Minus the sum of the squared distances to the nearest centres.
        """
        del y
        nearest = self.transform(X).min(axis=1)
        return -float(check_sample_weight(sample_weight, len(nearest)) @ nearest**2)


def _order_by_value(X: Floats) -> Integers:
    """Sort rows by their first column; by the others only where that leaves ties."""
    order = np.argsort(X[:, 0], kind="stable")
    if (np.diff(X[order, 0]) == 0).any():
        order = np.lexsort(X.T[::-1])
    return order


def _longest(Y: Floats) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", Y, Y).max()))


def _check_counts(**counts: Any) -> None:
    for name, count in counts.items():
        if not is_whole(count):
            raise ValueError(f"{name} must be a whole number from 1, got {count!r}.")


def _check_enough_rows(X: Floats, n_clusters: int) -> None:
    _check_counts(n_clusters=n_clusters)
    if len(X) < n_clusters:
        raise ValueError(
            f"n_samples={len(X)} should be >= n_clusters={n_clusters}: "
            "a cluster needs a row."
        )


def _check_same_width(X: Floats, centers: Floats) -> None:
    if X.shape[1] != centers.shape[1]:
        raise ValueError(
            f"X has {X.shape[1]} columns and the centres have {centers.shape[1]}: "
            "they must have the same."
        )
