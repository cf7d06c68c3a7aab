"""`results.json`: all of the batch, by its schema, the same every time."""

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coursekit.grading.reports import records

from .builders import HOSTILE, batch, result


def test_what_is_written_is_read_back_as_it_was(tmp_path, eventful):
    path = tmp_path / "results.json"
    path.write_text(records.results(eventful), encoding="utf-8")
    assert records.read(path) == eventful


def test_the_file_keeps_to_its_schema_and_the_schema_is_one(eventful):
    schema = json.loads(records.schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    written = json.loads(records.results(eventful))
    checker.validate(written)
    written["results"][0]["final"] = "full"
    assert not checker.is_valid(written)
    assert not checker.is_valid({**json.loads(records.results(eventful)), "more": 1})


@given(st.lists(st.sampled_from(HOSTILE), unique=True))
def test_no_name_breaks_the_file(keys):
    given_batch = batch(*(result(key) for key in keys))
    found = json.loads(records.results(given_batch))
    assert [one["learner"]["key"] for one in found["results"]] == keys


def test_keys_are_sorted_so_that_files_can_be_compared(eventful):
    text = records.results(eventful)
    ordered = json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False)
    assert text == f"{ordered}\n"


def test_a_mark_that_is_no_number_is_refused_and_not_written():
    one = result()
    one.final = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.results(batch(one))


def test_another_file_is_not_taken_for_results(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"format": 2}')
    with pytest.raises(ValidationError):
        records.read(path)
