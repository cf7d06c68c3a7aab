"""From logits to probabilities: sigmoid and softmax, without overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats


def sigmoid(z: ArrayLike) -> Floats:
    """Turn log-odds into probabilities, 1 / (1 + exp(-z)), without overflow.

    Parameters
    ----------
    z : array-like of any shape
        Log-odds.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Probabilities. exp is only taken of numbers below zero, so that nothing
        overflows, and small probabilities keep all their digits.

    Notes
    -----
    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    z = np.asarray(z, dtype=np.float64)
    shrunk = np.exp(-np.abs(z))  # in (0, 1]
    probabilities: Floats = np.where(z >= 0, 1.0, shrunk) / (1.0 + shrunk)
    return probabilities


def log_softmax(z: ArrayLike, axis: int = -1) -> Floats:
    """Return the logarithms of `softmax`, without passing through a rounded zero.

    Parameters
    ----------
    z : array-like of any shape
        One logit a class along `axis`.
    axis : int
        The axis of the classes.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Log-probabilities, at most 0.

    Notes
    -----
    Adding one number to all logits changes nothing, so the largest is subtracted
    first: then no exponent is above zero and at least one is zero.

    Taught in: classical/logistic-regression.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0]).tolist()
    [-1000.0, 0.0]
    """
    z = np.asarray(z, dtype=np.float64)
    shifted = z - z.max(axis=axis, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return logs


def softmax(z: ArrayLike, axis: int = -1) -> Floats:
    """Turn logits into probabilities that sum to one along an axis.

    Parameters
    ----------
    z : array-like of any shape
        One logit a class along `axis`.
    axis : int
        The axis of the classes.

    Returns
    -------
    numpy.ndarray of the shape of `z`
        Probabilities.

    Notes
    -----
    Taught in: classical/logistic-regression.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network
    outputs", Neurocomputing, NATO ASI Series 68.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 1000.0]]).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    z = np.asarray(z, dtype=np.float64)
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities
