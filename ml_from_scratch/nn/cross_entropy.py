"""Cross-entropy: of two classes, of many, weighted, smoothed, and focused.

All take logits and never form the logarithm of a probability, so no logit is too large.
Each is one operation of the tape, with its gradient beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ml_from_scratch.autograd import (
    Tensor,
    as_tensor,
    cross_entropy,
    log_softmax,
    record,
)
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.nn.losses import Reduction, reduce
from ml_from_scratch.nn.module import Module

__all__ = [
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "binary_cross_entropy_with_logits",
    "categorical_cross_entropy",
    "focal_loss",
]


def categorical_cross_entropy(
    logits: Tensor,
    targets: ArrayLike,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return cross-entropy with class weights, soft or smoothed targets, and gaps.

    Parameters
    ----------
    logits : Tensor of shape (n, k, ...)
        Classes on the second axis; further axes are places, such as pixels.
    targets : array of int, shape (n, ...), or of float, shape (n, k, ...)
        Classes, or a distribution over classes for each place.
    weight : array of shape (k,), optional
        How much each class counts.
    ignore_index : int
        A target that does not count.
    reduction : {"mean", "sum", "none"}
        The mean divides by the weights of the targets that count, or by the number
        of places if targets are distributions.
    label_smoothing : float
        The share of each target that is spread over all classes, 0 to 1.

    Returns
    -------
    Tensor
        Of shape (), or (n, ...) without reduction.

    Raises
    ------
    TypeError
        If targets are neither integers nor floats.
    ValueError
        If shapes do not fit, a class is out of range, or no target counts.

    Notes
    -----
    Every option only changes the weights T of the k classes in a row: its loss is
    -sum(T * log p), with the gradient p * sum(T) - T.

    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Szegedy et al. (2016), Rethinking the Inception Architecture for Computer Vision,
    section 7 (label smoothing), CVPR.

    Examples
    --------
    >>> logits = Tensor([[0.0, 0.0], [5.0, 0.0]])
    >>> round(categorical_cross_entropy(logits, [1, -100]).item(), 4)
    0.6931
    """
    rows, places, k = _classes_last(as_tensor(logits))
    share, per_class = _check_smoothing(label_smoothing), _check_weight(weight, k)
    labels = np.asarray(targets.data if isinstance(targets, Tensor) else targets)
    if labels.dtype.kind in "iu":
        classes = _check_classes(labels, places, k, ignore_index)
        T, counts = _weighted_one_hot(classes, per_class, share)
    else:
        wanted = _check_distributions(labels, logits.shape)
        T, counts = per_class * ((1 - share) * wanted + share / k), np.ones(len(wanted))
    losses = _weighted_log_loss(rows, T.astype(rows.dtype))
    if reduction != "mean":
        return reduce(losses.reshape(*places), reduction)
    if not (total := float(counts.sum())) > 0:
        raise ValueError(
            f"no target counts: all {len(counts)} are ignored or have weight 0."
        )
    return losses.sum() / total


def _weighted_log_loss(logits: Tensor, T: Array) -> Tensor:
    """Return -sum(T * log_softmax(logits)) of each row."""
    log_p = log_softmax(logits.detach()).data
    # Where T is 0 nothing is multiplied: 0 times -inf would be NaN.
    products = np.multiply(T, log_p, out=np.zeros_like(log_p), where=T != 0)
    mass = T.sum(axis=1, keepdims=True)
    return record(
        -products.sum(axis=1),
        (logits, lambda g: g[:, None] * (np.exp(log_p) * mass - T)),
    )


def _weighted_one_hot(
    classes: NDArray[np.intp], per_class: Array, share: float
) -> tuple[Array, Array]:
    """Return T, and what each row counts; class -1 is to be ignored."""
    counted, k = classes >= 0, len(per_class)
    T = np.tile(per_class * (share / k), (len(classes), 1))
    T[np.arange(len(classes)), classes] += (1.0 - share) * per_class[classes]
    T[~counted] = 0.0
    return T, np.where(counted, per_class[classes], 0.0)


class CrossEntropyLoss(Module):
    """Compare logits with classes: -log(softmax(logits)) at the right ones.

    Parameters
    ----------
    weight : array of shape (k,), optional
        How much each class counts.
    ignore_index : int
        A target that does not count.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all places.
    label_smoothing : float
        The share of each target that is spread over all classes.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> CrossEntropyLoss()(Tensor([[0.0, 1000.0]]), [0]).item()
    1000.0
    """

    def __init__(
        self,
        weight: ArrayLike | None = None,
        ignore_index: int = -100,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        self.weight, self.ignore_index = weight, ignore_index
        self.reduction, self.label_smoothing = reduction, label_smoothing
        plain = weight is None and reduction == "mean" and label_smoothing == 0.0
        self._plain = plain  # the usual case has a faster operation

    def forward(self, logits: Tensor, targets: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        logits : Tensor of shape (n, k, ...)
            Classes on the second axis.
        targets : array of int, shape (n, ...), or of float, shape (n, k, ...)
            Classes, or distributions over them.

        Returns
        -------
        Tensor
            Of shape (), or (n, ...) without reduction.
        """
        labels = np.asarray(targets)
        whole = labels.ndim == 1 and labels.dtype.kind in "iu"
        if self._plain and whole and not (labels == self.ignore_index).any():
            return cross_entropy(logits, labels)
        return categorical_cross_entropy(
            logits,
            labels,
            self.weight,
            self.ignore_index,
            self.reduction,
            self.label_smoothing,
        )


def binary_cross_entropy_with_logits(
    logits: Tensor,
    targets: ArrayLike,
    reduction: Reduction = "mean",
    pos_weight: ArrayLike | None = None,
) -> Tensor:
    """Return -y log(p) - (1 - y) log(1 - p) for p = sigmoid(logits).

    Parameters
    ----------
    logits : Tensor
        Log-odds, any shape.
    targets : Tensor or array of the shape of `logits`
        Probabilities y, usually 0 and 1.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    pos_weight : array_like, optional
        How much the first term counts; it broadcasts with the logits.

    Returns
    -------
    Tensor
        Of shape (), or of the shape of `logits` without reduction.

    Raises
    ------
    ValueError
        If the shapes differ, or a target is no probability.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(Tensor([-1000.0]), [1.0]).item()
    1000.0
    """
    logits = as_tensor(logits)
    y = _check_probabilities(logits, targets)
    z = logits.data
    up = np.asarray(1.0 if pos_weight is None else pos_weight, dtype=z.dtype)
    if np.broadcast_shapes(up.shape, z.shape) != z.shape:
        raise ValueError(f"pos_weight is {up.shape}, the logits are {z.shape}.")
    out = up * y * _softplus(-z) + (1.0 - y) * _softplus(z)
    slope = (1.0 - y) * expit(z) - up * y * expit(-z)
    return reduce(record(out, (logits, lambda g: g * slope)), reduction)


class BCEWithLogitsLoss(Module):
    """Apply `binary_cross_entropy_with_logits`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    pos_weight : array_like, optional
        How much ones count.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> round(BCEWithLogitsLoss()(Tensor([0.0]), [1.0]).item(), 4)
    0.6931
    """

    def __init__(
        self, reduction: Reduction = "mean", pos_weight: ArrayLike | None = None
    ) -> None:
        self.reduction, self.pos_weight = reduction, pos_weight

    def forward(self, logits: Tensor, targets: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        logits : Tensor
            Log-odds.
        targets : Tensor or array of the shape of `logits`
            Probabilities, usually 0 and 1.

        Returns
        -------
        Tensor
            Of shape (), or of the shape of `logits` without reduction.
        """
        return binary_cross_entropy_with_logits(
            logits, targets, self.reduction, self.pos_weight
        )


def focal_loss(
    logits: Tensor,
    targets: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return binary cross-entropy that hardly counts what is easy.

    Parameters
    ----------
    logits : Tensor
        Log-odds, any shape.
    targets : Tensor or array of the shape of `logits`
        0 or 1.
    alpha : float
        How much ones count; zeros count 1 - alpha.
    gamma : float
        How fast the weight of easy entries falls; 0 is cross-entropy.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Returns
    -------
    Tensor
        alpha * (1 - p)**gamma * -log(p), with p the probability of the truth.

    Raises
    ------
    ValueError
        If the shapes differ, a target is neither 0 nor 1, or gamma is negative.

    Notes
    -----
    Taught in: domains/vision-detection.

    References
    ----------
    Lin et al. (2017), Focal Loss for Dense Object Detection, ICCV.

    Examples
    --------
    >>> easy, hard = focal_loss(Tensor([5.0, -5.0]), [1, 1], reduction="none").data
    >>> bool(hard > 1e6 * easy)
    True
    """
    logits = as_tensor(logits)
    y = _check_probabilities(logits, targets)
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("focal_loss takes targets 0 and 1 only.")
    if gamma < 0:
        raise ValueError(f"gamma is {gamma}; expected 0 or more.")
    sign = 2.0 * y - 1.0
    u = sign * logits.data  # log-odds of the truth
    missed, loss = expit(-u), _softplus(-u)  # 1 - p and -log(p)
    scale = np.where(y == 1.0, alpha, 1.0 - alpha).astype(u.dtype) * missed**gamma
    slope = -sign * scale * (gamma * expit(u) * loss + missed)
    return reduce(record(scale * loss, (logits, lambda g: g * slope)), reduction)


# What they share ------------------------------------------------------------------


def _softplus(z: Array) -> Array:
    """Return log(1 + exp(z)), exact at both ends."""
    out: Array = np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))
    return out


def _check_probabilities(logits: Tensor, targets: ArrayLike) -> Array:
    y = np.asarray(targets.data if isinstance(targets, Tensor) else targets)
    if y.shape != logits.shape:
        raise ValueError(f"the logits are {logits.shape}, the targets {y.shape}.")
    if y.size and not (y.min() >= 0 and y.max() <= 1):
        raise ValueError(f"targets must lie in 0 to 1, found {y.min()} to {y.max()}.")
    return y.astype(logits.dtype)


def _classes_last(logits: Tensor) -> tuple[Tensor, tuple[int, ...], int]:
    """Return the logits as rows (places, k), the shape of the places, and k."""
    if logits.ndim < 2:
        raise ValueError(f"logits must be (n, k, ...), found shape {logits.shape}.")
    n, k, *rest = logits.shape
    if rest:
        logits = logits.transpose(0, *range(2, logits.ndim), 1)
    return logits.reshape(-1, k), (n, *rest), k


def _check_classes(
    labels: NDArray[np.intp], places: tuple[int, ...], k: int, ignore_index: int
) -> NDArray[np.intp]:
    """Return the classes as one row, -1 for those to be ignored."""
    if labels.shape != places:
        raise ValueError(f"targets must be {places}, found shape {labels.shape}.")
    flat = labels.reshape(-1).astype(np.intp)
    ignored = flat == ignore_index
    if not (ignored | ((flat >= 0) & (flat < k))).all():
        raise ValueError(
            f"targets must lie in 0 to {k - 1} or be {ignore_index}, found "
            f"{flat.min()} to {flat.max()}."
        )
    return np.where(ignored, -1, flat)


def _check_distributions(y: Array, shape: tuple[int, ...]) -> Array:
    """Return distributions as rows (places, k)."""
    if y.dtype.kind != "f":
        raise TypeError(f"targets must be classes or probabilities, found {y.dtype}.")
    if y.shape != shape:
        raise ValueError(f"the logits are {shape}, the targets {y.shape}.")
    rows = np.moveaxis(y, 1, -1).reshape(-1, shape[1])
    if not (np.isfinite(rows).all() and (rows >= 0).all()):
        raise ValueError("targets that are distributions must be finite, 0 or more.")
    return rows


def _check_smoothing(share: float) -> float:
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"label_smoothing is {share}; expected a share from 0 to 1.")
    return share


def _check_weight(weight: ArrayLike | None, k: int) -> Array:
    if weight is None:
        return np.ones(k)
    per_class = np.asarray(weight, dtype=np.float64)
    if per_class.shape != (k,) or not (per_class >= 0).all():
        raise ValueError(f"weight must hold {k} numbers, 0 or more, found {weight!r}.")
    return per_class
