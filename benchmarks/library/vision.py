"""Boxes and images; resizing against torch."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.vision import nms, resize

torch.set_num_threads(1)


def _resizing() -> tuple[Work, Work]:
    x = np.random.default_rng(0).random((16, 3, 224, 224), dtype=np.float32)
    images = torch.tensor(x)
    return (
        lambda: resize(x, (160, 160)),
        lambda: torch.nn.functional.interpolate(
            images, (160, 160), mode="bilinear"
        ).numpy(),
    )


def _same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def _suppression(n: int) -> Work:
    """As many objects as it takes for each to have ten boxes around it."""
    rng = np.random.default_rng(0)
    centre = np.repeat(rng.uniform(0, 20 * np.sqrt(n), (n // 10, 2)), 10, axis=0)
    centre += rng.normal(0, 1, centre.shape)
    boxes = np.hstack([centre - 10, centre + 10])
    scores = rng.random(len(boxes))
    return lambda: nms(boxes, scores, 0.5)


CASES = [Case("resize 16 x 3 x 224 to 160", "torch", _resizing, _same)]
GROWTH = [
    Growth(
        "suppression, ten boxes an object", _suppression, (1000, 2000, 4000, 8000), 2.0
    )
]
