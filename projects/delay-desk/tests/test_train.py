"""The model learns what is there to learn, and survives the way to disk and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delay_desk import evaluate, features, prepare, train


@pytest.fixture(scope="module")
def bundle() -> train.Bundle:
    return train.example_bundle()


@pytest.fixture
def saved(bundle: train.Bundle, tmp_path: Path) -> Path:
    return train.save(bundle, tmp_path / "model")


def test_a_bundle_comes_back_from_disk_as_it_was(
    bundle: train.Bundle, saved: Path
) -> None:
    found = train.load(saved)
    X, _ = train.simulated_flights(500, seed=9)
    np.testing.assert_array_equal(
        found.model.predict_proba(X), bundle.model.predict_proba(X)
    )
    pd.testing.assert_frame_equal(found.reference, bundle.reference)
    for name in ("threshold", "version", "columns", "trained_on", "categories"):
        assert getattr(found, name) == getattr(bundle, name)
    assert found.metrics == bundle.metrics


def test_what_is_in_the_folder_is_not_written_over(
    bundle: train.Bundle, saved: Path
) -> None:
    with pytest.raises(FileExistsError, match="expected a new or empty folder"):
        train.save(bundle, saved)


@pytest.mark.parametrize("name", [train.MODEL, train.REFERENCE])
def test_a_damaged_file_is_refused_before_it_is_unpickled(
    saved: Path, name: str
) -> None:
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(ValueError, match="not the one that was saved"):
        train.load(saved)


@pytest.mark.parametrize("name", [train.MODEL, train.REFERENCE, train.MANIFEST])
def test_a_missing_file_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"found no {name}"):
        train.load(saved)


def test_a_model_of_another_scikit_learn_is_refused(saved: Path) -> None:
    file = saved / train.MANIFEST
    manifest = json.loads(file.read_text()) | {"scikit_learn": "0.24.2"}
    file.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"found a model of scikit-learn 0\.24\.2"):
        train.load(saved)


def test_a_manifest_that_was_cut_off_is_refused(saved: Path) -> None:
    file = saved / train.MANIFEST
    file.write_text(file.read_text()[:-20])
    with pytest.raises(ValueError, match="found no valid JSON"):
        train.load(saved)


def test_the_same_seed_gives_the_same_model_and_another_one_does_not(
    bundle: train.Bundle,
) -> None:
    X, _ = train.simulated_flights(300, seed=5)
    again, other = train.example_bundle(seed=0), train.example_bundle(seed=1)
    p, same = (b.model.predict_proba(X) for b in (bundle, again))
    np.testing.assert_array_equal(p, same)
    assert not np.allclose(p, other.model.predict_proba(X))


def test_simulated_flights_are_late_as_often_as_their_truth_says() -> None:
    # A calm night: no rain, clear, no wind worth the name, so only the hour counts.
    X, y = train.simulated_flights(200_000, seed=3)
    calm = X["precip"].eq(0) & X["visib"].eq(10) & X["wind_speed"].lt(10)
    early = calm & X["minute_of_day"].lt(360)
    expected = 1 / (1 + np.exp(3.2 - 2.4 * (X["minute_of_day"][early] - 300) / 1080))
    assert y[early].mean() == pytest.approx(expected.mean(), abs=0.01)


def test_the_model_finds_what_was_planted() -> None:
    X, y = train.simulated_flights(20_000, seed=0)
    model = train.fit(X[:15_000], y[:15_000])
    p = model.predict_proba(X[15_000:])[:, 1]
    assert evaluate.report(y[15_000:], p, threshold=0.2)["auc"] > 0.68
    calm = X.iloc[[0]].assign(minute_of_day=360, precip=0.0, visib=10.0, wind_speed=5.0)
    storm = calm.assign(minute_of_day=1200, precip=0.3, visib=1.0, wind_speed=25.0)
    low, high = model.predict_proba(pd.concat([calm, storm]))[:, 1]
    assert high > 3 * low


def test_an_airline_that_opened_this_morning_gets_an_answer(
    bundle: train.Bundle,
) -> None:
    request = {"carrier": "ZZ", "origin": "EWR", "dest": "XXX"}
    X = features.from_requests([request | {"departs": "2013-08-05T17:30"}])
    assert "ZZ" not in bundle.categories["carrier"]
    p = bundle.model.predict_proba(X[list(bundle.columns)])[0, 1]
    assert 0 < p < 1


def test_fit_leaves_its_input_as_it_was() -> None:
    X, y = train.simulated_flights(1_000)
    before = X.copy()
    train.fit(X, y)
    pd.testing.assert_frame_equal(X, before)


@pytest.mark.parametrize(
    ("rows", "labels", "sentence"),
    [
        (0, [], "found 0 and 0 rows"),
        (3, [0, 1], "found 3 and 2 rows"),
        (2, [1, 1], "found only True, expected both classes"),
    ],
)
def test_fit_says_what_is_wrong(rows: int, labels: list[int], sentence: str) -> None:
    X, _ = train.simulated_flights(10)
    with pytest.raises(ValueError, match=sentence):
        train.fit(X.head(rows), labels)


def test_training_on_the_real_half_year_beats_the_hour_of_the_day(
    tables: prepare.Tables, flights: pd.DataFrame
) -> None:
    bundle = train.run(tables)
    first, later = (flights["month"] <= 6), (flights["month"] > 6)
    assert bundle.trained_on.startswith(f"{first.sum()} flights from 2013-01-01")
    X = features.build(flights[later], tables.weather)
    y, hour = flights["late"], flights["departs"].dt.hour
    by_hour = y[first].groupby(hour[first]).mean()
    baseline = hour[later].map(by_hour).fillna(y[first].mean())
    p = bundle.model.predict_proba(X)[:, 1]
    found = evaluate.report(y[later], p, threshold=bundle.threshold)
    rule = evaluate.report(y[later], baseline, threshold=bundle.threshold)
    # 0.72 against 0.66 when this was written; a leak would take it above 0.9.
    assert rule["auc"] + 0.03 < found["auc"] < 0.8
    advice, never = (
        evaluate.mean_cost(y[later], p, threshold=t, **train.COSTS)
        for t in (bundle.threshold, 2.0)
    )
    assert advice < never


def test_a_cut_without_flights_on_one_side_is_refused(tables: prepare.Tables) -> None:
    with pytest.raises(ValueError, match="found 0 flights before"):
        train.run(tables, until="2013-02-01")


class TestRehearse:
    """Each month is predicted by a model of the flights before it, and of no others."""

    @pytest.fixture
    def year(self) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
        X, y = train.simulated_flights(4_000, seed=2)
        start = pd.Timestamp("2013-01-01")
        departs = pd.Series(start + pd.to_timedelta(np.arange(4_000), unit="h"))
        return X, y, departs

    def test_agrees_with_fitting_by_hand(
        self, year: tuple[pd.DataFrame, pd.Series, pd.Series]
    ) -> None:
        X, y, departs = year
        found = train.rehearse(X, y, departs, since="2013-04-10")
        assert found.index.tolist() == X.index[departs >= "2013-04-10"].tolist()
        for start, end in [("2013-04-10", "2013-05-01"), ("2013-05-01", "2013-06-01")]:
            before, now = departs < start, departs.between(start, end, inclusive="left")
            p = train.fit(X[before], y[before]).predict_proba(X[now])[:, 1]
            np.testing.assert_array_equal(found[now[now].index], p)

    def test_labels_of_a_month_and_after_do_not_reach_its_predictions(
        self, year: tuple[pd.DataFrame, pd.Series, pd.Series]
    ) -> None:
        X, y, departs = year
        turned = y.where(departs < "2013-05-01", ~y)
        april, later = departs.dt.month == 4, departs.dt.month > 5
        before = train.rehearse(X, y, departs, since="2013-04-01")
        after = train.rehearse(X, turned, departs, since="2013-04-01")
        pd.testing.assert_series_equal(
            after[april[april].index], before[april[april].index]
        )
        assert not after[later[later].index].equals(before[later[later].index])


def test_the_command_trains_and_saves(
    tables: prepare.Tables,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = tables.flights.sample(20_000, random_state=0)
    small = prepare.Tables(
        few, tables.weather, tables.planes, tables.airports, tables.airlines
    )
    monkeypatch.setattr(prepare, "load", lambda: small)
    assert train.main(["--to", str(tmp_path / "m")]) == 0
    assert "saved 2013.06.30" in capsys.readouterr().out
    assert train.load(tmp_path / "m").version == "2013.06.30"
