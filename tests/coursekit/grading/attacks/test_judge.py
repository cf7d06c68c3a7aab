"""Whatever a file of evidence holds, only what is right earns a point."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coursekit.exercises.court import Court
from coursekit.exercises.judge import judge
from coursekit.exercises.model import Exercise
from coursekit.grading.model import Execution

from .conftest import SEED
from .grading import write_evidence

_KINDS = ["b1", "i1", "i8", "u4", "f2", "f4", "f8", "c16", "U3", ">f8", "M8[s]", "O"]
_NAMES = st.sampled_from(["value", "given", "after", "moved", "twice", "values", ""])
_NUMBERS = st.one_of(
    st.integers(-3, 600), st.booleans(), st.none(), st.text(max_size=3), st.floats()
)
_LEAVES = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(
                ["array", "float", "array-list", "dates", "expected"]
            )
        },
        optional={"file": _NUMBERS, "value": _NUMBERS},
    ),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["int", "bool", "str", "none", "unfit"])},
        optional={"value": _NUMBERS, "why": _NUMBERS},
    ),
    _NUMBERS,
)


def _nests(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.lists(inner, max_size=3), max_size=3)
    kinds = st.sampled_from(["list", "dict", "frame", "gapped"])
    lists = st.one_of(st.lists(inner, max_size=3), pairs)
    more = {"entries": lists, "columns": pairs, "rows": _NUMBERS, "values": inner}
    more |= {"missing": _NUMBERS}
    return st.fixed_dictionaries({"kind": kinds}, optional=more)


_NODES = st.recursive(_LEAVES, _nests, max_leaves=8)
_ITEMS = st.dictionaries(
    st.sampled_from(["values", "input", "value", "other"]),
    st.fixed_dictionaries({"values": st.dictionaries(_NAMES, _NODES, max_size=4)}),
    max_size=4,
)
_ARRAYS = st.sampled_from(_KINDS).flatmap(
    lambda kind: (
        st.just(np.array([None, "x"], dtype=object))
        if kind == "O"
        else arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_side=12))
    )
)


@pytest.fixture(scope="module")
def right(
    expected: Execution, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """The reference's evidence, and an empty folder for what is made up."""
    folder = tmp_path_factory.mktemp("judged")
    write_evidence(expected, folder / "right")
    (folder / "made").mkdir()
    return {"right": folder / "right", "made": folder / "made"}


def _bytes(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def _earned(exercise: Exercise, right: dict[str, Path], made: Execution) -> list[int]:
    for path in right["made"].glob("*/*"):
        path.unlink()
    write_evidence(made, right["made"])
    court = Court(right["made"], right["right"], SEED)
    return [verdict.earned for verdict in judge(exercise.items, court)]


def test_what_is_right_earns_all(
    exercise: Exercise, right: dict[str, Path], expected: Execution
):
    assert _earned(exercise, right, expected) == [i.points for i in exercise.items]


@given(items=_ITEMS, files=st.lists(_ARRAYS, max_size=4))
@settings(max_examples=300)
def test_values_made_up_by_hand_earn_nothing(
    exercise: Exercise,
    right: dict[str, Path],
    items: dict[str, Any],
    files: list[np.ndarray[Any, Any]],
):
    manifest = json.dumps({"format": 1, "items": items}).encode()
    one = {f"{number}.npy": _bytes(array) for number, array in enumerate(files)}
    one["manifest.json"] = manifest
    made = Execution(evidence=dict.fromkeys(("q1", "q2", "q3"), one))
    assert _earned(exercise, right, made) == [0] * len(exercise.items)


@given(data=st.data())
@settings(max_examples=200)
def test_right_evidence_with_a_changed_byte_never_earns_more(
    exercise: Exercise,
    right: dict[str, Path],
    expected: Execution,
    data: st.DataObject,
):
    evidence = {name: dict(files) for name, files in expected.evidence.items()}
    question = data.draw(st.sampled_from(sorted(evidence)))
    name = data.draw(st.sampled_from(sorted(evidence[question])))
    content = bytearray(evidence[question][name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    evidence[question][name] = bytes(content)

    earned = _earned(exercise, right, Execution(evidence=evidence))

    for item, points in zip(exercise.items, earned, strict=True):
        assert points in (0, item.points)
        if item.question != question:
            assert points == item.points, "damage to one question cost another"
