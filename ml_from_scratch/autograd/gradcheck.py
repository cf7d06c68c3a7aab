"""Compare a gradient with central differences, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ml_from_scratch.autograd.tape import Array, no_grad
from ml_from_scratch.autograd.tensor import Tensor
from ml_from_scratch.numeric import numerical_gradient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike


class GradientError(AssertionError):
    """A gradient and its central difference disagree.

    Parameters
    ----------
    argument : int
        Which input of the function.
    index : tuple of int
        Which entry of it.
    found, expected : float
        The gradient from `backward`, and the central difference.

    Notes
    -----
    Taught in: deep-learning/autograd.

    Examples
    --------
    >>> try:
    ...     gradcheck(lambda x: x * x.detach(), [np.array([3.0])])
    ... except GradientError as error:
    ...     print(round(error.found / error.expected, 4))
    0.5
    """

    def __init__(
        self, argument: int, index: tuple[int, ...], found: float, expected: float
    ) -> None:
        self.argument, self.index = argument, index
        self.found, self.expected = found, expected
        where = f"[{', '.join(map(str, index))}]" if index else ""
        super().__init__(
            f"input {argument}{where}: backward gives {found:.10g}, central "
            f"differences give {expected:.10g}"
        )


def gradcheck(
    function: Callable[..., Tensor],
    inputs: Sequence[ArrayLike],
    *,
    step: float | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    seed: int = 0,
) -> None:
    """Check the gradient of a function at given inputs; say nothing if it is right.

    The function's result is multiplied by fixed random weights and summed, so that
    every entry of it is tested. A plain sum would be blind to errors that cancel: the
    entries of a softmax, say, add up to 1 whatever its gradient.

    Parameters
    ----------
    function : callable
        Takes one Tensor per input, returns one Tensor of any shape. It must give the
        same result each time and have no kink within a step of the inputs.
    inputs : sequence of array_like of float64
        Where to check. They are copied.
    step : float, optional
        How far an entry is moved; by default what `numerical_gradient` chooses.
    rtol, atol : float
        Allowed: atol + rtol times the largest central difference of that input.
    seed : int
        For the weights.

    Raises
    ------
    GradientError
        For the worst entry of the first input that disagrees.
    TypeError
        If an input is not float64: rounding would drown the difference.

    Notes
    -----
    Two evaluations of the function for each entry of each input.

    Taught in: deep-learning/autograd.

    References
    ----------
    Press et al. (2007), Numerical Recipes, section 5.7.

    Examples
    --------
    >>> gradcheck(lambda a, b: (a @ b).tanh(), [np.eye(2), np.array([0.5, -1.0])])
    """
    arrays = [_float64(value, i) for i, value in enumerate(inputs)]
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    out = function(*tensors)
    weights = np.random.default_rng(seed).normal(size=out.shape)
    if out.requires_grad:
        out.backward(weights)
    for i, tensor in enumerate(tensors):

        def objective(moved: Array, i: int = i) -> float:
            with no_grad():
                result = function(*map(Tensor, (*arrays[:i], moved, *arrays[i + 1 :])))
            return float(np.sum(result.data * weights))

        if tensor.size:
            expected = numerical_gradient(objective, arrays[i], step=step)
            found = np.zeros_like(expected) if tensor.grad is None else tensor.grad
            _compare(i, found, expected, atol + rtol * float(np.abs(expected).max()))


def _float64(value: ArrayLike, argument: int) -> Array:
    array = np.asarray(value)
    if array.dtype != np.float64:
        raise TypeError(
            f"input {argument} is {array.dtype}; gradcheck needs float64, where a "
            "small step still shows"
        )
    return array.copy()


def _compare(argument: int, found: Array, expected: Array, allowed: float) -> None:
    gap = np.abs(found - expected)
    if not np.all(gap <= allowed):  # written so that NaN fails
        worst = np.unravel_index(np.argmax(np.nan_to_num(gap, nan=np.inf)), gap.shape)
        index = tuple(int(i) for i in worst)
        raise GradientError(
            argument, index, float(found[index]), float(expected[index])
        )
