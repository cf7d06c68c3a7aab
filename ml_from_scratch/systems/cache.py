"""Caches, and what a cache is worth: eviction, staleness, hit rates.

`LRUCache` and `LFUCache` do every operation in constant time; `hit_rate` replays a
list of requests through one; `che_hit_rate` gives the hit rate of an LRU cache without
replaying anything, from the popularity of the items alone.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ml_from_scratch.base import check_finite

_ABSENT = object()


class LRUCache:
    """Keeps what was used last; forgets what was not used for longest.

    Parameters
    ----------
    capacity : int
        How many entries at most, 1 or more.
    max_age : float, optional
        Seconds after which an entry is stale and counts as missing.
    clock : callable
        Returns the time in seconds; tests give their own.

    Attributes
    ----------
    hits, misses, evictions : int
        What has happened so far; a stale entry is a miss.

    Raises
    ------
    ValueError
        If `capacity` is below 1 or `max_age` is not above 0.

    Notes
    -----
    A dictionary that remembers its order does the work: O(1) an operation.
    Taught in: deployment/caching.

    Examples
    --------
    >>> cache = LRUCache(2)
    >>> for key in ("a", "b"):
    ...     cache.put(key, key.upper())
    >>> cache.get("a")
    'A'
    >>> cache.put("c", "C")   # "b" was not used for longest
    >>> cache.get("b") is None, cache.hits, cache.misses
    (True, 1, 1)
    """

    def __init__(
        self,
        capacity: int,
        *,
        max_age: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        _check_capacity(capacity)
        if max_age is not None and not max_age > 0:
            raise ValueError(
                f"max_age is {max_age}: expected seconds above 0, or None."
            )
        self.capacity = capacity
        self.max_age = math.inf if max_age is None else max_age
        self._clock = clock
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self.hits = self.misses = self.evictions = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return what is kept under a key, and mark it as used.

        Parameters
        ----------
        key : hashable
            The key.
        default : object
            What to return where nothing fresh is kept.

        Returns
        -------
        object
            The value, or the default.
        """
        stored, value = self._entries.get(key, (-math.inf, default))
        if self._clock() - stored > self.max_age or key not in self._entries:
            self._entries.pop(key, None)
            self.misses += 1
            return default
        self._entries.move_to_end(key)
        self.hits += 1
        return value

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value; if there is no room, forget the one not used for longest.

        Parameters
        ----------
        key : hashable
            The key; what was kept under it is replaced.
        value : object
            The value.
        """
        self._entries[key] = (self._clock(), value)
        self._entries.move_to_end(key)
        if len(self._entries) > self.capacity:
            self._entries.popitem(last=False)
            self.evictions += 1


class LFUCache:
    """Keeps what is used most often; of equals, forgets the one used longest ago.

    Parameters
    ----------
    capacity : int
        How many entries at most, 1 or more.

    Attributes
    ----------
    hits, misses, evictions : int
        What has happened so far.

    Raises
    ------
    ValueError
        If `capacity` is below 1.

    Notes
    -----
    Entries stand in one ordered dictionary for each count of uses, so that the victim
    is the first of the lowest count: O(1) an operation.
    Taught in: system-design/cache-design.

    References
    ----------
    Shah, Mitra and Matani (2010), "An O(1) algorithm for implementing the LFU cache
    eviction scheme".

    Examples
    --------
    >>> cache = LFUCache(2)
    >>> cache.put("a", 1)
    >>> cache.put("b", 2)
    >>> _ = cache.get("a")
    >>> cache.put("c", 3)     # "b" was used less often than "a"
    >>> cache.get("a"), cache.get("b")
    (1, None)
    """

    def __init__(self, capacity: int) -> None:
        _check_capacity(capacity)
        self.capacity = capacity
        self._values: dict[Hashable, Any] = {}
        self._uses: dict[Hashable, int] = {}
        self._by_uses: dict[int, OrderedDict[Hashable, None]] = {}
        self._fewest = 0
        self.hits = self.misses = self.evictions = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, default: Any = None) -> Any:
        """Return what is kept under a key, and count the use.

        Parameters
        ----------
        key : hashable
            The key.
        default : object
            What to return where nothing is kept.

        Returns
        -------
        object
            The value, or the default.
        """
        if key not in self._values:
            self.misses += 1
            return default
        self.hits += 1
        self._use(key)
        return self._values[key]

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value; if there is no room, forget the one used least often.

        Parameters
        ----------
        key : hashable
            The key; what was kept under it is replaced.
        value : object
            The value.
        """
        if key not in self._values and len(self._values) == self.capacity:
            self._evict()
        if key in self._values:
            self._use(key)
        else:
            self._uses[key] = self._fewest = 1
            self._by_uses.setdefault(1, OrderedDict())[key] = None
        self._values[key] = value

    def _use(self, key: Hashable) -> None:
        uses = self._uses[key]
        self._leave(key, uses)
        if self._fewest == uses and uses not in self._by_uses:
            self._fewest = uses + 1
        self._uses[key] = uses + 1
        self._by_uses.setdefault(uses + 1, OrderedDict())[key] = None

    def _evict(self) -> None:
        victim = next(iter(self._by_uses[self._fewest]))
        self._leave(victim, self._fewest)
        del self._values[victim], self._uses[victim]
        self.evictions += 1

    def _leave(self, key: Hashable, uses: int) -> None:
        del self._by_uses[uses][key]
        if not self._by_uses[uses]:
            del self._by_uses[uses]


def hit_rate(cache: LRUCache | LFUCache, requests: Iterable[Hashable]) -> float:
    """Replay requests through a cache, putting in what was missing.

    Parameters
    ----------
    cache : LRUCache or LFUCache
        Where they go; it is changed.
    requests : iterable of hashable
        Keys in the order in which they are asked for.

    Returns
    -------
    float
        The share of these requests that were answered from the cache.

    Raises
    ------
    ValueError
        If there are no requests.

    Notes
    -----
    O(requests). Taught in: system-design/cache-design.

    Examples
    --------
    >>> hit_rate(LRUCache(2), ["a", "b", "a", "c", "a", "b"])
    0.3333333333333333
    """
    hits = asked = 0
    for key in requests:
        asked += 1
        if cache.get(key, _ABSENT) is _ABSENT:
            cache.put(key, True)
        else:
            hits += 1
    if not asked:
        raise ValueError("A hit rate needs at least one request, but there are none.")
    return hits / asked


def che_hit_rate(popularity: ArrayLike, capacity: int) -> float:
    r"""Return the hit rate of a large LRU cache from how popular the items are.

    In a full LRU cache an item stays for a time that hardly varies: the time T in
    which as many different items are asked for as there is room. An item of rate p is
    still there with probability :math:`1 - e^{-pT}`, and these must add up to the
    capacity, which gives T.

    Parameters
    ----------
    popularity : array-like of shape (n,)
        Rates or probabilities at which the items are asked for, not negative.
    capacity : int
        How many items fit, 1 or more.

    Returns
    -------
    float
        The share of requests that are hits where requests are independent; 1 where
        everything that is ever asked for fits.

    Raises
    ------
    ValueError
        If `popularity` is not a list of finite numbers from 0 with one above, or the
        capacity is below 1.

    Notes
    -----
    O(n) a step of the root search. Taught in: system-design/cache-design.

    References
    ----------
    Che, Tung and Wang (2002), "Hierarchical web caching systems: modeling, design and
    experimental results", IEEE Journal on Selected Areas in Communications 20(7).

    Examples
    --------
    >>> round(che_hit_rate([1 / rank for rank in range(1, 1001)], 100), 3)
    0.577
    """
    _check_capacity(capacity)
    p = np.asarray(popularity, dtype=np.float64)
    if p.ndim != 1 or not len(p):
        raise ValueError(f"popularity has shape {p.shape}: expected (n,) with n >= 1.")
    check_finite(p, "popularity")
    if (p < 0).any() or not p.any():
        raise ValueError("popularity must not be negative, and one must be above 0.")
    p = p[p > 0] / p.sum()
    if capacity >= len(p):
        return 1.0

    def room(log_time: float) -> float:
        return float(-np.expm1(-p * np.exp(log_time)).sum()) - capacity

    # At T = capacity too few different items came; after this long all have come.
    longest = math.log(50.0 / float(p.min()))
    time_in_cache = math.exp(brentq(room, math.log(capacity) - 1.0, longest))
    return float(-np.expm1(-p * time_in_cache) @ p)


def _check_capacity(capacity: int) -> None:
    if capacity < 1:
        raise ValueError(f"capacity is {capacity}: expected 1 or more.")
