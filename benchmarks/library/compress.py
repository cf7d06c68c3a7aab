"""What eight bits cost where no chip multiplies them: NumPy against its own float32."""

from __future__ import annotations

import numpy as np

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.compress import int8_matmul, quantize


def _product() -> tuple[Work, Work]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 512)).astype(np.float32)
    w = rng.normal(size=(256, 512)).astype(np.float32)
    a, b = quantize(x), quantize(w, axis=0)
    return lambda: int8_matmul(a, b), lambda: x @ w.T


def _close(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert np.abs(ours - theirs).max() < 0.03 * np.abs(theirs).max()


def _rounding(n: int) -> Work:
    x = np.random.default_rng(0).normal(size=n)
    return lambda: quantize(x)


CASES = [Case("int8 product 256 x 512 x 256", "NumPy float32", _product, _close)]
GROWTH = [
    Growth("quantising", _rounding, (100_000, 200_000, 400_000, 800_000), expected=1.0)
]
