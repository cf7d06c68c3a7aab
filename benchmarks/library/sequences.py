"""Recurrent networks and attention against torch, forward and backward, in float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.case import Case, Growth, Work
from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor


def _both_ways(ours: Any, theirs: Any, *shape: int) -> tuple[Work, Work]:
    """Return one forward and backward pass of each module on the same input."""
    torch.set_num_threads(1)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    times = 3 if isinstance(theirs, torch.nn.MultiheadAttention) else 1
    mine = Tensor(x, requires_grad=True)
    other = torch.tensor(x, requires_grad=True)

    def our_pass() -> Any:
        ours.zero_grad()
        mine.grad = None
        out = ours(*[mine] * times)
        (out[0] if isinstance(out, tuple) else out).sum().backward()
        return mine.grad

    def their_pass() -> Any:
        theirs.zero_grad()
        other.grad = None
        out = theirs(*[other] * times)
        (out[0] if isinstance(out, tuple) else out).sum().backward()
        return other.grad

    return our_pass, their_pass


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def _recurrent(kind: str, **how: Any) -> Callable[[], tuple[Work, Work]]:
    def prepare() -> tuple[Work, Work]:
        torch.manual_seed(0)
        ours = getattr(nn, kind)(64, 64, rng=np.random.default_rng(0), **how)
        return _both_ways(ours, getattr(torch.nn, kind)(64, 64), 50, 32, 64)

    return prepare


def _heads() -> tuple[Work, Work]:
    torch.manual_seed(0)
    ours = nn.MultiheadAttention(64, 4, batch_first=True, rng=np.random.default_rng(0))
    theirs = torch.nn.MultiheadAttention(64, 4, batch_first=True)
    return _both_ways(ours, theirs, 8, 128, 64)


def _attention() -> tuple[Work, Work]:
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=(8, 128, 64)).astype(np.float32) for _ in range(3)]
    ours = [Tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]

    def run(attend: Any, inputs: list[Any]) -> Any:
        for x in inputs:
            x.grad = None
        attend(*inputs).sum().backward()
        return inputs[0].grad

    return (
        lambda: run(nn.scaled_dot_product_attention, ours),
        lambda: run(torch.nn.functional.scaled_dot_product_attention, theirs),
    )


def _transformer() -> tuple[Work, Work]:
    torch.manual_seed(0)
    how: dict[str, Any] = {"dropout": 0.0, "batch_first": True}
    ours = nn.TransformerEncoderLayer(64, 4, 256, rng=np.random.default_rng(0), **how)
    theirs = torch.nn.TransformerEncoderLayer(64, 4, 256, **how)
    return _both_ways(ours, theirs, 8, 128, 64)


def _attention_on(places: int) -> Work:
    x = Tensor(np.ones((4, places, 32), np.float32), requires_grad=True)

    def run() -> None:
        nn.scaled_dot_product_attention(x, x, x).sum().backward()

    return run


def _lstm_on(times: int) -> Work:
    layer = nn.LSTM(64, 64, rng=np.random.default_rng(0))
    x = Tensor(np.ones((times, 32, 64), np.float32))

    def run() -> None:
        layer(x)[0].sum().backward()

    return run


CASES = [
    Case(
        "LSTM 32 x 50 x 64, forward + backward",
        "torch",
        _recurrent("LSTM"),
        _same,
        goal=1.5,
        rounds=15,
        memory=True,
    ),
    Case(
        "LSTM step by step on the tape, 32 x 50 x 64, forward + backward",
        "torch",
        _recurrent("LSTM", fused=False),
        _same,
        goal=2.7,
        rounds=15,
    ),
    Case(
        "GRU step by step on the tape, 32 x 50 x 64, forward + backward",
        "torch",
        _recurrent("GRU"),
        _same,
        rounds=15,
    ),
    Case(
        "attention 8 x 128 x 64, forward + backward",
        "torch",
        _attention,
        _same,
        goal=2.0,
        rounds=15,
    ),
    Case(
        "attention in 4 heads with projections, 8 x 128 x 64, forward + backward",
        "torch",
        _heads,
        _same,
        goal=2.0,
        rounds=15,
    ),
    Case(
        "Transformer layer, 8 x 128 x 64, forward + backward",
        "torch",
        _transformer,
        _same,
        rounds=15,
    ),
]
GROWTH = [
    Growth(
        "LSTM, forward + backward, length",
        _lstm_on,
        (50, 100, 200, 400),
        expected=1.0,
    ),
    Growth(
        "attention, forward + backward, places",
        _attention_on,
        (256, 512, 1024, 2048),
        expected=2.0,
    ),
]
