"""Drawing rows with replacement, so that only the data decide what is drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_parameters, is_share, is_whole


class Urn:
    """Rows to draw from, each with a chance in proportion to its weight.

    The rows lie in the urn in an order that depends on their values alone. So a row of
    weight two is drawn exactly as two equal rows are, and the order in which rows were
    handed in does not matter.
    """

    def __init__(self, X: Floats, y: ArrayLike, weights: Floats) -> None:
        y = np.unique(np.asarray(y).ravel(), return_inverse=True)[1]
        direction = np.random.default_rng(0).normal(size=X.shape[1])
        largest = np.abs(X[weights > 0]).max(axis=0)
        mixed = (X / np.where(largest > 0, largest, 1) * direction).sum(axis=1)
        self.order = np.lexsort((y, mixed))
        self.cumulated = np.cumsum(weights[self.order])
        # as many draws as there are rows, each counted as often as its weight says
        self.size = max(round(float(self.cumulated[-1])), int((weights > 0).sum()))

    def draw(self, size: int, rng: np.random.Generator) -> Integers:
        """Return rows, drawn with replacement."""
        aimed = rng.random(size) * self.cumulated[-1]
        at = np.searchsorted(self.cumulated, aimed, side="right")
        return np.asarray(self.order[np.minimum(at, len(self.order) - 1)])


def n_draws(max_samples: float | None, size: int) -> int:
    """Turn `max_samples` into a number of draws."""
    if max_samples is None:
        return size
    if isinstance(max_samples, float):
        return max(1, round(max_samples * size))
    return int(max_samples)


def check_draws(estimator: object, n_estimators: object, max_samples: object) -> None:
    """Refuse settings that are not what they may be."""
    check_parameters(
        estimator,
        n_estimators=(is_whole(n_estimators, 1), "a whole number from 1"),
        max_samples=(
            max_samples is None or is_whole(max_samples, 1) or is_share(max_samples),
            "a whole number from 1, a share in (0.0, 1.0] or None",
        ),
    )
