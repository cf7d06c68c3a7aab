"""Batch norm and layer norm: the same operation over different axes.

Both bring entries to mean 0 and variance 1 and then let the network choose another
scale and centre. Batch norm takes the statistics of one channel over the batch, so it
needs running averages for prediction; layer norm takes those of one row over its
features, and needs none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml_from_scratch.autograd import Tensor, as_tensor, record
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.nn.layers import FLOAT, check_sizes
from ml_from_scratch.nn.module import Module, Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "LayerNorm", "standardize"]


def standardize(x: Tensor, axes: tuple[int, ...], eps: float = 1e-5) -> Tensor:
    """Bring entries to mean 0 and variance 1 over axes, as one operation.

    Parameters
    ----------
    x : Tensor
        Any shape.
    axes : tuple of int
        Over which mean and variance are taken.
    eps : float
        Added to the variance, so that constant entries become 0 and not NaN.

    Returns
    -------
    Tensor
        (x - mean) / sqrt(variance + eps), with the variance divided by n.

    Raises
    ------
    ValueError
        If there is nothing to average.

    Notes
    -----
    Backward, the gradient loses its mean and its projection on the output: moving all
    entries alike, or stretching them, changes nothing in front of this operation.

    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Ioffe and Szegedy (2015), Batch Normalization, section 3, ICML.

    Examples
    --------
    >>> standardize(Tensor([[1.0, 3.0]]), (1,), eps=0.0)
    Tensor([[-1.,  1.]])
    """
    x = as_tensor(x)
    if 0 in (x.shape[axis] for axis in axes):
        raise ValueError(f"shape {x.shape} has nothing to average over axes {axes}.")
    centred = x.data - x.data.mean(axis=axes, keepdims=True)
    variance = np.square(centred).mean(axis=axes, keepdims=True)
    scale = 1.0 / np.sqrt(variance + eps)
    out = centred * scale

    def through_the_statistics(g: Array) -> Array:
        shift = g.mean(axis=axes, keepdims=True)
        stretch = (g * out).mean(axis=axes, keepdims=True)
        back: Array = scale * (g - shift - out * stretch)
        return back

    return record(out, (x, through_the_statistics))


class _BatchNorm(Module):
    """Batch norm over all axes but the second; subclasses say which shapes they take.

    Parameters
    ----------
    num_features : int
        Channels, the length of the second axis.
    eps : float
        Added to the variance.
    momentum : float
        The share of the newest batch in the running averages.
    affine : bool
        Whether a scale and a centre are learned.

    """

    dims: tuple[int, ...]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
    ) -> None:
        check_sizes(num_features=num_features)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Parameter(np.ones(num_features, FLOAT)) if affine else None
        self.bias = Parameter(np.zeros(num_features, FLOAT)) if affine else None
        self.running_mean: Array
        self.running_var: Array
        self.num_batches_tracked: np.ndarray
        self.register_buffer("running_mean", np.zeros(num_features, FLOAT))
        self.register_buffer("running_var", np.ones(num_features, FLOAT))
        self.register_buffer("num_batches_tracked", np.array(0))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise by the batch in training mode, else by the running averages.

        Parameters
        ----------
        x : Tensor of shape (n, channels, ...)
            A batch.

        Returns
        -------
        Tensor
            The same shape.

        Raises
        ------
        ValueError
            If the shape does not fit, or training has one value a channel.
        """
        x = as_tensor(x)
        self._check(x)
        wide = (1, -1) + (1,) * (x.ndim - 2)  # one entry a channel
        if self.training:
            axes = (0, *range(2, x.ndim))
            self._track(x.data, axes)
            out = standardize(x, axes, self.eps)
        else:
            scale = 1.0 / np.sqrt(self.running_var + self.eps)
            out = (x - self.running_mean.reshape(wide)) * scale.reshape(wide)
        if self.weight is None or self.bias is None:
            return out
        return out * self.weight.reshape(*wide) + self.bias.reshape(*wide)

    def _track(self, x: Array, axes: tuple[int, ...]) -> None:
        """Move the running averages towards this batch.

        The variance is divided by n - 1 here, though by n in the forward pass:
        prediction wants an estimate for all data, not for this batch.
        """
        rate = self.momentum
        mean, variance = x.mean(axis=axes), x.var(axis=axes, ddof=1)
        # New arrays: a tape may still hold the old ones.
        old_mean, old_var = self.running_mean, self.running_var
        dtype = old_mean.dtype
        self.running_mean = ((1 - rate) * old_mean + rate * mean).astype(dtype)
        self.running_var = ((1 - rate) * old_var + rate * variance).astype(dtype)
        self.num_batches_tracked = self.num_batches_tracked + 1

    def _check(self, x: Tensor) -> None:
        if x.ndim not in self.dims or x.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__} of {self.num_features} channels cannot take "
                f"shape {x.shape}."
            )
        if self.training and x.size <= self.num_features:
            raise ValueError(
                f"batch norm cannot train on shape {x.shape}: a variance needs more "
                "than one value a channel."
            )

    def extra_repr(self) -> str:
        """Return the settings.

        Returns
        -------
        str
            For printing.
        """
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    """Standardise each feature over the batch, then scale and shift it.

    Parameters
    ----------
    num_features : int
        Features or channels, the length of the second axis.
    eps : float
        Added to the variance.
    momentum : float
        The share of the newest batch in the running averages.
    affine : bool
        Whether a scale and a centre are learned.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_features,) or None
        Scale and centre.
    running_mean, running_var : array of shape (num_features,)
        What prediction uses, in place of the statistics of a batch.
    num_batches_tracked : array of shape ()
        How many batches they have seen.

    Notes
    -----
    Takes (n, features) and (n, channels, length). A few passes over the input.

    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Ioffe and Szegedy (2015), Batch Normalization: Accelerating Deep Network Training
    by Reducing Internal Covariate Shift, ICML.

    Examples
    --------
    >>> layer = BatchNorm1d(1)
    >>> layer(Tensor([[1.0], [3.0]])).data.round(4).tolist()
    [[-1.0], [1.0]]
    >>> layer.running_mean.round(4).tolist(), layer.running_var.round(4).tolist()
    ([0.20000000298023224], [1.100000023841858])
    """

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Standardise each channel over the batch and the image, then scale and shift it.

    Parameters
    ----------
    num_features : int
        Channels.
    eps : float
        Added to the variance.
    momentum : float
        The share of the newest batch in the running averages.
    affine : bool
        Whether a scale and a centre are learned.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_features,) or None
        Scale and centre.
    running_mean, running_var : array of shape (num_features,)
        What prediction uses, in place of the statistics of a batch.
    num_batches_tracked : array of shape ()
        How many batches they have seen.

    Notes
    -----
    Takes (n, channels, height, width). A few passes over the input.

    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Ioffe and Szegedy (2015), Batch Normalization: Accelerating Deep Network Training
    by Reducing Internal Covariate Shift, ICML.

    Examples
    --------
    >>> layer = BatchNorm2d(2)
    >>> out = layer(Tensor(np.arange(16.0).reshape(2, 2, 2, 2)))
    >>> bool(np.abs(out.data.mean(axis=(0, 2, 3))).max() < 1e-12)
    True
    """

    dims = (4,)


class LayerNorm(Module):
    """Standardise each row over its last axes, then scale and shift its entries.

    Parameters
    ----------
    normalized_shape : int or sequence of int
        Lengths of the last axes.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether a scale is learned for each entry.
    bias : bool
        Whether a centre is learned too.

    Attributes
    ----------
    weight, bias : Parameter of shape `normalized_shape` or None
        Scale and centre.

    Notes
    -----
    The same in training and prediction: no row depends on another. A few passes.

    Taught in: deep-learning/normalisation-and-initialisation.

    References
    ----------
    Ba, Kiros and Hinton (2016), Layer Normalization, arXiv 1607.06450.

    Examples
    --------
    >>> LayerNorm(2)(Tensor([[1.0, 3.0], [0.0, 50.0]])).data.round(4).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        shape = normalized_shape
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        for length in self.shape:
            check_sizes(normalized_shape=length)
        self.eps = eps
        learned, shifted = elementwise_affine, elementwise_affine and bias
        self.weight = Parameter(np.ones(self.shape, FLOAT)) if learned else None
        self.bias = Parameter(np.zeros(self.shape, FLOAT)) if shifted else None

    def forward(self, x: Tensor) -> Tensor:
        """Standardise each row.

        Parameters
        ----------
        x : Tensor of shape (..., *normalized_shape)
            Rows.

        Returns
        -------
        Tensor
            The same shape.

        Raises
        ------
        ValueError
            If the last axes have other lengths.
        """
        count = len(self.shape)
        if count == 0 or x.shape[-count:] != self.shape:
            raise ValueError(
                f"LayerNorm over {self.shape} cannot take shape {x.shape}."
            )
        out = standardize(x, tuple(range(-count, 0)), self.eps)
        if self.weight is not None:
            out = out * self.weight
        return out if self.bias is None else out + self.bias

    def extra_repr(self) -> str:
        """Return the shape.

        Returns
        -------
        str
            For printing.
        """
        return f"{self.shape}, eps={self.eps}"
