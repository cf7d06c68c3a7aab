"""Transformers: attention between places, a small network at each place, repeated.

Around both goes a sum: what comes in is added to what comes out, so that the gradient
has a straight way through any number of layers. The encoder and decoder layers have
PyTorch's names and parameters; `GPT` stacks encoder layers that do not see the future
and writes one token after another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.autograd import Tensor, gelu, no_grad
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.linear import softmax
from ml_from_scratch.nn.attention import KVCache, MultiheadAttention
from ml_from_scratch.nn.init import normal_
from ml_from_scratch.nn.layers import (
    Dropout,
    Embedding,
    Linear,
    check_sizes,
)
from ml_from_scratch.nn.module import Module, ModuleList
from ml_from_scratch.nn.normalization import LayerNorm

__all__ = [
    "GPT",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "next_token_probabilities",
]

Activation = Literal["relu", "gelu"]


class _Layer(Module):
    """What encoder and decoder layers share: a network at each place, and sums."""

    linear1: Linear
    linear2: Linear
    dropout: Dropout

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Activation,
        batch_first: bool,
        norm_first: bool,
        rng: np.random.Generator,
        attentions: tuple[str, ...],
        layer_norm_eps: float,
    ) -> None:
        if activation not in ("relu", "gelu"):
            raise ValueError(
                f"activation is {activation!r}; expected 'relu' or 'gelu'."
            )
        self.norm_first, self.batch_first = norm_first, batch_first
        self.activation: Callable[[Tensor], Tensor] = (
            gelu if activation == "gelu" else Tensor.relu
        )
        # In PyTorch's order, so that state dicts have the same order too.
        for name in attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, batch_first=batch_first, rng=rng
            )
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, rng=rng)
        for i in range(1, len(attentions) + 2):
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps))
        for i in range(1, len(attentions) + 2):
            setattr(self, f"dropout{i}", Dropout(dropout, rng=rng))

    def _network(self, x: Tensor) -> Tensor:
        """Do the same at each place: widen, bend, narrow."""
        wide = self.dropout(self.activation(self.linear1(x)))
        out: Tensor = self.linear2(wide)
        return out

    def _with_sum(self, x: Tensor, i: int, part: Callable[[Tensor], Tensor]) -> Tensor:
        """Add what a part makes of x to x, normalised before or after."""
        norm, drop = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        out: Tensor = norm(x) if self.norm_first else x
        out = x + drop(part(out))
        return out if self.norm_first else norm(out)


def _attend(
    attention: MultiheadAttention,
    x: Tensor,
    keys: Tensor,
    masks: tuple[ArrayLike | None, ArrayLike | None, bool],
    cache: KVCache | None = None,
) -> Tensor:
    """Ask the keys, with masks for padding, for places and for the future."""
    padding, mask, causal = masks
    out, _ = attention.forward(
        x, keys, keys, padding, False, mask, is_causal=causal, cache=cache
    )
    return out


class TransformerEncoderLayer(_Layer):
    """Self-attention and a network at each place, each with a sum and a norm.

    Parameters
    ----------
    d_model : int
        Length of a place's vector.
    nhead : int
        How many attention heads.
    dim_feedforward : int
        Width of the network at each place.
    dropout : float
        The share that goes, at four points, in training.
    activation : {"relu", "gelu"}
        Of the network at each place.
    layer_norm_eps : float
        Added to the variance.
    batch_first : bool
        Whether inputs are (n, places, d_model) instead of (places, n, d_model).
    norm_first : bool
        Whether to normalise before each part instead of after the sum: deep stacks then
        train without a warm-up.
    rng : numpy.random.Generator
        Draws parameters and dropout.

    Attributes
    ----------
    self_attn, linear1, linear2, norm1, norm2 : Module
        The parts, under PyTorch's names.

    Raises
    ------
    ValueError
        If a setting is not as described.

    Notes
    -----
    O(places ** 2 * d_model + places * d_model * (d_model + dim_feedforward)) a row.

    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.1. Xiong et
    al. (2020), "On layer normalization in the transformer architecture", ICML.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=rng)
    >>> layer(Tensor(np.ones((3, 5, 8), np.float32))).shape
    (3, 5, 8)
    """

    self_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        *,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            batch_first,
            norm_first,
            rng,
            ("self_attn",),
            layer_norm_eps,
        )

    def forward(
        self,
        src: Tensor,
        src_mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
        *,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Let places look at each other, then think at each place.

        Parameters
        ----------
        src : Tensor of shape (n, places, d_model)
            Or (places, n, d_model) without `batch_first`.
        src_mask : array-like of shape (places, places), optional
            True where a place (row) must not see another (column); or added numbers.
        src_key_padding_mask : array-like of shape (n, places), optional
            True for places that are padding; or added numbers.
        is_causal : bool
            Whether the future is hidden.
        cache : KVCache, optional
            Of earlier places, for decoding.

        Returns
        -------
        Tensor of the shape of `src`
            One vector a place.
        """

        def look(x: Tensor) -> Tensor:
            masks = (src_key_padding_mask, src_mask, is_causal)
            return _attend(self.self_attn, x, x, masks, cache)

        return self._with_sum(self._with_sum(src, 1, look), 2, self._network)


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to an encoder's output, and a network at each place.

    Parameters
    ----------
    d_model : int
        Length of a place's vector.
    nhead : int
        How many attention heads.
    dim_feedforward : int
        Width of the network at each place.
    dropout : float
        The share that goes, in training.
    activation : {"relu", "gelu"}
        Of the network at each place.
    layer_norm_eps : float
        Added to the variance.
    batch_first : bool
        Whether inputs are (n, places, d_model) instead of (places, n, d_model).
    norm_first : bool
        Whether to normalise before each part instead of after the sum.
    rng : numpy.random.Generator
        Draws parameters and dropout.

    Attributes
    ----------
    self_attn, multihead_attn, linear1, linear2, norm1, norm2, norm3 : Module
        The parts, under PyTorch's names.

    Raises
    ------
    ValueError
        If a setting is not as described.

    Notes
    -----
    See `TransformerEncoderLayer` for the cost; the second attention has as many keys as
    the encoder has places.

    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = TransformerDecoderLayer(8, 2, 16, batch_first=True, rng=rng)
    >>> target, memory = (Tensor(np.ones((3, k, 8), np.float32)) for k in (5, 7))
    >>> layer(target, memory).shape
    (3, 5, 8)
    """

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        *,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            batch_first,
            norm_first,
            rng,
            ("self_attn", "multihead_attn"),
            layer_norm_eps,
        )

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: ArrayLike | None = None,
        memory_mask: ArrayLike | None = None,
        tgt_key_padding_mask: ArrayLike | None = None,
        memory_key_padding_mask: ArrayLike | None = None,
        tgt_is_causal: bool = False,
    ) -> Tensor:
        """Let target places look at each other, then at the memory, then think.

        Parameters
        ----------
        tgt : Tensor of shape (n, places, d_model)
            Or (places, n, d_model) without `batch_first`.
        memory : Tensor of shape (n, keys, d_model)
            What the encoder made of the source.
        tgt_mask, memory_mask : array-like, optional
            True where a place must not see another; or added numbers.
        tgt_key_padding_mask, memory_key_padding_mask : array-like, optional
            True for padding, a row of the batch each; or added numbers.
        tgt_is_causal : bool
            Whether the future of the target is hidden.

        Returns
        -------
        Tensor of the shape of `tgt`
            One vector a place.
        """

        def look(x: Tensor) -> Tensor:
            masks = (tgt_key_padding_mask, tgt_mask, tgt_is_causal)
            return _attend(self.self_attn, x, x, masks)

        def ask(x: Tensor) -> Tensor:
            masks = (memory_key_padding_mask, memory_mask, False)
            return _attend(self.multihead_attn, x, memory, masks)

        x = self._with_sum(self._with_sum(tgt, 1, look), 2, ask)
        return self._with_sum(x, 3, self._network)


class TransformerEncoder(Module):
    """Several copies of a layer, one after another.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        Copied, with its parameters: as in PyTorch all layers begin alike.
    num_layers : int
        How many.
    norm : Module, optional
        Comes last; layers with `norm_first` need one.

    Attributes
    ----------
    layers : ModuleList
        The copies.

    Raises
    ------
    ValueError
        If `num_layers` is below 1.

    Notes
    -----
    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.1.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=rng)
    >>> TransformerEncoder(layer, 2)(Tensor(np.ones((3, 5, 8), np.float32))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        encoder_layer: TransformerEncoderLayer,
        num_layers: int,
        norm: Module | None = None,
    ) -> None:
        check_sizes(num_layers=num_layers)
        # All copies draw from one generator, or they would drop the same entries.
        shared: dict[int, Any] = {
            id(m.rng): m.rng for m in encoder_layer.modules() if hasattr(m, "rng")
        }
        self.layers = ModuleList(
            copy.deepcopy(encoder_layer, dict(shared)) for _ in range(num_layers)
        )
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: ArrayLike | None = None,
        src_key_padding_mask: ArrayLike | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Pass the input through all layers.

        Parameters
        ----------
        src : Tensor of shape (n, places, d_model)
            Or (places, n, d_model), as the layer was made.
        mask : array-like of shape (places, places), optional
            True where a place (row) must not see another (column); or added numbers.
        src_key_padding_mask : array-like of shape (n, places), optional
            True for places that are padding; or added numbers.
        is_causal : bool
            Whether the future is hidden.

        Returns
        -------
        Tensor of the shape of `src`
            One vector a place.
        """
        x = src
        for layer in self.layers:
            x = layer(x, mask, src_key_padding_mask, is_causal)
        return x if self.norm is None else self.norm(x)


class GPT(Module):
    """A language model: a stack of layers that see the past and guess the next token.

    Parameters
    ----------
    vocab_size : int
        How many tokens there are.
    context : int
        How many places it sees at most.
    d_model, nhead, num_layers : int
        Length of a vector, heads, and layers.
    dropout : float
        The share that goes, in training.
    rng : numpy.random.Generator
        Draws parameters and dropout.

    Attributes
    ----------
    tokens, positions : Embedding
        A vector for each token and one for each place; their sum comes in.
    layers : ModuleList
        Encoder layers with the norm first, which do not see the future.
    norm : LayerNorm
        After the last layer.

    Raises
    ------
    ValueError
        If a setting is not as described.

    Notes
    -----
    The score of a token at the end is the product with its own vector: the table is
    used at both ends, and its gradients add up.

    Taught in: domains/nlp-language-model.

    References
    ----------
    Radford et al. (2019), "Language models are unsupervised multitask learners",
    OpenAI. Press and Wolf (2017), "Using the output embedding to improve language
    models", EACL.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = GPT(50, context=16, d_model=8, nhead=2, num_layers=2, rng=rng)
    >>> model([[1, 2, 3]]).shape
    (1, 3, 50)
    >>> model.generate([[1, 2, 3]], 4, rng=rng).shape
    (1, 7)
    """

    def __init__(
        self,
        vocab_size: int,
        *,
        context: int,
        d_model: int,
        nhead: int,
        num_layers: int,
        dropout: float = 0.0,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(vocab_size=vocab_size, context=context, num_layers=num_layers)
        self.vocab_size, self.context = vocab_size, context
        self.tokens = Embedding(vocab_size, d_model, rng=rng)
        self.positions = Embedding(context, d_model, rng=rng)
        for table in (self.tokens, self.positions):  # small, or the scores are huge
            normal_(table.weight, 0.0, 0.02, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.layers = ModuleList(
            TransformerEncoderLayer(
                d_model,
                nhead,
                4 * d_model,
                dropout,
                "gelu",
                batch_first=True,
                norm_first=True,
                rng=rng,
            )
            for _ in range(num_layers)
        )
        self.norm = LayerNorm(d_model)

    def forward(self, tokens: ArrayLike, caches: list[KVCache] | None = None) -> Tensor:
        """Return the scores of the token after each place.

        Parameters
        ----------
        tokens : array-like of int, shape (n, places)
            The text so far, or with caches what is new of it.
        caches : list of KVCache, optional
            One a layer, of the places before; for decoding.

        Returns
        -------
        Tensor of shape (n, places, vocab_size)
            Logits.

        Raises
        ------
        ValueError
            If the shape is wrong, or there are more places than the context has.
        """
        tokens = self._check(tokens)
        start = caches[0].length if caches else 0
        end = start + tokens.shape[1]
        if end > self.context:
            raise ValueError(
                f"The text has {end} places, but the context has {self.context}."
            )
        x = self.dropout(self.tokens(tokens) + self.positions(np.arange(start, end)))
        for i, layer in enumerate(self.layers):
            x = layer(x, is_causal=True, cache=caches[i] if caches else None)
        scores: Tensor = self.norm(x) @ self.tokens.weight.T
        return scores

    @no_grad()
    def generate(
        self,
        tokens: ArrayLike,
        max_new_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        use_cache: bool = True,
        rng: np.random.Generator,
    ) -> NDArray[np.intp]:
        """Write on, one token after another.

        Parameters
        ----------
        tokens : array-like of int, shape (n, places)
            How the texts begin.
        max_new_tokens : int
            How many tokens to add.
        temperature : float
            Below 1 for the likely, above 1 for the unlikely, 0 for the likeliest only.
        top_k : int, optional
            Draw from the k likeliest tokens only.
        top_p : float, optional
            Draw from the likeliest tokens that together have at least this probability.
        use_cache : bool
            Whether keys and values of earlier places are kept: the same tokens, sooner.
        rng : numpy.random.Generator
            Draws the tokens.

        Returns
        -------
        array of int, shape (n, places + max_new_tokens)
            The texts with what was added. Beyond the context, the last places count.

        Raises
        ------
        ValueError
            If an argument is not as described.
        """
        if max_new_tokens < 0:
            raise ValueError(f"max_new_tokens is {max_new_tokens}; expected 0 or more.")
        text, mode = self._check(tokens), self.training
        self.eval()
        try:
            caches: list[KVCache] | None = None
            for _ in range(max_new_tokens):
                if use_cache and caches and caches[0].length < self.context:
                    scores = self(text[:, -1:], caches)
                else:  # no cache yet, none wanted, or all places have moved by one
                    caches = [KVCache() for _ in self.layers] if use_cache else None
                    scores = self(text[:, -self.context :], caches)
                probabilities = next_token_probabilities(
                    scores.data[:, -1], temperature, top_k, top_p
                )
                text = np.column_stack([text, _draw(probabilities, rng)])
        finally:
            self.train(mode)
        return text

    def _check(self, tokens: ArrayLike) -> NDArray[np.intp]:
        array = np.asarray(tokens)
        if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "iu":
            raise ValueError(
                "GPT needs whole numbers of shape (n, places), none of them empty, "
                f"found {array.dtype} of shape {array.shape}."
            )
        return array.astype(np.intp)


def next_token_probabilities(
    logits: ArrayLike,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> NDArray[np.float64]:
    """Turn the scores of tokens into the probabilities with which they are drawn.

    Parameters
    ----------
    logits : array-like of shape (..., vocab_size)
        Scores.
    temperature : float
        Scores are divided by it; 0 leaves the likeliest token only.
    top_k : int, optional
        Keep the k likeliest tokens, and those that tie with the last of them.
    top_p : float, optional
        Keep the likeliest tokens that together have at least this probability, at
        least one.

    Returns
    -------
    array of shape (..., vocab_size)
        Probabilities, which add up to 1.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    O(v log v) for v tokens with `top_k` or `top_p`, for sorting.

    Taught in: domains/nlp-language-model.

    References
    ----------
    Holtzman, Buys, Du, Forbes and Choi (2020), "The curious case of neural text
    degeneration", ICLR.

    Examples
    --------
    >>> next_token_probabilities([2.0, 1.0, 0.0], top_k=2).round(2)
    array([0.73, 0.27, 0.  ])
    >>> next_token_probabilities([2.0, 1.0, 0.0], top_p=0.6).round(2)
    array([1., 0., 0.])
    """
    _check_sampling(temperature, top_k, top_p)
    scores = np.asarray(logits, dtype=np.float64)
    if temperature == 0:
        probabilities = np.zeros_like(scores)
        best = scores.argmax(axis=-1, keepdims=True)
        np.put_along_axis(probabilities, best, 1.0, axis=-1)
        return probabilities
    scores = (scores - scores.max(axis=-1, keepdims=True)) / temperature
    if top_k is not None and top_k < scores.shape[-1]:
        last = np.sort(scores, axis=-1)[..., -top_k, None]
        scores = np.where(scores < last, -np.inf, scores)
    probabilities = softmax(scores)
    if top_p is not None:
        order = np.argsort(-probabilities, axis=-1, kind="stable")
        falling = np.take_along_axis(probabilities, order, axis=-1)
        before = falling.cumsum(axis=-1) - falling  # what the likelier ones have
        falling[before >= top_p] = 0.0
        np.put_along_axis(probabilities, order, falling, axis=-1)
        probabilities /= probabilities.sum(axis=-1, keepdims=True)
    return probabilities


def _check_sampling(temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature is {temperature}; expected 0 or more.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; expected a whole number from 1.")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; expected above 0, at most 1.")


def _draw(probabilities: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw one token a row: the first whose cumulated probability passes a number."""
    cumulated = probabilities.cumsum(axis=-1)
    threshold = rng.random((len(cumulated), 1)) * cumulated[:, -1:]
    drawn: NDArray[np.intp] = (cumulated > threshold).argmax(axis=-1)
    return drawn
