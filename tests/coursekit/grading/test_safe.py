"""What strangers write does no harm where it is shown."""

import csv
import io
import re
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.grading.safe import cell, file_name, label, line, uncell, visible

from .reports.builders import HOSTILE

TEXT = st.text(st.characters(), max_size=40) | st.sampled_from(HOSTILE)
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\t\r\n"
# By the rules of the Win32 file system.
DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in "123456789"
}


@given(TEXT)
def test_nothing_unseen_is_left(text):
    kinds = {
        unicodedata.category(c) for c in visible(text) if c not in "\n\t\u200c\u200d"
    }
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(TEXT)
def test_visible_text_can_be_written_as_utf8_and_as_xml(text):
    shown = visible(text)
    shown.encode("utf-8")
    element = ET.Element("a")
    element.text = shown
    assert (ET.fromstring(ET.tostring(element)).text or "") == shown


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_stays_as_it_is(text):
    assert visible(text) == text


def test_what_hides_is_named():
    assert visible("evil\u202egpj") == "evil⟨U+202E⟩gpj"
    assert visible("a\x00b\r\nc") == "a⟨U+0000⟩b\nc"


def test_joined_emoji_and_accents_stay_whole():
    assert (
        visible("\U0001f468\u200d\U0001f467 Zoe\u0308")
        == "\U0001f468\u200d\U0001f467 Zoe\u0308"
    )


def test_a_heap_of_accents_is_not_taller_than_four():
    assert visible("z" + "\u0300" * 500 + "a") == "z" + "\u0300" * 4 + "a"


@given(TEXT)
def test_a_line_is_one_line_of_limited_length_and_never_empty(text):
    shown = line(text, 30)
    assert 0 < len(shown) <= 30
    assert len(shown.splitlines()) == 1


@given(TEXT)
def test_no_cell_begins_a_formula(text):
    written = cell(text)
    assert not written.startswith(tuple(SIGNS + " "))


@given(TEXT, st.sampled_from(",;\t"))
def test_no_formula_begins_where_another_separator_would_part_a_cell(text, separator):
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_ALL).writerow(["x", cell(text), "y"])
    # As somebody's spreadsheet reads it who expects another separator.
    for row in re.split("[\r\n]", table.getvalue()):
        for part in row.split(separator):
            begun = part.strip('" \t')
            quoted_here = (
                separator == ","
            )  # then the quotes hold, and nothing is parted
            assert quoted_here or not begun.startswith(tuple("=+-@")), part


@given(TEXT.filter(lambda text: len(text) < 1000))
def test_what_a_cell_added_at_the_beginning_can_be_taken_away(text):
    plain = visible(text).strip(" \n\t")
    if not re.search(f"[;\\t\\n]\\s*[{re.escape(SIGNS)}]", plain):
        assert uncell(cell(text)) == plain.strip()


@pytest.mark.parametrize("text", ["'tis", "it's", "''", "'", "a = b"])
def test_an_apostrophe_of_ones_own_is_kept(text):
    assert uncell(cell(text)) == text
    assert uncell("'tis typed by a person") == "'tis typed by a person"


def test_a_cell_fits_into_a_spreadsheet():
    assert len(cell("=" + "x" * 100_000)) <= 32_767


@given(TEXT)
def test_a_file_name_is_plain_and_no_device(text):
    name = file_name(text)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{16}", name)
    assert len(name) < 64
    assert name.split(".")[0] not in DEVICES


@given(TEXT, TEXT)
def test_two_keys_never_share_a_file_even_where_case_does_not_count(one, other):
    assert (file_name(one).lower() == file_name(other).lower()) == (one == other)


@given(TEXT, TEXT)
def test_a_label_names_one_learner_and_fits_into_a_table(one, other):
    assert (label(one) == label(other)) == (one == other)
    assert cell(label(one)) == label(one)
    assert label("ada lovelace") == "ada lovelace"
