"""Transformer layers against torch.nn; the language model against itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, cross_entropy
from ml_from_scratch.nn import GPT, next_token_probabilities
from ml_from_scratch.optim import AdamW

TOLERANCE = {np.float64: 1e-9, np.float32: 1e-4}
PADDING = np.array([[0, 0, 0, 0, 1], [0, 0, 0, 0, 0]], dtype=bool)


def close(found: Any, expected: Any, dtype: Any) -> None:
    limit = TOLERANCE[dtype]
    np.testing.assert_allclose(found, expected, rtol=limit, atol=limit)


def matched(ours: Any, theirs: Any, dtype: Any) -> tuple[Any, Any]:
    torch.manual_seed(1)
    for parameter in theirs.parameters():  # also the layers of a stack get their own
        torch.nn.init.normal_(parameter, std=0.3)
    theirs = theirs.double() if dtype == np.float64 else theirs
    ours = ours.to(dtype)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    return ours.train(), theirs.train()


def agree(ours: Any, theirs: Any, arrays: Any, dtype: Any, **masks: Any) -> None:
    """Compare output and all gradients under the same random gradient."""
    ours.zero_grad()
    theirs.zero_grad()
    mine = [Tensor(a.copy(), requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    found = ours(*mine, **masks)
    tensors = {k: torch.tensor(v) for k, v in masks.items()}
    expected = theirs(*other, **tensors)
    close(found.data, expected.detach().numpy(), dtype)
    g = np.random.default_rng(3).normal(size=found.shape).astype(dtype)
    found.backward(g)
    expected.backward(torch.tensor(g))
    for a, b in zip(mine, other, strict=True):
        close(a.grad, b.grad.numpy(), dtype)
    named = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        close(parameter.grad, named[name].grad.numpy(), dtype)


LAYERS = [
    {},
    {"norm_first": True},
    {"activation": "gelu"},
    {"norm_first": True, "activation": "gelu", "layer_norm_eps": 1e-3},
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("how", LAYERS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_encoder_layers_are_torchs(
    how: dict[str, Any], batch_first: bool, dtype: Any
) -> None:
    how = {"dropout": 0.0, "batch_first": batch_first, **how}
    rng = np.random.default_rng(0)
    ours, theirs = matched(
        nn.TransformerEncoderLayer(8, 2, 12, rng=rng, **how),
        torch.nn.TransformerEncoderLayer(8, 2, 12, **how),
        dtype,
    )
    x = rng.normal(size=(2, 5, 8) if batch_first else (5, 2, 8)).astype(dtype)
    masks = {"src_mask": nn.causal_mask(5), "src_key_padding_mask": PADDING}
    agree(ours, theirs, [x], dtype)
    agree(ours, theirs, [x], dtype, src_mask=masks["src_mask"])
    agree(ours, theirs, [x], dtype, **masks)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("how", LAYERS, ids=str)
def test_decoder_layers_are_torchs(how: dict[str, Any], dtype: Any) -> None:
    how = {"dropout": 0.0, "batch_first": True, **how}
    rng = np.random.default_rng(0)
    ours, theirs = matched(
        nn.TransformerDecoderLayer(8, 2, 12, rng=rng, **how),
        torch.nn.TransformerDecoderLayer(8, 2, 12, **how),
        dtype,
    )
    arrays = [rng.normal(size=(2, n, 8)).astype(dtype) for n in (4, 5)]
    agree(
        ours,
        theirs,
        arrays,
        dtype,
        tgt_mask=nn.causal_mask(4),
        memory_key_padding_mask=PADDING,
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("norm_first", [False, True])
def test_stacks_of_layers_are_torchs(norm_first: bool, dtype: Any) -> None:
    how = {"dropout": 0.0, "batch_first": True, "norm_first": norm_first}
    rng = np.random.default_rng(0)
    ours = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(8, 2, 12, rng=rng, **how), 3, nn.LayerNorm(8)
    )
    theirs = torch.nn.TransformerEncoder(
        torch.nn.TransformerEncoderLayer(8, 2, 12, **how),
        3,
        torch.nn.LayerNorm(8),
        enable_nested_tensor=False,
    )
    ours, theirs = matched(ours, theirs, dtype)
    x = rng.normal(size=(2, 5, 8)).astype(dtype)
    agree(ours, theirs, [x], dtype, mask=nn.causal_mask(5))


def test_layers_of_a_stack_are_copies_that_share_a_generator() -> None:
    rng = np.random.default_rng(0)
    layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.5, rng=rng)
    stack = nn.TransformerEncoder(layer, 2)
    one, two = stack.layers
    assert one.linear1.weight is not two.linear1.weight
    np.testing.assert_array_equal(one.linear1.weight.data, two.linear1.weight.data)
    assert one.dropout.rng is two.dropout.rng is one.self_attn.rng is rng
    x = Tensor(np.ones((3, 1, 8), np.float32))
    assert (one(x).data != two(x).data).any()
    stack.eval()
    np.testing.assert_array_equal(one(x).data, two(x).data)


# --- the language model ------------------------------------------------------------


def model(seed: int = 0, **how: Any) -> GPT:
    sizes = {"context": 8, "d_model": 16, "nhead": 2, "num_layers": 2} | how
    gpt = GPT(11, rng=np.random.default_rng(seed), **sizes).to(np.float64)
    for parameter in gpt.parameters():  # so that scores differ clearly
        parameter.data = np.random.default_rng(seed).normal(
            scale=0.3, size=parameter.shape
        )
    return gpt


@pytest.mark.parametrize("n_new", [0, 1, 5, 20])
@pytest.mark.parametrize(
    "how", [{}, {"temperature": 0}, {"top_k": 3}, {"top_p": 0.8, "temperature": 0.7}]
)
def test_with_and_without_a_cache_the_same_tokens_are_written(
    how: dict[str, Any], n_new: int
) -> None:
    gpt, start = model(), [[1, 2, 3], [4, 5, 6]]
    texts = [
        gpt.generate(
            start, n_new, use_cache=use_cache, rng=np.random.default_rng(5), **how
        )
        for use_cache in (True, False)
    ]
    np.testing.assert_array_equal(*texts)
    assert texts[0].shape == (2, 3 + n_new)
    np.testing.assert_array_equal(texts[0][:, :3], start)


def test_scores_do_not_depend_on_what_comes_later() -> None:
    gpt = model()
    one, other = gpt([[1, 2, 3, 4]]).data, gpt([[1, 2, 9, 9]]).data
    np.testing.assert_allclose(one[:, :2], other[:, :2], atol=1e-12)
    assert (one[:, 2:] != other[:, 2:]).all()


def test_the_table_of_tokens_gets_gradients_from_both_ends() -> None:
    gpt = model()
    tokens, targets = np.array([[1, 2]]), np.array([2, 3])
    loss = cross_entropy(gpt(tokens).reshape(2, 11), targets)
    loss.backward()
    weight = gpt.tokens.weight
    found, step = weight.grad[1, 0], 1e-6
    losses = []
    for sign in (1, -1):
        weight.data[1, 0] += sign * step
        losses.append(cross_entropy(gpt(tokens).reshape(2, 11), targets).item())
        weight.data[1, 0] -= sign * step
    assert found == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-6)


def test_a_cycle_can_be_learned_and_written_on() -> None:
    rng = np.random.default_rng(0)
    gpt = GPT(5, context=8, d_model=16, nhead=2, num_layers=1, rng=rng)
    optimizer = AdamW(gpt.parameters(), lr=0.01)
    text = np.arange(9) % 5
    for _ in range(60):
        starts = rng.integers(5, size=8)
        batch = (starts[:, None] + text) % 5
        optimizer.zero_grad()
        logits = gpt(batch[:, :-1]).reshape(-1, 5)
        cross_entropy(logits, batch[:, 1:].ravel()).backward()
        optimizer.step()
    written = gpt.generate([[3]], 12, temperature=0, rng=rng)
    np.testing.assert_array_equal(written[0], (3 + np.arange(13)) % 5)


def test_writing_leaves_the_mode_and_needs_no_tape() -> None:
    gpt = model(dropout=0.5)
    one, two = (gpt.generate([[1]], 5, rng=np.random.default_rng(0)) for _ in range(2))
    np.testing.assert_array_equal(one, two)  # no dropout while writing
    assert gpt.training


@given(
    st.integers(0, 999),
    st.integers(1, 8),
    st.floats(0.05, 1),
    st.floats(0.1, 5),
)
@settings(max_examples=50)
def test_probabilities_keep_the_likeliest_and_add_up(
    seed: int, k: int, p: float, temperature: float
) -> None:
    logits = np.random.default_rng(seed).normal(scale=3, size=(3, 8))
    plain = torch.softmax(torch.tensor(logits / temperature), -1).numpy()
    np.testing.assert_allclose(
        next_token_probabilities(logits, temperature), plain, atol=1e-12
    )
    for found in (
        next_token_probabilities(logits, temperature, top_k=k),
        next_token_probabilities(logits, temperature, top_p=p),
    ):
        np.testing.assert_allclose(found.sum(axis=1), 1)
        for row, before in zip(found, plain, strict=True):
            left = row > 0
            assert before[left].min() >= before[~left].max(initial=0)
            np.testing.assert_allclose(row[left], before[left] / before[left].sum())
    kept = next_token_probabilities(logits, temperature, top_k=k) > 0
    assert (kept.sum(axis=1) == k).all()
    nucleus = next_token_probabilities(logits, temperature, top_p=p) > 0
    for row, left in zip(plain, nucleus, strict=True):
        assert row[left].sum() >= p - 1e-12
        assert row[left].sum() - row[left].min() < p


def test_tokens_are_drawn_as_often_as_they_should_be() -> None:
    from ml_from_scratch.nn.transformer import _draw

    p = np.tile([0.5, 0.0, 0.2, 0.3], (20_000, 1))
    drawn = _draw(p, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / 20_000, p[0], atol=0.015)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m([1, 2]), r"whole numbers of shape \(n, places\)"),
        (lambda m: m([[0.5]]), "found float64"),
        (lambda m: m(np.zeros((1, 0), int)), "none of them empty"),
        (lambda m: m([[0] * 9]), "has 9 places, but the context has 8"),
        (lambda m: m([[11]]), "10|11"),
        (lambda m: m.generate([[1]], -1, rng=None), "max_new_tokens is -1"),
        (lambda m: m.generate([[1]], 1, temperature=-1, rng=None), "temperature is -1"),
        (lambda m: m.generate([[1]], 1, top_k=0, rng=None), "top_k is 0"),
        (lambda m: m.generate([[1]], 1, top_p=0.0, rng=None), "top_p is 0.0"),
        (lambda m: GPT(0, context=1, d_model=2, nhead=1, num_layers=1, rng=0), "vocab"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(model())


def test_an_unknown_activation_is_named() -> None:
    unknown: Any = "tanh"
    with pytest.raises(ValueError, match="activation is 'tanh'"):
        nn.TransformerEncoderLayer(
            8, 2, activation=unknown, rng=np.random.default_rng(0)
        )
