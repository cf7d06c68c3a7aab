"""The two monitoring reports of the delay desk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from delay_desk.monitor import drift_report, performance_report


def frame(rng: np.random.Generator, n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wind_speed": rng.gamma(4, 2.5, size=n),
            "origin": rng.choice(["EWR", "JFK", "LGA"], size=n, p=[0.36, 0.33, 0.31]),
            "weekend": rng.random(n) < 2 / 7,
        }
    )


def test_numbers_agree_with_scipy_and_categories_with_their_definition() -> None:
    rng = np.random.default_rng(0)
    before, now = frame(rng, 800), frame(rng, 500)
    report = drift_report(before, now).set_index("column")

    ks = stats.ks_2samp(before["wind_speed"], now["wind_speed"], method="asymp")
    assert report.loc["wind_speed", "value"] == pytest.approx(ks.statistic)
    assert report.loc["wind_speed", "p_value"] == pytest.approx(ks.pvalue)

    counts = np.array([f["origin"].value_counts().sort_index() for f in (before, now)])
    distance = np.abs(counts[0] / 800 - counts[1] / 500).sum() / 2
    assert report.loc["origin", "value"] == pytest.approx(distance)
    chi2 = stats.chi2_contingency(counts, correction=False)
    assert report.loc["origin", "p_value"] == pytest.approx(chi2.pvalue)
    assert report.loc["weekend", "kind"] == "categorical"


def test_false_alarms_stay_below_alpha_when_nothing_moved() -> None:
    rng = np.random.default_rng(1)
    alarms = [
        drift_report(frame(rng, 60), frame(rng, 60), alpha=0.05, min_size=0)["alarm"]
        for _ in range(200)
    ]
    assert np.mean([report.any() for report in alarms]) < 0.05 + 3 * 0.0155


def test_a_change_of_unit_alarms_on_its_column_alone() -> None:
    rng = np.random.default_rng(2)
    now = frame(rng, 2000).assign(wind_speed=lambda rows: rows["wind_speed"] * 1.609)
    report = drift_report(frame(rng, 2000), now)
    assert report.loc[report["alarm"], "column"].tolist() == ["wind_speed"]


def test_a_significant_difference_that_is_small_does_not_alarm() -> None:
    rng = np.random.default_rng(3)
    before = pd.DataFrame({"temp": rng.normal(size=50_000)})
    now = pd.DataFrame({"temp": rng.normal(loc=0.05, size=50_000)})
    report = drift_report(before, now)
    assert report.loc[0, "p_value"] < 1e-6
    assert not report.loc[0, "alarm"]
    assert drift_report(before, now, min_size=0.01).loc[0, "alarm"]


def test_a_join_that_finds_nothing_alarms_on_the_missing_share() -> None:
    rng = np.random.default_rng(4)
    before, now = frame(rng, 300), frame(rng, 300)
    now["wind_speed"] = np.nan
    report = drift_report(before, now)
    lines = report[report["column"] == "wind_speed"].set_index("kind")
    assert np.isnan(lines.loc["numeric", "value"])
    assert not lines.loc["numeric", "alarm"]
    assert lines.loc["missing", "value"] == 1
    assert lines.loc["missing", "alarm"]


def test_missing_values_do_not_disturb_the_comparison_of_the_others() -> None:
    before = pd.DataFrame(
        {"temp": [1.0, 2.0, np.nan, 3.0], "dest": ["A", None, "B", "A"]}
    )
    now = pd.DataFrame({"temp": [1.0, 2.0, 3.0], "dest": ["A", "B", "A"]})
    report = drift_report(before, now)
    numbers = report[report["kind"] != "missing"]
    assert numbers["value"].tolist() == [0, 0]
    assert (report["kind"] == "missing").sum() == 2


def test_an_unseen_category_counts_with_its_whole_share() -> None:
    before = pd.DataFrame({"dest": pd.Categorical(["ORD"] * 50 + ["SFO"] * 50)})
    now = pd.DataFrame({"dest": pd.Categorical(["ORD"] * 50 + ["LAX"] * 50)})
    report = drift_report(before, now)
    assert report.loc[0, "value"] == pytest.approx(0.5)
    assert report.loc[0, "alarm"]


def test_rare_categories_do_not_break_the_p_value() -> None:
    before = pd.DataFrame({"dest": [f"D{i}" for i in range(40)]})
    now = pd.DataFrame({"dest": [f"D{i}" for i in range(20, 60)]})
    report = drift_report(before, now)
    assert report.loc[0, "value"] == pytest.approx(0.5)
    assert report.loc[0, "p_value"] == 1  # every category is too rare to test
    assert not report.loc[0, "alarm"]


def test_frames_are_left_as_they_were() -> None:
    rng = np.random.default_rng(5)
    before, now = frame(rng, 50), frame(rng, 50)
    copies = before.copy(), now.copy()
    drift_report(before, now)
    pd.testing.assert_frame_equal(before, copies[0])
    pd.testing.assert_frame_equal(now, copies[1])


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda f: f.iloc[:0], ValueError, "current has shape \\(0, 3\\)"),
        (lambda f: f.drop(columns="origin"), ValueError, "lacks the columns"),
        (lambda f: f.assign(dest="ORD"), ValueError, "that reference lacks: \\['dest'"),
        (lambda f: f.assign(wind_speed="7 mph"), TypeError, "numbers on one side"),
        (
            lambda f: f.assign(wind_speed=pd.Timestamp("2013-01-01")),
            TypeError,
            "holds dates",
        ),
    ],
)
def test_bad_input_gets_a_named_error(change, error, says) -> None:
    good = frame(np.random.default_rng(6), 20)
    with pytest.raises(error, match=says):
        drift_report(good, change(good))


def test_a_limit_outside_zero_to_one_is_refused() -> None:
    good = frame(np.random.default_rng(7), 20)
    with pytest.raises(ValueError, match="alpha is 5"):
        drift_report(good, good, alpha=5)


def answers(rng: np.random.Generator, days: int, a_day: int) -> pd.DataFrame:
    n = days * a_day
    score = rng.uniform(0.05, 0.6, size=n)
    return pd.DataFrame(
        {
            "departs": pd.Timestamp("2013-07-01")
            + pd.to_timedelta(np.arange(n) * (24 / a_day), unit="h"),
            "score": score,
            "late": pd.array(rng.random(n) < score, dtype="boolean"),
        }
    )


def test_performance_is_measured_only_once_labels_had_time_to_arrive() -> None:
    log = answers(np.random.default_rng(8), days=4, a_day=100)
    now = pd.Timestamp("2013-07-04 12:00")
    report = performance_report(log, now=now, maturity=pd.Timedelta("1D"), window="1D")
    assert report["complete"].tolist() == [True, True, False, False]
    assert report.loc[report["complete"], ["auc", "brier"]].notna().all(axis=None)
    assert (
        report.loc[~report["complete"], ["auc", "brier", "rate"]].isna().all(axis=None)
    )


def test_performance_of_a_window_is_that_of_its_labelled_rows() -> None:
    log = answers(np.random.default_rng(9), days=1, a_day=200)
    log.loc[150:, "late"] = pd.NA
    late = pd.Timestamp("2013-08-01")
    found = performance_report(log, now=late, maturity=pd.Timedelta(0)).iloc[0]
    known = log.iloc[:150]
    y, p = known["late"].to_numpy(dtype=float), known["score"].to_numpy()
    ahead = p[y == 1][:, None] - p[y == 0][None, :]
    assert found["labelled"] == 0.75
    assert found["rate"] == pytest.approx(y.mean())
    assert found["brier"] == pytest.approx(np.mean((p - y) ** 2))
    assert found["auc"] == pytest.approx(np.mean((ahead > 0) + 0.5 * (ahead == 0)))


def test_auc_is_not_given_where_only_one_class_occurred() -> None:
    log = answers(np.random.default_rng(10), days=1, a_day=20).assign(late=False)
    found = performance_report(
        log, now=pd.Timestamp("2014-01-01"), maturity=pd.Timedelta(0)
    )
    assert np.isnan(found["auc"].iloc[0])
    assert found["rate"].iloc[0] == 0


def test_a_log_without_scores_is_refused() -> None:
    log = answers(np.random.default_rng(11), days=1, a_day=20)
    options = {"now": pd.Timestamp("2014-01-01"), "maturity": pd.Timedelta(0)}
    with pytest.raises(ValueError, match="lacks \\['score'\\]"):
        performance_report(log.drop(columns="score"), **options)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        performance_report(log.assign(score=1.5), **options)
