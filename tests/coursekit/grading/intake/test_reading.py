"""Any bytes become a notebook of one plain form, or one sentence."""

import json
import tracemalloc

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.grading.intake import reading
from coursekit.grading.intake.reading import Unreadable, read_notebook

CELL = {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 1\ny = 2"}


def notebook(*cells, **more):
    raw = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return raw | more


def saved(raw, **options):
    return json.dumps(raw, **options).encode()


def sources(content):
    return [cell["source"] for cell in read_notebook(content)["cells"]]


def refused(content):
    with pytest.raises(Unreadable) as caught:
        read_notebook(content)
    told = str(caught.value)
    assert told.endswith(".")
    assert "\n" not in told
    return told


def in_form(found):
    """Whether a notebook has the form that everything after it relies on."""
    assert set(found) == {"metadata", "cells"}
    assert isinstance(found["metadata"]["course"], dict)
    for cell in found["cells"]:
        assert set(cell) == {"cell_type", "id", "metadata", "source"}
        assert cell["cell_type"] in ("code", "markdown", "raw")
        assert {type(cell["metadata"][key]) for key in ("course", "nbgrader")} == {dict}
        (cell["id"] + cell["source"]).encode()
    return True


def settled(content):
    """Whether bytes are read or refused, and nothing else happens."""
    try:
        return in_form(read_notebook(content))
    except Unreadable as error:
        return str(error).endswith(".")


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_of_json_is_read(encoding):
    text = json.dumps(notebook(CELL | {"source": "é = '漢'"}), ensure_ascii=False)
    assert sources(text.encode(encoding)) == ["é = '漢'"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_become_one_kind_outside_and_inside_of_texts(end):
    text = json.dumps(notebook(CELL | {"source": f"x = 1{end}y = 2"}), indent=1)
    assert sources(text.replace("\n", end).encode()) == ["x = 1\ny = 2"]


def test_line_ends_that_a_transfer_left_inside_of_a_text_are_read():
    assert sources(b'{"nbformat": 4, "cells": [{"source": "x\r\ny"}]}') == ["x\ny"]


def test_a_source_is_a_text_or_a_list_of_lines():
    as_list = CELL | {"source": ["x = 1\n", "y = 2"]}
    assert sources(saved(notebook(CELL, as_list))) == ["x = 1\ny = 2"] * 2


@pytest.mark.parametrize("minor", [0, 1, 2, 3, 4, 5, 6])
def test_every_minor_of_format_4_is_read(minor):
    assert sources(saved(notebook(CELL, nbformat_minor=minor)))


def test_format_3_as_nbformat_itself_writes_it():
    new = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# T"), nbformat.v4.new_code_cell("x = 1")]
    )
    old = nbformat.convert(new, 3)
    found = read_notebook(nbformat.v3.writes_json(old).encode())["cells"]
    assert [cell["cell_type"] for cell in found] == ["markdown", "code"]
    assert [cell["source"].lstrip("# ") for cell in found] == ["T", "x = 1"]


def test_worksheets_of_format_3_follow_each_other():
    sheets = [{"cells": [{"cell_type": "code", "input": name}]} for name in "ab"]
    assert sources(saved({"nbformat": 3, "worksheets": sheets})) == ["a", "b"]


def test_colab_keeps_an_id_in_the_metadata():
    cell = {"cell_type": "code", "metadata": {"id": "q1-answer"}, "source": ""}
    found = read_notebook(saved(notebook(cell, nbformat_minor=0)))
    assert found["cells"][0]["id"] == "q1-answer"


def test_outputs_and_attachments_are_dropped():
    heavy = CELL | {"outputs": [{"text": "o" * 999}], "attachments": {"a": {"b": "c"}}}
    found = read_notebook(saved(notebook(heavy)))
    assert found["cells"] == read_notebook(saved(notebook(CELL)))["cells"]


def test_numbers_that_json_does_not_have_or_python_does_not_like_do_no_harm():
    text = json.dumps(notebook(CELL))[:-1]
    hostile = f'{text}, "a": NaN, "b": -Infinity, "c": {"9" * 6000}}}'
    assert sources(hostile.encode()) == ["x = 1\ny = 2"]


def test_of_a_key_given_twice_the_last_counts():
    text = json.dumps(notebook(CELL))[:-1]
    assert sources(f'{text}, "cells": []}}'.encode()) == []


def test_a_lone_surrogate_is_replaced():
    assert sources(b'{"nbformat": 4, "cells": [{"source": "\\ud800x"}]}') == ["\ufffdx"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"PK\x03\x04rest", "zip file or an office document"),
        (b"%PDF-1.4", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"<<<<<<< HEAD\n{", "Git"),
        (b"\xff\xfe\xfa", "not text"),
        (b'{"cells": "\xff"}', "byte 11 is not UTF-8"),
        (b"import numpy", "not the JSON of a notebook"),
        (b'{"cells": [', "ends too early, in line 1"),
        (b'{"cells":\n "abc', "ends too early, in line 2"),
        (b"[]", "holds a list"),
        (b"3", "holds a number"),
        (b"null", "holds a single value"),
        (b"{}", "`nbformat` is missing"),
        (b'{"nbformat": "4"}', "`nbformat` is a text"),
        (b'{"nbformat": true}', "`nbformat` is a single value"),
        (b'{"nbformat": 2}', "format is 2; 3 and 4 are read"),
        (b'{"nbformat": NaN}', "format is nan"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "an object for its cells"),
        (b"[" * 100_000, "nests"),
        (b'{"nbformat": 4, "cells": ' + b'[{"a":' * 50_000, "nests"),
    ],
)
def test_what_is_no_notebook_gets_one_sentence(content, told):
    assert told in refused(content)


def test_a_file_that_was_cut_anywhere_gets_one_sentence(answered):
    whole = answered.bytes
    for end in range(0, len(whole) - 1, 97):
        refused(whole[:end])


def test_limits_come_with_what_was_found(monkeypatch):
    large = refused(b"x" * (reading.LARGEST + 1))
    assert "20.0 MB" in large
    many = notebook(*[CELL] * (reading.MOST_CELLS + 1))
    assert "2,001 cells; at most 2,000" in refused(saved(many))
    long = CELL | {"source": "x" * (reading.LONGEST_SOURCE + 1)}
    assert "Cell 2 has 1.0 MB of source" in refused(saved(notebook(CELL, long)))


def test_many_small_containers_are_refused_before_they_take_memory():
    content = b'{"a": [' + b"[]," * (reading.MOST_CONTAINERS + 1) + b"0]}"
    tracemalloc.start()
    try:
        assert "2,000,00" in refused(content)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(content)
    finally:
        tracemalloc.stop()


KEYS = ["cells", "metadata", "source", "id", "cell_type", "nbformat", "worksheets"]
KEYS += ["course", "nbgrader", "input"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_notebook_or_a_sentence(content):
    assert settled(content)


@given(JSON, st.sampled_from([3, 4, 4.0, 5, None]))
def test_any_json_gives_a_notebook_or_a_sentence(value, major):
    if isinstance(value, dict):
        value = {"nbformat": major} | value
    assert settled(json.dumps(value).encode())


@given(st.lists(JSON, max_size=5))
def test_cells_of_any_shape_become_cells(cells):
    found = read_notebook(json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert in_form(found)
    assert len(found["cells"]) == len(cells)


@settings(max_examples=60)
@given(
    at=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6),
    byte=st.integers(0, 255),
)
def test_a_starter_with_bytes_changed_gives_a_notebook_or_a_sentence(
    starter_bytes, at, byte
):
    content = bytearray(starter_bytes)
    for share in at:
        content[int(share * len(content))] = byte
    assert settled(bytes(content))
