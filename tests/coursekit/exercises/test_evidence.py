"""Evidence goes out as plain data, and comes back only when it is exactly that."""

import json
import os
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coursekit import compare
from coursekit.exercises import evidence
from coursekit.exercises.evidence import LIMITS, EvidenceError, Unfit, Writer, read


def carried(value, folder):
    """Write a value as evidence and read it back."""
    Writer(folder)("q1.item", value=value)
    return read(folder, "q1").items["item"]["value"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -(2**63),
        0.1 + 0.2,
        float("nan"),
        float("-inf"),
        "äöü \u2028 text",
        [],
        [1, 2.5, "x", [True, None]],
        [0.1, 0.2],
        {"a": {"b": [1.5]}, 3: False},
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(["a", "", "bcd"]),
        np.zeros((0, 3)),
        np.array(5.0),
        np.array([1 + 2j]),
        np.array([True, False]),
        np.array([1, 2], dtype=">i4"),
        np.array(["2013-01-01", "NaT"], dtype="datetime64[D]"),
        pd.DataFrame({"b": [1, 2], "a": ["x", None], "c": [1.5, np.nan]}),
        pd.DataFrame({"t": pd.to_datetime(["2013-07-01", None])}),
        pd.DataFrame({"b": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"c": pd.Categorical(["u", "v"])}),
        pd.DataFrame({"empty": []}),
        pd.DataFrame(index=range(3)),
    ],
)
def test_a_value_comes_back_as_it_was(value, tmp_path):
    found = carried(value, tmp_path)
    assert compare.equal(found, value) is None


def test_a_tuple_and_a_series_come_back_as_list_and_array(tmp_path):
    assert carried((1, 2), tmp_path) == [1, 2]
    assert carried(pd.Series([1, 2]), tmp_path / "b").tolist() == [1, 2]


@given(
    arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, "U3"]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
@settings(max_examples=50, deadline=None)
def test_every_array_comes_back_bit_for_bit(tmp_path_factory, array):
    if array.dtype.kind == "U":
        try:
            "".join(array.ravel()).encode()
        except UnicodeEncodeError:
            return  # surrogates are no text: refused, as another test shows
    found = carried(array, tmp_path_factory.mktemp("e"))
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()


class Stubborn:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "a value of type object"),
        (2**63, "more than 64 bits"),
        (np.array([object()]), "ndarray"),
        (np.array(["1", 2], dtype=object), "ndarray"),
        (np.zeros(2_000_000), "8 MB"),
        ("x" * (LIMITS.text + 1), "characters"),
        ({(1, 2): 3}, "key"),
        (pd.DataFrame({("a", "b"): [1]}), "column name"),
        (np.array([1], dtype="timedelta64[s]"), "seconds"),
        ("\ud800", "str"),
    ],
)
def test_what_cannot_be_carried_is_said_and_equals_nothing(value, why, tmp_path):
    found = carried(value, tmp_path)
    assert isinstance(found, Unfit)
    assert why in found.why
    assert found != found
    assert compare.equal(found, 1.0)
    assert compare.close(found, np.zeros(2))


def test_an_object_that_raises_at_every_touch_costs_only_itself(tmp_path):
    Writer(tmp_path)("q1.a", bad=Stubborn(), good=1)
    found = read(tmp_path, "q1").items["a"]
    assert isinstance(found["bad"], Unfit)
    assert found["good"] == 1


def test_nesting_beyond_the_limit_is_unfit(tmp_path):
    value = [1]
    for _ in range(20):
        value = [value]
    found = carried(value, tmp_path)
    while isinstance(found, list):
        found = found[0]
    assert isinstance(found, Unfit)


def test_a_name_given_twice_counts_as_missing(tmp_path):
    write = Writer(tmp_path)
    write("q1.a", value=1)
    write("q1.b", value=2)
    write("q1.a", value=3)
    found = read(tmp_path, "q1")
    assert found.items == {"b": {"value": 2}}
    assert found.problems == {"a": "the name was given twice"}


def test_items_written_before_a_crash_are_there(tmp_path):
    write = Writer(tmp_path)
    write("q1.a", value=np.ones(3))
    write("q2.a", value=1)
    assert read(tmp_path, "q1").items["a"]["value"].tolist() == [1, 1, 1]
    assert read(tmp_path, "q2").items == {"a": {"value": 1}}
    assert read(tmp_path, "q3").items == {}


# A folder that somebody else wrote --------------------------------------------------


def manifest(folder, items, **extra):
    place = folder / "q1"
    place.mkdir(exist_ok=True)
    whole = {"format": 1, "items": items} | extra
    (place / "manifest.json").write_text(json.dumps(whole))
    return place


def one(node):
    return {"a": {"values": {"v": node}}}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'{"format": 2, "items": {}}',
        b'{"format": 1, "items": []}',
        b'{"format": 1, "items": {"a": {}, "a": {}}}',
        b'{"format": 1, "items": {"a": NaN}}',
        b'{"format": 1, "items": {"a": 1e999}}',
        b'{"format": 1, "items": {"a": ' + b"9" * 5000 + b"}}",
        b"[" * 100_000,
        b"\xff\xfe",
        b" " * 2_000_000,
    ],
)
def test_a_malformed_manifest_is_one_sentence(tmp_path, text):
    (tmp_path / "q1").mkdir()
    (tmp_path / "q1" / "manifest.json").write_bytes(text)
    with pytest.raises(EvidenceError):
        read(tmp_path, "q1")


@pytest.mark.parametrize(
    "node",
    [
        None,
        1,
        [],
        {},
        {"kind": []},
        {"kind": "_load"},
        {"kind": "int", "value": True},
        {"kind": "int", "value": 2**64},
        {"kind": "bool", "value": 1},
        {"kind": "str", "value": 3},
        {"kind": "str", "value": "\ud800"},
        {"kind": "array", "file": "../../etc/passwd"},
        {"kind": "array", "file": -1},
        {"kind": "array", "file": 10**6},
        {"kind": "array", "file": True},
        {"kind": "array", "file": 77},
        {"kind": "list", "entries": {}},
        {"kind": "dict", "entries": [[{"kind": "int", "value": 1}]]},
        {"kind": "dict", "entries": [[{"kind": "list", "entries": []}] * 2]},
        {"kind": "frame", "rows": 10**18, "columns": []},
        {"kind": "frame", "rows": -1, "columns": []},
        {"kind": "unfit", "why": []},
    ],
)
def test_a_malformed_value_costs_its_own_item(tmp_path, node):
    items = one(node) | {"good": {"values": {"v": {"kind": "int", "value": 4}}}}
    manifest(tmp_path, items)
    found = read(tmp_path, "q1")
    assert found.items == {"good": {"v": 4}}
    assert set(found.problems) == {"a"}


def array_file(place, content):
    (place / "0.npy").write_bytes(content)


def saved(array):
    import io

    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def header(shape, dtype, body=b""):
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    padded = text.ljust(117) + "\n"
    return (
        b"\x93NUMPY\x01\x00"
        + len(padded).to_bytes(2, "little")
        + padded.encode()
        + body
    )


class Harmful:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"not an array at all",
        header((10**9, 10**9), "<f8"),
        header((-1,), "<f8"),
        header((3,), "<f8", b"\0" * 16),
        header((1,), "<f8", b"\0" * 16),
        header((1,), "|O", b"\0" * 8),
        header((1,), "|V8", b"\0" * 8),
        header((1,), "<m8[s]", b"\0" * 8),
        header((2,), "|b1", b"\x02\x01"),
        header((1,), "<U1", b"\xff\xff\xff\xff"),
        header((1,), "<U1", b"\x00\xd8\x00\x00"),
        header((10**9,), "<U0"),
        header((1,), [("a", "<f8")], b"\0" * 8),
        header((1, 1, 1, 1, 1, 1, 1, 1, 1), "<f8", b"\0" * 8),
        header("__import__('os')", "<f8"),
    ],
)
def test_an_array_is_believed_only_when_header_and_length_agree(tmp_path, content):
    place = manifest(tmp_path, one({"kind": "array", "file": 0}))
    array_file(place, content)
    assert set(read(tmp_path, "q1").problems) == {"a"}


def test_nothing_is_unpickled(tmp_path):
    trace = tmp_path / "harm"
    place = manifest(tmp_path, one({"kind": "array", "file": 0}))
    array_file(place, saved(np.array([Harmful(str(trace))], dtype=object)))
    assert set(read(tmp_path, "q1").problems) == {"a"}
    array_file(place, pickle.dumps(Harmful(str(trace))))
    assert set(read(tmp_path, "q1").problems) == {"a"}
    assert not trace.exists()


def test_an_array_is_used_once(tmp_path):
    nodes = [{"kind": "array", "file": 0}] * 2
    place = manifest(tmp_path, one({"kind": "list", "entries": nodes}))
    array_file(place, saved(np.zeros(2)))
    assert "twice" in read(tmp_path, "q1").problems["a"]


def test_the_limit_holds_for_all_arrays_together(tmp_path):
    nodes = [{"kind": "array", "file": number} for number in range(3)]
    place = manifest(tmp_path, one({"kind": "list", "entries": nodes}))
    for number in range(3):
        (place / f"{number}.npy").write_bytes(saved(np.zeros(500_000)))
    assert "bytes" in read(tmp_path, "q1").problems["a"]


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no links to refuse here")
def test_links_and_pipes_are_refused(tmp_path):
    secret = tmp_path / "secret.npy"
    np.save(secret, np.zeros(1))
    place = manifest(tmp_path, one({"kind": "array", "file": 0}))
    (place / "0.npy").symlink_to(secret)
    assert set(read(tmp_path, "q1").problems) == {"a"}
    (place / "0.npy").unlink()
    os.mkfifo(place / "0.npy")
    assert set(read(tmp_path, "q1").problems) == {"a"}
    (tmp_path / "q2").symlink_to(place)
    with pytest.raises(EvidenceError, match="not a folder"):
        read(tmp_path, "q2")


def test_deep_nesting_in_the_manifest_is_refused(tmp_path):
    node = {"kind": "int", "value": 1}
    for _ in range(30):
        node = {"kind": "list", "entries": [node]}
    manifest(tmp_path, one(node))
    assert "deeper" in read(tmp_path, "q1").problems["a"]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_an_array_or_an_evidence_error(content):
    try:
        array = evidence._array_of(header((2,), "<f8")[:80] + content)
    except EvidenceError:
        return
    assert array.dtype.kind in "biufcU"
