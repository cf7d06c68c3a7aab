"""The figure of two columns and a target, held against NumPy."""

import itertools

import numpy as np
import pytest

COLUMNS = [[2, 0.5], [-0.5, 1.5], [1, 0.25], [-4, -1], [0, 0], [0, 3]]
TARGETS = [[1, 2.5], [2, 0.5], [-1, -0.25], [0, 0], [0, -2]]


@pytest.mark.parametrize("first", COLUMNS)
@pytest.mark.parametrize("second", COLUMNS)
def test_the_verdict_and_the_solution_are_numpys(figures, first, second):
    A = np.column_stack([first, second])
    for target in TARGETS:
        found = figures.model("two-columns", first=first, second=second, target=target)
        x, _, rank, _ = np.linalg.lstsq(A, np.array(target, float), rcond=None)
        missed = np.linalg.norm(A @ x - target)
        assert found["rank"] == rank
        np.testing.assert_allclose(found["determinant"], np.linalg.det(A), atol=1e-12)
        np.testing.assert_allclose(found["x"], x, atol=1e-12)
        np.testing.assert_allclose(found["missed"], missed, atol=1e-12)
        wider = np.linalg.matrix_rank(np.column_stack([A, target]))
        kind = "none" if wider > rank else "one" if rank == 2 else "many"
        assert found["kind"] == kind


def test_every_verdict_is_among_the_cases(figures):
    kinds = {
        figures.model("two-columns", first=a, second=b, target=t)["kind"]
        for a, b, t in itertools.product(COLUMNS, COLUMNS, TARGETS)
    }
    assert kinds == {"one", "none", "many"}


def test_what_cannot_be_reached_is_missed_at_a_right_angle(figures):
    state = {"first": [2, 0.5], "second": [-4, -1], "target": [1, 2.5]}
    found = figures.model("two-columns", **state)
    rest = np.subtract(state["target"], found["reached"])
    np.testing.assert_allclose(rest @ np.array(state["first"]), 0, atol=1e-12)
