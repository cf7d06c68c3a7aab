"""The feature store: history and the online table say the same of every moment."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_from_scratch.systems.feature_store import FeatureStore, FeatureView

WEATHER = FeatureView("weather", "airport", ("wind", "rain"), max_age=3)
QUEUE = FeatureView("queue", "airport", ("length",))
VALUES = st.lists(
    st.tuples(st.sampled_from(["JFK", "LGA"]), st.integers(0, 9), st.integers(0, 99)),
    max_size=10,
)


def values(rows):
    frame = pd.DataFrame(rows, columns=["airport", "known", "wind"])
    return frame.astype({"known": int, "wind": float}).assign(rain=0.5)


def store(*batches):
    made = FeatureStore([WEATHER, QUEUE])
    for batch in batches:
        made.ingest("weather", values(batch))
    return made


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_the_newest_online_is_what_history_says_of_now(first, second):
    """Rows come in any order and late; nothing is known after the moment asked for."""
    kept = store(*(batch for batch in (first, second) if batch))
    for airport in ("JFK", "LGA"):
        asked = pd.DataFrame({"airport": [airport], "at": [9]})
        past = kept.historical(asked, ["weather:wind"])["weather:wind"].iloc[0]
        now = kept.online(["weather:wind"], entity=airport, now=9)["weather:wind"]
        assert (now is None and np.isnan(past)) or now == past


def test_history_is_asked_for_many_moments_and_several_views_at_once():
    kept = store([("JFK", 1, 10.0), ("JFK", 5, 25.0)])
    kept.ingest(
        "queue", pd.DataFrame({"airport": ["JFK"], "known": [2], "length": [8.0]})
    )
    asked = pd.DataFrame({"airport": ["JFK"] * 4, "at": [0, 3, 5, 9]})
    made = kept.historical(asked, ["weather:wind", "queue:length"])
    expected = pd.DataFrame(
        {
            "weather:wind": [np.nan, 10.0, 25.0, np.nan],  # at 9 it is 4 old: too old
            "queue:length": [np.nan, 8.0, 8.0, 8.0],
        }
    )
    pd.testing.assert_frame_equal(made.drop(columns=["airport", "at"]), expected)


def test_a_row_that_comes_late_does_not_replace_a_newer_one():
    kept = store([("JFK", 5, 25.0)], [("JFK", 1, 10.0)])
    assert kept.online(["weather:wind"], entity="JFK", now=6) == {"weather:wind": 25.0}


def test_what_is_too_old_or_unknown_is_none_and_its_age_is_known():
    kept = store([("JFK", 5, 25.0)])
    assert kept.online(["weather:rain"], entity="JFK", now=9) == {"weather:rain": None}
    assert kept.online(["weather:rain"], entity="EWR", now=5) == {"weather:rain": None}
    assert kept.online(["weather:rain"], entity="JFK", now=4) == {"weather:rain": None}
    assert kept.age("weather", entity="JFK", now=9) == 4
    assert kept.age("weather", entity="EWR", now=9) is None


def test_nothing_was_ingested_and_everything_is_missing():
    asked = pd.DataFrame({"airport": ["JFK"], "at": [3]})
    assert store().historical(asked, ["queue:length"])["queue:length"].isna().all()


def test_what_was_handed_in_may_be_changed_afterwards():
    frame = values([("JFK", 1, 10.0)])
    kept = FeatureStore([WEATHER])
    kept.ingest("weather", frame)
    frame.loc[0, "wind"] = -1.0
    asked = pd.DataFrame({"airport": ["JFK"], "at": [2]})
    assert kept.historical(asked, ["weather:wind"])["weather:wind"].tolist() == [10.0]


def test_two_views_of_one_name_are_refused():
    with pytest.raises(ValueError, match="Two views are called 'weather'"):
        FeatureStore([WEATHER, WEATHER])


@pytest.mark.parametrize(
    ("view", "frame", "error", "said"),
    [
        ("wether", values([]), KeyError, "no view 'wether'"),
        ("weather", values([]).drop(columns="rain"), ValueError, r"lack \['rain'\]"),
        (
            "weather",
            values([("JFK", 1, 1.0)]).assign(known=np.nan),
            ValueError,
            "rows without entity or time",
        ),
    ],
)
def test_values_that_cannot_be_kept_are_refused(view, frame, error, said):
    with pytest.raises(error, match=said):
        store().ingest(view, frame)


@pytest.mark.parametrize("feature", ["weather:snow", "weather", "snow:depth"])
def test_a_feature_that_is_not_there_is_named(feature):
    with pytest.raises(KeyError, match="view"):
        store().online([feature], entity="JFK", now=1)
