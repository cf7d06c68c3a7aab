"""A feature store in one file: one definition, two ways to read it.

Training asks for features as they were at many past moments, serving for the newest
ones of a single entity, now. Both read what was ingested through the same view, which
is the whole point: a feature that is computed twice is sooner or later computed
differently (training-serving skew).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ml_from_scratch.systems.point_in_time import point_in_time_join


@dataclass(frozen=True)
class FeatureView:
    """A named group of features of one kind of entity.

    Parameters
    ----------
    name : str
        Features are asked for as ``name:column``.
    entity : str
        The column that names the entity.
    columns : tuple of str
        The features.
    max_age : number or Timedelta, optional
        How old a value may be when it is used; None for any age.

    Notes
    -----
    Taught in: data-engineering/feature-store.

    Examples
    --------
    >>> FeatureView("weather", "airport", ("wind", "rain")).columns
    ('wind', 'rain')
    """

    name: str
    entity: str
    columns: tuple[str, ...]
    max_age: Any = None


class FeatureStore:
    """Keeps feature values with their moments; serves history and the newest.

    Parameters
    ----------
    views : iterable of FeatureView
        What can be stored.

    Raises
    ------
    ValueError
        If two views have one name.

    Notes
    -----
    History is appended and never changed, so that a training set can be made again.
    The online table holds one row an entity: reading it costs O(1).
    Taught in: data-engineering/feature-store.

    Examples
    --------
    >>> store = FeatureStore([FeatureView("weather", "airport", ("wind",))])
    >>> store.ingest("weather", pd.DataFrame(
    ...     {"airport": ["JFK", "JFK"], "known": [1, 5], "wind": [10.0, 25.0]}))
    >>> store.online(["weather:wind"], entity="JFK", now=6)
    {'weather:wind': 25.0}
    >>> asked = pd.DataFrame({"airport": ["JFK"], "at": [3]})
    >>> store.historical(asked, ["weather:wind"])["weather:wind"].tolist()
    [10.0]
    """

    def __init__(self, views: Iterable[FeatureView]) -> None:
        self._views: dict[str, FeatureView] = {}
        for view in views:
            if view.name in self._views:
                raise ValueError(f"Two views are called {view.name!r}.")
            self._views[view.name] = view
        self._history: dict[str, list[pd.DataFrame]] = {n: [] for n in self._views}
        self._online: dict[str, dict[Any, tuple[Any, dict[str, Any]]]] = {
            name: {} for name in self._views
        }

    def ingest(self, view: str, values: pd.DataFrame) -> None:
        """Append values to the history and bring the online table up to date.

        Parameters
        ----------
        view : str
            Which view they are of.
        values : pandas.DataFrame
            The view's entity and features, and ``known``: from when each row was
            available. Rows may come in any order, and late.

        Raises
        ------
        KeyError
            If there is no such view.
        ValueError
            If a column is missing, or an entity or a moment is.
        """
        kind = self._view(view)
        wanted = [kind.entity, "known", *kind.columns]
        absent = [column for column in wanted if column not in values]
        if absent:
            found = list(values.columns)
            raise ValueError(
                f"The values of {view!r} lack {absent}; they have {found}."
            )
        kept = values[wanted].copy()
        if kept[[kind.entity, "known"]].isna().any(axis=None):
            raise ValueError(
                f"The values of {view!r} have rows without entity or time."
            )
        self._history[view].append(kept)
        self._refresh(kind, kept)

    def _refresh(self, view: FeatureView, values: pd.DataFrame) -> None:
        """Keep the newest row of each entity; of two of one moment, the later one."""
        table = self._online[view.name]
        for row in values.to_dict("records"):
            key, known = row.pop(view.entity), row.pop("known")
            if key not in table or known >= table[key][0]:
                table[key] = (known, {str(name): value for name, value in row.items()})

    def historical(
        self, rows: pd.DataFrame, features: Sequence[str], *, at: str = "at"
    ) -> pd.DataFrame:
        """Return rows with the features as they were known at each row's moment.

        Parameters
        ----------
        rows : pandas.DataFrame
            Entities and moments.
        features : list of str
            As ``view:column``.
        at : str
            The column with the moments.

        Returns
        -------
        pandas.DataFrame
            `rows` with a column a feature, missing where nothing fresh was known.

        Raises
        ------
        KeyError
            If a feature or its view is not there.
        ValueError
            As `point_in_time_join`.
        """
        made = rows
        for name, columns in self._grouped(features).items():
            view = self._view(name)
            history = self._history[name] or [self._empty(view, rows, at)]
            values = pd.concat(history, ignore_index=True)
            values = values[[view.entity, "known", *columns]]
            values = values.rename(columns={c: f"{name}:{c}" for c in columns})
            made = point_in_time_join(
                made, values, by=view.entity, at=at, known="known", max_age=view.max_age
            ).drop(columns="known")
        return made

    @staticmethod
    def _empty(view: FeatureView, rows: pd.DataFrame, at: str) -> pd.DataFrame:
        """Return no rows, with columns of the types that a join compares."""
        like = {view.entity: rows[view.entity].dtype, "known": rows[at].dtype}
        columns = {name: pd.Series(dtype=kind) for name, kind in like.items()}
        return pd.DataFrame(columns | {c: pd.Series(dtype=float) for c in view.columns})

    def online(
        self, features: Sequence[str], *, entity: Any, now: Any
    ) -> dict[str, Any]:
        """Return the newest values of one entity.

        Parameters
        ----------
        features : list of str
            As ``view:column``.
        entity : object
            Its name, the same in all views asked for.
        now : number or Timestamp
            Values older than a view's `max_age` at this moment are None.

        Returns
        -------
        dict
            A value a feature; None where nothing fresh is known.

        Raises
        ------
        KeyError
            If a feature or its view is not there.
        """
        found: dict[str, Any] = {}
        for name, columns in self._grouped(features).items():
            values = self._fresh(self._view(name), entity, now)
            found |= {f"{name}:{column}": values.get(column) for column in columns}
        return {feature: found[feature] for feature in features}

    def _fresh(self, view: FeatureView, entity: Any, now: Any) -> Mapping[str, Any]:
        known, values = self._online[view.name].get(entity, (None, {}))
        if known is None or known > now:
            return {}
        too_old = view.max_age is not None and now - known > view.max_age
        return {} if too_old else values

    def age(self, view: str, *, entity: Any, now: Any) -> Any:
        """Return how old the newest value of an entity is, for a freshness alarm.

        Parameters
        ----------
        view : str
            Which view.
        entity : object
            Whose value.
        now : number or Timestamp
            The moment.

        Returns
        -------
        number or Timedelta or None
            `now` less the moment from which the value was known; None where there is
            no value.

        Raises
        ------
        KeyError
            If there is no such view.
        """
        known, _ = self._online[self._view(view).name].get(entity, (None, {}))
        return None if known is None else now - known

    def _view(self, name: str) -> FeatureView:
        if name not in self._views:
            raise KeyError(f"no view {name!r}; there are {sorted(self._views)}")
        return self._views[name]

    def _grouped(self, features: Sequence[str]) -> dict[str, list[str]]:
        """Sort features by view; the order of first mention is kept."""
        grouped: dict[str, list[str]] = {}
        for feature in features:
            name, _, column = feature.partition(":")
            if column not in self._view(name).columns:
                raise KeyError(
                    f"{feature!r} is not view:column; {name!r} has "
                    f"{list(self._view(name).columns)}"
                )
            grouped.setdefault(name, []).append(column)
        return grouped
