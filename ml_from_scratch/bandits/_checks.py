"""What bandits ask of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers, check_finite


def column_of(values: ArrayLike, name: str) -> Floats:
    """Return a column of finite numbers, not empty."""
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or len(column) == 0:
        raise ValueError(f"{name} has shape {column.shape}; expected (n,), n above 0.")
    check_finite(column, name)
    return column


def check_arms(arms: Any, n_arms: int, n_games: int) -> Integers:
    """Return one known arm a game."""
    chosen = np.asarray(arms)
    if chosen.shape != (n_games,) or chosen.dtype.kind not in "iu":
        raise ValueError(
            f"arms is {arms!r}; expected one whole number a game, {n_games} in all."
        )
    if chosen.min() < 0 or chosen.max() >= n_arms:
        raise ValueError(
            f"arms go from {chosen.min()} to {chosen.max()}; expected 0 to "
            f"{n_arms - 1}."
        )
    return chosen.astype(np.intp)


def check_rewards(rewards: ArrayLike, n_games: int) -> Floats:
    """Return one finite reward a game."""
    paid = np.asarray(rewards, dtype=np.float64)
    if paid.shape != (n_games,):
        raise ValueError(f"rewards has shape {paid.shape}; expected ({n_games},).")
    check_finite(paid, "rewards")
    return paid
