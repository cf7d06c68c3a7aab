"""The losses that boosters walk down, each with its slope and its step.

A booster's prediction is a number a row (a logit; k of them for k classes). Each loss
says where to start, which way down is (`residuals`: minus the gradient, of each row by
itself: not divided by their number), how bent the loss is there, and how far to step
in a leaf.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ml_from_scratch.base import Floats, Integers
from ml_from_scratch.linear import log_softmax, sigmoid, softmax

SMALLEST = 1e-150  # curvatures below count as none: the leaf stays where it is


class Loss(Protocol):
    """What a booster asks of a loss. Predictions `raw` are (n, k), weights (n,)."""

    flat: bool  # the curvature is one everywhere

    def start(self, y: Floats, weights: Floats) -> Floats:
        """Return the best constant prediction, (k,)."""

    def mean(self, y: Floats, raw: Floats, weights: Floats) -> float:
        """Return the mean loss."""

    def residuals(self, y: Floats, raw: Floats) -> Floats:
        """Return minus the gradient, (n, k)."""

    def curvatures(self, raw: Floats) -> Floats:
        """Return the second derivatives, (n, k)."""

    def steps(
        self, y: Floats, raw: Floats, weights: Floats, leaf: Integers, n: int, k: int
    ) -> Floats:
        """Return the best step of output k for each leaf, given each row's, (n,)."""


class SquaredError:
    """Half of (y - raw)**2: what is missing is the way down, its mean the step."""

    flat = True

    def start(self, y: Floats, weights: Floats) -> Floats:
        """Return the mean."""
        return np.array([np.average(y, weights=weights)])

    def mean(self, y: Floats, raw: Floats, weights: Floats) -> float:
        """Return the mean squared error."""
        return float(np.average((y - raw[:, 0]) ** 2, weights=weights))

    def residuals(self, y: Floats, raw: Floats) -> Floats:
        """Return y - raw."""
        return y[:, None] - raw

    def curvatures(self, raw: Floats) -> Floats:
        """Return ones."""
        return np.ones_like(raw)

    def steps(
        self, y: Floats, raw: Floats, weights: Floats, leaf: Integers, n: int, k: int
    ) -> Floats:
        """Return the mean residual of each leaf."""
        mass = np.bincount(leaf, weights, n)
        off = np.bincount(leaf, weights * (y - raw[:, k]), n)
        return np.divide(off, mass, out=np.zeros(n), where=mass > 0)


class QuantileLoss:
    """Costs q for a unit too low, 1 - q for one too high: least at the q-quantile."""

    flat = True

    def __init__(self, quantile: float, scale: float = 1.0) -> None:
        self.quantile = quantile
        self.scale = scale  # 2 with quantile 0.5: the absolute error

    def start(self, y: Floats, weights: Floats) -> Floats:
        """Return the quantile."""
        return self._quantiles(y, weights, np.zeros(len(y), dtype=np.intp), 1)

    def mean(self, y: Floats, raw: Floats, weights: Floats) -> float:
        """Return the mean pinball loss."""
        off = y - raw[:, 0]
        cost = np.maximum(self.quantile * off, (self.quantile - 1) * off)
        return float(np.average(self.scale * cost, weights=weights))

    def residuals(self, y: Floats, raw: Floats) -> Floats:
        """Return q below the target and q - 1 above it."""
        below = raw <= y[:, None]
        return self.scale * np.where(below, self.quantile, self.quantile - 1)

    def curvatures(self, raw: Floats) -> Floats:
        """Return ones: there is no curvature, and leaves find their quantile."""
        return np.ones_like(raw)

    def steps(
        self, y: Floats, raw: Floats, weights: Floats, leaf: Integers, n: int, k: int
    ) -> Floats:
        """Return the quantile of what is missing in each leaf."""
        return self._quantiles(y - raw[:, k], weights, leaf, n)

    def _quantiles(
        self, off: Floats, weights: Floats, leaf: Integers, n: int
    ) -> Floats:
        """Return in each leaf the least value with a share q at or below it."""
        order = np.lexsort((off, leaf))
        heaped = np.cumsum(weights[order])
        totals = np.bincount(leaf, weights, n)
        before = np.cumsum(totals) - totals
        aim = before + self.quantile * totals * (1 - 1e-12)
        at = np.minimum(np.searchsorted(heaped, aim), len(order) - 1)
        return np.where(totals > 0, off[order[at]], 0.0)


class LogLoss:
    """Log loss of classes given as codes: one logit for two, one each for more."""

    flat = False

    def __init__(self, n_classes: int, shrink: bool = True) -> None:
        self.n_classes = n_classes
        self.k = 1 if n_classes == 2 else n_classes
        # Friedman's steps for k logits are shorter by (k - 1) / k
        self.factor = (self.k - 1) / self.k if self.k > 1 and shrink else 1.0

    def start(self, y: Floats, weights: Floats) -> Floats:
        """Return the logits of the classes' shares."""
        shares = np.bincount(y.astype(np.intp), weights, self.n_classes) / weights.sum()
        eps = np.finfo(np.float64).eps
        logs = np.log(np.clip(shares, eps, 1 - eps))
        if self.k == 1:
            return np.array([logs[1] - logs[0]])
        return np.asarray(logs - logs.mean())

    def mean(self, y: Floats, raw: Floats, weights: Floats) -> float:
        """Return the mean log loss."""
        if self.k == 1:
            raw = np.column_stack([np.zeros(len(raw)), raw])
        logs = log_softmax(raw)[np.arange(len(y)), y.astype(np.intp)]
        return float(np.average(-logs, weights=weights))

    def probabilities(self, raw: Floats) -> Floats:
        """Return one probability a logit, (n, k)."""
        return sigmoid(raw) if self.k == 1 else softmax(raw)

    def residuals(self, y: Floats, raw: Floats) -> Floats:
        """Return truth minus probability."""
        targets = np.array([1]) if self.k == 1 else np.arange(self.k)
        truth = y[:, None] == targets
        return np.asarray(truth - self.probabilities(raw))

    def curvatures(self, raw: Floats) -> Floats:
        """Return p (1 - p)."""
        p = self.probabilities(raw)
        return p * (1 - p)

    def steps(
        self, y: Floats, raw: Floats, weights: Floats, leaf: Integers, n: int, k: int
    ) -> Floats:
        """Return a Newton step: the residuals of a leaf over its curvatures."""
        slope = np.bincount(leaf, weights * self.residuals(y, raw)[:, k], n)
        bend = np.bincount(leaf, weights * self.curvatures(raw)[:, k], n)
        enough = bend > SMALLEST * np.bincount(leaf, weights, n)
        step = np.divide(slope, bend, out=np.zeros(n), where=enough)
        return step * self.factor
