"""Attention against torch, its masks, positions and the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, gradcheck, no_grad, softmax
from ml_from_scratch.nn import MultiheadAttention, scaled_dot_product_attention

TOLERANCE = {np.float64: 1e-9, np.float32: 1e-4}
sdpa = torch.nn.functional.scaled_dot_product_attention


def close(found: Any, expected: Any, dtype: Any = np.float64) -> None:
    limit = TOLERANCE[dtype]
    np.testing.assert_allclose(found, expected, rtol=limit, atol=limit)


def arrays(*shapes: tuple[int, ...], dtype: Any = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


MASK = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 1], [0, 1, 0]], dtype=bool)
ADDED = np.random.default_rng(5).normal(size=(4, 3))
MASKS: list[tuple[str, Any]] = [
    ("none", None),
    ("bool", MASK),
    ("added", ADDED),
    ("per row", np.random.default_rng(6).random((2, 1, 4, 3)) > 0.3),
    ("infinite", np.where(MASK, 0.5, -np.inf)),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "mask"), MASKS, ids=[n for n, _ in MASKS])
def test_attention_and_its_gradients_are_torchs(
    name: str, mask: Any, dtype: Any
) -> None:
    inputs = arrays((2, 2, 4, 5), (2, 2, 3, 5), (2, 2, 3, 6), dtype=dtype)
    ours = [Tensor(a.copy(), requires_grad=True) for a in inputs]
    theirs = [torch.tensor(a, requires_grad=True) for a in inputs]
    given_mask = mask
    if mask is not None and mask.dtype == float:
        given_mask = mask.astype(dtype)
    found = scaled_dot_product_attention(*ours, attn_mask=given_mask)
    expected = sdpa(
        *theirs, attn_mask=None if mask is None else torch.tensor(given_mask)
    )
    close(found.data, expected.detach().numpy(), dtype)
    g = arrays((2, 2, 4, 6), dtype=dtype)[0]
    found.backward(g)
    expected.backward(torch.tensor(g))
    for a, b in zip(ours, theirs, strict=True):
        close(a.grad, b.grad.numpy(), dtype)


def test_causal_attention_is_torchs_where_the_lengths_are_equal() -> None:
    inputs = arrays((3, 4, 2), (3, 4, 2), (3, 4, 2))
    found = scaled_dot_product_attention(*map(Tensor, inputs), is_causal=True)
    expected = sdpa(*map(torch.tensor, inputs), is_causal=True)
    close(found.data, expected.numpy())


def test_with_more_keys_than_queries_the_queries_are_the_last_places() -> None:
    q, k, v = arrays((5, 2), (5, 2), (5, 2))
    whole = scaled_dot_product_attention(*map(Tensor, (q, k, v)), is_causal=True)
    part = scaled_dot_product_attention(*map(Tensor, (q[3:], k, v)), is_causal=True)
    close(part.data, whole.data[3:])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, MASK[:3]])
def test_the_gradient_is_that_of_finite_differences(causal: bool, mask: Any) -> None:
    gradcheck(
        lambda q, k, v: scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal
        ),
        arrays((2, 3, 4), (2, 3, 4), (2, 3, 2)),
    )


def test_with_dropout_the_gradient_is_that_of_finite_differences() -> None:
    gradcheck(
        lambda q, k, v: scaled_dot_product_attention(
            q, k, v, dropout_p=0.4, rng=np.random.default_rng(0)
        ),
        arrays((2, 3, 4), (2, 5, 4), (2, 5, 2)),
    )


def test_dropout_keeps_the_mean() -> None:
    ones = Tensor(np.ones((4, 50, 3)))
    rng = np.random.default_rng(0)
    out = scaled_dot_product_attention(ones, ones, ones, dropout_p=0.3, rng=rng)
    assert out.data.mean() == pytest.approx(1, abs=0.03)
    assert out.data.std() > 0.01


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 999))
@settings(max_examples=25)
def test_one_operation_is_the_formula_on_the_tape(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(scale=3, size=s) for s in ((2, n, 3), (2, m, 3), (2, m, 4))]
    grads = []
    for fused in (True, False):
        q, k, v = (Tensor(a, requires_grad=True) for a in inputs)
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(3)
        plain = softmax(scores) @ v
        out = scaled_dot_product_attention(q, k, v) if fused else plain
        (out * out).sum().backward()
        grads.append([out.data, q.grad, k.grad, v.grad])
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@given(st.integers(0, 999))
@settings(max_examples=25)
def test_permuting_the_keys_with_their_values_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q, k, v = (rng.normal(size=(6, 4)) for _ in range(3))
    order = rng.permutation(6)
    one = scaled_dot_product_attention(*map(Tensor, (q, k, v)))
    other = scaled_dot_product_attention(*map(Tensor, (q, k[order], v[order])))
    np.testing.assert_allclose(one.data, other.data, atol=1e-12)


@pytest.mark.parametrize("mask", [np.zeros((2, 3), bool), np.full((2, 3), -np.inf)])
def test_a_query_that_may_see_nothing_gets_zeros_and_no_gradient(mask: Any) -> None:
    q, k, v = (Tensor(a, requires_grad=True) for a in arrays((2, 4), (3, 4), (3, 4)))
    out = scaled_dot_product_attention(q, k, v, attn_mask=mask)
    out.sum().backward()
    for array in (out.data, q.grad, k.grad, v.grad):
        assert not array.any()


def test_huge_scores_pick_the_largest_and_overflow_nothing() -> None:
    q, k, v = arrays((2, 4), (3, 4), (3, 4))
    q = Tensor(q * 1e150, requires_grad=True)
    out = scaled_dot_product_attention(q, Tensor(k), Tensor(v))
    out.sum().backward()
    np.testing.assert_array_equal(out.data, v[(q.data @ k.T).argmax(axis=1)])
    assert np.isfinite(q.grad).all()


# --- several heads -----------------------------------------------------------------


def twins(dtype: Any, **how: Any) -> tuple[Any, Any]:
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(8, 2, **how)
    theirs = theirs.double() if dtype == np.float64 else theirs
    for parameter in theirs.parameters():  # biases that are not zero
        torch.nn.init.normal_(parameter, std=0.4)
    ours = MultiheadAttention(8, 2, rng=np.random.default_rng(0), **how).to(dtype)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    return ours, theirs


PADDING = np.array([[0, 0, 0, 1, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
BLOCKED = np.random.default_rng(8).random((4, 5)) > 0.6
BLOCKED[:, 0] = False
CASES: list[dict[str, Any]] = [
    {},
    {"key_padding_mask": PADDING},
    {"attn_mask": BLOCKED},
    {"attn_mask": np.random.default_rng(9).normal(size=(4, 5))},
    {"attn_mask": np.random.default_rng(9).normal(size=(6, 4, 5))},
    {"attn_mask": BLOCKED, "key_padding_mask": PADDING},
    {"average_attn_weights": False},
    {"need_weights": False},
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("how", [{}, {"batch_first": True}, {"bias": False}], ids=str)
@pytest.mark.parametrize("case", CASES, ids=lambda c: " ".join(c) or "plain")
def test_heads_weights_and_gradients_are_torchs(
    case: dict[str, Any], how: dict[str, Any], dtype: Any
) -> None:
    ours, theirs = twins(dtype, **how)
    shapes = [(4, 3, 8), (5, 3, 8), (5, 3, 8)]
    inputs = arrays(*shapes, dtype=dtype)
    if how.get("batch_first"):
        inputs = [a.swapaxes(0, 1) for a in inputs]
    case = {
        k: v.astype(dtype) if getattr(v, "dtype", None) == np.float64 else v
        for k, v in case.items()
    }
    mine = [Tensor(a.copy(), requires_grad=True) for a in inputs]
    other = [torch.tensor(a, requires_grad=True) for a in inputs]
    found, weights = ours(*mine, **case)
    theirs_case = {
        k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in case.items()
    }
    with pytest.warns() if _mixes(case) else _quiet():
        expected, their_weights = theirs(*other, **theirs_case)
    close(found.data, expected.detach().numpy(), dtype)
    if case.get("need_weights", True):
        close(weights, their_weights.detach().numpy(), dtype)
    else:
        assert weights is None
    g = arrays(found.shape, dtype=dtype)[0]
    found.backward(g)
    expected.backward(torch.tensor(g))
    for a, b in zip(mine, other, strict=True):
        close(a.grad, b.grad.numpy(), dtype)
    for name, parameter in theirs.named_parameters():
        close(dict(ours.named_parameters())[name].grad, parameter.grad.numpy(), dtype)


def _mixes(case: dict[str, Any]) -> bool:
    """Say whether torch warns, since one mask is boolean and the other is not."""
    return len({case[k].dtype for k in case if "mask" in k}) > 1


def _quiet() -> Any:
    import contextlib

    return contextlib.nullcontext()


def test_self_attention_is_causal_as_in_torch() -> None:
    ours, theirs = twins(np.float64)
    x = arrays((5, 3, 8))[0]
    found = ours(*[Tensor(x)] * 3, is_causal=True)[0]
    mask = torch.tensor(nn.causal_mask(5))
    expected = theirs(*[torch.tensor(x)] * 3, attn_mask=mask)[0]
    close(found.data, expected.detach().numpy())


def test_the_gradient_of_self_attention_is_that_of_finite_differences() -> None:
    ours, _ = twins(np.float64, batch_first=True)
    gradcheck(lambda x: ours(x, x, x, is_causal=True)[0], arrays((2, 3, 8)))


def test_rows_that_are_all_padding_give_the_bias() -> None:
    ours, _ = twins(np.float64, batch_first=True)
    x = Tensor(arrays((2, 3, 8))[0], requires_grad=True)
    padding = np.array([[True] * 3, [False] * 3])
    out, weights = ours(x, x, x, key_padding_mask=padding)
    out[0].sum().backward()
    np.testing.assert_array_equal(out.data[0], np.tile(ours.out_proj.bias.data, (3, 1)))
    assert not weights[0].any()
    assert not x.grad.any()


@pytest.mark.parametrize("sizes", [[1] * 6, [3, 1, 2], [6]])
def test_with_a_cache_places_may_come_bit_by_bit(sizes: list[int]) -> None:
    ours, _ = twins(np.float64, batch_first=True)
    x = arrays((2, 6, 8))[0]
    whole = ours(*[Tensor(x)] * 3, is_causal=True)[0].data
    cache, parts, start = nn.KVCache(), [], 0
    with no_grad():
        for size in sizes:
            piece = Tensor(x[:, start : start + size])
            parts.append(ours(piece, piece, piece, is_causal=True, cache=cache)[0].data)
            start += size
    assert cache.length == 6
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-12)
    with pytest.raises(ValueError, match=r"use it under no_grad\(\)"):
        ours(piece, piece, piece, cache=cache)


# --- positions ---------------------------------------------------------------------


def test_waves_are_those_of_the_formula() -> None:
    found = nn.sinusoidal_positions(50, 7)
    for place in (0, 1, 49):
        for column in range(7):
            angle = place / 10_000 ** (2 * (column // 2) / 8)
            wave = np.cos(angle) if column % 2 else np.sin(angle)
            assert found[place, column] == pytest.approx(wave, abs=1e-6)


@given(st.integers(0, 1000), st.integers(0, 50), st.integers(0, 50))
@settings(max_examples=25)
def test_rotated_products_depend_on_the_distance_only(
    seed: int, one: int, two: int
) -> None:
    q, k = np.random.default_rng(seed).normal(size=(2, 1, 6))

    def product(place_q: int, place_k: int) -> float:
        a = nn.rotary_positions(Tensor(q), start=place_q).data
        b = nn.rotary_positions(Tensor(k), start=place_k).data
        return float((a * b).sum())

    assert product(one, two) == pytest.approx(product(one + 7, two + 7), abs=1e-9)


def test_rotation_is_that_of_complex_numbers_and_has_the_right_gradient() -> None:
    x = arrays((2, 5, 6))[0]
    z = x[..., :3] + 1j * x[..., 3:]
    turned = z * np.exp(1j * np.arange(5)[:, None] * 10_000.0 ** (-np.arange(3) / 3))
    found = nn.rotary_positions(Tensor(x)).data
    close(found, np.concatenate([turned.real, turned.imag], axis=-1))
    gradcheck(lambda t: nn.rotary_positions(t, start=3), [x])


# --- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m, x: m(x, x, x[:, :2]), "the last two alike"),
        (lambda m, x: m(x[:, :, :4], x, x), r"\(n, places, 8\)"),
        (lambda m, x: m(x[:1], x, x), "MultiheadAttention needs"),
        (
            lambda m, x: m(x, x, x, np.zeros((2, 4), bool)),
            r"key_padding_mask has shape",
        ),
        (lambda m, x: m(x, x, x, attn_mask=np.zeros(3)), r"attn_mask has shape \(3,\)"),
        (
            lambda m, x: scaled_dot_product_attention(x, x, x[:, :2]),
            "Attention needs query",
        ),
        (
            lambda m, x: scaled_dot_product_attention(x, x, x, dropout_p=0.5),
            "a generator must be passed",
        ),
        (
            lambda m, x: scaled_dot_product_attention(x, x, x, dropout_p=1.5),
            "dropout_p is 1.5",
        ),
        (lambda m, x: nn.rotary_positions(x[:, :, :3]), "with an even d"),
        (lambda m, x: nn.sinusoidal_positions(0, 3), "length is 0"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, words: str) -> None:
    rng = np.random.default_rng(0)
    module = MultiheadAttention(8, 2, batch_first=True, rng=rng).to(np.float64)
    with pytest.raises(ValueError, match=words):
        call(module, Tensor(np.ones((2, 3, 8))))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="embed_dim is 8; expected a multiple of"):
        MultiheadAttention(8, 3, rng=np.random.default_rng(0))
