"""Carry what a learner's code returned to the judge, as plain data.

The writer runs beside the learner's code; the reader belongs to the judge and takes
what it reads for hostile. Between them lies one folder a question::

    q1/manifest.json        {"format": 1, "items": {"gradient": {"values": {...}}}}
    q1/0.npy, q1/1.npy      arrays of kind b i u f c U, written without pickle

A value is a small object with a `kind`: none, bool, int, str, float, array, dates,
gapped, list, array-list, dict, frame, or unfit, which says why a value could not be
written. Floats live in arrays, so that NaN and every digit survive; dates are int64
nanoseconds; text and booleans with gaps carry a mask; a frame is its columns in order.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coursekit import compare

__all__ = ["LIMITS", "Evidence", "EvidenceError", "Limits", "Unfit", "Writer", "read"]

Node = dict[str, Any]
_FORMAT: Final = 1
_SIZES = {"b": {1}, "i": {1, 2, 4, 8}, "u": {1, 2, 4, 8}, "f": {2, 4, 8}, "c": {8, 16}}


@dataclass(frozen=True)
class Limits:
    """How much evidence a question may give.

    Attributes
    ----------
    bytes
        All arrays of a question together.
    manifest
        Bytes of its manifest.
    depth
        Lists and dictionaries within each other.
    nodes, files
        Values and files of a question.
    text, entries
        Characters of one text, entries of one list.
    """

    bytes: int = 8_000_000
    manifest: int = 1_000_000
    depth: int = 8
    nodes: int = 10_000
    files: int = 500
    text: int = 100_000
    entries: int = 100_000


LIMITS: Final = Limits()


class EvidenceError(ValueError):
    """Evidence that is malformed, or beyond a limit; said in one sentence."""


@dataclass(frozen=True)
class Unfit:
    """Stands for a value that could not be carried; equal to nothing."""

    why: str

    def __eq__(self, other: object) -> bool:
        """Tell that no two values that could not be carried are the same."""
        return False

    __hash__ = object.__hash__


class Writer:
    """The name `evidence` in an evidence cell.

    Parameters
    ----------
    folder : Path
        Where the folders of the questions go.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Writer(Path(folder))("q1.double", value=[2, 4])
    ...     read(Path(folder), "q1").items
    {'double': {'value': [2, 4]}}
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._questions: dict[str, _Packer] = {}
        self._items: dict[str, dict[str, Node]] = {}

    def __call__(self, name: str, /, **values: object) -> None:
        """Write the values of one item, `question.item`.

        A name that is given twice counts as missing. A value that cannot be carried
        is written as such: the judge then finds it different from what it expects.
        """
        question, _, item = name.partition(".")
        packer = self._questions.setdefault(question, _Packer())
        items = self._items.setdefault(question, {})
        if item in items:
            items[item] = {"twice": {}}
        else:
            before = len(packer.arrays)
            items[item] = {key: packer.pack(value) for key, value in values.items()}
            self._save_arrays(question, packer.arrays[before:], before)
        self._save_manifest(question, items)

    def _save_arrays(
        self, question: str, arrays: Sequence[NDArray[Any]], first: int
    ) -> None:
        folder = self._folder / question
        folder.mkdir(parents=True, exist_ok=True)
        for number, array in enumerate(arrays, start=first):
            np.save(folder / f"{number}.npy", array, allow_pickle=False)

    def _save_manifest(self, question: str, items: dict[str, dict[str, Node]]) -> None:
        folder = self._folder / question
        whole = {
            "format": _FORMAT,
            "items": {
                name: values if "twice" in values else {"values": values}
                for name, values in items.items()
            },
        }
        draft = folder / "manifest.part"
        draft.write_text(json.dumps(whole), encoding="ascii")
        draft.replace(folder / "manifest.json")


@dataclass
class _Packer:
    """Turns values into nodes, and keeps the arrays that the nodes point to."""

    arrays: list[NDArray[Any]] = field(default_factory=list)
    bytes: int = 0

    def pack(self, value: object, depth: int = 0) -> Node:
        try:
            return self._pack(value, depth)
        except EvidenceError as error:
            return {"kind": "unfit", "why": str(error)}
        except Exception:  # noqa: BLE001 (whatever a learner's own class may do when asked)
            return {"kind": "unfit", "why": f"a value of type {type(value).__name__}"}

    def _pack(self, value: object, depth: int) -> Node:
        if depth > LIMITS.depth:
            raise EvidenceError(f"values nested deeper than {LIMITS.depth}")
        if value is None or value is Ellipsis:
            return {"kind": "none"}
        if isinstance(value, bool | np.bool_):
            return {"kind": "bool", "value": bool(value)}
        if isinstance(value, int | np.integer):
            return self._whole(int(value))
        if isinstance(value, str):
            return self._text(str(value))
        if isinstance(value, float | np.floating):
            return {"kind": "float", "file": self._keep(np.array(float(value)))}
        if isinstance(value, Mapping):
            return self._dictionary(value, depth)
        if isinstance(value, list | tuple):
            return self._list(value, depth)
        if isinstance(value, pd.DataFrame):
            return self._frame(value)
        return self._array(value)

    def _whole(self, value: int) -> Node:
        if not -(2**63) <= value < 2**63:
            raise EvidenceError("a whole number of more than 64 bits")
        return {"kind": "int", "value": value}

    def _text(self, value: str) -> Node:
        if len(value) > LIMITS.text:
            raise EvidenceError(f"a text of {len(value)} characters")
        value.encode("utf-8")
        return {"kind": "str", "value": value}

    def _dictionary(self, value: Mapping[Any, Any], depth: int) -> Node:
        if len(value) > LIMITS.entries:
            raise EvidenceError(f"a dictionary of {len(value)} entries")
        entries = []
        for key, inner in value.items():
            if not isinstance(key, str | int | np.integer | bool | np.bool_):
                raise EvidenceError("a dictionary with a key that is no text or number")
            entries.append([self._pack(key, 0), self.pack(inner, depth + 1)])
        return {"kind": "dict", "entries": entries}

    def _list(self, value: Sequence[object], depth: int) -> Node:
        if len(value) > LIMITS.entries:
            raise EvidenceError(f"a list of {len(value)} values")
        if len(value) > 1 and all(isinstance(item, float) for item in value):
            array = np.array(value, dtype=float)
            return {"kind": "array-list", "file": self._keep(array)}
        return {
            "kind": "list",
            "entries": [self.pack(item, depth + 1) for item in value],
        }

    def _frame(self, table: pd.DataFrame) -> Node:
        columns = []
        for position, name in enumerate(table.columns):
            if not isinstance(name, str | int | np.integer):
                raise EvidenceError("a table with a column name that is no text")
            column = self._array(table.iloc[:, position])
            columns.append([self._pack(name, 0), column])
        return {"kind": "frame", "rows": len(table), "columns": columns}

    def _array(self, value: object) -> Node:
        if not hasattr(value, "__array__") and not hasattr(value, "detach"):
            raise EvidenceError(f"a value of type {type(value).__name__}")
        values, missing = compare.plain(value)
        if values.dtype.kind == "m":
            raise EvidenceError("durations: give them as seconds")
        if values.dtype.kind == "M":
            return {"kind": "dates", "file": self._keep(values.view(np.int64))}
        node = {"kind": "array", "file": self._keep(values)}
        if values.dtype.kind in "bU" and missing.any():
            return {"kind": "gapped", "values": node, "missing": self._keep(missing)}
        return node

    def _keep(self, array: NDArray[Any]) -> int:
        if array.dtype.kind == "f" and array.dtype.itemsize > 8:
            array = array.astype(np.float64)
        if array.dtype.kind == "c" and array.dtype.itemsize > 16:
            array = array.astype(np.complex128)
        self.bytes += array.nbytes + 128
        if self.bytes > LIMITS.bytes:
            raise EvidenceError("more than 8 MB for one question")
        if len(self.arrays) >= LIMITS.files:
            raise EvidenceError(f"more than {LIMITS.files} arrays for one question")
        self.arrays.append(np.array(array, order="C"))
        return len(self.arrays) - 1


@dataclass(frozen=True)
class Evidence:
    """What was read of one question.

    Attributes
    ----------
    items
        Values by item and name.
    problems
        Why an item that was announced is not among them.
    """

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read(folder: Path, question: str) -> Evidence:
    """Read the evidence of one question as hostile input.

    Parameters
    ----------
    folder : Path
        What was the sandbox's out-folder; nothing may write to it any more.
    question : str
        Name of the question, which is also the name of the folder inside.

    Returns
    -------
    Evidence
        Empty where there is no manifest.

    Raises
    ------
    EvidenceError
        If the manifest itself is malformed or beyond a limit. A malformed value
        costs its own item alone.

    Notes
    -----
    Sizes are looked up before anything is loaded, a header is checked against the
    length of its file, nothing is unpickled, links and other special files are
    refused, and every name of a file is made here.
    """
    place = folder / question
    try:
        if not stat.S_ISDIR(os.lstat(place).st_mode):
            raise EvidenceError(f"the evidence of {question} is not a folder")
        text = _bytes(place / "manifest.json", LIMITS.manifest)
    except FileNotFoundError:
        return Evidence()
    unpacker = _Unpacker(place)
    items: dict[str, dict[str, Any]] = {}
    problems: dict[str, str] = {}
    for name, entry in _entries(_json(text)).items():
        try:
            items[name] = unpacker.item(entry)
        except EvidenceError as error:
            problems[name] = str(error)
    return Evidence(items, problems)


def _bytes(path: Path, most: int) -> bytes:
    """Read the content of a plain file of at most `most` bytes."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise EvidenceError(
            f"{path.name} cannot be opened ({error.strerror})"
        ) from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise EvidenceError(f"{path.name} is not a plain file")
        if about.st_size > most:
            raise EvidenceError(f"{path.name} has {about.st_size} bytes")
        content = file.read(most + 1)
    if len(content) > most:
        raise EvidenceError(f"{path.name} grew while it was read")
    return content


def _json(text: bytes) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_short_whole,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except EvidenceError:
        raise
    except (ValueError, RecursionError):
        raise EvidenceError("the manifest is not JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EvidenceError("the manifest gives a name twice")
    return found


def _short_whole(text: str) -> int:
    if len(text) > 20:
        raise EvidenceError("the manifest has a number that is too long")
    return int(text)


def _no_float(text: str) -> float:
    raise EvidenceError(f"the manifest has the number {text[:20]} outside an array")


def _entries(whole: Any) -> dict[str, Any]:
    if not isinstance(whole, dict) or whole.get("format") != _FORMAT:
        raise EvidenceError("the manifest is of another format")
    items = whole.get("items")
    if not isinstance(items, dict):
        raise EvidenceError("the manifest has no items")
    return items


class _Unpacker:
    """Turns nodes back into values; every file is used once."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._left = LIMITS.bytes + 128 * LIMITS.files
        self._nodes = 0
        self._depth = 0
        self._used: set[int] = set()

    def item(self, entry: Any) -> dict[str, Any]:
        if not isinstance(entry, dict):
            raise EvidenceError("an item is not an object")
        if "twice" in entry:
            raise EvidenceError("the name was given twice")
        values = entry.get("values")
        if not isinstance(values, dict):
            raise EvidenceError("an item has no values")
        return {name: self._value(node) for name, node in values.items()}

    def _value(self, node: Any) -> Any:
        self._nodes += 1
        if self._nodes > LIMITS.nodes:
            raise EvidenceError(f"more than {LIMITS.nodes} values")
        if self._depth > LIMITS.depth + 1:
            raise EvidenceError(f"values nested deeper than {LIMITS.depth}")
        kind = node.get("kind") if isinstance(node, dict) else None
        if kind == "none":
            return None
        if not isinstance(kind, str) or kind not in self._READERS:
            raise EvidenceError("a value of unknown kind")
        self._depth += 1
        try:
            return self._READERS[kind](self, node)
        finally:
            self._depth -= 1

    def _bool(self, node: Node) -> bool:
        return bool(_typed(node.get("value"), bool))

    def _int(self, node: Node) -> int:
        value: int = _typed(node.get("value"), int)
        if not -(2**63) <= value < 2**63:
            raise EvidenceError("a whole number of more than 64 bits")
        return value

    def _str(self, node: Node) -> str:
        value: str = _typed(node.get("value"), str)
        if len(value) > LIMITS.text or any("\ud800" <= c <= "\udfff" for c in value):
            raise EvidenceError("a text that is too long or is not Unicode")
        return value

    def _unfit(self, node: Node) -> Unfit:
        return Unfit(compare.shorten(_typed(node.get("why"), str)))

    def _float(self, node: Node) -> float:
        array = self._load(node.get("file"))
        if array.shape != () or array.dtype.kind != "f":
            raise EvidenceError("a number that is not one")
        return float(array[()])

    def _array(self, node: Node) -> NDArray[Any]:
        return self._load(node.get("file"))

    def _array_list(self, node: Node) -> list[float]:
        array = self._load(node.get("file"))
        if array.ndim != 1 or array.dtype.kind != "f" or array.size > LIMITS.entries:
            raise EvidenceError("a list of numbers that is not one")
        return [float(item) for item in array]

    def _dates(self, node: Node) -> NDArray[np.datetime64]:
        array = self._load(node.get("file"))
        if array.dtype != np.int64:
            raise EvidenceError("dates that are not whole nanoseconds")
        return array.view("datetime64[ns]")

    def _gapped(self, node: Node) -> NDArray[np.object_]:
        inner = _typed(node.get("values"), dict)
        values = self._load(inner.get("file"))
        missing = self._load(node.get("missing"))
        if missing.dtype.kind != "b" or missing.shape != values.shape:
            raise EvidenceError("a mask that does not fit its values")
        found = values.astype(object)
        found[missing] = None
        return found

    def _list(self, node: Node) -> list[Any]:
        entries = _typed(node.get("entries"), list)
        return [self._value(entry) for entry in entries]

    def _dict(self, node: Node) -> dict[Any, Any]:
        pairs = [
            (self._key(pair), self._value(pair[1]))
            for pair in _typed(node.get("entries"), list)
        ]
        found = dict(pairs)
        if len(found) != len(pairs):
            raise EvidenceError("a dictionary with a key that stands twice")
        return found

    def _key(self, pair: Any) -> str | int | bool:
        if not isinstance(pair, list) or len(pair) != 2:
            raise EvidenceError("an entry that is not a pair")
        key = self._value(pair[0])
        if not isinstance(key, str | int):
            raise EvidenceError("a key that is no text or number")
        return key

    def _frame(self, node: Node) -> pd.DataFrame:
        rows = _typed(node.get("rows"), int)
        names, columns = [], []
        for pair in _typed(node.get("columns"), list):
            names.append(self._key(pair))
            column = self._value(pair[1])
            if np.shape(column) != (rows,) or not isinstance(column, np.ndarray):
                raise EvidenceError("a column whose length is not that of the table")
            columns.append(pd.Series(column))
        if not columns:
            if not 0 <= rows <= LIMITS.bytes:
                raise EvidenceError("a table with an impossible number of rows")
            return pd.DataFrame(index=range(rows))
        table = pd.concat(columns, axis=1)
        table.columns = pd.Index(names)
        return table

    def _load(self, number: Any) -> NDArray[Any]:
        number = _typed(number, int)
        if not 0 <= number < LIMITS.files or number in self._used:
            raise EvidenceError("an array that is named wrongly, or twice")
        self._used.add(number)
        try:
            content = _bytes(self._place / f"{number}.npy", self._left)
        except FileNotFoundError:
            raise EvidenceError("an array that is not there") from None
        self._left -= len(content)
        return _array_of(content)

    _READERS: Final = {
        "bool": _bool,
        "int": _int,
        "str": _str,
        "unfit": _unfit,
        "float": _float,
        "array": _array,
        "array-list": _array_list,
        "dates": _dates,
        "gapped": _gapped,
        "list": _list,
        "dict": _dict,
        "frame": _frame,
    }


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise EvidenceError(f"a value that should be a {kind.__name__}")
    return value


def _array_of(content: bytes) -> NDArray[Any]:
    """Make an array from the bytes of a `.npy` file, once its header is believed."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError("version")
        header = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = header(stream, max_header_size=1_000)
    except Exception:  # noqa: BLE001 (the header is parsed by NumPy from bytes that may be anything)
        raise EvidenceError("an array with a malformed header") from None
    body = content[stream.tell() :]
    _believable(shape, dtype, len(body))
    array = np.frombuffer(body, dtype=dtype)
    array = array.reshape(shape, order="F" if fortran else "C")
    _believable_cells(array)
    return array.astype(dtype.newbyteorder("="))


def _believable(shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> None:
    plain = dtype.kind == "U" or dtype.itemsize in _SIZES.get(dtype.kind, set())
    if not plain or dtype.hasobject or dtype.fields or dtype.subdtype:
        raise EvidenceError("an array of a kind that evidence does not have")
    number = 1
    for extent in shape:
        number *= extent
    if len(shape) > LIMITS.depth or any(extent < 0 for extent in shape):
        raise EvidenceError("an array of an impossible shape")
    if any(extent > LIMITS.bytes for extent in shape):
        raise EvidenceError("an array of an impossible shape")
    if number * dtype.itemsize != size or (dtype.itemsize == 0 and number > 0):
        raise EvidenceError("an array whose header does not fit its length")


def _believable_cells(array: NDArray[Any]) -> None:
    """Bytes that NumPy would take for True, or for text, without a look at them."""
    if array.dtype.kind == "b":
        bad = array.view(np.uint8) > 1
    elif array.dtype.kind == "U" and array.size:
        width = ">u4" if array.dtype.byteorder == ">" else "=u4"
        points = np.frombuffer(array.tobytes(), dtype=width)
        bad = (points > sys.maxunicode) | ((points >= 0xD800) & (points <= 0xDFFF))
    else:
        return
    if bad.any():
        raise EvidenceError("an array with impossible values")
