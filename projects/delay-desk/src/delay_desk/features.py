"""What is known two hours before a scheduled departure, and nothing else.

Training reads tables, the service reads JSON; both end in `_assemble`, so that a
feature cannot come to mean one thing here and another there.

Time rules
----------
- A passenger asks at ``departs`` minus two hours.
- An hourly weather row holds a reading from some minute of its hour, and the data do
  not say which. So the newest row that may be used is that of the last hour which
  was over when the passenger asked: at 15:30 the row of 14:00 to 14:59.
- ``dep_time``, ``dep_delay``, ``arr_time``, ``arr_delay`` and ``air_time`` of the
  flight itself lie in the future. ``tailnum`` does too: planes are swapped.
- Other flights count once they have left the ground (`airport_state`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "CATEGORICAL",
    "COLUMNS",
    "LIMITS",
    "SCHEDULE",
    "WEATHER",
    "airport_state",
    "asked",
    "build",
    "from_requests",
]

LEAD = pd.Timedelta("2h")  # how long before departure the desk is asked
ZONE = "America/New_York"
CATEGORICAL = ("carrier", "origin", "dest")
SCHEDULE = (*CATEGORICAL, "minute_of_day", "weekday")
WEATHER = ("wind_speed", "visib", "precip", "temp")
COLUMNS = (*SCHEDULE, *WEATHER)
REQUIRED = (*CATEGORICAL, "departs")

# Outside of these a sensor failed; on 12 February 2013 one at Newark reports a wind
# of 1048 miles per hour. A value that cannot be is a value that we do not have.
LIMITS = {
    "wind_speed": (0.0, 150.0),  # miles per hour
    "visib": (0.0, 100.0),  # miles
    "precip": (0.0, 20.0),  # inches in the hour
    "temp": (-80.0, 140.0),  # degrees Fahrenheit
}


def build(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Return the features of many flights, from the tables.

    Parameters
    ----------
    flights : DataFrame of shape (n, >= 4)
        ``carrier``, ``origin``, ``dest`` and ``departs`` (local time without a
        zone), as `prepare.labelled` returns them. Other columns are not looked at.
    weather : DataFrame
        ``origin``, ``time_hour`` (UTC) and the columns of `WEATHER`.

    Returns
    -------
    DataFrame of shape (n, 9)
        `COLUMNS`, with the index of ``flights``. Weather is NaN where the table has
        no row for the hour, or an impossible value.

    Raises
    ------
    ValueError
        If a column is absent, or the weather has two rows for an airport and hour.

    Examples
    --------
    >>> import pandas as pd
    >>> flights = pd.DataFrame({
    ...     "carrier": ["UA"], "origin": ["EWR"], "dest": ["ORD"],
    ...     "departs": pd.to_datetime(["2013-07-10 17:30"]),
    ... })
    >>> weather = pd.DataFrame({
    ...     "origin": "EWR", "time_hour": ["2013-07-10 18:00", "2013-07-10 19:00"],
    ...     "wind_speed": [9.2, 20.7], "visib": 10.0, "precip": 0.0, "temp": 84.9,
    ... })
    >>> build(flights, weather)[["minute_of_day", "weekday", "wind_speed"]]
       minute_of_day  weekday  wind_speed
    0           1050        2         9.2
    """
    _need(flights, REQUIRED, "flights")
    _need(weather, ("origin", "time_hour", *WEATHER), "weather")
    return _assemble(flights.assign(**_weather_before(flights, weather)))


def from_requests(requests: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the features of the service's requests: the same columns, the same code.

    Parameters
    ----------
    requests : sequence of mappings
        ``carrier``, ``origin``, ``dest``, ``departs`` (local time, a string or a
        datetime) and, where known, the weather of the last full hour before the
        question: ``wind_speed`` (mph), ``visib`` (miles), ``precip`` (inches),
        ``temp`` (degrees Fahrenheit); absent or None means unknown.

    Returns
    -------
    DataFrame of shape (n, 9)
        `COLUMNS`, one row per request in the same order.

    Raises
    ------
    ValueError
        If a required key is missing, or a time cannot be read.

    Examples
    --------
    >>> asked = {"carrier": "UA", "origin": "EWR", "dest": "ORD"}
    >>> from_requests([asked | {"departs": "2013-07-10T17:30", "temp": 84.9}])
      carrier origin dest  minute_of_day  weekday  wind_speed  visib  precip  temp
    0      UA    EWR  ORD           1050        2         NaN    NaN     NaN  84.9
    """
    for number, request in enumerate(requests):
        for key in REQUIRED:
            if request.get(key) is None:
                found = f"found no {key!r}"
                raise ValueError(f"request {number}: {found}, expected {REQUIRED}")
    rows = pd.DataFrame(list(requests), columns=[*REQUIRED, *WEATHER])
    return _assemble(rows.assign(departs=_times(rows["departs"])))


def _times(values: pd.Series) -> pd.Series:
    # Each value by itself: with and without seconds are both ISO times.
    times = pd.to_datetime(values, format="ISO8601", errors="coerce")
    if times.isna().any():
        number = int(times.isna().to_numpy().argmax())
        found = f"found {values.iloc[number]!r}"
        raise ValueError(
            f"request {number}: departs: {found}, expected such as '2013-08-05T17:30'"
        )
    return times


def _assemble(rows: pd.DataFrame) -> pd.DataFrame:
    """Make the features: the one place in which they are defined."""
    departs = rows["departs"].dt
    features = {name: rows[name].astype(object) for name in CATEGORICAL}
    features["minute_of_day"] = (60 * departs.hour + departs.minute).astype("int64")
    features["weekday"] = departs.weekday.astype("int64")  # Monday is 0
    for name in WEATHER:
        values = _numbers(rows[name])
        features[name] = values.where(values.between(*LIMITS[name]))
    return pd.DataFrame(features)[list(COLUMNS)]


def _numbers(values: pd.Series) -> pd.Series:
    numbers: pd.Series = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        found = f"found {wrong.iloc[0]!r} in row {wrong.index[0]}"
        raise ValueError(f"{values.name}: {found}, expected a number or nothing")
    return numbers


def asked(departs: pd.Series) -> pd.Series:
    """Return the moment of the question in UTC, for local departures.

    On the day when clocks go back an hour occurs twice; the second (standard time)
    is meant. On the day when they go forward the hour that does not exist is moved
    to the one that follows.

    Examples
    --------
    >>> import pandas as pd
    >>> asked(pd.Series(pd.to_datetime(["2013-01-10 17:30", "2013-07-10 17:30"])))
    0   2013-01-10 20:30:00+00:00
    1   2013-07-10 19:30:00+00:00
    Name: departs, dtype: datetime64[ns, UTC]
    """
    standard = np.zeros(len(departs), dtype=bool)
    local = departs.dt.tz_localize(
        ZONE, ambiguous=standard, nonexistent="shift_forward"
    )
    question: pd.Series = local.dt.tz_convert("UTC") - LEAD
    return question.rename("departs")


def _weather_before(
    flights: pd.DataFrame, weather: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Look up the last full hour before each question, by airport."""
    hour = asked(flights["departs"]).dt.floor("h") - pd.Timedelta("1h")
    keys = pd.DataFrame({"origin": flights["origin"], "time_hour": hour})
    table = weather[["origin", "time_hour", *WEATHER]]
    table = table.assign(time_hour=pd.to_datetime(table["time_hour"], utc=True))
    try:
        found = keys.merge(
            table, on=["origin", "time_hour"], how="left", validate="many_to_one"
        )
    except pd.errors.MergeError as error:
        raise ValueError(
            "weather: found two rows for one airport and hour, expected one"
        ) from error
    return {name: found[name].to_numpy() for name in WEATHER}


def airport_state(flights: pd.DataFrame, *, window: str = "3h") -> pd.DataFrame:
    """Return how each airport was doing when the passenger asked.

    Only departures that had happened by then count, by their actual time. That is
    what makes it safe: a flight which was scheduled before the question and left
    after it has a delay that nobody knew. (Cancelled flights never leave, and the
    data do not say when they were called off: they are not counted.)

    The service does not use these columns yet: it has no live feed of departures.

    Parameters
    ----------
    flights : DataFrame of shape (n, >= 3)
        ``origin``, ``departs`` and ``dep_delay`` (minutes; missing if cancelled).
    window : str, default "3h"
        How far to look back, as pandas writes durations.

    Returns
    -------
    DataFrame of shape (n, 2)
        With the index of ``flights``: ``recent_departures``, and ``recent_delay``,
        their mean delay in minutes with an early one counted as zero (NaN where
        there was no departure).

    Notes
    -----
    Sorted times and running sums: time O(n log n), memory O(n).
    """
    _need(flights, ("origin", "departs", "dep_delay"), "flights")
    back = pd.Timedelta(window)
    parts = [_one_airport(rows, back) for _, rows in flights.groupby("origin")]
    return pd.concat(parts).loc[flights.index]


def _one_airport(rows: pd.DataFrame, window: pd.Timedelta) -> pd.DataFrame:
    question = asked(rows["departs"])
    left = question + LEAD + pd.to_timedelta(rows["dep_delay"], unit="min")
    gone = pd.DataFrame({"left": left, "delay": rows["dep_delay"].clip(lower=0)})
    gone = gone.dropna().sort_values("left")
    total = np.concatenate([[0.0], gone["delay"].cumsum()])
    until = gone["left"].searchsorted(question, side="right")
    since = gone["left"].searchsorted(question - window, side="right")
    count = until - since
    mean = (total[until] - total[since]) / np.where(count, count, np.nan)
    columns = {"recent_departures": count, "recent_delay": mean}
    return pd.DataFrame(columns, index=rows.index)


def _need(frame: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    absent = [column for column in columns if column not in frame]
    if absent:
        raise ValueError(f"{name}: found no column {absent}, expected {list(columns)}")
