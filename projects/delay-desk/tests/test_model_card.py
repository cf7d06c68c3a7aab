"""The model card says what can be measured now.

Within two per cent: another release of scikit-learn may round a split differently.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from delay_desk import evaluate, features, prepare, train

CARD = Path(__file__).parents[1] / "MODEL_CARD.md"


@pytest.fixture(scope="module")
def later(tables: prepare.Tables, flights: pd.DataFrame) -> pd.DataFrame:
    """Flights after the training, with the probability they were given."""
    bundle = train.run(tables)
    after = flights[flights["month"] > 6]
    X = features.build(after, tables.weather)
    p = bundle.model.predict_proba(X)[:, 1]
    return after.assign(p=p, threshold=bundle.threshold)


def measured(rows: pd.DataFrame) -> list[float]:
    y, p, threshold = rows["late"], rows["p"], rows["threshold"].iloc[0]
    found = evaluate.report(y, p, threshold=threshold)
    names = ("rate", "mean_probability", "auc", "brier")
    costs = [
        evaluate.mean_cost(y, p, threshold=limit, **train.COSTS)
        for limit in (threshold, 2.0)
    ]
    return [len(rows), *(found[name] for name in names), *costs]


def test_the_table_of_months_is_what_is_measured_now(later: pd.DataFrame) -> None:
    lines = re.findall(r"^\| (\d+|all) \| (.+) \|$", CARD.read_text(), re.MULTILINE)
    table = {month: [float(x) for x in cells.split(" | ")] for month, cells in lines}
    expected = {str(m): measured(rows) for m, rows in later.groupby("month")}
    expected["all"] = measured(later)
    assert list(table) == list(expected)
    for month, figures in expected.items():
        assert table[month] == pytest.approx(figures, rel=0.02)


def test_the_count_of_training_flights_is_right(flights: pd.DataFrame) -> None:
    count = re.search(r"([\d,]+) departures, January to June", CARD.read_text())
    assert count is not None
    assert int(count[1].replace(",", "")) == (flights["month"] <= 6).sum()


def test_the_two_other_models_are_as_good_as_said(
    tables: prepare.Tables, flights: pd.DataFrame
) -> None:
    first = flights["month"] <= 6
    X = features.build(flights, tables.weather)
    choices = {
        "Without the weather": X[list(features.SCHEDULE)],
        "With what the\n  airport": X.join(features.airport_state(flights)),
    }
    for words, columns in choices.items():
        model = train.fit(columns[first], flights["late"][first])
        p = model.predict_proba(columns[~first])[:, 1]
        auc = evaluate.report(flights["late"][~first], p, threshold=0.2)["auc"]
        pattern = re.escape(words) + r".*?(0\.\d{3})"
        said = re.search(pattern, CARD.read_text(), re.DOTALL)
        assert said is not None
        assert float(said[1]) == pytest.approx(auc, rel=0.01)
