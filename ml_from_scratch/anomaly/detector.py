"""What all detectors share: scores, and an offset that separates the two kinds."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import BaseEstimator, Floats, Integers, OutlierMixin

Contamination = Literal["auto"] | float


class Detector(OutlierMixin, BaseEstimator):
    """Turns `score_samples` and ``offset_`` into decisions; a base, not a detector.

    A subclass provides ``fit``, which sets ``offset_``, and `score_samples`.

    Notes
    -----
    Taught in: classical/anomalies.
    """

    offset_: float

    def score_samples(self, X: ArrayLike) -> Floats:
        """Return how usual each row is.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            The lower, the more unusual.
        """
        raise NotImplementedError

    def decision_function(self, X: ArrayLike) -> Floats:
        """Return the scores, moved so that those of outliers are negative.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            `score_samples` less ``offset_``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> Integers:
        """Say of each row whether it is an outlier.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Rows with the columns of ``fit``.

        Returns
        -------
        numpy.ndarray of shape (n,)
            -1 for outliers, 1 for the others.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)


def contamination_rule(value: Any, *, auto: bool) -> tuple[bool, str]:
    """Return whether a contamination is one, and what it must be in words."""
    words = "a share of the rows above 0, at most 0.5"
    if isinstance(value, str):
        return auto and value == "auto", f"'auto' or {words}" if auto else words
    return 0 < value <= 0.5, f"'auto' or {words}" if auto else words


def offset_for(contamination: Contamination, scores: Floats, auto: float) -> float:
    """Return what separates the wanted share of scores, or the method's own offset."""
    if isinstance(contamination, str):
        return auto
    return float(np.percentile(scores, 100.0 * contamination))
