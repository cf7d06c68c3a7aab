"""Power iteration, the randomised SVD and the truncated one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import TruncatedSVD as Oracle

from ml_from_scratch.base import ConvergenceWarning
from ml_from_scratch.decomposition import (
    TruncatedSVD,
    power_iteration,
    randomized_svd,
)

SEEDS = st.integers(0, 2**32 - 1)


def low_rank() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 12)) * 0.6 ** np.arange(12) @ rng.normal(size=(12, 80))


DATA: dict[str, Any] = {
    "low rank": low_rank,
    "cancer, columns of very different size": lambda: load_breast_cancer().data,
    "digits, with columns that never change": lambda: load_digits().data,
    "digits, more columns than rows": lambda: load_digits().data[:30],
}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


# --- power iteration ---------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
def test_the_dominant_pair_is_lapacks_to_1e_9(name: str) -> None:
    A = np.cov(DATA[name]().T)
    values, vectors = np.linalg.eigh(A)
    found = power_iteration(A, rng=rng())
    assert found.value == pytest.approx(values[-1], rel=1e-12)
    assert abs(found.vector @ vectors[:, -1]) == pytest.approx(1.0, abs=1e-12)
    assert found.vector[np.abs(found.vector).argmax()] > 0
    assert found.rate == pytest.approx(values[-2] / values[-1], rel=0.1)


@settings(max_examples=30)
@given(SEEDS, st.floats(0.1, 0.9), st.sampled_from([-1.0, 1.0]))
def test_the_error_shrinks_by_the_ratio_of_two_eigenvalues(
    seed: int, ratio: float, sign: float
) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    values = sign * np.array([1.0, ratio, *(ratio * rng.random(4) * 0.5)])
    found = power_iteration(turn * values @ turn.T, rng=rng)
    assert found.value == pytest.approx(sign)
    assert found.rate == pytest.approx(ratio, rel=0.1)


@settings(max_examples=30)
@given(SEEDS)
def test_matrices_that_are_not_symmetric_have_their_pair_found_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.random((5, 5)) + 0.1  # positive: Perron's root is alone in its size
    found = power_iteration(A, rng=rng)
    np.testing.assert_allclose(A @ found.vector, found.value * found.vector, atol=1e-10)
    assert found.value == pytest.approx(np.abs(np.linalg.eigvals(A)).max())
    assert (found.vector > 0).all()


def test_matrices_without_a_dominant_value_are_warned_about() -> None:
    for A in (np.diag([1.0, -1.0]), np.array([[0.0, -1.0], [1.0, 0.0]])):
        with pytest.warns(ConvergenceWarning, match="about the same size") as seen:
            power_iteration(A, max_iter=50, rng=rng())
        assert seen[0].filename == __file__


def test_easy_and_empty_matrices_are_answered() -> None:
    assert power_iteration([[7.0]], rng=rng()).value == 7.0
    assert power_iteration(np.zeros((3, 3)), rng=rng()).value == 0.0
    found = power_iteration(np.eye(3), rng=rng())
    assert found.value == pytest.approx(1.0)
    assert found.rate < 1
    huge = power_iteration(np.diag([2.0**900, 2.0**899]), rng=rng())
    assert huge.value / 2.0**900 == pytest.approx(1.0)


def test_a_table_that_is_not_square_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be square.*\(1, 2\)"):
        power_iteration([[1.0, 2.0]], rng=rng())


# --- the randomised SVD ------------------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array, sparse.coo_array])
def test_the_first_triplets_are_lapacks_to_1e_6(name: str, storage: Any) -> None:
    M = DATA[name]()
    _, values, Vt = np.linalg.svd(M, full_matrices=False)
    U, found, found_Vt = randomized_svd(storage(M), 4, n_iter=12, rng=rng())
    np.testing.assert_allclose(found, values[:4], rtol=1e-6)
    cosines = np.abs((found_Vt * Vt[:4]).sum(axis=1))
    np.testing.assert_allclose(cosines, 1.0, atol=1e-6)
    np.testing.assert_allclose(U.T @ U, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(found_Vt @ found_Vt.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(M @ found_Vt.T, U * found, atol=1e-4 * values[0])


@pytest.mark.parametrize("q", [0, 1, 2])
@pytest.mark.parametrize("name", DATA)
def test_the_mean_error_is_within_the_bound(name: str, q: int) -> None:
    M = DATA[name]()
    values = np.linalg.svd(M, compute_uv=False)
    k, p = 4, 5
    generator = rng()
    errors = []
    for _ in range(20):  # all k + p columns: the projection that the bound is about
        U, _, _ = randomized_svd(M, k + p, n_oversamples=0, n_iter=q, rng=generator)
        errors.append(np.linalg.norm(M - U @ (U.T @ M), 2))
    first = (
        1 + np.sqrt(k / (p - 1)) + np.e * np.sqrt(k + p) / p * np.sqrt(min(M.shape) - k)
    )
    assert np.mean(errors) <= first ** (1 / (2 * q + 1)) * values[k]


def test_more_rounds_are_more_exact() -> None:
    M = np.random.default_rng(1).normal(size=(120, 100))
    exact = np.linalg.svd(M, compute_uv=False)[:3]
    errors = [
        np.abs(randomized_svd(M, 3, n_iter=q, rng=rng())[1] - exact).max()
        for q in (0, 2, 8, 32)
    ]
    assert errors == sorted(errors, reverse=True)
    assert (randomized_svd(M, 3, n_iter=0, rng=rng())[1] <= exact).all()


def test_as_many_components_as_columns_are_exact() -> None:
    M = load_wine().data
    U, values, Vt = randomized_svd(M, 13, rng=rng())
    np.testing.assert_allclose(U * values @ Vt, M, atol=1e-9)


@pytest.mark.parametrize(
    ("M", "k", "words"),
    [
        ([[1.0, 2.0]], 2, r"from 1 to min\(rows, columns\)=1, got 2"),
        ([[1.0, 2.0]], 0, "got 0"),
        ([[1.0, 2.0]], 1.5, "got 1.5"),
        ([[1.0, np.nan]], 1, "NaN"),
        (sparse.csr_array([[1.0, np.inf]]), 1, "inf"),
    ],
)
def test_bad_input_is_refused_in_words(M: Any, k: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        randomized_svd(M, k, rng=rng())


# --- the truncated SVD as a model --------------------------------------------------


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("algorithm", ["arpack", "randomized"])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_the_model_is_scikit_learns_exact_one_to_1e_7(
    name: str, algorithm: Any, storage: Any
) -> None:
    X = storage(DATA[name]())
    ours = TruncatedSVD(3, algorithm=algorithm, n_iter=20, random_state=0).fit(X)
    theirs = Oracle(3, algorithm="arpack", random_state=0).fit(X)
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(
        ours.components_, theirs.components_ * signs[:, None], atol=1e-7
    )
    np.testing.assert_allclose(
        ours.singular_values_, theirs.singular_values_, rtol=1e-9
    )
    top = theirs.explained_variance_.max()
    np.testing.assert_allclose(
        ours.explained_variance_, theirs.explained_variance_, atol=1e-7 * top
    )
    np.testing.assert_allclose(
        ours.explained_variance_ratio_, theirs.explained_variance_ratio_, atol=1e-7
    )
    size = np.abs(theirs.transform(X)).max()
    np.testing.assert_allclose(
        ours.transform(X), theirs.transform(X) * signs, atol=1e-6 * size
    )
    largest = np.abs(ours.components_).argmax(axis=1)
    assert (ours.components_[np.arange(3), largest] > 0).all()


def test_what_is_lost_is_the_rest_of_the_squares() -> None:
    X = load_digits().data
    model = TruncatedSVD(5, algorithm="arpack", random_state=0).fit(X)
    lost = ((X - model.inverse_transform(model.transform(X))) ** 2).sum()
    assert lost == pytest.approx((np.linalg.svd(X, compute_uv=False)[5:] ** 2).sum())


def test_sparse_input_is_checked_as_dense_input_is() -> None:
    X = sparse.csr_array(np.eye(4))
    model = TruncatedSVD(2, random_state=0).fit(X)
    with pytest.raises(
        ValueError, match="X has 3 features, but TruncatedSVD is expect"
    ):
        model.transform(X[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        TruncatedSVD(1).fit(sparse.csr_array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        TruncatedSVD(1).fit(X[:0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1"),
        ({"n_components": 3}, "from 1 to n_features=2, got 3"),
        ({"algorithm": "full"}, "algorithm must be one of"),
        ({"n_iter": -1}, "n_iter must be a whole number from 0"),
        ({"n_oversamples": 0.5}, "n_oversamples must be"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TruncatedSVD(**options).fit([[0.0, 1.0], [1.0, 0.0]])
