"""Pipelines, column transformers, resampling: scikit-learn's contract, and no leak."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.compose
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from ml_from_scratch.linear import LogisticRegression, Ridge
from ml_from_scratch.preprocessing import (
    ColumnTransformer,
    OneHotEncoder,
    Pipeline,
    SimpleImputer,
    StandardScaler,
    TargetEncoder,
    make_pipeline,
    random_oversample,
    random_undersample,
    smote,
)

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=25)


def flights() -> tuple[pd.DataFrame, np.ndarray]:
    """Return a small table with numbers, gaps, words, and lateness."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "hour": rng.integers(5, 24, 200).astype(float),
            "wind": rng.normal(10, 3, 200),
            "carrier": rng.choice(["AA", "B6", "UA"], 200),
            "tail": [f"N{i}" for i in range(200)],
        }
    )
    frame.loc[::9, "wind"] = np.nan
    late = rng.random(200) < 1 / (1 + np.exp(-(frame["hour"] - 15) / 4))
    return frame, np.where(late, "late", "ok")


# --- pipelines ---------------------------------------------------------------------


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine])
def test_a_pipeline_does_what_scikit_learns_does(load: Any) -> None:
    X, y = load(return_X_y=True)
    steps = [
        ("scale", sklearn.preprocessing.StandardScaler()),
        ("model", sklearn.linear_model.LogisticRegression()),
    ]
    ours, other = Pipeline(steps).fit(X, y), sklearn.pipeline.Pipeline(steps).fit(X, y)
    for method in (
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    ):
        found, expected = getattr(ours, method)(X), getattr(other, method)(X)
        np.testing.assert_array_equal(found, expected)
    assert ours.score(X, y) == other.score(X, y)
    assert set(ours.get_params()) <= set(other.get_params())
    assert ours.classes_.tolist() == other.classes_.tolist()
    assert ours.n_features_in_ == X.shape[1]


def test_our_pipeline_and_theirs_take_each_others_steps() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    ours = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    other = sklearn.pipeline.make_pipeline(StandardScaler(), LogisticRegression())
    np.testing.assert_array_equal(ours.predict(X), other.fit(X, y).predict(X))
    nested = sklearn.pipeline.make_pipeline(make_pipeline(StandardScaler()), Ridge())
    assert nested.fit(X, y).predict(X).shape == y.shape


def test_the_steps_given_stay_unfitted_and_fitted_ones_are_found_by_name() -> None:
    scaler, ridge = StandardScaler(), Ridge()
    model = make_pipeline(scaler, ridge).fit([[1.0], [2.0]], [1.0, 2.0])
    assert not hasattr(scaler, "mean_")
    assert not hasattr(ridge, "coef_")
    assert model["ridge"].coef_.shape == model[-1].coef_.shape == (1,)
    assert model.named_steps["standardscaler"].mean_.tolist() == [1.5]
    assert model[:1].transform([[1.5]]).tolist() == [[0.0]]
    assert len(model) == 2


def test_parameters_of_steps_have_two_underscores_and_steps_can_be_replaced() -> None:
    model = make_pipeline(StandardScaler(), Ridge())
    model.set_params(ridge__alpha=3.0, standardscaler="passthrough")
    assert model.get_params()["ridge__alpha"] == 3.0
    X, y = np.arange(8.0).reshape(4, 2), np.arange(4.0)
    expected = Ridge(3.0).fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), expected)
    with pytest.raises(ValueError, match="Invalid parameter 'lasso'"):
        model.set_params(lasso__alpha=1.0)


def test_steps_of_one_class_are_numbered() -> None:
    model = make_pipeline(StandardScaler(), StandardScaler(), Ridge())
    names = ["standardscaler-1", "standardscaler-2", "ridge"]
    assert list(model.named_steps) == names


def test_methods_are_there_where_the_last_step_has_them() -> None:
    scaling = make_pipeline(StandardScaler(), StandardScaler())
    assert hasattr(scaling, "transform")
    assert not hasattr(scaling, "predict")
    regression = make_pipeline(StandardScaler(), Ridge())
    assert not hasattr(regression, "predict_proba")
    assert not hasattr(regression, "transform")
    passing = Pipeline([("scale", StandardScaler()), ("end", "passthrough")])
    X = [[0.0], [2.0]]
    assert passing.fit_transform(X).tolist() == [[-1.0], [1.0]]
    assert passing.fit(X).transform(X).tolist() == [[-1.0], [1.0]]
    assert passing.inverse_transform([[-1.0], [1.0]]).tolist() == X
    assert scaling.fit_transform(X).tolist() == [[-1.0], [1.0]]


def test_arguments_of_fit_reach_their_step() -> None:
    X, y, weights = [[0.0], [1.0], [5.0]], [0.0, 1.0, 9.0], [1.0, 1.0, 0.0]
    model = make_pipeline(StandardScaler(), Ridge(0.0))
    model.fit(X, y, ridge__sample_weight=weights)
    np.testing.assert_allclose(model.predict([[5.0]]), 5.0)
    with pytest.raises(ValueError, match="got 'sample_weight'; expected <step>__"):
        model.fit(X, y, sample_weight=weights)
    with pytest.raises(ValueError, match="got 'lasso__sample_weight'"):
        model.fit(X, y, lasso__sample_weight=weights)


def test_a_pipeline_cross_fits_a_target_encoder_on_training_rows() -> None:
    frame, y = flights()
    encoder = TargetEncoder(shuffle=False)
    seen = encoder.fit_transform(frame[["tail"]], y)
    model = make_pipeline(encoder, LogisticRegression()).fit(frame[["tail"]], y)
    expected = LogisticRegression().fit(seen, y)
    np.testing.assert_array_equal(model[-1].coef_, expected.coef_)


@pytest.mark.parametrize(
    ("steps", "error", "words"),
    [
        ([], ValueError, "at least one, got"),
        (3, ValueError, "at least one, got 3"),
        ([("a", Ridge()), ("a", Ridge())], ValueError, "must differ.*'a'"),
        ([("a__b", Ridge())], ValueError, "hold no '__'.*'a__b'"),
        ([("steps", Ridge())], ValueError, "no argument of Pipeline"),
        ([("a", Ridge()), ("b", Ridge())], TypeError, "must transform, but 'a'"),
    ],
)
def test_bad_steps_are_refused_in_words(steps: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        Pipeline(steps).fit([[1.0], [2.0]], [1.0, 2.0])


# --- column transformers -----------------------------------------------------------


def _prepare(module: Any, columns: Any, remainder: Any = "drop") -> Any:
    return module(
        [
            ("numbers", sklearn.preprocessing.StandardScaler(), columns),
            (
                "words",
                sklearn.preprocessing.OneHotEncoder(sparse_output=False),
                ["carrier"],
            ),
        ],
        remainder=remainder,
    )


@pytest.mark.parametrize(
    "columns",
    [
        ["hour", "wind"],
        [0, 1],
        slice(0, 2),
        [True, True, False, False],
        lambda frame: [name for name in frame if frame[name].dtype.kind == "f"],
        [-4, -3],
    ],
    ids=["names", "positions", "slice", "mask", "function", "from the end"],
)
@pytest.mark.parametrize("remainder", ["drop", "passthrough"])
def test_a_column_transformer_does_what_scikit_learns_does(
    columns: Any, remainder: str
) -> None:
    frame, _ = flights()
    ours = _prepare(ColumnTransformer, columns, remainder).fit(frame[:150])
    other = _prepare(sklearn.compose.ColumnTransformer, columns, remainder)
    other.fit(frame[:150])
    found, expected = (pd.DataFrame(each.transform(frame)) for each in (ours, other))
    assert found.equals(expected)
    names = other.get_feature_names_out().tolist()
    assert ours.get_feature_names_out().tolist() == names
    assert list(ours.named_transformers_) == ["numbers", "words", "remainder"]


def test_arrays_work_and_one_column_alone_is_handed_over_flat() -> None:
    class Lengths(sklearn.preprocessing.FunctionTransformer):
        pass

    shapes = []
    flat = Lengths(lambda X: shapes.append(np.shape(X)) or np.ones(len(X)))
    X = np.arange(12.0).reshape(4, 3)
    model = ColumnTransformer([("flat", flat, 1), ("scale", StandardScaler(), [0])])
    assert model.fit_transform(X)[:, 0].tolist() == [1.0] * 4
    assert shapes[0] == (4,)


def test_dropped_and_empty_parts_leave_nothing() -> None:
    X = np.arange(6.0).reshape(3, 2)
    model = ColumnTransformer([("out", "drop", [0]), ("none", StandardScaler(), [])])
    assert model.fit_transform(X).shape == (3, 0)
    kept = model.set_params(remainder="passthrough").fit_transform(X)
    assert kept.tolist() == X[:, 1:].tolist()
    assert model.get_feature_names_out().tolist() == ["remainder__x1"]


def test_a_sparse_part_makes_the_whole_sparse() -> None:
    frame, _ = flights()
    model = ColumnTransformer(
        [
            ("words", OneHotEncoder(sparse_output=True), ["carrier"]),
            ("hour", "passthrough", ["hour"]),
        ],
        verbose_feature_names_out=False,
    )
    found = model.fit_transform(frame)
    assert found.shape == (200, 4)
    np.testing.assert_array_equal(found.toarray()[:, 3], frame["hour"])
    names = ["carrier_AA", "carrier_B6", "carrier_UA", "hour"]
    assert model.get_feature_names_out().tolist() == names


def test_parameters_reach_through_and_the_whole_can_be_tuned() -> None:
    frame, y = flights()
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    prepare = ColumnTransformer(
        [
            ("numbers", numbers, ["hour", "wind"]),
            ("words", OneHotEncoder(), ["carrier"]),
        ]
    )
    model = Pipeline([("prepare", prepare), ("model", LogisticRegression())])
    model.set_params(
        prepare__numbers__simpleimputer__strategy="median", prepare__words="drop"
    )
    assert model.fit(frame, y).score(frame, y) > 0.6
    fitted = model["prepare"].named_transformers_["numbers"]["simpleimputer"]
    assert fitted.statistics_[1] == pytest.approx(frame["wind"].median())
    assert model["prepare"].transform(frame).shape == (200, 2)


@pytest.mark.parametrize(
    ("transformers", "words"),
    [
        ([("a", StandardScaler(), ["wnd"])], "no column 'wnd'; there are.*'wind'"),
        ([("a", StandardScaler(), [9])], r"no column 9: X has 4 feature\(s\)"),
        ([("a", StandardScaler(), [True])], "mask of 1 entries was given for 4"),
        ([("a", StandardScaler(), [0]), ("a", "drop", [1])], "must differ"),
        (None, "at least one, got None"),
        ([("a", StandardScaler())], "names, transformers and columns"),
    ],
)
def test_bad_columns_are_refused_in_words(transformers: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ColumnTransformer(transformers).fit(flights()[0])


# --- resampling --------------------------------------------------------------------


def _imbalanced(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.repeat(["common", "rare", "some"], [40, 4, 11])
    return rng.normal(size=(55, 3)) + (y == "rare")[:, None], rng.permutation(y)


@FEW
@given(SEEDS, st.sampled_from([1.0, 0.5, 0.2]))
def test_oversampling_repeats_rows_of_smaller_classes_only(
    seed: int, ratio: float
) -> None:
    X, y = _imbalanced(seed)
    rng = np.random.default_rng(seed)
    more, labels = random_oversample(X, y, rng=rng, ratio=ratio)
    np.testing.assert_array_equal(more[:55], X)
    np.testing.assert_array_equal(labels[:55], y)
    known = {(tuple(row), label) for row, label in zip(X, y, strict=True)}
    assert {(tuple(r), label) for r, label in zip(more, labels, strict=True)} == known
    _, counts = np.unique(labels, return_counts=True)
    assert counts.tolist() == [40, max(4, 40 * ratio), max(11, 40 * ratio)]


@FEW
@given(SEEDS, st.sampled_from([1.0, 0.5]))
def test_undersampling_leaves_rows_out_and_repeats_none(
    seed: int, ratio: float
) -> None:
    X, y = _imbalanced(seed)
    fewer, labels = random_undersample(
        pd.DataFrame(X), y, rng=np.random.default_rng(seed), ratio=ratio
    )
    assert fewer.index.is_unique
    assert fewer.index.is_monotonic_increasing
    np.testing.assert_array_equal(labels, y[fewer.index])
    _, counts = np.unique(labels, return_counts=True)
    assert counts.tolist() == [min(40, 4 / ratio), 4, min(11, 4 / ratio)]


@FEW
@given(SEEDS, st.integers(1, 6))
def test_smote_adds_points_between_a_row_and_a_near_one_of_its_class(
    seed: int, k: int
) -> None:
    X, y = _imbalanced(seed)
    rng = np.random.default_rng(seed)
    more, labels = smote(X, y, rng=rng, k_neighbors=k)
    np.testing.assert_array_equal(more[:55], X)
    assert np.unique(labels, return_counts=True)[1].tolist() == [40, 40, 40]
    assert not (more[55:, None] == X).all(axis=2).any()  # none is an old row
    for point, label in zip(more[55:70], labels[55:70], strict=True):
        members = X[y == label]
        assert _on_a_short_line(point, members, min(k, len(members) - 1))


def _on_a_short_line(point: np.ndarray, members: np.ndarray, k: int) -> bool:
    """Say whether a point lies between a row and one of its k nearest others."""
    for i, start in enumerate(members):
        away = np.linalg.norm(members - start, axis=1)
        away[i] = np.inf
        for end in members[np.argsort(away)[:k]]:
            detour = np.linalg.norm(point - start) + np.linalg.norm(end - point)
            if detour - np.linalg.norm(end - start) < 1e-9:
                return True
    return False


def test_smote_survives_twins() -> None:
    X = np.array([[0.0], [1.0], [2.0], [3.0]] * 3 + [[7.0]] * 4)
    y = np.repeat([0, 1], [12, 4])
    more, labels = smote(X, y, rng=np.random.default_rng(0), k_neighbors=2)
    assert (more[labels == 1] == 7.0).all()
    assert (labels == 1).sum() == 12


def test_resampling_is_the_same_for_the_same_generator() -> None:
    X, y = _imbalanced(0)
    for resample in (random_oversample, random_undersample, smote):
        pair = [resample(X, y, rng=np.random.default_rng(7))[0] for _ in range(2)]
        np.testing.assert_array_equal(*pair)


@pytest.mark.parametrize("resample", [random_oversample, random_undersample, smote])
@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([0, 0, 0, 1], {"ratio": 0.0}, "ratio must be above 0 and at most 1, got 0.0"),
        ([0, 0, 0, 1], {"ratio": 1.5}, "ratio must be"),
        ([0, 0, 1], {}, "X has 4 and y has 3"),
        ([0.1, 0.2, 0.3, 0.4], {}, "continuous"),
    ],
)
def test_bad_input_is_refused_in_words(
    resample: Any, y: Any, options: dict[str, Any], words: str
) -> None:
    X = [[0.0], [1.0], [2.0], [3.0]]
    with pytest.raises(ValueError, match=words):
        resample(X, y, rng=np.random.default_rng(0), **options)


def test_smote_refuses_a_class_of_one_row_and_no_neighbours() -> None:
    X, y, rng = [[0.0], [1.0], [2.0]], ["a", "a", "b"], np.random.default_rng(0)
    with pytest.raises(ValueError, match="has one row only"):
        smote(X, y, rng=rng)
    with pytest.raises(ValueError, match="k_neighbors must be a whole number from 1"):
        smote(X, y, rng=rng, k_neighbors=0)
