"""PCA: against scikit-learn, and what must hold."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.decomposition import PCA as Oracle

from ml_from_scratch.decomposition import PCA

SEEDS = st.integers(0, 2**32 - 1)
SOLVERS: tuple[Any, ...] = ("auto", "full", "covariance_eigh")


@cache
def known() -> np.ndarray:
    """Return rows with the variances `VARIANCES` along directions at random."""
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    return rng.normal(size=(4000, 6)) * np.sqrt(VARIANCES) @ turn


VARIANCES = np.array([25.0, 9.0, 4.0, 1.0, 0.5, 0.25])
DATA: dict[str, Any] = {
    "a known spectrum": known,
    "cancer, columns of very different size": lambda: load_breast_cancer().data,
    "wine": lambda: load_wine().data,
    "digits, with columns that never change": lambda: load_digits().data,
    "diabetes, collinear": lambda: np.hstack([load_diabetes().data] * 2),
    "digits, more columns than rows": lambda: load_digits().data[:40],
}


def fitted_alike(ours: PCA, theirs: Any, X: np.ndarray, tolerance: float) -> None:
    """Compare everything; sizes of values with the largest of their kind."""
    top = theirs.explained_variance_[0]
    rank = int((theirs.explained_variance_ > 1e-9 * top).sum())  # below: any direction
    np.testing.assert_allclose(
        ours.components_[:rank], theirs.components_[:rank], atol=1e3 * tolerance
    )
    np.testing.assert_allclose(
        ours.explained_variance_, theirs.explained_variance_, atol=tolerance * top
    )
    np.testing.assert_allclose(
        ours.explained_variance_ratio_, theirs.explained_variance_ratio_, atol=tolerance
    )
    np.testing.assert_allclose(
        ours.singular_values_[:rank],
        theirs.singular_values_[:rank],
        atol=tolerance * theirs.singular_values_[0],
    )
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-12)
    assert ours.noise_variance_ == pytest.approx(
        theirs.noise_variance_, rel=1e-9, abs=tolerance * top
    )
    np.testing.assert_allclose(
        ours.transform(X)[:, :rank],
        theirs.transform(X)[:, :rank],
        atol=1e3 * tolerance * np.abs(X).max(),
    )


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("k", [1, 4, None, 0.9])
def test_the_decomposition_is_scikit_learns_to_1e_11(name: str, k: Any) -> None:
    X = DATA[name]()
    theirs = Oracle(k, svd_solver="full").fit(X)
    for solver in ("auto", "full"):
        ours = PCA(k, svd_solver=solver).fit(X)  # type: ignore[arg-type]
        assert ours.n_components_ == theirs.n_components_
        fitted_alike(ours, theirs, X, 1e-11)


@pytest.mark.parametrize("name", ["a known spectrum", "wine"])
def test_products_alone_give_what_they_give_scikit_learn(name: str) -> None:
    X = DATA[name]()
    ours = PCA(3, svd_solver="covariance_eigh").fit(X)
    theirs = Oracle(3, svd_solver="covariance_eigh").fit(X)
    fitted_alike(ours, theirs, X, 1e-10)


@pytest.mark.parametrize("name", DATA)
def test_few_directions_by_chance_are_the_right_ones_to_1e_4(name: str) -> None:
    X = DATA[name]()
    ours = PCA(2, svd_solver="randomized", random_state=0).fit(X)
    exact = Oracle(2, svd_solver="full").fit(X)
    fitted_alike(ours, exact, X, 1e-4)


def test_auto_loses_no_digits_where_products_would() -> None:
    rng = np.random.default_rng(0)
    U, _ = np.linalg.qr(rng.normal(size=(300, 4)) - 0.0)
    U = U - U.mean(axis=0)
    U, _ = np.linalg.qr(U)
    V, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    values = np.array([1.0, 1e-3, 1e-6, 1e-9])  # squares: down to 1e-18
    model = PCA().fit(U * values @ V)
    np.testing.assert_allclose(model.singular_values_, values, rtol=1e-6)
    lossy = PCA(svd_solver="covariance_eigh").fit(U * values @ V)
    assert abs(lossy.singular_values_[3] / 1e-9 - 1) > 1e-2


def test_the_known_variances_are_found() -> None:
    found = PCA().fit(known()).explained_variance_
    np.testing.assert_allclose(found, VARIANCES, rtol=0.1)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("k", [3, None])
def test_whitened_columns_are_scikit_learns_and_have_variance_one(
    solver: Any, k: Any
) -> None:
    X = load_wine().data
    ours = PCA(k, whiten=True, svd_solver=solver).fit(X)
    theirs = Oracle(k, whiten=True, svd_solver="full").fit(X)
    along = ours.transform(X)
    np.testing.assert_allclose(along, theirs.transform(X), atol=1e-5)
    np.testing.assert_allclose(np.cov(along.T), np.eye(along.shape[1]), atol=1e-5)
    np.testing.assert_allclose(
        ours.inverse_transform(along), theirs.inverse_transform(along), atol=1e-8
    )


# --- properties --------------------------------------------------------------------


@st.composite
def tables(draw: Any) -> np.ndarray:
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.integers(2, 25)), draw(st.integers(1, 12))
    X = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 3, shape[1])
    return X if draw(st.booleans()) else np.round(X)


@settings(max_examples=50)
@given(tables(), st.sampled_from(SOLVERS[:2]))
def test_directions_are_orthonormal_and_what_is_lost_is_the_rest(
    X: np.ndarray, solver: Any
) -> None:
    n = len(X)
    whole = PCA(svd_solver=solver).fit(X)
    total = ((X - X.mean(axis=0)) ** 2).sum()
    m = min(X.shape)
    for k in {1, (m + 1) // 2, m}:
        model = PCA(k, svd_solver=solver).fit(X)
        np.testing.assert_allclose(
            model.components_ @ model.components_.T, np.eye(k), atol=1e-10
        )
        back = model.inverse_transform(model.transform(X))
        lost = whole.explained_variance_[k:].sum() * (n - 1)
        assert ((X - back) ** 2).sum() == pytest.approx(lost, abs=1e-10 * total + 1e-20)
        assert model.noise_variance_ * (m - k) * (n - 1) == pytest.approx(
            lost, abs=1e-10 * total + 1e-20
        )
    assert (np.diff(whole.explained_variance_) <= 0).all()
    assert whole.explained_variance_.sum() * (n - 1) == pytest.approx(total)
    largest = np.abs(whole.components_).argmax(axis=1)
    assert (whole.components_[np.arange(m), largest] > 0).all()


@settings(max_examples=25)
@given(SEEDS)
def test_turning_shifting_and_mixing_rows_keeps_the_variances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 5)) * [5, 4, 3, 2, 1]
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    order = rng.permutation(30)
    plain, moved = PCA(3).fit(X), PCA(3).fit((X @ turn + 9)[order])
    np.testing.assert_allclose(
        moved.explained_variance_, plain.explained_variance_, rtol=1e-10
    )
    cosines = np.abs((moved.components_ * (plain.components_ @ turn)).sum(axis=1))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-8)


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**600])
@pytest.mark.parametrize("k", [2, None, 0.99])
def test_huge_and_tiny_values_change_nothing_but_the_unit(unit: float, k: Any) -> None:
    X = load_wine().data
    plain, scaled = PCA(k).fit(X), PCA(k).fit(X * unit)
    np.testing.assert_array_equal(scaled.components_, plain.components_)
    shrunk = scaled.singular_values_ / unit
    np.testing.assert_array_equal(shrunk, plain.singular_values_)
    np.testing.assert_array_equal(
        scaled.explained_variance_ratio_, plain.explained_variance_ratio_
    )
    np.testing.assert_allclose(
        scaled.transform(X * unit) / unit, plain.transform(X), rtol=1e-12
    )
    whitened = PCA(2, whiten=True).fit_transform(X * unit)
    np.testing.assert_allclose(whitened, PCA(2, whiten=True).fit_transform(X))


def test_rows_far_from_zero_keep_their_directions() -> None:
    X = np.round(load_wine().data * 2**10) / 2**10
    near, far = PCA(3).fit(X), PCA(3).fit(X + 2.0**30)
    np.testing.assert_allclose(far.components_, near.components_, atol=1e-6)
    np.testing.assert_allclose(far.transform(X + 2.0**30), near.transform(X), atol=1e-4)


# --- degenerate input --------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("whiten", [False, True])
def test_rows_that_are_all_equal_have_no_variance(solver: Any, whiten: bool) -> None:
    model = PCA(svd_solver=solver, whiten=whiten).fit(np.full((5, 3), 0.1))
    np.testing.assert_allclose(model.explained_variance_, 0.0, atol=1e-30)
    assert np.isfinite(model.explained_variance_ratio_).all()
    np.testing.assert_allclose(model.transform(np.full((5, 3), 0.1)), 0.0, atol=1e-15)


def test_whitening_leaves_directions_without_variance_at_zero() -> None:
    X = load_digits().data[:200]
    along = PCA(whiten=True).fit_transform(X)
    assert np.isfinite(along).all()
    assert np.abs(along).max() < 20
    scales = along.std(axis=0, ddof=1)
    assert ((scales < 1e-9) | (abs(scales - 1) < 1e-6)).all()


def test_two_rows_and_one_column_are_enough() -> None:
    assert PCA().fit([[1.0], [3.0]]).explained_variance_.tolist() == [2.0]


def test_a_share_of_the_variance_chooses_as_many_as_it_takes() -> None:
    X = known()
    for share in (0.05, 0.5, 0.9, 0.999):
        model = PCA(share).fit(X)
        ratios = PCA().fit(X).explained_variance_ratio_
        assert ratios[: model.n_components_].sum() >= share
        assert ratios[: model.n_components_ - 1].sum() < share


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, r"from 1 to min\(rows, columns\)=2, or a share.*got 0"),
        ({"n_components": 3}, "n_components must be None, a whole number"),
        ({"n_components": 1.5}, "between 0 and 1, got 1.5"),
        ({"n_components": "mle"}, "n_components must be.*got 'mle'"),
        ({"svd_solver": "fast"}, r"svd_solver must be one of .*got 'fast'"),
        (
            {"n_components": 0.5, "svd_solver": "randomized"},
            "must be a whole number fo",
        ),
        ({"whiten": "yes"}, "whiten must be True or False"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PCA(**options).fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])


def test_bad_data_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="1 sample"):
        PCA().fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match="NaN"):
        PCA().fit([[1.0], [np.nan]])
    model = PCA(1).fit([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="X has 2 columns, but there are 1 components"):
        model.inverse_transform([[1.0, 2.0]])
