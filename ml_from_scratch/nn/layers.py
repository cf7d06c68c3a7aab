"""Layers that act on the last axis, or on each entry by itself.

A linear layer is one operation of the tape, not three: the bias is added in place, and
the gradient of a batch of any shape is one matrix product.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.autograd import Tensor, as_tensor, gelu, record, softmax
from ml_from_scratch.autograd.tape import Array, put_back
from ml_from_scratch.nn.init import normal_, uniform_
from ml_from_scratch.nn.module import Module, Parameter

__all__ = [
    "GELU",
    "Dropout",
    "Embedding",
    "Flatten",
    "LeakyReLU",
    "Linear",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "dropout",
    "embedding",
    "leaky_relu",
    "linear",
]

FLOAT = np.float32  # of new parameters; Module.to(np.float64) changes it


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x @ weight.T + bias, as one operation.

    Parameters
    ----------
    x : Tensor of shape (..., inputs)
        Rows of any number of batches.
    weight : Tensor of shape (outputs, inputs)
        One row for each output.
    bias : Tensor of shape (outputs,), optional
        Added to each row.

    Returns
    -------
    Tensor of shape (..., outputs)
        One row for each row of `x`.

    Raises
    ------
    ValueError
        If the last axis of `x` is not as long as a row of the weight.

    Notes
    -----
    O(n * inputs * outputs) time for n rows, forward once and backward twice.

    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> linear(Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]]), Tensor([0.5]))
    Tensor([[11.5]])
    """
    x = as_tensor(x, weight)
    if x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear needs inputs of length {weight.shape[1]}, found shape {x.shape}."
        )
    rows = x.data.reshape(-1, weight.shape[1])  # (n, inputs)
    out = rows @ weight.data.T  # (n, outputs)
    if bias is not None:
        out += bias.data

    def flat(g: Array) -> Array:
        return g.reshape(-1, weight.shape[0])  # (n, outputs)

    edges = [
        (x, lambda g: (flat(g) @ weight.data).reshape(x.shape)),
        (weight, lambda g: flat(g).T @ rows),
    ]
    if bias is not None:
        edges.append((bias, lambda g: flat(g).sum(axis=0)))
    return record(out.reshape(*x.shape[:-1], len(weight)), *edges)


class Linear(Module):
    """Multiply by a matrix and add a bias: outputs = inputs @ weight.T + bias.

    Parameters
    ----------
    in_features, out_features : int
        Lengths of the last axis before and after.
    bias : bool
        Whether anything is added.
    rng : numpy.random.Generator
        Draws weight and bias evenly from -1 / sqrt(in_features) to the opposite, as
        PyTorch does.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in_features)
        One row for each output.
    bias : Parameter of shape (out_features,) or None
        One number for each output.

    Notes
    -----
    See `linear` for the cost. New parameters are float32.

    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> layer = Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(Tensor(np.zeros((5, 3)))).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        bound = 1.0 / math.sqrt(in_features)
        self.weight = Parameter(np.empty((out_features, in_features), FLOAT))
        uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Parameter | None = None
        if bias:
            self.bias = Parameter(np.empty(out_features, FLOAT))
            uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        """Return `linear` of the input.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Rows.

        Returns
        -------
        Tensor of shape (..., out_features)
            Rows.
        """
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        end = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features}, {self.out_features}{end}"


def embedding(
    indices: ArrayLike, weight: Tensor, padding_idx: int | None = None
) -> Tensor:
    """Look up one row of a table for each index.

    Parameters
    ----------
    indices : array_like of int, any shape
        Rows, 0 to n - 1.
    weight : Tensor of shape (n, d)
        The table.
    padding_idx : int, optional
        A row that gets no gradient.

    Returns
    -------
    Tensor of shape (*indices.shape, d)
        The rows.

    Raises
    ------
    TypeError
        If the indices are not integers.
    ValueError
        If one is out of range.

    Notes
    -----
    Backward, rows that were looked up more than once are added up by a sparse matrix
    product: O(m * d) for m indices, plus one pass over the table.

    Taught in: domains/nlp-embeddings.

    Examples
    --------
    >>> table = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> embedding([1, 1], table).sum().backward()
    >>> table.grad.tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    rows = np.asarray(indices)
    if rows.dtype.kind not in "iu":
        raise TypeError(f"an embedding looks up integers, found {rows.dtype}.")
    if rows.size and (rows.min() < 0 or rows.max() >= len(weight)):
        raise ValueError(
            f"indices must lie in 0 to {len(weight) - 1}, found {rows.min()} to "
            f"{rows.max()}."
        )

    def to_table(g: Array) -> Array:
        total = put_back(g, rows, weight.shape)
        if padding_idx is not None:
            total[padding_idx] = 0.0
        return total

    return record(weight.data[rows], (weight, to_table))


class Embedding(Module):
    """A table of vectors, one for each of a set of things such as words.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Rows and columns of the table.
    padding_idx : int, optional
        A row that stays zero: it stands for nothing.
    rng : numpy.random.Generator
        Draws the table from a standard normal, as PyTorch does.

    Attributes
    ----------
    weight : Parameter of shape (num_embeddings, embedding_dim)
        The table.

    Notes
    -----
    Taught in: domains/nlp-embeddings.

    Examples
    --------
    >>> Embedding(10, 4, rng=np.random.default_rng(0))([[1, 2, 3]]).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not 0 <= padding_idx < num_embeddings:
            raise ValueError(
                f"padding_idx is {padding_idx}; expected 0 to {num_embeddings - 1}."
            )
        self.padding_idx = padding_idx
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), FLOAT))
        normal_(self.weight, rng=rng)
        if padding_idx is not None:
            self.weight.data[padding_idx] = 0.0

    def forward(self, indices: ArrayLike) -> Tensor:
        """Return `embedding` of the indices.

        Parameters
        ----------
        indices : array_like of int, any shape
            Rows of the table.

        Returns
        -------
        Tensor of shape (*indices.shape, embedding_dim)
            Their vectors.
        """
        return embedding(indices, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        return ", ".join(map(str, self.weight.shape))


def dropout(x: Tensor, p: float = 0.5, *, rng: np.random.Generator) -> Tensor:
    """Set entries to zero at random, and scale the others so that the mean stays.

    Parameters
    ----------
    x : Tensor
        Any shape.
    p : float
        The share of entries that go, 0 to 1.
    rng : numpy.random.Generator
        Says which.

    Returns
    -------
    Tensor
        Entries 0 or x / (1 - p).

    Raises
    ------
    ValueError
        If `p` is no probability.

    Notes
    -----
    Taught in: deep-learning/regularisation.

    References
    ----------
    Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting, JMLR 15.

    Examples
    --------
    >>> x = Tensor(np.ones(1000))
    >>> sorted(set(dropout(x, 0.5, rng=np.random.default_rng(0)).data.tolist()))
    [0.0, 2.0]
    """
    _check_probability(p)
    x = as_tensor(x)
    if p == 0.0:
        return x
    kept = rng.random(x.shape, dtype=np.float32) >= p
    factor = kept * x.dtype.type(1.0 / (1.0 - p) if p < 1.0 else 0.0)
    return record(x.data * factor, (x, lambda g: g * factor))


class Dropout(Module):
    """Apply `dropout` while training, and nothing while predicting.

    Parameters
    ----------
    p : float
        The share of entries that go, 0 to 1.
    rng : numpy.random.Generator
        Says which; it moves on with each call.

    Notes
    -----
    Taught in: deep-learning/regularisation.

    References
    ----------
    Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting, JMLR 15.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0)).eval()
    >>> layer(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator) -> None:
        _check_probability(p)
        self.p, self.rng = p, rng

    def forward(self, x: Tensor) -> Tensor:
        """Drop entries, in training mode.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return dropout(x, self.p, rng=self.rng) if self.training else x

    def extra_repr(self) -> str:
        """Return the share.

        Returns
        -------
        str
            For printing.
        """
        return f"p={self.p}"


class Flatten(Module):
    """Make rows of everything behind the first axis.

    Parameters
    ----------
    start_dim, end_dim : int
        The first and the last axis of those that become one.

    Notes
    -----
    Taught in: deep-learning/convolution.

    Examples
    --------
    >>> Flatten()(Tensor(np.zeros((5, 3, 2, 2)))).shape
    (5, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Tensor) -> Tensor:
        """Merge the axes.

        Parameters
        ----------
        x : Tensor
            With at least the axes named.

        Returns
        -------
        Tensor
            The same entries, in the same order.

        Raises
        ------
        ValueError
            If there are no such axes.
        """
        first, last = (
            i + x.ndim if i < 0 else i for i in (self.start_dim, self.end_dim)
        )
        if not 0 <= first <= last < x.ndim:
            raise ValueError(
                f"cannot flatten axes {self.start_dim} to {self.end_dim} of shape "
                f"{x.shape}."
            )
        merged = math.prod(x.shape[first : last + 1])
        return x.reshape(*x.shape[:first], merged, *x.shape[last + 1 :])


# Entry by entry -------------------------------------------------------------------


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return each entry, times a small slope where it is negative.

    Parameters
    ----------
    x : Tensor
        Any shape.
    negative_slope : float
        What is left of the slope below zero, so that no unit dies.

    Returns
    -------
    Tensor
        The same shape.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> leaky_relu(Tensor([-1.0, 2.0]))
    Tensor([-0.01,  2.  ])
    """
    x = as_tensor(x)
    one, low = x.dtype.type(1.0), x.dtype.type(negative_slope)
    slope = np.where(x.data > 0.0, one, low)
    return record(x.data * slope, (x, lambda g: g * slope))


class ReLU(Module):
    """Return each entry, or 0 where it is negative.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Nair and Hinton (2010), Rectified Linear Units Improve Restricted Boltzmann
    Machines, ICML.

    Examples
    --------
    >>> ReLU()(Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to each entry.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return as_tensor(x).relu()


class LeakyReLU(Module):
    """Return each entry, times a small slope where it is negative.

    Parameters
    ----------
    negative_slope : float
        The slope below zero.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> LeakyReLU(0.1)(Tensor([-1.0, 2.0]))
    Tensor([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to each entry.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return leaky_relu(x, self.negative_slope)


class Sigmoid(Module):
    """Return 1 / (1 + exp(-x)) of each entry.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> Sigmoid()(Tensor([-1000.0, 0.0])).data.tolist()
    [0.0, 0.5]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to each entry.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return as_tensor(x).sigmoid()


class Tanh(Module):
    """Return the hyperbolic tangent of each entry.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> Tanh()(Tensor([0.0]))
    Tensor([0.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to each entry.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return as_tensor(x).tanh()


class GELU(Module):
    """Return each entry times the probability that a normal number is below it.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        The exact form, or the one by tanh.

    Notes
    -----
    Taught in: deep-learning/activations-and-losses.

    References
    ----------
    Hendrycks and Gimpel (2016), Gaussian Error Linear Units (GELUs), arXiv 1606.08415.

    Examples
    --------
    >>> GELU()(Tensor([0.0, 1.0])).data.round(4)
    array([0.    , 0.8413])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Apply it to each entry.

        Parameters
        ----------
        x : Tensor
            Any shape.

        Returns
        -------
        Tensor
            The same shape.
        """
        return gelu(x, self.approximate)


class Softmax(Module):
    """Return exp(x), scaled to add up to 1 over an axis.

    Parameters
    ----------
    dim : int
        The axis.

    Notes
    -----
    For prediction only: losses take logits, which lose nothing to rounding.

    Taught in: deep-learning/activations-and-losses.

    Examples
    --------
    >>> Softmax(dim=-1)(Tensor([1000.0, 1000.0]))
    Tensor([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Apply it along the axis.

        Parameters
        ----------
        x : Tensor
            Logits.

        Returns
        -------
        Tensor
            Probabilities.
        """
        return softmax(x, self.dim)


def check_sizes(**sizes: int) -> None:
    """Refuse a size that is not a positive integer.

    Parameters
    ----------
    **sizes : int
        By name.

    Raises
    ------
    ValueError
        For the first that is not; the sentence names it.

    Notes
    -----
    Taught in: deep-learning/mlp.

    Examples
    --------
    >>> check_sizes(in_features=3)
    """
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is {size!r}; expected an integer, 1 or more.")


def _check_probability(p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p is {p}; expected a share from 0 to 1.")
