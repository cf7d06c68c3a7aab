"""LIME: a linear model that behaves like the model near one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats
from ml_from_scratch.linear import Ridge
from ml_from_scratch.metrics import r2_score
from ml_from_scratch.metrics.inputs import floats

Predict = Callable[[Floats], ArrayLike]


class LimeExplanation(NamedTuple):
    """A linear model near a row, and how well it fits there.

    Parameters
    ----------
    coef : numpy.ndarray of shape (d,)
        What one standard deviation of each column adds to the prediction.
    intercept : float
        What the linear model predicts at the row.
    score : float
        Its weighted R2 on the rows drawn: if it is low, the model is not linear there,
        and the coefficients explain little.

    Notes
    -----
    Taught in: features/shapley-and-lime.

    Examples
    --------
    >>> LimeExplanation(np.array([1.0]), 0.0, 1.0).score
    1.0
    """

    coef: Floats
    intercept: float
    score: float


def lime_tabular(
    predict: Predict,
    x: ArrayLike,
    X: ArrayLike,
    *,
    rng: np.random.Generator,
    n_samples: int = 5000,
    kernel_width: float | None = None,
    alpha: float = 1.0,
) -> LimeExplanation:
    """Draw rows around one, weigh them by their nearness, and fit a ridge regression.

    Parameters
    ----------
    predict : callable
        Takes rows (m, d) and returns a number each.
    x : array-like of shape (d,)
        The row to explain.
    X : array-like of shape (n, d)
        Rows that the columns' standard deviations are taken from; columns that never
        change are left as they are and get zero.
    rng : numpy.random.Generator
        Draws the rows.
    n_samples : int, default 5000
        How many.
    kernel_width : float, optional
        How far "near" reaches, in standard deviations; by default 0.75 sqrt(d).
    alpha : float, default 1.0
        Strength of the ridge penalty.

    Returns
    -------
    LimeExplanation
        ``coef``, ``intercept`` and ``score``.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a setting is not as described.

    Notes
    -----
    Another seed is another explanation, and another width answers another question.
    Explain a row with several seeds before believing the order of two coefficients.

    `n_samples` predictions, O(n_samples d^2) for the fit.

    Taught in: features/shapley-and-lime.

    References
    ----------
    Ribeiro, Singh and Guestrin (2016), "'Why should I trust you?' Explaining the
    predictions of any classifier", KDD. Garreau and von Luxburg (2020), "Explaining the
    explainer: a first theoretical analysis of LIME", AISTATS.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 2)) * [1.0, 10.0]
    >>> found = lime_tabular(lambda X: 3 * X[:, 0], [0.0, 0.0], X, rng=rng)
    >>> (found.coef / X.std(axis=0)).round(1).tolist()
    [3.0, 0.0]
    """
    row, rows = floats(x, "x", ndim=1), floats(X, "X", ndim=2)
    if len(row) != rows.shape[1] or n_samples < 2:
        raise ValueError(
            f"Expected a row of the {rows.shape[1]} columns of X and 2 samples or "
            f"more, got {len(row)} columns and {n_samples}."
        )
    width = 0.75 * np.sqrt(len(row)) if kernel_width is None else kernel_width
    if not width > 0 or not alpha >= 0:
        raise ValueError(
            "kernel_width must be above 0 and alpha not below, got "
            f"{kernel_width!r} and {alpha!r}."
        )
    scale = np.ptp(rows, axis=0).astype(bool) * rows.std(axis=0)
    moves = rng.normal(size=(n_samples, len(row))) * (scale > 0)  # in deviations
    target = floats(predict(row + moves * scale), "predict(X)", ndim=1)
    nearness = np.exp(-np.sum(moves**2, axis=1) / width**2)
    line = Ridge(alpha).fit(moves, target, sample_weight=nearness)
    score = r2_score(target, line.predict(moves), sample_weight=nearness)
    return LimeExplanation(line.coef_, float(line.intercept_), score)
