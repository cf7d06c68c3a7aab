"""Pruning: weights near zero, and units made of them, are set to zero and kept there.

A mask says what stays. Setting single weights to zero keeps accuracy longest but saves
time only on hardware that skips zeros; dropping whole rows makes smaller matrices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.nn import Module

__all__ = [
    "apply_masks",
    "global_masks",
    "magnitude_mask",
    "sparsity",
    "structured_mask",
]

Mask = NDArray[np.bool_]


def magnitude_mask(weight: ArrayLike, amount: float) -> Mask:
    """Choose the largest weights to stay.

    Parameters
    ----------
    weight : array_like
        Any shape.
    amount : float
        The share that goes, 0 to 1.

    Returns
    -------
    numpy.ndarray of bool
        True for what stays. Exactly round(amount * n) entries go; of equal ones, those
        that come first.

    Raises
    ------
    ValueError
        If the amount is no share, or a weight is NaN.

    Notes
    -----
    O(n log n) time.

    Taught in: deployment/pruning-and-distillation.

    References
    ----------
    Han, Pool, Tran and Dally (2015), Learning both Weights and Connections for
    Efficient Neural Networks, NeurIPS.

    Examples
    --------
    >>> magnitude_mask([0.1, -3.0, 2.0, -0.2], amount=0.5)
    array([False,  True,  True, False])
    """
    return global_masks({"weight": weight}, amount)["weight"]


def global_masks(weights: Mapping[str, ArrayLike], amount: float) -> dict[str, Mask]:
    """Choose the largest weights of several layers together to stay.

    Parameters
    ----------
    weights : mapping from str to array_like
        Such as a state dict, or part of one.
    amount : float
        The share of all of them that goes, 0 to 1.

    Returns
    -------
    dict of arrays of bool
        True for what stays. A layer with small weights loses more of them.

    Raises
    ------
    ValueError
        If the amount is no share, or a weight is NaN.

    Notes
    -----
    O(n log n) time for n weights in all.

    Taught in: deployment/pruning-and-distillation.

    References
    ----------
    Frankle and Carbin (2019), The Lottery Ticket Hypothesis, appendix on global
    pruning, ICLR.

    Examples
    --------
    >>> masks = global_masks({"a": [1.0, 2.0], "b": [0.1, 9.0]}, amount=0.5)
    >>> {name: mask.tolist() for name, mask in masks.items()}
    {'a': [False, True], 'b': [False, True]}
    """
    sizes = {name: np.abs(np.asarray(w, np.float64)) for name, w in weights.items()}
    together = np.concatenate([s.ravel() for s in sizes.values()] or [np.zeros(0)])
    kept = _largest(together, amount)
    parts = np.split(kept, np.cumsum([size.size for size in sizes.values()])[:-1])
    return {
        name: part.reshape(size.shape)
        for (name, size), part in zip(sizes.items(), parts, strict=False)
    }


def structured_mask(
    weight: ArrayLike, amount: float, axis: int = 0, norm: float = 2
) -> Mask:
    """Choose whole rows, columns or kernels to stay.

    Parameters
    ----------
    weight : array_like
        At least one axis.
    amount : float
        The share of slices that go, 0 to 1.
    axis : int
        What the slices are: 0 for the output units of a linear layer or the kernels
        of a convolution.
    norm : float
        By which slices are compared: 1 adds up sizes, 2 squares.

    Returns
    -------
    numpy.ndarray of bool
        Of the shape of `weight`, True for what stays.

    Raises
    ------
    ValueError
        If the amount is no share, there is no such axis, or a weight is NaN.

    Notes
    -----
    O(n) time.

    Taught in: deployment/pruning-and-distillation.

    References
    ----------
    Li, Kadav, Durdanovic, Samet and Graf (2017), Pruning Filters for Efficient
    ConvNets, ICLR.

    Examples
    --------
    >>> structured_mask([[3.0, 4.0], [0.1, 0.2]], amount=0.5)
    array([[ True,  True],
           [False, False]])
    """
    w = np.asarray(weight, np.float64)
    if not -w.ndim <= axis < w.ndim:
        raise ValueError(f"axis is {axis}; a weight of shape {w.shape} has none such.")
    slices = np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)
    kept = _largest(np.linalg.norm(slices, ord=norm, axis=1), amount)
    wide = [1] * w.ndim
    wide[axis] = -1
    return np.broadcast_to(kept.reshape(wide), w.shape).copy()


def _largest(sizes: NDArray[Any], amount: float) -> Mask:
    """Say which entries stay when the smallest round(amount * n) go."""
    if not 0.0 <= amount <= 1.0:
        raise ValueError(f"amount is {amount}; expected a share from 0 to 1.")
    if np.isnan(sizes).any():
        raise ValueError("a weight is NaN; expected numbers.")
    kept = np.ones(len(sizes), dtype=bool)
    kept[np.argsort(sizes, kind="stable")[: round(amount * len(sizes))]] = False
    return kept


def apply_masks(model: Module, masks: Mapping[str, ArrayLike]) -> None:
    """Set the parameters of a model to zero where their masks are.

    Parameters
    ----------
    model : Module
        It is changed. While it is trained on, call this after each step: the
        optimiser knows nothing of masks.
    masks : mapping from str to array_like of bool
        By the names of `named_parameters`.

    Raises
    ------
    ValueError
        If there is no such parameter, or a shape does not fit; then nothing was
        changed.

    Notes
    -----
    Taught in: deployment/pruning-and-distillation.

    Examples
    --------
    >>> from ml_from_scratch.nn import Linear
    >>> layer = Linear(2, 1, rng=np.random.default_rng(0))
    >>> apply_masks(layer, {"weight": [[True, False]]})
    >>> float(layer.weight.data[0, 1])
    0.0
    """
    parameters = dict(model.named_parameters())
    kept = {name: np.asarray(mask, dtype=bool) for name, mask in masks.items()}
    for name, mask in kept.items():
        if name not in parameters:
            raise ValueError(f"{type(model).__name__} has no parameter {name!r}.")
        if mask.shape != (shape := parameters[name].shape):
            raise ValueError(f"the mask of {name} is {mask.shape}; expected {shape}.")
    for name, mask in kept.items():
        old = parameters[name].data
        parameters[name].data = np.where(mask, old, old.dtype.type(0))


def sparsity(model: Module) -> float:
    """Return the share of a model's parameters that are zero.

    Parameters
    ----------
    model : Module
        With at least one parameter.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If there is no parameter.

    Notes
    -----
    Taught in: deployment/pruning-and-distillation.

    Examples
    --------
    >>> from ml_from_scratch.nn import Linear
    >>> layer = Linear(3, 1, rng=np.random.default_rng(0))
    >>> apply_masks(layer, {"weight": [[True, False, False]]})
    >>> sparsity(layer)
    0.5
    """
    arrays = [parameter.data for parameter in model.parameters()]
    if not (total := sum(array.size for array in arrays)):
        raise ValueError(f"{type(model).__name__} has no parameters.")
    return 1.0 - sum(int(np.count_nonzero(array)) for array in arrays) / total
