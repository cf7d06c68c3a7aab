"""What Ctrl-C does to a long piece of work: first it is asked to stop, then it is told.

The first signal sets an event, so that nothing is left half done; the second raises
`KeyboardInterrupt` wherever the program is.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interruptible"]


@contextmanager
def interruptible(tell: Callable[[], None]) -> Iterator[threading.Event]:
    """Give the event that the first interrupt sets.

    Parameters
    ----------
    tell : callable
        Called when the first interrupt comes.

    Notes
    -----
    Signals reach the main thread alone; in another one the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def asked(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tell()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
