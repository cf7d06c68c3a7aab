"""Take the time of two things in turns, their memory, and the growth of one."""

from __future__ import annotations

import ctypes
import gc
import math
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Growth, Work


def seconds(work: Work) -> float:
    """Return how long one call took; the garbage collector waits meanwhile."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()


def compare(case: Case, tick: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Run a case in turns and return its medians, and the median of the ratios.

    Other work on the machine slows both sides of a turn alike, so that ratios within
    turns are steadier than the ratio of two medians.
    """
    ours, theirs = case.prepare()
    case.agree(ours(), theirs())  # warms both up, too
    turns = []
    for _ in range(case.rounds):
        turns.append((seconds(ours), seconds(theirs)))
        tick()
    ratios = [a / b for a, b in turns]
    row = {
        "name": case.name,
        "against": case.against,
        "ours_seconds": _rounded(statistics.median(a for a, _ in turns)),
        "theirs_seconds": _rounded(statistics.median(b for _, b in turns)),
        "ratio": _rounded(statistics.median(ratios)),
        "spread": [_rounded(min(ratios)), _rounded(max(ratios))],
        "goal": case.goal,
        "rounds": case.rounds,
    }
    if case.memory:
        row["ours_mib"], row["theirs_mib"] = memory(case, 0), memory(case, 1)
    return row


def memory(case: Case, side: int) -> float:
    """Return the MiB that one side adds to the peak of a fresh process."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send_peak, args=(case, side, sender))
    child.start()
    sender.close()
    try:
        return float(receiver.recv())
    finally:
        child.join()


def _send_peak(case: Case, side: int, sender: Any) -> None:
    work = case.prepare()[side]
    _forget_the_past()
    before = _peak()
    work()
    sender.send(round(_peak() - before, 1))


def _forget_the_past() -> None:
    """Give free memory back, or it would be used again unseen; begin a new peak."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def growth(case: Growth, tick: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Return the fastest time at each size, and the exponent fitted to them."""
    times = []
    for size in case.sizes:
        work = case.prepare(size)
        times.append(min(seconds(work) for _ in range(case.rounds)))
        tick()
    return {
        "name": case.name,
        "sizes": list(case.sizes),
        "seconds": [_rounded(t) for t in times],
        "exponent": _rounded(_slope(case.sizes, times)),
        "expected": case.expected,
    }


def _slope(sizes: tuple[int, ...], times: list[float]) -> float:
    """Fit a line through the logarithms."""
    x, y = [math.log(n) for n in sizes], [math.log(t) for t in times]
    return statistics.linear_regression(x, y).slope


def _rounded(value: float) -> float:
    """Keep four digits: more would be noise, and differ at every run."""
    return float(f"{value:.4g}")
