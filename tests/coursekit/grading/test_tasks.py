"""Executions survive as bytes, and bytes from strangers are executions or refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.grading.model import CellOutcome, Execution, Piece, Usage
from coursekit.grading.tasks import (
    BadParcel,
    canonical,
    pack,
    pack_pieces,
    unpack,
    unpack_pieces,
    write_evidence,
)

NAMES = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
EXECUTIONS = st.builds(
    Execution,
    evidence=st.dictionaries(NAMES, st.dictionaries(NAMES, st.binary(max_size=40))),
    errors=st.lists(
        st.builds(CellOutcome, run=NAMES, question=NAMES, kind=NAMES, error=NAMES)
    ).map(tuple),
    limits=st.lists(NAMES).map(tuple),
    level=st.sampled_from(["none", "bubblewrap"]),
    usage=st.builds(
        Usage,
        wall_seconds=NUMBERS,
        cpu_seconds=NUMBERS,
        memory_mib=NUMBERS,
        processes=st.integers(0, 1000),
    ),
)
PIECES = st.builds(
    Piece,
    kind=st.sampled_from(["answer", "added", "edited"]),
    source=st.text(),  # halves of surrogate pairs among it
    after=NAMES,
    question=NAMES,
)


@given(EXECUTIONS)
def test_an_execution_comes_back_as_it_was(execution):
    assert unpack(pack(execution)) == execution


@given(st.binary())
def test_any_bytes_are_an_execution_or_refused(content):
    with pytest.raises(BadParcel, match=r"^The result of an execution .*\.$"):
        unpack(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(["evidence", "errors", "limits", "level", "usage"]), JSON)
def test_any_json_in_a_field_is_an_execution_or_refused(field, value):
    whole = json.loads(pack(Execution()))
    try:
        found = unpack(json.dumps(whole | {field: value}).encode())
    except BadParcel:
        return
    assert unpack(pack(found)) == found


def test_bytes_that_would_make_a_report_invalid_are_refused():
    whole = json.loads(pack(Execution()))
    for bad in (float("nan"), float("inf"), -1.0, True, "1"):
        usage = whole["usage"] | {"wall_seconds": bad}
        with pytest.raises(BadParcel, match="wall_seconds"):
            unpack(json.dumps(whole | {"usage": usage}).encode())


def test_deep_nesting_is_refused():
    with pytest.raises(BadParcel):
        unpack(b"[" * 100_000)


def test_an_execution_that_nobody_could_read_is_not_written():
    error = CellOutcome(run="main", question="q1", kind="answer", error="x" * 101)
    with pytest.raises(BadParcel, match="at most 100"):
        pack(Execution(errors=(error,)))
    with pytest.raises(BadParcel):
        pack(Execution(evidence={"\ud800": {}}))


@given(st.lists(PIECES))
def test_pieces_come_back_through_json(pieces):
    plain = json.loads(canonical(pack_pieces(pieces)))
    assert unpack_pieces(plain) == tuple(pieces)


def test_no_name_from_a_sandbox_becomes_a_path(tmp_path):
    bad = ["../0.npy", "/etc/x", "a/b", "0.npy/..", "00.npy", "x.npy", "", "0.npy\n"]
    files = dict.fromkeys(["manifest.json", "0.npy", "12.npy", *bad], b"x")
    evidence = {"q1": files, "../q1": files, "": files, "q9": files}
    write_evidence(evidence, tmp_path / "place", ["q1", "q2"])
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    here = {"manifest.json", "0.npy", "12.npy"}
    assert found == {f"place/q1/{name}" for name in here}
