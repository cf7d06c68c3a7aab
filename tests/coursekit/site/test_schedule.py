"""When a question comes back: `scripts/schedule.js` in Node, on clocks of our own."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .node import node

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",  # its summer time is half an hour
    "America/Santiago",  # its clocks change at midnight
)
HOUR = 3600 * 1000
DAY = 24 * HOUR


def schedule(source, **values):
    """Return what `source` gives, with `schedule` and `values` at hand."""
    return node(f"const {{ schedule }} = course; {source}", "schedule", **values)


def at(text, zone="Europe/London"):
    """Return milliseconds of a local time."""
    return (
        int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())
        * 1000
    )


def local(milliseconds, zone="Europe/London"):
    return datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone)).strftime(
        "%Y-%m-%d %H:%M"
    )


def answers(*given_at, zone="Europe/London"):
    """Answer one question at these times; give what is planned after each."""
    return schedule(
        """
        process.env.TZ = zone;
        let kept;
        return given.map(([right, now]) => {
          const plan = schedule.answered(kept, right, now);
          kept = { picks: ["1"], right, at: now, ...plan };
          return plan;
        });
        """,
        given=[[right, at(when, zone)] for right, when in given_at],
        zone=zone,
    )


def test_what_is_right_at_once_does_not_come_back():
    assert answers((True, "2026-11-21T10:00")) == [{"step": 0, "due": None}]


def test_a_wrong_answer_comes_back_after_one_day_three_and_seven():
    plans = answers(
        (False, "2026-11-21T10:00"),
        (True, "2026-11-22T09:00"),
        (True, "2026-11-25T23:00"),
        (True, "2026-12-02T04:00"),
    )
    due = [plan["due"] and local(plan["due"]) for plan in plans]
    assert due == ["2026-11-22 04:00", "2026-11-25 04:00", "2026-12-02 04:00", None]
    assert [plan["step"] for plan in plans] == [0, 1, 2, 3]


def test_wrong_again_begins_from_the_first_day():
    *_, last = answers(
        (False, "2026-11-21T10:00"),
        (True, "2026-11-22T10:00"),
        (False, "2026-11-25T10:00"),
    )
    assert (last["step"], local(last["due"])) == (0, "2026-11-26 04:00")


def test_right_before_its_day_changes_nothing():
    first, second = answers((False, "2026-11-21T10:00"), (True, "2026-11-21T10:01"))
    assert first == second


def test_what_is_done_begins_anew_when_it_is_answered_wrongly():
    *_, last = answers(
        (False, "2026-11-21T10:00"),
        (True, "2026-11-22T10:00"),
        (True, "2026-11-25T10:00"),
        (True, "2026-12-02T10:00"),
        (False, "2027-01-01T10:00"),
    )
    assert (last["step"], local(last["due"])) == (0, "2027-01-02 04:00")


@pytest.mark.parametrize(
    ("answered", "due"),
    [
        ("2026-11-21T23:50", "2026-11-22 04:00"),
        ("2026-11-22T00:10", "2026-11-22 04:00"),
        ("2026-11-22T03:59", "2026-11-22 04:00"),
        ("2026-11-22T04:00", "2026-11-23 04:00"),
        ("2026-12-31T12:00", "2027-01-01 04:00"),
        ("2026-10-24T12:00", "2026-10-25 04:00"),  # summer time ends in between
        ("2027-03-27T12:00", "2027-03-28 04:00"),  # and begins
    ],
)
def test_the_day_turns_at_four_in_the_morning_there(answered, due):
    (plan,) = answers((False, answered))
    assert local(plan["due"]) == due


def test_wrong_answers_of_older_visits_are_put_on_the_list():
    old = {
        "picks": ["2"],
        "right": False,
        "at": at("2026-11-01T10:00"),
        "step": 0,
        "due": None,
    }
    kinds = [old, old | {"right": True}, old | {"picks": []}, None]
    found = schedule(
        'process.env.TZ = "Europe/London"; '
        "return kinds.map((kept) => schedule.adopted(kept)?.due ?? null);",
        kinds=kinds,
    )
    assert found == [at("2026-11-02T04:00"), None, None, None]
    assert kinds[0] == old


@pytest.mark.parametrize(
    ("right", "step"), [(False, 0), (True, 0), (True, 1), (True, 2)]
)
def test_a_question_that_left_the_book_and_is_back_goes_on_where_it_was(right, step):
    days = [1, 3, 7][step]
    when = datetime.fromisoformat("2026-11-01T10:00")
    back = (when + timedelta(days=days)).replace(hour=4).isoformat()
    kept = {"picks": ["1"], "right": right, "at": at(when.isoformat()), "step": step}
    found = schedule(
        'process.env.TZ = "Europe/London"; '
        "return schedule.adopted(schedule.dropped(kept));",
        kept=kept | {"due": at(back)},
    )
    assert (found["step"], found["due"]) == (step, at(back))


@pytest.mark.parametrize("step", [0, 3])
def test_what_was_never_wrong_or_is_learnt_is_not_put_on_the_list(step):
    kept = {"picks": ["1"], "right": True, "at": 1e12, "step": step, "due": None}
    assert schedule("return schedule.adopted(kept)", kept=kept) == kept


def test_a_journey_west_does_not_bring_a_question_back_at_once():
    due = schedule(
        """
        process.env.TZ = "Asia/Tokyo";
        const plan = schedule.answered(undefined, false, now);
        const kept = { picks: ["1"], right: false, at: now, ...plan };
        process.env.TZ = "America/Los_Angeles";
        return schedule.isDue(kept, now + 3600000);
        """,
        now=at("2026-11-21T10:00", "Asia/Tokyo"),
    )
    assert due is False


def test_a_question_of_a_clock_that_was_years_ahead_is_due_at_once():
    (plan,) = answers((False, "2031-11-21T10:00"))
    kept = plan | {"picks": ["1"], "right": False, "at": at("2031-11-21T10:00")}
    now = at("2026-11-21T10:00")
    assert schedule("return schedule.isDue(kept, now)", kept=kept, now=now)


def test_the_next_day_and_its_number_are_told():
    today = at("2026-11-21T10:00")
    dues = {
        "late": at("2026-11-20T04:00"),
        "two": at("2026-11-24T04:00"),
        "three": at("2026-11-24T04:00"),
        "four": at("2026-11-26T04:00"),
        "none": None,
    }
    questions = {name: {"step": 2, "due": due} for name, due in dues.items()}
    due, following = schedule(
        'process.env.TZ = "Europe/London"; '
        "return [schedule.due(questions, now), schedule.next(questions, now)];",
        questions=questions,
        now=today,
    )
    assert due == ["late"]
    assert following == {"at": dues["two"], "count": 2}


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-11-21T22:00", "today"),
        ("2026-11-22T03:00", "today"),
        ("2026-11-22T04:00", "tomorrow"),
        ("2026-11-20T12:00", "yesterday"),
        ("2026-11-28T04:00", "on 28 November"),
        ("2027-01-02T04:00", "on 2 January 2027"),
    ],
)
def test_a_day_is_said_as_people_do(when, said):
    found = schedule(
        'process.env.TZ = "Europe/London"; return schedule.said(when, now);',
        when=at(when),
        now=at("2026-11-21T10:00"),
    )
    assert found == said


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(
    lambda moment: int(moment.replace(tzinfo=ZoneInfo("UTC")).timestamp() * 1000)
)
cases = st.lists(
    st.tuples(st.sampled_from(ZONES), moments, st.integers(0, 7)),
    min_size=20,
    max_size=60,
)


def dawn(zone, now, days):
    """The same rule with the standard library's time zones."""
    moment = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    date = moment.date() + timedelta(days=days - (moment.hour < 4))
    then = datetime(date.year, date.month, date.day, 4, tzinfo=ZoneInfo(zone))
    return int(then.timestamp() * 1000)


@settings(max_examples=12)
@given(cases)
def test_a_day_of_study_begins_at_four_in_every_time_zone(cases):
    found = schedule(
        """return cases.map(([zone, now, days]) => {
          process.env.TZ = zone;
          return schedule.dawn(now, days);
        });""",
        cases=cases,
    )
    assert found == [dawn(*case) for case in cases]


histories = st.lists(
    st.tuples(st.sampled_from(ZONES), st.booleans(), moments), min_size=1, max_size=12
)
lives = st.lists(st.tuples(histories, moments), min_size=10, max_size=30)


@settings(max_examples=12)
@given(lives)
def test_however_the_clock_jumps_nothing_is_lost(lives):
    """Clocks and zones at will: what was answered wrongly last is asked in ten days."""
    found = schedule(
        """return lives.map(([history, now]) => {
          let kept;
          for (const [zone, right, at] of history) {
            process.env.TZ = zone;
            kept = { picks: ["1"], right, at, ...schedule.answered(kept, right, at) };
          }
          const later = now + 10 * 24 * 3600 * 1000;
          const asked = schedule.isDue(kept, now) || schedule.isDue(kept, later);
          return { step: kept.step, due: kept.due, asked };
        });""",
        lives=lives,
    )
    for (history, _), end in zip(lives, found, strict=True):
        _, right, moment = history[-1]
        if not right:
            assert end["step"] == 0
            assert moment < end["due"] <= moment + DAY + HOUR
        assert end["asked"] or end["due"] is None
        if end["due"] is None:  # never wrong, or learnt: three times right after it
            wrong = [i for i, (_, well, _) in enumerate(history) if not well]
            assert not wrong or len(history) - 1 - wrong[-1] >= 3
