"""Newton, L-BFGS, projections and batches, against SciPy and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, minimize, rosen, rosen_der, rosen_hess
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_diabetes

from ml_from_scratch import optim
from ml_from_scratch.numeric import numerical_gradient

ATOL = 1e-7
vectors = st.lists(st.floats(-50, 50), min_size=1, max_size=6).map(np.array)


class Logistic:
    """Mean log loss with a penalty: convex, with a gradient and a Hessian."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.start = np.zeros(X.shape[1])

    def loss(self, w: np.ndarray) -> float:
        z = self.X @ w
        return float(np.mean(np.logaddexp(0, z) - self.y * z) + 0.01 * w @ w)

    def gradient(self, w: np.ndarray, rows: Any = slice(None)) -> np.ndarray:
        X, y = self.X[rows], self.y[rows]
        return X.T @ (expit(X @ w) - y) / len(y) + 0.02 * w

    def hessian(self, w: np.ndarray) -> np.ndarray:
        p = expit(self.X @ w)
        curved = (self.X.T * (p * (1 - p))) @ self.X / len(self.y)
        return curved + 0.02 * np.eye(len(w))


def problems() -> dict[str, Logistic]:
    rng = np.random.default_rng(0)
    S = rng.normal(size=(80, 3)) * [1.0, 1.0, 30.0]
    C, c = load_breast_cancer(return_X_y=True)
    D, d = load_diabetes(return_X_y=True)
    return {
        "synthetic": Logistic(S, (rng.random(80) < expit(S[:, 0])).astype(float)),
        "cancer": Logistic((C - C.mean(0)) / C.std(0), c),
        "diabetes": Logistic(20 * D, (d > 140).astype(float)),
    }


PROBLEMS = problems()


@pytest.mark.parametrize("name", PROBLEMS)
def test_all_of_them_find_scipys_minimum(name: str) -> None:
    p = PROBLEMS[name]
    oracle = minimize(
        p.loss, p.start, jac=p.gradient, hess=p.hessian, method="trust-exact",
        options={"gtol": 1e-10},
    )  # fmt: skip
    newton = optim.newton_method(p.loss, p.gradient, p.hessian, p.start)
    guessed = optim.lbfgs(p.loss, p.gradient, p.start, tolerance=1e-9)
    for trace in (newton, guessed):
        assert trace.converged
        np.testing.assert_allclose(trace.x, oracle.x, atol=ATOL)
        assert (np.diff(trace.losses) <= 1e-14).all()
    assert newton.steps <= 12
    assert guessed.steps <= 150


@pytest.mark.parametrize("d", [2, 5, 20])
def test_both_cross_rosenbrocks_valley(d: int) -> None:
    start = np.tile([-1.2, 1.0], d)[:d]
    newton = optim.newton_method(rosen, rosen_der, rosen_hess, start, steps=200)
    guessed = optim.lbfgs(rosen, rosen_der, start, tolerance=1e-8)
    for trace in (newton, guessed):
        assert trace.converged
        # It has a second, local minimum from d = 4 on.
        assert np.linalg.norm(rosen_der(trace.x)) < 1e-7
        assert np.linalg.eigvalsh(rosen_hess(trace.x))[0] > 0


@given(st.integers(1, 6), st.integers(0, 2**31))
@settings(max_examples=30)
def test_newton_solves_a_quadratic_in_one_step(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(d, d)), rng.normal(size=d)
    H = A @ A.T + np.eye(d)
    trace = optim.newton_method(
        lambda x: float(x @ H @ x / 2 - b @ x),
        lambda x: H @ x - b,
        lambda _: H,
        rng.normal(size=d),
        tolerance=1e-7,
    )
    assert trace.steps == 1
    np.testing.assert_allclose(trace.x, np.linalg.solve(H, b), atol=1e-8)


def test_newton_converges_quadratically() -> None:
    p = PROBLEMS["cancer"]
    best = optim.newton_method(p.loss, p.gradient, p.hessian, p.start, tolerance=1e-14)
    path = optim.newton_method(p.loss, p.gradient, p.hessian, p.start).path
    errors = np.linalg.norm(path - best.x, axis=1)
    late = (errors < 0.1) & (errors > 1e-7)
    after = errors[1:][late[:-1]]
    assert len(after) >= 1
    assert (after < errors[:-1][late[:-1]] ** 1.5).all()


def test_newton_leaves_a_saddle_and_does_not_climb() -> None:
    trace = optim.newton_method(
        lambda x: float(x[0] ** 2 - x[1] ** 2 + x[1] ** 4),
        lambda x: np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3]),
        lambda x: np.diag([2.0, -2 + 12 * x[1] ** 2]),
        [1.0, 0.01],
    )
    # A plain Newton step would go to the saddle at 0, or stop where it climbs.
    np.testing.assert_allclose(trace.path[1], [0, 0.02], atol=1e-3)
    np.testing.assert_allclose(trace.x, [0, np.sqrt(0.5)], atol=1e-7)


@given(st.integers(2, 8), st.integers(1, 8), st.integers(0, 2**31))
@settings(max_examples=30)
def test_the_two_loops_multiply_by_the_bfgs_matrix(d: int, k: int, seed: int) -> None:
    from ml_from_scratch.optim.curvature import _inverse_hessian_times

    rng = np.random.default_rng(seed)
    A = rng.normal(size=(d, d))
    H = A @ A.T + np.eye(d)
    pairs: Any = [(s, H @ s) for s in rng.normal(size=(k, d))]
    s, y = pairs[-1]
    B = np.eye(d) * (s @ y) / (y @ y)
    for s, y in pairs:  # the textbook update of the inverse
        V = np.eye(d) - np.outer(y, s) / (s @ y)
        B = V.T @ B @ V + np.outer(s, s) / (s @ y)
    slope = rng.normal(size=d)
    np.testing.assert_allclose(
        _inverse_hessian_times(slope, pairs), B @ slope, rtol=1e-6, atol=1e-8
    )


@given(st.floats(-8, 8), st.floats(0.01, 100), st.floats(0.001, 1000))
@settings(max_examples=40)
def test_line_searches_keep_what_they_promise(
    x: float, curvature: float, scale: float
) -> None:
    def loss(p: np.ndarray) -> float:
        return float(curvature * np.cosh(p[0]))

    def gradient(p: np.ndarray) -> np.ndarray:
        return curvature * np.sinh(p)

    start = np.array([x if abs(x) > 0.1 else 1.0])
    g = gradient(start)
    ahead = -scale * g / abs(g)
    slope = float(g @ ahead)
    with np.errstate(over="ignore"):
        armijo = optim.armijo_step(loss, start, ahead, g)
        wolfe = optim.wolfe_step(loss, gradient, start, ahead)
    # The first of 1, 1/2, 1/4 ... that gains enough, and none before it does.
    tried = 2.0 ** -np.arange(60)
    with np.errstate(over="ignore"):
        gains = np.array([loss(start + t * ahead) - loss(start) for t in tried])
    enough = gains <= 1e-4 * tried * slope + 4 * 2.3e-16 * loss(start)
    assert armijo == tried[enough.argmax()]
    for length in (armijo, wolfe):
        slack = 1e-15 * loss(start)
        gained = loss(start + length * ahead) - loss(start)
        assert gained <= 1e-4 * length * slope + 4 * slack
    assert gradient(start + wolfe * ahead) @ ahead >= 0.9 * slope


def test_a_step_that_gains_less_than_its_share_is_halved() -> None:
    # The bottom is at 0; a step almost to -1 gains, but too little for its length.
    def loss(x: np.ndarray) -> float:
        return float(x @ x)

    assert optim.armijo_step(loss, [1.0], [-1.9999], [2.0]) == 0.5
    assert optim.armijo_step(loss, [1.0], [-1.9999], [2.0], decrease=1e-5) == 1.0


@pytest.mark.parametrize(
    "project",
    [
        lambda x: optim.project_to_box(x, -1.0, 2.0),
        lambda x: optim.project_to_ball(x, 3.0),
        lambda x: optim.project_to_simplex(x, 2.0),
    ],
    ids=["box", "ball", "simplex"],
)
@given(x=vectors, other=vectors, seed=st.integers(0, 1000))
@settings(max_examples=40)
def test_a_projection_is_the_nearest_point(
    project: Any, x: np.ndarray, other: np.ndarray, seed: int
) -> None:
    inside = project(x)
    np.testing.assert_allclose(project(inside), inside, atol=1e-12)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        z = project(rng.normal(scale=5, size=x.shape))
        # All of a convex region lies behind the wall at its nearest point.
        assert (x - inside) @ (z - inside) <= 1e-9 * (1 + abs(x).max())


@given(vectors, st.floats(0.1, 10))
def test_the_simplex_has_entries_from_zero_that_add_up(
    x: np.ndarray, total: float
) -> None:
    inside = optim.project_to_simplex(1e6 * x, total)
    assert inside.min() >= 0
    assert inside.sum() == pytest.approx(total)


@pytest.mark.parametrize("name", PROBLEMS)
def test_projected_gradient_finds_scipys_minimum_in_a_box(name: str) -> None:
    p = PROBLEMS[name]
    d = len(p.start)
    rate = 1 / np.linalg.eigvalsh(p.hessian(p.start))[-1]
    trace = optim.projected_gradient(
        p.loss,
        p.gradient,
        lambda w: optim.project_to_box(w, -0.05, 0.1),
        p.start,
        rate=rate,
        steps=20_000,
        tolerance=1e-9,
    )
    oracle = minimize(
        p.loss, p.start, jac=p.gradient, bounds=Bounds([-0.05] * d, [0.1] * d),
        options={"gtol": 1e-10, "ftol": 1e-16},
    )  # fmt: skip
    assert trace.converged
    np.testing.assert_allclose(trace.x, oracle.x, atol=1e-6)
    assert (np.diff(trace.losses) <= 1e-15).all()


def test_without_walls_it_is_gradient_descent() -> None:
    p = PROBLEMS["diabetes"]
    settings_ = {"rate": 0.5, "steps": 30}
    ours = optim.projected_gradient(p.loss, p.gradient, np.copy, p.start, **settings_)
    plain = optim.gradient_descent(p.loss, p.gradient, p.start, **settings_)
    np.testing.assert_array_equal(ours.path, plain.path)


# --- in batches --------------------------------------------------------------------


def batches(p: Logistic, optimizer: Any, **options: Any) -> optim.Trace:
    return optim.stochastic_descent(
        p.loss, p.gradient, p.start, len(p.y), optimizer=optimizer,
        **{"rng": np.random.default_rng(0)} | options,
    )  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_one_batch_of_all_rows_is_gradient_descent(name: str) -> None:
    p = PROBLEMS[name]
    trace = batches(
        p, lambda w: optim.SGD(w, lr=1e-3, momentum=0.9), batch_size=10_000, epochs=20
    )
    plain = optim.gradient_descent(
        p.loss, p.gradient, p.start, rate=1e-3, momentum=0.9, steps=20
    )
    np.testing.assert_allclose(trace.path, plain.path, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_batches_come_close_to_the_minimum(kind: str) -> None:
    p = PROBLEMS["diabetes"]
    best = optim.newton_method(p.loss, p.gradient, p.hessian, p.start)
    rate = {"Adagrad": 0.1, "SGD": 0.05}.get(kind, 0.01)
    trace = batches(p, lambda w: getattr(optim, kind)(w, lr=rate), epochs=60)
    assert trace.losses[-1] < best.losses[-1] + 2e-3
    assert trace.path.shape == (61, 10)


def test_every_row_comes_once_an_epoch() -> None:
    seen: list[np.ndarray] = []

    def gradient(x: np.ndarray, rows: np.ndarray) -> np.ndarray:
        seen.append(rows)
        return np.ones(1)

    optim.stochastic_descent(
        lambda x: float(x[0]), gradient, [0.0], 7, batch_size=3, epochs=2,
        optimizer=lambda w: optim.SGD(w, lr=0.1), rng=np.random.default_rng(0),
    )  # fmt: skip
    sizes = [len(rows) for rows in seen]
    assert sizes == [7, 3, 3, 1, 7, 3, 3, 1, 7]
    for first in (1, 5):
        rows = np.concatenate(seen[first : first + 3])
        np.testing.assert_array_equal(np.sort(rows), np.arange(7))
    assert (np.concatenate(seen[1:4]) != np.concatenate(seen[5:8])).any()


def test_the_same_generator_gives_the_same_path() -> None:
    p = PROBLEMS["synthetic"]
    one, two = (batches(p, lambda w: optim.Adam(w, lr=0.01)) for _ in range(2))
    np.testing.assert_array_equal(one.path, two.path)


def test_the_gradients_of_these_problems_are_right() -> None:
    for p in PROBLEMS.values():
        at = np.full(len(p.start), 0.1)
        np.testing.assert_allclose(
            p.gradient(at), numerical_gradient(p.loss, at), atol=1e-7
        )


# --- what is refused ---------------------------------------------------------------


def test_a_wrong_gradient_is_named_by_the_line_search() -> None:
    with pytest.raises(optim.LineSearchError, match="expected one below 0"):
        optim.armijo_step(lambda x: float(x @ x), [1.0], [1.0], [2.0])
    with pytest.raises(optim.LineSearchError, match="Check the gradient against"):
        optim.lbfgs(lambda x: float(x @ x) + 1, lambda x: -2 * x, [1.0])
    with pytest.raises(optim.LineSearchError, match="whether the loss has a minimum"):
        optim.lbfgs(lambda x: -float(x[0]), lambda x: -np.ones(1), [0.0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: optim.lbfgs(rosen, rosen_der, [1, 2], memory=0), "memory is 0"),
        (lambda: optim.lbfgs(rosen, rosen_der, [1, 2], steps=-1), "steps is -1"),
        (lambda: optim.lbfgs(rosen, rosen_der, []), r"start has shape \(0,\)"),
        (
            lambda: optim.newton_method(rosen, rosen_der, lambda x: x, [1.0, 2.0]),
            r"hessian returned shape \(2,\); expected finite numbers of shape \(2, 2\)",
        ),
        (lambda: optim.project_to_box([1.0], 1.0, 0.0), "lower bound is above"),
        (lambda: optim.project_to_ball([1.0], -1.0), "radius is -1.0"),
        (lambda: optim.project_to_simplex([1.0], 0.0), "total is 0.0"),
        (lambda: optim.project_to_simplex([np.nan]), r"x\[0\] is nan"),
        (
            lambda: optim.projected_gradient(
                rosen, rosen_der, lambda x: x[:1], [1.0, 2.0], rate=0.1
            ),
            r"project returned shape \(1,\); expected \(2,\)",
        ),
        (
            lambda: optim.stochastic_descent(
                rosen, lambda x, rows: x, [1.0, 2.0], 0, optimizer=optim.SGD,
                rng=np.random.default_rng(0),
            ),
            "n_rows is 0",
        ),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_divergence_is_named() -> None:
    with pytest.raises(optim.DivergedError, match="Diverged at step"):
        optim.projected_gradient(
            rosen, rosen_der, np.copy, [5.0, 5.0], rate=1.0, steps=100
        )
    with pytest.raises(optim.DivergedError, match="Diverged at step"):
        optim.stochastic_descent(
            rosen, lambda x, _: rosen_der(x), [5.0, 5.0], 4, batch_size=1, epochs=100,
            optimizer=lambda w: optim.SGD(w, lr=1.0), rng=np.random.default_rng(0),
        )  # fmt: skip


def test_a_start_at_the_minimum_takes_no_step() -> None:
    for trace in (
        optim.lbfgs(rosen, rosen_der, [1.0, 1.0]),
        optim.newton_method(rosen, rosen_der, rosen_hess, [1.0, 1.0]),
    ):
        assert (trace.steps, trace.converged) == (0, True)
