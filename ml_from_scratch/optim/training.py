"""Two helpers of a training run: which rate to begin with, and when to stop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.optim.optimizers import Optimizer


@dataclass(frozen=True, slots=True)
class RangeTest:
    """What `find_learning_rate` saw: rates that grow, and the loss at each.

    Parameters
    ----------
    rates : array of shape (k,)
        The rates tried, up to the one at which the loss exploded.
    losses : array of shape (k,)
        The loss before the step with each rate, smoothed.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> losses = np.array([9.0, 8.9, 5.0, 30.0])
    >>> RangeTest(np.array([0.001, 0.01, 0.1, 1.0]), losses).suggestion
    0.01
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]

    @property
    def suggestion(self) -> float:
        """The rate where the loss fell fastest: a step with it gained most."""
        if len(self.losses) < 2:
            return float(self.rates[0])
        return float(self.rates[np.diff(self.losses).argmin()])


def find_learning_rate(
    optimizer: Optimizer,
    loss: Callable[[], Tensor],
    *,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = 100,
    smoothing: float = 0.9,
) -> RangeTest:
    """Take steps with rates that grow, and see where the loss falls and explodes.

    Parameters and optimiser are put back as they were.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rate is looked for.
    loss : callable
        Draws the next batch and returns its loss, a tensor of one entry.
    lowest, highest : float
        The rates go from one to the other, each a fixed factor above the one before.
    steps : int
        How many rates at most; it ends early once the smoothed loss is four times its
        smallest value, or not finite.
    smoothing : float
        How much of the mean loss is kept from batch to batch.

    Returns
    -------
    RangeTest
        Rates and losses, to be plotted, and a suggestion.

    Raises
    ------
    ValueError
        If the rates, `steps` or `smoothing` are out of range, or the first loss is not
        finite.

    Notes
    -----
    Costs `steps` forward and backward passes, and a copy of all parameters.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Smith (2017), "Cyclical learning rates for training neural networks", WACV,
    section 3.3.

    Examples
    --------
    >>> from ml_from_scratch.optim import SGD
    >>> w = Tensor([1.0], requires_grad=True)
    >>> test = find_learning_rate(SGD([w]), lambda: (w * w).sum(), steps=50)
    >>> 0.01 < test.suggestion < 1.0  # from 1 on the parabola is climbed
    True
    >>> w.data
    array([1.])
    """
    if not (0 < lowest < highest < math.inf and steps >= 2 and 0 <= smoothing < 1):
        raise ValueError(
            f"Expected 0 < lowest < highest, at least 2 steps and a smoothing from 0, "
            f"below 1; found {lowest}, {highest}, {steps} and {smoothing}."
        )
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    before, state = _copies(parameters), optimizer.state_dict()
    rates = np.geomspace(lowest, highest, steps)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # the explosion is expected
            losses = _losses_while_rates_grow(optimizer, loss, rates, smoothing)
    finally:
        _put_back(parameters, before)
        optimizer.load_state_dict(state)
        optimizer.zero_grad()
    return RangeTest(rates[: len(losses)], np.array(losses))


def _losses_while_rates_grow(
    optimizer: Optimizer,
    loss: Callable[[], Tensor],
    rates: NDArray[np.float64],
    smoothing: float,
) -> list[float]:
    losses: list[float] = []
    mean = 0.0
    for i, rate in enumerate(rates.tolist(), start=1):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        value = loss()
        if not math.isfinite(value.item()) and not losses:
            raise ValueError(f"The loss is {value.item()} before the first step.")
        # A mean that starts at zero is too small at first, as in Adam.
        mean = smoothing * mean + (1 - smoothing) * value.item()
        smooth = mean / (1 - smoothing**i)
        if not smooth <= 4 * min([*losses, math.inf], key=abs):
            break
        losses.append(smooth)
        value.backward()
        optimizer.step()
    return losses


class EarlyStopping:
    """Keep the best parameters, and say when waiting for better ones is enough.

    Parameters
    ----------
    parameters : iterable of Tensor
        What is kept: all parameters of a model.
    patience : int
        How many epochs in a row may pass without a better loss.
    min_delta : float
        By how much a loss must be smaller to count as better.

    Attributes
    ----------
    best : float
        The smallest loss so far.
    best_epoch : int
        When it was seen, counting from 0; -1 before the first.
    epoch : int
        How many losses were seen.

    Raises
    ------
    ValueError
        If `patience` or `min_delta` is out of its range.

    Notes
    -----
    One copy of the parameters. The loss that stops a run must not be the one that
    judges the model afterwards: the smallest of many noisy values is too small.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Prechelt (1998), "Early stopping - but when?", in Neural Networks: Tricks of the
    Trade, Springer.

    Examples
    --------
    >>> w = Tensor([0.0], requires_grad=True)
    >>> stopping = EarlyStopping([w], patience=2)
    >>> for loss in [3.0, 1.0, 2.0, 1.5, 0.5]:
    ...     w.data[:] = loss  # stands for an epoch of training
    ...     if stopping.update(loss):
    ...         break
    >>> stopping.restore()
    >>> stopping.epoch, stopping.best_epoch, w.data
    (4, 1, array([1.]))
    """

    def __init__(
        self, parameters: Iterable[Tensor], patience: int = 10, min_delta: float = 0.0
    ) -> None:
        if not patience >= 0 or not 0 <= min_delta < math.inf:
            raise ValueError(
                f"patience is {patience} and min_delta is {min_delta}; expected both "
                "to be 0 or more."
            )
        self.parameters = list(parameters)
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_epoch, self.epoch = math.inf, -1, 0
        self._kept = _copies(self.parameters)

    def update(self, loss: float) -> bool:
        """Look at the loss after an epoch.

        Parameters
        ----------
        loss : float
            On held-out data. NaN counts as not better.

        Returns
        -------
        bool
            Whether it is time to stop.
        """
        if loss < self.best - self.min_delta:
            self.best, self.best_epoch = float(loss), self.epoch
            self._kept = _copies(self.parameters)
        self.epoch += 1
        return self.epoch - 1 - max(self.best_epoch, 0) >= max(self.patience, 1)

    def restore(self) -> None:
        """Put the best parameters back in place; the first ones if none was better."""
        _put_back(self.parameters, self._kept)


def _copies(parameters: list[Tensor]) -> list[Array]:
    return copy.deepcopy([p.data for p in parameters])


def _put_back(parameters: list[Tensor], arrays: list[Array]) -> None:
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.data[...] = array
