"""The small systems: the join that has a well-known rival, and growth of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.case import Case, Growth, Work
from ml_from_scratch.systems.cache import LFUCache, LRUCache, hit_rate
from ml_from_scratch.systems.dag import Task, topological_order
from ml_from_scratch.systems.point_in_time import point_in_time_join


def _frames(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    asked = pd.DataFrame({"plane": rng.integers(3000, size=n), "at": rng.random(n)})
    seen = pd.DataFrame({"plane": rng.integers(3000, size=n), "known": rng.random(n)})
    return asked, seen.assign(value=rng.normal(size=n))


def _join(n: int) -> Work:
    asked, seen = _frames(n)
    return lambda: point_in_time_join(asked, seen, by="plane", at="at", known="known")


def _joins() -> tuple[Work, Work]:
    asked, seen = _frames(100_000)

    def theirs() -> pd.DataFrame:
        return pd.merge_asof(
            asked.sort_values("at"),
            seen.sort_values("known"),
            left_on="at",
            right_on="known",
            by="plane",
        )

    return _join(100_000), theirs


def _same_values(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    columns = ["plane", "at", "known", "value"]
    a, b = (frame[columns].sort_values("at").to_numpy() for frame in (ours, theirs))
    np.testing.assert_array_equal(a, b)


def _requests(n: int) -> list[int]:
    rng = np.random.default_rng(0)
    found: list[int] = rng.zipf(1.3, size=n).tolist()
    return found


def _lru(n: int) -> Work:
    requests = _requests(n)
    return lambda: hit_rate(LRUCache(1000), requests)


def _lfu(n: int) -> Work:
    requests = _requests(n)
    return lambda: hit_rate(LFUCache(1000), requests)


def _graph(n: int) -> Work:
    tasks = [Task(str(i), print, (str(i // 2),) if i else ()) for i in range(n)]
    return lambda: topological_order(tasks)


CASES = [
    Case(
        "point-in-time join, 100k rows against 100k, 3,000 entities",
        "pandas.merge_asof",
        _joins,
        _same_values,
    )
]
GROWTH = [
    Growth("point-in-time join, rows of both", _join, (50_000, 100_000, 200_000), 1.0),
    Growth("LRU cache, requests", _lru, (50_000, 100_000, 200_000), 1.0),
    Growth("LFU cache, requests", _lfu, (50_000, 100_000, 200_000), 1.0),
    Growth("topological order, tasks", _graph, (10_000, 20_000, 40_000), 1.0),
]
