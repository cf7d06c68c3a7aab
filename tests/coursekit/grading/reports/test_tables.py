"""Tables say what the batch says, import where they should, and hold no formula."""

import csv
import io
from collections import Counter

import pytest

from coursekit.grading.model import Group, Learner, ManualMark, Similar
from coursekit.grading.policy import Points, Policy
from coursekit.grading.reports import tables

from .builders import HOSTILE, batch, learner_result, result

SIGNS = ("=", "+", "-", "@", "\t", "\r", "\uff1d")


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def records(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def hostile(good):
    """A batch in which every text that a learner has a say in is hostile."""
    several = []
    for text in HOSTILE:
        one = learner_result(good, text, 0.5, notes=[text], flags=[text], file=text)
        one.learner = Learner(key=text, name=text, id=text)
        one.manual[0].written = text
        one.manual[0].comment = text
        one.items[0].feedback = text
        several.append(one)
    return batch(*several, title="=1+1")


@pytest.mark.parametrize("table", ["grades", "canvas", "moodle", "manual"])
def test_no_cell_of_any_table_begins_a_formula(hostile, good, table):
    make = getattr(tables, table)
    text = make(hostile) if table == "manual" else make(hostile, good)
    rows = read(text)
    assert len(rows) > len(HOSTILE)
    assert len({len(row) for row in rows}) == 1
    assert [field for row in rows for field in row if field.startswith(SIGNS)] == []


def test_grades_has_a_row_for_each_learner_and_all_points(eventful, good):
    rows = {row["learner"]: row for row in records(tables.grades(eventful, good))}
    assert list(rows) == ["ada", "bea", "chen", "dora", "eve", "fay", "gil", "hal"]
    ada = rows["ada"]
    assert (ada["final"], ada["out_of"], ada["state"]) == ("6", "8", "graded")
    assert sum(float(ada[item.id]) for item in good.items) == good.points
    assert ada["q4.written"] == ""
    assert rows["hal"]["state"] == "missing"
    assert rows["gil"]["problem"] == "The file is empty."
    assert rows["dora"]["similar"] == "eve (97%)"
    assert rows["eve"]["similar"] == "dora (91%); the published solution (60%)"
    assert rows["dora"]["limits"] == "wall time: more than 60 seconds"
    assert (rows["chen"]["days_late"], rows["chen"]["penalty"]) == ("2", "1.6")
    assert rows["fay"]["attempt"] == "2"


def test_a_mark_of_a_person_stands_in_grades(good):
    one = learner_result(good, "ada")
    one.manual[0].earned = 0.0
    row = records(tables.grades(batch(one), good))[0]
    assert row["q4.written"] == "0"


def with_id(key, known, **changes):
    return result(key, learner=Learner(key=key, name=key.title(), id=known), **changes)


@pytest.fixture
def known():
    """Learners with ids of an LMS, of a roster, and without."""
    return Policy().apply(
        batch(
            with_id("ada", "1815"),
            with_id("bea", "bea@example.org"),
            with_id("chen", "s77"),
            with_id("dora", ""),
            with_id("gone", "99", state="missing", items=[]),
        )
    )


def test_canvas_finds_the_columns_that_its_importer_asks_for(known, good):
    head, points, *rows = read(tables.canvas(known, good))
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["Columns on one scale"]
    assert points == ["Points Possible", "", "", "", "", "8"]
    assert rows[0] == ["Ada", "1815", "", "", "", "2"]
    assert rows[1] == ["Bea", "", "", "bea@example.org", "", "2"]
    assert rows[2][3] == "s77"
    assert rows[3] == ["Dora", "", "", "", "", "2"]
    assert len(rows) == 4


def test_in_canvas_nobody_is_taken_for_the_row_of_points_and_no_title_for_an_id(good):
    one = result("x", learner=Learner(key="x", name="Points Possible"))
    head, _, row = read(tables.canvas(batch(one, title="Scaling (3)"), good))
    assert "Points Possible" not in row[0]
    assert head[5] == "Scaling 3"


def test_moodle_finds_the_columns_that_its_worksheet_asks_for(known, good):
    rows = records(tables.moodle(known, good))
    needed = {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"}
    assert needed < set(rows[0])
    assert [row["Identifier"] for row in rows] == ["Participant 1815", "", "", ""]
    assert rows[1]["Email address"] == "bea@example.org"
    assert {row["Maximum grade"] for row in rows} == {"8"}
    assert [row["Full name"] for row in rows] == ["Ada", "Bea", "Chen", "Dora"]


def test_comments_for_moodle_are_html_with_nothing_of_a_learner_in_it(good):
    one = learner_result(good, "ada", 0.0)
    one.items[0].feedback = "x < 3 & <script>\nyes"
    one.manual.append(
        ManualMark(question="q4", title="Why", points=2, earned=1, comment="<b>Hm")
    )
    told = records(tables.moodle(batch(one), good))[0]["Feedback comments"]
    assert "x &lt; 3 &amp; &lt;script&gt;<br>yes" in told
    assert "Why: 1 of 2. &lt;b&gt;Hm" in told
    assert "0.4217" not in told


def test_what_nobody_handed_in_is_not_imported_as_a_zero(eventful, good):
    for table in (tables.canvas, tables.moodle):
        assert "Hal" not in table(eventful, good)
        assert "Gil" in table(eventful, good)


def test_marks_are_on_the_scale_of_the_policy_everywhere(good):
    marked = Policy(points=Points(total=100.0)).apply(
        batch(learner_result(good, "ada"))
    )
    row = records(tables.grades(marked, good))[0]
    assert (row["final"], row["out_of"]) == ("75", "100")
    assert read(tables.canvas(marked, good))[1][5] == "100"
    assert records(tables.moodle(marked, good))[0]["Maximum grade"] == "100"


def test_the_table_to_fill_in_has_the_text_and_what_was_given(good):
    one = learner_result(good, "ada")
    one.manual[0].written = 'Trees, he said,\n"do not care".'
    other = learner_result(good, "bea")
    other.manual[0] = other.manual[0].model_copy(
        update={"earned": 1.5, "comment": "Ok"}
    )
    ada, bea = records(tables.manual(batch(one, other)))
    assert ada["written"] == 'Trees, he said,\n"do not care".'
    assert (ada["points"], ada["comment"], ada["out_of"]) == ("", "", "2")
    assert (bea["points"], bea["comment"]) == ("1.5", "Ok")


def test_a_table_counts_as_filled_as_soon_as_anything_was_written_into_it(good):
    empty = tables.manual(batch(learner_result(good, "ada")))
    assert not tables.is_filled(empty)
    assert not tables.is_filled("\ufeff" + empty)
    assert tables.is_filled(empty.replace('"q4",""', '"q4","0"'))
    assert tables.is_filled(empty.replace('"q4","",""', '"q4","","?"'))
    assert tables.is_filled("learner;name;question;points;comment\r\nada;;q4;2;\r\n")
    assert tables.is_filled("")


@pytest.mark.parametrize("value", [0.0, 1e-9, 0.1 + 0.2, 1e6, 12.5, 33.333333333])
def test_a_number_is_written_without_an_exponent_and_to_six_digits(value):
    assert set(tables.number(value)) <= set("0123456789.")
    assert float(tables.number(value)) == pytest.approx(value, abs=5e-7)


def test_each_learner_has_one_row_however_many_uploads(eventful, good):
    names = Counter(row["learner"] for row in records(tables.grades(eventful, good)))
    assert set(names.values()) == {1}


def test_grades_names_everybody_of_a_group_and_whom_else_one_resembles(good):
    several = [learner_result(good, key) for key in ("ada", "bea", "chen", "dora")]
    several[0].similar = [
        Similar(other="chen", share=1.0, questions=["q1"]),
        Similar(other="dora", share=0.75, questions=["q1"]),
    ]
    ring = Group(learners=["ada", "bea", "chen"], share=0.9, questions=["q1"])
    text = tables.grades(batch(*several, groups=[ring]), good)
    assert [row["similar"] for row in records(text)] == [
        "bea, chen (90% or more); dora (75%)",
        "ada, chen (90% or more)",
        "ada, bea (90% or more)",
        "",
    ]
