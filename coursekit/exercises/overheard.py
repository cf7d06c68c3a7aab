"""Find answers that could be read from the evidence cell instead of worked out.

An evidence cell that plants a fault knows its name. Where it still knows it when it
calls the learner's function, in a variable, in a list of what is to come, or in what
it told a helper that the learner may have replaced, then an answer that looks there
is marked as right. The reference is watched for that: does any such place agree with
what it returns, call by call?
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from types import FrameType, FunctionType
from typing import Any

import numpy as np

__all__ = ["Listener"]

_FEWEST_CALLS = 3
_LONGEST = 1_000


@dataclass
class _Calls:
    """What one function returned within one item, and what every place held then."""

    results: list[Hashable] = field(default_factory=list)
    places: dict[str, list[Hashable]] = field(default_factory=dict)

    def add(self, result: Hashable, places: dict[str, Hashable]) -> None:
        number = len(self.results)
        self.results.append(result)
        if number == 0:
            self.places = {place: [value] for place, value in places.items()}
            return
        # A place that is gone for one call is of no use to anybody.
        self.places = {
            place: [*values, places[place]]
            for place, values in self.places.items()
            if place in places
        }

    def telling(self) -> Iterator[str]:
        """Give the places from which every result could have been read."""
        if len(self.results) < _FEWEST_CALLS or len(set(self.results)) < 2:
            return
        for place, values in self.places.items():
            if values == self.results or self._decide(values):
                yield place

    def _decide(self, values: list[Hashable]) -> bool:
        """Whether equal values went with equal results, too often to be chance."""
        pairs = set(zip(values, self.results, strict=True))
        distinct = len(set(values))
        return len(pairs) == distinct > 1 and 2 * distinct <= len(values)


class Listener:
    """Watches, within evidence cells, what could be heard where an answer is called.

    Parameters
    ----------
    names : dict
        The notebook's names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.inside = False  # whether the answer itself is running
        self._names = names
        self._item = ""
        self._calls: dict[tuple[str, str], _Calls] = {}
        self._told: dict[str, list[Hashable]] = {}

    def begin(self, item: str) -> None:
        """Listen to an item."""
        self._item = item
        self._told = {}

    def tap(self, names: list[str]) -> None:
        """Listen to what is told to given functions: a learner may replace them."""
        for name in names:
            helper = self._names.get(name)
            if isinstance(helper, FunctionType):
                self._names[name] = self._tapped(helper, name)

    def _tapped(self, helper: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(helper)
        def tapped(*args: Any, **kwargs: Any) -> Any:
            if self._item and not self.inside:
                told = [*enumerate(args), *kwargs.items()]
                for place, value in told:
                    self._told.setdefault(f"{name}({place})", []).append(_key(value))
            return helper(*args, **kwargs)

        return tapped

    def places(self, frame: FrameType, args: tuple[Any, ...]) -> dict[str, Hashable]:
        """Return what could be heard by a function that is called from a frame."""
        if not self._item:
            return {}
        seen = {_key(arg) for arg in args}
        heard: dict[str, Hashable] = {}
        for name, value in self._variables(frame):
            heard[name] = _key(value)
        for place, values in self._told.items():
            heard[f"the last {place}"] = values[-1]
        return {
            place: value
            for place, value in heard.items()
            if value is not None and value not in seen
        }

    def note(
        self, function: str, result: Any, places: dict[str, Hashable], args: Any
    ) -> None:
        """Put down what a call returned and what could have been heard before it."""
        if not self._item:
            return
        calls = self._calls.setdefault((self._item, function), _Calls())
        number, seen = len(calls.results), {_key(arg) for arg in args}
        for place, values in self._sequences():
            if number < len(values) and values[number] not in seen:
                places[place] = values[number]
        calls.add(_key(result) or ("unlike any", number), places)

    def findings(self) -> list[tuple[str, str, str]]:
        """Return item, function and place, wherever a place tells the results."""
        return [
            (item, function, place)
            for (item, function), calls in self._calls.items()
            for place in calls.telling()
        ]

    def _variables(self, frame: FrameType | None) -> Iterator[tuple[str, Any]]:
        while frame is not None:
            if frame.f_globals is self._names:
                yield from list(frame.f_locals.items())
            frame = frame.f_back

    def _sequences(self) -> Iterator[tuple[str, list[Hashable]]]:
        """Give lists of what is to come, and all that helpers were told, in order."""
        for name, value in list(self._names.items()):
            flat = isinstance(value, list | tuple)
            flat = flat or (isinstance(value, np.ndarray) and value.ndim == 1)
            if flat and not name.startswith("_"):  # IPython keeps its own lists there
                yield f"{name}[call]", [_key(one) for one in value[:_LONGEST]]
        for place, values in self._told.items():
            yield f"{place}, call by call", values


def _key(value: Any) -> Hashable:
    """Return something that stands for a short plain value; None for all others."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | int | float):
        return (type(value).__name__, value)
    if isinstance(value, tuple | list) and len(value) <= 5:
        parts = tuple(_key(part) for part in value)
        return None if None in parts else parts
    return None
