"""Growing trees: every feature is sorted once, and all nodes of a level split at once.

Sort the rows by each feature at the root. If rows then move to the children without
changing places among themselves, every node stays sorted by every feature for ever:
no node sorts again. The orders of all nodes of a level stand side by side in one array
(features, rows), so that one running sum along it tries all thresholds of all features
of all nodes. A level costs a few passes over that array, whatever the number of nodes;
several trees grow together as easily as one, each as a root of the first level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.tree.structure import LEAF, NO_FEATURE, Tree
from ml_from_scratch.tree.targets import Places, Summary, Targets

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """When to stop, and which splits may be made."""

    max_depth: int | None
    min_samples_split: int
    min_samples_leaf: int
    min_weight_leaf: float  # as a share of the root's weight
    min_impurity_decrease: float
    n_features: int  # how many features a node looks at, drawn anew for each
    random_cuts: bool  # one random threshold a feature (extremely randomised trees)

    def may_split(self, nodes: Summary, depth: int) -> Mask:
        """Say which nodes of a depth are worth looking at."""
        if self.max_depth is not None and depth >= self.max_depth:
            return np.zeros(len(nodes.size), dtype=bool)
        least = max(self.min_samples_split, 2 * self.min_samples_leaf)
        return ~nodes.pure & (nodes.size >= least)


@dataclass(frozen=True)
class Columns:
    """The rows of each node in the ascending order of each feature."""

    rows: Integers  # (d, A) numbers of rows
    values: Floats  # (d, A) what they have in the feature

    @classmethod
    def of(cls, X: Floats) -> Columns:
        """Sort all columns: the only sort there is."""
        rows = np.argsort(X.T, axis=1, kind="stable")
        return cls(rows, np.take_along_axis(X.T, rows, axis=1))

    def where(self, keep: Mask) -> Columns:
        """Return only the rows that are marked, in the same orders."""
        kept, shape = keep[self.rows].ravel(), (len(self.rows), -1)
        rows = self.rows.ravel().compress(kept).reshape(shape)
        return Columns(rows, self.values.ravel().compress(kept).reshape(shape))

    def renumbered(self, shift: int, keep: Mask) -> Columns:
        """Return the rows that are marked, with numbers that start at `shift`."""
        kept = self.where(keep)
        return Columns(kept.rows + shift, kept.values)

    @classmethod
    def side_by_side(cls, parts: list[Columns]) -> Columns:
        """Return the nodes of several, those of the first in front."""
        rows = np.concatenate([part.rows for part in parts], axis=1)
        return cls(rows, np.concatenate([part.values for part in parts], axis=1))


def grow(
    columns: Columns,
    sizes: Integers,
    targets: Targets,
    rules: Rules,
    rng: np.random.Generator,
) -> list[Tree]:
    """Grow one tree for each root.

    Parameters
    ----------
    columns : Columns
        The rows of all roots, one root after another.
    sizes : array of shape (n_trees,)
        How many rows each root has.
    targets : Targets
        What the rows are to be split by.
    rules : Rules
        When to stop.
    rng : numpy.random.Generator
        Draws features and thresholds, where the rules ask for it.

    Returns
    -------
    list of Tree
        Of length n_trees.
    """
    places = Places.of_sizes(sizes)
    nodes = targets.summarise(columns.rows[0], places.node, len(sizes))
    book = Book(len(columns.rows), nodes)
    numbers = np.arange(len(sizes))  # of the nodes of this level, in the book
    grows = rules.may_split(nodes, depth=0)
    columns = columns.where(
        _marked(len(targets.weights), columns.rows[0][grows[places.node]])
    )
    least = targets.in_units(rules.min_impurity_decrease)
    while grows.any():
        numbers, sizes = numbers[grows], nodes.size[grows]
        places = Places.of_sizes(sizes)
        whole = book.weight_of_root(numbers)
        splits = _best_splits(columns, places, targets, rules, whole, rng)
        lost = splits.gain / whole[splits.node]
        splits = splits.where(lost >= least - 1e-15)  # zero may be a hair below zero
        rows, child = _children(columns, places, splits)
        nodes = targets.summarise(rows, child, 2 * len(splits.node))
        numbers = book.enter(numbers[splits.node], splits, nodes)
        grows = rules.may_split(nodes, len(book.levels))
        parts = [child < len(splits.node), child >= len(splits.node)]
        n = len(targets.weights)
        columns = Columns.side_by_side(
            [columns.where(_marked(n, rows[part & grows[child]])) for part in parts]
        )
    return book.trees()


def _marked(n: int, rows: Integers) -> Mask:
    mask = np.zeros(n, dtype=bool)
    mask[rows] = True
    return mask


class Splits(NamedTuple):
    """The best cuts of those nodes of a level that have any."""

    node: Integers  # (P,) position in the level
    feature: Integers  # (P,)
    place: Integers  # (P,) the last place that goes left
    threshold: Floats  # (P,)
    gain: Floats  # (P,) impurity lost, times weight

    def where(self, keep: Mask) -> Splits:
        """Return only those that are marked."""
        node, feature, place, threshold, gain = self
        return Splits(
            node[keep], feature[keep], place[keep], threshold[keep], gain[keep]
        )


def _best_splits(
    columns: Columns,
    places: Places,
    targets: Targets,
    rules: Rules,
    whole: Floats,
    rng: np.random.Generator,
) -> Splits:
    """Try all cuts that the rules allow, and return the best of each node."""
    features, looked_at = _looked_at(columns, places, rules, rng)
    gains = targets.gains(looked_at.rows, places)
    values = looked_at.values
    few = np.minimum(places.n_left, places.n_right) < rules.min_samples_leaf
    gains[:, few] = -np.inf
    if rules.min_weight_leaf > 0:
        least = rules.min_weight_leaf * whole[places.node]
        left, right = targets.sides(looked_at.rows, places)
        gains[np.broadcast_to(np.minimum(left, right) < least, gains.shape)] = -np.inf
    np.copyto(gains[:, :-1], -np.inf, where=values[:, :-1] == values[:, 1:])
    if rules.random_cuts:
        cuts = _random_cuts(values, places, rng)[:, places.node]
        beside = (values <= cuts)[:, :-1] & (values > cuts)[:, 1:]
        np.copyto(gains[:, :-1], -np.inf, where=~beside)
    best = _first_best(gains, places, features)
    slot, place = best.feature, best.place
    if rules.random_cuts:
        threshold = cuts[slot, place]
    else:
        threshold = midpoint(values[slot, place], values[slot, place + 1])
    return best._replace(feature=features[slot, best.node], threshold=threshold)


def midpoint(low: Floats, high: Floats) -> Floats:
    """Return what lies between, or `low` where rounding would give `high` or more."""
    middle = low / 2 + high / 2  # halves first: the sum may overflow
    return np.where((low <= middle) & (middle < high), middle, low)


def _random_cuts(values: Floats, places: Places, rng: np.random.Generator) -> Floats:
    """Draw a threshold for each feature and node, evenly within the node's range."""
    low, high = values[:, places.starts], values[:, places.ends]
    share = rng.random(low.shape)
    cut = low * (1 - share) + high * share
    return np.where((low <= cut) & (cut < high), cut, low)


def _looked_at(
    columns: Columns, places: Places, rules: Rules, rng: np.random.Generator
) -> tuple[Integers, Columns]:
    """Return the features that each node looks at, (m, N), and their orders, (m, A)."""
    d, m = len(columns.rows), rules.n_features
    if m >= d:
        every = np.broadcast_to(np.arange(d)[:, None], (d, len(places.starts)))
        return every, columns
    drawn = _drawn_features(columns, places, m, rng)
    n_places = columns.rows.shape[1]
    at = drawn[:, places.node] * n_places + np.arange(n_places)
    return drawn, Columns(columns.rows.take(at), columns.values.take(at))


def _drawn_features(
    columns: Columns, places: Places, m: int, rng: np.random.Generator
) -> Integers:
    """Draw m features for each node; if all are constant there, one that is not."""
    varies = columns.values[:, places.starts] < columns.values[:, places.ends]
    shuffled = rng.random(varies.shape).argsort(axis=0)
    first = np.take_along_axis(varies, shuffled, axis=0).argmax(axis=0)
    late = np.flatnonzero(first >= m)
    drawn = shuffled[:m]
    drawn[0, late] = shuffled[first[late], late]
    return drawn


def _first_best(gains: Floats, places: Places, features: Integers) -> Splits:
    """Return the largest gain of each node: of the first feature, at the first place.

    Gains that differ by rounding only count as equal, so that the order of the rows
    does not decide between two features that do the same.
    """
    tops = np.maximum.reduceat(gains, places.starts, axis=1)  # (m, N)
    top = tops.max(axis=0)
    enough = top - 1e-11 * np.abs(top)
    in_order = np.where(tops >= enough, features, np.iinfo(np.intp).max)
    slot = in_order.argmin(axis=0)
    row = gains[slot[places.node], np.arange(len(places.node))]
    hits = np.flatnonzero((row >= enough[places.node]) & (row > -np.inf))
    node, first = np.unique(places.node[hits], return_index=True)
    nothing = np.zeros(len(node))
    return Splits(node, slot[node], hits[first], nothing, top[node])


def _children(
    columns: Columns, places: Places, splits: Splits
) -> tuple[Integers, Integers]:
    """Return rows, and for each its child: left ones from 0, then all right ones."""
    n_splits = len(splits.node)
    position = np.full(len(places.starts), LEAF)
    position[splits.node] = np.arange(n_splits)
    split = position[places.node]  # (A,) which split each place is in
    at = np.flatnonzero(split != LEAF)
    split = split[at]
    rows = columns.rows[splits.feature[split], at]
    return rows, split + n_splits * (at > splits.place[split])


class _Level(NamedTuple):
    parents: Integers  # numbers in the book
    feature: Integers
    threshold: Floats
    left: Integers
    right: Integers


class Book:
    """Keeps the nodes as they come, level by level, and turns them into trees."""

    def __init__(self, n_features: int, roots: Summary) -> None:
        self.n_features = n_features
        self.nodes = [roots]
        self.levels: list[_Level] = []
        self.n_nodes = len(roots.size)
        self.tree = [np.arange(self.n_nodes)]  # of each node
        self.root_weight = roots.weight

    def weight_of_root(self, numbers: Integers) -> Floats:
        """Return the weight of the whole tree that each node is in."""
        return self.root_weight[np.concatenate(self.tree)[numbers]]

    def enter(self, parents: Integers, splits: Splits, nodes: Summary) -> Integers:
        """Write down the children and return their numbers."""
        numbers = self.n_nodes + np.arange(2 * len(parents))
        left, right = np.split(numbers, 2)
        self.levels.append(
            _Level(parents, splits.feature, splits.threshold, left, right)
        )
        self.nodes.append(nodes)
        self.tree.append(np.tile(np.concatenate(self.tree)[parents], 2))
        self.n_nodes += len(numbers)
        return numbers

    def trees(self) -> list[Tree]:
        """Return the trees, with nodes in the order of a walk that goes left first."""
        number, ends = self.numbers()
        left = np.full(self.n_nodes, LEAF)
        right = left.copy()
        feature = np.full(self.n_nodes, NO_FEATURE)
        threshold = np.full(self.n_nodes, float(NO_FEATURE))
        for level in self.levels:
            at = number[level.parents]
            left[at], right[at] = number[level.left], number[level.right]
            feature[at], threshold[at] = level.feature, level.threshold
        walk = np.empty_like(number)
        walk[number] = np.arange(self.n_nodes)
        value, impurity, weight, size = (
            np.concatenate([nodes[i] for nodes in self.nodes])[walk] for i in range(4)
        )
        trees = []
        for start, end in zip(np.append(0, ends[:-1]), ends, strict=True):
            to = slice(int(start), int(end))
            inside = np.where(feature[to] == NO_FEATURE, 0, start)  # LEAF stays
            trees.append(
                Tree(
                    left[to] - inside,
                    right[to] - inside,
                    feature[to],
                    threshold[to],
                    value[to, None, :],
                    impurity[to],
                    size[to],
                    weight[to],
                    self.n_features,
                )
            )
        return trees

    def numbers(self) -> tuple[Integers, Integers]:
        """Count all nodes by a left-first walk; return also where each tree ends."""
        below = np.ones(self.n_nodes, dtype=np.intp)  # the node and all under it
        for level in reversed(self.levels):
            below[level.parents] += below[level.left] + below[level.right]
        ends = np.cumsum(below[: len(self.root_weight)])
        number = np.zeros(self.n_nodes, dtype=np.intp)
        number[: len(ends)] = np.append(0, ends[:-1])
        for level in self.levels:
            number[level.left] = number[level.parents] + 1
            number[level.right] = number[level.left] + below[level.left]
        return number, ends
