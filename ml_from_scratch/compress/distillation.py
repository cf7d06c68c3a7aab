"""Distillation: a small network learns from all that a large one says.

A label says "cat". A teacher says "cat, perhaps a lynx, surely no lorry", and at a
temperature above 1 it says the small differences aloud.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.autograd import Tensor, as_tensor, cross_entropy, log_softmax

__all__ = ["distillation_loss"]


def distillation_loss(
    student: Tensor,
    teacher: ArrayLike | Tensor,
    targets: ArrayLike | None = None,
    *,
    temperature: float = 2.0,
    alpha: float = 0.5,
) -> Tensor:
    """Return how far a student's answers are from a teacher's, and from the labels.

    Parameters
    ----------
    student : Tensor of shape (n, k)
        Logits.
    teacher : Tensor or array of shape (n, k)
        Logits; they get no gradient.
    targets : array_like of int, shape (n,), optional
        Labels. Without them only the teacher counts.
    temperature : float
        What both logits are divided by, above 0.
    alpha : float
        How much the teacher counts, 0 to 1; labels count the rest.

    Returns
    -------
    Tensor of shape ()
        alpha * temperature**2 * KL(teacher, student) + (1 - alpha) * cross-entropy,
        averaged over rows.

    Raises
    ------
    ValueError
        If shapes do not fit, or temperature or alpha is out of range.

    Notes
    -----
    Gradients through softened logits shrink by temperature**2; the factor makes up for
    that, so that alpha means the same at every temperature.

    Taught in: deployment/pruning-and-distillation.

    References
    ----------
    Hinton, Vinyals and Dean (2015), Distilling the Knowledge in a Neural Network,
    section 2, arXiv 1503.02531.

    Examples
    --------
    >>> distillation_loss(Tensor([[1.0, 2.0]]), [[1.0, 2.0]]).item()
    0.0
    """
    student = as_tensor(student)
    other = teacher if isinstance(teacher, Tensor) else as_tensor(np.asarray(teacher))
    if student.ndim != 2 or student.shape != other.shape or not len(student):
        raise ValueError(
            f"expected logits (n, k) of both, n > 0, found {student.shape} and "
            f"{other.shape}."
        )
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}; expected a number above 0.")
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha is {alpha}; expected 0 to 1.")
    log_q = log_softmax(student / temperature)
    log_p = log_softmax(other.detach() / temperature).data
    p = np.exp(log_p)
    gap = Tensor(p) * (Tensor(log_p) - log_q)  # (n, k)
    soft = gap.sum() * (temperature**2 / len(student))
    if targets is None:
        return soft
    return soft * alpha + cross_entropy(student, targets) * (1.0 - alpha)
