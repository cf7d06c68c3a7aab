"""Tables come in unchanged, and the label means what the passenger means."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pandas as pd
import pytest

from delay_desk import prepare


def small(**columns: object) -> prepare.Tables:
    flights = pd.DataFrame(
        {"year": 2013, "month": 3, "day": 10, "sched_dep_time": 905, "origin": "JFK"}
        | {"carrier": "UA", "flight": [1, 2, 3, 4], "arr_delay": 0.0}
        | columns
    )
    none = pd.DataFrame()
    return prepare.Tables(flights, none, none, none, none)


def test_late_means_more_than_thirty_minutes_or_never_arrived() -> None:
    found = prepare.labelled(small(arr_delay=[30.0, 31.0, None, -12.0]))
    assert found["late"].tolist() == [False, True, True, False]
    assert found["late"].dtype == bool


def test_scheduled_times_are_read_as_hours_and_minutes() -> None:
    found = prepare.labelled(small(sched_dep_time=[5, 515, 1730, 2359]))
    clock = found["departs"].dt.strftime("%d %H:%M").tolist()
    assert clock == ["10 00:05", "10 05:15", "10 17:30", "10 23:59"]


@pytest.mark.parametrize("clock", [1260, 2400, -1])
def test_a_time_that_no_clock_shows_is_refused(clock: int) -> None:
    with pytest.raises(ValueError, match=f"found {clock} in row 2, expected hhmm"):
        prepare.labelled(small(sched_dep_time=[5, 515, clock, 900]))


def test_flights_come_out_in_order_of_departure_and_lose_nothing() -> None:
    given = small(sched_dep_time=[1730, 905, 600, 905])
    found = prepare.labelled(given)
    assert found["departs"].is_monotonic_increasing
    assert found["flight"].tolist() == [3, 2, 4, 1]
    assert set(given.flights) < set(found)


def test_labels_of_the_real_year_agree_with_a_count_by_hand(
    tables: prepare.Tables, flights: pd.DataFrame
) -> None:
    raw = tables.flights
    cancelled = raw["dep_time"].isna()
    diverted = raw["arr_delay"].isna() & ~cancelled
    slow = raw["arr_delay"] > 30
    assert len(flights) == len(raw)
    assert flights["late"].sum() == cancelled.sum() + diverted.sum() + slow.sum()
    assert (flights["month"] == flights["departs"].dt.month).all()


def test_a_folder_gives_the_same_tables_as_the_loader(
    tables: prepare.Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: getattr(tables, name).head(50) for name in prepare.TABLES}
    for name, frame in few.items():
        suffix = ".csv.xz" if name == "weather" else ".csv"
        frame.to_csv(tmp_path / (name + suffix), index=False)
    monkeypatch.setenv("DELAY_DESK_DATA", str(tmp_path))
    found = prepare.load()
    for name, frame in few.items():
        pd.testing.assert_frame_equal(getattr(found, name), frame)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="found no table 'flights'"):
        prepare.load_folder(tmp_path)


def test_without_any_source_the_variable_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DELAY_DESK_DATA", raising=False)
    monkeypatch.setattr(prepare, "find_spec", lambda _: None)
    with pytest.raises(FileNotFoundError, match="DELAY_DESK_DATA: found nothing"):
        prepare.load()


def test_tables_cannot_be_changed_in_passing(tables: prepare.Tables) -> None:
    before = list(tables.flights)
    prepare.labelled(tables)
    assert list(tables.flights) == before
    with pytest.raises(FrozenInstanceError):
        tables.flights = tables.weather  # type: ignore[misc]
