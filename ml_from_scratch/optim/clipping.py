"""Gradients that are too long, cut down before a step is taken with them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.autograd.tape import Array


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = True,
) -> float:
    """Shorten all gradients by one factor, so that together they are not too long.

    The direction stays. A recurrent network over a cliff of its loss has gradients
    thousands of times longer than usual, and one step along them loses everything.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose ``grad`` is changed. Those without one are left out.
    max_norm : float
        The longest that all of them, seen as one vector, may be.
    norm_type : float
        Which norm: 2 for the Euclidean, ``np.inf`` for the largest entry.
    error_if_nonfinite : bool
        Refuse NaN and infinity. PyTorch's default is to go on with NaN everywhere.

    Returns
    -------
    float
        The norm as it was, 0 where no parameter has a gradient: worth a plot.

    Raises
    ------
    ValueError
        If `max_norm` or `norm_type` is out of its range, or the norm is not finite.

    Notes
    -----
    O(p) time for p parameters.

    Taught in: deep-learning/debugging-training.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural
    networks", ICML, section 3.2.

    Examples
    --------
    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> (w * np.array([30.0, 40.0])).sum().backward()
    >>> clip_grad_norm_([w], max_norm=5.0)
    50.0
    >>> w.grad.round(4)
    array([3., 4.])
    """
    if not max_norm >= 0 or not norm_type > 0:
        raise ValueError(
            f"max_norm is {max_norm} and norm_type is {norm_type}; expected 0 or more, "
            "and above 0."
        )
    listed = _with_gradient(parameters)
    norms = [_norm(gradient, norm_type) for _, gradient in listed]
    total = _norm(np.array(norms), norm_type) if norms else 0.0
    if error_if_nonfinite and not math.isfinite(total):
        raise ValueError(
            f"The norm of the gradients is {total}, so they cannot be clipped. Look "
            "for a loss that overflowed, or lower the learning rate."
        )
    factor = max_norm / (total + 1e-6)  # as PyTorch has it: never divided by zero
    if not factor >= 1:
        for parameter, gradient in listed:
            parameter.grad = gradient * factor
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float) -> None:
    """Cut every entry of every gradient to an interval around zero.

    The direction may change, since only the largest entries are cut.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose ``grad`` is changed. Those without one are left out.
    clip_value : float
        The largest size that an entry may have.

    Raises
    ------
    ValueError
        If `clip_value` is negative or NaN.

    Notes
    -----
    O(p) time for p parameters.

    Taught in: deep-learning/debugging-training.

    Examples
    --------
    >>> w = Tensor([0.0, 0.0], requires_grad=True)
    >>> (w * np.array([30.0, -0.5])).sum().backward()
    >>> clip_grad_value_([w], 1.0)
    >>> w.grad
    array([ 1. , -0.5])
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_value is {clip_value}; expected 0 or more.")
    for parameter, gradient in _with_gradient(parameters):
        parameter.grad = gradient.clip(-clip_value, clip_value)


def _with_gradient(
    parameters: Tensor | Iterable[Tensor],
) -> list[tuple[Tensor, Array]]:
    listed = [parameters] if isinstance(parameters, Tensor) else parameters
    return [(p, p.grad) for p in listed if p.grad is not None]


def _norm(values: Array, order: float) -> float:
    """Return the norm of all entries; scaled first, so that squares do not overflow."""
    sizes = np.abs(values, dtype=np.float64)
    top = float(sizes.max(initial=0.0))
    if math.isinf(order) or top == 0.0 or not math.isfinite(top):
        return top
    return top * float(((sizes / top) ** order).sum() ** (1 / order))
