"""Isolation forest: what random cuts separate from the rest early is unusual.

A tree cuts a few rows at random places until each is alone. Rows in a crowd need many
cuts, rows far out few, and the mean over many trees tells how few. All trees grow at
once, level by level: a level is a handful of array operations over all its nodes.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.anomaly.detector import (
    Contamination,
    Detector,
    contamination_rule,
    offset_for,
)
from ml_from_scratch.base import (
    Floats,
    Integers,
    check_features,
    check_is_fitted,
    check_parameters,
    random_generator,
)

_BLOCK = 2**17  # pairs of row and tree at a time, which caches hold


def average_path_length(n: ArrayLike) -> Floats:
    """Return how many random cuts it takes on average to isolate one of `n` rows.

    Parameters
    ----------
    n : array-like of any shape
        Numbers of rows.

    Returns
    -------
    numpy.ndarray of the shape of `n`
        2 H(n - 1) - 2 (n - 1) / n with H(i) = ln(i) + 0.5772 for the harmonic number;
        1 for two rows, 0 for fewer.

    Notes
    -----
    It is the depth of an unsuccessful search in a binary search tree, which is built
    by the same kind of cuts. Taught in: classical/anomalies.

    References
    ----------
    Liu, Ting and Zhou (2008), "Isolation forest", ICDM, section 2.

    Examples
    --------
    >>> average_path_length([1, 2, 256]).round(2).tolist()
    [0.0, 1.0, 10.24]
    """
    n = np.asarray(n, dtype=np.float64)
    most = np.maximum(n, 3.0)  # below, the formula does not hold
    harmonic = np.log(most - 1.0) + np.euler_gamma
    length = 2.0 * harmonic - 2.0 * (most - 1.0) / most
    lengths: Floats = np.where(n > 2, length, (n == 2).astype(np.float64))
    return lengths


class _Trees(NamedTuple):
    """All nodes of all trees in flat arrays; the first ones are the roots.

    A leaf points at itself and its threshold is infinite, so that a row that has
    arrived stays while others still walk.
    """

    feature: Integers
    threshold: Floats
    left: Integers  # the right child is the next node
    length: Floats  # cuts down to the node, and those that its rows would still need
    depth: int


class _Level(NamedTuple):
    """The nodes of one depth, with their rows side by side."""

    rows: Integers
    starts: Integers  # where the rows of each node begin


def _grow(X: Floats, samples: Integers, max_depth: int, rng: Any) -> _Trees:
    """Grow a tree for each line of `samples`, (n_trees, n_rows) positions in `X`."""
    n_trees, n_rows = samples.shape
    level = _Level(samples.ravel(), n_rows * np.arange(n_trees))
    parts: list[tuple[NDArray[Any], ...]] = []
    first = 0
    for depth in range(max_depth + 1):
        sizes = np.diff(level.starts, append=len(level.rows))
        feature, threshold, splits = _cuts(X, level, rng)
        if depth == max_depth:
            splits = np.zeros_like(splits)
        nodes = first + np.arange(len(sizes))
        first += len(sizes)
        children = first + 2 * (np.cumsum(splits) - 1)
        left = np.where(splits, children, nodes)
        length = depth + average_path_length(sizes)
        parts.append((feature, np.where(splits, threshold, np.inf), left, length))
        if not splits.any():
            break
        level = _divided(X, level, sizes, splits, feature, threshold)
    feature, threshold, left, length = map(np.concatenate, zip(*parts, strict=True))
    return _Trees(feature, threshold, left, length, depth=len(parts) - 1)


def _cuts(
    X: Floats, level: _Level, rng: np.random.Generator
) -> tuple[Integers, Floats, NDArray[np.bool_]]:
    """Draw for each node a column that varies in it, and a place between its ends."""
    values = X[level.rows]
    lowest = np.minimum.reduceat(values, level.starts)  # (nodes, d)
    highest = np.maximum.reduceat(values, level.starts)
    tickets = rng.random(lowest.shape)
    tickets[highest == lowest] = -1.0
    feature = tickets.argmax(axis=1)
    nodes = np.arange(len(feature))
    low, high = lowest[nodes, feature], highest[nodes, feature]
    u = rng.random(len(feature))
    threshold = (1.0 - u) * low + u * high
    # Rounding may reach the upper end, which would leave nothing on its right.
    threshold = np.where(threshold < high, np.maximum(threshold, low), low)
    return feature, threshold, high > low


def _divided(
    X: Floats,
    level: _Level,
    sizes: Integers,
    splits: NDArray[np.bool_],
    feature: Integers,
    threshold: Floats,
) -> _Level:
    """Return the next level: the rows of each node that was cut, left ones first."""
    node = np.repeat(np.arange(len(sizes)), sizes)
    staying = splits[node]
    rows, node = level.rows[staying], node[staying]
    child = 2 * node + (X[rows, feature[node]] > threshold[node])
    order = np.argsort(child, kind="stable")
    child = child[order]
    starts = np.flatnonzero(np.diff(child, prepend=-1))
    return _Level(rows[order], starts)


class IsolationForest(Detector):
    """Outlier detector that scores rows by how soon random cuts isolate them.

    Parameters
    ----------
    n_estimators : int, default 100
        Trees.
    max_samples : "auto", int or float
        Rows for each tree: at most 256 for "auto", so many, or such a share. Few rows
        are a virtue: outliers are then not hidden by others like them.
    contamination : "auto" or float
        "auto" calls rows outliers whose score is below -0.5, as the paper does; a
        share makes that share of the training rows outliers.
    random_state : int, Generator, RandomState or None
        Draws rows and cuts.

    Attributes
    ----------
    max_samples_ : int
        Rows of each tree.
    offset_ : float
        Where `score_samples` separates the two.
    n_features_in_ : int
        Number of columns seen by ``fit``.
    feature_names_in_ : array of shape (d,)
        Their names, where the features had a name each.

    Notes
    -----
    With t trees of m rows ``fit`` costs O(t m d log m) time, however many rows there
    are, and scoring n rows O(n t log m). Cuts are along columns, but their scale does
    not matter.
    Taught in: classical/anomalies.

    References
    ----------
    Liu, Ting and Zhou (2008), "Isolation forest", ICDM.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.vstack([rng.normal(size=(200, 2)), [[8.0, 8.0]]])
    >>> model = IsolationForest(random_state=0).fit(X)
    >>> model.predict([[0.0, 0.0], [8.0, 8.0]]).tolist()
    [1, -1]
    >>> int(model.score_samples(X).argmin())
    200
    """

    def __init__(
        self,
        *,
        n_estimators: int = 100,
        max_samples: Literal["auto"] | float = "auto",
        contamination: Contamination = "auto",
        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Grow the trees.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Features, finite numbers.
        y : ignored
            There so that pipelines may pass it.

        Returns
        -------
        IsolationForest
            The estimator itself.

        Raises
        ------
        ValueError
            If an input or a hyperparameter is not as described.
        """
        del y
        rule = contamination_rule(self.contamination, auto=True)
        trees = self.n_estimators >= 1, "a whole number from 1"
        check_parameters(self, n_estimators=trees, contamination=rule)
        rows = check_features(self, X, fitting=True)
        self.max_samples_ = m = self._sample_size(len(rows))
        rng = random_generator(self.random_state)
        samples = np.array(
            [rng.choice(len(rows), m, replace=False) for _ in range(self.n_estimators)]
        )
        # Deeper than a balanced tree only crowds are cut, which nobody asks about.
        self._trees = _grow(rows, samples, int(np.ceil(np.log2(max(m, 2)))), rng)
        scores = rows[:0, 0]
        if not isinstance(self.contamination, str):
            scores = self._scores(rows)
        self.offset_ = offset_for(self.contamination, scores, auto=-0.5)
        return self

    def _sample_size(self, n: int) -> int:
        wanted = self.max_samples
        if isinstance(wanted, str):
            size = min(256, n) if wanted == "auto" else 0
        elif isinstance(wanted, int | np.integer):
            size = int(wanted) if wanted <= n else 0
        else:
            size = int(wanted * n) if wanted <= 1 else 0
        rule = f"'auto', a whole number from 1 to {n} or a share of at least one row"
        check_parameters(self, max_samples=(size >= 1, rule))
        return size

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return minus the anomaly score of the paper, from -1 to 0.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            Near -1 for rows that are isolated at once, about -0.5 for rows as deep as
            a random one, towards 0 in the thick of a crowd.
        """
        check_is_fitted(self, "offset_")
        return self._scores(check_features(self, X, fitting=False))

    def _scores(self, X: Floats) -> Floats:
        lengths = np.empty(len(X))
        size = max(1, _BLOCK // self.n_estimators)
        for start in range(0, len(X), size):
            part = slice(start, start + size)
            lengths[part] = self._mean_lengths(X[part])
        typical = float(average_path_length(self.max_samples_))
        if typical == 0:  # trees of one row: nothing is more usual than anything else
            return np.full(len(X), -0.5)
        scores: Floats = -(2.0 ** (-lengths / typical))
        return scores

    def _mean_lengths(self, X: Floats) -> Floats:
        """Walk all rows down all trees, a level at a time."""
        trees, (n, d) = self._trees, X.shape
        values, row = X.ravel(), d * np.arange(n)
        node = np.repeat(np.arange(self.n_estimators)[:, None], n, axis=1)
        for _ in range(trees.depth):
            goes_right = values[row + trees.feature[node]] > trees.threshold[node]
            node = trees.left[node] + goes_right
        means: Floats = trees.length[node].mean(axis=0)
        return means
