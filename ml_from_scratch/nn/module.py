"""What a network is made of: parameters, buffers, and modules inside modules.

There is no registry. The attributes of a module are its registry: whatever attribute
is a `Parameter` is trained, whatever is a `Module` is a part, and what was named by
`register_buffer` is saved with them. Names, and the order of names, are PyTorch's, so
that a state dict of the same network moves across in either direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ml_from_scratch.autograd import Tensor

__all__ = ["Module", "ModuleList", "Parameter", "Sequential"]

Kind = TypeVar("Kind")


class Parameter(Tensor):
    """A tensor that is trained: a module that holds it counts it as its own.

    Parameters
    ----------
    data : array_like
        The initial values; float32 and float64 are kept and not copied.
    requires_grad : bool
        False for a parameter that is frozen.

    Notes
    -----
    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> Parameter([1.0, 2.0])
    Tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad)


class Module:
    """A part of a network: parameters, further parts, and a forward pass.

    A subclass sets parameters and modules as attributes in ``__init__``, and computes
    in ``forward``. Calling the module calls ``forward``.

    Attributes
    ----------
    training : bool
        Whether dropout drops and batch norm uses the batch. True until `eval`.

    Notes
    -----
    Taught in: deep-learning/mlp.

    References
    ----------
    Paszke et al. (2019), PyTorch: An Imperative Style, High-Performance Deep
    Learning Library, section 4.

    Examples
    --------
    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Parameter(3.0)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> model = Scale()
    >>> model(Tensor([1.0, 2.0])).sum().backward()
    >>> {name: p.grad.tolist() for name, p in model.named_parameters()}
    {'factor': 3.0}
    """

    training: bool = True
    _buffer_names: tuple[str, ...] = ()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass says how.

        Parameters
        ----------
        *args, **kwargs
            What the module was called with.

        Returns
        -------
        Tensor
            The output, or a tuple of several.

        Raises
        ------
        NotImplementedError
            If the subclass does not say.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward pass.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what `forward` gives."""
        return self.forward(*args, **kwargs)

    def register_buffer(self, name: str, value: ArrayLike) -> None:
        """Keep an array that is saved but not trained, such as a running mean.

        Parameters
        ----------
        name : str
            The attribute under which it is found from now on.
        value : array_like
            Its first value. Assign to the attribute to change it.
        """
        setattr(self, name, np.asarray(value))
        if name not in self._buffer_names:
            self._buffer_names = (*self._buffer_names, name)

    # What is in it ------------------------------------------------------------------

    def _own(self, kind: type[Kind]) -> dict[str, Kind]:
        """Return the attributes of a kind, in the order in which they were set."""
        return {k: v for k, v in vars(self).items() if isinstance(v, kind)}

    def children(self) -> Iterator[Module]:
        """Give the modules directly inside.

        Yields
        ------
        Module
            Each as often as it is an attribute.
        """
        yield from self._own(Module).values()

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Give the module itself and all modules inside, each once, with its name.

        Parameters
        ----------
        prefix : str
            What the names start with.

        Yields
        ------
        (str, Module)
            Names are attributes joined by dots; that of the module itself is `prefix`.
        """
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield name, module
            inside = module._own(Module).items()
            stack += [(_join(name, key), each) for key, each in inside][::-1]

    def modules(self) -> Iterator[Module]:
        """Give the module itself and all modules inside, each once.

        Yields
        ------
        Module
            Parents before their parts.
        """
        for _, module in self.named_modules():
            yield module

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Give all parameters, each once, with its name.

        Parameters
        ----------
        prefix : str
            What the names start with.

        Yields
        ------
        (str, Parameter)
            A parameter that two modules share comes under the first of its names.
        """
        seen: set[int] = set()
        for owner, module in self.named_modules(prefix):
            for key, parameter in module._own(Parameter).items():
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield _join(owner, key), parameter

    def parameters(self) -> Iterator[Parameter]:
        """Give all parameters, each once, as an optimiser takes them.

        Yields
        ------
        Parameter
            In the order of `named_parameters`.
        """
        for _, parameter in self.named_parameters():
            yield parameter

    # Its state, as arrays -----------------------------------------------------------

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return copies of all parameters and buffers by name.

        Returns
        -------
        dict of arrays
            A snapshot: training on does not change it. In PyTorch's order, and with a
            shared parameter under each of its names, as there.
        """
        return {
            name: np.array(module._value(key)) for name, module, key in self._slots()
        }

    def load_state_dict(
        self, state: Mapping[str, ArrayLike], strict: bool = True
    ) -> tuple[list[str], list[str]]:
        """Take over the values of a state dict, of ours or of a PyTorch module.

        Parameters
        ----------
        state : mapping from str to array_like
            What `state_dict` gave. Values are copied, in the dtype that is here.
        strict : bool
            Whether names must match exactly. Shapes must in any case.

        Returns
        -------
        missing : list of str
            Names that are here and not in `state`; they keep their values.
        unexpected : list of str
            Names in `state` that are not here.

        Raises
        ------
        ValueError
            If names or shapes do not match; then nothing was changed.
        TypeError
            If a value does not hold numbers; then nothing was changed.
        """
        slots = {name: (module, key) for name, module, key in self._slots()}
        missing = [name for name in slots if name not in state]
        unexpected = [name for name in state if name not in slots]
        arrays = {n: _numbers(n, state[n]) for n in slots if n in state}
        misshapen = [
            f"{name} is {array.shape}, here {module._value(key).shape}"
            for name, array in arrays.items()
            for module, key in [slots[name]]
            if array.shape != module._value(key).shape
        ]
        if misshapen or (strict and (missing or unexpected)):
            raise ValueError(_mismatch(type(self), missing, unexpected, misshapen))
        for name, array in arrays.items():
            module, key = slots[name]
            module._set_value(key, np.array(array, dtype=module._value(key).dtype))
        return missing, unexpected

    def _slots(self, prefix: str = "") -> Iterator[tuple[str, Module, str]]:
        """Give the full name, owner and attribute of all that a state dict holds."""
        for key in (*self._own(Parameter), *self._buffer_names):
            yield _join(prefix, key), self, key
        for key, module in self._own(Module).items():
            yield from module._slots(_join(prefix, key))

    def _value(self, key: str) -> NDArray[Any]:
        value = getattr(self, key)
        return value.data if isinstance(value, Tensor) else np.asarray(value)

    def _set_value(self, key: str, array: NDArray[Any]) -> None:
        if isinstance(parameter := getattr(self, key), Tensor):
            parameter.data = array
        else:
            setattr(self, key, array)

    def to(self, dtype: DTypeLike) -> Self:
        """Turn parameters and floating-point buffers to another precision.

        Parameters
        ----------
        dtype : dtype
            float32 or float64.

        Returns
        -------
        Module
            The module itself. Gradients are dropped.

        Raises
        ------
        TypeError
            For another dtype.
        """
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise TypeError(f"dtype is {np.dtype(dtype)}; expected float32 or float64.")
        for _, module, key in self._slots():
            if module._value(key).dtype.kind == "f":
                module._set_value(key, module._value(key).astype(dtype))
        self.zero_grad()
        return self

    # Its mode -----------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Put the module and all inside it in training mode, or out of it.

        Parameters
        ----------
        mode : bool
            False for what `eval` does.

        Returns
        -------
        Module
            The module itself.
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Put the module and all inside it in the mode for prediction.

        Returns
        -------
        Module
            The module itself.
        """
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters, or thaw them.

        Parameters
        ----------
        requires_grad : bool
            False to freeze: the backward pass then leaves them out.

        Returns
        -------
        Module
            The module itself.
        """
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    # How it is printed --------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what stands between the brackets when the module is printed.

        Returns
        -------
        str
            Such as ``"784, 128"``; empty by default.
        """
        return ""

    def __repr__(self) -> str:
        """Return the module as a tree, one part a line."""
        name, parts = type(self).__name__, self._own(Module)
        if not parts:
            return f"{name}({self.extra_repr()})"
        lines = [
            f"({key}): {part!r}".replace("\n", "\n  ") for key, part in parts.items()
        ]
        return "\n  ".join([f"{name}({self.extra_repr()}", *lines]) + "\n)"


class _Numbered(Module):
    """Modules under the names 0, 1, 2, ..., which behave like a list."""

    def __len__(self) -> int:
        return len(self._own(Module))

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module | Self:
        modules = list(self.children())
        if isinstance(index, slice):
            part = type(self)()
            part._extend(modules[index])
            return part
        if not -len(modules) <= index < len(modules):
            raise IndexError(
                f"there is no module {index} in a {type(self).__name__} of "
                f"{len(modules)}."
            )
        return modules[index]

    def append(self, module: Module) -> Self:
        """Add a module at the end.

        Parameters
        ----------
        module : Module
            Its name is its position.

        Returns
        -------
        Module
            The list itself.

        Raises
        ------
        TypeError
            If it is no module.
        """
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__} holds modules, found {type(module).__name__}."
            )
        setattr(self, str(len(self)), module)
        return self

    def _extend(self, modules: Iterable[Module]) -> None:
        for module in modules:
            self.append(module)


class Sequential(_Numbered):
    """Modules in a row: each is called with what the one before it returned.

    Parameters
    ----------
    *modules : Module
        In order. Without any, the input is returned.

    Notes
    -----
    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> class Double(Module):
    ...     def forward(self, x):
    ...         return x * 2.0
    >>> Sequential(Double(), Double())(Tensor(1.0)).item()
    4.0
    """

    def __init__(self, *modules: Module) -> None:
        self._extend(modules)

    def forward(self, x: Any) -> Any:
        """Pass the input through all modules.

        Parameters
        ----------
        x : Tensor
            What the first module takes.

        Returns
        -------
        Tensor
            What the last module gives.
        """
        for module in self.children():
            x = module(x)
        return x


class ModuleList(_Numbered):
    """A list of modules, whose parameters count; it does not say how to call them.

    Parameters
    ----------
    modules : iterable of Module
        In order.

    Notes
    -----
    A plain list as an attribute would hide its modules: their parameters would not be
    trained, saved or moved, and nothing would say so.

    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> layers = ModuleList([Sequential(), Sequential()])
    >>> len(layers), [name for name, _ in layers.named_modules()]
    (2, ['', '0', '1'])
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self._extend(modules)


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


def _numbers(name: str, value: ArrayLike) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} holds {array.dtype}; expected numbers.")
    return array


def _mismatch(
    kind: type, missing: list[str], unexpected: list[str], misshapen: list[str]
) -> str:
    parts = {"missing": missing, "unexpected": unexpected, "misshapen": misshapen}
    found = "; ".join(f"{k} {', '.join(names)}" for k, names in parts.items() if names)
    return f"this state dict does not fit {kind.__name__}: {found}."
