"""Losses of numbers, of pairs and of triples: what a network is to make small.

Predictions and targets must have the same shape: NumPy would broadcast (n, 1) against
(n,) to (n, n), and train on nonsense without a word. Losses of classes are in
`cross_entropy`.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.autograd import (
    Tensor,
    as_tensor,
    cross_entropy,
    record,
)
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.nn.module import Module

__all__ = [
    "HuberLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "SmoothL1Loss",
    "TripletMarginLoss",
    "contrastive_loss",
    "huber_loss",
    "l1_loss",
    "margin_loss",
    "margin_ranking_loss",
    "mse_loss",
    "smooth_l1_loss",
    "triplet_margin_loss",
]

Reduction: TypeAlias = Literal["mean", "sum", "none"]


# Of numbers -----------------------------------------------------------------------


def mse_loss(x: Tensor, target: ArrayLike, reduction: Reduction = "mean") -> Tensor:
    """Return the squared difference.

    Parameters
    ----------
    x : Tensor
        Predictions, any shape.
    target : Tensor or array of the shape of `x`
        What they should be.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Returns
    -------
    Tensor
        Of shape (), or of the shape of `x` without reduction.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> mse_loss(Tensor([1.0, 2.0]), [0.0, 0.0]).item()
    2.5
    """
    difference = _difference(x, target)
    return reduce(difference * difference, reduction)


def l1_loss(x: Tensor, target: ArrayLike, reduction: Reduction = "mean") -> Tensor:
    """Return the size of the difference.

    Parameters
    ----------
    x : Tensor
        Predictions, any shape.
    target : Tensor or array of the shape of `x`
        What they should be.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Returns
    -------
    Tensor
        Of shape (), or of the shape of `x` without reduction.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> l1_loss(Tensor([1.0, 2.0]), [0.0, 0.0]).item()
    1.5
    """
    return reduce(_difference(x, target).abs(), reduction)


def smooth_l1_loss(
    x: Tensor, target: ArrayLike, reduction: Reduction = "mean", beta: float = 1.0
) -> Tensor:
    """Return a squared loss for small differences that goes on as a straight line.

    Parameters
    ----------
    x : Tensor
        Predictions, any shape.
    target : Tensor or array of the shape of `x`
        What they should be.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    beta : float
        Where the line begins, above 0.

    Returns
    -------
    Tensor
        d**2 / (2 beta) for a difference d below beta, else |d| - beta / 2.

    Raises
    ------
    ValueError
        If the shapes differ, or beta is not positive.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Girshick (2015), Fast R-CNN, section 2.3, ICCV.

    Examples
    --------
    >>> smooth_l1_loss(Tensor([0.5, 3.0]), [0.0, 0.0], reduction="none")
    Tensor([0.125, 2.5  ])
    """
    if not beta > 0:
        raise ValueError(f"beta is {beta}; expected a number above 0.")
    difference = _difference(x, target)
    d = difference.data
    size = np.abs(d)
    out = np.where(size < beta, d * d / (2.0 * beta), size - 0.5 * beta)
    slope = np.clip(d / beta, -1.0, 1.0)
    return reduce(record(out, (difference, lambda g: g * slope)), reduction)


def huber_loss(
    x: Tensor, target: ArrayLike, reduction: Reduction = "mean", delta: float = 1.0
) -> Tensor:
    """Return half the squared difference, with a straight line from `delta` on.

    Parameters
    ----------
    x : Tensor
        Predictions, any shape.
    target : Tensor or array of the shape of `x`
        What they should be.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    delta : float
        Where the line begins, above 0; it is also its slope.

    Returns
    -------
    Tensor
        `delta` times `smooth_l1_loss` with beta = delta.

    Raises
    ------
    ValueError
        If the shapes differ, or delta is not positive.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Huber (1964), Robust Estimation of a Location Parameter, Annals of Mathematical
    Statistics 35(1).

    Examples
    --------
    >>> huber_loss(Tensor([1.0, 3.0]), [0.0, 0.0], reduction="none", delta=2.0)
    Tensor([0.5, 4. ])
    """
    if not delta > 0:
        raise ValueError(f"delta is {delta}; expected a number above 0.")
    return smooth_l1_loss(x, target, reduction, beta=delta) * delta


def margin_loss(
    scores: Tensor,
    targets: ArrayLike,
    margin: float = 1.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return the hinge loss of support vector machines, max(0, margin - y * score).

    Parameters
    ----------
    scores : Tensor
        Any shape.
    targets : Tensor or array of the shape of `scores`
        -1 or 1.
    margin : float
        From where on a right score costs nothing.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Returns
    -------
    Tensor
        Of shape (), or of the shape of `scores` without reduction.

    Raises
    ------
    ValueError
        If the shapes differ, or a target is neither -1 nor 1.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> margin_loss(Tensor([2.0, 0.5, -1.0]), [1, 1, 1], reduction="none")
    Tensor([0. , 0.5, 2. ])
    """
    scores = as_tensor(scores)
    y = _signs(scores, targets)
    return reduce((margin - scores * y).relu(), reduction)


# Of pairs and triples -------------------------------------------------------------


def margin_ranking_loss(
    first: Tensor,
    second: Tensor,
    targets: ArrayLike,
    margin: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return max(0, margin - y * (first - second)).

    Parameters
    ----------
    first, second : Tensor
        Scores of two things, of the same shape.
    targets : array of the same shape
        1 where the first should be ahead, -1 where the second should.
    margin : float
        By how much.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all pairs.

    Returns
    -------
    Tensor
        Of shape (), or that of the scores without reduction.

    Raises
    ------
    ValueError
        If the shapes differ, or a target is neither -1 nor 1.

    Notes
    -----
    Taught in: domains/vision-search.

    Examples
    --------
    >>> margin_ranking_loss(Tensor([3.0]), Tensor([1.0]), [-1]).item()
    2.0
    """
    return margin_loss(_difference(first, second), targets, margin, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    eps: float = 1e-6,
    reduction: Reduction = "mean",
) -> Tensor:
    """Return by how much the wrong one is not farther than the right one by a margin.

    Parameters
    ----------
    anchor, positive, negative : Tensor of shape (n, d)
        Vectors, one of the same kind as the anchor and one of another.
    margin : float
        How much farther the negative should be.
    eps : float
        Added to each difference, so that a distance of 0 has a gradient.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all triples.

    Returns
    -------
    Tensor
        max(0, |a - p| - |a - n| + margin), of shape () or (n,).

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Taught in: domains/vision-search.

    References
    ----------
    Schroff, Kalenichenko and Philbin (2015), FaceNet, CVPR.

    Examples
    --------
    >>> a, p, n = Tensor([[0.0, 0.0]]), Tensor([[3.0, 4.0]]), Tensor([[0.0, 1.0]])
    >>> round(triplet_margin_loss(a, p, n).item(), 4)
    5.0
    """
    near, far = (
        ((_difference(anchor, other) + eps) ** 2).sum(axis=-1).sqrt()
        for other in (positive, negative)
    )
    return reduce((near - far + margin).relu(), reduction)


def contrastive_loss(first: Tensor, second: Tensor, temperature: float = 0.1) -> Tensor:
    """Return how badly each row finds its partner among all rows, by cosine.

    Parameters
    ----------
    first, second : Tensor of shape (n, d)
        Two views of the same n things, row by row.
    temperature : float
        What cosines are divided by, above 0.

    Returns
    -------
    Tensor of shape ()
        Cross-entropy of finding second from first, and first from second, averaged.

    Raises
    ------
    ValueError
        If the shapes differ, or the temperature is not positive.

    Notes
    -----
    O(n**2 d) time: every other row is a negative example.

    Taught in: deep-learning/self-supervised-and-few-shot.

    References
    ----------
    van den Oord, Li and Vinyals (2018), Representation Learning with Contrastive
    Predictive Coding, arXiv 1807.03748. Radford et al. (2021), Learning Transferable
    Visual Models From Natural Language Supervision, section 2.3, ICML.

    Examples
    --------
    >>> views = Tensor(np.eye(3))
    >>> round(contrastive_loss(views, views, temperature=1.0).item(), 4)
    0.5514
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}; expected a number above 0.")
    first, second = as_tensor(first), as_tensor(second)
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(
            f"contrastive_loss needs two of shape (n, d), found {first.shape} and "
            f"{second.shape}."
        )
    cosines = _unit(first) @ _unit(second).T / temperature  # (n, n)
    partner = np.arange(len(first))
    there, back = cross_entropy(cosines, partner), cross_entropy(cosines.T, partner)
    return (there + back) * 0.5


def _unit(x: Tensor) -> Tensor:
    """Scale rows to length 1; a row of zeros stays."""
    length = np.maximum(np.linalg.norm(x.data, axis=-1, keepdims=True), 1e-12)
    out = x.data / length

    def across(g: Array) -> Array:  # only what is at right angles to the row counts
        along = (g * out).sum(axis=-1, keepdims=True)
        back: Array = (g - out * along) / length
        return back

    return record(out, (x, across))


# The same as modules --------------------------------------------------------------


class MSELoss(Module):
    """Apply `mse_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> MSELoss()(Tensor([1.0, 2.0]), [0.0, 0.0]).item()
    2.5
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction = reduction

    def forward(self, x: Tensor, target: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        x : Tensor
            Predictions.
        target : Tensor or array of the shape of `x`
            What they should be.

        Returns
        -------
        Tensor
            Of shape (), or of the shape of `x` without reduction.
        """
        return mse_loss(x, target, self.reduction)


class L1Loss(Module):
    """Apply `l1_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> L1Loss()(Tensor([1.0, 2.0]), [0.0, 0.0]).item()
    1.5
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction = reduction

    def forward(self, x: Tensor, target: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        x : Tensor
            Predictions.
        target : Tensor or array of the shape of `x`
            What they should be.

        Returns
        -------
        Tensor
            Of shape (), or of the shape of `x` without reduction.
        """
        return l1_loss(x, target, self.reduction)


class SmoothL1Loss(Module):
    """Apply `smooth_l1_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    beta : float
        Where the straight line begins.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> SmoothL1Loss()(Tensor([3.0]), [0.0]).item()
    2.5
    """

    def __init__(self, reduction: Reduction = "mean", beta: float = 1.0) -> None:
        self.reduction, self.beta = reduction, beta

    def forward(self, x: Tensor, target: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        x : Tensor
            Predictions.
        target : Tensor or array of the shape of `x`
            What they should be.

        Returns
        -------
        Tensor
            Of shape (), or of the shape of `x` without reduction.
        """
        return smooth_l1_loss(x, target, self.reduction, self.beta)


class HuberLoss(Module):
    """Apply `huber_loss`.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all entries.
    delta : float
        Where the straight line begins, and its slope.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> HuberLoss(delta=2.0)(Tensor([3.0]), [0.0]).item()
    4.0
    """

    def __init__(self, reduction: Reduction = "mean", delta: float = 1.0) -> None:
        self.reduction, self.delta = reduction, delta

    def forward(self, x: Tensor, target: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        x : Tensor
            Predictions.
        target : Tensor or array of the shape of `x`
            What they should be.

        Returns
        -------
        Tensor
            Of shape (), or of the shape of `x` without reduction.
        """
        return huber_loss(x, target, self.reduction, self.delta)


class MarginRankingLoss(Module):
    """Apply `margin_ranking_loss`.

    Parameters
    ----------
    margin : float
        By how much the right one should be ahead.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all pairs.

    Notes
    -----
    Taught in: domains/vision-search.

    Examples
    --------
    >>> MarginRankingLoss()(Tensor([3.0]), Tensor([1.0]), [-1]).item()
    2.0
    """

    def __init__(self, margin: float = 0.0, reduction: Reduction = "mean") -> None:
        self.margin, self.reduction = margin, reduction

    def forward(self, first: Tensor, second: Tensor, targets: ArrayLike) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        first, second : Tensor
            Scores, of the same shape.
        targets : array of the same shape
            1 where the first should be ahead, -1 where the second should.

        Returns
        -------
        Tensor
            Of shape (), or that of the scores without reduction.
        """
        return margin_ranking_loss(first, second, targets, self.margin, self.reduction)


class TripletMarginLoss(Module):
    """Apply `triplet_margin_loss`.

    Parameters
    ----------
    margin : float
        How much farther the negative should be.
    eps : float
        Added to each difference.
    reduction : {"mean", "sum", "none"}
        What becomes of the losses of all triples.

    Notes
    -----
    Taught in: domains/vision-search.

    Examples
    --------
    >>> a = Tensor([[0.0, 0.0]])
    >>> round(TripletMarginLoss()(a, a, a).item(), 4)
    1.0
    """

    def __init__(
        self, margin: float = 1.0, eps: float = 1e-6, reduction: Reduction = "mean"
    ) -> None:
        self.margin, self.eps, self.reduction = margin, eps, reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        anchor, positive, negative : Tensor of shape (n, d)
            Vectors.

        Returns
        -------
        Tensor
            Of shape (), or (n,) without reduction.
        """
        return triplet_margin_loss(
            anchor, positive, negative, self.margin, self.eps, self.reduction
        )


# What they share ------------------------------------------------------------------


def reduce(losses: Tensor, reduction: Reduction) -> Tensor:
    """Average losses, add them up, or leave them.

    Parameters
    ----------
    losses : Tensor
        Any shape.
    reduction : {"mean", "sum", "none"}
        Which.

    Returns
    -------
    Tensor
        Of shape (), or that of the losses.

    Raises
    ------
    ValueError
        For another word.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> reduce(Tensor([1.0, 2.0]), "sum").item()
    3.0
    """
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"reduction is {reduction!r}; expected 'mean', 'sum' or 'none'.")


def _difference(x: Tensor, target: ArrayLike) -> Tensor:
    x = as_tensor(x)
    other = target if isinstance(target, Tensor) else np.asarray(target)
    if other.shape != x.shape:
        raise ValueError(
            f"predictions of shape {x.shape} and targets of shape {other.shape} do "
            "not belong together."
        )
    return x - other


def _signs(scores: Tensor, targets: ArrayLike) -> Array:
    y = np.asarray(targets)
    if y.shape != scores.shape:
        raise ValueError(f"the scores are {scores.shape}, the targets {y.shape}.")
    if not np.isin(y, (-1, 1)).all():
        raise ValueError("targets must be -1 or 1.")
    return y.astype(scores.dtype)
