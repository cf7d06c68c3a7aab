"""Join what was known at the time: features as of the moment of each prediction.

A plain join of labels with the latest features shows the model the future. This one
takes, for each row, the newest feature row of the same entity that was available at
that row's time. Sorting once by time turns the search into one binary search a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from ml_from_scratch.base import Integers


def point_in_time_join(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    *,
    by: str | Sequence[str],
    at: str,
    known: str,
    max_age: Any = None,
    before: bool = False,
) -> pd.DataFrame:
    """Add to each row the newest features that were known at its time.

    Parameters
    ----------
    rows : pandas.DataFrame
        Entities and the moments at which a prediction was, or would have been, made.
    features : pandas.DataFrame
        Feature values, with the entity and the moment from which each was available:
        when it could be read, not when the event happened.
    by : str or list of str
        The columns that name the entity, in both frames.
    at : str
        The column of `rows` with the moment: numbers or timestamps.
    known : str
        The column of `features` with the moment, of the same type.
    max_age : number or Timedelta, optional
        Older values count as missing (a time to live).
    before : bool
        Leave out values that became known at the very moment.

    Returns
    -------
    pandas.DataFrame
        `rows` in their order and with their index, with the other columns of
        `features`, missing where nothing was known yet, and with `known`.

    Raises
    ------
    ValueError
        If a column is missing, would stand twice in the result, or a moment or a part
        of an entity's name is missing.
    TypeError
        If the two columns of time cannot be compared.

    Notes
    -----
    Where an entity has two values of one moment, the later row of `features` counts.
    O((n + m) log m) time for n rows and m feature rows.
    Taught in: data-engineering/feature-store.

    Examples
    --------
    >>> asked = pd.DataFrame({"plane": ["N1", "N1"], "time": [5, 9]})
    >>> seen = pd.DataFrame({"plane": ["N1", "N1"], "since": [4, 8], "late": [0, 3]})
    >>> found = point_in_time_join(asked, seen, by="plane", at="time", known="since")
    >>> found["late"].tolist()
    [0, 3]
    """
    keys = [by] if isinstance(by, str) else list(by)
    _check_columns(rows, features, keys, at, known)
    values = features.drop(columns=keys).reset_index(drop=True)
    newest = np.full(len(rows), -1)
    if len(rows) and len(features):
        entities = _entity_codes(rows[keys], features[keys])
        newest = _newest(entities, _ranks(rows[at], features[known]), strictly=before)
        if max_age is not None:
            age = rows[at].reset_index(drop=True) - values[known].reindex(newest).array
            newest = np.where(age > max_age, -1, newest)
    taken = values.reindex(newest).set_axis(rows.index)  # -1 is no label: all missing
    return pd.concat([rows, taken], axis=1)


def _check_columns(
    rows: pd.DataFrame, features: pd.DataFrame, keys: list[str], at: str, known: str
) -> None:
    for frame, name, needed in (
        (rows, "rows", [*keys, at]),
        (features, "features", [*keys, known]),
    ):
        for column in needed:
            if column not in frame:
                raise ValueError(
                    f"{name} has no column {column!r}; it has {list(frame.columns)}."
                )
            if frame[column].isna().any():
                raise ValueError(
                    f"{name} has {int(frame[column].isna().sum())} missing values in "
                    f"{column!r}: an entity and a moment are needed everywhere."
                )
    twice = sorted(set(rows.columns) & (set(features.columns) - set(keys)))
    if twice:
        raise ValueError(f"Both frames have {twice}: rename them in one of the two.")


def _entity_codes(
    rows: pd.DataFrame, features: pd.DataFrame
) -> tuple[Integers, Integers]:
    """Give each entity a number, the same in both frames."""
    for column in rows:
        kinds = rows[column].dtype, features[column].dtype
        if is_numeric_dtype(kinds[0]) != is_numeric_dtype(kinds[1]):
            raise TypeError(
                f"{column!r} is {kinds[0]} in rows, {kinds[1]} in features."
            )
    both = pd.concat([rows, features], ignore_index=True)
    groups = both.groupby(list(both.columns), sort=False)
    codes = np.asarray(groups.ngroup(), dtype=np.intp)
    return codes[: len(rows)], codes[len(rows) :]


def _ranks(at: pd.Series[Any], known: pd.Series[Any]) -> tuple[Integers, Integers]:
    """Replace moments by their ranks, which keep the order, whatever the type."""
    try:
        moments = pd.concat([at, known], ignore_index=True)
        if moments.dtype == object:  # refuse a mixture, which factorize would order
            moments.sort_values()
        codes = pd.factorize(moments, sort=True)[0].astype(np.intp)
    except TypeError as error:
        raise TypeError(
            f"The times cannot be compared: {at.name!r} holds {at.dtype} and "
            f"{known.name!r} holds {known.dtype} ({error})."
        ) from None
    return codes[: len(at)], codes[len(at) :]


def _newest(
    entities: tuple[Integers, Integers],
    moments: tuple[Integers, Integers],
    *,
    strictly: bool,
) -> Integers:
    """For each row find the feature row of its entity that is newest then; -1 if none.

    Entity and moment become one number, entity first, so that one sorted array serves
    all entities. A search that ran past the first value of an entity has ended at
    another entity, which its code shows.
    """
    asked, stored = entities
    width = 1 + max(moments[0].max(), moments[1].max())
    keys = stored * width + moments[1]
    order = np.argsort(keys, kind="stable")  # of one moment, the later row comes last
    side: Literal["left", "right"] = "left" if strictly else "right"
    place = np.searchsorted(keys[order], asked * width + moments[0], side) - 1
    found = order[np.maximum(place, 0)]
    return np.where((place >= 0) & (stored[found] == asked), found, -1)
