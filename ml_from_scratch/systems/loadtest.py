"""A small load generator that counts the waiting too.

Two ways to press on a service. In a closed loop a fixed number of clients each wait
for the answer before they ask again: when the service stalls, they stop asking, and
the stall is seen once a client. In an open loop requests come when they come, as
passengers do, and a stall is seen by everyone who arrives during it. A generator that
does the first and reports the second is said to suffer from coordinated omission
(Tene, 2015). Here every request has an intended time, and latency is counted from
that time, not from when the request got onto the wire.

Time is the event loop's own clock, so that a loop with simulated time gives simulated
latencies, to the last digit, and the tests need no real waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Send = Callable[[int], Awaitable[int]]

NO_ANSWER = 0  # stands where an HTTP status would: refused, cut off or timed out


def percentile(values: ArrayLike, q: float) -> float:
    """Give the smallest value that at least `q` percent of the values do not exceed.

    The nearest-rank method: the result is a latency that somebody waited, never one
    interpolated between two of them, and infinities are allowed.

    Parameters
    ----------
    values : array_like, shape (n,)
        At least one number, none of them NaN; `inf` for a request without an answer.
    q : float
        Percent, above 0 and up to 100.

    Returns
    -------
    float
        The value of rank ceil(q n / 100), counted from 1.

    Raises
    ------
    ValueError
        If there are no values, one is NaN, or `q` is out of range.

    Notes
    -----
    O(n) time: a selection, not a sort. The same as
    ``numpy.percentile(values, q, method="inverted_cdf")``, with `q` taken as the
    decimal that was written: binary rounding of ``q / 100 * n`` cannot move the rank.

    Taught in: deployment/prediction-service.

    References
    ----------
    Hyndman, R. J. and Fan, Y. (1996). Sample Quantiles in Statistical Packages. The
    American Statistician 50(4), definition 1.

    Examples
    --------
    >>> waits = [10, 11, 12, 13, 900]
    >>> percentile(waits, 50), percentile(waits, 80), percentile(waits, 99)
    (12.0, 13.0, 900.0)
    """
    data = np.asarray(values, dtype=np.float64).ravel()
    if data.size == 0:
        raise ValueError("values: found none, expected at least one number")
    if np.isnan(data).any():
        raise ValueError("values: found NaN, expected numbers or inf")
    if not 0 < q <= 100:
        raise ValueError(f"q: found {q}, expected a percentage above 0 and up to 100")
    rank = math.ceil(round(q * data.size / 100, 9))
    return float(np.partition(data, rank - 1)[rank - 1])


@dataclass(frozen=True)
class LoadResult:
    """What happened to every request of one run, in the order of intended times.

    Parameters
    ----------
    intended : ndarray of float, shape (n,)
        Seconds from the start of the run at which the request should have been sent.
    sent : ndarray of float, shape (n,)
        Seconds at which it was sent: later, where no connection was free.
    finished : ndarray of float, shape (n,)
        Seconds at which its answer was complete.
    status : ndarray of int, shape (n,)
        HTTP status, `NO_ANSWER` where there was none.

    Notes
    -----
    Taught in: deployment/prediction-service.

    References
    ----------
    Tene, G. (2015). How NOT to Measure Latency. Talk, Strange Loop.

    Examples
    --------
    Three requests meant for 0, 1 and 2 s over one connection; the first took 5 s.

    >>> run = LoadResult(
    ...     intended=np.array([0.0, 1.0, 2.0]), sent=np.array([0.0, 5.0, 6.0]),
    ...     finished=np.array([5.0, 6.0, 7.0]), status=np.array([200, 200, 200]))
    >>> run.latencies.tolist()        # what the passengers waited
    [5.0, 5.0, 5.0]
    >>> run.service_times.tolist()    # what a naive generator reports
    [5.0, 1.0, 1.0]
    """

    intended: FloatArray
    sent: FloatArray
    finished: FloatArray
    status: IntArray

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Which requests were answered with a status from 200 to 299, shape (n,)."""
        return (self.status >= 200) & (self.status < 300)

    @property
    def errors(self) -> int:
        """How many were not."""
        return int((~self.ok).sum())

    @property
    def latencies(self) -> FloatArray:
        """Seconds from the intended time to the answer, `inf` for errors, shape (n,).

        An error counts as an answer that never came: a service that fails fast must
        not look fast.
        """
        return np.where(self.ok, self.finished - self.intended, np.inf)

    @property
    def service_times(self) -> FloatArray:
        """Seconds from sending to the answer, `inf` for errors, shape (n,).

        Leaves out what a request waited before it was sent: the omission.
        """
        return np.where(self.ok, self.finished - self.sent, np.inf)

    @property
    def duration(self) -> float:
        """Seconds from the start of the run to the last answer."""
        return float(self.finished.max())

    @property
    def throughput(self) -> float:
        """Good answers a second, over the whole run."""
        if self.duration == 0:  # a clock too coarse for what was measured
            return math.inf if self.ok.any() else 0.0
        return float(self.ok.sum()) / self.duration

    def percentile(self, q: float) -> float:
        """Give a percentile of the latencies, errors counted as infinitely late.

        Parameters
        ----------
        q : float
            0 to 100, as `percentile` takes it.

        Returns
        -------
        float
            Seconds.
        """
        return percentile(self.latencies, q)

    def summary(self) -> dict[str, float]:
        """Give the line of a report: counts, requests a second, milliseconds.

        Returns
        -------
        dict
            `requests`, `errors`, `per_second`, `p50_ms`, `p95_ms`, `p99_ms`, `max_ms`.
        """
        milliseconds = {f"p{q}_ms": 1000 * self.percentile(q) for q in (50, 95, 99)}
        return {
            "requests": len(self.status),
            "errors": self.errors,
            "per_second": self.throughput,
            **milliseconds,
            "max_ms": 1000 * float(self.latencies.max()),
        }


@dataclass
class _Log:
    """Times of a run while it lasts, relative to its start."""

    intended: FloatArray  # (n,)
    start: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def __post_init__(self) -> None:
        self.sent = np.zeros_like(self.intended)
        self.finished = np.zeros_like(self.intended)
        self.status = np.zeros(len(self.intended), dtype=np.int64)

    def now(self) -> float:
        return asyncio.get_running_loop().time() - self.start

    async def record(self, send: Send, i: int) -> None:
        self.sent[i] = self.now()
        self.status[i] = await send(i)
        self.finished[i] = self.now()

    def result(self) -> LoadResult:
        return LoadResult(self.intended, self.sent, self.finished, self.status)


def _at_least_one(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name}: found {count}, expected at least 1")


async def closed_loop(send: Send, *, clients: int, requests: int) -> LoadResult:
    """Let each of `clients` ask again as soon as it has its answer.

    Measures what the service can do at most, and nothing about what passengers would
    wait: the slower the answers, the fewer questions are asked.

    Parameters
    ----------
    send : callable
        Coroutine function: sends request number `i` and returns its status.
    clients : int
        How many ask at the same time.
    requests : int
        How many are asked together.

    Returns
    -------
    LoadResult
        With intended times equal to sending times: a closed loop intends nothing.

    Raises
    ------
    ValueError
        If a count is below 1.

    Notes
    -----
    Taught in: deployment/prediction-service.

    Examples
    --------
    >>> async def send(i):
    ...     await asyncio.sleep(0.001)
    ...     return 200
    >>> run = asyncio.run(closed_loop(send, clients=2, requests=10))
    >>> len(run.latencies), run.errors
    (10, 0)
    """
    _at_least_one(clients=clients, requests=requests)
    log = _Log(np.zeros(requests))
    numbers = iter(range(requests))  # shared: whoever is free takes the next

    async def client() -> None:
        """Ask, wait for the answer, ask again."""
        for i in numbers:
            log.intended[i] = log.now()
            await log.record(send, i)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return log.result()


def poisson_arrivals(rate: float, requests: int, seed: int) -> FloatArray:
    """Draw the times of independent passengers: exponential gaps of mean 1 / `rate`.

    Parameters
    ----------
    rate : float
        Requests a second.
    requests : int
        How many.
    seed : int
        Of the generator, so that two services can be sent the same load.

    Returns
    -------
    ndarray of float, shape (requests,)
        Seconds from the start, rising.

    Raises
    ------
    ValueError
        If `rate` is not a positive number or `requests` is below 1.

    Notes
    -----
    Taught in: deployment/prediction-service.

    Examples
    --------
    >>> times = poisson_arrivals(rate=50.0, requests=1000, seed=0)
    >>> bool((np.diff(times) >= 0).all()), round(float(times[-1]), 1)
    (True, 20.4)
    """
    _at_least_one(requests=requests)
    if not 0 < rate < math.inf:
        raise ValueError(f"rate: found {rate}, expected requests a second above 0")
    gaps = np.random.default_rng(seed).exponential(1 / rate, size=requests)
    return np.cumsum(gaps)


async def open_loop(
    send: Send,
    *,
    rate: float,
    requests: int,
    seed: int = 0,
    connections: int | None = None,
) -> LoadResult:
    """Send requests at Poisson times of a stated rate, whatever the answers do.

    Parameters
    ----------
    send : callable
        Coroutine function: sends request number `i` and returns its status.
    rate : float
        Mean requests a second.
    requests : int
        How many are sent.
    seed : int
        Of the arrival times.
    connections : int, optional
        How many may be under way at a time; a request beyond waits here, and its
        latency counts that. Without it there is no bound, as with strangers.

    Returns
    -------
    LoadResult
        With latencies counted from the intended times.

    Raises
    ------
    ValueError
        If a count is below 1 or the rate is not positive.

    Notes
    -----
    Taught in: deployment/prediction-service.

    References
    ----------
    Schroeder, B., Wierman, A. and Harchol-Balter, M. (2006). Open Versus Closed: A
    Cautionary Tale. NSDI.

    Examples
    --------
    >>> async def send(i):
    ...     return 200
    >>> run = asyncio.run(open_loop(send, rate=5000.0, requests=20))
    >>> bool((run.sent >= run.intended).all()), run.errors
    (True, 0)
    """
    _at_least_one(connections=requests if connections is None else connections)
    log = _Log(poisson_arrivals(rate, requests, seed))
    free = asyncio.Semaphore(requests if connections is None else connections)

    async def passenger(i: int) -> None:
        """Ask at the intended time, whatever the others are doing."""
        await asyncio.sleep(log.intended[i] - log.now())
        async with free:
            await log.record(send, i)

    async with asyncio.TaskGroup() as group:
        for i in range(requests):
            group.create_task(passenger(i))
    return log.result()


class _ClosedWhileIdleError(ConnectionError):
    """The connection ended before a byte of the answer: ask again on another one."""


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HttpTarget:
    """Send requests to one URL over kept connections, as little work as can be.

    A load generator shares the machine with what it measures, so this one does only
    what it must: it writes the bytes, reads the status and skips the body. It speaks
    plain HTTP/1.1 with replies that state their length or end with the connection.

    Parameters
    ----------
    url : str
        `http://host:port/path`.
    bodies : sequence of bytes
        JSON bodies to POST, in turn; empty for GET.
    timeout : float
        Seconds after which an answer no longer counts.

    Raises
    ------
    ValueError
        If the URL is not plain HTTP with a host, or a reply is not HTTP/1 or comes
        in chunks.

    Notes
    -----
    Taught in: deployment/prediction-service.

    Examples
    --------
    >>> async def press(url):
    ...     async with HttpTarget(url, bodies=[b'{"hour": 17}']) as send:
    ...         return await closed_loop(send, clients=1, requests=2)
    >>> asyncio.run(press("http://127.0.0.1:1/predict")).status  # nobody is there
    array([0, 0])
    """

    def __init__(
        self, url: str, *, bodies: Sequence[bytes] = (), timeout: float = 10.0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"url: found {url!r}, expected http://host:port/path")
        self._address = (parts.hostname, parts.port or 80)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        contents: Sequence[bytes | None] = bodies or [None]
        self._messages = [_message(path, parts.netloc, body) for body in contents]
        self._timeout = timeout
        self._idle: list[_Connection] = []
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(self, i: int) -> int:
        """Send message `i`, modulo their number; give its status or `NO_ANSWER`."""
        message = self._messages[i % len(self._messages)]
        try:
            async with asyncio.timeout(self._timeout):
                return await self._exchange(message)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            return NO_ANSWER

    async def _exchange(self, message: bytes) -> int:
        while self._idle:
            with contextlib.suppress(_ClosedWhileIdleError):
                return await self._ask(*self._idle.pop(), message)
        return await self._ask(*await asyncio.open_connection(*self._address), message)

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        message: bytes,
    ) -> int:
        try:
            writer.write(message)
            status, keep = await _read_reply(reader)
        except BaseException:
            self._close(writer)  # half an answer may be on its way: not to be reused
            raise
        if keep:
            self._idle.append((reader, writer))
        else:
            self._close(writer)
        return status

    def _close(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        task = asyncio.create_task(_closed(writer))
        self._closing.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._closing.discard)

    async def __aenter__(self) -> HttpTarget:
        """Give itself; connections are opened when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            self._close(writer)
        self._idle.clear()
        await asyncio.gather(*self._closing)


async def _closed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # the server may have closed first
        await writer.wait_closed()


def _message(path: str, host: str, body: bytes | None) -> bytes:
    verb = "GET" if body is None else "POST"
    content = b"" if body is None else body
    head = (
        f"{verb} {path} HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode("ascii") + content


async def _read_reply(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one reply; give its status and whether the connection may be kept."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        if getattr(error, "partial", b""):
            raise
        raise _ClosedWhileIdleError("found no reply, expected one") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version not in ("HTTP/1.0", "HTTP/1.1") or not rest[:3].isdigit():
        raise ValueError(f"reply: found {first[:40]!r}, expected HTTP/1.1 and a status")
    status, headers = int(rest[:3]), _headers(lines)
    keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return status, await _skip_body(reader, status, headers) and keep


async def _skip_body(
    reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]
) -> bool:
    """Read past the body; say whether its end was known before the connection's."""
    if "transfer-encoding" in headers:
        raise ValueError("reply: found one in chunks, expected a Content-Length")
    if status in (204, 304):  # these never have a body
        return True
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
        return True
    await reader.read()
    return False


def _headers(lines: Sequence[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
