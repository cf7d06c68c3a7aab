"""What a caller does about a service that fails: wait, stop asking, answer otherwise.

`retry` asks again after a growing, random pause. `CircuitBreaker` stops asking for a
while when nothing comes back, which lets the service recover. `with_fallback` gives
the simple answer (a cached one, a base rate) when the good one cannot be had.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np


class CircuitOpenError(RuntimeError):
    """The breaker is open: the service was not asked.

    Notes
    -----
    Taught in: deployment/latency.
    """


def backoff_delays(
    retries: int, *, base: float, cap: float, rng: np.random.Generator
) -> list[float]:
    """Return pauses before each retry: random, up to a bound that doubles.

    Callers that failed together must not come back together. A pause drawn evenly from
    0 to the bound ("full jitter") spreads them.

    Parameters
    ----------
    retries : int
        How many.
    base : float
        The first bound, in seconds.
    cap : float
        The largest bound, in seconds.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    list of float
        Seconds, one a retry.

    Raises
    ------
    ValueError
        If `retries` is negative, or a bound is not above 0.

    Notes
    -----
    O(retries). Taught in: deployment/latency.

    References
    ----------
    Nygard (2018), Release It!, 2nd edition, chapter 5.

    Examples
    --------
    >>> pauses = backoff_delays(4, base=1, cap=4, rng=np.random.default_rng(0))
    >>> [pause <= bound for pause, bound in zip(pauses, [1, 2, 4, 4])]
    [True, True, True, True]
    """
    if retries < 0 or base <= 0 or cap <= 0:
        raise ValueError(
            f"retries is {retries}, base {base}, cap {cap}: expected 0 or more, and "
            "seconds above 0."
        )
    bounds = np.minimum(cap, base * 2.0 ** np.arange(retries))
    pauses: list[float] = rng.uniform(0.0, bounds).tolist()
    return pauses


def retry(
    call: Callable[[], Any],
    *,
    delays: list[float],
    on: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """Call, and call again after each pause while it fails in a way that may pass.

    Parameters
    ----------
    call : callable
        Takes nothing. It must be safe to call twice (idempotent).
    delays : list of float
        Seconds before each retry; as many retries as there are.
    on : tuple of exception types
        What is worth a retry. A wrong request stays wrong, so not every error is.
    sleep : callable
        How to wait; tests give one that does not.

    Returns
    -------
    object
        What the first call that did not fail gave.

    Raises
    ------
    Exception
        The last failure, when there is no retry left, and every other error at once.

    Notes
    -----
    Retries multiply the load on a service that is already failing: with three retries
    in each of three layers, up to 64 calls reach the last one.
    Taught in: deployment/latency.

    Examples
    --------
    >>> answers = iter([ConnectionError("down"), "up"])
    >>> def ask():
    ...     answer = next(answers)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> retry(ask, delays=[0.0])
    'up'
    """
    for delay in delays:
        try:
            return call()
        except on:
            sleep(delay)
    return call()


class CircuitBreaker:
    """Stops calling a service that keeps failing, and tries again after a while.

    Closed, every call goes through. After `threshold` failures in a row it opens: calls
    fail at once, for `cooldown` seconds. Then it is half open: one call goes through,
    and closes it or opens it again.

    Parameters
    ----------
    threshold : int
        Failures in a row that open it.
    cooldown : float
        Seconds for which it stays open.
    clock : callable
        Returns the time in seconds; tests give their own.

    Raises
    ------
    ValueError
        If `threshold` is below 1 or `cooldown` is negative.

    Notes
    -----
    Taught in: deployment/latency.

    References
    ----------
    Nygard (2018), Release It!, 2nd edition, chapter 5.

    Examples
    --------
    >>> breaker = CircuitBreaker(threshold=1, cooldown=30.0)
    >>> def down():
    ...     raise ConnectionError("down")
    >>> try:
    ...     breaker.call(down)
    ... except ConnectionError:
    ...     breaker.state
    'open'
    """

    def __init__(
        self,
        *,
        threshold: int,
        cooldown: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if threshold < 1 or cooldown < 0:
            raise ValueError(
                f"threshold is {threshold}, cooldown {cooldown}: expected 1 or more, "
                "and seconds from 0."
            )
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None

    @property
    def state(self) -> Literal["closed", "open", "half open"]:
        """Whether calls go through."""
        if self._opened is None:
            return "closed"
        waited = self._clock() - self._opened
        return "open" if waited < self._cooldown else "half open"

    def call(self, work: Callable[[], Any]) -> Any:
        """Call a service if the state allows it, and remember how it went.

        Parameters
        ----------
        work : callable
            Takes nothing.

        Returns
        -------
        object
            What it gave.

        Raises
        ------
        CircuitOpenError
            If the breaker is open; the service was not asked.
        Exception
            What `work` raised.
        """
        if self.state == "open":
            raise CircuitOpenError(
                f"{self._failures} calls in a row failed: no call before "
                f"{self._cooldown:g} s have passed."
            )
        try:
            found = work()
        except Exception:
            self._failures += 1
            if self._failures >= self._threshold:
                self._opened = self._clock()
            raise
        self._failures, self._opened = 0, None
        return found


def with_fallback(
    call: Callable[[], Any],
    fallback: Callable[[], Any],
    *,
    on: tuple[type[Exception], ...] = (
        ConnectionError,
        TimeoutError,
        CircuitOpenError,
    ),
) -> tuple[Any, bool]:
    """Answer with the fallback where the call fails in an expected way.

    Parameters
    ----------
    call : callable
        The good answer.
    fallback : callable
        The simple one; it must not be able to fail for the same reason.
    on : tuple of exception types
        What counts as an expected failure; other errors are defects, and pass.

    Returns
    -------
    answer : object
        What one of the two gave.
    degraded : bool
        Whether it was the fallback: to be logged and counted, or nobody will notice.

    Notes
    -----
    Taught in: deployment/latency.

    Examples
    --------
    >>> def down():
    ...     raise TimeoutError("no answer in 0.2 s")
    >>> with_fallback(down, lambda: 0.24)
    (0.24, True)
    """
    try:
        return call(), False
    except on:
        return fallback(), True
