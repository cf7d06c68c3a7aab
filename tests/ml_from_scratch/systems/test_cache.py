"""Caches: against models so simple that they cannot be wrong, and against theory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.cache import LFUCache, LRUCache, che_hit_rate, hit_rate

KEYS = st.lists(st.integers(0, 6), max_size=60)


class SlowLRU:
    """A list, the one used last at its end."""

    def __init__(self, capacity):
        self.capacity, self.keys = capacity, []

    def ask(self, key):
        hit = key in self.keys
        self.keys = [k for k in self.keys if k != key] + [key]
        self.keys = self.keys[-self.capacity :]
        return hit


class SlowLFU:
    """Counts and times of use; the victim is the least of both, by count first."""

    def __init__(self, capacity):
        self.capacity, self.uses, self.now = capacity, {}, 0

    def ask(self, key):
        self.now += 1
        hit = key in self.uses
        if not hit and len(self.uses) == self.capacity:
            del self.uses[min(self.uses, key=self.uses.get)]
        self.uses[key] = (self.uses.get(key, (0, 0))[0] + 1, self.now)
        return hit


@settings(max_examples=50)
@given(
    KEYS, st.integers(1, 5), st.sampled_from([(LRUCache, SlowLRU), (LFUCache, SlowLFU)])
)
def test_hits_are_those_of_the_slow_model(keys, capacity, kinds):
    fast, slow = kinds[0](capacity), kinds[1](capacity)
    for key in keys:
        hit = fast.get(key) is not None
        if not hit:
            fast.put(key, f"value of {key}")
        assert hit == slow.ask(key)
        assert fast.get(key) == f"value of {key}"
        slow.ask(key)
        assert len(fast) <= capacity


@settings(max_examples=30)
@given(KEYS, st.integers(1, 4))
def test_more_room_never_costs_an_lru_cache_a_hit(keys, capacity):
    """Inclusion: a larger LRU cache holds all that a smaller one holds."""
    if keys:
        small, large = LRUCache(capacity), LRUCache(capacity + 1)
        assert hit_rate(small, keys) <= hit_rate(large, keys)


@pytest.mark.parametrize("kind", [LRUCache, LFUCache])
def test_hits_misses_and_evictions_are_counted(kind):
    cache = kind(2)
    for key in ("a", "b", "c"):
        cache.put(key, 1)
    cache.get("c")
    cache.get("nowhere")
    assert (cache.hits, cache.misses, cache.evictions, len(cache)) == (1, 1, 1, 2)


@pytest.mark.parametrize("kind", [LRUCache, LFUCache])
def test_a_value_can_be_replaced_and_can_be_none(kind):
    cache = kind(2)
    cache.put("a", 1)
    cache.put("a", None)
    assert cache.get("a", "absent") is None
    assert (len(cache), cache.hits) == (1, 1)


def test_what_is_stale_is_a_miss_and_makes_room():
    now = [0.0]
    cache = LRUCache(2, max_age=10.0, clock=lambda: now[0])
    cache.put("a", 1)
    now[0] = 10.0
    assert cache.get("a") == 1
    now[0] = 10.1
    assert cache.get("a") is None
    assert (cache.misses, len(cache)) == (1, 0)


def test_writing_makes_fresh_and_reading_does_not():
    now = [0.0]
    cache = LRUCache(2, max_age=10.0, clock=lambda: now[0])
    cache.put("a", 1)
    now[0] = 9.0
    cache.get("a")
    now[0] = 11.0
    assert cache.get("a") is None
    cache.put("a", 2)
    now[0] = 20.0
    assert cache.get("a") == 2


@pytest.mark.parametrize("room", [10, 100, 400])
@pytest.mark.parametrize("power", [0.6, 1.0, 1.4])
def test_ches_hit_rate_is_that_of_a_replay_to_half_a_point(room, power):
    """60,000 independent requests: their own chance is 0.2 points (one sigma)."""
    popularity = 1 / np.arange(1, 1001) ** power
    popularity /= popularity.sum()
    rng = np.random.default_rng(7)
    cache = LRUCache(room)
    hit_rate(cache, rng.choice(1000, 10_000, p=popularity).tolist())  # fill it
    found = hit_rate(cache, rng.choice(1000, 60_000, p=popularity).tolist())
    assert found == pytest.approx(che_hit_rate(popularity, room), abs=0.006)


def test_of_equal_items_the_hit_rate_is_the_share_that_fits():
    assert che_hit_rate(np.ones(1000), 250) == pytest.approx(0.25, abs=1e-9)
    assert che_hit_rate(np.ones(1000), 1000) == 1.0
    assert che_hit_rate([1.0, 0.0, 1.0], 2) == 1.0


@settings(max_examples=30)
@given(
    st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=50),
    st.floats(1e-3, 1e3),
)
def test_ches_hit_rate_grows_with_room_and_knows_no_unit(popularity, unit):
    rates = [che_hit_rate(popularity, room) for room in range(1, len(popularity) + 1)]
    assert all(a <= b + 1e-9 for a, b in pairwise(rates))
    assert all(0 <= rate <= 1 + 1e-12 for rate in rates)
    scaled = che_hit_rate(unit * np.array(popularity), 1)
    assert scaled == pytest.approx(rates[0], abs=1e-9)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: LRUCache(0), "capacity is 0"),
        (lambda: LFUCache(-1), "capacity is -1"),
        (lambda: LRUCache(1, max_age=0), "max_age is 0"),
        (lambda: hit_rate(LRUCache(1), []), "at least one request"),
        (lambda: che_hit_rate([], 1), r"shape \(0,\)"),
        (lambda: che_hit_rate([1, -1], 1), "must not be negative"),
        (lambda: che_hit_rate([0, 0], 1), "one must be above 0"),
        (lambda: che_hit_rate([1, np.nan], 1), "popularity contains NaN"),
        (lambda: che_hit_rate([1.0], 0), "capacity is 0"),
    ],
)
def test_wrong_settings_are_refused(act, said):
    with pytest.raises(ValueError, match=said):
        act()
