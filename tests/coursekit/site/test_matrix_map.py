"""The figure of a matrix's action, held against NumPy."""

import numpy as np
import pytest

COLUMNS = [
    ((1.5, 0.7), (0.7, 1.0)),  # symmetric
    ((1.6, 0.0), (0.6, 0.9)),  # two directions that are not perpendicular
    ((0.3, 1.2), (-0.9, 0.4)),  # every direction turns
    ((-2.0, 0.0), (0.0, 1.0)),  # diagonal, one of them negative
    ((1.0, 2.0), (0.5, 1.0)),  # of rank one
    ((0.0, 0.0), (2.5, -2.5)),
]


def matrix_of(columns):
    return np.array(columns).T


def found(figures, columns):
    first, second = columns
    return figures.model("matrix-map", first=list(first), second=list(second))


@pytest.mark.parametrize("columns", COLUMNS)
def test_eigenvalues_are_numpys(figures, columns):
    said = found(figures, columns)
    values = np.linalg.eigvals(matrix_of(columns))
    if np.iscomplexobj(values):
        assert said["kind"] == "complex"
        middle, turn = said["values"]
        theirs = values[values.imag > 0][0]
        np.testing.assert_allclose([middle, turn], [theirs.real, theirs.imag])
    else:
        np.testing.assert_allclose(said["values"], np.sort(values)[::-1], atol=1e-12)


@pytest.mark.parametrize("columns", COLUMNS)
def test_what_is_drawn_as_an_eigenvector_is_one(figures, columns):
    said = found(figures, columns)
    A = matrix_of(columns)
    for value, vector in zip(said["values"], said["vectors"], strict=False):
        np.testing.assert_allclose(np.linalg.norm(vector), 1)
        np.testing.assert_allclose(A @ vector, value * np.array(vector), atol=1e-12)


@pytest.mark.parametrize("columns", COLUMNS)
def test_the_axes_of_the_ellipse_are_those_of_the_svd(figures, columns):
    said = found(figures, columns)
    A = matrix_of(columns)
    values = np.linalg.svd(A, compute_uv=False)
    np.testing.assert_allclose(said["stretches"], values, atol=1e-12)
    right, stretched = np.array(said["right"]), np.array(said["stretched"])
    np.testing.assert_allclose(right @ right.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(stretched, right @ A.T, atol=1e-12)
    assert abs(stretched[0] @ stretched[1]) < 1e-12


@pytest.mark.parametrize(
    ("columns", "kind", "directions"),
    [
        (((1.0, 0.0), (1.0, 1.0)), "one", 1),  # a shear
        (((2.0, 0.0), (0.0, 2.0)), "all", 0),
        (((0.0, 0.0), (0.0, 0.0)), "all", 0),
        (((0.0, 1.0), (-1.0, 0.0)), "complex", 0),  # a quarter turn
        (((0.0, 1.0), (1.0, 0.0)), "two", 2),  # a mirror
    ],
)
def test_special_maps_are_told_apart(figures, columns, kind, directions):
    said = found(figures, columns)
    assert (said["kind"], len(said["vectors"])) == (kind, directions)
