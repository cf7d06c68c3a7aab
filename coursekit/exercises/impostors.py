"""Made-up answers: what an item must give no points for.

A function answer is replaced by one of the same signature that never looks at its
arguments' values; a class by one whose every method is; a name at the top level by a
made-up value. What the reference returned, call by call, is recorded first, so that a
lie has the right type and shape.
"""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Final

import numpy as np
import pandas as pd

from coursekit.exercises.overheard import Listener

__all__ = ["LIES", "Recorder", "Recording", "install", "like"]

LIES: Final = {
    "none": "returns None",
    "input": "returns its first argument",
    "zeros": "returns zeros of the right shape",
    "ones": "returns ones of the right shape",
    "other-seed": "returns what is right for another seed",
    "raise": "raises an error",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods that make or show an object; a lie about them is not an answer at all.
_KEPT = _words(
    "__init__ __new__ __post_init__ __repr__ __str__ __setattr__ __getattr__ "
    "__getattribute__ __init_subclass__ __class_getitem__ __del__ __hash__ "
    "__reduce__ __reduce_ex__ __getstate__ __setstate__ __sklearn_tags__"
)
_Wrap = Callable[[Callable[..., Any], str], Callable[..., Any]]


class _MadeUpError(RuntimeError):
    """What the answer that always raises, raises."""


@dataclass
class Recording:
    """What the reference gave: calls by item and function, and top-level values."""

    calls: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


class Recorder:
    """Wraps the reference's functions so that what they return is written down.

    Parameters
    ----------
    names : dict
        The notebook's names; the listener hears what stands in them.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.recording = Recording()
        self.listener = Listener(names)
        self._names = names
        self._item = ""
        self._depth = 0

    def begin(self, item: str) -> None:
        """Write down what follows under an item."""
        self._item = item
        self.listener.begin(item)

    def watch(self, question: str, own: Iterable[str]) -> None:
        """Wrap what the answer to `question` defined, and keep its values.

        Parameters
        ----------
        question : str
            Name of the question.
        own : iterable of str
            Names that its answer defines.
        """
        self.begin("")
        names = self._names
        _replace(names, own, self._wrap)
        self.recording.values[question] = {
            name: _copied(names[name])
            for name in own
            if name in names and not callable(names[name])
        }

    def _wrap(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(real)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            outer = self._depth == 0
            given = (*args, *kwargs.values())
            heard = self.listener.places(sys._getframe(1), given) if outer else {}
            self._depth += 1
            self.listener.inside = True
            try:
                value = real(*args, **kwargs)
            finally:
                self._depth -= 1
                self.listener.inside = not outer
            if outer:
                self.listener.note(name, value, heard, given)
                calls = self.recording.calls.setdefault(self._item, {})
                calls.setdefault(name, []).append(_copied(value))
            return value

        return recorded


class _Liar:
    """Gives functions that lie in one way."""

    def __init__(self, lie: str, here: Recording, other: Recording) -> None:
        self._lie = lie
        self._calls = other.calls if lie == "other-seed" else here.calls
        self._item = ""
        self._count: dict[str, int] = {}

    def begin(self, item: str) -> None:
        self._item = item
        self._count = {}

    def wrap(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        method = "." in name

        @functools.wraps(real)
        def made_up(*args: Any, **kwargs: Any) -> Any:
            inspect.signature(real).bind(*args, **kwargs)
            return self._value(name, args, kwargs, method)

        return made_up

    def _value(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], method: bool
    ) -> Any:
        if self._lie == "none":
            return None
        if self._lie == "raise":
            raise _MadeUpError("an answer that always raises")
        if self._lie == "input":
            given = [*args[1 if method else 0 :], *kwargs.values(), *args]
            return given[0] if given else None
        recorded = self._calls.get(self._item, {}).get(name, [])
        if not recorded:
            return None
        number = self._count.get(name, 0)
        self._count[name] = number + 1
        value = _copied(recorded[min(number, len(recorded) - 1)])
        return value if self._lie == "other-seed" else like(value, self._lie == "ones")


def install(
    names: dict[str, Any],
    question: str,
    own: Iterable[str],
    lie: str,
    here: Recording,
    other: Recording,
) -> Callable[[str], None]:
    """Replace a reference answer by a made-up one.

    Parameters
    ----------
    names : dict
        The notebook's names, in which the reference has run; changed in place.
    question : str
        Name of the question.
    own : iterable of str
        Names that its answer defines.
    lie : str
        One of `LIES`.
    here, other : Recording
        What the reference gave with this seed and with another.

    Returns
    -------
    callable
        To be told the item before its evidence cell runs.
    """
    liar = _Liar(lie, here, other)
    own = list(own)
    _replace(names, own, liar.wrap)
    for name, value in here.values.get(question, {}).items():
        if lie == "raise":
            names.pop(name, None)
        else:
            elsewhere = other.values.get(question, {}).get(name)
            names[name] = _made_up(lie, value, elsewhere)
    return liar.begin


def _made_up(lie: str, value: Any, elsewhere: Any) -> Any:
    if lie in ("none", "input"):
        return None
    return elsewhere if lie == "other-seed" else like(value, lie == "ones")


def like(value: Any, ones: bool) -> Any:
    """Return zeros, or ones, of the type and shape of a value.

    Examples
    --------
    >>> like({"a": [1.5, True], "b": "text"}, ones=False)
    {'a': [0.0, False], 'b': ''}
    >>> like(np.array([3, 4]), ones=True)
    array([1, 1])
    """
    if isinstance(value, bool | int | float | complex | np.generic):
        return type(value)(1 if ones else 0) if not isinstance(value, np.str_) else ""
    if isinstance(value, str):
        return "1" if ones else ""
    if isinstance(value, np.ndarray):
        return np.ones_like(value) if ones else np.zeros_like(value)
    if isinstance(value, list | tuple | set | frozenset) and type(value) in _BARE:
        return type(value)(like(item, ones) for item in value)
    if isinstance(value, Mapping):
        return {key: like(item, ones) for key, item in value.items()}
    if isinstance(value, pd.DataFrame):
        return value.apply(lambda column: like(column, ones))
    if isinstance(value, pd.Series):
        filled = [like(item, ones) for item in value]
        return pd.Series(filled, index=value.index, name=value.name)
    return _object_like(value, ones)


_BARE = (list, tuple, set, frozenset)
_NUMBERS = (list, tuple, dict, bool, int, float, np.ndarray, np.number)


def _object_like(value: Any, ones: bool) -> Any:
    """Copy an object with zeros or ones for its numbers; tensors know how."""
    for method in ("new_ones", "new_zeros"):
        if hasattr(value, method) and (method == "new_ones") == ones:
            return getattr(value, method)(value.shape)
    if value is None or not hasattr(value, "__dict__") or callable(value):
        return value
    fresh = copy.copy(value)
    for name, inner in vars(value).items():
        if isinstance(inner, _NUMBERS):
            fresh.__dict__[name] = like(inner, ones)
    return fresh


def _replace(names: dict[str, Any], own: Iterable[str], wrap: _Wrap) -> None:
    """Wrap the functions and classes among `own`; classes are changed in place."""
    for name in own:
        value = names.get(name)
        if inspect.isclass(value):
            _replace_methods(value, wrap)
        elif isinstance(value, FunctionType) or (
            callable(value) and hasattr(value, "__wrapped__")
        ):
            names[name] = wrap(value, name)


def _replace_methods(owner: type, wrap: _Wrap) -> None:
    for name, member in list(vars(owner).items()):
        if name in _KEPT or (name.startswith("_") and not name.endswith("__")):
            continue
        called = f"{owner.__name__}.{name}"
        if isinstance(member, FunctionType):
            setattr(owner, name, wrap(member, called))
        elif isinstance(member, staticmethod):
            setattr(owner, name, staticmethod(wrap(member.__func__, name)))
        elif isinstance(member, classmethod):
            setattr(owner, name, classmethod(wrap(member.__func__, called)))
        elif isinstance(member, property) and member.fget:
            setattr(owner, name, property(wrap(member.fget, called), member.fset))


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 (generators, locks: what cannot be copied)
        return value
