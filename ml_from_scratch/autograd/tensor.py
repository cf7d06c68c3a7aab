"""A NumPy array that remembers how it was made, and can be asked for gradients.

Each operation stands here with its gradient beside it: `record` takes the result and,
for every operand, the function that turns the gradient of the result into the gradient
of that operand. Broadcasting is undone in one place, `Tensor.backward`.

In-place changes. A recorded operation keeps its operands' arrays, not copies of them.
The result of an operation is therefore read-only. A leaf is not, since an optimiser
must move it: change a leaf's `data` only after `backward`, never between the forward
pass and it. `Tensor(array)` does not copy a float array, so the same holds for the
array that was passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy import ndarray
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ml_from_scratch.autograd.tape import (
    Array,
    Axis,
    count_reduced,
    put_back,
    recording,
    right_gradient,
    spread,
    unbroadcast,
)

Operand: TypeAlias = "Tensor | NDArray[Any] | float"
Edge: TypeAlias = "tuple[Tensor, Callable[[Array], Array]]"

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_new = object.__new__


class Tensor:
    """A float32 or float64 array with reverse-mode differentiation.

    Parameters
    ----------
    data : array_like
        Any shape. float32 and float64 are kept and not copied; integers and booleans
        become float64.
    requires_grad : bool
        Whether `backward` should leave a gradient here.

    Attributes
    ----------
    data : array
        The values.
    grad : array or None
        After `backward`, the gradient of a leaf, of the same shape and dtype. It adds
        up over calls until `zero_grad`.
    requires_grad : bool
        True for such a leaf and for everything computed from one.

    Raises
    ------
    TypeError
        If the data is neither float32, float64, integer nor boolean.

    Notes
    -----
    Taught in: deep-learning/autograd.

    References
    ----------
    Griewank and Walther (2008), Evaluating Derivatives, chapter 3.
    Baydin et al. (2018), Automatic Differentiation in Machine Learning: a Survey.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ("_edges", "data", "grad", "requires_grad")
    # NumPy hands `array * tensor` over to us instead of multiplying entry by entry.
    __array_ufunc__ = None

    data: Array
    grad: Array | None
    requires_grad: bool
    _edges: tuple[Edge, ...] | None  # () for a leaf, None once backward has freed it

    def __init__(self, data: ArrayLike, requires_grad: bool = False) -> None:
        self.data = _floats(data, np.float64)
        self.grad = None
        self.requires_grad = requires_grad
        self._edges = ()

    # What it is ---------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """float32 or float64."""
        return self.data.dtype

    def item(self) -> float:
        """Return the only entry as a Python float.

        Returns
        -------
        float
            With the float32 entry's value, if it is one.

        Raises
        ------
        ValueError
            If there is not exactly one.
        """
        if self.data.size != 1:
            raise ValueError(f"item() needs one entry, this tensor is {self.shape}")
        return float(self.data.item())

    def __float__(self) -> float:
        return self.item()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __len__(self) -> int:
        if self.data.ndim == 0:
            raise TypeError("a tensor of shape () has no length")
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        flag = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({values}{flag})"

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        if self.requires_grad:
            raise TypeError(
                "NumPy would compute outside the tape and lose the gradient; "
                "use .data or .detach() if that is meant"
            )
        return np.array(self.data, dtype=dtype, copy=copy)

    def detach(self) -> Tensor:
        """Return the same values as a constant, cut off from the tape.

        Returns
        -------
        Tensor
            Shares the array; gradients stop here.

        Examples
        --------
        >>> x = Tensor(3.0, requires_grad=True)
        >>> (x * x.detach()).backward()
        >>> float(x.grad)
        3.0
        """
        return Tensor(self.data)

    def zero_grad(self) -> None:
        """Forget the gradient, so that the next `backward` starts from nothing."""
        self.grad = None

    # The backward pass --------------------------------------------------------------

    def backward(
        self, gradient: ArrayLike | None = None, *, retain_graph: bool = False
    ) -> None:
        """Add the gradient of this tensor to `grad` of every leaf that asked for it.

        A node passes its gradient on only when all of its uses have reported, so each
        operation runs backward once. Nothing here is recursive: depth is no limit.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient of some scalar with respect to this tensor, in its shape. May
            be left out if this tensor has one entry (then it is 1).
        retain_graph : bool
            Keep the graph for a second pass. Otherwise it is freed while the pass
            goes through it, and with it the memory of the forward pass.

        Raises
        ------
        RuntimeError
            If nothing here requires a gradient, or the graph was freed before.
        ValueError
            If `gradient` is missing or has another shape.

        Notes
        -----
        Time: one visit an edge, for the usual operations two to three times the
        forward pass. Memory: the results of the forward pass that gradients need.

        References
        ----------
        Griewank and Walther (2008), Evaluating Derivatives, section 3.2.
        Kahn (1962), Topological Sorting of Large Networks.

        Examples
        --------
        >>> x = Tensor(3.0, requires_grad=True)
        >>> y = x * x  # used twice: both uses count
        >>> y.backward()
        >>> float(x.grad)
        6.0
        """
        pending = {self: self._seed(gradient)}
        waiting = _count_uses(self)
        ready = [self]
        while ready:
            node = ready.pop()
            grad, edges = pending.pop(node), node._edges
            if not edges:
                node._accumulate(grad)
                continue
            for parent, local in edges:
                if not parent.requires_grad:
                    continue
                share = local(grad)
                if share.shape != (shape := parent.data.shape):
                    share = unbroadcast(share, shape)
                # A sum, never `+=`: two nodes may have been handed the same array.
                seen = pending.get(parent)
                pending[parent] = share if seen is None else seen + share
                if left := waiting[parent] - 1:
                    waiting[parent] = left
                else:
                    ready.append(parent)
            if not retain_graph:
                node._edges = None

    def _seed(self, gradient: ArrayLike | None) -> Array:
        if not self.requires_grad:
            raise RuntimeError(
                f"this tensor of shape {self.shape} does not depend on any tensor "
                "with requires_grad=True"
            )
        if gradient is None:
            if self.data.size != 1:
                raise ValueError(
                    f"backward() without a gradient needs one entry, this tensor is "
                    f"{self.shape}: sum it, or pass a gradient of that shape"
                )
            return np.ones_like(self.data)
        seed = np.asarray(gradient, dtype=self.data.dtype)
        if seed.shape != self.shape:
            raise ValueError(
                f"the gradient is {seed.shape}, but the tensor is {self.shape}"
            )
        return seed

    def _accumulate(self, grad: Array) -> None:
        # A copy, since another leaf may have been handed the same array.
        own = np.array(grad, dtype=self.data.dtype)
        self.grad = own if self.grad is None else self.grad + own

    # Arithmetic ---------------------------------------------------------------------

    def __add__(self, other: Operand) -> Tensor:
        b = other if isinstance(other, Tensor) else as_tensor(other, self)
        return record(self.data + b.data, (self, lambda g: g), (b, lambda g: g))

    def __sub__(self, other: Operand) -> Tensor:
        b = other if isinstance(other, Tensor) else as_tensor(other, self)
        return record(self.data - b.data, (self, lambda g: g), (b, lambda g: -g))

    def __mul__(self, other: Operand) -> Tensor:
        a, b = self, other if isinstance(other, Tensor) else as_tensor(other, self)
        return record(
            a.data * b.data,
            (a, lambda g: g * b.data),
            (b, lambda g: g * a.data),
        )

    def __truediv__(self, other: Operand) -> Tensor:
        a, b = self, other if isinstance(other, Tensor) else as_tensor(other, self)
        out = a.data / b.data
        return record(
            out,
            (a, lambda g: g / b.data),
            (b, lambda g: -g * out / b.data),
        )

    def __neg__(self) -> Tensor:
        return record(-self.data, (self, lambda g: -g))

    def __pow__(self, power: float) -> Tensor:
        if not isinstance(power, int | float | np.number):
            raise TypeError(
                f"the exponent must be a number, found {type(power).__name__}; "
                "for a tensor b write (b * a.log()).exp()"
            )
        a, p = self.data, float(power)
        if p == 0.0:  # the rule below would ask for 0 * x ** -1, NaN at zero
            return record(a**p, (self, np.zeros_like))
        return record(a**p, (self, lambda g: g * (p * a ** (p - 1.0))))

    def __radd__(self, other: Operand) -> Tensor:
        return self + other

    def __rsub__(self, other: Operand) -> Tensor:
        return as_tensor(other, self) - self

    def __rmul__(self, other: Operand) -> Tensor:
        return self * other

    def __rtruediv__(self, other: Operand) -> Tensor:
        return as_tensor(other, self) / self

    def __matmul__(self, other: Operand) -> Tensor:
        a, b = self, other if isinstance(other, Tensor) else as_tensor(other, self)
        if a.ndim == 1 and b.ndim > 0:
            return _drop_axis(a.reshape(1, -1) @ b, -2 if b.ndim > 1 else -1)
        if b.ndim == 1 and a.ndim > 0:
            return _drop_axis(a @ b.reshape(-1, 1), -1)
        if a.ndim == 0 or b.ndim == 0 or a.shape[-1] != b.shape[-2]:
            raise ValueError(
                f"cannot multiply shapes {a.shape} and {b.shape}: the last axis of "
                "the first must be as long as the last but one of the second"
            )
        return record(
            a.data @ b.data,  # (..., n, k) @ (..., k, m) = (..., n, m)
            (a, lambda g: g @ np.swapaxes(b.data, -1, -2)),
            (b, lambda g: right_gradient(a.data, g, b.ndim)),
        )

    def __rmatmul__(self, other: Operand) -> Tensor:
        return as_tensor(other, self) @ self

    # Entry by entry -----------------------------------------------------------------

    def exp(self) -> Tensor:
        """Return e to the power of each entry; the gradient is the result itself.

        Returns
        -------
        Tensor
            Infinity where the power overflows.
        """
        out = np.exp(self.data)
        return record(out, (self, lambda g: g * out))

    def log(self) -> Tensor:
        """Return the natural logarithm of each entry.

        Returns
        -------
        Tensor
            -inf at 0 and NaN below it, with NumPy's warning.
        """
        a = self.data
        return record(np.log(a), (self, lambda g: g / a))

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent of each entry.

        Returns
        -------
        Tensor
            Between -1 and 1.
        """
        out = np.tanh(self.data)
        return record(out, (self, lambda g: g - g * out * out))

    def relu(self) -> Tensor:
        """Return each entry, or 0 where it is negative; at 0 the gradient is 0.

        Returns
        -------
        Tensor
            0 or more.
        """
        a = self.data
        return record(np.maximum(a, 0.0), (self, lambda g: g * (a > 0.0)))

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + exp(-x)) of each entry.

        Returns
        -------
        Tensor
            Between 0 and 1, without a warning at any size.
        """
        with np.errstate(over="ignore"):  # 1 / infinity is 0, which is right
            out = 1.0 / (1.0 + np.exp(-self.data))
        return record(out, (self, lambda g: g * (out * (1.0 - out))))

    def sqrt(self) -> Tensor:
        """Return the square root of each entry; at 0 the gradient is infinite.

        Returns
        -------
        Tensor
            NaN below 0, with NumPy's warning.
        """
        out = np.sqrt(self.data)
        return record(out, (self, lambda g: g / (2.0 * out)))

    def abs(self) -> Tensor:
        """Return the size of each entry, without its sign; at 0 the gradient is 0.

        Returns
        -------
        Tensor
            0 or more.
        """
        a = self.data
        return record(np.abs(a), (self, lambda g: g * np.sign(a)))

    def clip(self, low: float | None = None, high: float | None = None) -> Tensor:
        """Move each entry into an interval; those that were outside get no gradient.

        Parameters
        ----------
        low, high : float, optional
            The ends of the interval, which belong to it. None means no end.

        Returns
        -------
        Tensor
            Entries from `low` to `high`.

        Raises
        ------
        ValueError
            If `low` is above `high`.

        Examples
        --------
        >>> Tensor([-3.0, 0.5, 7.0]).clip(0.0, 1.0)
        Tensor([0. , 0.5, 1. ])
        """
        low, high = (
            -math.inf if low is None else low,
            math.inf if high is None else high,
        )
        if not low <= high:
            raise ValueError(f"clip needs low <= high, found {low} and {high}")
        a = self.data
        out = np.minimum(np.maximum(a, low), high)
        return record(out, (self, lambda g: g * ((a >= low) & (a <= high))))

    def masked_fill(self, mask: ArrayLike, value: float) -> Tensor:
        """Put one value wherever a mask holds, such as -inf before a softmax.

        Parameters
        ----------
        mask : array_like of bool
            It broadcasts with the tensor.
        value : float
            What to put.

        Returns
        -------
        Tensor
            Entries that were replaced get no gradient.

        Examples
        --------
        >>> Tensor([1.0, 2.0]).masked_fill([True, False], -np.inf)
        Tensor([-inf,   2.])
        """
        hidden = np.asarray(mask, dtype=bool)
        out = np.where(hidden, self.dtype.type(value), self.data)
        return record(out, (self, lambda g: np.where(hidden, g.dtype.type(0), g)))

    # Over axes ----------------------------------------------------------------------

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Add up over one axis, several, or all.

        Parameters
        ----------
        axis : int, tuple of int, or None
            The axes that go; None means all of them, () means none.
        keepdims : bool
            Keep them with length 1.

        Returns
        -------
        Tensor

        Examples
        --------
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
        Tensor([4., 6.])
        """
        shape = self.shape
        out = self.data.sum(axis=axis, keepdims=keepdims)
        return record(out, (self, lambda g: spread(g, shape, axis, keepdims)))

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Average over one axis, several, or all.

        Parameters
        ----------
        axis : int, tuple of int, or None
            The axes that go, as for `sum`.
        keepdims : bool
            Keep them with length 1.

        Returns
        -------
        Tensor
            The means.

        Raises
        ------
        ValueError
            If there is nothing to average.

        Examples
        --------
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).mean(axis=1)
        Tensor([1.5, 3.5])
        """
        count = count_reduced(self.shape, axis, "mean")
        shape = self.shape
        out = self.data.mean(axis=axis, keepdims=keepdims)
        return record(out, (self, lambda g: spread(g / count, shape, axis, keepdims)))

    def max(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Return the largest entry over one axis, several, or all.

        Entries that tie share the gradient evenly, as in `torch.amax`.

        Parameters
        ----------
        axis : int, tuple of int, or None
            The axes that go, as for `sum`.
        keepdims : bool
            Keep them with length 1.

        Returns
        -------
        Tensor
            The maxima.

        Raises
        ------
        ValueError
            If there is nothing to choose from.

        Examples
        --------
        >>> x = Tensor([2.0, 2.0, 1.0], requires_grad=True)
        >>> x.max().backward()
        >>> x.grad
        array([0.5, 0.5, 0. ])
        """
        count_reduced(self.shape, axis, "max")
        a = self.data
        out = np.asarray(a.max(axis=axis, keepdims=keepdims))

        def to_winners(g: Array) -> Array:
            won = a == spread(out, a.shape, axis, keepdims)
            ties = won.sum(axis=axis, keepdims=True, dtype=a.dtype)
            share: Array = spread(g, a.shape, axis, keepdims) * won / ties
            return share

        return record(out, (self, to_winners))

    # Other shapes -------------------------------------------------------------------

    def reshape(self, *shape: int) -> Tensor:
        """Return the same entries in another shape; one length may be -1.

        Parameters
        ----------
        *shape : int
            The new lengths.

        Returns
        -------
        Tensor
            A view where NumPy can make one.

        Raises
        ------
        ValueError
            If the number of entries does not fit.

        Examples
        --------
        >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(-1).shape
        (4,)
        """
        old = self.shape
        return record(self.data.reshape(shape), (self, lambda g: g.reshape(old)))

    def transpose(self, *axes: int) -> Tensor:
        """Reorder the axes; without arguments, reverse them.

        Parameters
        ----------
        *axes : int
            Which of the old axes comes first, second, and so on.

        Returns
        -------
        Tensor
            A view.

        Raises
        ------
        ValueError
            If `axes` does not name every axis once.

        Examples
        --------
        >>> Tensor(np.zeros((2, 3, 4))).transpose(0, 2, 1).shape
        (2, 4, 3)
        """
        order = [axis % self.ndim for axis in axes] or range(self.ndim)[::-1]
        back = np.argsort(order)
        return record(self.data.transpose(order), (self, lambda g: g.transpose(back)))

    def swapaxes(self, first: int, second: int) -> Tensor:
        """Exchange two axes.

        Parameters
        ----------
        first, second : int
            Which.

        Returns
        -------
        Tensor
            A view.

        Examples
        --------
        >>> Tensor(np.zeros((2, 3, 4))).swapaxes(-1, -2).shape
        (2, 4, 3)
        """
        out = np.swapaxes(self.data, first, second)
        return record(out, (self, lambda g: np.swapaxes(g, first, second)))

    def expand(self, *shape: int) -> Tensor:
        """Repeat entries along new axes and along those of length 1.

        Parameters
        ----------
        *shape : int
            A shape that this one broadcasts to.

        Returns
        -------
        Tensor
            A view: nothing is copied. The gradient sums over the repeats.

        Raises
        ------
        ValueError
            If the shape does not broadcast.

        Examples
        --------
        >>> Tensor([[1.0], [2.0]]).expand(2, 3).data
        array([[1., 1., 1.],
               [2., 2., 2.]])
        """
        return record(np.broadcast_to(self.data, shape), (self, lambda g: g))

    @property
    def T(self) -> Tensor:  # noqa: N802 (NumPy's name for it)
        """The axes reversed."""
        return self.transpose()

    def __getitem__(self, index: Any) -> Tensor:
        shape = self.shape
        return record(self.data[index], (self, lambda g: put_back(g, index, shape)))


def as_tensor(value: Operand, like: Tensor | None = None) -> Tensor:
    """Return a tensor as it is, and anything else as a constant.

    Parameters
    ----------
    value : Tensor, array or number
    like : Tensor, optional
        Its dtype is what numbers, integers and booleans become, so that `x * 2` stays
        float32 if `x` is; without it they become float64. Float arrays keep their own.

    Returns
    -------
    Tensor

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> as_tensor(2, like=Tensor(np.zeros(3, np.float32))).dtype
    dtype('float32')
    """
    if isinstance(value, Tensor):
        return value
    return Tensor(_floats(value, np.float64 if like is None else like.dtype))


def record(data: Array, *edges: Edge) -> Tensor:
    """Make the tensor that an operation returns, and put it on the tape.

    This is all that a new operation has to call.

    Parameters
    ----------
    data : array
        The result. It becomes read-only, since gradients may refer to it.
    *edges : pairs of (operand, function)
        The function maps the gradient of the result to the gradient of the operand,
        in the operand's shape or in one that it broadcasts to. It is called only if
        the operand requires a gradient, and must not change its argument.

    Returns
    -------
    Tensor

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> x = Tensor([1.0, 4.0], requires_grad=True)
    >>> root = np.sqrt(x.data)
    >>> record(root, (x, lambda g: g / (2 * root))).sum().backward()
    >>> x.grad
    array([0.5 , 0.25])
    """
    if type(data) is not ndarray:
        data = np.asarray(data)  # NumPy turns results of shape () into scalars
    data.setflags(False)  # type: ignore[call-arg]  # by position: half the time
    out = _new(Tensor)  # not through __init__, which would look at the dtype again
    out.data = data
    out.grad = None
    out.requires_grad = False
    out._edges = ()
    if recording():
        for parent, _ in edges:
            if parent.requires_grad:
                out.requires_grad = True
                out._edges = edges
                break
    return out


def _floats(value: Any, dtype: DTypeLike) -> Array:
    """Turn a value into a float array, leaving float32 and float64 arrays alone."""
    if isinstance(value, int | float):
        return np.asarray(value, dtype=dtype)
    array = np.asarray(value)
    if array.dtype.kind in "biu":
        return array.astype(dtype)
    if array.dtype not in FLOATS:
        raise TypeError(
            f"a tensor holds float32 or float64, found {array.dtype} "
            f"in a {type(value).__name__}"
        )
    return array


def _count_uses(root: Tensor) -> dict[Tensor, int]:
    """Count, for every tensor below `root`, the edges on which it will hear."""
    uses = {root: 0}
    stack = [root]
    while stack:
        edges = stack.pop()._edges
        if edges is None:
            raise RuntimeError(
                "this graph was freed by an earlier backward(); compute the result "
                "again, or pass retain_graph=True to the first backward()"
            )
        for parent, _ in edges:
            if not parent.requires_grad:
                continue
            if parent in uses:
                uses[parent] += 1
            else:
                uses[parent] = 1
                stack.append(parent)
    return uses


def _drop_axis(x: Tensor, axis: int) -> Tensor:
    """Remove an axis of length 1."""
    return x.reshape(*np.squeeze(x.data, axis).shape)
