"""Optimisers against torch, L-BFGS against SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize, rosen, rosen_der

from benchmarks.case import Case, Growth, Work
from ml_from_scratch import optim
from ml_from_scratch.autograd import Tensor

SHAPES = [(784, 128), (128,), (128, 128), (128,), (128, 10), (10,)]


def _steps(name: str, **options: Any) -> Callable[[], tuple[Work, Work]]:
    """Return a maker of twenty steps with an optimiser on the parameters of an MLP."""

    def prepare() -> tuple[Work, Work]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(0)
        first = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]
        grads = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]
        ours = [Tensor(w.copy(), requires_grad=True) for w in first]
        theirs = [torch.tensor(w, requires_grad=True) for w in first]
        for a, b, g in zip(ours, theirs, grads, strict=True):
            a.grad, b.grad = g, torch.tensor(g)
        our_rule = getattr(optim, name)(ours, **options)
        their_rule = getattr(torch.optim, name)(theirs, **options)

        def run(rule: Any, params: list[Any]) -> Any:
            for _ in range(20):
                rule.step()
            return params[0]

        return lambda: run(our_rule, ours).data, lambda: run(
            their_rule, theirs
        ).detach()

    return prepare


def _same(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def _rosenbrock() -> tuple[Work, Work]:
    """Both take some 520 steps along the valley to a gradient of about 1e-7."""
    start = np.zeros(100)
    limits = {"maxiter": 2000, "maxfun": 20_000, "maxcor": 10}
    options = {"gtol": 1e-7, "ftol": 0.0, **limits}

    def ours() -> float:
        trace = optim.lbfgs(rosen, rosen_der, start, steps=2000, tolerance=1e-6)
        return float(trace.losses[-1])

    def theirs() -> float:
        found = minimize(
            rosen, start, jac=rosen_der, method="L-BFGS-B", options=options
        )
        return float(found.fun)

    return ours, theirs


def _both_near_zero(ours: float, theirs: float) -> None:
    assert max(ours, theirs) < 1e-10


def _adam_on(n: int) -> Work:
    w = Tensor(np.zeros(n), requires_grad=True)
    w.grad = np.ones(n)
    optimizer = optim.Adam([w])

    def run() -> None:
        for _ in range(5):
            optimizer.step()

    return run


CASES = [
    Case(
        "SGD with momentum, 20 steps, 118k parameters",
        "torch",
        _steps("SGD", lr=0.01, momentum=0.9),
        _same,
    ),
    Case("Adam, 20 steps, 118k parameters", "torch", _steps("Adam"), _same),
    Case("L-BFGS, Rosenbrock, d = 100", "SciPy", _rosenbrock, _both_near_zero),
]
GROWTH = [
    Growth(
        "Adam, 5 steps, parameters",
        _adam_on,
        (400_000, 800_000, 1_600_000),
        expected=1.0,
    )
]
