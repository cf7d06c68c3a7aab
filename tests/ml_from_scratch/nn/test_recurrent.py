"""Recurrent layers against torch.nn, step by step formulas and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.autograd import Tensor, concatenate, gradcheck
from ml_from_scratch.nn import recurrent
from ml_from_scratch.nn.recurrent import GRU, LSTM, RNN

TOLERANCE = {np.float64: 1e-9, np.float32: 1e-4}
SHAPES = [
    {},
    {"bias": False},
    {"num_layers": 3},
    {"batch_first": True, "num_layers": 2},
    {"bidirectional": True},
    {"bidirectional": True, "num_layers": 2, "batch_first": True},
]
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("RNN", {}),
    ("GRU", {}),
    ("LSTM", {"fused": True}),
    ("LSTM", {"fused": False}),
]


def twins(kind: str, how: dict[str, Any], dtype: Any, **shape: Any) -> tuple[Any, Any]:
    """Return our layer and torch's with the same parameters, from its state dict."""
    ours = getattr(recurrent, kind)(5, 4, rng=np.random.default_rng(1), **shape, **how)
    torch.manual_seed(0)
    theirs = getattr(torch.nn, kind)(5, 4, **shape)
    theirs = theirs.double() if dtype == np.float64 else theirs
    ours = ours.to(dtype)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    return ours, theirs


def states(module: Any, n: int, dtype: Any, lstm: bool) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    k = module.num_layers * (2 if module.bidirectional else 1)
    return [rng.normal(size=(k, n, 4)).astype(dtype) for _ in range(1 + lstm)]


def run(module: Any, x: Any, first: list[Any]) -> list[Any]:
    """Return output and last states in a flat list."""
    output, last = module(x, first[0] if len(first) == 1 else tuple(first))
    return [output, *(last if isinstance(last, tuple) else (last,))]


@pytest.mark.parametrize("length", [1, 2, 17])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("kind", "how"), KINDS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_outputs_states_and_all_gradients_are_those_of_torch(
    kind: str, how: dict[str, Any], shape: dict[str, Any], length: int, dtype: Any
) -> None:
    ours, theirs = twins(kind, how, dtype, **shape)
    rng = np.random.default_rng(0)
    n = 3
    size = (n, length, 5) if shape.get("batch_first") else (length, n, 5)
    inputs = [rng.normal(size=size).astype(dtype)]
    inputs += states(theirs, n, dtype, kind == "LSTM")
    mine = [Tensor(a.copy(), requires_grad=True) for a in inputs]
    other = [torch.tensor(a, requires_grad=True) for a in inputs]
    found, expected = run(ours, mine[0], mine[1:]), run(theirs, other[0], other[1:])
    weights = [rng.normal(size=e.shape).astype(dtype) for e in expected]
    sum((f * w).sum() for f, w in zip(found, weights, strict=True)).backward()
    pairs = zip(expected, weights, strict=True)
    sum((e * torch.tensor(w)).sum() for e, w in pairs).backward()
    close = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    for f, e in zip(found, expected, strict=True):
        assert f.dtype == dtype
        np.testing.assert_allclose(f.data, e.detach().numpy(), **close)
    named = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, named[name].grad.numpy(), **close)
    for a, b in zip(mine, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), **close)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_names_and_their_order_are_those_of_torch(
    kind: str, shape: dict[str, Any]
) -> None:
    ours, theirs = twins(kind, {}, np.float32, **shape)
    assert list(ours.state_dict()) == list(theirs.state_dict())


@pytest.mark.parametrize("length", [1, 4])
def test_the_fused_gradient_is_that_of_finite_differences(length: int) -> None:
    rng = np.random.default_rng(0)
    inputs = [
        rng.normal(size=shape)
        for shape in [(length, 2, 3), (2, 2), (2, 2), (8, 3), (8, 2), (8,), (8,)]
    ]

    def both(x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> Tensor:
        out, c = recurrent.lstm_sequence(x, h, c, list(weights))
        return concatenate([out.reshape(-1), c.reshape(-1)])

    gradcheck(both, inputs)


@pytest.mark.parametrize(("step", "gates"), [("rnn_step", 1), ("gru_step", 3)])
def test_the_gradient_of_a_step_is_that_of_finite_differences(
    step: str, gates: int
) -> None:
    rng = np.random.default_rng(0)
    shapes = [
        (2, 3),
        (2, 2),
        (2 * gates, 3),
        (2 * gates, 2),
        (2 * gates,),
        (2 * gates,),
    ]
    gradcheck(
        lambda x, h, *w: getattr(recurrent, step)(x, h, list(w)),
        [rng.normal(size=shape) for shape in shapes],
    )


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 1000))
@settings(max_examples=25)
def test_fused_and_step_by_step_are_the_same(length: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = LSTM(3, 2, num_layers=2, rng=rng).to(np.float64)
    x = rng.normal(size=(length, n, 3))
    grads = []
    for fused in (True, False):
        layer.fused = fused
        layer.zero_grad()
        out, (_, c) = layer(Tensor(x))
        ((out * out).sum() + c.sum()).backward()
        grads.append([out.data, c.data, *(p.grad for p in layer.parameters())])
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
@given(st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=10)
def test_a_sequence_may_be_read_in_two_parts(kind: Any, one: int, two: int) -> None:
    layer = kind(3, 4, num_layers=2, rng=np.random.default_rng(0)).to(np.float64)
    x = np.random.default_rng(1).normal(size=(one + two, 2, 3))
    whole, _ = layer(Tensor(x))
    first, state = layer(Tensor(x[:one]))
    second, _ = layer(Tensor(x[one:]), state)
    both = np.concatenate([first.data, second.data])
    np.testing.assert_allclose(both, whole.data, atol=1e-12)


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_rows_of_a_batch_do_not_see_each_other_nor_the_future(kind: Any) -> None:
    layer = kind(3, 4, rng=np.random.default_rng(0)).to(np.float64)
    x = np.random.default_rng(1).normal(size=(6, 3, 3))
    other = x.copy()
    other[4:, 0] += 1.0
    a, b = (layer(Tensor(each))[0].data for each in (x, other))
    np.testing.assert_array_equal(a[:4], b[:4])
    np.testing.assert_allclose(a[:, 1:], b[:, 1:], atol=1e-15)
    assert (a[4:, 0] != b[4:, 0]).all()


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_two_thousand_steps_and_huge_inputs_stay_finite(kind: Any) -> None:
    layer = kind(2, 3, rng=np.random.default_rng(0))
    x = Tensor(np.full((2000, 1, 2), 1e4, np.float32), requires_grad=True)
    out, _ = layer(x)
    out.sum().backward()
    assert np.isfinite(out.data).all()
    assert np.isfinite(x.grad).all()


def test_dropout_acts_between_layers_in_training_only() -> None:
    layer = LSTM(3, 4, num_layers=2, dropout=1.0, rng=np.random.default_rng(0))
    x = Tensor(np.ones((3, 1, 3), np.float32))
    alone = LSTM(3, 4, rng=np.random.default_rng(0))
    above = {k[:-1] + "0": v for k, v in layer.state_dict().items() if k[-1] == "1"}
    nothing = Tensor(np.zeros((3, 1, 4), np.float32))
    blind = LSTM(4, 4, rng=np.random.default_rng(0))
    blind.load_state_dict(above)
    np.testing.assert_array_equal(layer(x)[0].data, blind(nothing)[0].data)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, blind(alone(x)[0])[0].data)


def test_a_sum_over_time_can_be_learned() -> None:
    from ml_from_scratch.optim import Adam

    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 64, 1)).astype(np.float32)
    y = x.sum(axis=0)
    layer = LSTM(1, 8, rng=rng)
    read = recurrent.Parameter(rng.normal(size=(8, 1)).astype(np.float32))
    optimizer = Adam([*layer.parameters(), read], lr=0.03)
    losses = []
    for _ in range(120):
        optimizer.zero_grad()
        _, (h, _) = layer(Tensor(x))
        error = h[0] @ read - y
        loss = (error * error).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m(Tensor(np.zeros((2, 3)))), r"\(time, n, 3\), none of them empty"),
        (lambda m: m(Tensor(np.zeros((0, 2, 3)))), r"found \(0, 2, 3\)"),
        (lambda m: m(Tensor(np.zeros((5, 2, 4)))), r"found \(5, 2, 4\)"),
        (
            lambda m: m(Tensor(np.zeros((5, 2, 3))), Tensor(np.zeros((2, 4)))),
            r"first state of shape \(1, 2, 4\), found \(2, 4\)",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_named(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(RNN(3, 4, rng=np.random.default_rng(0)))


def test_bad_sizes_are_named() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="hidden_size is 0"):
        LSTM(3, 0, rng=rng)
    with pytest.raises(ValueError, match=r"dropout is 1.5"):
        GRU(3, 2, dropout=1.5, rng=rng)
