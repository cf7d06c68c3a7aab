"""Says in one sentence how a value differs from the one that was expected.

The self-checks of a notebook (`coursekit.check`) and the judge that marks an
exercise (`coursekit.exercises.judge`) both compare with the functions here, so that
what a check accepts is never refused by the judge for its form.

Rules. A list stands for an array where a list was expected, not the other way
round; a NumPy scalar, a Python number and an array of no dimensions are the same; a
tuple is a list. Whole and decimal numbers agree in `close`, not in `equal`; `True`
is never 1. A missing value agrees only with a missing value. The index of a table is
not looked at, its columns and their order are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Plain",
    "between",
    "close",
    "describe",
    "equal",
    "is_empty",
    "plain",
    "same_rows",
    "shorten",
]

_LONGEST = 160
_KINDS = {
    "b": "True and False",
    "i": "whole numbers",
    "f": "decimal numbers",
    "c": "complex numbers",
    "U": "text",
    "M": "dates",
    "m": "durations",
}


class Plain(NamedTuple):
    """An array of one plain kind, and where it has no value."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]

    @property
    def kind(self) -> str:
        """One of b, i, f, c, U, M, m; unsigned numbers count as whole ones."""
        kind = self.values.dtype.kind
        return "i" if kind == "u" else kind


@dataclass(frozen=True)
class _Rule:
    """How near two numbers have to be; `exact` also compares their kinds."""

    rtol: float = 0.0
    atol: float = 0.0
    exact: bool = False


def close(
    found: object, expected: object, *, rtol: float = 1e-7, atol: float = 0.0
) -> str | None:
    """Compare numbers up to a tolerance.

    Parameters
    ----------
    found, expected : object
        Numbers, arrays, tables, or lists and dictionaries of these.
    rtol, atol : float
        A number agrees when it is within `atol + rtol * abs(expected)`.

    Returns
    -------
    str or None
        None when they agree, otherwise one sentence.

    Examples
    --------
    >>> import numpy as np
    >>> close(np.array([1.0, 2.5]), np.array([1.0, 2.0]))
    'The largest difference is at [1]: found 2.5, expected 2 (1 of 2 values differ).'
    """
    return _compare(found, expected, _Rule(rtol, atol))


def equal(found: object, expected: object) -> str | None:
    """Compare exactly, kinds included.

    Parameters
    ----------
    found, expected : object
        Anything; arrays, tables, lists and dictionaries are looked into.

    Returns
    -------
    str or None
        None when they are equal, otherwise one sentence.

    Examples
    --------
    >>> equal(["a", "b"], ["a", "b"])
    >>> equal(1.0, 1)
    'Found decimal numbers (float64), expected whole numbers (int64).'
    """
    return _compare(found, expected, _Rule(exact=True))


def between(found: object, low: float, high: float) -> str | None:
    """Say which value lies outside `low` to `high` (both allowed).

    Examples
    --------
    >>> between(1.5, 0, 1)
    'Found 1.5, expected a number from 0 to 1.'
    """
    numbers = _numbers(found)
    if isinstance(numbers, str):
        return numbers
    outside = ~((numbers >= low) & (numbers <= high))
    if not outside.any():
        return None
    place = tuple(int(i) for i in np.argwhere(outside)[0])
    at = f" at {_place(place)}" if place else ""
    return (
        f"Found {_number(numbers[place])}{at}, expected "
        f"{'every number' if place else 'a number'} from {low:g} to {high:g}."
    )


def same_rows(
    found: object, expected: pd.DataFrame, *, ordered: bool = False
) -> str | None:
    """Compare two tables as collections of rows.

    Parameters
    ----------
    found : object
        What should be a data frame.
    expected : DataFrame
        The rows that were asked for.
    ordered : bool
        Whether the order of the rows counts. Otherwise both are sorted first, so
        that a row has to stand as often as it was expected.

    Returns
    -------
    str or None
        None when they agree, otherwise one sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> same_rows(pd.DataFrame({"a": [2, 1]}), pd.DataFrame({"a": [1, 2]}))
    """
    problem = _table_form(found, expected)
    if problem or not isinstance(found, pd.DataFrame):
        return problem
    if not ordered:
        found, expected = _sorted_rows(found), _sorted_rows(expected)
    return _compare(found, expected, _Rule(1e-9, 1e-12))


def is_empty(value: object) -> bool:
    """Whether a value is what an answer holds before anybody wrote one."""
    return value is None or value is Ellipsis


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Cut a text to one line of at most `longest` characters.

    Examples
    --------
    >>> shorten("a" * 10, 6)
    'aaa...'
    """
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: max(longest - 3, 0)] + "..."


def describe(value: object) -> str:
    """Name a value in a few words.

    Examples
    --------
    >>> import numpy as np
    >>> describe(np.zeros((2, 3)))
    'an array of shape (2, 3)'
    >>> describe(True)
    'True'
    """
    if isinstance(value, pd.DataFrame):
        return f"a table of {len(value)} rows and {value.shape[1]} columns"
    if isinstance(value, pd.Series):
        return f"a pandas Series of {len(value)} values"
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    if isinstance(value, list | tuple | dict | set | str) and len(value) > 5:
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    return shorten(_safe_repr(value), 60)


def plain(value: object) -> Plain:
    """Turn an array-like into values of one kind and a mask of missing ones.

    Parameters
    ----------
    value : object
        A scalar, array, Series, Index, tensor, or a regular list of scalars.

    Returns
    -------
    Plain
        Whole numbers with gaps become decimal ones with NaN, categories and Python
        strings become fixed-width text, dates become nanoseconds without a zone.

    Raises
    ------
    TypeError
        Where the values are of several kinds or of none of these.

    Examples
    --------
    >>> plain(["a", None]).missing.tolist()
    [False, True]
    """
    array = _as_array(value)
    if array.dtype.kind == "O":
        array = _of_one_kind(array)
    if array.dtype.kind == "S":
        array = array.astype(str)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[ns]")
    if isinstance(array, _Gapped):
        return Plain(np.asarray(array), array.missing)
    if array.dtype.kind not in "biufcUMm":
        raise TypeError(f"values of type {array.dtype} cannot be compared")
    missing = np.asarray(pd.isna(array), dtype=bool)
    return Plain(array, missing.reshape(array.shape))


class _Gapped(np.ndarray[Any, Any]):
    """An array of text or of True and False that remembers its gaps."""

    missing: NDArray[np.bool_]


def _as_array(value: object) -> NDArray[Any]:
    if hasattr(value, "detach"):  # a tensor that may carry a graph
        value = value.detach().cpu().numpy()
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return np.asarray(value.to_numpy())
    if isinstance(value, list | tuple) and any(item is None for item in value):
        return np.array(value, dtype=object)
    array = np.asarray(value)
    if array.dtype.kind == "U" and isinstance(value, list | tuple):
        _refuse_mixed(value)
    return array


def _refuse_mixed(value: Sequence[object]) -> None:
    """NumPy would turn the 1 in ["a", 1] into text without a word."""
    for item in np.array(value, dtype=object).flat:
        if not isinstance(item, str):
            raise TypeError("text and other values are mixed")


def _of_one_kind(array: NDArray[Any]) -> NDArray[Any]:
    missing = np.asarray(pd.isna(array), dtype=bool).reshape(array.shape)
    kinds = {_kind_of(item) for item in array[~missing].flat}
    if kinds <= {"i", "f"}:
        return _object_numbers(array, missing, kinds)
    if kinds <= {"M"}:
        return _object_dates(array)
    if len(kinds) > 1 or "O" in kinds:
        raise TypeError("values of several types are mixed")
    blank: object = "" if kinds == {"U"} else False
    filled = array.copy()
    filled[missing] = blank
    gapped = filled.astype(str if kinds == {"U"} else bool).view(_Gapped)
    gapped.missing = missing
    return gapped


def _object_numbers(
    array: NDArray[Any], missing: NDArray[np.bool_], kinds: set[str]
) -> NDArray[Any]:
    if kinds == {"i"} and not missing.any():
        return array.astype(np.int64)
    filled = array.copy()
    filled[missing] = np.nan
    return filled.astype(float)


def _object_dates(array: NDArray[Any]) -> NDArray[Any]:
    stamps = pd.to_datetime(array.ravel().tolist(), utc=True).tz_localize(None)
    return np.asarray(stamps.to_numpy()).reshape(array.shape)


def _kind_of(item: object) -> str:
    if isinstance(item, bool | np.bool_):
        return "b"
    if isinstance(item, int | np.integer):
        return "i"
    if isinstance(item, float | np.floating):
        return "f"
    if isinstance(item, str):
        return "U"
    if isinstance(item, dt.date | np.datetime64):
        return "M"
    return "O"


def _compare(found: object, expected: object, rule: _Rule) -> str | None:
    if is_empty(expected):
        return None if found is expected else f"Found {describe(found)}, expected None."
    if is_empty(found):
        return f"Found {found}, expected {describe(expected)}."
    if isinstance(expected, pd.DataFrame):
        return _tables(found, expected, rule)
    if isinstance(expected, Mapping):
        return _mappings(found, expected, rule)
    if isinstance(expected, list | tuple) and _nested(expected):
        return _sequences(found, expected, rule)
    if isinstance(expected, set | frozenset | bytes):
        return _by_equality(found, expected)
    return _arrays(found, expected, rule)


def _nested(items: Sequence[object]) -> bool:
    """Whether a list is a list of values, and not an array written as a list."""
    deep = (list, tuple, dict, pd.DataFrame, pd.Series)
    if any(isinstance(item, deep) or _is_array(item) for item in items):
        return True
    return len({_kind_of(item) for item in items}) > 1


def _by_equality(found: object, expected: object) -> str | None:
    if type(found) is type(expected) and found == expected:
        return None
    return f"Found {describe(found)}, expected {describe(expected)}."


def _mappings(found: object, expected: Mapping[Any, Any], rule: _Rule) -> str | None:
    if not isinstance(found, Mapping):
        return f"Found {describe(found)}, expected a dictionary."
    for key in expected:
        if key not in found:
            return f"The key {key!r} is missing."
    for key in found:
        if key not in expected:
            return f"The key {shorten(_safe_repr(key), 60)} was not expected."
    for key, value in expected.items():
        problem = _compare(found[key], value, rule)
        if problem:
            return f"In [{key!r}]: {problem}"
    return None


def _sequences(found: object, expected: Sequence[Any], rule: _Rule) -> str | None:
    if isinstance(found, np.ndarray) and found.ndim:
        found = list(found)
    if not isinstance(found, list | tuple):
        return f"Found {describe(found)}, expected {len(expected)} values."
    if len(found) != len(expected):
        return f"Found {len(found)} values, expected {len(expected)}."
    for place, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        problem = _compare(ours, theirs, rule)
        if problem:
            return f"In value {place} (counted from 0): {problem}"
    return None


def _tables(found: object, expected: pd.DataFrame, rule: _Rule) -> str | None:
    problem = _table_form(found, expected)
    if problem or not isinstance(found, pd.DataFrame):
        return problem
    for position, name in enumerate(expected.columns):
        ours, theirs = found.iloc[:, position], expected.iloc[:, position]
        problem = _arrays(ours, theirs, rule)
        if problem:
            return f"In column {name!r}: {problem}"
    return None


def _table_form(found: object, expected: pd.DataFrame) -> str | None:
    if not isinstance(found, pd.DataFrame):
        return f"Found {describe(found)}, expected a pandas DataFrame."
    ours, theirs = list(found.columns), list(expected.columns)
    lacking = [name for name in theirs if name not in ours]
    extra = [name for name in ours if name not in theirs]
    if lacking or extra:
        told = f"the columns {_names(lacking)} are missing" if lacking else ""
        more = f"the columns {_names(extra)} were not expected" if extra else ""
        sentence = "; ".join(part for part in (told, more) if part)
        return sentence[0].upper() + sentence[1:] + "."
    if ours != theirs:
        return f"Found the columns as {_names(ours)}, expected {_names(theirs)}."
    if len(found) != len(expected):
        return f"Found {len(found)} rows, expected {len(expected)}."
    return None


def _names(names: Sequence[object]) -> str:
    return shorten(", ".join(repr(name) for name in names))


def _sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    keys = []
    for position in range(table.shape[1] - 1, -1, -1):
        cells = plain(table.iloc[:, position])
        values = cells.values
        if cells.kind == "f":
            values = np.where(cells.missing, 0.0, np.round(values, 9))
        keys += [values, cells.missing]
    return table.iloc[np.lexsort(keys)] if keys else table


def _arrays(found: object, expected: object, rule: _Rule) -> str | None:
    if isinstance(found, list | tuple) and _is_array(expected):
        return f"Found a {type(found).__name__}, expected {describe(expected)}."
    if isinstance(found, dict | set | pd.DataFrame):
        return f"Found {describe(found)}, expected {describe(expected)}."
    try:
        theirs = plain(expected)
    except (TypeError, ValueError, OverflowError):
        return _by_equality(found, expected)
    try:
        ours = plain(found)
    except (TypeError, ValueError, OverflowError):
        return f"Found {describe(found)}, expected {describe(expected)}."
    if ours.values.shape != theirs.values.shape:
        return _shapes(ours.values.shape, theirs.values.shape)
    return _kinds(ours, theirs, rule) or _cells(ours, theirs, rule)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray | pd.Series) and value.ndim > 0


def _shapes(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    return f"Found {_shape(found)}, expected {_shape(expected)}."


def _shape(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "one value"


def _kinds(found: Plain, expected: Plain, rule: _Rule) -> str | None:
    if found.kind == expected.kind or not expected.values.size:
        return None
    if not rule.exact and {found.kind, expected.kind} <= {"i", "f"}:
        return None
    if found.missing.all() and found.kind == "f":  # a column of gaps has no kind
        return None if expected.missing.all() else "Every value is missing (NaN)."
    return (
        f"Found {_KINDS[found.kind]} ({found.values.dtype}), "
        f"expected {_KINDS[expected.kind]} ({expected.values.dtype})."
    )


def _cells(found: Plain, expected: Plain, rule: _Rule) -> str | None:
    gaps = found.missing & ~expected.missing
    if gaps.any():
        return _gaps(gaps, "Found no value (NaN)", expected.values)
    filled = expected.missing & ~found.missing
    if filled.any():
        place = tuple(int(i) for i in np.argwhere(filled)[0])
        return f"Found a value at {_place(place)} where none (NaN) was expected."
    numeric = found.kind in "ifc" and expected.kind in "ifc"
    if numeric and not (rule.exact and found.kind == "i"):
        return _numbers_differ(found, expected, rule)
    different = (found.values != expected.values) & ~expected.missing
    if not np.any(different):
        return None
    place = tuple(int(i) for i in np.argwhere(different)[0])
    return _first_difference(found, expected, place, int(np.sum(different)))


def _gaps(gaps: NDArray[np.bool_], words: str, expected: NDArray[Any]) -> str:
    place = tuple(int(i) for i in np.argwhere(gaps)[0])
    if not place:
        return f"{words}, expected {_number(expected[()])}."
    return (
        f"{words} at {_place(place)} ({int(gaps.sum())} of {gaps.size} values), "
        f"expected {_number(expected[place])}."
    )


def _first_difference(
    found: Plain, expected: Plain, place: tuple[int, ...], number: int
) -> str:
    ours, theirs = (_number(side.values[place]) for side in (found, expected))
    if not place:
        return f"Found {ours}, expected {theirs}."
    return (
        f"The first difference is at {_place(place)}: found {ours}, expected "
        f"{theirs} ({number} of {found.values.size} values differ)."
    )


def _numbers_differ(found: Plain, expected: Plain, rule: _Rule) -> str | None:
    ours, theirs = (
        np.asarray(side.values, dtype=complex if side.kind == "c" else float)
        for side in (found, expected)
    )
    with np.errstate(all="ignore"):
        gap = np.abs(ours - theirs)
        same = (ours == theirs) | expected.missing
        bound = rule.atol + rule.rtol * np.abs(theirs)
        near = same | ((gap <= bound) & np.isfinite(theirs))
    if np.all(near):
        return None
    size = np.where(near, -1.0, np.where(np.isnan(gap), np.inf, gap))
    place = tuple(int(i) for i in np.unravel_index(np.argmax(size), size.shape))
    return _largest_difference(ours, theirs, place, int(np.sum(~near)))


def _largest_difference(
    found: NDArray[Any], expected: NDArray[Any], place: tuple[int, ...], number: int
) -> str:
    ours, theirs = _pair(found[place], expected[place])
    if not place:
        return f"Found {ours}, expected {theirs}."
    return (
        f"The largest difference is at {_place(place)}: found {ours}, expected "
        f"{theirs} ({number} of {found.size} values differ)."
    )


def _pair(found: Any, expected: Any) -> tuple[str, str]:
    """Both numbers with as many digits as it takes to tell them apart."""
    ours, theirs = _number(found), _number(expected)
    if ours == theirs:
        return repr(found.item()), repr(expected.item())
    return ours, theirs


def _number(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.datetime64):
        return str(value)
    item = value.item() if isinstance(value, np.generic) else value
    return shorten(_safe_repr(item), 60)


def _numbers(found: object) -> NDArray[Any] | str:
    """Return the values as an array of numbers, or the sentence that says why not."""
    try:
        numbers = plain(found)
    except (TypeError, ValueError, OverflowError):
        return f"Found {describe(found)}, expected numbers."
    if numbers.kind not in "if":
        return f"Found {_KINDS[numbers.kind]}, expected numbers."
    return np.asarray(numbers.values, dtype=float)


def _place(place: tuple[int, ...]) -> str:
    return "[" + ", ".join(str(i) for i in place) + "]"


def _safe_repr(value: object) -> str:
    """`repr` of something whose own code may be what is broken."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 (whatever a learner's __repr__ raises)
        return f"a value of type {type(value).__name__}"
