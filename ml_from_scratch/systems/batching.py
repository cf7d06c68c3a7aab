"""Answer many requests with one call of the model: dynamic micro-batching.

A model predicts 32 rows in hardly more time than one. The batcher holds a request back
for a moment, at most `max_wait` seconds, in case others come, and calls the model once
for all of them. Its queue is bounded: beyond that, refusing at once is kinder than an
answer that comes too late (back-pressure).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self


class OverloadedError(RuntimeError):
    """The queue is full: the request was refused, not delayed.

    Notes
    -----
    Taught in: deployment/latency.
    """


class MicroBatcher:
    """Collects requests for a short time and predicts them together.

    Parameters
    ----------
    predict : callable
        Takes a list of inputs, returns one output each, in the same order. It runs in
        a thread, so that new requests are taken in meanwhile.
    max_batch : int
        Rows of one call at most.
    max_wait : float
        Seconds that the first request of a batch waits for others at most.
    max_queue : int
        Requests that may wait; more are refused.

    Attributes
    ----------
    batch_sizes : list of int
        How many rows each call had.

    Raises
    ------
    ValueError
        If a limit is out of range.

    Notes
    -----
    Use it as ``async with MicroBatcher(...) as batcher``: leaving the block answers
    what is waiting and stops. A call that fails fails the requests of its batch only.
    Taught in: deployment/latency.

    References
    ----------
    Crankshaw et al. (2017), "Clipper: a low-latency online prediction serving system",
    NSDI, section 4.3.

    Examples
    --------
    >>> async def ask():
    ...     double = lambda rows: [2 * row for row in rows]
    ...     async with MicroBatcher(double, max_batch=3, max_wait=0.5) as batcher:
    ...         answers = await asyncio.gather(*map(batcher.submit, [1, 2, 3]))
    ...     return answers, batcher.batch_sizes
    >>> asyncio.run(ask())
    ([2, 4, 6], [3])
    """

    def __init__(
        self,
        predict: Callable[[list[Any]], Sequence[Any]],
        *,
        max_batch: int = 32,
        max_wait: float = 0.005,
        max_queue: int = 1000,
    ) -> None:
        if max_batch < 1 or max_queue < 1 or max_wait < 0:
            raise ValueError(
                f"max_batch is {max_batch}, max_queue {max_queue}, max_wait {max_wait}"
                ": expected 1 or more, 1 or more, and seconds from 0."
            )
        self._predict = predict
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._waiting: asyncio.Queue[tuple[Any, asyncio.Future[Any]] | None]
        self._waiting = asyncio.Queue(max_queue)
        self._worker: asyncio.Task[None] | None = None
        self._closing = False
        self.batch_sizes: list[int] = []

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._closing = True
        await self._waiting.put(None)  # after everything that is waiting
        if self._worker is not None:
            await self._worker

    async def submit(self, row: Any) -> Any:
        """Hand in one input and wait for its output.

        Parameters
        ----------
        row : object
            One input of `predict`.

        Returns
        -------
        object
            Its output.

        Raises
        ------
        OverloadedError
            If the queue is full.
        RuntimeError
            If the batcher is not running.
        """
        if self._worker is None or self._closing:
            raise RuntimeError("The batcher is not running: use it in `async with`.")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((row, answer))
        except asyncio.QueueFull:
            raise OverloadedError(
                f"{self._waiting.maxsize} requests are waiting: try again later."
            ) from None
        return await answer

    async def _work(self) -> None:
        while (first := await self._waiting.get()) is not None:
            batch = [first]
            more = await self._gather(batch)
            await self._answer(batch)
            if not more:
                return

    async def _gather(self, batch: list[tuple[Any, asyncio.Future[Any]]]) -> bool:
        """Fill a batch until it is full or the time is up; False at the end of all."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._max_wait
        while len(batch) < self._max_batch:
            try:
                item = await self._next(deadline - loop.time())
            except TimeoutError:
                return True
            if item is None:
                return False
            batch.append(item)
        return True

    async def _next(self, seconds: float) -> tuple[Any, asyncio.Future[Any]] | None:
        """Take what is there; only for what is not, wait."""
        if not self._waiting.empty():
            return self._waiting.get_nowait()
        return await asyncio.wait_for(self._waiting.get(), seconds)

    async def _answer(self, batch: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        wanted = [(row, future) for row, future in batch if not future.cancelled()]
        if not wanted:
            return
        self.batch_sizes.append(len(wanted))
        try:
            rows = [row for row, _ in wanted]
            found = await asyncio.to_thread(self._predict, rows)
            if len(found) != len(rows):
                raise ValueError(f"predict gave {len(found)} for {len(rows)} rows.")
        except Exception as error:  # noqa: BLE001 (whatever it is, the askers get it)
            for _, future in wanted:
                _settle(future, error=error)
        else:
            for (_, future), value in zip(wanted, found, strict=True):
                _settle(future, value=value)


def _settle(
    future: asyncio.Future[Any], *, value: Any = None, error: Exception | None = None
) -> None:
    """Answer, unless whoever asked has gone away meanwhile."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
