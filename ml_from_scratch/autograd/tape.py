"""What an operation needs to know about the graph, without knowing tensors.

Whether operations are recorded at all (`no_grad`), and how a gradient that was
broadcast in the forward pass is brought back to the shape it came from.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Axis: TypeAlias = int | tuple[int, ...] | None

# A context variable, not a global: a thread that serves predictions under no_grad
# must not switch off the tape of a thread that trains.
_recording: ContextVar[bool] = ContextVar("recording", default=True)
recording = _recording.get


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording, as a context or as a decorator (`@no_grad()`).

    Results made inside need no gradient and hold no reference to their operands, so
    that memory is freed as soon as a value is no longer used.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     y = w * 3.0
    >>> y.requires_grad
    False

    References
    ----------
    Paszke et al. (2019), PyTorch: An Imperative Style, High-Performance Deep
    Learning Library, section 4.

    Taught in: deep-learning/autograd
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which its operand was repeated.

    Broadcasting copies one entry to many places; the gradient of that entry is the
    sum over those places.

    Parameters
    ----------
    grad : array
        The gradient in the shape of the result.
    shape : tuple of int
        The operand's own shape, which broadcasts to `grad.shape`.

    Returns
    -------
    array of shape `shape`

    Raises
    ------
    ValueError
        If `shape` does not broadcast to `grad.shape`.

    Notes
    -----
    One pass over `grad`.

    Examples
    --------
    >>> unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    >>> unbroadcast(np.ones((4, 3)), (4, 1)).shape
    (4, 1)

    References
    ----------
    Blondel and Roulet (2024), The Elements of Differentiable Programming, on linear
    maps and their transposes.

    Taught in: deep-learning/autograd
    """
    new = grad.ndim - len(shape)
    fits = new >= 0 and all(
        n in (1, m) for n, m in zip(shape, grad.shape[new:], strict=True)
    )
    if not fits:
        raise ValueError(
            f"a gradient of shape {grad.shape} cannot belong to an operand of shape "
            f"{shape}, which does not broadcast to it"
        )
    stretched = (new + axis for axis, n in enumerate(shape) if n == 1)
    total: Array = grad.sum(axis=(*range(new), *stretched))
    return total.reshape(shape)


def spread(g: Array, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """Give every entry that went into a reduction what its result has.

    Parameters
    ----------
    g : array
        What the results have: the shape of the reduction.
    shape : tuple of int
        What the reduction started from.
    axis : int, tuple of int, or None
    keepdims : bool
        As the reduction was called.

    Returns
    -------
    array of shape `shape`
        A read-only view: nothing is copied.

    Examples
    --------
    >>> spread(np.array([1.0, 2.0]), (2, 3), axis=1, keepdims=False)
    array([[1., 1., 1.],
           [2., 2., 2.]])

    Taught in: deep-learning/autograd
    """
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, shape)


def count_reduced(shape: tuple[int, ...], axis: Axis, name: str) -> int:
    """Return how many entries go into one result of a reduction; refuse none.

    Parameters
    ----------
    shape : tuple of int
    axis : int, tuple of int, or None
    name : str
        Of the operation, for the message.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        If there is no such axis, or one that goes is empty.

    Examples
    --------
    >>> count_reduced((2, 3, 4), (0, -1), "mean")
    8

    Taught in: deep-learning/autograd
    """
    axes = range(len(shape)) if axis is None else np.atleast_1d(axis).astype(int)
    if any(not -len(shape) <= i < len(shape) for i in axes):
        raise ValueError(f"{name} over axis {axis}: shape {shape} has no such axis")
    count = math.prod(shape[i] for i in axes)
    if count == 0:
        raise ValueError(f"{name} over axis {axis} of shape {shape} has no entries")
    return count
