"""Features: nothing from the future, and one meaning in training and in service."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from delay_desk import features, prepare

# What the year revealed about a flight after the passenger had asked.
LATER = [
    "dep_time",
    "dep_delay",
    "arr_time",
    "arr_delay",
    "air_time",
    "tailnum",
    "late",
]


@pytest.fixture(scope="module")
def sample(flights: pd.DataFrame) -> pd.DataFrame:
    return flights.sample(4_000, random_state=1)


def one(departs: str, **more: object) -> pd.DataFrame:
    row = {"carrier": ["UA"], "origin": ["EWR"], "dest": ["ORD"]}
    return pd.DataFrame(row | {"departs": pd.to_datetime([departs])} | more)


def test_columns_are_those_that_were_agreed(
    tables: prepare.Tables, sample: pd.DataFrame
) -> None:
    X = features.build(sample, tables.weather)
    assert tuple(X) == features.COLUMNS
    assert X.index.equals(sample.index)


def test_shuffling_all_that_is_unknown_two_hours_ahead_changes_nothing(
    tables: prepare.Tables, sample: pd.DataFrame
) -> None:
    rng = np.random.default_rng(0)
    shuffled = sample.copy()
    for name in LATER:
        shuffled[name] = rng.permutation(sample[name].to_numpy())
    assert not shuffled["dep_delay"].equals(sample["dep_delay"])
    before = features.build(sample, tables.weather)
    pd.testing.assert_frame_equal(features.build(shuffled, tables.weather), before)


def test_weather_of_the_hour_of_the_question_and_later_changes_nothing(
    tables: prepare.Tables, flights: pd.DataFrame
) -> None:
    day = flights[flights["departs"].between("2013-07-10 17:00", "2013-07-10 17:59")]
    question = pd.Timestamp("2013-07-10 15:00", tz="America/New_York")
    weather = tables.weather.copy()
    future = weather["time_hour"] >= question
    weather.loc[future, list(features.WEATHER)] = 7.0
    before = features.build(day, tables.weather)
    pd.testing.assert_frame_equal(features.build(day, weather), before)
    # The test can fail: the hour before does count.
    known = weather["time_hour"] == question - pd.Timedelta("1h")
    weather.loc[known, "temp"] = 7.0
    assert (features.build(day, weather)["temp"] == 7.0).all()


def test_each_flight_gets_the_weather_of_its_own_airport_and_hour(
    tables: prepare.Tables, sample: pd.DataFrame
) -> None:
    X = features.build(sample, tables.weather)
    table = tables.weather.set_index(["origin", "time_hour"])["temp"]
    for index, flight in sample.head(200).iterrows():
        # time_hour of the data: the scheduled hour in UTC, so another way to the time
        asked = flight["time_hour"] + pd.Timedelta(minutes=flight["minute"] - 120)
        known = table.get((flight["origin"], asked.floor("h") - pd.Timedelta("1h")))
        expected = np.nan if known is None else known
        np.testing.assert_equal(X.loc[index, "temp"], expected)


def test_requests_and_tables_give_identical_features(
    tables: prepare.Tables, sample: pd.DataFrame
) -> None:
    batch = features.build(sample, tables.weather)
    requests = [
        {
            "carrier": flight.carrier,
            "origin": flight.origin,
            "dest": flight.dest,
            "departs": flight.departs.strftime("%Y-%m-%dT%H:%M"),
            **{k: None if np.isnan(w[k]) else w[k] for k in features.WEATHER},
        }
        for flight, w in zip(sample.itertuples(), batch.to_dict("records"), strict=True)
    ]
    served = features.from_requests(requests)
    pd.testing.assert_frame_equal(served, batch.reset_index(drop=True))


def test_requests_may_write_seconds_or_not_and_leave_weather_out() -> None:
    base = {"carrier": "UA", "origin": "EWR", "dest": "ORD"}
    times = [
        "2013-08-05T17:30",
        "2013-08-05T17:30:00",
        pd.Timestamp("2013-08-05 17:30"),
    ]
    X = features.from_requests([base | {"departs": time} for time in times])
    assert X["minute_of_day"].tolist() == [1050] * 3
    assert X[list(features.WEATHER)].isna().all(axis=None)
    assert features.from_requests([]).shape == (0, len(features.COLUMNS))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dest": None}, "request 0: found no 'dest'"),
        ({"departs": "tomorrow"}, "departs: found 'tomorrow', expected such as"),
        ({"temp": "warm"}, "temp: found 'warm' in row 0, expected a number"),
    ],
)
def test_a_bad_request_is_said_in_a_sentence(
    change: dict[str, object], sentence: str
) -> None:
    good = {"carrier": "UA", "origin": "EWR", "dest": "ORD"}
    with pytest.raises(ValueError, match=sentence):
        features.from_requests([good | {"departs": "2013-08-05T17:30"} | change])


def test_a_wind_that_cannot_be_is_missing_on_both_paths(
    tables: prepare.Tables,
) -> None:
    broken = tables.weather.query("wind_speed > 150")
    assert len(broken) == 1  # the famous one, of Newark
    local = broken["time_hour"].dt.tz_convert("America/New_York").iloc[0]
    departs = (local + pd.Timedelta("3h30min")).strftime("%Y-%m-%dT%H:%M")
    flight = one(departs)
    assert np.isnan(features.build(flight, tables.weather)["wind_speed"].iloc[0])
    request = flight.to_dict("records")[0] | {"wind_speed": 1048.4}
    assert np.isnan(features.from_requests([request])["wind_speed"].iloc[0])


def test_the_question_is_asked_two_hours_earlier_by_the_real_clock(
    flights: pd.DataFrame,
) -> None:
    departure = features.asked(flights["departs"]) + pd.Timedelta("2h")
    assert (departure.dt.floor("h") == flights["time_hour"]).all()


@pytest.mark.parametrize(
    ("departs", "asked"),
    [
        ("2013-03-10 05:30", "2013-03-10 07:30"),  # clocks went forward at 02:00
        ("2013-11-03 01:30", "2013-11-03 04:30"),  # twice on that day: standard time
        ("2013-03-10 02:30", "2013-03-10 05:00"),  # never on that day: 03:00 is meant
    ],
)
def test_days_on_which_clocks_change(departs: str, asked: str) -> None:
    found = features.asked(pd.Series(pd.to_datetime([departs])))
    assert found.iloc[0] == pd.Timestamp(asked, tz="UTC")


def test_two_weather_rows_of_one_hour_are_refused(tables: prepare.Tables) -> None:
    doubled = pd.concat([tables.weather, tables.weather.tail(1)])
    with pytest.raises(ValueError, match="two rows for one airport and hour"):
        features.build(one("2013-12-31 17:30"), doubled)


def test_absent_columns_are_named(tables: prepare.Tables) -> None:
    flight = one("2013-07-10 17:30").drop(columns="dest")
    with pytest.raises(ValueError, match=r"flights: found no column \['dest'\]"):
        features.build(flight, tables.weather)


@pytest.fixture(scope="module")
def week(flights: pd.DataFrame) -> pd.DataFrame:
    return flights[flights["departs"].between("2013-07-08", "2013-07-12")]


class TestAirportState:
    """The state of the airport holds only what had happened by the question."""

    def test_agrees_with_looking_at_every_flight(self, week: pd.DataFrame) -> None:
        state = features.airport_state(week)
        left = week["departs"] + pd.to_timedelta(week["dep_delay"], unit="min")
        for index, flight in week.sample(200, random_state=0).iterrows():
            asked = flight["departs"] - pd.Timedelta("2h")
            known = week["origin"].eq(flight["origin"]) & left.le(asked)
            recent = week[known & left.gt(asked - pd.Timedelta("3h"))]
            assert state.loc[index, "recent_departures"] == len(recent)
            mean = recent["dep_delay"].clip(lower=0).mean()
            np.testing.assert_allclose(state.loc[index, "recent_delay"], mean)

    def test_what_happens_after_the_question_changes_nothing(
        self, week: pd.DataFrame
    ) -> None:
        asked = pd.Timestamp("2013-07-10 15:30")
        left = week["departs"] + pd.to_timedelta(week["dep_delay"], unit="min")
        unknown = (left > asked) | left.isna()
        changed = week.copy()
        rng = np.random.default_rng(0)
        # Anything at all, as long as it still happens after the question.
        wait = (asked - week["departs"]).dt.total_seconds().div(60).clip(lower=0)
        later = wait + rng.integers(1, 600, size=len(week))
        changed.loc[unknown, "dep_delay"] = later[unknown]
        now = week["departs"] == asked + pd.Timedelta("2h")
        assert now.any()
        before, after = map(features.airport_state, (week, changed))
        pd.testing.assert_frame_equal(after[now], before[now])
        assert not after.equals(before)

    def test_a_quiet_airport_has_no_delay_rather_than_none_at_all(
        self, week: pd.DataFrame
    ) -> None:
        state = features.airport_state(week.head(3))
        assert state["recent_departures"].tolist() == [0, 0, 0]
        assert state["recent_delay"].isna().all()
