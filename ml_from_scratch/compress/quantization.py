"""Eight bits for a number: a ruler laid over a range of values.

A quantised array stores which mark of the ruler is nearest, and the ruler: the distance
of its marks (scale) and which of them is zero (zero point). No value inside the range
moves by more than half a step. A quarter of the memory of float32; on a chip that
multiplies bytes, several times the speed. NumPy does not, so only the memory is real
here, and the arithmetic: sums of byte products are exact integers.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.base import Floats
from ml_from_scratch.nn import Linear, Module

__all__ = [
    "QuantizedArray",
    "QuantizedLinear",
    "calibrated_range",
    "int8_matmul",
    "quantize",
    "quantize_dynamic",
]

Bytes = NDArray[np.int8]
Range = tuple[float, float]
LOWEST, HIGHEST = -128, 127
MOST_TERMS = 2**31 // (255 * 255)  # of products whose sum surely fits into 32 bits


@dataclass(frozen=True)
class QuantizedArray:
    """Bytes, and the ruler that says what they stand for.

    Parameters
    ----------
    values : array of int8
        Marks of the ruler.
    scale : array of float
        The distance of two marks; of shape (), or one for each channel.
    zero_point : array of int
        The mark that stands for 0, in the shape of `scale`.

    Notes
    -----
    Taught in: deployment/quantisation.

    References
    ----------
    Jacob et al. (2018), Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference, section 2.1, CVPR.

    Examples
    --------
    >>> tenths = QuantizedArray(np.array([-5, 10], np.int8), np.array(0.1), np.array(0))
    >>> tenths.dequantize()
    array([-0.5,  1. ])
    """

    values: Bytes
    scale: Floats
    zero_point: NDArray[np.int32]

    def dequantize(self) -> Floats:
        """Return the numbers that the bytes stand for.

        Returns
        -------
        numpy.ndarray of float64
            Of the shape of `values`.
        """
        numbers: Floats = self.scale * self.marks()
        return numbers

    def marks(self) -> NDArray[np.int32]:
        """Return how many marks each value is above zero.

        Returns
        -------
        numpy.ndarray of int32
            From -255 to 255.
        """
        return np.asarray(self.values.astype(np.int32) - self.zero_point, np.int32)

    @property
    def nbytes(self) -> int:
        """Memory of bytes and rulers; a scale counts 4, a zero point 1."""
        return self.values.nbytes + 5 * self.scale.size


def quantize(
    values: ArrayLike,
    *,
    symmetric: bool = True,
    axis: int | None = None,
    value_range: Range | None = None,
) -> QuantizedArray:
    """Round numbers to bytes.

    Parameters
    ----------
    values : array_like of float
        Any shape, finite.
    symmetric : bool
        Zero is byte 0 and the ruler reaches as far down as up: for weights. Otherwise
        it reaches from the smallest value to the largest: for what comes out of a
        ReLU, which is never negative.
    axis : int, optional
        Give each slice along this axis its own ruler; by default there is one for all.
    value_range : (float, float), optional
        What the ruler must reach, in place of the values' own ends. What lies outside
        becomes an end.

    Returns
    -------
    QuantizedArray
        No value within the range is off by more than half a step, `scale / 2`.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or the range ends before it begins.

    Notes
    -----
    Zero is always a mark: padding, dropped units and ReLU produce it all the time, and
    it must not come back as something else. O(n) time.

    Taught in: deployment/quantisation.

    References
    ----------
    Nagel et al. (2021), A White Paper on Neural Network Quantization, section 2, arXiv
    2106.08295.

    Examples
    --------
    >>> quantize([-1.0, 0.0, 0.5]).values.tolist()
    [-127, 0, 64]
    >>> quantize([0.0, 0.5, 1.0], symmetric=False).values.tolist()
    [-128, 0, 127]
    """
    x = _finite(values)
    low, high = _ends(x, axis) if value_range is None else _check_range(value_range)
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    if symmetric:  # -128 stays unused, so that -w is as exact as w
        scale = _step(np.maximum(-low, high), HIGHEST)
        zero_point, lowest = np.zeros(scale.shape, np.int32), -HIGHEST
    else:
        scale = _step(high - low, HIGHEST - LOWEST)
        zero_point, lowest = np.rint(LOWEST - low / scale).astype(np.int32), LOWEST
    marks = np.clip(np.rint(x / scale) + zero_point, lowest, HIGHEST)
    return QuantizedArray(marks.astype(np.int8), scale, zero_point)


def _ends(x: Floats, axis: int | None) -> tuple[Floats, Floats]:
    """Return the smallest and the largest value, of all or of each slice."""
    if axis is None:
        return np.asarray(x.min()), np.asarray(x.max())
    others = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    return x.min(axis=others, keepdims=True), x.max(axis=others, keepdims=True)


def _step(length: Floats, marks: int) -> Floats:
    """Divide a range into steps; a range of nothing gets steps of 1."""
    step: Floats = np.asarray(length / marks)
    return np.where(step > 0, step, 1.0)


def calibrated_range(batches: Iterable[ArrayLike], percentile: float = 100.0) -> Range:
    """Return the range that activations take on sample data.

    Parameters
    ----------
    batches : iterable of array_like
        Activations, of any shapes.
    percentile : float
        100 takes the smallest and the largest value; 99.9 leaves out one in a
        thousand at either end, so that the rest gets a finer ruler.

    Returns
    -------
    low, high : float
        For `quantize` or `QuantizedLinear`.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or the percentile is not above 50 and
        at most 100.

    Notes
    -----
    O(n) time; memory for one batch at 100, else for all.

    Taught in: deployment/quantisation.

    References
    ----------
    Nagel et al. (2021), A White Paper on Neural Network Quantization, section 3.1,
    arXiv 2106.08295.

    Examples
    --------
    >>> calibrated_range([[0.0, 1.0], [2.0, 3.0]])
    (0.0, 3.0)
    """
    if not 50.0 < percentile <= 100.0:
        raise ValueError(f"percentile is {percentile}; expected above 50, at most 100.")
    arrays = (_finite(batch) for batch in batches)
    if percentile < 100.0:
        everything = np.concatenate([a.ravel() for a in arrays] or [np.zeros(0)])
        low, high = np.percentile(_finite(everything), [100.0 - percentile, percentile])
        return float(low), float(high)
    ends = np.array([(array.min(), array.max()) for array in arrays])
    if not len(ends):
        raise ValueError("calibration needs at least one batch, found none.")
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def int8_matmul(a: QuantizedArray, b: QuantizedArray) -> Floats:
    """Multiply two quantised matrices, a @ b.T, in integers.

    Parameters
    ----------
    a : QuantizedArray of shape (n, k)
        One ruler for all, or one for each row.
    b : QuantizedArray of shape (m, k)
        One ruler for all, or one for each row.

    Returns
    -------
    numpy.ndarray of shape (n, m)
        The product of what they stand for: sums of integers, multiplied by both
        scales once.

    Raises
    ------
    ValueError
        If the shapes do not fit, a ruler changes along k, or k is so large that a sum
        of 32 bits might overflow.

    Notes
    -----
    O(n m k) time. The sums run through the float64 product of BLAS, which is exact
    for integers below 2**53 and dozens of times faster than NumPy's integer product.

    Taught in: deployment/quantisation.

    References
    ----------
    Jacob et al. (2018), Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference, section 2.2, CVPR.

    Examples
    --------
    >>> a, b = quantize([[1.0, 2.0]]), quantize([[3.0, 4.0]])
    >>> bool(np.allclose(int8_matmul(a, b), a.dequantize() @ b.dequantize().T))
    True
    """
    k, length = _row_length(a), _row_length(b)
    if k != length:
        raise ValueError(f"rows of lengths {k} and {length} cannot be multiplied.")
    if k > MOST_TERMS:
        raise ValueError(
            f"rows of length {k} may overflow 32 bits; expected at most {MOST_TERMS}."
        )
    sums = a.marks().astype(np.float64) @ b.marks().T.astype(np.float64)
    accumulated = sums.astype(np.int32)
    product: Floats = accumulated * a.scale.reshape(-1, 1) * b.scale.reshape(1, -1)
    return product


class QuantizedLinear(Module):
    """A linear layer for prediction, with weights and inputs of eight bits.

    Parameters
    ----------
    layer : Linear
        The trained layer; it is left as it is.
    input_range : (float, float), optional
        What the ruler of the inputs must reach, see `calibrated_range`. By default
        each batch gets its own.

    Attributes
    ----------
    weight : array of int8, shape (out_features, in_features)
        Rounded, with a symmetric ruler for each output.
    scale : array of shape (out_features, 1)
        The rulers.
    bias : array of shape (out_features,) or None
        As it was.

    Notes
    -----
    No gradients: it is made after training.

    Taught in: deployment/quantisation.

    Examples
    --------
    >>> layer = Linear(64, 10, rng=np.random.default_rng(0))
    >>> x = Tensor(np.random.default_rng(1).normal(size=(5, 64)))
    >>> gap = QuantizedLinear(layer)(x).data - layer(x).data
    >>> bool(np.abs(gap).max() < 0.03)
    True
    """

    def __init__(self, layer: Linear, input_range: Range | None = None) -> None:
        rounded = quantize(layer.weight.data, axis=0)
        self.register_buffer("weight", rounded.values)
        self.register_buffer("scale", rounded.scale)
        self.weight: Bytes
        self.scale: Floats
        self.bias: Any = None
        if layer.bias is not None:
            self.register_buffer("bias", layer.bias.data.copy())
        self.input_range = None if input_range is None else _check_range(input_range)

    def forward(self, x: Tensor) -> Tensor:
        """Return about what the layer would have.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Rows.

        Returns
        -------
        Tensor of shape (..., out_features)
            A constant, in the dtype of `x`.

        Raises
        ------
        ValueError
            If rows have another length, or hold NaN or infinity.
        """
        outputs, inputs = self.weight.shape
        if x.ndim == 0 or x.shape[-1] != inputs:
            raise ValueError(f"rows of {inputs} expected, found shape {x.shape}.")
        rows = np.asarray(x.data).reshape(-1, inputs)
        if not rows.size:
            return Tensor(np.zeros((*x.shape[:-1], outputs), x.dtype))
        coded = quantize(rows, symmetric=False, value_range=self.input_range)
        zero = np.zeros(self.scale.shape, np.int32)
        out = int8_matmul(coded, QuantizedArray(self.weight, self.scale, zero))
        if self.bias is not None:
            out = out + self.bias
        return Tensor(out.reshape(*x.shape[:-1], outputs).astype(x.dtype))

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        outputs, inputs = self.weight.shape
        return f"{inputs}, {outputs}, int8"


def quantize_dynamic(model: Module) -> Module:
    """Return a copy of a model in which every linear layer is quantised.

    Parameters
    ----------
    model : Module
        A trained model; it is left as it is.

    Returns
    -------
    Module
        In evaluation mode, with a `QuantizedLinear` in place of each `Linear`, whose
        inputs get a ruler of their own in each batch.

    Notes
    -----
    Taught in: deployment/quantisation.

    Examples
    --------
    >>> from ml_from_scratch.nn import ReLU, Sequential
    >>> rng = np.random.default_rng(0)
    >>> quantize_dynamic(Sequential(Linear(4, 3, rng=rng), ReLU()))
    Sequential(
      (0): QuantizedLinear(4, 3, int8)
      (1): ReLU()
    )
    """
    if isinstance(model, Linear):
        return QuantizedLinear(model).eval()
    twin = copy.deepcopy(model)
    for part in list(twin.modules()):
        for name, inside in list(vars(part).items()):
            if isinstance(inside, Linear):
                setattr(part, name, QuantizedLinear(inside))
    return twin.eval()


def _finite(values: ArrayLike) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0:
        raise ValueError("there is nothing to quantise: the array is empty.")
    if not np.isfinite(x).all():
        raise ValueError("values hold NaN or infinity; expected finite numbers.")
    return x


def _check_range(value_range: Range) -> tuple[Any, Any]:
    low, high = value_range
    if not (np.isfinite([low, high]).all() and low <= high):
        raise ValueError(f"a range from {low} to {high} has no steps.")
    return low, high


def _row_length(coded: QuantizedArray) -> int:
    shape = coded.values.shape
    if len(shape) != 2 or coded.scale.shape not in ((), (1, 1), (shape[0], 1)):
        raise ValueError(
            "expected a matrix with one ruler or one for each row, found shape "
            f"{shape} with rulers {coded.scale.shape}."
        )
    return int(shape[1])
