"""Fit the model, choose its threshold, and keep both with what explains them.

A `Bundle` is what leaves training: the fitted pipeline, the threshold that turns its
probabilities into advice, and the facts that a service, a monitor and a reviewer
need. On disk it is a folder of three files; `bundle.json` is written last, so that a
folder which was cut off half way is refused.

The model file is a pickle (by joblib), and loading a pickle can run any code that
its author put into it. `load` compares its SHA-256 with the manifest beside it,
which finds damage and mix-ups. It does not find malice: whoever can replace the
model can replace the manifest. Load only what your own training wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import sklearn
from numpy.typing import ArrayLike
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from delay_desk import evaluate, features, prepare

__all__ = [
    "COSTS",
    "Bundle",
    "example_bundle",
    "fit",
    "load",
    "make_bundle",
    "rehearse",
    "run",
    "save",
    "simulated_flights",
]

# Agreed with the people at the counter, in dollars per passenger. A miss: a night
# in a hotel and a lost day, beyond what rebooking would have cost. A false alarm:
# the change fee and a later flight for nothing.
COSTS = {"cost_miss": 300.0, "cost_false_alarm": 75.0}

MODEL, MANIFEST, REFERENCE = "model.joblib", "bundle.json", "reference.csv"
REFERENCE_ROWS = 2_000


@dataclass(frozen=True)
class Bundle:
    """A model with all that is needed to use and to watch it.

    Attributes
    ----------
    model : Pipeline
        Takes a frame with ``columns``; ``predict_proba(X)[:, 1]`` is the probability
        of being late.
    threshold : float
        Advise to rebook at or above it.
    version : str
        Which training this is; every answer of the service carries it.
    columns : tuple of str
        The features, in the order of the fit.
    trained_on : str
        In words: which flights.
    categories : dict of str to tuple of str
        The carriers, origins and destinations that the fit has seen.
    reference : DataFrame
        A sample of the training rows, for the monitor to compare with.
    metrics : dict of str to float
        The report on the flights on which the threshold was chosen.
    """

    model: Pipeline
    threshold: float
    version: str
    columns: tuple[str, ...]
    trained_on: str
    categories: dict[str, tuple[str, ...]]
    reference: pd.DataFrame
    metrics: dict[str, float] = field(default_factory=dict)


def fit(X: pd.DataFrame, y: ArrayLike, *, seed: int = 0) -> Pipeline:
    """Fit gradient-boosted trees to features as `delay_desk.features` makes them.

    Columns that do not hold numbers are taken as categories; one that the fit has
    not seen is treated like a missing value, for which the trees have a branch.

    Parameters
    ----------
    X : DataFrame of shape (n, d)
        Numbers and categories, NaN allowed.
    y : array-like of shape (n,)
        Whether each flight was late.
    seed : int
        For the random choices that scikit-learn may make.

    Returns
    -------
    Pipeline
        Fitted, with ``predict_proba``.

    Raises
    ------
    ValueError
        If ``X`` is empty, lengths differ, or only one class occurs.

    Notes
    -----
    Early stopping is off on purpose: it would hold out a random tenth of the rows,
    and rows of one day are too alike for that to tell anything.
    """
    labels = np.asarray(y).astype(bool)
    if len(X) == 0 or len(X) != len(labels):
        raise ValueError(f"X and y: found {len(X)} and {len(labels)} rows")
    if labels.all() or not labels.any():
        raise ValueError(f"y: found only {labels[0]}, expected both classes")
    names = [str(c) for c in X if not pd.api.types.is_numeric_dtype(X[c])]
    pipeline = Pipeline([("encode", _encoder(names)), ("trees", _trees(names, seed))])
    return pipeline.fit(X, labels)


def _encoder(names: list[str]) -> ColumnTransformer:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("codes", codes, names)], remainder="passthrough")


def _trees(names: list[str], seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=0.12,
        max_iter=50,
        max_leaf_nodes=16,
        min_samples_leaf=200,
        l2_regularization=10.0,
        categorical_features=list(range(len(names))),  # the encoder puts them first
        early_stopping=False,
        random_state=seed,
    )


def make_bundle(
    model: Pipeline,
    X: pd.DataFrame,
    *,
    threshold: float,
    version: str,
    trained_on: str,
    metrics: dict[str, float] | None = None,
    seed: int = 0,
) -> Bundle:
    """Put a model fitted to ``X`` together with the facts about it.

    Parameters
    ----------
    model : Pipeline
        Fitted to ``X``.
    X : DataFrame
        The training rows; categories and a reference sample are taken from them.
    threshold, version, trained_on, metrics
        As for `Bundle`.
    seed : int
        Which rows become the reference.
    """
    names = [name for name in features.CATEGORICAL if name in X]
    return Bundle(
        model=model,
        threshold=float(threshold),
        version=version,
        columns=tuple(X.columns),
        trained_on=trained_on,
        categories={name: tuple(sorted(X[name].unique())) for name in names},
        reference=X.sample(
            min(REFERENCE_ROWS, len(X)), random_state=seed, ignore_index=True
        ),
        metrics=dict(metrics or {}),
    )


def run(
    tables: prepare.Tables, *, until: str = "2013-07-01", days: int = 122, seed: int = 0
) -> Bundle:
    """Train as the desk does it: rehearse the latest months, then fit on all.

    Parameters
    ----------
    tables : prepare.Tables
        As `prepare.load` returns them.
    until : str
        Flights that depart before this date are used.
    days : int
        How many of the last days are rehearsed (see `rehearse`) to choose the
        threshold; by default March to June.
    seed : int
        As for `fit`.

    Returns
    -------
    Bundle
        With the metrics of the rehearsals.

    Raises
    ------
    ValueError
        If there are no flights on either side of the cut.
    """
    flights = prepare.labelled(tables)
    flights = flights[flights["departs"] < pd.Timestamp(until)]
    X, y = features.build(flights, tables.weather), flights["late"]
    since = pd.Timestamp(until) - pd.Timedelta(days=days)
    p = rehearse(X, y, flights["departs"], since=since, seed=seed)
    threshold = evaluate.best_threshold(y[p.index], p, **COSTS)
    return make_bundle(
        fit(X, y, seed=seed),
        X,
        threshold=threshold,
        version=f"{flights['departs'].max():%Y.%m.%d}",
        trained_on=_span(flights["departs"]),
        metrics=evaluate.report(y[p.index], p, threshold=threshold),
        seed=seed,
    )


def rehearse(
    X: pd.DataFrame,
    y: pd.Series,
    departs: pd.Series,
    *,
    since: pd.Timestamp | str,
    seed: int = 0,
) -> pd.Series:
    """Predict each month by a model of what came before it.

    One test month can be lucky; several, each from the past alone, say how the model
    would have done had it been trained again at the start of each month.

    Parameters
    ----------
    X : DataFrame of shape (n, d)
        Features.
    y : Series of shape (n,)
        Whether each flight was late.
    departs : Series of shape (n,)
        When it was to leave.
    since : Timestamp or str
        Flights from here on are predicted, calendar month by calendar month.
    seed : int
        As for `fit`.

    Returns
    -------
    Series
        Probabilities of the flights from ``since`` on, with their index.

    Raises
    ------
    ValueError
        If there are no flights before ``since``, or none after it.

    Notes
    -----
    One fit per month, on ever more rows.
    """
    since = pd.Timestamp(since)
    months = departs[departs >= since].dt.to_period("M")
    if months.empty or len(months) == len(departs):
        found = f"found {len(departs) - len(months)} flights before and {len(months)}"
        raise ValueError(
            f"since {since:%Y-%m-%d}: {found} after, expected some of both"
        )
    parts = []
    for month, rows in months.groupby(months):
        before = departs < max(since, month.start_time)
        p = fit(X[before], y[before], seed=seed).predict_proba(X.loc[rows.index])[:, 1]
        parts.append(pd.Series(p, index=rows.index))
    return pd.concat(parts)


def _span(departs: pd.Series) -> str:
    first, last = departs.min(), departs.max()
    return f"{len(departs)} flights from {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def save(bundle: Bundle, folder: Path | str) -> Path:
    """Write a bundle into a folder, which is made where it does not exist.

    Parameters
    ----------
    bundle : Bundle
        What to keep.
    folder : path
        New or empty: a model that may be in use is not written over.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    FileExistsError
        If there is something in the folder.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: found files, expected a new or empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(bundle.model, folder / MODEL)
    bundle.reference.to_csv(folder / REFERENCE, index=False)
    manifest = {
        "version": bundle.version,
        "threshold": bundle.threshold,
        "columns": list(bundle.columns),
        "trained_on": bundle.trained_on,
        "categories": bundle.categories,
        "metrics": bundle.metrics,
        "scikit_learn": sklearn.__version__,
        "sha256": {name: _sha256(folder / name) for name in (MODEL, REFERENCE)},
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return folder


def load(folder: Path | str) -> Bundle:
    """Read a bundle that `save` wrote. Never one of unknown origin: see the module.

    Parameters
    ----------
    folder : path
        What `save` wrote.

    Returns
    -------
    Bundle
        Equal to the one that was saved.

    Raises
    ------
    FileNotFoundError
        If the folder or one of its files is not there.
    ValueError
        If a file is damaged, or was written with another scikit-learn, under which
        the pickle need not mean the same.
    """
    folder = Path(folder)
    manifest = _manifest(folder)
    for name, expected in manifest["sha256"].items():
        if _sha256(folder / name) != expected:
            raise ValueError(
                f"{folder / name}: found SHA-256 {_sha256(folder / name)[:12]}..., "
                f"expected {expected[:12]}...: the file is not the one that was saved"
            )
    return Bundle(
        model=joblib.load(folder / MODEL),
        threshold=manifest["threshold"],
        version=manifest["version"],
        columns=tuple(manifest["columns"]),
        trained_on=manifest["trained_on"],
        categories={k: tuple(v) for k, v in manifest["categories"].items()},
        reference=_reference(folder / REFERENCE),
        metrics=manifest["metrics"],
    )


def _reference(file: Path) -> pd.DataFrame:
    # A code such as "NA" is a code, not a gap, and "007" is not a number.
    codes: dict[Hashable, type[object]] = dict.fromkeys(features.CATEGORICAL, object)
    return pd.read_csv(file, dtype=codes, keep_default_na=False, na_values=[""])


def _manifest(folder: Path) -> dict[str, Any]:
    for name in (MANIFEST, MODEL, REFERENCE):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder}: found no {name}, expected a folder that "
                "delay_desk.train.save wrote"
            )
    try:
        manifest: dict[str, Any] = json.loads(
            (folder / MANIFEST).read_text(encoding="utf-8")
        )
    except ValueError as error:
        raise ValueError(f"{folder / MANIFEST}: found no valid JSON") from error
    written, here = manifest["scikit_learn"], sklearn.__version__
    if written.split(".")[:2] != here.split(".")[:2]:
        raise ValueError(
            f"{folder}: found a model of scikit-learn {written}, expected {here}: "
            "train it again, or install that version"
        )
    return manifest


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def example_bundle(seed: int = 0) -> Bundle:
    """Return a small bundle in about a second, fitted to simulated flights.

    For tests, demonstrations and exercises of what stands around a model. It needs no
    data and knows nothing about real flights: never advise anybody with it.

    Parameters
    ----------
    seed : int
        Another seed simulates other flights and gives another model.

    Examples
    --------
    >>> example_bundle().trained_on
    '6000 simulated flights, seed 0'
    """
    X, y = simulated_flights(6_000, seed=seed)
    cut = 4_000
    trial = fit(X[:cut], y[:cut], seed=seed)
    p = trial.predict_proba(X[cut:])[:, 1]
    threshold = evaluate.best_threshold(y[cut:], p, **COSTS)
    return make_bundle(
        fit(X, y, seed=seed),
        X,
        threshold=threshold,
        version=f"example-{seed}",
        trained_on=f"{len(X)} simulated flights, seed {seed}",
        metrics=evaluate.report(y[cut:], p, threshold=threshold),
        seed=seed,
    )


def simulated_flights(n: int, *, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return features and labels of made-up flights whose truth is known.

    The log-odds of being late are -3.2, plus 2.4 over the day from 05:00 to 23:00,
    plus 0.08 for each mile per hour of wind above 10, plus 12 for each inch of rain
    (at most 2.4), plus 0.2 for each mile of visibility below 10.

    Parameters
    ----------
    n : int
        How many flights.
    seed : int
        Of the generator.

    Returns
    -------
    X : DataFrame of shape (n, 9)
        `features.COLUMNS`; about 2 % of the weather cells are NaN.
    y : Series of shape (n,)
        Late or not, drawn from the probabilities.
    """
    rng = np.random.default_rng(seed)
    minute = 5 * rng.integers(60, 276, size=n)  # 05:00 to 22:55
    rain = np.where(rng.random(n) < 0.08, rng.exponential(0.08, size=n), 0.0)
    weather = {
        "wind_speed": rng.gamma(4.0, 2.6, size=n),
        "visib": np.where(rain > 0, rng.uniform(0.5, 10.0, size=n), 10.0),
        "precip": rain,
        "temp": rng.normal(55.0, 18.0, size=n),
    }
    logit = -3.2 + 2.4 * (minute - 300) / 1080 + np.minimum(12 * rain, 2.4)
    logit += 0.08 * np.clip(weather["wind_speed"] - 10, 0, None)
    logit += 0.2 * (10 - weather["visib"])
    late = rng.random(n) < 1 / (1 + np.exp(-logit))
    for values in weather.values():
        values[rng.random(n) < 0.02] = np.nan
    X = pd.DataFrame(_simulated_schedule(rng, n) | {"minute_of_day": minute} | weather)
    X["weekday"] = rng.integers(0, 7, size=n)
    return X[list(features.COLUMNS)], pd.Series(late, name="late")


def _simulated_schedule(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    codes = {
        "carrier": ["UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX"],
        "origin": ["EWR", "JFK", "LGA"],
        "dest": ["ORD", "ATL", "LAX", "BOS", "MCO", "CLT", "SFO", "FLL", "MIA", "DCA"],
    }
    return {
        name: rng.choice(np.array(values, dtype=object), size=n)
        for name, values in codes.items()
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Train on the real data and save the bundle: ``delay-desk-train --to FOLDER``."""
    parser = argparse.ArgumentParser(
        prog="delay-desk-train", description="Train the delay desk's model."
    )
    parser.add_argument("--to", required=True, help="a new folder for the bundle")
    parser.add_argument("--until", default="2013-07-01", help="use flights before it")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    bundle = run(prepare.load(), until=arguments.until, seed=arguments.seed)
    folder = save(bundle, arguments.to)
    print(f"saved {bundle.version} to {folder}: {bundle.trained_on}")
    print(f"AUC {bundle.metrics['auc']:.3f}, threshold {bundle.threshold:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
