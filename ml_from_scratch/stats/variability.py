"""Bias and variance of a model, measured by training it many times.

On real data there is one training set and no truth. In a simulation there are as many
training sets as one likes, and the truth is known, so the two can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, clone
from ml_from_scratch.stats._checks import same_length, sample, whole


class BiasVariance(NamedTuple):
    """The parts of a model's error, averaged over test points.

    Parameters
    ----------
    bias_squared
        Squared distance between the mean prediction and the truth.
    variance
        Spread of the predictions over training sets.
    error
        Mean squared distance of a prediction from the truth: the sum of the two.
        Noise in new targets comes on top.
    predictions
        One line a training set, shape (repeats, m).

    Notes
    -----
    Taught in: mathematics/bias-variance.

    Examples
    --------
    >>> BiasVariance(1.0, 2.0, 3.0, np.zeros((2, 1))).error
    3.0
    """

    bias_squared: float
    variance: float
    error: float
    predictions: Floats


def bias_variance(
    model: Any,
    draw: Callable[[np.random.Generator], tuple[Any, Any]],
    X: ArrayLike,
    truth: ArrayLike,
    *,
    rng: np.random.Generator,
    repeats: int = 100,
) -> BiasVariance:
    """Train a model on many training sets, and split its error into two parts.

    Parameters
    ----------
    model : estimator
        A regressor with ``fit`` and ``predict``; it is cloned for each training set.
    draw : callable
        Takes a generator and returns a training set, X and y.
    X : array-like of shape (m, d)
        Test points, the same for all training sets.
    truth : array-like of shape (m,)
        The expected target at each of them, without noise.
    rng : numpy.random.Generator
        Handed to `draw`.
    repeats : int, default 100
        Training sets, at least 2.

    Returns
    -------
    BiasVariance
        Both parts free of bias themselves: the mean of few predictions is off by
        variance / repeats, and that much is taken from the squared bias. It can come
        out a little below 0.

    Raises
    ------
    ValueError
        If `repeats` is below 2, or the model predicts other than m numbers.

    Notes
    -----
    `repeats` fits. Taught in: mathematics/bias-variance.

    References
    ----------
    Geman, Bienenstock and Doursat (1992), "Neural networks and the bias/variance
    dilemma", Neural Computation 4(1).

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> def draw(rng):
    ...     return np.zeros((10, 1)), rng.normal(size=10)
    >>> found = bias_variance(
    ...     DummyRegressor(), draw, [[0.0]], [2.0],
    ...     rng=np.random.default_rng(0), repeats=200,
    ... )
    >>> round(found.bias_squared), round(found.variance, 1)
    (4, 0.1)
    """
    target = sample(truth, "truth")
    whole(repeats, "repeats", least=2)
    predictions = np.empty((repeats, len(target)))
    for line in predictions:
        fitted = clone(model).fit(*draw(rng))
        predicted = sample(fitted.predict(X), "The prediction")
        same_length(truth=target, predicted=predicted)
        line[:] = predicted
    variance = float(predictions.var(axis=0, ddof=1).mean())
    gaps = predictions.mean(axis=0) - target
    bias_squared = float(np.mean(gaps**2)) - variance / repeats
    error = float(np.mean((predictions - target) ** 2))
    return BiasVariance(bias_squared, variance, error, predictions)
