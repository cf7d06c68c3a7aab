"""Attention: every place of a sequence asks all places, and mixes what they answer.

A query is compared with all keys, the scores become weights that add up to 1, and the
result is the mean of the values with these weights. `scaled_dot_product_attention` is
one operation of the tape: the weights are kept, the scores are not, and the gradient of
the softmax needs one number a query, the product of the result and its gradient.

Names, arguments, masks and parameters are PyTorch's. So are two meanings of a mask that
contradict each other: in `scaled_dot_product_attention` True means "may be seen", in
`MultiheadAttention` it means "is hidden".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ml_from_scratch.autograd import Tensor, record
from ml_from_scratch.autograd.tape import Array, recording
from ml_from_scratch.nn.init import xavier_uniform_
from ml_from_scratch.nn.layers import FLOAT, Linear, check_sizes, linear
from ml_from_scratch.nn.module import Module, Parameter
from ml_from_scratch.nn.recurrent import _once

__all__ = [
    "KVCache",
    "MultiheadAttention",
    "causal_mask",
    "rotary_positions",
    "scaled_dot_product_attention",
    "sinusoidal_positions",
]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: ArrayLike | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Return softmax(query @ key.T / sqrt(d) + mask) @ value.

    Parameters
    ----------
    query : Tensor of shape (..., queries, d)
        What is asked.
    key : Tensor of shape (..., keys, d)
        What it is compared with.
    value : Tensor of shape (..., keys, e)
        What is mixed.
    attn_mask : array-like, optional
        Broadcasts to (..., queries, keys). True for a key that the query may see, or
        numbers that are added to the scores.
    dropout_p : float
        The share of weights that go.
    is_causal : bool
        Whether a query sees only keys up to its own place. If there are more keys than
        queries, the queries are taken to be the last places, as in decoding with a
        cache (PyTorch takes them to be the first).
    rng : numpy.random.Generator, optional
        For the dropout.

    Returns
    -------
    Tensor of shape (..., queries, e)
        The mixtures. A query that may see nothing gets zeros, and no gradient.

    Raises
    ------
    ValueError
        If shapes do not fit, or there is dropout and no generator.

    Notes
    -----
    O(queries * keys * (d + e)) time and queries * keys numbers of memory, for each
    entry of the leading axes.

    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.2.1.

    Examples
    --------
    >>> query, key = Tensor([[1.0, 0.0]]), Tensor([[1000.0, 0.0], [0.0, 0.0]])
    >>> scaled_dot_product_attention(query, key, Tensor([[3.0], [5.0]])).data
    array([[3.]])
    """
    _check_shapes(query, key, value)
    shape = (query.shape[-2], key.shape[-2])
    hidden = _hidden(attn_mask, shape, is_causal, query.dtype)
    kept = _kept(dropout_p, (*query.shape[:-1], shape[1]), query.dtype, rng)
    run = _AttentionRun(query.data, key.data, value.data, hidden, kept)
    pull = _once(run.backward)
    return record(
        run.out,
        (query, lambda g: pull(g)[0]),
        (key, lambda g: pull(g)[1]),
        (value, lambda g: pull(g)[2]),
    )


class _AttentionRun:
    """One pass forward, with what the pass back needs."""

    def __init__(
        self,
        query: Array,
        key: Array,
        value: Array,
        added: Array | None,
        kept: Array | None,
    ) -> None:
        self.query, self.key, self.value, self.kept = query, key, value, kept
        self.scale = query.dtype.type(1 / math.sqrt(query.shape[-1]))
        scores = (query * self.scale) @ key.swapaxes(-1, -2)  # (..., queries, keys)
        if added is not None:
            scores = np.add(scores, added, dtype=scores.dtype)
        self.weights = _softmax_in_place(scores)
        dropped = self.weights if kept is None else self.weights * kept
        self.out = dropped @ value

    def backward(self, g: Array) -> tuple[Array, Array, Array]:
        """Return the gradients of query, key and value."""
        dropped = self.weights if self.kept is None else self.weights * self.kept
        d_value = dropped.swapaxes(-1, -2) @ g
        d_scores = g @ self.value.swapaxes(-1, -2)  # as if of the weights
        if self.kept is not None:
            d_scores *= self.kept
        # Through the softmax: weights * (d - mean of d under the weights), and that
        # mean is the product of the result and its gradient.
        d_scores -= (g * self.out).sum(axis=-1, keepdims=True)
        d_scores *= self.weights
        d_scores *= self.scale
        d_key = d_scores.swapaxes(-1, -2) @ self.query
        return d_scores @ self.key, d_key, d_value


def _softmax_in_place(scores: Array) -> Array:
    """Return weights that add up to 1 over the last axis; 0 where all is hidden."""
    top = scores.max(axis=-1, keepdims=True)
    top[np.isneginf(top)] = 0.0  # else -inf - -inf is NaN
    scores -= top
    np.exp(scores, out=scores)
    total = scores.sum(axis=-1, keepdims=True)
    total[total == 0.0] = 1.0
    scores /= total
    return scores


def _hidden(
    mask: ArrayLike | None, shape: tuple[int, int], causal: bool, dtype: DTypeLike
) -> Array | None:
    """Return what is added to the scores: 0, -inf if hidden, or the mask's numbers."""
    added: Array | None = None
    if mask is not None:
        given = np.asarray(mask.data if isinstance(mask, Tensor) else mask)
        added = _minus_infinity(~given, dtype) if given.dtype == bool else given
    if causal:
        future = _minus_infinity(causal_mask(*shape), dtype)
        added = future if added is None else added + future
    return added


def _minus_infinity(hidden: NDArray[np.bool_], dtype: DTypeLike) -> Array:
    out: Array = np.where(hidden, -np.inf, 0.0).astype(dtype)
    return out


def _kept(
    p: float, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator | None
) -> Array | None:
    """Return factors of dropout, 0 or 1 / (1 - p)."""
    if not 0 <= p < 1:
        raise ValueError(f"dropout_p is {p}; expected a share from 0, below 1.")
    if p == 0:
        return None
    if rng is None:
        raise ValueError(f"dropout_p is {p}, so a generator must be passed as rng.")
    survived = rng.random(shape, dtype=np.float32) >= p
    factors: Array = survived * np.dtype(dtype).type(1 / (1 - p))
    return factors


def _check_shapes(query: Tensor, key: Tensor, value: Tensor) -> None:
    shapes = [t.shape for t in (query, key, value)]
    fits = all(len(s) >= 2 for s in shapes) and (
        shapes[0][:-2] == shapes[1][:-2] == shapes[2][:-2]
        and shapes[0][-1] == shapes[1][-1]
        and shapes[1][-2] == shapes[2][-2] > 0
    )
    if not fits or 0 in shapes[0]:
        raise ValueError(
            "Attention needs query (..., queries, d), key (..., keys, d) and value "
            f"(..., keys, e), none of them empty, found {', '.join(map(str, shapes))}."
        )


def causal_mask(queries: int, keys: int | None = None) -> NDArray[np.bool_]:
    """Return which keys lie in the future of each query, and are to be hidden.

    Parameters
    ----------
    queries : int
        How many places ask: the last ones, if there are more keys.
    keys : int, optional
        How many are asked; as many as `queries` if left out.

    Returns
    -------
    array of bool, shape (queries, keys)
        True for the future, as the ``attn_mask`` of `MultiheadAttention` has it.

    Notes
    -----
    Taught in: deep-learning/attention.

    Examples
    --------
    >>> causal_mask(2, 3).astype(int)
    array([[0, 0, 1],
           [0, 0, 0]])
    """
    keys = queries if keys is None else keys
    places = np.arange(keys - queries, keys)
    return np.arange(keys) > places[:, None]


class KVCache:
    """Keys and values of the places read so far, so that decoding asks only for one.

    Without it, each new token costs a pass over the whole text; with it, a pass over
    one place and a look at what was kept.

    Attributes
    ----------
    length : int
        How many places are kept.

    Notes
    -----
    Memory: 2 * length * width numbers a row of the batch. The room doubles when it is
    full, so that n places cost O(n) copies and not O(n ** 2). No gradient goes through.

    Taught in: deployment/llm-serving.

    References
    ----------
    Pope et al. (2023), "Efficiently scaling transformer inference", MLSys, section 2.

    Examples
    --------
    >>> cache = KVCache()
    >>> for _ in range(3):  # one row, two heads, one place, four numbers
    ...     keys, values = cache.append(np.ones((1, 2, 1, 4)), np.zeros((1, 2, 1, 4)))
    >>> keys.shape, cache.length
    ((1, 2, 3, 4), 3)
    """

    def __init__(self) -> None:
        self.length = 0
        self._room: Array | None = None  # (2, n, heads, places, head_dim)

    def append(self, key: Array, value: Array) -> tuple[Array, Array]:
        """Keep the keys and values of new places.

        Parameters
        ----------
        key, value : array of shape (n, heads, new places, head_dim)
            Of the new places only.

        Returns
        -------
        keys, values : array of shape (n, heads, length, head_dim)
            Of all places so far; views, to be read.
        """
        new = key.shape[2]
        if self._room is None or self.length + new > self._room.shape[3]:
            self._grow(key, 2 * (self.length + new))
        room = self._room
        assert room is not None  # _grow has made it
        places = slice(self.length, self.length + new)
        room[0, :, :, places], room[1, :, :, places] = key, value
        self.length += new
        return room[0, :, :, : self.length], room[1, :, :, : self.length]

    def _grow(self, like: Array, places: int) -> None:
        n, heads, _, head_dim = like.shape
        room = np.empty((2, n, heads, places, head_dim), like.dtype)
        if self._room is not None:
            room[:, :, :, : self.length] = self._room[:, :, :, : self.length]
        self._room = room


class MultiheadAttention(Module):
    """Several attentions side by side, each in a few dimensions of its own.

    Parameters
    ----------
    embed_dim : int
        Length of a place's vector, a multiple of `num_heads`.
    num_heads : int
        How many attentions.
    dropout : float
        The share of weights that go, in training.
    bias : bool
        Whether the projections have one.
    batch_first : bool
        Whether inputs and outputs are (n, places, embed_dim) instead of
        (places, n, embed_dim).
    rng : numpy.random.Generator
        Draws the parameters and the dropout.

    Attributes
    ----------
    in_proj_weight : Parameter of shape (3 * embed_dim, embed_dim)
        Projections to queries, keys and values below one another.
    in_proj_bias : Parameter of shape (3 * embed_dim,) or None
        Their biases.
    out_proj : Linear
        Mixes the heads.

    Raises
    ------
    ValueError
        If a size is not as described.

    Notes
    -----
    See `scaled_dot_product_attention` for the cost.

    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.2.2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> attention = MultiheadAttention(8, 2, batch_first=True, rng=rng)
    >>> x = Tensor(rng.normal(size=(1, 5, 8)).astype(np.float32))
    >>> out, weights = attention(x, x, x)
    >>> out.shape, weights.shape, weights.sum(axis=-1).round(4).tolist()
    ((1, 5, 8), (1, 5, 5), [[1.0, 1.0, 1.0, 1.0, 1.0]])
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        *,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(embed_dim=embed_dim, num_heads=num_heads)
        if embed_dim % num_heads:
            raise ValueError(
                f"embed_dim is {embed_dim}; expected a multiple of num_heads, "
                f"{num_heads}."
            )
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.dropout, self.batch_first, self.rng = dropout, batch_first, rng
        self.in_proj_weight = Parameter(np.empty((3 * embed_dim, embed_dim), FLOAT))
        xavier_uniform_(self.in_proj_weight, rng=rng)
        self.in_proj_bias: Parameter | None = None
        self.out_proj = Linear(embed_dim, embed_dim, bias, rng=rng)
        if bias:
            self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, FLOAT))
            self.out_proj.bias = Parameter(np.zeros(embed_dim, FLOAT))

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: ArrayLike | None = None,
        need_weights: bool = True,
        attn_mask: ArrayLike | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        *,
        cache: KVCache | None = None,
    ) -> tuple[Tensor, Array | None]:
        """Let every place of the query ask all places of the key.

        Parameters
        ----------
        query : Tensor of shape (n, queries, embed_dim)
            Or (queries, n, embed_dim) without `batch_first`; so too for the others.
        key, value : Tensor of shape (n, keys, embed_dim)
            The same as `query` in self-attention, which is then faster.
        key_padding_mask : array-like of shape (n, keys), optional
            True for keys that are padding, or numbers added to all scores.
        need_weights : bool
            Whether to return the weights.
        attn_mask : array-like of shape (queries, keys), optional
            True for keys that are hidden, or numbers added to the scores. It may have a
            first axis of length n * num_heads.
        average_attn_weights : bool
            Whether the weights are the mean over heads.
        is_causal : bool
            Whether the future is hidden; `attn_mask` need not say so too.
        cache : KVCache, optional
            Keys and values of earlier places, which are put before those given here;
            these are added to it. For decoding: no gradient goes into it.

        Returns
        -------
        output : Tensor of the shape of `query`
            A place that may see nothing gets the bias of `out_proj`.
        weights : array of shape (n, queries, keys) or (n, num_heads, queries, keys)
            How much each query took of each key; for looking at, no gradient goes
            through it. None unless wanted.

        Raises
        ------
        ValueError
            If shapes do not fit.
        """
        self._check(query, key, value)
        if not self.batch_first:
            query, key, value = (t.transpose(1, 0, 2) for t in (query, key, value))
        q, k, v = self._project(query, key, value)
        masks = (key_padding_mask, attn_mask, is_causal)
        mixed, weights = self._mix(q, k, v, masks, cache)
        output = self.out_proj(mixed)
        if not self.batch_first:
            output = output.transpose(1, 0, 2)
        if not need_weights:
            return output, None
        return output, weights.mean(axis=1) if average_attn_weights else weights

    def _project(self, *inputs: Tensor) -> list[Tensor]:
        """Return queries, keys and values, each (n, places, embed_dim)."""
        weight, bias, e = self.in_proj_weight, self.in_proj_bias, self.embed_dim
        rows = [slice(start, start + e) for start in (0, e, 2 * e)]
        return [
            linear(x, weight[r], None if bias is None else bias[r])
            for x, r in zip(inputs, rows, strict=True)
        ]

    def _mix(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        masks: tuple[ArrayLike | None, ArrayLike | None, bool],
        cache: KVCache | None,
    ) -> tuple[Tensor, Array]:
        """Attend in all heads, as one operation; also return the weights."""
        queries, keys, values = (self._split_heads(t.data) for t in (q, k, v))
        if cache is not None:
            if recording() and q.requires_grad:
                raise ValueError(
                    "A cache keeps no gradients, so it is for decoding: use it under "
                    "no_grad()."
                )
            keys, values = cache.append(keys, values)
        shape = (*queries.shape[:-1], keys.shape[-2])  # (n, heads, queries, keys)
        kept = _kept(self.dropout if self.training else 0.0, shape, q.dtype, self.rng)
        hidden = _all_masks(*masks, shape, q.dtype)
        run = _AttentionRun(queries, keys, values, hidden, kept)

        def back(g: Array) -> list[Array]:
            return [_join_heads(d) for d in run.backward(self._split_heads(g))]

        pull = _once(back)
        edges = [
            (q, lambda g: pull(g)[0]),
            (k, lambda g: pull(g)[1]),
            (v, lambda g: pull(g)[2]),
        ]
        weights = run.weights if kept is None else run.weights * kept
        return record(_join_heads(run.out), *edges), weights

    def _split_heads(self, x: Array) -> Array:
        """Turn (n, places, embed_dim) into (n, heads, places, head_dim); a view."""
        n, places, _ = x.shape
        return x.reshape(n, places, self.num_heads, -1).transpose(0, 2, 1, 3)

    def _check(self, query: Tensor, key: Tensor, value: Tensor) -> None:
        shapes = [t.shape for t in (query, key, value)]
        rows = 0 if self.batch_first else 1
        fits = all(len(s) == 3 and s[2] == self.embed_dim for s in shapes) and (
            shapes[1] == shapes[2] and shapes[0][rows] == shapes[1][rows]
        )
        if not fits or 0 in (*shapes[0], *shapes[1]):
            order = "(n, places" if self.batch_first else "(places, n"
            raise ValueError(
                f"MultiheadAttention needs query, key and value of shape {order}, "
                f"{self.embed_dim}), none of them empty and the last two alike, found "
                f"{', '.join(map(str, shapes))}."
            )

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        return f"{self.embed_dim}, {self.num_heads}"


def _join_heads(x: Array) -> Array:
    """Turn (n, heads, places, head_dim) into (n, places, embed_dim)."""
    n, heads, places, head_dim = x.shape
    return x.transpose(0, 2, 1, 3).reshape(n, places, heads * head_dim)


def _all_masks(
    padding: ArrayLike | None,
    mask: ArrayLike | None,
    causal: bool,
    shape: tuple[int, ...],
    dtype: DTypeLike,
) -> Array | None:
    """Add up the masks of `MultiheadAttention`, in which True hides a key."""
    n, heads, queries, keys = shape
    added: Array | None = None
    if mask is not None:
        given = _as_added(mask, dtype, "attn_mask", (queries, keys), (n * heads,))
        added = given.reshape(n, heads, queries, keys) if given.ndim == 3 else given
    if padding is not None:
        given = _as_added(padding, dtype, "key_padding_mask", (n, keys))
        given = given[:, None, None, :]
        added = given if added is None else added + given
    if causal:
        future = _minus_infinity(causal_mask(queries, keys), dtype)
        added = future if added is None else added + future
    return added


def _as_added(
    mask: ArrayLike,
    dtype: DTypeLike,
    name: str,
    shape: tuple[int, int],
    before: tuple[int, ...] = (),
) -> Array:
    given = np.asarray(mask.data if isinstance(mask, Tensor) else mask)
    if given.shape not in (shape, (*before, *shape)):
        raise ValueError(f"{name} has shape {given.shape}; expected {shape}.")
    return _minus_infinity(given, dtype) if given.dtype == bool else given.astype(dtype)


def sinusoidal_positions(length: int, d: int, base: float = 10_000.0) -> Array:
    """Return a vector for each place, made of waves from fast to slow.

    Places at a fixed distance differ by the same rotation wherever they are, so that
    "three back" is a linear map.

    Parameters
    ----------
    length : int
        How many places.
    d : int
        Length of a vector.
    base : float
        How much slower the slowest wave is than the fastest, about.

    Returns
    -------
    array of float32, shape (length, d)
        Sines in the even columns, cosines in the odd ones.

    Raises
    ------
    ValueError
        If a size is below 1.

    Notes
    -----
    O(length * d) time.

    Taught in: deep-learning/attention.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", NeurIPS, section 3.5.

    Examples
    --------
    >>> sinusoidal_positions(2, 4).round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]], dtype=float32)
    """
    check_sizes(length=length, d=d)
    angles = _angles(np.arange(length), d + d % 2, base)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return waves.reshape(length, -1)[:, :d].astype(FLOAT)


def rotary_positions(x: Tensor, start: int = 0, base: float = 10_000.0) -> Tensor:
    """Rotate queries or keys by angles that grow with their places.

    The product of a query and a key then depends on how far apart they are and on
    nothing else about where they are.

    Parameters
    ----------
    x : Tensor of shape (..., places, d)
        Queries or keys of one head; d is even. Entry i is paired with entry i + d / 2.
    start : int
        The number of the first place, in decoding with a cache.
    base : float
        How much slower the slowest pair turns than the fastest, about.

    Returns
    -------
    Tensor of the shape of `x`
        Rotated; lengths stay.

    Raises
    ------
    ValueError
        If d is odd.

    Notes
    -----
    O(1) time an entry. The gradient is rotated back.

    Taught in: deep-learning/attention.

    References
    ----------
    Su et al. (2021), "RoFormer: enhanced transformer with rotary position embedding",
    arXiv:2104.09864.

    Examples
    --------
    >>> x = Tensor([[1.0, 0.0], [1.0, 0.0]])
    >>> rotary_positions(x).data.round(2)
    array([[1.  , 0.  ],
           [0.54, 0.84]])
    """
    if x.ndim < 2 or x.shape[-1] % 2:
        raise ValueError(
            f"rotary_positions needs shape (..., places, d) with an even d, found "
            f"{x.shape}."
        )
    half = x.shape[-1] // 2
    angles = _angles(np.arange(start, start + x.shape[-2]), 2 * half, base)
    cos, sin = (wave(angles).astype(x.dtype) for wave in (np.cos, np.sin))

    def turned(a: Array, sin: Array) -> Array:
        left, right = a[..., :half], a[..., half:]
        pair = [left * cos - right * sin, left * sin + right * cos]
        return np.concatenate(pair, axis=-1)

    return record(turned(x.data, sin), (x, lambda g: turned(g, -sin)))


def _angles(places: NDArray[np.intp], d: int, base: float) -> NDArray[np.float64]:
    """Return place times speed, (places, d / 2), the speeds falling from 1."""
    speeds = base ** (-np.arange(0, d, 2) / d)
    out: NDArray[np.float64] = places[:, None] * speeds
    return out
