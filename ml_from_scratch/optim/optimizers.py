"""Rules that turn gradients into steps: SGD, Adagrad, RMSprop, Adam and AdamW.

Names, arguments and arithmetic are those of ``torch.optim``, so that a run here takes
the same path. Each rule is one short method, `_move`, that changes one parameter in
place; groups, state and saving are the business of `Optimizer`, which they share.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.autograd.tape import Array

Group: TypeAlias = dict[str, Any]  # "params" and the settings of those
State: TypeAlias = dict[str, Any]  # what a rule remembers about one parameter
Parameters: TypeAlias = Iterable[Tensor] | Iterable[Group]


class Optimizer:
    """Parameters in groups, each with its settings, and a memory for each parameter.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters; or groups, each a dict with its "params" and the settings in
        which it differs from the others.
    defaults : dict
        The settings of groups that do not say otherwise.

    Attributes
    ----------
    param_groups : list of dict
        The groups. A schedule changes their "lr" between steps.
    state : dict
        What the rule remembers about each parameter.

    Raises
    ------
    TypeError
        If a parameter is no tensor, or a group names an unknown setting.
    ValueError
        If there is none, one appears twice, one cannot be moved, or a setting is out
        of its range.

    Notes
    -----
    A rule is a subclass with one method, ``_move(parameter, gradient, state, group)``.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Paszke et al. (2019), "PyTorch: an imperative style, high-performance deep learning
    library", NeurIPS.

    Examples
    --------
    >>> class Signs(Optimizer):
    ...     def _move(self, parameter, gradient, state, group):
    ...         parameter.data -= group["lr"] * np.sign(gradient)
    >>> w = Tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = Signs([w], {"lr": 0.5})
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([ 2.5, -1.5])
    """

    def __init__(self, params: Parameters, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: dict[Tensor, State] = {}
        groups = _as_groups(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__} needs at least one parameter, found none."
            )
        for group in groups:
            self.add_param_group(group)

    def step(self) -> None:
        """Move every parameter that has a gradient, by the rule of its group."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    state = self.state.setdefault(parameter, {})
                    self._move(parameter, parameter.grad, state, group)

    def _move(
        self, parameter: Tensor, gradient: Array, state: State, group: Group
    ) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to move.")

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters; call it before each ``backward``."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def add_param_group(self, param_group: Group) -> None:
        """Take over more parameters, such as layers that were frozen so far.

        Parameters
        ----------
        param_group : dict
            Its "params", a tensor or several, and the settings in which it differs.

        Raises
        ------
        TypeError
            If a parameter is no tensor, or a setting is unknown.
        ValueError
            If a parameter is there already or cannot be moved, or a setting is out of
            its range.
        """
        unknown = sorted(set(param_group) - set(self.defaults) - {"params"})
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no setting {unknown[0]!r}; its settings "
                f"are {sorted(self.defaults)}."
            )
        group = self.defaults | param_group
        params = group["params"]
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        seen = {p for known in self.param_groups for p in known["params"]}
        for parameter in group["params"]:
            _check_parameter(parameter, seen)
            seen.add(parameter)
        _check_settings(group)
        self.param_groups.append(group)

    def state_dict(self) -> dict[str, Any]:
        """Return all that a later run needs to go on as if nothing had happened.

        Returns
        -------
        dict
            "state" by the number of the parameter and "param_groups" with numbers in
            place of parameters, as PyTorch has it. Arrays are copied.
        """
        numbers = {p: i for i, p in enumerate(self._parameters())}
        groups = [
            group | {"params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[p]: memory for p, memory in self.state.items()}
        return copy.deepcopy({"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` of an optimiser of the same shape returned.

        Parameters
        ----------
        state_dict : dict
            Its groups must have as many parameters each as the groups here.

        Raises
        ------
        ValueError
            If the groups do not fit.
        """
        saved = copy.deepcopy(state_dict)
        sizes = [len(group["params"]) for group in self.param_groups]
        found = [len(group["params"]) for group in saved["param_groups"]]
        if sizes != found:
            raise ValueError(
                f"The saved groups hold {found} parameters, but these hold {sizes}."
            )
        for group, settings in zip(
            self.param_groups, saved["param_groups"], strict=True
        ):
            group.update({k: v for k, v in settings.items() if k != "params"})
        parameters = self._parameters()
        self.state = {parameters[i]: memory for i, memory in saved["state"].items()}

    def _parameters(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]


class SGD(Optimizer):
    """Step against the gradient, or against a velocity that gathers gradients.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of them.
    lr : float
        The learning rate: how far a step goes for a gradient of 1.
    momentum : float
        How much of the velocity is kept from step to step.
    dampening : float
        How much of a new gradient is left out of the velocity.
    weight_decay : float
        Times the parameter itself, added to its gradient: an L2 penalty.
    nesterov : bool
        Step by the gradient plus the velocity after it; needs momentum.

    Attributes
    ----------
    param_groups : list of dict
        The groups and their settings.
    state : dict
        "momentum_buffer" of each parameter, the velocity.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    O(p) time for p parameters; p numbers of memory with momentum, none without.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the importance of initialization
    and momentum in deep learning", ICML.

    Examples
    --------
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).sum().backward()
    ...     optimizer.step()
    >>> w.data.round(3)
    array([0.46])
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        super().__init__(params, settings)

    def _move(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        g = _with_decay(g, parameter, group)
        momentum = group["momentum"]
        if momentum:
            if "momentum_buffer" not in state:
                velocity = state["momentum_buffer"] = g.copy()
            else:
                velocity = state["momentum_buffer"]
                velocity *= momentum
                velocity += (1 - group["dampening"]) * g
            g = g + momentum * velocity if group["nesterov"] else velocity
        parameter.data -= group["lr"] * g


class Adagrad(Optimizer):
    """Divide each entry's step by the root of all its squared gradients so far.

    Entries whose gradients are rare or small, such as those of rare words, take longer
    steps; all steps shrink as time goes on.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of them.
    lr : float
        The first step's length in every entry.
    lr_decay : float
        How fast the rate itself shrinks: it is divided by 1 + lr_decay * (step - 1).
    weight_decay : float
        Times the parameter itself, added to its gradient: an L2 penalty.
    initial_accumulator_value : float
        What the sum of squares starts from.
    eps : float
        Added to the root, so that nothing is divided by zero.

    Attributes
    ----------
    param_groups : list of dict
        The groups and their settings.
    state : dict
        "step" and "sum" of each parameter.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    O(p) time and p numbers of memory for p parameters.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning
    and stochastic optimization", Journal of Machine Learning Research 12.

    Examples
    --------
    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * np.array([1.0, 100.0])).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([0.9, 0.9])
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
        }
        super().__init__(params, settings)

    def _move(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        g = _with_decay(g, parameter, group)
        if not state:
            start = group["initial_accumulator_value"]
            state.update(step=0, sum=np.full_like(parameter.data, start))
        state["sum"] += g * g
        rate = group["lr"] / (1 + state["step"] * group["lr_decay"])
        state["step"] += 1
        parameter.data -= rate * g / (np.sqrt(state["sum"]) + group["eps"])


class RMSprop(Optimizer):
    """Divide each entry's step by the root of a fading mean of squared gradients.

    Where Adagrad adds up for ever, this forgets, so that steps can grow again.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of them.
    lr : float
        About the length of a step in every entry.
    alpha : float
        How much of the mean of squares is kept from step to step.
    eps : float
        Added to the root, so that nothing is divided by zero.
    weight_decay : float
        Times the parameter itself, added to its gradient: an L2 penalty.
    momentum : float
        How much of the velocity is kept from step to step.
    centered : bool
        Divide by the standard deviation of the gradients instead of their root mean
        square.

    Attributes
    ----------
    param_groups : list of dict
        The groups and their settings.
    state : dict
        "step", "square_avg" and where used "grad_avg" and "momentum_buffer".

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    O(p) time, and p to 3p numbers of memory for p parameters.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    Graves (2013), "Generating sequences with recurrent neural networks",
    arXiv:1308.0850 (the centred form).

    Examples
    --------
    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * np.array([1.0, 100.0])).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([0.9, 0.9])
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
        }
        super().__init__(params, settings)

    def _move(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        g = _with_decay(g, parameter, group)
        if not state:
            names = ("square_avg", "grad_avg", "momentum_buffer")
            used = (True, group["centered"], group["momentum"] > 0)
            zeros = np.zeros_like(parameter.data)
            kept = zip(names, used, strict=True)
            state.update({name: zeros.copy() for name, wanted in kept if wanted})
            state["step"] = 0
        state["step"] += 1
        square = state["square_avg"]
        _fade(square, g * g, group["alpha"])
        if group["centered"]:
            _fade(state["grad_avg"], g, group["alpha"])
            # A variance; rounding may leave it a hair below zero.
            square = np.maximum(square - state["grad_avg"] ** 2, 0.0)
        step = g / (np.sqrt(square) + group["eps"])
        if group["momentum"]:
            velocity = state["momentum_buffer"]
            velocity *= group["momentum"]
            velocity += step
            step = velocity
        parameter.data -= group["lr"] * step


class Adam(Optimizer):
    """Step by a fading mean of gradients over the root of one of their squares.

    Both means start at zero and are too small at first; dividing by 1 - beta ** step
    makes up for that, so that already the first step has the length `lr` everywhere.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of them.
    lr : float
        About the length of a step in every entry.
    betas : (float, float)
        How much of the mean of gradients, and of that of squares, is kept.
    eps : float
        Added to the root, so that nothing is divided by zero.
    weight_decay : float
        Times the parameter itself, added to its gradient. The division dampens it;
        `AdamW` keeps it apart.

    Attributes
    ----------
    param_groups : list of dict
        The groups and their settings.
    state : dict
        "step", "exp_avg" and "exp_avg_sq" of each parameter.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    O(p) time and 2p numbers of memory for p parameters.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization", ICLR,
    algorithm 1.

    Examples
    --------
    >>> w = Tensor([1.0, 1.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * np.array([1.0, 100.0])).sum().backward()
    >>> optimizer.step()
    >>> w.data.round(6)
    array([0.9, 0.9])
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, settings)

    def _move(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        self._step(parameter, _with_decay(g, parameter, group), state, group)

    def _step(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        if not state:
            zeros = np.zeros_like(parameter.data)
            state.update(step=0, exp_avg=zeros, exp_avg_sq=zeros.copy())
        state["step"] = int(state["step"]) + 1
        beta1, beta2 = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        _fade(mean, g, beta1)
        _fade(square, g * g, beta2)
        root = np.sqrt(square)
        root /= math.sqrt(1 - beta2 ** state["step"])
        root += group["eps"]
        np.divide(mean, root, out=root)
        root *= group["lr"] / (1 - beta1 ** state["step"])
        parameter.data -= root


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself, not through the gradient.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        The parameters, or groups of them.
    lr : float
        About the length of a step in every entry.
    betas : (float, float)
        How much of the mean of gradients, and of that of squares, is kept.
    eps : float
        Added to the root, so that nothing is divided by zero.
    weight_decay : float
        Before each step the parameter is multiplied by 1 - lr * weight_decay.

    Attributes
    ----------
    param_groups : list of dict
        The groups and their settings.
    state : dict
        "step", "exp_avg" and "exp_avg_sq" of each parameter.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    O(p) time and 2p numbers of memory for p parameters.

    Taught in: deep-learning/optimizers.

    References
    ----------
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization", ICLR,
    algorithm 2.

    Examples
    --------
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * 0.0).sum().backward()
    >>> optimizer.step()
    >>> w.data
    array([0.95])
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def _move(self, parameter: Tensor, g: Array, state: State, group: Group) -> None:
        parameter.data *= 1 - group["lr"] * group["weight_decay"]
        self._step(parameter, g, state, group)


def _fade(mean: Array, new: Array, kept: float) -> None:
    """Move a fading mean towards a new value, in place."""
    mean *= kept
    mean += (1 - kept) * new


def _with_decay(g: Array, parameter: Tensor, group: Group) -> Array:
    """Add the gradient of weight_decay / 2 * sum(parameter ** 2)."""
    decay = group["weight_decay"]
    return g + decay * parameter.data if decay else g


def _as_groups(params: Parameters) -> list[Group]:
    if isinstance(params, Tensor):
        raise TypeError("params must be a list of tensors, found a single Tensor.")
    listed: list[Any] = list(params)
    if listed and all(isinstance(each, dict) for each in listed):
        return listed
    return [{"params": listed}] if listed else []


def _check_parameter(parameter: Tensor, seen: set[Tensor]) -> None:
    if not isinstance(parameter, Tensor):
        raise TypeError(
            f"An optimiser moves tensors, found {type(parameter).__name__}."
        )
    if parameter in seen:
        raise ValueError(
            f"A parameter of shape {parameter.shape} was given to the optimiser twice."
        )
    if not parameter.data.flags.writeable:  # so is the result of every operation
        raise ValueError(
            f"A parameter of shape {parameter.shape} cannot be moved: expected a leaf "
            "whose array may be written to, not the result of an operation."
        )


def _check_settings(group: Group) -> None:
    for name, value in group.items():
        if isinstance(value, int | float) and not 0 <= value < math.inf:
            raise ValueError(f"{name} is {value}; expected a finite number from 0.")
    if group.get("alpha", 0.0) >= 1:
        raise ValueError(f"alpha is {group['alpha']}; expected a number below 1.")
    if group.get("eps", 1.0) == 0:
        raise ValueError("eps is 0; a gradient of 0 would be divided by it.")
    betas = group.get("betas", (0.0, 0.0))
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas is {betas}; expected two numbers from 0, below 1.")
    if group.get("nesterov") and not (group["momentum"] and not group["dampening"]):
        raise ValueError("nesterov needs a momentum above 0 and a dampening of 0.")
