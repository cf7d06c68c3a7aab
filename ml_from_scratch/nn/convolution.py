"""Convolution and pooling of images in (batch, channels, height, width) order.

A convolution is a matrix product once every patch of the image has become a column
("im2col"). The patches are a view; one copy in the order (batch, channels, kernel,
place) makes them columns, and the product comes out in the layout that the next layer
wants, so nothing is ever transposed. Its transpose, which the gradient needs, adds the
columns back, one shifted image for each entry of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ml_from_scratch.autograd import Tensor, as_tensor, record
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.nn.init import uniform_
from ml_from_scratch.nn.layers import FLOAT, check_sizes
from ml_from_scratch.nn.module import Module, Parameter

__all__ = [
    "AdaptiveAvgPool2d",
    "AvgPool2d",
    "Conv2d",
    "MaxPool2d",
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "conv2d",
    "max_pool2d",
]

Pair: TypeAlias = "int | tuple[int, int]"


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
) -> Tensor:
    """Slide kernels over images, and return how well each place matches.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Images.
    weight : Tensor of shape (kernels, channels, kernel height, kernel width)
        It is not flipped: what deep learning calls convolution is correlation.
    bias : Tensor of shape (kernels,), optional
        Added to each map.
    stride : int or (int, int)
        How far the kernel moves, down and to the right.
    padding : int or (int, int)
        How many zeros are put around the image.

    Returns
    -------
    Tensor of shape (n, kernels, out height, out width)
        With (height + 2 * padding - kernel height) // stride + 1 rows, and so on.

    Raises
    ------
    ValueError
        If shapes do not fit, or the kernel is larger than the padded image.

    Notes
    -----
    O(n * kernels * channels * kernel size * places) time, once forward and twice
    backward. The columns stay in memory until then: the image times the size of the
    kernel.

    Taught in: deep-learning/convolution.

    References
    ----------
    Chellapilla, Puri and Simard (2006), High Performance Convolutional Neural
    Networks for Document Processing, IWFHR.

    Examples
    --------
    >>> image = Tensor(np.arange(9.0).reshape(1, 1, 3, 3))
    >>> conv2d(image, Tensor([[[[-1.0, 1.0]]]])).data[0, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    x = as_tensor(x, weight)
    stride, padding = _pair(stride, "stride", 1), _pair(padding, "padding", 0)
    kernel = weight.shape[2:]
    _check_images(x, weight.shape[1])
    padded = _padded(x.data, padding, 0.0)
    columns, size = _columns(padded, kernel, stride)  # (n, channels * kernel, places)
    flat = weight.data.reshape(len(weight), -1)  # (kernels, channels * kernel)
    out = flat @ columns  # (n, kernels, places)
    if bias is not None:
        out += bias.data[:, None]

    def to_image(g: Array) -> Array:
        back = flat.T @ g.reshape(out.shape)  # (n, channels * kernel, places)
        parts = back.reshape(*x.shape[:2], *kernel, *size)
        total = np.zeros(padded.shape, g.dtype)
        for (i, j), view in _shifted(total, kernel, stride, size):
            view += parts[:, :, i, j]
        return _cropped(total, padding)

    def to_weight(g: Array) -> Array:
        per_image = columns @ g.reshape(out.shape).swapaxes(1, 2)
        total: Array = per_image.sum(axis=0)  # (channels * kernel, kernels)
        return total.T.reshape(weight.shape)

    edges = [(x, to_image), (weight, to_weight)]
    if bias is not None:
        edges.append((bias, lambda g: g.sum(axis=(0, 2, 3))))
    return record(out.reshape(*out.shape[:2], *size), *edges)


class Conv2d(Module):
    """Slide learned kernels over images.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps before and after.
    kernel_size : int or (int, int)
        Height and width of a kernel.
    stride, padding : int or (int, int)
        As for `conv2d`.
    bias : bool
        Whether each map has a number added.
    rng : numpy.random.Generator
        Draws weight and bias evenly up to 1 / sqrt(in_channels * kernel size), as
        PyTorch does.

    Attributes
    ----------
    weight : Parameter of shape (out_channels, in_channels, *kernel_size)
        The kernels.
    bias : Parameter of shape (out_channels,) or None
        One number a map.

    Notes
    -----
    See `conv2d` for the cost.

    Taught in: deep-learning/convolution.

    References
    ----------
    LeCun et al. (1998), Gradient-Based Learning Applied to Document Recognition,
    Proceedings of the IEEE 86(11).

    Examples
    --------
    >>> layer = Conv2d(3, 8, 3, padding=1, rng=np.random.default_rng(0))
    >>> layer(Tensor(np.zeros((2, 3, 5, 5)))).shape
    (2, 8, 5, 5)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        *,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(in_channels=in_channels, out_channels=out_channels)
        self.stride, self.padding = stride, padding
        kernel = _pair(kernel_size, "kernel_size", 1)
        bound = 1.0 / math.sqrt(in_channels * math.prod(kernel))
        self.weight = Parameter(np.empty((out_channels, in_channels, *kernel), FLOAT))
        uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Parameter | None = None
        if bias:
            self.bias = Parameter(np.empty(out_channels, FLOAT))
            uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        """Return `conv2d` of the images.

        Parameters
        ----------
        x : Tensor of shape (n, in_channels, height, width)
            Images.

        Returns
        -------
        Tensor of shape (n, out_channels, out height, out width)
            Maps.
        """
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        outputs, inputs, *kernel = self.weight.shape
        return (
            f"{inputs}, {outputs}, kernel_size={tuple(kernel)}, "
            f"stride={self.stride}, padding={self.padding}"
        )


def max_pool2d(
    x: Tensor, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0
) -> Tensor:
    """Return the largest entry of each window.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Images.
    kernel_size : int or (int, int)
        Height and width of a window.
    stride : int or (int, int), optional
        How far the window moves; by default its own size, so that windows touch.
    padding : int or (int, int)
        How much is put around the image, at most half the window. It never wins.

    Returns
    -------
    Tensor of shape (n, channels, out height, out width)
        Of entries that tie, the first gets the gradient, as in PyTorch.

    Raises
    ------
    ValueError
        If the window is larger than the padded image, or the padding than half of it.

    Notes
    -----
    One pass over the image for each entry of the window, forward and backward.

    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> max_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    x = as_tensor(x)
    kernel, steps, edge = _pooling(x, kernel_size, stride, padding)
    padded = _padded(x.data, edge, -math.inf)
    size = _out_size(padded.shape, kernel, steps)
    views = _shifted(padded, kernel, steps, size)
    best = next(views)[1].copy()
    winner = np.zeros(best.shape, np.int16)  # which entry of the window it was
    for k, (_, view) in enumerate(views, start=1):
        winner[view > best] = k
        np.maximum(best, view, out=best)

    def to_winners(g: Array) -> Array:
        total = np.zeros(padded.shape, g.dtype)
        for k, (_, view) in enumerate(_shifted(total, kernel, steps, size)):
            view += g * (winner == k)
        return _cropped(total, edge)

    return record(best, (x, to_winners))


class MaxPool2d(Module):
    """Keep the largest entry of each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of a window.
    stride : int or (int, int), optional
        How far it moves; by default its own size.
    padding : int or (int, int)
        How much is put around the image.

    Notes
    -----
    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> MaxPool2d(2)(Tensor(np.zeros((1, 3, 6, 6)))).shape
    (1, 3, 3, 3)
    """

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return `max_pool2d` of the images.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
            Images.

        Returns
        -------
        Tensor of shape (n, channels, out height, out width)
            Smaller images.
        """
        return max_pool2d(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Return the size of the window.

        Returns
        -------
        str
            For printing.
        """
        return f"{self.kernel_size}"


def avg_pool2d(
    x: Tensor, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0
) -> Tensor:
    """Return the mean of each window.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Images.
    kernel_size : int or (int, int)
        Height and width of a window.
    stride : int or (int, int), optional
        How far the window moves; by default its own size.
    padding : int or (int, int)
        How many zeros are put around the image; they count in the mean, as in PyTorch.

    Returns
    -------
    Tensor of shape (n, channels, out height, out width)
        The means.

    Raises
    ------
    ValueError
        If the window is larger than the padded image, or the padding than half of it.

    Notes
    -----
    One pass over the image for each entry of the window, forward and backward.

    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> avg_pool2d(Tensor(np.arange(16.0).reshape(1, 1, 4, 4)), 2).data[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    x = as_tensor(x)
    kernel, steps, edge = _pooling(x, kernel_size, stride, padding)
    padded = _padded(x.data, edge, 0.0)
    size = _out_size(padded.shape, kernel, steps)
    count = math.prod(kernel)
    out = np.zeros((*x.shape[:2], *size), x.dtype)
    for _, view in _shifted(padded, kernel, steps, size):
        out += view
    out /= count

    def to_all(g: Array) -> Array:
        total, share = np.zeros(padded.shape, g.dtype), g / count
        for _, view in _shifted(total, kernel, steps, size):
            view += share
        return _cropped(total, edge)

    return record(out, (x, to_all))


class AvgPool2d(Module):
    """Average each window.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Height and width of a window.
    stride : int or (int, int), optional
        How far it moves; by default its own size.
    padding : int or (int, int)
        How many zeros are put around the image.

    Notes
    -----
    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> AvgPool2d(3, stride=1)(Tensor(np.zeros((1, 2, 5, 5)))).shape
    (1, 2, 3, 3)
    """

    def __init__(
        self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return `avg_pool2d` of the images.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
            Images.

        Returns
        -------
        Tensor of shape (n, channels, out height, out width)
            Smaller images.
        """
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Return the size of the window.

        Returns
        -------
        str
            For printing.
        """
        return f"{self.kernel_size}"


def adaptive_avg_pool2d(x: Tensor, output_size: Pair = 1) -> Tensor:
    """Average images down to a size that does not depend on theirs.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Images.
    output_size : int or (int, int)
        Rows and columns of the result; 1 is the mean of the whole image.

    Returns
    -------
    Tensor of shape (n, channels, *output_size)
        The means of as many windows, which overlap where the sizes do not divide.

    Raises
    ------
    ValueError
        If the input is no batch of images.

    Notes
    -----
    Averaging rows is a product with a matrix, and so is averaging columns: two
    products, and no code for the gradient.

    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> x = Tensor(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> adaptive_avg_pool2d(x, 1).item()
    7.5
    """
    x = as_tensor(x)
    _check_images(x)
    rows, columns = _pair(output_size, "output_size", 1)
    down = as_tensor(_averages(rows, x.shape[2]).astype(x.dtype))
    across = as_tensor(_averages(columns, x.shape[3]).astype(x.dtype))
    return down @ x @ across.T


class AdaptiveAvgPool2d(Module):
    """Average images down to a size that does not depend on theirs.

    Parameters
    ----------
    output_size : int or (int, int)
        Rows and columns of the result; 1 is the mean of the whole image.

    Notes
    -----
    Taught in: deep-learning/convolution.

    References
    ----------
    Lin, Chen and Yan (2014), Network In Network, section 3.2, arXiv 1312.4400.

    Examples
    --------
    >>> AdaptiveAvgPool2d(1)(Tensor(np.ones((2, 3, 7, 5)))).shape
    (2, 3, 1, 1)
    """

    def __init__(self, output_size: Pair = 1) -> None:
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        """Return `adaptive_avg_pool2d` of the images.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
            Images.

        Returns
        -------
        Tensor of shape (n, channels, *output_size)
            Means.
        """
        return adaptive_avg_pool2d(x, self.output_size)


# Windows --------------------------------------------------------------------------


def _columns(
    padded: Array, kernel: tuple[int, ...], stride: tuple[int, int]
) -> tuple[Array, tuple[int, int]]:
    """Copy every patch into a column; return them and how many places there are."""
    size = _out_size(padded.shape, kernel, stride)
    patches = sliding_window_view(padded, kernel, axis=(2, 3))
    patches = patches[:, :, :: stride[0], :: stride[1]]  # (n, c, oh, ow, kh, kw)
    n, channels = padded.shape[:2]
    # The copy: whole rows of the image, since width stays last.
    rows = patches.transpose(0, 1, 4, 5, 2, 3).reshape(
        n, channels * math.prod(kernel), math.prod(size)
    )
    return rows, size


def _shifted(
    image: Array,
    kernel: tuple[int, ...],
    stride: tuple[int, int],
    size: tuple[int, int],
) -> Iterator[tuple[tuple[int, int], Array]]:
    """For each entry of the kernel, give its index and a view of what it meets."""
    (down, across), (rows, columns) = stride, size
    for i, j in np.ndindex(*kernel):
        yield (
            (i, j),
            image[:, :, i : i + down * rows : down, j : j + across * columns : across],
        )


def _out_size(
    shape: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, int]
) -> tuple[int, int]:
    room = [n - k for n, k in zip(shape[2:], kernel, strict=True)]
    if min(room) < 0:
        raise ValueError(
            f"a window of {tuple(kernel)} does not fit into padded images of "
            f"{shape[2:]}."
        )
    return room[0] // stride[0] + 1, room[1] // stride[1] + 1


def _padded(image: Array, padding: tuple[int, int], value: float) -> Array:
    if padding == (0, 0):
        return image
    (n, c, h, w), (p, q) = image.shape, padding
    out = np.full((n, c, h + 2 * p, w + 2 * q), value, image.dtype)
    out[:, :, p : p + h, q : q + w] = image
    return out


def _cropped(image: Array, padding: tuple[int, int]) -> Array:
    p, q = padding
    return image[:, :, p : image.shape[2] - p, q : image.shape[3] - q]


def _averages(outputs: int, inputs: int) -> Array:
    """Return the matrix (outputs, inputs) that averages neighbours."""
    starts = np.arange(outputs) * inputs // outputs
    ends = -(-np.arange(1, outputs + 1) * inputs // outputs)  # rounded up
    at = np.arange(inputs)
    inside = (at >= starts[:, None]) & (at < ends[:, None])
    shares: Array = inside / inside.sum(axis=1, keepdims=True)
    return shares


def _pooling(
    x: Tensor, kernel_size: Pair, stride: Pair | None, padding: Pair
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    _check_images(x)
    kernel = _pair(kernel_size, "kernel_size", 1)
    steps = kernel if stride is None else _pair(stride, "stride", 1)
    edge = _pair(padding, "padding", 0)
    if 2 * edge[0] > kernel[0] or 2 * edge[1] > kernel[1]:
        raise ValueError(
            f"padding is {edge}; expected at most half of kernel_size, {kernel}."
        )
    return kernel, steps, edge


def _check_images(x: Tensor, channels: int | None = None) -> None:
    if x.ndim != 4 or channels not in (None, x.shape[1]):
        expected = "channels" if channels is None else channels
        raise ValueError(
            f"expected images of shape (n, {expected}, height, width), found {x.shape}."
        )


def _pair(value: Pair, name: str, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, tuple) else (value, value)
    whole = all(isinstance(v, int | np.integer) and v >= least for v in pair)
    if len(pair) != 2 or not whole:
        raise ValueError(
            f"{name} is {value!r}; expected one integer or two, {least} or more."
        )
    return pair
