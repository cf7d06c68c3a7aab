"""Add up gradients over workers so that everybody ends with the sum: all-reduce.

In the ring, each of W workers cuts its vector into W parts and only ever talks to its
neighbours. In W - 1 steps every part is summed somewhere (reduce-scatter), in W - 1
more it has travelled to everyone (all-gather). A worker sends 2 (W - 1) / W of its
vector, whatever W is: that is why the ring scales, and why a server in the middle,
through which W whole vectors pass, does not.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

import numpy as np

from ml_from_scratch.base import Floats

Send = Callable[[Floats], None]
Receive = Callable[[], Floats]


def ring_all_reduce(
    vector: Floats, rank: int, workers: int, *, send: Send, receive: Receive
) -> Floats:
    """Return the sum of all workers' vectors; every worker calls this with its own.

    Parameters
    ----------
    vector : array of shape (n,)
        This worker's numbers; they are not changed.
    rank : int
        Which worker this is, from 0.
    workers : int
        How many there are.
    send : callable
        Hands an array to the next worker, `(rank + 1) % workers`, without waiting
        until that one takes it.
    receive : callable
        Waits for an array from the worker before, `(rank - 1) % workers`.

    Returns
    -------
    numpy.ndarray of shape (n,)
        The sum, the same to the last bit on every worker.

    Raises
    ------
    ValueError
        If `rank` is not one of the workers, the vector is not one-dimensional, or
        workers bring vectors of different lengths.

    Notes
    -----
    2 (workers - 1) messages of n / workers numbers each, all links busy at once.
    Taught in: deep-learning/data-parallel.

    References
    ----------
    Patarasuk and Yuan (2009), "Bandwidth optimal all-reduce algorithms for clusters of
    workstations", Journal of Parallel and Distributed Computing 69(2).

    Examples
    --------
    >>> alone = ring_all_reduce(np.ones(3), 0, 1, send=print, receive=input)
    >>> alone.tolist()
    [1.0, 1.0, 1.0]
    """
    if vector.ndim != 1 or not 0 <= rank < workers:
        raise ValueError(
            f"rank is {rank} of {workers} and the vector has shape {vector.shape}: "
            "expected a rank from 0 and a vector of shape (n,)."
        )
    parts = np.array_split(vector.copy(), workers)  # views of one copy
    for step in range(workers - 1):  # reduce-scatter
        send(parts[(rank - step) % workers])
        parts[(rank - step - 1) % workers] += _checked(
            receive(), parts[(rank - step - 1) % workers]
        )
    for step in range(workers - 1):  # all-gather
        send(parts[(rank - step + 1) % workers])
        parts[(rank - step) % workers][:] = receive()
    return np.concatenate(parts)


def _checked(received: Floats, own: Floats) -> Floats:
    if received.shape != own.shape:
        raise ValueError(
            f"The worker before sent {received.shape[0]} numbers where this one has "
            f"{own.shape[0]}: all vectors must have one length."
        )
    return received


def all_reduce_in_processes(vectors: Sequence[Floats]) -> list[Floats]:
    """Sum vectors by a ring of processes, one for each vector.

    Parameters
    ----------
    vectors : sequence of arrays of shape (n,)
        One for each worker.

    Returns
    -------
    list of numpy.ndarray
        What each worker ended with: the sum, as often as there are workers.

    Raises
    ------
    ValueError
        If there is no vector, or they differ in length.
    RuntimeError
        If a worker ends without a result.

    Notes
    -----
    Neighbours are joined by pipes. A pipe takes only so much before its sender must
    wait, and in a ring everybody would wait for everybody; so a thread sends.
    Taught in: deep-learning/data-parallel.

    Examples
    --------
    >>> sums = all_reduce_in_processes([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    >>> [total.tolist() for total in sums]
    [[4.0, 6.0], [4.0, 6.0]]
    """
    shapes = {np.shape(vector) for vector in vectors}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(f"The vectors have the shapes {shapes}: expected one, (n,).")
    context = multiprocessing.get_context("spawn")  # the same on every system
    links = [Pipe(duplex=False) for _ in vectors]  # link i leads to worker i
    results = [Pipe(duplex=False) for _ in vectors]
    processes = []
    for rank, vector in enumerate(vectors):
        onward = links[(rank + 1) % len(vectors)][1]
        ends = (links[rank][0], onward, results[rank][1])
        work = (np.asarray(vector, np.float64), rank, len(vectors), *ends)
        processes.append(context.Process(target=_worker, args=work))
    return _collected(processes, [reader for reader, _ in results])


def _collected(processes: list[Any], readers: list[Any]) -> list[Floats]:
    try:
        for process in processes:
            process.start()
        return [_result(*pair) for pair in zip(readers, processes, strict=True)]
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
                process.join()


def _result(reader: Any, process: Any) -> Floats:
    """Wait for a worker's result, or for its end."""
    wait([reader, process.sentinel])
    if not reader.poll():
        raise RuntimeError(f"A worker ended with {process.exitcode} and no result.")
    total: Floats = reader.recv()
    return total


def _worker(
    vector: Floats,
    rank: int,
    workers: int,
    before: Connection[Any, Any],
    onward: Connection[Any, Any],
    result: Connection[Any, Any],
) -> None:
    with ThreadPoolExecutor(1) as sender:

        def send(part: Floats) -> None:
            sender.submit(onward.send, part.copy())

        total = ring_all_reduce(vector, rank, workers, send=send, receive=before.recv)
    result.send(total)
