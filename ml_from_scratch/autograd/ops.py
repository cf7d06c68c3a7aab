"""Operations of several tensors, and fused ones that are exact at huge logits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

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

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
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


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join tensors of equal shape along a new axis.

    Parameters
    ----------
    tensors : sequence of Tensor
        At least one.
    axis : int
        Where the new axis stands in the result.

    Returns
    -------
    Tensor
        One axis more than each of them has.

    Raises
    ------
    ValueError
        If there is none, or the shapes differ.

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> stack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])], axis=1).data
    array([[1., 3.],
           [2., 4.]])
    """
    if not tensors:
        raise ValueError("stack needs at least one tensor, found none")
    out = np.stack([t.data for t in tensors], axis=axis)

    def edge(position: int, tensor: Tensor) -> Edge:
        return tensor, lambda g: np.moveaxis(g, axis, 0)[position]

    return record(out, *(edge(i, t) for i, t in enumerate(tensors)))


def split(x: Tensor, sizes: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Cut a tensor into pieces along an axis.

    Parameters
    ----------
    x : Tensor
        What to cut.
    sizes : int or sequence of int
        The length of every piece (the last may be shorter), or of each.
    axis : int
        Along which to cut.

    Returns
    -------
    list of Tensor
        Views.

    Raises
    ------
    ValueError
        If a size is not positive, or the sizes do not add up to the axis.

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> split(Tensor([1.0, 2.0, 3.0]), 2)
    [Tensor([1., 2.]), Tensor([3.])]
    """
    length = x.shape[axis]
    if isinstance(sizes, int):
        if sizes < 1:
            raise ValueError(f"split needs pieces of length 1 or more, found {sizes}")
        ends = [*range(sizes, length, sizes), length]
    else:
        ends = np.cumsum(sizes).tolist()
        if min(sizes, default=0) < 0 or sum(sizes) != length:
            raise ValueError(
                f"split needs sizes that add up to {length}, found {list(sizes)}"
            )
    before = (slice(None),) * (axis % x.ndim)
    starts = [0, *ends[:-1]]
    return [x[*before, i:j] for i, j in zip(starts, ends, strict=True)]


def pad(x: Tensor, widths: Sequence[tuple[int, int]], value: float = 0.0) -> Tensor:
    """Surround a tensor with a constant.

    Parameters
    ----------
    x : Tensor
        What to surround.
    widths : sequence of (int, int)
        For each axis, how much before and how much after, as in `numpy.pad`.
    value : float
        The constant.

    Returns
    -------
    Tensor
        The entries added get no gradient.

    Raises
    ------
    ValueError
        If there is not one pair of widths for each axis, or one is negative.

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> pad(Tensor([1.0, 2.0]), [(1, 2)])
    Tensor([0., 1., 2., 0., 0.])
    """
    if len(widths) != x.ndim or min(min(pair) for pair in widths) < 0:
        raise ValueError(
            f"pad needs two widths of 0 or more for each of {x.ndim} axes, "
            f"found {list(widths)}"
        )
    inner = tuple(slice(a, a + n) for (a, _), n in zip(widths, x.shape, strict=True))
    out = np.full(
        [a + n + b for (a, b), n in zip(widths, x.shape, strict=True)], value, x.dtype
    )
    out[inner] = x.data
    return record(out, (x, lambda g: g[inner]))


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

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> where([True, False], Tensor([1.0, 2.0]), 0.0)
    Tensor([1., 0.])
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

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> maximum(Tensor([1.0, 5.0]), 3.0)
    Tensor([3., 5.])
    """
    a, b = _same_dtype(a, b)
    x, y = a.data, b.data
    return record(
        np.maximum(x, y),
        (a, lambda g: 0.5 * g * (x > y) + 0.5 * g * (x >= y)),
        (b, lambda g: 0.5 * g * (y > x) + 0.5 * g * (y >= x)),
    )


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """Return x times the probability that a standard normal number is below x.

    Parameters
    ----------
    x : Tensor
        Any shape.
    approximate : {"none", "tanh"}
        The exact form, by the error function, or the one by tanh that BERT and GPT-2
        were trained with; they differ by up to 0.0005.

    Returns
    -------
    Tensor
        About 0 far below zero, about x far above it.

    Raises
    ------
    ValueError
        For another `approximate`.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Hendrycks and Gimpel (2016), Gaussian Error Linear Units (GELUs), arXiv 1606.08415.

    Examples
    --------
    >>> gelu(Tensor([-1.0, 0.0, 1.0])).data.round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    a = x.data
    if approximate == "none":
        below = ndtr(a)  # P(Z < a)
        return record(a * below, (x, lambda g: g * (below + a * _normal_density(a))))
    if approximate != "tanh":
        raise ValueError(f"approximate must be 'none' or 'tanh', found {approximate!r}")
    scale = math.sqrt(2.0 / math.pi)
    t = np.tanh(scale * (a + 0.044715 * a * a * a))

    def slope(g: Array) -> Array:
        inner = scale * (1.0 + 3.0 * 0.044715 * a * a)
        out: Array = g * (0.5 * (1.0 + t) + 0.5 * a * (1.0 - t * t) * inner)
        return out

    return record(0.5 * a * (1.0 + t), (x, slope))


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

    Notes
    -----
    Taught in: deep-learning/autograd.

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Examples
    --------
    >>> round(logsumexp(Tensor([1000.0, 1000.0])).item() - 1000.0, 4)
    0.6931
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

    Notes
    -----
    Taught in: deep-learning/autograd.

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Examples
    --------
    >>> log_softmax(Tensor([0.0, 1000.0])).data
    array([-1000.,     0.])
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

    Notes
    -----
    Taught in: deep-learning/autograd.

    References
    ----------
    Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and
    softmax functions.

    Examples
    --------
    >>> softmax(Tensor([1000.0, 1000.0]))
    Tensor([0.5, 0.5])
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

    Notes
    -----
    Taught in: deep-learning/autograd.

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 5.2.

    Examples
    --------
    >>> cross_entropy(Tensor([[0.0, 1000.0]]), [0]).item()
    1000.0
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


def _normal_density(a: Array) -> Array:
    out: Array = np.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    return out
