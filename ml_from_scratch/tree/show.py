"""A tree in words, and the search for a split as a first reader would write it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, check_is_fitted
from ml_from_scratch.tree.growth import midpoint
from ml_from_scratch.tree.models import DecisionTreeClassifier, DecisionTreeRegressor
from ml_from_scratch.tree.structure import LEAF, Tree
from ml_from_scratch.tree.targets import IMPURITY


def export_text(
    decision_tree: DecisionTreeClassifier | DecisionTreeRegressor,
    *,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
    max_depth: int = 10,
    spacing: int = 3,
    decimals: int = 2,
) -> str:
    """Return the questions of a fitted tree as indented lines.

    Parameters
    ----------
    decision_tree : DecisionTreeClassifier or DecisionTreeRegressor
        A fitted tree.
    feature_names : sequence of d str, optional
        What to call the columns; ``feature_0`` and so on if not given.
    class_names : sequence of k str, optional
        What to call the classes, in the order of ``classes_``.
    max_depth : int
        Branches below are cut short.
    spacing : int
        Characters a level.
    decimals : int
        Digits of thresholds and values.

    Returns
    -------
    str
        One line a question's answer or leaf, as scikit-learn prints it.

    Raises
    ------
    ValueError
        If there are more or fewer names than features or classes.

    Notes
    -----
    O(n_nodes). Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> X, y = [[1.0], [2.0], [3.0]], ["no", "no", "yes"]
    >>> tree = DecisionTreeClassifier().fit(X, y)
    >>> print(export_text(tree, feature_names=["hours"]))
    |--- hours <= 2.50
    |   |--- class: no
    |--- hours >  2.50
    |   |--- class: yes
    <BLANKLINE>
    """
    check_is_fitted(decision_tree, "tree_")
    tree = decision_tree.tree_
    names = feature_names
    if names is None:
        names = [f"feature_{i}" for i in range(tree.n_features)]
    _check_names("feature_names", names, tree.n_features, "feature")
    if isinstance(decision_tree, DecisionTreeClassifier):
        labels = decision_tree.classes_ if class_names is None else class_names
        _check_names("class_names", labels, tree.value.shape[2], "class")
        leaves = [f" class: {labels[k]}" for k in tree.value[:, 0].argmax(axis=1)]
    else:
        leaves = [f" value: [{v:.{decimals}f}]" for v in tree.value[:, 0, 0]]
    rules = [
        (str(names[f]), f"{t:.{decimals}f}") if f >= 0 else ("", "")
        for f, t in zip(tree.feature, tree.threshold, strict=True)
    ]
    lines = _lines(tree, rules, leaves, max_depth, spacing, 0, 1)
    return "".join(f"{line}\n" for line in lines)


def _check_names(name: str, names: Sized, n: int, of: str) -> None:
    if len(names) != n:
        raise ValueError(f"{name} must have {n} names, one a {of}, got {len(names)}.")


def _lines(
    tree: Tree,
    rules: list[tuple[str, str]],
    leaves: list[str],
    max_depth: int,
    spacing: int,
    node: int,
    depth: int,
) -> Iterator[str]:
    """Yield the lines of a branch, left side first."""
    indent = ("|" + " " * spacing) * (depth - 1) + "|" + "-" * spacing
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    if left == LEAF:
        yield indent + leaves[node]
    elif depth > max_depth + 1:
        depths = tree.depths()[node : _last(tree, node) + 1]
        deep = depths.max() - depths[0] + 1
        yield f"{indent} truncated branch of depth {deep}"
    else:
        name, threshold = rules[node]
        for child, sign in ((left, "<="), (right, "> ")):
            yield f"{indent} {name} {sign} {threshold}"
            yield from _lines(tree, rules, leaves, max_depth, spacing, child, depth + 1)


def _last(tree: Tree, node: int) -> int:
    while tree.children_right[node] != LEAF:
        node = int(tree.children_right[node])
    return node


class Split(NamedTuple):
    """A question, and how much impurity it takes away.

    Parameters
    ----------
    feature : int
        The column it is about.
    threshold : float
        Rows go left whose value is at most this.
    gain : float
        Impurity before, less the mean impurity of the sides.

    Notes
    -----
    Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> Split(0, 2.5, 0.5).threshold
    2.5
    """

    feature: int
    threshold: float
    gain: float


def best_split(
    X: ArrayLike,
    y: ArrayLike,
    *,
    criterion: Literal["gini", "entropy", "squared_error"] = "gini",
) -> Split | None:
    """Find the best question about some rows by asking them all, one by one.

    This is the definition, written down: what `DecisionTreeClassifier` does with
    running sums is here a loop over features around a loop over thresholds, each of
    which looks at all rows.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Features.
    y : array-like of shape (n,)
        Classes, or numbers for "squared_error".
    criterion : {"gini", "entropy", "squared_error"}
        What impurity is.

    Returns
    -------
    Split or None
        The first of the best, or None if all rows are equal.

    Notes
    -----
    O(d n**2), against O(d n log n). Taught in: classical/trees-and-forests.

    Examples
    --------
    >>> best_split([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0]], ["no", "no", "yes"])
    Split(feature=0, threshold=2.5, gain=0.4444444444444444)
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    whole = _impurity(y, criterion)
    best = None
    for feature, column in enumerate(X.T):
        values = np.unique(column)
        for threshold in midpoint(values[:-1], values[1:]):
            left = column <= threshold
            gain = whole - sum(
                side.mean() * _impurity(y[side], criterion) for side in (left, ~left)
            )
            if best is None or gain > best.gain + 1e-12:
                best = Split(feature, float(threshold), float(gain))
    return best


def _impurity(y: Floats, criterion: str) -> float:
    if criterion == "squared_error":
        return float(np.var(y))
    counts = np.unique(y, return_counts=True)[1]
    return float(IMPURITY[criterion](counts / counts.sum()))
