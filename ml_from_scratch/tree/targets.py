"""What a tree predicts, and how much a split gains: classes and numbers.

Both kinds of target answer the same two questions. `summarise`: what are the value and
the impurity of each node? `gains`: if every node were cut after each of its rows in
turn, how much impurity would go? The second is the inner loop of all tree growing, and
it is a running sum: along a feature's ascending order, the left side of the next cut
is that of the last one and one row more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.base import Floats, Integers

Numbers = NDArray[Any]  # whole where weights are whole: sums are then exact


class Summary(NamedTuple):
    """What is known of some nodes before they are split."""

    value: Floats  # (N, k)
    impurity: Floats  # (N,)
    weight: Floats  # (N,)
    size: Integers  # (N,) rows
    pure: NDArray[np.bool_]  # (N,) nothing left to gain


@dataclass(frozen=True)
class Places:
    """A layout of rows: one node after the other, so that a place is a row in a node.

    Cutting a node at a place puts the rows up to there on the left.
    """

    starts: Integers  # (N,) first place of each node
    ends: Integers  # (N,) last place of each node
    node: Integers  # (A,) node of each place
    n_left: Integers  # (A,) rows left of the cut
    n_right: Integers  # (A,) rows right of it

    @classmethod
    def of_sizes(cls, sizes: Integers) -> Places:
        """Lay out nodes of these sizes."""
        ends = np.cumsum(sizes) - 1
        starts = ends - sizes + 1
        node = np.repeat(np.arange(len(sizes)), sizes)
        at = np.arange(len(node))
        return cls(starts, ends, node, at - starts[node] + 1, ends[node] - at)

    def running(self, numbers: Numbers, totals: Numbers) -> Numbers:
        """Sum along each row of `numbers`, in place, starting anew in every node.

        A node's total is the same in every feature's order. Taking it off the first
        number of the next node saves a second pass.
        """
        numbers[:, self.starts[1:]] -= totals[:-1]
        return np.cumsum(numbers, axis=1, dtype=numbers.dtype, out=numbers)


class Targets(Protocol):
    """What growing needs to know of the targets."""

    @property
    def weights(self) -> Numbers:
        """Weight of each row."""

    def summarise(self, rows: Integers, node: Integers, n_nodes: int) -> Summary:
        """Describe nodes, given the rows and the node of each."""

    def gains(self, rows: Integers, places: Places) -> Floats:
        """Return (m, A): the impurity lost, times weight, by a cut at each place.

        In units that `in_units` turns an impurity into. `rows` is (m, A): the rows of
        the nodes in the orders of m features. What it says of cuts with an empty side
        does not matter.
        """

    def sides(self, rows: Integers, places: Places) -> tuple[Numbers, Numbers]:
        """Return the weight left and right of a cut at each place."""

    def in_units(self, impurity: float) -> float:
        """Turn an impurity into the units of `gains`."""

    def select(self, rows: Integers, weights: Floats) -> Targets:
        """Return the targets of some rows, with other weights."""


def whole_if_possible(weights: Floats) -> Numbers:
    """Turn weights that are whole numbers into integers, whose sums are exact.

    Into the narrowest in which four squares of the whole weight fit: less memory to
    pass through is less time.
    """
    total = weights.sum()
    if total >= 2**30 or (weights != np.rint(weights)).any():
        return weights
    return weights.astype(np.int32 if total < 2**14 else np.int64)


def _sides(
    weights: Numbers, totals: Numbers, rows: Integers, places: Places
) -> tuple[Any, Any]:
    """Return the weight left and right of each cut; an empty side weighs a little."""
    here = weights[rows[0]]
    least = here.min()
    if least == here.max():  # the same for all features
        return least * places.n_left, least * np.maximum(places.n_right, 1)
    left = places.running(weights[rows], totals)
    right = totals[places.node] - left
    return np.maximum(left, least), np.maximum(right, least)


def _of_equal_nodes(
    weights: Numbers, rows: Integers, places: Places
) -> tuple[Numbers, Numbers]:
    """Return weights that give every node a weight of one, and what nodes weigh (N,).

    Else the rounding errors of a heavy node would drown the light node that follows it
    in the running sums. Whole weights make no such errors and stay as they are.
    """
    if weights.dtype.kind == "i":
        return weights, np.ones(len(places.starts))
    here = weights[rows[0]]
    unit = np.add.reduceat(here, places.starts)
    scaled = np.ones_like(weights)
    scaled[rows[0]] = here / unit[places.node]
    return scaled, unit


def _weighed_sides(
    weights: Numbers, rows: Integers, places: Places
) -> tuple[Numbers, Numbers]:
    scaled, unit = _of_equal_nodes(weights, rows, places)
    totals = np.add.reduceat(scaled[rows[0]], places.starts)
    left, right = _sides(scaled, totals, rows, places)
    return left * unit[places.node], right * unit[places.node]


@dataclass(frozen=True)
class ClassTargets:
    """Class labels, with Gini impurity or entropy."""

    codes: Integers  # (n,) class of each row
    n_classes: int
    weights: Numbers  # (n,)
    criterion: str

    def select(self, rows: Integers, weights: Floats) -> ClassTargets:
        """Return the targets of some rows, with other weights."""
        whole = whole_if_possible(weights)
        return ClassTargets(self.codes[rows], self.n_classes, whole, self.criterion)

    def in_units(self, impurity: float) -> float:
        """Turn an impurity into the units of `gains`: these are the same."""
        return impurity

    def sides(self, rows: Integers, places: Places) -> tuple[Numbers, Numbers]:
        """Return the weight left and right of a cut at each place."""
        return _weighed_sides(self.weights, rows, places)

    def summarise(self, rows: Integers, node: Integers, n_nodes: int) -> Summary:
        """Describe nodes, given the rows and the node of each."""
        counts = self._counts(rows, node, n_nodes)
        weight = counts.sum(axis=1)
        shares = counts / weight[:, None]
        impurity = IMPURITY[self.criterion](shares)
        pure = (counts > 0).sum(axis=1) < 2
        size = np.bincount(node, minlength=n_nodes)
        return Summary(shares, np.where(pure, 0.0, impurity), weight, size, pure)

    def _counts(self, rows: Integers, node: Integers, n_nodes: int) -> Floats:
        """Return the weight of each class in each node, (N, k)."""
        cell = node * self.n_classes + self.codes[rows]
        weights = self.weights[rows].astype(np.float64)
        counts = np.bincount(cell, weights, n_nodes * self.n_classes)
        return np.asarray(counts, dtype=np.float64).reshape(n_nodes, self.n_classes)

    def gains(self, rows: Integers, places: Places) -> Floats:
        """Return the impurity lost, times weight, by a cut at each place."""
        weights, unit = _of_equal_nodes(self.weights, rows, places)
        cell = places.node * self.n_classes + self.codes[rows[0]]
        shape = len(unit), self.n_classes
        totals = np.bincount(cell, weights[rows[0]], shape[0] * shape[1]).reshape(shape)
        gains_of = _gini_gains if self.criterion == "gini" else _entropy_gains
        totals = totals.astype(weights.dtype)
        gains = gains_of(rows, self.codes, weights, totals, places)
        gains *= unit[places.node]
        return gains


def _gini_gains(
    rows: Integers, codes: Integers, weights: Numbers, totals: Numbers, places: Places
) -> Floats:
    """Gini impurity times weight is W - sum(counts ** 2) / W, so only squares matter.

    Those of the right side follow from (total - left) ** 2 = total ** 2 - 2 * total *
    left + left ** 2: the middle term, summed over classes, is a running sum over rows.
    Of two classes the squares of one tell those of the other.
    """
    weight = totals.sum(axis=1)
    left_weight, right_weight = _sides(weights, weight, rows, places)
    n_classes = totals.shape[1]
    counted = [1] if n_classes == 2 else list(range(n_classes))
    totals = totals * np.isin(np.arange(n_classes), counted)
    whole = (totals**2).sum(axis=1)
    total_of_class = np.zeros_like(weights)
    total_of_class[rows[0]] = totals[places.node, codes[rows[0]]]
    cross = places.running((weights * total_of_class)[rows], whole)
    squares = np.zeros_like(cross)
    for left in _running_counts(rows, codes, weights, totals, places, counted):
        left *= left
        squares += left
    cross *= -2
    cross += squares
    cross += whole[places.node]  # now the squares of the right side
    gains: Floats = squares * (1.0 / left_weight)
    gains += cross * (1.0 / right_weight)
    gains -= (whole / weight)[places.node]
    return gains * 2.0 if n_classes == 2 else gains


def _entropy_gains(
    rows: Integers, codes: Integers, weights: Numbers, totals: Numbers, places: Places
) -> Floats:
    """Entropy times weight is f(W) - sum(f(counts)), where f(c) = c log2(c)."""
    weight = totals.sum(axis=1)
    left_weight, right_weight = _sides(weights, weight, rows, places)
    gains = np.zeros(rows.shape)
    gains -= _x_log_x(left_weight) + _x_log_x(right_weight)
    gains += (_x_log_x(weight) - _x_log_x(totals).sum(axis=1))[places.node]
    every = list(range(totals.shape[1]))
    counts = _running_counts(rows, codes, weights, totals, places, every)
    for left, total in zip(counts, totals.T, strict=True):
        gains += _x_log_x(left)
        gains += _x_log_x(total[places.node] - left)
    return gains


def _running_counts(
    rows: Integers,
    codes: Integers,
    weights: Numbers,
    totals: Numbers,
    places: Places,
    classes: list[int],
) -> Iterator[Numbers]:
    """Yield for one class after another its weight left of each cut, (m, A)."""
    narrow = np.int8 if totals.shape[1] < 128 else np.int32
    label = codes.astype(narrow)[rows]
    same = weights.min() == weights.max()
    heft = weights[:1] if same else weights[rows]
    for k in classes:
        yield places.running((label == k) * heft, totals[:, k])


def gini(shares: Floats) -> Floats:
    """Return the chance that two draws from a node are of different classes."""
    return np.asarray(1.0 - (shares**2).sum(axis=-1))


def entropy(shares: Floats) -> Floats:
    """Return the bits that it takes to say of which class a draw is."""
    return np.asarray(-_x_log_x(shares).sum(axis=-1))


IMPURITY = {"gini": gini, "entropy": entropy}


def _x_log_x(x: Numbers) -> Floats:
    """Return x log2(x), 0 at 0; rounding errors below zero count as zero."""
    if x.dtype == np.int32 and x.ndim == 2:  # many counts, few different ones
        return _x_log_x(np.arange(x.max() + 1.0)).take(x)
    x = np.maximum(x, np.finfo(np.float64).tiny)  # tiny times its logarithm is nothing
    product: Floats = x * np.log2(x)
    return product


@dataclass(frozen=True)
class NumberTargets:
    """Numbers, with squared error.

    They are shifted and scaled so that the largest is about one. The shift is one of
    the targets, and the scale a power of two: neither rounds whole numbers.
    """

    scaled: Floats  # (n,)
    weights: Numbers  # (n,)
    shift: float
    scale: float

    @classmethod
    def of(cls, y: Floats, weights: Floats) -> NumberTargets:
        """Take targets as they are."""
        half = y / 2  # halves, so that no difference overflows
        middle = half.min() / 2 + half.max() / 2
        shift = float(y[np.abs(half - middle).argmin()])
        largest = float(np.abs(half - shift / 2).max())
        scale = 2.0 ** int(np.clip(np.frexp(largest)[1] + 1, -1000, 1000))
        scaled = (half - shift / 2) / (scale / 2)
        return cls(scaled, whole_if_possible(weights), shift, scale)

    def select(self, rows: Integers, weights: Floats) -> NumberTargets:
        """Return the targets of some rows, with other weights."""
        whole = whole_if_possible(weights)
        return NumberTargets(self.scaled[rows], whole, self.shift, self.scale)

    def in_units(self, impurity: float) -> float:
        """Turn an impurity into the units of `gains`: squares of scaled targets."""
        return impurity / self.scale / self.scale

    def sides(self, rows: Integers, places: Places) -> tuple[Numbers, Numbers]:
        """Return the weight left and right of a cut at each place."""
        return _weighed_sides(self.weights, rows, places)

    def summarise(self, rows: Integers, node: Integers, n_nodes: int) -> Summary:
        """Describe nodes, given the rows and the node of each."""
        y, weights = self.scaled[rows], self.weights[rows].astype(np.float64)
        weight = np.asarray(np.bincount(node, weights, n_nodes), dtype=np.float64)
        mean = np.bincount(node, weights * y, n_nodes) / weight
        spread = weights * (y - mean[node]) ** 2
        variance = np.bincount(node, spread, n_nodes) / weight
        pure = variance <= 1e-24  # differences of a millionth of a millionth: rounding
        with np.errstate(over="ignore"):  # of targets around 1e200: infinite, truly
            impurity = np.where(pure, 0.0, variance) * self.scale * self.scale
        value = (mean * self.scale + self.shift)[:, None]
        size = np.bincount(node, minlength=n_nodes)
        return Summary(value, impurity, weight, size, pure)

    def gains(self, rows: Integers, places: Places) -> Floats:
        """Return the squared error lost by a cut at each place.

        With deviations from the node's mean, both sides have the same sum S but for
        the sign, and the loss is S**2 / W_left + S**2 / W_right.
        """
        weights, unit = _of_equal_nodes(self.weights, rows, places)
        at = rows[0]
        here, y = weights[at], self.scaled[at]
        weight = np.add.reduceat(here, places.starts)
        mean = np.add.reduceat(here * y, places.starts) / weight
        off = y - mean[places.node]
        largest = np.maximum.reduceat(np.abs(off), places.starts)  # above 0: not pure
        deviation = np.empty_like(self.scaled)
        deviation[at] = here * (off / largest[places.node])
        gains = np.cumsum(deviation[rows], axis=1)
        left_weight, right_weight = _sides(weights, weight, rows, places)
        gains *= gains
        gains *= 1.0 / left_weight + 1.0 / right_weight
        gains *= (unit * largest**2)[places.node]
        return gains
