"""Kernel PCA and classical scaling: against scikit-learn, and what must hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.decomposition import KernelPCA as Oracle

from ml_from_scratch.decomposition import PCA, KernelPCA, classical_mds

SEEDS = st.integers(0, 2**32 - 1)


def rings() -> np.ndarray:
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 120)
    radius = np.repeat([1.0, 3.0], 60) + rng.normal(size=120) / 10
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])


DATA: dict[str, Any] = {
    "rings": rings,
    "iris, with twins": lambda: load_iris().data,
    "digits, constant columns": lambda: load_digits().data[:150] / 16,
    "diabetes": lambda: load_diabetes().data[:200] * 20,
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf"])
def test_coordinates_are_scikit_learns_to_1e_7(name: str, kernel: Any) -> None:
    X = DATA[name]()
    options = {"kernel": kernel, "gamma": 0.4}
    ours = KernelPCA(2, **options).fit(X)
    theirs = Oracle(2, **options, eigen_solver="dense").fit(X)
    np.testing.assert_allclose(ours.eigenvalues_, theirs.eigenvalues_, rtol=1e-9)
    new = X[::5] + 0.1
    size = np.abs(theirs.transform(X)).max()
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-7 * size)
    np.testing.assert_allclose(
        ours.transform(new), theirs.transform(new), atol=1e-7 * size
    )


def test_the_linear_kernel_gives_pca() -> None:
    X = load_iris().data
    along, straight = KernelPCA().fit_transform(X), PCA().fit_transform(X)
    assert along.shape == straight.shape  # directions without variance are dropped
    np.testing.assert_allclose(np.abs(along), np.abs(straight), atol=1e-9)


def test_rows_that_are_all_equal_get_zeros() -> None:
    assert (
        KernelPCA(2, kernel="rbf").fit_transform(np.ones((4, 2))).tolist()
        == [[0.0, 0.0]] * 4
    )
    assert KernelPCA(1).fit_transform([[3.0]]).tolist() == [[0.0]]


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 3))
def test_distances_between_points_are_kept_exactly(seed: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(15, d)) * 10.0 ** rng.integers(-100, 100)
    D = cdist(X, X)
    spots = classical_mds(D, d)
    np.testing.assert_allclose(cdist(spots, spots), D, atol=1e-7 * D.max())
    np.testing.assert_allclose(spots.mean(axis=0), 0, atol=1e-9 * D.max())
    largest = np.abs(spots).argmax(axis=0)
    assert (spots[largest, np.arange(d)] > 0).all()


def test_scaling_distances_gives_the_coordinates_of_pca() -> None:
    X = load_iris().data
    spots, straight = classical_mds(cdist(X, X), 2), PCA(2).fit_transform(X)
    np.testing.assert_allclose(np.abs(spots), np.abs(straight), atol=1e-9)


def test_distances_that_no_points_can_have_get_no_imaginary_coordinates() -> None:
    D = np.ones((4, 4)) - np.eye(4)
    D[0, 1] = D[1, 0] = 5.0  # longer than the way round
    spots = classical_mds(D, 4)
    assert np.isfinite(spots).all()
    assert (np.abs(spots).max(axis=0) == 0).any()


@pytest.mark.parametrize(
    "D",
    [
        [[0.0, 1.0]],
        [[0.0, 1.0], [2.0, 0.0]],
        [[0.0, -1.0], [-1.0, 0.0]],
        [[1.0, 1.0], [1.0, 0.0]],
    ],
)
def test_a_table_that_holds_no_distances_is_refused(D: Any) -> None:
    with pytest.raises(ValueError, match="square, symmetric table of numbers from 0"):
        classical_mds(D, 1)


def test_more_coordinates_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="from 1 to rows=2, got 3"):
        classical_mds([[0.0, 1.0], [1.0, 0.0]], 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_components": 0}, "None or a whole number from 1 to 3, got 0"),
        ({"n_components": 4}, "to 3, got 4"),
        ({"kernel": "cosine"}, r"kernel must be one of .*got 'cosine'"),
        ({"gamma": 0.0}, "gamma must be None or a number above 0"),
        ({"degree": 0}, "degree must be a whole number from 1"),
        ({"coef0": "one"}, "coef0 must be a number"),
    ],
)
def test_bad_settings_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KernelPCA(**options).fit([[0.0], [1.0], [2.0]])
