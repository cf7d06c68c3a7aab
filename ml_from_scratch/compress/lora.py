"""LoRA: adapt a large layer by training a small one beside it.

The change that fine-tuning makes to a weight matrix has low rank, nearly; so learn it
as a product of two thin matrices, and leave the weight alone. A layer of 768 x 768 has
590,000 weights, its adapter of rank 8 has 12,288.
"""

from __future__ import annotations

import copy
import math

import numpy as np

from ml_from_scratch.autograd import Tensor
from ml_from_scratch.nn import Linear, Module, Parameter, kaiming_uniform_, linear

__all__ = ["LoRALinear"]


class LoRALinear(Module):
    """A frozen linear layer with a trainable change of low rank.

    Parameters
    ----------
    layer : Linear
        It is frozen and kept.
    rank : int
        Columns of the one factor and rows of the other.
    alpha : float
        The change counts alpha / rank times.
    rng : numpy.random.Generator
        Draws the first factor.

    Attributes
    ----------
    lora_A : Parameter of shape (rank, in_features)
        Drawn at random.
    lora_B : Parameter of shape (out_features, rank)
        Zero at first, so that training starts from the layer as it was.

    Notes
    -----
    O(rank * (inputs + outputs)) a row on top of the layer, and gradients and optimiser
    state for as many numbers only.

    Taught in: domains/nlp-lora.

    References
    ----------
    Hu et al. (2022), LoRA: Low-Rank Adaptation of Large Language Models, section 4.1,
    ICLR.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = Linear(8, 4, rng=rng)
    >>> adapted = LoRALinear(layer, rank=2, alpha=4, rng=rng)
    >>> x = Tensor(np.ones((3, 8)))
    >>> bool((adapted(x).data == layer(x).data).all())
    True
    >>> sum(p.size for p in adapted.parameters() if p.requires_grad)
    24
    """

    def __init__(
        self, layer: Linear, rank: int, alpha: float = 1.0, *, rng: np.random.Generator
    ) -> None:
        outputs, inputs = layer.weight.shape
        if not isinstance(rank, int) or not 1 <= rank <= min(outputs, inputs):
            raise ValueError(
                f"rank is {rank}; expected an integer from 1 to {min(outputs, inputs)}."
            )
        self.layer = layer.requires_grad_(False)
        self.scaling = alpha / rank
        dtype = layer.weight.dtype
        self.lora_A = Parameter(np.empty((rank, inputs), dtype))
        kaiming_uniform_(self.lora_A, math.sqrt(5), rng=rng)
        self.lora_B = Parameter(np.zeros((outputs, rank), dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Return what the layer gives, and the change.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Rows.

        Returns
        -------
        Tensor of shape (..., out_features)
            Rows.
        """
        thin = linear(x, self.lora_A)  # (..., rank): never the full matrix
        changed: Tensor = self.layer(x) + linear(thin, self.lora_B) * self.scaling
        return changed

    def merge(self) -> Linear:
        """Return one plain layer that gives the same, for prediction.

        Returns
        -------
        Linear
            With weight + scaling * B @ A; this one is left as it is.
        """
        merged: Linear = copy.deepcopy(self.layer).requires_grad_(True)
        change = self.lora_B.data @ self.lora_A.data * self.scaling
        merged.weight.data = (merged.weight.data + change).astype(merged.weight.dtype)
        return merged
