"""The estimator contract: parameters, checks of input, and scikit-learn's machinery."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

from ml_from_scratch import base
from ml_from_scratch.base import BaseEstimator, ClassifierMixin


class Constant(ClassifierMixin, BaseEstimator):
    """Always answers the same: the smallest thing that keeps the contract."""

    def __init__(self, *, answer: Any = 1, inner: Any = None) -> None:
        self.answer = answer
        self.inner = inner

    def fit(self, X: Any, y: Any) -> Constant:
        X = base.check_features(self, X, fitting=True)
        self.classes_, _ = base.check_labels(y, len(X))
        return self

    def predict(self, X: Any) -> Any:
        base.check_is_fitted(self, "classes_")
        X = base.check_features(self, X, fitting=False)
        return np.full(len(X), self.answer)


FRAME = pd.DataFrame({"wind": [1.0, 2.0, 3.0], "rain": [0.0, 0.5, 0.0]})
LATE = np.array([0, 1, 1])


def test_parameters_go_in_and_out_by_name() -> None:
    model = Constant(answer=3)
    assert model.get_params() == {"answer": 3, "inner": None}
    assert model.set_params(answer=4) is model
    assert model.answer == 4


def test_parameters_of_a_held_estimator_have_two_underscores() -> None:
    model = Constant(inner=Constant(answer=7))
    assert model.get_params()["inner__answer"] == 7
    assert "inner__answer" not in model.get_params(deep=False)
    model.set_params(inner__answer=8)
    assert model.inner.answer == 8


def test_an_unknown_parameter_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'anwser'.*\['answer', 'inner'\]"):
        Constant().set_params(anwser=1)


def test_hyperparameters_must_be_named_one_by_one() -> None:
    class Loose(BaseEstimator):
        def __init__(self, **options: Any) -> None:
            self.options = options

    with pytest.raises(TypeError, match=r"Loose.__init__.*\*options"):
        Loose().get_params()


def test_repr_is_the_call_without_defaults() -> None:
    assert repr(Constant()) == "Constant()"
    assert repr(Constant(answer="late")) == "Constant(answer='late')"
    assert repr(Constant(inner=Constant(answer=0))) == (
        "Constant(inner=Constant(answer=0))"
    )


def test_a_clone_has_the_parameters_and_nothing_learned() -> None:
    fitted = Constant(answer=0, inner=Constant(answer=5)).fit(FRAME, LATE)
    copy = clone(fitted)  # type: ignore[type-var]
    assert copy.get_params()["inner__answer"] == 5
    assert copy.inner is not fitted.inner
    assert not hasattr(copy, "classes_")


def test_a_pickle_keeps_what_was_learned() -> None:
    again = pickle.loads(pickle.dumps(Constant().fit(FRAME, LATE)))
    assert again.n_features_in_ == 2
    assert again.feature_names_in_.tolist() == ["wind", "rain"]
    assert again.predict(FRAME).tolist() == [1, 1, 1]


def test_scikit_learn_sees_a_classifier_that_needs_labels() -> None:
    tags = Constant().__sklearn_tags__()
    assert is_classifier(Constant())  # type: ignore[arg-type]
    assert tags.target_tags.required
    assert not tags.input_tags.sparse
    assert BaseEstimator().__sklearn_tags__().estimator_type is None


def test_score_is_weighted_accuracy() -> None:
    model = Constant(answer=1).fit(FRAME, LATE)
    assert model.score(FRAME, LATE) == pytest.approx(2 / 3)
    assert model.score(FRAME, LATE, sample_weight=[2, 1, 1]) == pytest.approx(0.5)


def test_unfitted_use_is_scikit_learns_own_error() -> None:
    with pytest.raises(NotFittedError, match="Constant instance is not fitted yet"):
        Constant().predict(FRAME)


def test_unfitted_use_is_an_error_without_scikit_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn.exceptions", None)
    with pytest.raises(RuntimeError, match="not fitted yet"):
        base.check_is_fitted(Constant(), "classes_")


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2], [3, 4]],
        np.array([[1, 2], [3, 4]], dtype=np.int8),
        np.array([[1, 2], [3, 4]], dtype=np.float32),
        np.array([[1, 2], [3, 4]], dtype=object),
        np.array([["1", "2"], ["3", "4"]]),
        pd.DataFrame({"a": [1, 3], "b": [2, 4]}),
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_whatever_holds_numbers_becomes_float64(X: Any) -> None:
    found = base.check_features(BaseEstimator(), X, fitting=True)
    assert found.dtype == np.float64
    assert found.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_float64_is_not_copied() -> None:
    X = np.ones((3, 2))
    assert base.check_features(BaseEstimator(), X, fitting=True) is X


@pytest.mark.parametrize(
    ("X", "error", "words"),
    [
        ([1.0, 2.0], ValueError, r"2D array.*shape \(2,\).*Reshape your data"),
        (np.ones((2, 2, 2)), ValueError, r"shape \(2, 2, 2\)"),
        (np.float64(3), ValueError, r"shape \(\)"),
        (np.empty((0, 3)), ValueError, r"0 sample\(s\) \(shape=\(0, 3\)\)"),
        (np.empty((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\)"),
        ([[1.0, np.nan]], ValueError, r"X contains NaN.*1 of 2.*nan at \(0, 1\)"),
        ([[1.0], [-np.inf]], ValueError, r"first is -inf at \(1, 0\)"),
        ([[1 + 2j]], ValueError, "Complex data not supported: X has dtype complex"),
        ([["windy", "1"]], ValueError, "X must hold numbers.*'windy'.*Encode text"),
        ([[{"a": 1}]], TypeError, "X must hold numbers, but it has dtype object"),
        (sparse.csr_array(np.eye(2)), TypeError, "sparse csr_array.*toarray"),
    ],
)
def test_bad_features_are_refused_in_words(X: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        base.check_features(BaseEstimator(), X, fitting=True)


def test_another_number_of_columns_is_refused() -> None:
    model = Constant().fit(FRAME.to_numpy(), LATE)
    with pytest.raises(
        ValueError, match="X has 1 features, but Constant is expecting 2"
    ):
        model.predict([[1.0]])


def test_columns_in_another_order_are_refused() -> None:
    model = Constant().fit(FRAME, LATE)
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(FRAME[["rain", "wind"]])


def test_missing_and_unseen_columns_are_listed() -> None:
    model = Constant().fit(FRAME, LATE)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- snow\n(.|\n)*- rain"):
        model.predict(FRAME.rename(columns={"rain": "snow"}))


def test_at_most_five_names_are_listed() -> None:
    many = pd.DataFrame(np.ones((2, 9)), columns=[f"c{i}" for i in range(9)])
    model = Constant().fit(many, [0, 1])
    with pytest.raises(ValueError, match=r"- d4\n- \.\.\.") as caught:
        model.predict(many.rename(columns=lambda name: name.replace("c", "d")))
    assert "d5" not in str(caught.value)


def test_names_on_one_side_only_are_warned_about() -> None:
    with pytest.warns(UserWarning, match="does not have valid feature names") as seen:
        Constant().fit(FRAME, LATE).predict(FRAME.to_numpy())
    assert seen[0].filename == __file__  # the caller's line, not one of the library
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        Constant().fit(FRAME.to_numpy(), LATE).predict(FRAME)


def test_columns_named_by_number_count_as_unnamed() -> None:
    model = Constant().fit(pd.DataFrame(FRAME.to_numpy()), LATE)
    assert not hasattr(model, "feature_names_in_")


def test_names_of_two_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match=r"\['int', 'str'\]"):
        Constant().fit(FRAME.rename(columns={"rain": 1}), LATE)


def test_a_second_fit_forgets_the_names_of_the_first() -> None:
    model = Constant().fit(FRAME, LATE).fit(FRAME.to_numpy(), LATE)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        ([3, 1, 3], [1, 3], [1, 0, 1]),
        ([True, False, True], [False, True], [1, 0, 1]),
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([2.0, 0.0, 0.0], [0.0, 2.0], [1, 0, 0]),
        (pd.Series(["b", "a", "b"]), ["a", "b"], [1, 0, 1]),
        (pd.Series([1, 0, 0], index=[7, 8, 9]), [0, 1], [1, 0, 0]),
    ],
)
def test_labels_of_any_kind_become_codes(y: Any, classes: list, codes: list) -> None:
    found, numbered = base.check_labels(y, 3)
    assert found.tolist() == classes
    assert numbered.tolist() == codes
    assert np.asarray(y).tolist() == found[numbered].tolist()


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "requires y to be passed, but the target y is None"),
        ([0, 1], "X has 3 and y has 2"),
        ([[0, 1], [1, 0], [0, 1]], r"y should be a 1d array.*\(3, 2\)"),
        (1, r"y should be a 1d array.*shape \(\)"),
        ([0.0, 1.0, np.nan], "Input y contains NaN"),
        ([0.0, 1.0, np.inf], "Input y contains NaN or inf"),
        ([0.1, 0.5, 1.0], "Unknown label type: continuous.*0.1"),
        (np.array(["a", None, "b"], dtype=object), r"Unknown label type.*'NoneType'"),
        (np.array([None, None, None], dtype=object), "Unknown label type"),
        (np.array(["a", 1, "b"], dtype=object), r"\['int', 'str'\]"),
    ],
)
def test_bad_labels_are_refused_in_words(y: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        base.check_labels(y, 3)


def test_a_column_of_labels_is_taken_with_a_warning() -> None:
    with pytest.warns(base.DataConversionWarning, match=r"A column-vector.*\(3, 1\)"):
        _, codes = base.check_labels(LATE[:, None], 3)
    assert codes.tolist() == LATE.tolist()


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, 2.0], r"must have shape \(3,\).*\(2,\)"),
        ([[1.0], [1.0], [1.0]], r"\(3, 1\)"),
        ([1.0, np.nan, 1.0], "sample_weight contains NaN"),
        ([1.0, -2.0, 1.0], "must not be negative, but its smallest is -2"),
        ([0, 0, 0], "must not be zero"),
        (["a", "b", "c"], "sample_weight must hold numbers"),
    ],
)
def test_bad_sample_weights_are_refused_in_words(weights: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        base.check_sample_weight(weights, 3)


def test_a_generator_is_passed_through_and_a_seed_repeats() -> None:
    rng = np.random.default_rng(3)
    assert base.random_generator(rng) is rng
    assert base.random_generator(5).random() == base.random_generator(5).random()
    first, second = (
        base.random_generator(np.random.RandomState(1)).random() for _ in range(2)
    )
    assert first == second


def test_good_input_is_taken_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Constant().fit(FRAME, LATE).predict(FRAME)
