"""Growing trees on binned features: a sum for each bin, instead of one for each row.

With at most 255 bins a feature, a node needs only the sums of the gradients in each
bin: one ``bincount`` over all features. A node's sums are those of its two children
together, so only the smaller child is counted, and the larger is what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.tree.growth import Book, Splits, midpoint
from ml_from_scratch.tree.structure import Tree
from ml_from_scratch.tree.targets import Summary


@dataclass(frozen=True)
class Bins:
    """Each feature cut into bins of about the same weight; exact if few values.

    Row r is in bin b of feature f if its value is above `thresholds[f][b - 1]` and at
    most `thresholds[f][b]`.
    """

    cells: Integers  # (d, n): f * size + b
    thresholds: list[Floats]
    size: int  # bins set aside for each feature

    @classmethod
    def of(cls, X: Floats, weights: Floats, max_bins: int) -> Bins:
        """Find the bins and put the rows into them."""
        thresholds = [_thresholds(column, weights, max_bins) for column in X.T]
        size = max(map(len, thresholds)) + 1
        cells = [
            f * size + np.searchsorted(cuts, column)
            for f, (cuts, column) in enumerate(zip(thresholds, X.T, strict=True))
        ]
        return cls(np.array(cells, dtype=np.intp), thresholds, size)


def _thresholds(column: Floats, weights: Floats, max_bins: int) -> Floats:
    """Return the midpoints of few values, or the quantiles of many."""
    order = np.argsort(column, kind="stable")
    values = column[order]
    distinct = values[np.append(True, values[1:] > values[:-1])]
    if len(distinct) <= max_bins:
        return midpoint(distinct[:-1], distinct[1:])
    heaped = np.cumsum(weights[order])
    aims = heaped[-1] * np.arange(1, max_bins) / max_bins
    low = values[np.searchsorted(heaped, aims, side="left")]
    high = values[np.searchsorted(heaped, aims, side="right")]
    return np.unique(np.where(low < high, midpoint(low, high), low))


class Sums(NamedTuple):
    """Sums over rows: (N, d, size) by bin, or (N,) by node."""

    slope: Floats  # of the gradients
    bend: Floats  # of the second derivatives
    weight: Floats

    def minus(self, other: Sums) -> Sums:
        """Return the difference, entry by entry."""
        return Sums(*(a - b for a, b in zip(self, other, strict=True)))

    def taken(self, at: Integers) -> Sums:
        """Return some nodes."""
        return Sums(*(part[at] for part in self))


@dataclass(frozen=True)
class BinnedRules:
    """When to stop."""

    max_depth: int | None
    min_samples_leaf: int
    l2: float
    min_bend: float = 1e-3

    def worth(self, sums: Sums) -> Floats:
        """Return what the best step gains: slope**2 / (bend + l2)."""
        below = np.maximum(sums.bend + self.l2, np.finfo(np.float64).tiny)
        with np.errstate(over="ignore"):
            return np.asarray(sums.slope**2 / below)


@dataclass(frozen=True)
class Rows:
    """What is known of each row: its cells, derivatives and weight."""

    bins: Bins
    slope: Floats
    bend: Floats
    weight: Floats

    def sums(self, rows: Integers, node: Integers, n_nodes: int) -> Sums:
        """Add up the rows of each node in each bin."""
        d, size = len(self.bins.cells), self.bins.size
        shape = n_nodes, d, size
        cells = self.bins.cells
        if len(rows) < cells.shape[1]:
            cells = cells[:, rows]
        if n_nodes > 1:
            cells = cells + node * (d * size)

        def added(numbers: Floats) -> Floats:
            spread = np.broadcast_to(numbers[rows], cells.shape).ravel()
            counts = np.bincount(cells.ravel(), spread, n_nodes * d * size)
            return np.asarray(counts, dtype=np.float64).reshape(shape)

        weight = added(self.weight)
        bend = weight if self.bend is self.weight else added(self.bend)
        return Sums(added(self.slope), bend, weight)


def grow_binned(rows: Rows, rules: BinnedRules) -> tuple[Tree, Integers]:
    """Grow a tree on all rows; return it and the leaf of each row."""
    n = len(rows.slope)
    at, node = np.arange(n), np.zeros(n, dtype=np.intp)  # rows, and their open nodes
    number = np.zeros(n, dtype=np.intp)  # of each row's node in the book
    sums = rows.sums(at, node, 1)
    totals = Sums(*(part[:, 0].sum(axis=1) for part in sums))
    book = Book(len(rows.bins.cells), _summary(totals, rules))
    names = np.zeros(1, dtype=np.intp)
    while len(names) and (
        rules.max_depth is None or len(book.levels) < rules.max_depth
    ):
        splits, left = _best_cuts(sums, totals, rows.bins, rules)
        at, child = _sent_down(rows.bins, splits, at, node)
        both = _both_sides(left, totals.taken(splits.node))
        names = book.enter(names[splits.node], splits, _summary(both, rules))
        number[at] = names[child]
        if rules.max_depth is not None and len(book.levels) == rules.max_depth:
            break
        sums = _sums_of_children(rows, sums.taken(splits.node), at, child)
        totals, node = both, child
    order, _ = book.numbers()
    return book.trees()[0], order[number]


def _summary(totals: Sums, rules: BinnedRules) -> Summary:
    """Describe nodes: the best step, and as impurity what taking it leaves."""
    below = totals.bend + rules.l2
    step = np.divide(
        -totals.slope, below, out=np.zeros_like(below), where=below > 1e-150
    )
    left = -rules.worth(totals) / totals.weight
    size = np.rint(totals.weight).astype(np.intp)
    pure = np.zeros(len(size), dtype=bool)
    return Summary(step[:, None], left, totals.weight, size, pure)


def _best_cuts(
    sums: Sums, totals: Sums, bins: Bins, rules: BinnedRules
) -> tuple[Splits, Sums]:
    """Return the best cut of each node that gains, and the sums left of it."""
    left = Sums(*(part.cumsum(axis=2) for part in sums))
    whole = Sums(*(part[:, None, None] for part in totals))
    right = whole.minus(left)
    gains = rules.worth(left) + rules.worth(right) - rules.worth(whole)
    fits = np.minimum(left.weight, right.weight) >= rules.min_samples_leaf * (1 - 1e-12)
    fits &= np.minimum(left.bend, right.bend) >= rules.min_bend
    flat = np.where(fits, gains, -np.inf).reshape(len(gains), -1)
    place = flat.argmax(axis=1)
    gain = flat[np.arange(len(flat)), place]
    node = np.flatnonzero(gain > 0)
    place, gain = place[node], gain[node]
    feature, bin_ = np.divmod(place, bins.size)
    cut = [bins.thresholds[f][b] for f, b in zip(feature, bin_, strict=True)]
    splits = Splits(node, feature, place, np.array(cut, dtype=np.float64), gain)
    return splits, Sums(*(part[node, feature, bin_] for part in left))


def _sent_down(
    bins: Bins, splits: Splits, at: Integers, node: Integers
) -> tuple[Integers, Integers]:
    """Return the rows of split nodes and their children, left ones from 0."""
    split = np.full(node.max() + 1, -1)
    split[splits.node] = np.arange(len(splits.node))
    split = split[node]
    at, split = at[split >= 0], split[split >= 0]
    goes_right = bins.cells[splits.feature[split], at] > splits.place[split]
    return at, split + len(splits.node) * goes_right


def _both_sides(left: Sums, parents: Sums) -> Sums:
    right = parents.minus(left)
    return Sums(*(np.append(a, b) for a, b in zip(left, right, strict=True)))


def _sums_of_children(rows: Rows, parents: Sums, at: Integers, child: Integers) -> Sums:
    """Count the smaller child of each node; the larger is the difference."""
    n = len(parents.slope)
    sizes = np.bincount(child, minlength=2 * n)
    left_is_smaller: NDArray[np.bool_] = sizes[:n] <= sizes[n:]
    is_small = np.append(left_is_smaller, ~left_is_smaller)
    chosen = is_small[child]
    small = rows.sums(at[chosen], child[chosen] % n, n)
    large = parents.minus(small)
    swap = left_is_smaller[:, None, None]
    pairs = zip(small, large, strict=True)
    return Sums(
        *(
            np.concatenate([np.where(swap, a, b), np.where(swap, b, a)])
            for a, b in pairs
        )
    )
