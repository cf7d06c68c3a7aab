"""Learning rates that change during training.

A schedule is a formula for the rate at each step. All of them share one base class,
and differ in one method, `_rate`, which takes the rate that the optimiser was made with
and the number of steps taken, and returns the rate now. Names, arguments and rates are
those of ``torch.optim.lr_scheduler``; unlike there, the rates come from the formulas
themselves, not from the rate before, so that rounding errors do not add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ml_from_scratch.optim.optimizers import Optimizer


class LRScheduler:
    """Sets the learning rates of an optimiser by a formula of the number of steps.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups' "lr" is set, from now on by the schedule.

    Attributes
    ----------
    base_lrs : list of float
        The rates that the groups had at first.
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    TypeError
        If it is no optimiser.

    Notes
    -----
    A schedule is a subclass with one method, ``_rate``. Two schedules on
    one optimiser overwrite each other: join them with `SequentialLR`.

    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> class InverseRoot(LRScheduler):
    ...     def _rate(self, base, epoch):
    ...         return base / (1 + epoch) ** 0.5
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=0.6)
    >>> schedule = InverseRoot(optimizer)
    >>> for _ in range(3):
    ...     schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.3
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"A schedule needs an Optimizer, found {type(optimizer).__name__}."
            )
        self.optimizer = optimizer
        self.base_lrs = [float(group["lr"]) for group in optimizer.param_groups]
        self.last_epoch = 0
        self._apply()

    def _rate(self, base: float, epoch: int, /) -> float:
        raise NotImplementedError(f"{type(self).__name__} has no formula.")

    def _apply(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = self._rate(base, self.last_epoch)

    def step(self) -> None:
        """Go on by one step, or one epoch: whatever the schedule counts."""
        self.last_epoch += 1
        self._apply()

    def get_last_lr(self) -> list[float]:
        """Return the rates of the groups as they are now.

        Returns
        -------
        list of float
            One a group.
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return where the schedule is.

        Returns
        -------
        dict
            Numbers only: the formula belongs to the code, not to the state.
        """
        return {"base_lrs": list(self.base_lrs), "last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where another schedule was.

        Parameters
        ----------
        state_dict : dict
            What `state_dict` returned.
        """
        self.base_lrs = list(state_dict["base_lrs"])
        self.last_epoch = int(state_dict["last_epoch"])
        self._apply()


class LambdaLR(LRScheduler):
    """Multiply the first rate by any function of the number of steps.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    lr_lambda : callable
        Takes the number of steps, returns the factor.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def _rate(self, base: float, epoch: int) -> float:
        return base * self.lr_lambda(epoch)


class StepLR(LRScheduler):
    """Multiply the rate by a factor after every so many steps.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    step_size : int
        How many steps a stair has.
    gamma : float
        The factor from stair to stair.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    ValueError
        If `step_size` is below 1.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1
    ) -> None:
        self.step_size = _at_least_one(step_size, "step_size")
        self.gamma = gamma
        super().__init__(optimizer)

    def _rate(self, base: float, epoch: int) -> float:
        return base * self.gamma ** (epoch // self.step_size)


class LinearLR(LRScheduler):
    """Let the rate grow (or shrink) in a straight line, then stay: a warm-up.

    The means of Adam rest on few gradients at first, and its steps are as long as ever;
    short ones until the means can be trusted keep the first hundred from doing harm.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    start_factor : float
        Times the rate at first.
    end_factor : float
        Times the rate at the end.
    total_iters : int
        How many steps it takes.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    ValueError
        If a factor is out of its range or `total_iters` below 1.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    References
    ----------
    Goyal et al. (2017), "Accurate, large minibatch SGD: training ImageNet in 1 hour",
    arXiv:1706.02677, section 2.2.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        if not (0 < start_factor <= 1 and 0 <= end_factor <= 1):
            raise ValueError(
                f"start_factor is {start_factor} and end_factor is {end_factor}; "
                "expected factors above 0, and from 0, to 1."
            )
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = _at_least_one(total_iters, "total_iters")
        super().__init__(optimizer)

    def _rate(self, base: float, epoch: int) -> float:
        done = min(epoch / self.total_iters, 1.0)
        rise = self.end_factor - self.start_factor
        return base * (self.start_factor + rise * done)


class CosineAnnealingLR(LRScheduler):
    """Let the rate fall to its end along half a cosine: slowly, fast, slowly.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    T_max : int
        How many steps the fall takes. After it the rate rises again, as in PyTorch.
    eta_min : float
        The rate at the end.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    ValueError
        If `T_max` is below 1 or `eta_min` negative.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm
    restarts", ICLR.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> schedule.step()
    >>> [round(rate, 6) for rate in schedule.get_last_lr()]
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max = _at_least_one(T_max, "T_max")
        if not eta_min >= 0:
            raise ValueError(f"eta_min is {eta_min}; expected 0 or more.")
        self.eta_min = eta_min
        super().__init__(optimizer)

    def _rate(self, base: float, epoch: int) -> float:
        return _cosine(base, self.eta_min, epoch / self.T_max)


class OneCycleLR(LRScheduler):
    """Raise the rate to a peak and let it fall far below where it began.

    Momentum goes the other way: low where the rate is high.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set, and if `cycle_momentum` their momentum or first beta.
    max_lr : float
        The peak.
    total_steps : int
        How many steps the cycle has, batches rather than epochs.
    pct_start : float
        Which share of them goes up.
    anneal_strategy : {"cos", "linear"}
        The shape of the way up and of the way down.
    cycle_momentum : bool
        Whether to change the momentum too.
    base_momentum : float
        The momentum at the peak of the rate.
    max_momentum : float
        The momentum at both ends.
    div_factor : float
        The first rate is the peak divided by this,
    final_div_factor : float
        and the last one is the first divided by this.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    ValueError
        If a setting is out of its range, the optimiser has no momentum to change, or
        `step` is called more often than `total_steps` allows.

    Notes
    -----
    Taught in: deep-learning/optimizers.

    References
    ----------
    Smith and Topin (2019), "Super-convergence: very fast training of neural networks
    using large learning rates", SPIE 11006.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import Adam
    >>> optimizer = Adam([Tensor([1.0], requires_grad=True)])
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=11, pct_start=0.5)
    >>> for _ in range(5):
    ...     schedule.step()
    >>> round(optimizer.param_groups[0]["lr"], 2)  # the peak is half a step ahead
    0.98
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float,
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        if not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start is {pct_start}; expected a share, 0 to 1.")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy is {anneal_strategy!r}; expected 'cos' or 'linear'."
            )
        first = max_lr / div_factor
        self.rates = (first, max_lr, first / final_div_factor)
        self.momenta = (max_momentum, base_momentum, max_momentum)
        self.total_steps = _at_least_one(total_steps, "total_steps")
        self.peak = pct_start * total_steps - 1  # the step at which the rate is highest
        self.between = _cosine if anneal_strategy == "cos" else _line
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            _refuse_without_momentum(optimizer)
        super().__init__(optimizer)

    def _rate(self, _: float, epoch: int) -> float:  # the first rate plays no part
        return self._on_cycle(self.rates, epoch)

    def _apply(self) -> None:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Step {self.last_epoch} of a cycle of {self.total_steps} steps was "
                "asked for; make total_steps the number of batches in all epochs."
            )
        super()._apply()
        if self.cycle_momentum:
            momentum = self._on_cycle(self.momenta, self.last_epoch)
            for group in self.optimizer.param_groups:
                if "betas" in group:
                    group["betas"] = (momentum, group["betas"][1])
                else:
                    group["momentum"] = momentum

    def _on_cycle(self, ends: tuple[float, float, float], epoch: int) -> float:
        """Return where a quantity is on its way first -> peak -> last."""
        first, peak, last = ends
        if epoch <= self.peak:
            return self.between(first, peak, epoch / self.peak if self.peak else 1.0)
        way = self.total_steps - 1 - self.peak
        # The step after the last batch sets a rate that is never used: the last again.
        done = min((epoch - self.peak) / way, 1.0) if way else 1.0
        return self.between(peak, last, done)


class SequentialLR(LRScheduler):
    """One schedule after another, such as a warm-up and then a cosine.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    schedulers : list of LRScheduler
        Made for this optimiser with its first rates still in place, in their order.
    milestones : list of int
        The steps at which the second, the third ... begins, counting from 0 again.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.

    Raises
    ------
    ValueError
        If the milestones do not rise, or are not one fewer than the schedules.

    Notes
    -----
    Every schedule counts from the rates that the first of them found, as in PyTorch.

    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> warmup = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> fall = CosineAnnealingLR(optimizer, T_max=4)
    >>> schedule = SequentialLR(optimizer, [warmup, fall], milestones=[2])
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(rate, 3) for rate in rates]
    [0.5, 0.75, 1.0, 0.854, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
    ) -> None:
        rising = all(a < b for a, b in zip([0, *milestones], milestones, strict=False))
        if len(milestones) != len(schedulers) - 1 or not rising:
            raise ValueError(
                f"milestones is {list(milestones)} for {len(schedulers)} schedulers; "
                "expected one fewer, above 0 and rising."
            )
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer)
        self.base_lrs = list(schedulers[0].base_lrs)
        for schedule in schedulers:
            schedule.base_lrs = self.base_lrs
        self._apply()

    def _rate(self, base: float, epoch: int) -> float:
        begun = [0] + [stone for stone in self.milestones if stone <= epoch]
        return self.schedulers[len(begun) - 1]._rate(base, epoch - begun[-1])


class ReduceLROnPlateau:
    """Lower the rate when a loss has stopped getting better.

    Parameters
    ----------
    optimizer : Optimizer
        Whose rates are set.
    mode : {"min", "max"}
        Whether small or large values of the metric are good.
    factor : float
        Times the rate at each lowering.
    patience : int
        How many epochs without a better value are let pass.
    threshold : float
        By how much a value must be better to count.
    threshold_mode : {"rel", "abs"}
        Whether the threshold is a share of the best value.
    cooldown : int
        How many epochs after a lowering are not counted.
    min_lr : float
        Where lowering ends.
    eps : float
        A change of the rate smaller than this is not made.

    Attributes
    ----------
    best : float
        The best value so far.
    num_bad_epochs : int
        How many epochs ago that was, or the last lowering.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Same rates as PyTorch's for values above 0. Below 0 a relative threshold is taken of
    the size of the best value; PyTorch's then counts slightly worse values as better.

    Taught in: deep-learning/optimizers.

    Examples
    --------
    >>> from ml_from_scratch.autograd import Tensor
    >>> from ml_from_scratch.optim import SGD
    >>> optimizer = SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not 0 < factor < 1:
            raise ValueError(f"factor is {factor}; expected above 0 and below 1.")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"mode is {mode!r} and threshold_mode is {threshold_mode!r}; expected "
                "'min' or 'max', and 'rel' or 'abs'."
            )
        self.optimizer, self.factor, self.patience = optimizer, factor, patience
        self.mode, self.threshold_mode = mode, threshold_mode
        self.threshold, self.cooldown = threshold, cooldown
        self.min_lr, self.eps = min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Look at the metric of an epoch, and lower the rates if it is time.

        Parameters
        ----------
        metrics : float
            Such as the loss on held-out data. NaN counts as not better.
        """
        if self._better(float(metrics)):
            self.best, self.num_bad_epochs = float(metrics), 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._lower()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """Return the rates of the groups as they are now.

        Returns
        -------
        list of float
            One a group.
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def _better(self, value: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if math.isinf(self.best):
            return sign * value < sign * self.best
        relative = self.threshold_mode == "rel"
        margin = self.threshold * (abs(self.best) if relative else 1.0)
        return sign * value < sign * self.best - margin

    def _lower(self) -> None:
        for group in self.optimizer.param_groups:
            lowered = max(group["lr"] * self.factor, self.min_lr)
            if group["lr"] - lowered > self.eps:
                group["lr"] = lowered


def _cosine(start: float, end: float, done: float) -> float:
    """Go from start to end along half a cosine; `done` is the share of the way."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def _line(start: float, end: float, done: float) -> float:
    return start + (end - start) * done


def _at_least_one(value: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number from 1.")
    return value


def _refuse_without_momentum(optimizer: Optimizer) -> None:
    if not all("betas" in g or g.get("momentum") for g in optimizer.param_groups):
        raise ValueError(
            "cycle_momentum is True, but the optimiser has no momentum; give it one "
            "above 0, or pass cycle_momentum=False."
        )
