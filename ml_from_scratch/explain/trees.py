"""TreeSHAP: the Shapley values of trees, without going through all coalitions.

A leaf is a box: it holds the rows whose columns lie in certain intervals. So a tree is
a sum over its leaves of (value) x (is the row in the box?), and Shapley values add up:
it is enough to explain one box. Only the m columns that bound it are players.

In the path-dependent game a column that is not known follows both branches, in the
proportion of the training rows. Then a coalition earns a product: each known column
contributes o (1 if the row lies in its interval, else 0), each unknown one the share z
of the training rows that went the leaf's way. Let each player come in at a random time
between 0 and 1: at time t another player k is there with probability t, and contributes
o t + z (1 - t) on average. So the Shapley value of player j in a box is

    (o_j - z_j) * integral over t of the product over k != j of (o_k t + z_k (1 - t)),

of a polynomial of degree m - 1. Gauss's rule with m / 2 points integrates it exactly:
O(m^2) a box and row instead of O(2^m).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ml_from_scratch.base import Floats, check_finite, check_is_fitted
from ml_from_scratch.metrics.inputs import floats


class TreeShap(NamedTuple):
    """How the prediction of each row is shared out among the columns.

    Parameters
    ----------
    values : numpy.ndarray of shape (n, d) or (n, d, k)
        Shapley values; with an entry a class for classifiers that add up
        probabilities.
    expected : float or numpy.ndarray of shape (k,)
        What is predicted if nothing is known. Values and this add up to the
        prediction.

    Notes
    -----
    Taught in: features/shapley-and-lime.

    Examples
    --------
    >>> TreeShap(np.array([[1.0, -0.5]]), 2.0).values.sum() + 2.0
    np.float64(2.5)
    """

    values: Floats
    expected: float | Floats


class _Box(NamedTuple):
    """A leaf: rows with low < x[features] <= high, which are predicted as value."""

    features: NDArray[np.intp]  # (m,) the columns that bound the box
    low: Floats
    high: Floats
    share: Floats  # (m,) of the training rows, those that went this way: z
    value: Floats  # (k,)


def tree_shap(
    model: Any, X: ArrayLike, *, background: ArrayLike | None = None
) -> TreeShap:
    """Return the Shapley values of the predictions of a tree or a sum of trees.

    Parameters
    ----------
    model : fitted tree, forest or gradient boosting
        Of this library or of scikit-learn: with ``tree_``, or with ``estimators_`` that
        have it. Of a regressor the prediction is explained, of a tree or forest that
        classifies the probabilities, of a boosting classifier the log-odds.
    X : array-like of shape (n, d)
        Rows to explain.
    background : array-like of shape (b, d), optional
        Rows that unknown columns are taken from ("interventional"). Without them an
        unknown column follows both branches, in the proportion of the training rows
        ("path-dependent").

    Returns
    -------
    TreeShap
        ``values`` and ``expected``.

    Raises
    ------
    TypeError
        If the model has no trees to read, or predicts something else than their mean
        or their sum (AdaBoost, bagging on some of the columns).
    ValueError
        If rows are not finite or have too few columns.

    Notes
    -----
    Path-dependent: O(leaves * depth^2) a row. Interventional: O(leaves * depth) a pair
    of a row and a background row. A column that no split uses gets exactly zero in
    both; but path-dependent values depend on how the tree was grown, so that two trees
    with the same predictions can be explained differently.

    Rows are rounded to float32 for scikit-learn's trees, which do so as well.

    Taught in: features/shapley-and-lime.

    References
    ----------
    Lundberg et al. (2020), "From local explanations to global understanding with
    explainable AI for trees", Nature Machine Intelligence 2. Owen (1972), "Multilinear
    extensions of games", Management Science 18.

    Examples
    --------
    >>> from ml_from_scratch.tree import DecisionTreeRegressor
    >>> X, y = [[0.0, 5.0], [1.0, 3.0], [2.0, 4.0], [3.0, 6.0]], [0.0, 0.0, 4.0, 4.0]
    >>> model = DecisionTreeRegressor().fit(X, y)
    >>> found = tree_shap(model, [[0.0, 0.0]])
    >>> found.values.tolist(), found.expected
    ([[-2.0, 0.0]], 2.0)
    """
    rows = floats(X, "X", ndim=2)
    others = None if background is None else floats(background, "background", ndim=2)
    terms, expected = _sum_of_trees(model, rows)
    if others is not None:
        _check_columns(model, others)
    k = len(expected)
    phi = np.zeros((k, rows.shape[1], len(rows)))
    for tree, scale in terms:
        seen = _as_seen(rows, tree)
        seen_others = None if others is None else _as_seen(others, tree)
        for box in _boxes(tree):
            shares, chance = _explained(box, seen, seen_others)
            worth = scale @ box.value
            expected = expected + worth * chance
            for c in np.flatnonzero(worth):
                phi[c, box.features] += worth[c] * shares
    values = phi.transpose(2, 1, 0)
    if k == 1:
        return TreeShap(values[:, :, 0], float(expected[0]))
    return TreeShap(values, expected)


# ------------------------------------------------------------------ one box


def _explained(
    box: _Box, rows: NDArray[Any], others: NDArray[Any] | None
) -> tuple[Floats, float]:
    """Return the Shapley values of being in the box, (m, n), and the share inside."""
    if others is None:
        return _path_dependent(_inside(box, rows), box.share), float(box.share.prod())
    inside = _inside(box, others)
    chance = float(inside.all(axis=1).mean())
    return _interventional(_inside(box, rows), inside), chance


def _inside(box: _Box, rows: Floats) -> NDArray[np.bool_]:
    """Say for each column of the box whether the row lies in its interval, (n, m)."""
    x = rows[:, box.features]
    return np.asarray((box.low < x) & (x <= box.high))


def _path_dependent(inside: NDArray[np.bool_], share: Floats) -> Floats:
    """Return the Shapley values of being in the box, (m, n).

    A row matters only by the pattern of columns that are inside. If there are fewer
    patterns than rows, each is worked out once.
    """
    n, m = inside.shape
    if 2**m > n:
        return _of_patterns(inside.T, share)
    patterns = (np.arange(2**m) >> np.arange(m)[:, None]) & 1 == 1
    codes = inside @ (1 << np.arange(m))
    return _of_patterns(patterns, share)[:, codes]


def _of_patterns(inside: NDArray[np.bool_], share: Floats) -> Floats:
    """Integrate: o is `inside` (m, p), z is `share` (m,); the result is (m, p)."""
    points, weights = _gauss((len(share) + 1) // 2)
    z = share[:, None]
    total = np.zeros(inside.shape)
    for t, weight in zip(points, weights, strict=True):
        factors = inside * t + z * (1 - t)  # above zero, as every share is
        total += weight * factors.prod(axis=0) / factors
    return total * (inside - z)


@cache
def _gauss(size: int) -> tuple[list[float], list[float]]:
    """Return points and weights that integrate degree 2 size - 1 over 0 to 1."""
    if size == 0:  # a tree that is one leaf: no column, nothing to integrate
        return [], []
    points, weights = np.polynomial.legendre.leggauss(size)
    return ((points + 1) / 2).tolist(), (weights / 2).tolist()


def _interventional(inside: NDArray[np.bool_], others: NDArray[np.bool_]) -> Floats:
    """Return the Shapley values of being in the box, (m, n), over a background.

    For one background row, z is 0 or 1 as well. Columns inside for both do not matter,
    one outside for both closes the box. Else let a columns be inside for the row alone
    and b for the other alone: the box is reached once all of the a are known and none
    of the b, which is (a - 1)! b! / (a + b)! for each of the a, and as much as
    -a! (b - 1)! / (a + b)! for each of the b.
    """
    x, r = inside.astype(np.float64), others.astype(np.float64)
    only_x, only_r = x @ (1 - r).T, (1 - x) @ r.T  # (n, b): how many columns
    is_open = (1 - x) @ (1 - r).T == 0
    adding = np.where(is_open & (only_x > 0), _orders(only_x - 1, only_r), 0.0)
    closing = np.where(is_open & (only_r > 0), _orders(only_x, only_r - 1), 0.0)
    mean = x * (adding @ (1 - r)) - (1 - x) * (closing @ r)
    return np.asarray(mean.T / len(others))


def _orders(before: Floats, after: Floats) -> Floats:
    """Return before! after! / (before + after + 1)!; what is below 0 is not used."""
    return np.asarray(special.beta(np.maximum(before, 0) + 1, np.maximum(after, 0) + 1))


# ----------------------------------------------------------- reading models


def _boxes(tree: Any) -> Iterator[_Box]:
    """Yield the leaves of a tree as boxes."""
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    cover = np.asarray(tree.weighted_n_node_samples, dtype=np.float64)
    value = np.asarray(tree.value, dtype=np.float64)[:, 0]
    waiting: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(0, {})]
    while waiting:
        node, bounds = waiting.pop()
        if left[node] == -1:
            table = np.array(list(bounds.values())).reshape(-1, 3)
            low, high, share = table.T
            features = np.array(list(bounds), dtype=np.intp)
            yield _Box(features, low, high, share, value[node])
            continue
        j, threshold = int(tree.feature[node]), float(tree.threshold[node])
        lower, upper, so_far = bounds.get(j, (-np.inf, np.inf, 1.0))
        for child, ends in (  # a node is split inside its interval
            (left[node], (lower, threshold)),
            (right[node], (threshold, upper)),
        ):
            part = so_far * float(cover[child] / cover[node])
            if part > 0:  # nothing of weight went there: no share of any prediction
                waiting.append((int(child), {**bounds, j: (*ends, part)}))


# A tree, and the matrix (k, values of a leaf) that turns a leaf's value into what it
# adds to the k outputs.
_Term = tuple[Any, Floats]


def _sum_of_trees(model: Any, rows: Floats) -> tuple[list[_Term], Floats]:
    """Return the trees of a model, and what it adds to them."""
    members = getattr(model, "estimators_", None)
    if members is None and not hasattr(model, "tree_"):
        check_is_fitted(model, "n_features_in_")
        raise TypeError(
            f"{type(model).__name__} has no trees to read: expected tree_, or "
            "estimators_ with it."
        )
    _check_columns(model, rows)
    if members is not None and np.ndim(members) == 2:
        terms = _stages(members, model.learning_rate)
        predicted = _outputs(model, rows, "decision_function")
        offset = (predicted - _total(terms, rows))[0]  # a boosting model's start
    else:
        terms = _mean([model] if members is None else members)
        predicted = _outputs(model, rows, "predict_proba")
        offset = np.zeros(predicted.shape[1])
    if not np.allclose(_total(terms, rows) + offset, predicted, rtol=1e-6, atol=1e-9):
        raise TypeError(
            f"{type(model).__name__} does not predict the mean or the sum of its "
            "trees, so that their explanations do not add up to its own."
        )
    return terms, offset


def _mean(members: Any) -> list[_Term]:
    trees = [_tree_of(each) for each in members]
    _, outputs, k = np.asarray(trees[0].value).shape
    if outputs != 1:
        raise ValueError(f"Explain one output at a time: the trees predict {outputs}.")
    return [(tree, np.eye(k) / len(trees)) for tree in trees]


def _stages(members: Any, learning_rate: float) -> list[_Term]:
    stages = np.asarray(members, dtype=object)
    unit = learning_rate * np.eye(stages.shape[1])
    return [
        (_tree_of(each), unit[:, [c]])
        for stage in stages
        for c, each in enumerate(stage)
    ]


def _tree_of(member: Any) -> Any:
    """Return the arrays of a fitted tree, which a boosting model may hold bare."""
    tree = getattr(member, "tree_", member)
    if not hasattr(tree, "children_left"):
        raise TypeError(
            f"Expected a tree to read, but found a {type(member).__name__}."
        )
    return tree


def _total(terms: list[_Term], rows: Floats) -> Floats:
    """Return the sum of what all trees add, (n, k)."""
    parts = [
        np.asarray(tree.value)[tree.apply(_as_seen(rows, tree)), 0] @ scale.T
        for tree, scale in terms
    ]
    return np.asarray(np.sum(parts, axis=0))


def _outputs(model: Any, rows: Floats, preferred: str) -> Floats:
    predict = getattr(model, preferred, model.predict)
    return np.asarray(predict(rows), dtype=np.float64).reshape(len(rows), -1)


def _check_columns(model: Any, rows: Floats) -> None:
    expected = getattr(model, "n_features_in_", rows.shape[1])
    if rows.shape[1] != expected:
        raise ValueError(
            f"X has {rows.shape[1]} features, but {type(model).__name__} is expecting "
            f"{expected} features as input."
        )


def _as_seen(rows: Floats, tree: Any) -> NDArray[Any]:
    """Return the rows in the precision in which the tree compares them."""
    if not type(tree).__module__.startswith("sklearn"):
        return rows
    rounded = rows.astype(np.float32)
    check_finite(rounded.astype(np.float64), "X")
    return rounded
