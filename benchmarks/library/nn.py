"""Layers and whole networks against torch, in float32 on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.case import Case, Growth, Work
from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor
from ml_from_scratch.optim import SGD

torch.set_num_threads(1)


def _mlp_epoch() -> tuple[Work, Work]:
    """One epoch of plain descent: 10k rows of 784, batches of 100."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 784)).astype(np.float32)
    y = rng.integers(0, 10, 10_000)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    start = {name: value.clone() for name, value in theirs.state_dict().items()}
    ours = nn.Sequential(
        nn.Linear(784, 128, rng=rng), nn.ReLU(), nn.Linear(128, 10, rng=rng)
    )
    rows, labels = torch.tensor(X), torch.tensor(y)

    def our_epoch() -> np.ndarray:
        ours.load_state_dict(start)
        loss = nn.CrossEntropyLoss()
        optimiser = SGD(ours.parameters(), lr=0.05)
        for i in range(0, len(X), 100):
            optimiser.zero_grad()
            loss(ours(Tensor(X[i : i + 100])), y[i : i + 100]).backward()
            optimiser.step()
        return ours[0].weight.data

    def their_epoch() -> np.ndarray:
        theirs.load_state_dict(start)
        loss = torch.nn.CrossEntropyLoss()
        optimiser = torch.optim.SGD(theirs.parameters(), lr=0.05)
        for i in range(0, len(rows), 100):
            optimiser.zero_grad()
            loss(theirs(rows[i : i + 100]), labels[i : i + 100]).backward()
            optimiser.step()
        return theirs[0].weight.detach().numpy()

    return our_epoch, their_epoch


def _same_weights(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def _both(ours: nn.Module, theirs: Any, shape: tuple[int, ...]) -> tuple[Work, Work]:
    """Forward and backward of one batch; both return all gradients."""
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    seed = np.random.default_rng(1).normal(size=ours(Tensor(x)).shape)
    their_seed = torch.tensor(seed, dtype=torch.float32)

    def our_pass() -> list[np.ndarray]:
        ours.zero_grad()
        batch = Tensor(x, requires_grad=True)
        ours(batch).backward(seed)
        return [np.asarray(p.grad) for p in (batch, *ours.parameters())]

    def their_pass() -> list[np.ndarray]:
        theirs.zero_grad()
        batch = torch.tensor(x, requires_grad=True)
        theirs(batch).backward(their_seed)
        return [p.grad.numpy() for p in (batch, *theirs.parameters())]

    return our_pass, their_pass


def _same_gradients(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """As a whole: where rounding moves an entry across a ReLU's kink, it may differ."""
    for mine, twin in zip(ours, theirs, strict=True):
        assert np.linalg.norm(mine - twin) < 1e-3 * np.linalg.norm(twin)


def _convolutions() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    ours = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, rng=rng),
    )
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, padding=1),
    )
    return _both(ours, theirs, (32, 3, 32, 32))


def _pooling() -> tuple[Work, Work]:
    return _both(nn.MaxPool2d(2), torch.nn.MaxPool2d(2), (32, 16, 32, 32))


def _batch_norm() -> tuple[Work, Work]:
    return _both(nn.BatchNorm2d(16), torch.nn.BatchNorm2d(16), (32, 16, 32, 32))


def _layer_norm() -> tuple[Work, Work]:
    return _both(nn.LayerNorm(256), torch.nn.LayerNorm(256), (4096, 256))


def _cross_entropy() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    logits, y = (
        rng.normal(size=(2048, 1000)).astype(np.float32),
        rng.integers(0, 1000, 2048),
    )
    their_y = torch.tensor(y)

    def ours() -> list[np.ndarray]:
        x = Tensor(logits, requires_grad=True)
        nn.CrossEntropyLoss()(x, y).backward()
        return [np.asarray(x.grad)]

    def theirs() -> list[np.ndarray]:
        x = torch.tensor(logits, requires_grad=True)
        torch.nn.functional.cross_entropy(x, their_y).backward()
        return [x.grad.numpy()]

    return ours, theirs


def _images(side: int) -> Callable[[int], Work]:
    def prepare(n: int) -> Work:
        rng = np.random.default_rng(0)
        layer = nn.Conv2d(8, 8, 3, padding=1, rng=rng)
        x = rng.normal(size=(n, 8, side, side)).astype(np.float32)
        return lambda: layer(Tensor(x, requires_grad=True)).sum().backward()

    return prepare


CASES = [
    Case(
        "MLP 784-128-10, an epoch of 10k", "torch", _mlp_epoch, _same_weights, goal=0.6
    ),
    Case(
        "two convolutions, forward + backward",
        "torch",
        _convolutions,
        _same_gradients,
        goal=1.8,
        memory=True,
    ),
    Case("max pooling 32 x 16 x 32 x 32", "torch", _pooling, _same_gradients),
    Case("batch norm 32 x 16 x 32 x 32", "torch", _batch_norm, _same_gradients),
    Case("layer norm 4096 x 256", "torch", _layer_norm, _same_gradients),
    Case("cross-entropy 2048 x 1000", "torch", _cross_entropy, _same_gradients),
]
GROWTH = [Growth("convolution, images", _images(16), (16, 32, 64, 128), expected=1.0)]
