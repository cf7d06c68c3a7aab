"""Marks by policy: fair in every direction, and said in plain sentences."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.grading.model import ItemMark, Learner, ManualMark, Result
from coursekit.grading.policy import (
    Late,
    ManualError,
    Points,
    Policy,
    PolicyError,
    apply,
    merge_manual,
)
from coursekit.grading.reports import tables

from .reports.builders import DUE, HOSTILE, batch, result

AMOUNTS = st.integers(0, 400).map(lambda n: n / 4)
LATES = st.builds(
    Late,
    per_day=AMOUNTS,
    unit=st.sampled_from(["percent", "points"]),
    at_most=st.none() | AMOUNTS,
    cutoff_days=st.none() | st.integers(0, 20),
)
WORTHS = st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), AMOUNTS)
POLICIES = st.builds(
    Policy,
    due=st.just(DUE),
    grace_minutes=st.integers(0, 300).map(float),
    best_of=st.sampled_from(["best", "last", "first"]),
    round=st.integers(0, 4),
    late=st.none() | LATES,
    points=st.builds(
        Points, total=st.none() | st.just(100.0) | st.just(7.5), questions=WORTHS
    ),
)
MOMENTS = st.integers(-5 * 1440, 30 * 1440).map(lambda m: DUE + timedelta(minutes=m))


@st.composite
def results(draw, key="ada"):
    """A result of three questions with two items each, or one that cannot be read."""
    earned = {}
    for question in ("q1", "q2", "q3"):
        for item in ("a", "b"):
            points = draw(st.integers(1, 4))
            earned[f"{question}.{item}"] = (draw(st.integers(0, points)), points)
    return result(
        key,
        earned,
        submitted=draw(st.none() | MOMENTS),
        attempt=draw(st.integers(1, 5)),
        superseded=draw(st.booleans()),
    )


def final(policy, one):
    return policy.apply(batch(one)).results[0].final


def full(policy, one):
    points = {}
    for mark in one.items:
        points[mark.question] = points.get(mark.question, 0) + mark.points
    return policy.total(points)


@given(POLICIES, results())
def test_a_mark_is_never_negative_and_never_above_full_marks(policy, one):
    assert 0 <= final(policy, one) <= full(policy, one)
    marked = policy.apply(batch(one)).results[0]
    assert 0 <= marked.penalty <= full(policy, one) + 10**-policy.round


@given(POLICIES, results(), st.integers(0, 5))
def test_whoever_earns_more_is_never_marked_lower(policy, one, place):
    better = one.model_copy(deep=True)
    better.items[place].earned = better.items[place].points
    assert final(policy, better) >= final(policy, one)


@given(POLICIES, results(), MOMENTS, MOMENTS)
def test_later_is_never_better(policy, one, early, late):
    early, late = sorted([early, late])
    first = one.model_copy(update={"submitted": early})
    second = one.model_copy(update={"submitted": late})
    assert final(policy, second) <= final(policy, first)


@given(POLICIES, st.lists(results("ada") | results("bea"), max_size=5))
def test_marking_twice_is_marking_once(policy, several):
    once = policy.apply(batch(*several))
    assert apply(once) == once
    assert policy.apply(once) == once


@given(POLICIES, st.lists(results("ada") | results("bea"), min_size=1, max_size=5))
def test_one_upload_of_each_learner_counts(policy, several):
    marked = policy.apply(batch(*several)).results
    for key in {one.learner.key for one in several}:
        mine = [one for one in marked if one.learner.key == key]
        counting = [one for one in mine if not one.superseded]
        assert len(counting) == 1
        if policy.best_of == "best":
            assert counting[0].final == max(one.final for one in mine)
        if policy.best_of == "first":
            assert counting[0].attempt == min(one.attempt for one in mine)


def upload(attempt, state, *, chosen=None):
    """Make an upload; intake chose the one of that number."""
    superseded = chosen is not None and attempt != chosen
    earned = {"q1.a": (1, 2)} if state == "graded" else {}
    return result("ada", earned, state=state, attempt=attempt, superseded=superseded)


def uploads(*states, chosen=None):
    return [upload(n, state, chosen=chosen) for n, state in enumerate(states, start=1)]


def counts(policy, several):
    marked = policy.apply(batch(*several)).results
    return [one.attempt for one in marked if not one.superseded]


@pytest.mark.parametrize(
    ("rule", "states", "attempt"),
    [
        ("last", ["graded", "graded", "graded"], 3),
        ("last", ["graded", "graded", "unreadable"], 2),
        ("first", ["unreadable", "graded", "graded"], 2),
        ("best", ["graded", "graded", "unreadable"], 2),
        ("last", ["unreadable", "unreadable"], 2),
        ("first", ["unreadable", "unreadable"], 1),
    ],
)
def test_what_cannot_be_read_counts_only_where_nothing_can(rule, states, attempt):
    assert counts(Policy(best_of=rule), uploads(*states)) == [attempt]


def test_the_last_is_the_one_that_intake_chose_until_another_rule_has_chosen():
    several = uploads("graded", "graded", "graded", chosen=2)
    assert counts(Policy(), several) == [2]
    first = Policy(best_of="first").apply(batch(*several))
    again = Policy().apply(first).results
    assert [one.attempt for one in again if not one.superseded] == [3]


def test_a_result_without_some_items_is_not_marked_as_if_the_exercise_had_none():
    whole = result("ada", {"q1.a": (2, 2), "q2.a": (2, 2)})
    broken = result("bea", {"q1.a": (2, 2)})
    policy = Policy(points=Points(total=100.0))
    marks = [one.final for one in policy.apply(batch(whole, broken)).results]
    assert marks == [100, 50]


@given(POLICIES, results())
def test_the_batch_given_is_not_changed(policy, one):
    given_batch = batch(one)
    before = given_batch.model_dump()
    policy.apply(given_batch)
    assert given_batch.model_dump() == before


@given(POLICIES)
def test_a_policy_survives_being_recorded(policy):
    assert Policy.of(batch(policy=policy.record())) == policy


def test_without_a_policy_the_mark_is_the_points():
    marked = Policy().apply(batch(result(earned={"q1.a": (1.5, 2), "q2.b": (3, 4)})))
    assert marked.results[0].final == 4.5
    assert marked.results[0].penalty_reason == ""
    assert marked.policy == {}


def test_points_are_scaled_by_question_and_rounded_half_up():
    policy = Policy(round=0, points=Points(total=100.0, questions={"q1": 1.0}))
    one = result(earned={"q1.a": (2, 4), "q2.a": (0, 3)})
    # q1 is worth 1 of 1 + 3, so half of it is an eighth of everything: 12.5 of 100.
    assert final(policy, one) == 13


@pytest.mark.parametrize(
    ("earned", "mark"), [(0.285, 0.29), (1.005, 1.01), (2.675, 2.68)]
)
def test_rounding_goes_by_what_was_written_and_not_by_its_nearest_binary(earned, mark):
    assert final(Policy(round=2), result(earned={"q1.a": (earned, 3)})) == mark


def late_by(**ago):
    return result(earned={"q1.a": (10, 10)}, submitted=DUE + timedelta(**ago))


TENTH = Late(per_day=10.0, at_most=30.0, cutoff_days=5)


@pytest.mark.parametrize(
    ("late", "mark"),
    [
        ({"minutes": -1}, 10),
        ({"minutes": 0}, 10),
        ({"minutes": 15}, 10),  # grace
        ({"minutes": 16}, 9),
        ({"days": 1}, 9),
        ({"days": 1, "seconds": 1}, 8),
        ({"days": 4}, 7),
        ({"days": 5}, 7),  # at most 30 %
        ({"days": 5, "seconds": 1}, 0),  # cut off
    ],
)
def test_each_day_begun_costs_up_to_the_most_and_until_the_cutoff(late, mark):
    policy = Policy(due=DUE, grace_minutes=15.0, late=TENTH)
    assert final(policy, late_by(**late)) == mark


def test_a_percentage_is_of_the_total_and_points_are_points():
    half = result(earned={"q1.a": (5, 10)}, submitted=DUE + timedelta(hours=1))
    assert final(Policy(due=DUE, late=Late(per_day=20.0)), half) == 3
    assert final(Policy(due=DUE, late=Late(per_day=1.5, unit="points")), half) == 3.5


def test_the_reason_says_what_happened_and_what_the_rule_is():
    policy = Policy(due=DUE, late=TENTH)
    marked = policy.apply(batch(late_by(days=1, hours=2))).results[0]
    assert marked.penalty == 2
    assert marked.penalty_reason == (
        "2 days late; 10 % of the total for each day begun, at most 30 %"
    )
    gone = policy.apply(batch(late_by(days=9))).results[0]
    assert gone.penalty_reason == "9 days late; after 5 no points are given"
    assert gone.penalty == 10


@pytest.mark.parametrize(
    ("said", "submitted", "days"),
    [
        (None, None, 0),
        (True, None, 1),
        (True, DUE - timedelta(days=3), 1),  # a time that cannot be right
        (True, DUE + timedelta(days=2, hours=1), 3),
        (False, DUE + timedelta(days=2), 0),  # somebody got more time
    ],
)
def test_what_the_lms_says_about_lateness_comes_first(said, submitted, days):
    one = result(late=said, submitted=submitted)
    assert Policy(due=DUE, late=TENTH).days_late(one) == days


def test_a_time_without_a_zone_is_taken_in_the_zone_of_the_due_date():
    due = DUE.replace(tzinfo=timezone(timedelta(hours=9)))
    policy = Policy(due=due)
    naive = due.replace(tzinfo=None)
    assert policy.days_late(result(submitted=naive)) == 0
    assert policy.days_late(result(submitted=naive + timedelta(minutes=1))) == 1


def test_a_missing_or_unreadable_submission_gets_nothing_and_no_penalty():
    policy = Policy(due=DUE, late=TENTH)
    for state in ("missing", "unreadable"):
        one = result(earned={}, state=state, submitted=DUE + timedelta(days=3))
        marked = policy.apply(batch(one)).results[0]
        assert (marked.final, marked.penalty, marked.penalty_reason) == (0, 0, "")


def test_a_worth_for_a_question_that_is_not_there_is_refused():
    policy = Policy(points=Points(questions={"q7": 2.0}))
    with pytest.raises(PolicyError, match=r"found q7; the exercise has q1\.$"):
        policy.apply(batch(result()))


# Reading a policy


@pytest.fixture
def read(tmp_path):
    """Read a policy from a text."""

    def read(text):
        path = tmp_path / "policy.toml"
        path.write_text(text, encoding="utf-8")
        return Policy.read(path)

    return read


def test_the_policy_of_the_documentation_can_be_read(read):
    from coursekit.grading import policy

    shown = [said for said in policy.__doc__.splitlines() if said.startswith("    ")]
    example = read("\n".join(shown))
    assert example.due == datetime.fromisoformat("2026-11-20T23:59:00+01:00")
    assert example.late == Late(per_day=10.0, at_most=50.0, cutoff_days=7)
    assert example.points == Points(total=100.0, questions={"q1": 2.0})
    assert (example.best_of, example.round, example.grace_minutes) == ("best", 1, 15)


def test_an_empty_policy_changes_nothing(read):
    assert read("") == Policy()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dew = 1", "dew: there is no such key; expected one of due, grace_minutes,"),
        (
            "[late]\nper_week = 1",
            "late.per_week: there is no such key; expected one of per_day,",
        ),
        (
            "due = 2026-11-20T23:59:00",
            "due: found 2026-11-20T23:59:00; expected a date with a time and",
        ),
        ("due = 2026-11-20", "due: found 2026-11-20; expected a date with"),
        ('due = "tomorrow"', "due: found 'tomorrow'; expected a date with"),
        (
            'grace_minutes = "10"',
            "grace_minutes: found '10'; expected a number from 0 on",
        ),
        ("grace_minutes = -1", "grace_minutes: found -1; expected a number from 0 on"),
        ("grace_minutes = nan", "grace_minutes: found nan; expected a number"),
        ("round = 1.5", "round: found 1.5; expected a whole number from 0 to 6"),
        ("round = true", "round: found True; expected a whole number from 0 to 6"),
        ('best_of = "worst"', 'best_of: found \'worst\'; expected "best", "last" or'),
        ("late = 5", "late: found 5; expected a table [late]"),
        ('[late]\nunit = "euro"', "late.unit: found 'euro'; expected \"percent\" or"),
        ("[late]\ncutoff_days = 1.5", "late.cutoff_days: found 1.5; expected a whole"),
        ("[points]\ntotal = 0", "points.total: found 0; expected a number above 0"),
        (
            "[points.questions]\nq1 = -1",
            "points.questions.q1: found -1; expected a number",
        ),
        ("[late]\nper_day = 10", "`late` needs `due`"),
        ("due = ", "this is not TOML"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_in_one_sentence(
    read, tmp_path, text, said
):
    with pytest.raises(PolicyError) as caught:
        read(text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'policy.toml'}: {said}"), message
    assert message.endswith(".")
    assert "\n" not in message


def test_every_fault_is_told_and_a_missing_file_too(read, tmp_path):
    with pytest.raises(PolicyError) as caught:
        read("dew = 1\nround = 9")
    assert len(str(caught.value).splitlines()) == 2
    with pytest.raises(
        PolicyError, match=r"nowhere\.toml: this cannot be read \(No such"
    ):
        Policy.read(tmp_path / "nowhere.toml")


# How points become a mark, in words

OWN = {"q1": 3.0, "q2": 17.0}


def explained(points, earned, **changes):
    one = result(
        "ada", {"q1.a": (earned[0], OWN["q1"]), "q2.a": (earned[1], OWN["q2"])}
    )
    rules = Policy(points=Points(**points), **changes)
    (marked,) = rules.apply(batch(one)).results
    return rules.scaling(marked, OWN), marked


def test_another_worth_and_a_scale_are_explained():
    said, marked = explained({"total": 100.0, "questions": {"q1": 2.0}}, (3, 14))
    assert marked.earned == 17
    assert said == (
        "Question 1 counts 2 instead of 3 points; 16 of 19 is 84.21 of 100."
    )
    said, _ = explained({"total": 100.0, "questions": {"q1": 2.0}}, (3, 14), round=1)
    assert said.endswith("16 of 19 is 84.2 of 100.")


def test_only_what_was_changed_is_explained():
    assert explained({}, (3, 14))[0] == ""
    assert explained({"total": 20.0, "questions": {"q1": 3.0}}, (3, 14))[0] == ""
    assert explained({"total": 10.0}, (3, 14))[0] == "17 of 20 is 8.5 of 10."
    said, _ = explained({"questions": {"q1": 6.0, "q2": 0.0}}, (2, 14))
    assert said == (
        "Question 1 counts 6 instead of 3 points; "
        "question 2 counts 0 instead of 17 points; that is 4 of 6."
    )


@given(
    st.integers(0, 3),
    st.integers(0, 17),
    st.sampled_from([None, 7.0, 20.0, 33.5, 100.0]),
    st.sampled_from([{}, {"q1": 2.0}, {"q2": 0.0}, {"q1": 0.5, "q2": 40.0}]),
    st.integers(0, 2),
)
def test_what_is_explained_is_the_mark(first, second, total, questions, digits):
    said, marked = explained(
        {"total": total, "questions": questions}, (first, second), round=digits
    )
    if said:
        mark, full = said.rstrip(".").rpartition(" is ")[2].split(" of ")
        assert float(mark) == marked.final
        assert float(full) == (total or sum((OWN | questions).values()))
    else:
        assert marked.final == first + second


# Marks that a person gave


def written(key, *, attempt=1, earned=None, comment="", text="Trees."):
    mark = ManualMark(
        question="q4",
        title="Why",
        points=3,
        earned=earned,
        comment=comment,
        written=text,
    )
    return result(
        key, {"q1.a": (1, 2)}, manual=[mark], attempt=attempt, file=f"{key}{attempt}"
    )


@pytest.fixture
def merge(tmp_path):
    """Merge a table, given as text, into a batch."""

    def merge(text, *several, **changes):
        path = tmp_path / "manual.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return merge_manual(batch(*several, **changes), path)

    return merge


HEAD = "learner,question,points,comment\n"


def test_a_mark_that_was_given_for_another_text_has_a_flag(merge):
    head = "learner,question,points,comment,written\n"
    told = "q4: the mark that a person gave was for another text than this upload's"
    table = head + "ada,q4,2,,Trees.\nbea,q4,0,,\ncyd,q4,,,Shrubs.\n"
    several = [written(key) for key in ("ada", "bea", "cyd")]
    several[1].flags = ["looked at"]
    merged = merge(table, *several)
    assert [one.flags for one in merged.results] == [[], ["looked at", told], []]
    again = merge(head + "bea,q4,3,,Trees.\n", *merged.results)
    assert [one.flags for one in again.results] == [[], ["looked at"], []]
    assert merge(HEAD + "ada,q4,2,\n", written("ada")).results[0].flags == []


def test_marks_of_a_person_are_added_and_count(merge):
    merged = merge(
        HEAD + 'ada,q4,2.5,"Good, but\nshort."\n', written("ada"), written("bea")
    )
    ada, bea = merged.results
    assert (ada.manual[0].earned, ada.manual[0].comment) == (2.5, "Good, but\nshort.")
    assert (ada.earned, ada.possible, ada.final) == (3.5, 5, 3.5)
    assert bea.manual[0].earned is None
    assert (bea.earned, bea.possible, bea.final) == (1, 2, 1)


def test_an_empty_row_says_nothing_and_a_comment_alone_is_no_mark(merge):
    merged = merge(
        HEAD + "ada,q4,,\nbea,q4,,see me\n", written("ada", earned=1), written("bea")
    )
    assert merged.results[0].manual[0].earned == 1
    assert merged.results[1].manual[0].earned is None
    assert merged.results[1].manual[0].comment == "see me"


def test_marks_go_to_the_upload_that_counts(merge):
    uploads = [written("ada", attempt=1), written("ada", attempt=2)]
    text = HEAD + "ada,q4,3,\n"
    last = merge(text, *uploads).results
    assert [one.manual[0].earned for one in last] == [None, 3]
    first = merge(text, *uploads, policy={"best_of": "first"}).results
    assert [one.manual[0].earned for one in first] == [3, None]


def test_what_a_spreadsheet_elsewhere_saves_is_read(merge):
    head = "\ufeffLearner;Name;Question;Points;Comment\r\n"
    text = head + "ada;Ada;q4;1,5;gut, aber kurz\r\n"
    mark = merge(text, written("ada")).results[0].manual[0]
    assert (mark.earned, mark.comment) == (1.5, "gut, aber kurz")


def test_the_table_that_is_written_can_be_filled_in_and_merged_for_any_learner(merge):
    several = [written(key, text=key) for key in HOSTILE]
    table = tables.manual(batch(*several))
    assert '"q4",""' in table
    merged = merge(table.replace('"q4",""', '"q4","2"'), *several)
    assert [one.manual[0].earned for one in merged.results] == [2] * len(HOSTILE)
    assert not any(one.flags for one in merged.results)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("zoe,q4,1,\n", "2: zoe: there is no such learner in this batch."),
        (
            "ada,q9,1,\n",
            "2: ada: found the question 'q9'; the written answers to be marked are",
        ),
        ("ada,q4,4,\n", "2: ada: found 4 points; expected 0 to 3."),
        ("ada,q4,-1,\n", "2: ada: found -1 points; expected 0 to 3."),
        ("ada,q4,nan,\n", "2: ada: found nan points; expected 0 to 3."),
        ("ada,q4,many,\n", "2: ada: found 'many' points; expected a number."),
        ("ada,q4,1,\nada,q4,2,\n", "3: ada: q4 has been marked in line 2."),
        ('ada,q4,1,"two\nlines"\nzoe,q4,1,\n', "4: zoe: there is no such learner"),
    ],
)
def test_what_cannot_be_merged_is_said_with_its_line(merge, tmp_path, rows, said):
    with pytest.raises(ManualError) as caught:
        merge(HEAD + rows, written("ada"))
    assert str(caught.value).startswith(f"{tmp_path / 'manual.csv'}:{said}")


def test_a_table_of_something_else_is_refused(merge):
    with pytest.raises(
        ManualError, match=r":1: expected the columns learner, question"
    ):
        merge("name,mark\nada,1\n", written("ada"))
    with pytest.raises(ManualError, match=r":1: .*found nothing"):
        merge("", written("ada"))
    with pytest.raises(ManualError, match="not UTF-8; save it as UTF-8"):
        merge(HEAD.encode() + b"ada,q4,1,gr\xfc\xdfe\n", written("ada"))


def test_a_table_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(ManualError, match=r"manual\.csv: this cannot be read"):
        merge_manual(batch(), tmp_path / "manual.csv")


@given(st.lists(st.integers(0, 3), min_size=2, max_size=2))
def test_merging_the_same_table_twice_is_merging_it_once(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("twice") / "manual.csv"
    path.write_text(HEAD + f"ada,q4,{points[0]},\nbea,q4,{points[1]},ok\n")
    once = merge_manual(batch(written("ada"), written("bea")), path)
    assert merge_manual(once, path) == once
    assert [one.final for one in once.results] == [1 + n for n in points]


def test_learners_without_an_item_of_a_question_keep_their_marks():
    one = Result(
        learner=Learner(key="ada"),
        file="a",
        items=[ItemMark(item="q1.a", question="q1", points=0, earned=0)],
    )
    assert Policy(points=Points(total=10.0)).apply(batch(one)).results[0].final == 0
