"""The tape against torch's, where overhead is all there is, and where rows repeat."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.autograd import Tensor

torch.set_num_threads(1)


def _small_operations() -> tuple[Work, Work]:
    entries = np.random.default_rng(0).normal(size=(8, 8))

    def run(w: Tensor) -> np.ndarray:
        h = w
        for _ in range(300):
            h = (h * w + w).tanh()
        h.sum().backward()
        return np.asarray(w.grad)

    return (
        lambda: run(Tensor(entries, requires_grad=True)),
        lambda: run(torch.tensor(entries, requires_grad=True)),
    )


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def _rows() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5000, 64)).astype(np.float32)
    index = rng.integers(0, 5000, (32, 128))
    their_index = torch.tensor(index)

    def ours() -> np.ndarray:
        t = Tensor(table, requires_grad=True)
        (t[index] * 2.0).sum().backward()
        return np.asarray(t.grad)

    def theirs() -> np.ndarray:
        t = torch.tensor(table, requires_grad=True)
        (torch.nn.functional.embedding(their_index, t) * 2.0).sum().backward()
        return t.grad.numpy()

    return ours, theirs


def _chain(n: int) -> Work:
    x = Tensor(np.ones((8, 8)), requires_grad=True)

    def run() -> None:
        y = x
        for _ in range(n):
            y = y * 0.999
        y.sum().backward()

    return run


CASES = [
    Case("autograd, 900 small ops", "torch", _small_operations, _same, goal=0.6),
    Case("embedding, 4k of 5k rows, forward + backward", "torch", _rows, _same, goal=2),
]
GROWTH = [
    Growth("autograd, length of a chain", _chain, (1000, 2000, 4000, 8000), 1.0),
]
