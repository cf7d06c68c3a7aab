"""Operations of several tensors, and fused ones that are exact at huge logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.autograd.tape import Array, Axis, count_reduced
from ml_from_scratch.autograd.tensor import (
    Edge,
    Operand,
    Tensor,
    as_tensor,
    record,
)


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join tensors along an axis that they have.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one, of equal shape but for `axis`.
    axis : int

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If there is none, or the shapes do not fit.

    Examples
    --------
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])

    Taught in: deep-learning/autograd
    """
    if not tensors:
        raise ValueError("concatenate needs at least one tensor, found none")
    out = np.concatenate([t.data for t in tensors], axis=axis)
    ends = np.cumsum([t.shape[axis] for t in tensors])

    def edge(tensor: Tensor, end: int) -> Edge:
        part = slice(end - tensor.shape[axis], end)
        index = (slice(None),) * (axis % tensor.ndim) + (part,)
        return tensor, lambda g: g[index]

    return record(out, *map(edge, tensors, ends))


def where(condition: ArrayLike, a: Operand, b: Operand) -> Tensor:
    """Take entries of `a` where the condition holds, of `b` elsewhere.

    The one that was not taken gets a gradient of zero, but it was computed: a NaN or
    an infinite derivative further back still spoils the result. Choose the argument
    before the dangerous operation, not after it.

    Parameters
    ----------
    condition : array_like of bool
    a, b : Tensor, array or number
        The three broadcast to one shape.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> where([True, False], Tensor([1.0, 2.0]), 0.0)
    Tensor([1., 0.])

    Taught in: deep-learning/autograd
    """
    chosen = np.asarray(condition, dtype=bool)
    a, b = _same_dtype(a, b)
    return record(
        np.where(chosen, a.data, b.data),
        (a, lambda g: g * chosen),
        (b, lambda g: g * ~chosen),
    )


def maximum(a: Operand, b: Operand) -> Tensor:
    """Return the larger entry of two; where they tie, each gets half the gradient.

    Parameters
    ----------
    a, b : Tensor, array or number
        They broadcast to one shape.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> maximum(Tensor([1.0, 5.0]), 3.0)
    Tensor([3., 5.])

    Taught in: deep-learning/autograd
    """
    a, b = _same_dtype(a, b)
    x, y = a.data, b.data
    return record(
        np.maximum(x, y),
        (a, lambda g: 0.5 * g * (x > y) + 0.5 * g * (x >= y)),
        (b, lambda g: 0.5 * g * (y > x) + 0.5 * g * (y >= x)),
    )


def logsumexp(x: Tensor, axis: Axis = -1, keepdims: bool = False) -> Tensor:
    """Return log(sum(exp(x))) over axes, without overflow.

    Parameters
    ----------
    x : Tensor
    axis : int, tuple of int, or None
    keepdims : bool

    Returns
    -------
    Tensor
        -inf where every entry is -inf; its gradient is then zero.

    Examples
    --------
    >>> round(logsumexp(Tensor([1000.0, 1000.0])).item() - 1000.0, 4)
    0.6931

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Taught in: deep-learning/autograd
    """
    top, powers, total = _scaled_exp(x.data, axis)
    with np.errstate(divide="ignore"):  # log(0) = -inf is the answer, not an accident
        out = top + np.log(total)  # (..., 1, ...)
    shape = out.shape
    return record(
        out if keepdims else np.squeeze(out, axis),
        (x, lambda g: g.reshape(shape) * (powers / np.maximum(total, 1.0))),
    )


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Return the logarithm of `softmax`, exact also where that rounds to zero.

    Parameters
    ----------
    x : Tensor
        Logits, of any size.
    axis : int
        The axis of the classes.

    Returns
    -------
    Tensor
        The shape of `x`; its exponentials add up to 1 over `axis`. Where every logit
        is -inf, so is every entry.

    Examples
    --------
    >>> log_softmax(Tensor([0.0, 1000.0])).data
    array([-1000.,     0.])

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Taught in: deep-learning/autograd
    """
    out = _log_softmax(x.data, axis)
    return record(
        out,
        (x, lambda g: g - np.exp(out) * g.sum(axis=axis, keepdims=True)),
    )


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Return exp(x) scaled to add up to 1 over an axis, without overflow.

    Parameters
    ----------
    x : Tensor
    axis : int

    Returns
    -------
    Tensor

    Examples
    --------
    >>> softmax(Tensor([1000.0, 1000.0]))
    Tensor([0.5, 0.5])

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Taught in: deep-learning/autograd
    """
    out = np.exp(_log_softmax(x.data, axis))

    def through_the_sum(g: Array) -> Array:
        weighted = g * out
        share: Array = weighted - out * weighted.sum(axis=axis, keepdims=True)
        return share

    return record(out, (x, through_the_sum))


def cross_entropy(logits: Tensor, targets: ArrayLike) -> Tensor:
    """Return the mean of -log(softmax(logits)) at the right classes, as one operation.

    The gradient is (probabilities - one-hot targets) / n: no logarithm of a
    probability is taken, so no logit is too large.

    Parameters
    ----------
    logits : Tensor of shape (n, k)
    targets : array_like of int, shape (n,)
        Classes, 0 to k - 1.

    Returns
    -------
    Tensor of shape ()

    Raises
    ------
    TypeError
        If the targets are not integers.
    ValueError
        If shapes do not fit, there is no row, or a class is out of range.

    Examples
    --------
    >>> cross_entropy(Tensor([[0.0, 1000.0]]), [0]).item()
    1000.0

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.

    Taught in: deep-learning/autograd
    """
    labels = _check_targets(logits, targets)
    rows = np.arange(len(labels))
    log_p = _log_softmax(logits.data, -1)  # (n, k)

    def probabilities_minus_targets(g: Array) -> Array:
        out: Array = np.exp(log_p)
        out[rows, labels] -= 1.0
        return out * (g / len(labels))

    return record(-log_p[rows, labels].mean(), (logits, probabilities_minus_targets))


def _check_targets(logits: Tensor, targets: ArrayLike) -> np.ndarray:
    labels = np.asarray(targets)
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not len(labels):
        raise ValueError(
            "cross_entropy needs logits (n, k) and targets (n,) with n > 0, found "
            f"{logits.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"targets must be integer classes, found {labels.dtype}")
    n_classes = logits.shape[1]
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(
            f"targets must lie in 0 to {n_classes - 1}, found {labels.min()} to "
            f"{labels.max()}"
        )
    return labels


def _same_dtype(a: Operand, b: Operand) -> tuple[Tensor, Tensor]:
    """Wrap both; a number takes the dtype of the tensor or array beside it."""
    if not isinstance(a, int | float):
        a = as_tensor(a)
        return a, as_tensor(b, a)
    b = as_tensor(b)
    return as_tensor(a, b), b


def _scaled_exp(x: Array, axis: Axis) -> tuple[Array, Array, Array]:
    """Return max, exp(x - max) and the sum of those, with the axes kept.

    Subtracting the maximum first is what makes huge logits exact: nothing overflows,
    and the sum is at least 1 (or 0, if every entry is -inf).
    """
    count_reduced(x.shape, axis, "logsumexp")
    top = x.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, x.dtype.type(0))
    powers = np.exp(x - top)
    return top, powers, powers.sum(axis=axis, keepdims=True)


def _log_softmax(x: Array, axis: int) -> Array:
    top, _, total = _scaled_exp(x, axis)
    out: Array = x - top - np.log(np.maximum(total, 1.0))
    return out
