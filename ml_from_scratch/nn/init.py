"""First values of weights, such that signals neither fade nor grow from layer to layer.

A layer adds up `fan_in` products. If the weights have variance gain**2 / fan_in, its
outputs have the variance of its inputs, and a hundred layers are no problem. All the
names below are ways to say that; they fill a parameter in place, as PyTorch's do.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from ml_from_scratch.autograd import Tensor

__all__ = [
    "calculate_gain",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
]

Fan = Literal["fan_in", "fan_out"]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many products each output adds up, and each input goes into.

    Parameters
    ----------
    shape : tuple of int
        Of a weight, (outputs, inputs, *kernel).

    Returns
    -------
    fan_in : int
        Inputs times the size of the kernel.
    fan_out : int
        Outputs times the size of the kernel.

    Raises
    ------
    ValueError
        If there are fewer than two axes: a bias has no fans.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    Examples
    --------
    >>> fans((32, 16, 3, 3))
    (144, 288)
    """
    if len(shape) < 2:
        raise ValueError(
            f"fans need a weight of two axes or more, found shape {shape}."
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def calculate_gain(nonlinearity: str, slope: float = 0.01) -> float:
    """Return by how much weights must grow to make up for what comes after them.

    Parameters
    ----------
    nonlinearity : {"linear", "sigmoid", "tanh", "relu", "leaky_relu"}
        What follows the layer. A ReLU halves the mean square, hence sqrt(2); 5 / 3
        for tanh is PyTorch's rule of thumb.
    slope : float
        Of a leaky ReLU below zero.

    Returns
    -------
    float
        Factor on the standard deviation.

    Raises
    ------
    ValueError
        For another name.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    Examples
    --------
    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5.0 / 3.0,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1.0 + slope**2)),
    }
    if nonlinearity not in gains:
        raise ValueError(
            f"nonlinearity is {nonlinearity!r}; expected one of {', '.join(gains)}."
        )
    return gains[nonlinearity]


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, *, rng: np.random.Generator
) -> Tensor:
    """Fill a tensor with numbers drawn evenly from an interval.

    Parameters
    ----------
    tensor : Tensor
        A leaf, such as a parameter.
    a, b : float
        Ends of the interval.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weight = uniform_(Tensor(np.zeros(100)), -1.0, 1.0, rng=rng)
    >>> bool(np.abs(weight.data).max() <= 1.0)
    True
    """
    tensor.data[...] = rng.uniform(a, b, tensor.shape)
    return tensor


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator
) -> Tensor:
    """Fill a tensor with normal numbers.

    Parameters
    ----------
    tensor : Tensor
        A leaf, such as a parameter.
    mean, std : float
        Mean and standard deviation.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    Examples
    --------
    >>> weight = normal_(Tensor(np.zeros(9)), 5.0, 0.0, rng=np.random.default_rng(0))
    >>> weight.data.tolist() == [5.0] * 9
    True
    """
    tensor.data[...] = rng.normal(mean, std, tensor.shape)
    return tensor


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator
) -> Tensor:
    """Fill a weight evenly, with variance gain**2 * 2 / (fan_in + fan_out).

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, *kernel).
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    The mean of both fans is a compromise: one keeps the variance on the way forward,
    the other that of gradients on the way back.

    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep
    feedforward neural networks, AISTATS.

    Examples
    --------
    >>> weight = Tensor(np.zeros((50, 100)))
    >>> weight = xavier_uniform_(weight, rng=np.random.default_rng(0))
    >>> largest = np.abs(weight.data).max()
    >>> bool(0.19 < largest < 0.2)  # sqrt(6 / 150)
    True
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(
    tensor: Tensor, gain: float = 1.0, *, rng: np.random.Generator
) -> Tensor:
    """Fill a weight with normal numbers of variance gain**2 * 2 / (fan_in + fan_out).

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, *kernel).
    gain : float
        See `calculate_gain`.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep
    feedforward neural networks, AISTATS.

    Examples
    --------
    >>> weight = Tensor(np.zeros((60, 140)))
    >>> xavier_normal_(weight, rng=np.random.default_rng(0)).data.std().round(2).item()
    0.1
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), rng=rng)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Fan = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> Tensor:
    """Fill a weight evenly, with variance gain**2 / fan.

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, *kernel).
    a : float
        Slope of the leaky ReLU that follows; 0 is a ReLU.
    mode : {"fan_in", "fan_out"}
        Whether signals keep their variance on the way forward or on the way back.
    nonlinearity : str
        See `calculate_gain`.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers, ICCV.

    Examples
    --------
    >>> weight = Tensor(np.zeros((50, 600)))
    >>> weight = kaiming_uniform_(weight, rng=np.random.default_rng(0))
    >>> largest = np.abs(weight.data).max()
    >>> bool(0.099 < largest < 0.1)  # sqrt(6 / 600)
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Fan = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator,
) -> Tensor:
    """Fill a weight with normal numbers of variance gain**2 / fan.

    Parameters
    ----------
    tensor : Tensor
        A weight, (outputs, inputs, *kernel).
    a : float
        Slope of the leaky ReLU that follows; 0 is a ReLU.
    mode : {"fan_in", "fan_out"}
        Whether signals keep their variance on the way forward or on the way back.
    nonlinearity : str
        See `calculate_gain`.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    Tensor
        The same tensor.

    Notes
    -----
    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers, ICCV.

    Examples
    --------
    >>> weight = Tensor(np.zeros((50, 200)))
    >>> kaiming_normal_(weight, rng=np.random.default_rng(0)).data.std().round(2).item()
    0.1
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return normal_(tensor, 0.0, std, rng=rng)


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / max(sum(fans(tensor.shape)), 1))


def _kaiming_std(tensor: Tensor, a: float, mode: Fan, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is {mode!r}; expected 'fan_in' or 'fan_out'.")
    fan = fans(tensor.shape)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))
