"""Queues: what waiting costs, by formula and by simulation.

Requests arrive at random, each keeps a server busy for a while, and whoever finds all
servers busy waits in line. The formulas hold for special cases (Poisson arrivals,
exponential service); the simulation holds for any arrivals and any service times, the
measured ones of a real service among them.

Times are in one unit throughout, seconds say, and rates in its inverse.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Policy = Literal["random", "round-robin", "two-choices", "shortest-queue"]
POLICIES: tuple[Policy, ...] = (
    "random",
    "round-robin",
    "two-choices",
    "shortest-queue",
)


@dataclass(frozen=True)
class Queue:
    """What happened to each request, in the order of arrival.

    Parameters
    ----------
    arrivals : ndarray of float, shape (n,)
        When each came.
    starts : ndarray of float, shape (n,)
        When a server began on it.
    service : ndarray of float, shape (n,)
        How long that took.
    servers : int
        How many there were.

    Notes
    -----
    Taught in: system-design/capacity-and-scaling.

    Examples
    --------
    Three come at once to one server that needs a second for each.

    >>> queue = simulate_queue([0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    >>> queue.waits.tolist(), queue.responses.tolist()
    ([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    """

    arrivals: FloatArray
    starts: FloatArray
    service: FloatArray
    servers: int

    @property
    def waits(self) -> FloatArray:
        """Time in line, shape (n,)."""
        return self.starts - self.arrivals

    @property
    def responses(self) -> FloatArray:
        """Time from arrival to answer, shape (n,)."""
        return self.starts + self.service - self.arrivals

    @property
    def utilisation(self) -> float:
        """Share of the servers' time that was spent working, from 0 to 1."""
        end = float((self.starts + self.service).max())
        span = end - float(self.arrivals[0])
        return float(self.service.sum()) / (self.servers * span) if span else 0.0

    @property
    def mean_in_system(self) -> float:
        """Mean number of requests waiting or in service, over the whole run.

        Little's law: the mean response times the rate at which requests came.
        """
        end = float((self.starts + self.service).max())
        span = end - float(self.arrivals[0])
        return float(self.responses.sum()) / span if span else 0.0


def simulate_queue(
    arrivals: ArrayLike, service: ArrayLike, *, servers: int = 1
) -> Queue:
    """Serve requests in order of arrival by the first server that is free.

    Parameters
    ----------
    arrivals : array_like, shape (n,)
        Times of arrival, not falling.
    service : array_like, shape (n,)
        How long each keeps a server busy, 0 or more.
    servers : int
        How many work side by side.

    Returns
    -------
    Queue
        Starts and all that follows from them.

    Raises
    ------
    ValueError
        If the arrays are empty, differ in length, are not finite, the times fall, or
        there is no server.

    Notes
    -----
    A heap holds the time at which each server is free next; a request starts at the
    earliest of them or at its arrival, whichever is later. O(n log servers) time. For
    one server it is Lindley's recursion, ``wait[i] = max(0, wait[i-1] + service[i-1] -
    gap[i])``.

    Taught in: system-design/capacity-and-scaling.

    References
    ----------
    Lindley, D. V. (1952). The theory of queues with a single server. Mathematical
    Proceedings of the Cambridge Philosophical Society 48(2).
    Kiefer, J. and Wolfowitz, J. (1955). On the theory of queues with many servers.
    Transactions of the American Mathematical Society 78(1).

    Examples
    --------
    >>> queue = simulate_queue([0.0, 0.0, 0.5], [1.0, 1.0, 1.0], servers=2)
    >>> queue.waits.tolist()
    [0.0, 0.0, 0.5]
    """
    times, lengths = _checked(arrivals, service, servers)
    free = [-math.inf] * servers  # a heap: when each server is free next
    starts = np.empty_like(times)
    for i, (arrival, length) in enumerate(zip(times, lengths, strict=True)):
        starts[i] = max(arrival, free[0])
        heapq.heapreplace(free, starts[i] + length)
    return Queue(times, starts, lengths, servers)


def simulate_balanced(
    arrivals: ArrayLike,
    service: ArrayLike,
    *,
    servers: int,
    policy: Policy,
    rng: np.random.Generator,
) -> Queue:
    """Send each request to one of several servers, each with a line of its own.

    Parameters
    ----------
    arrivals, service : array_like, shape (n,)
        As for `simulate_queue`.
    servers : int
        How many; whoever is sent to one stays in its line.
    policy : {"random", "round-robin", "two-choices", "shortest-queue"}
        How the balancer picks: blindly, in turn, the shorter line of two random ones,
        or the shortest of all. A line's length counts who is waiting or in service.
    rng : numpy.random.Generator
        Of the random picks.

    Returns
    -------
    Queue
        In order of arrival.

    Raises
    ------
    ValueError
        As for `simulate_queue`, or if the policy is unknown.

    Notes
    -----
    O(n servers) time at most: each server keeps the departures that are still to come.

    Taught in: system-design/capacity-and-scaling.

    References
    ----------
    Mitzenmacher, M. (2001). The power of two choices in randomized load balancing. IEEE
    Transactions on Parallel and Distributed Systems 12(10).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> queue = simulate_balanced([0.0, 0.1], [1.0, 1.0], servers=2,
    ...                           policy="shortest-queue", rng=rng)
    >>> queue.waits.tolist()
    [0.0, 0.0]
    """
    times, lengths = _checked(arrivals, service, servers)
    if policy not in POLICIES:
        raise ValueError(f"policy: found {policy!r}, expected one of {POLICIES}")
    lines: list[list[float]] = [[] for _ in range(servers)]  # departures to come
    starts = np.empty_like(times)
    for i, (arrival, length) in enumerate(zip(times, lengths, strict=True)):
        line = lines[_pick(lines, arrival, policy, i, rng)]
        _leave(line, arrival)
        starts[i] = max(arrival, line[-1]) if line else arrival
        line.append(starts[i] + length)
    return Queue(times, starts, lengths, servers)


def _pick(
    lines: list[list[float]],
    now: float,
    policy: Policy,
    turn: int,
    rng: np.random.Generator,
) -> int:
    """Choose the line of one request."""
    if policy == "round-robin":
        return turn % len(lines)
    if policy == "random":
        return int(rng.integers(len(lines)))
    if policy == "two-choices" and len(lines) > 1:
        first, second = rng.choice(len(lines), size=2, replace=False)
        candidates = [int(first), int(second)]
    else:
        candidates = list(range(len(lines)))
    for candidate in candidates:
        _leave(lines[candidate], now)
    return min(candidates, key=lambda candidate: len(lines[candidate]))


def _leave(line: list[float], now: float) -> None:
    """Take out of a line whoever has left it by now; departures are in order."""
    while line and line[0] <= now:
        line.pop(0)


def _checked(
    arrivals: ArrayLike, service: ArrayLike, servers: int
) -> tuple[FloatArray, FloatArray]:
    times = np.asarray(arrivals, dtype=np.float64)
    lengths = np.asarray(service, dtype=np.float64)
    if times.ndim != 1 or times.shape != lengths.shape or times.size == 0:
        raise ValueError(
            f"arrivals and service: found shapes {times.shape} and {lengths.shape}, "
            "expected two equal ones (n,) with n at least 1"
        )
    if not (np.isfinite(times).all() and np.isfinite(lengths).all()):
        raise ValueError("arrivals and service: found NaN or inf, expected numbers")
    if (np.diff(times) < 0).any():
        raise ValueError("arrivals: found a time before the one ahead of it")
    if lengths.min() < 0:
        raise ValueError(f"service: found {lengths.min():g}, expected 0 or more")
    _positive_count("servers", servers)
    return times, lengths


def _positive_count(name: str, found: int) -> None:
    if found < 1 or found != int(found):
        raise ValueError(f"{name}: found {found}, expected a whole number above 0")


def _stable_load(rate: float, mean_service: float, servers: int) -> float:
    """Return the offered load, refusing what would grow without end."""
    _positive_count("servers", servers)
    if not (0 < rate < math.inf and 0 < mean_service < math.inf):
        raise ValueError(
            f"rate and mean_service: found {rate:g} and {mean_service:g}, expected "
            "two positive numbers"
        )
    load = rate * mean_service
    if load >= servers:
        raise ValueError(
            f"the load is {load:.3g} servers' work and there are {servers}: the line "
            "grows without end, and no mean exists"
        )
    return load


def erlang_c(load: float, servers: int) -> float:
    """Give the probability that a request has to wait at all (M/M/c).

    Parameters
    ----------
    load : float
        Offered load: rate times mean service time, below `servers`.
    servers : int
        How many.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If `load` is not positive or not below `servers`.

    Notes
    -----
    Built up server by server from Erlang's B, so that no factorial overflows:
    O(servers).

    Taught in: system-design/capacity-and-scaling.

    References
    ----------
    Erlang, A. K. (1917). Solution of some problems in the theory of probabilities of
    significance in automatic telephone exchanges. Elektroteknikeren 13.

    Examples
    --------
    >>> erlang_c(0.5, 1)  # one server: it is busy half of the time
    0.5
    >>> round(erlang_c(8.0, 10), 4)
    0.4092
    """
    _stable_load(load, 1.0, servers)
    blocked = 1.0  # Erlang's B with no server
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    busy = load / servers
    return blocked / (1 - busy * (1 - blocked))


def mmc_mean_wait(rate: float, mean_service: float, *, servers: int = 1) -> float:
    """Give the mean time in line with Poisson arrivals and exponential service.

    Parameters
    ----------
    rate : float
        Arrivals per unit of time.
    mean_service : float
        Mean service time.
    servers : int
        How many work side by side on one line.

    Returns
    -------
    float
        In the unit of `mean_service`.

    Raises
    ------
    ValueError
        If the servers cannot keep up, or a number is not positive.

    Notes
    -----
    Taught in: system-design/capacity-and-scaling.

    References
    ----------
    Kleinrock, L. (1975). Queueing Systems, volume 1, sections 3.2 and 3.5.

    Examples
    --------
    >>> round(mmc_mean_wait(rate=80.0, mean_service=0.01), 6)  # 80 % busy
    0.04
    """
    load = _stable_load(rate, mean_service, servers)
    return erlang_c(load, servers) * mean_service / (servers - load)


def mmc_wait_percentile(
    rate: float, mean_service: float, q: float, *, servers: int = 1
) -> float:
    """Give the time in line that `q` percent of requests do not exceed (M/M/c).

    Parameters
    ----------
    rate, mean_service : float
        As for `mmc_mean_wait`.
    q : float
        Percent, from 0 up to but not 100.
    servers : int
        As for `mmc_mean_wait`.

    Returns
    -------
    float
        0 where at least `q` percent do not wait at all.

    Raises
    ------
    ValueError
        As for `mmc_mean_wait`, or if `q` is out of range.

    Notes
    -----
    ``P(wait > t) = C exp(-(servers - load) t / mean_service)``, solved for t.

    Taught in: system-design/capacity-and-scaling.

    Examples
    --------
    >>> round(mmc_wait_percentile(80.0, 0.01, 99), 3)
    0.219
    """
    if not 0 <= q < 100:
        raise ValueError(f"q: found {q}, expected a percentage from 0 to below 100")
    load = _stable_load(rate, mean_service, servers)
    waiting = erlang_c(load, servers)
    slower = 1 - q / 100
    if waiting <= slower:
        return 0.0
    return mean_service / (servers - load) * math.log(waiting / slower)


def mg1_mean_wait(rate: float, mean_service: float, variance: float) -> float:
    """Give the mean time in line for one server and any service times (M/G/1).

    Parameters
    ----------
    rate : float
        Poisson arrivals per unit of time.
    mean_service : float
        Mean service time.
    variance : float
        Variance of the service time, 0 or more.

    Returns
    -------
    float
        The Pollaczek-Khinchine mean: it grows with the variance, not with the mean
        alone.

    Raises
    ------
    ValueError
        If the server cannot keep up, or a number is out of range.

    Notes
    -----
    Taught in: system-design/capacity-and-scaling.

    References
    ----------
    Kleinrock, L. (1975). Queueing Systems, volume 1, section 5.6.

    Examples
    --------
    A server that always needs the same time makes people wait half as long as one
    with exponential times.

    >>> regular = mg1_mean_wait(80.0, 0.01, variance=0.0)
    >>> round(regular, 6), round(mmc_mean_wait(80.0, 0.01), 6)
    (0.02, 0.04)
    """
    load = _stable_load(rate, mean_service, 1)
    if not 0 <= variance < math.inf:
        raise ValueError(f"variance: found {variance:g}, expected 0 or more")
    return rate * (mean_service**2 + variance) / (2 * (1 - load))


def servers_needed(
    rate: float, mean_service: float, *, within: float, q: float = 99.0
) -> int:
    """Give the fewest servers with which `q` percent wait no longer than `within`.

    Parameters
    ----------
    rate, mean_service
        As for `mmc_mean_wait`.
    within : float
        Longest time in line that is acceptable, 0 or more.
    q : float
        Percent of requests that must keep to it.

    Returns
    -------
    int
        At least enough to keep up.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    More servers never make anyone wait longer, so the first that suffices is the
    answer; O(servers²) for the sum of the attempts.

    Taught in: system-design/capacity-and-scaling.

    Examples
    --------
    >>> servers_needed(rate=1000.0, mean_service=0.01, within=0.01)
    14
    """
    if not 0 <= within < math.inf:
        raise ValueError(f"within: found {within:g}, expected 0 or more")
    _stable_load(rate, mean_service, math.floor(rate * mean_service) + 1)
    servers = math.floor(rate * mean_service) + 1
    while mmc_wait_percentile(rate, mean_service, q, servers=servers) > within:
        servers += 1
    return servers
