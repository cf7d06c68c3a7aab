"""Descent against closed forms, torch.optim.SGD and SciPy; theory against runs."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize, rosen, rosen_der

from ml_from_scratch import optim
from ml_from_scratch.numeric import numerical_gradient
from ml_from_scratch.optim import DivergedError, Trace, gradient_descent

BOWL = np.array([[25.0, 0.0], [0.0, 1.0]])


class Quadratic:
    """0.5 x'Hx - b'x with chosen curvatures, turned by a random rotation."""

    def __init__(self, curvatures, seed):
        rng = np.random.default_rng(seed)
        self.axes, _ = np.linalg.qr(rng.normal(size=(len(curvatures),) * 2))
        self.curvatures = np.asarray(curvatures, dtype=float)
        hessian = self.axes * self.curvatures @ self.axes.T
        self.hessian = (hessian + hessian.T) / 2
        self.minimum = rng.normal(size=len(curvatures))
        self.start = self.minimum + rng.normal(size=len(curvatures))

    def loss(self, x):
        return float((x - self.minimum) @ self.hessian @ (x - self.minimum)) / 2

    def gradient(self, x):
        return self.hessian @ (x - self.minimum)

    def descend(self, **settings):
        return gradient_descent(self.loss, self.gradient, self.start, **settings)

    def along_axes(self, points):
        return (points - self.minimum) @ self.axes


curvature_lists = st.lists(st.floats(0.01, 100), min_size=1, max_size=5)
quadratics = st.builds(Quadratic, curvature_lists, st.integers(0, 2**32 - 1))


# Closed forms


@given(quadratics, st.floats(0.01, 1.9))
def test_iterates_of_a_quadratic_are_powers_along_its_axes(bowl, share):
    rate = share / bowl.curvatures.max()
    trace = bowl.descend(rate=rate, steps=30)
    factors = 1 - rate * bowl.curvatures
    # A step may land on the minimum exactly, and then there is nothing more to do.
    powers = factors ** np.arange(len(trace.path))[:, None]
    expected = powers * bowl.along_axes(bowl.start)
    np.testing.assert_allclose(bowl.along_axes(trace.path), expected, atol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
@given(bowl=quadratics, share=st.floats(0.01, 1.3), momentum=st.floats(0.01, 0.99))
def test_momentum_on_a_quadratic_is_powers_of_a_two_by_two_matrix(
    nesterov, bowl, share, momentum
):
    rate = share / bowl.curvatures.max()
    trace = bowl.descend(rate=rate, momentum=momentum, nesterov=nesterov, steps=12)
    at_start = bowl.along_axes(bowl.start)
    for axis, curvature in enumerate(bowl.curvatures):
        # (x, v) -> (x - pull g - carry v, g + momentum v), where g = curvature x.
        pull = rate * (1 + momentum if nesterov else 1)
        carry = rate * (momentum**2 if nesterov else momentum)
        matrix = np.array([[1 - pull * curvature, -carry], [curvature, momentum]])
        state = np.linalg.matrix_power(matrix, trace.steps) @ [at_start[axis], 0.0]
        found = bowl.along_axes(trace.x)[axis]
        np.testing.assert_allclose(found, state[0], atol=1e-11)


def test_losses_are_the_loss_at_each_point_of_the_path():
    bowl = Quadratic([1, 7, 30], seed=3)
    trace = bowl.descend(rate=0.02, momentum=0.5, steps=20)
    np.testing.assert_array_equal(trace.losses, [bowl.loss(x) for x in trace.path])
    assert (trace.steps, trace.path.shape) == (20, (21, 3))
    np.testing.assert_array_equal(trace.x, trace.path[-1])


# torch.optim.SGD


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("momentum", "nesterov"),
    [(0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True)],
)
def test_takes_the_same_steps_as_torchs_sgd(momentum, nesterov, seed):
    torch = pytest.importorskip("torch")
    start = np.random.default_rng(seed).normal(size=4)
    ours = gradient_descent(
        rosen, rosen_der, start, rate=1e-4, momentum=momentum, nesterov=nesterov
    )
    x = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=1e-4, momentum=momentum, nesterov=nesterov)
    path = [start]
    for _ in range(100):
        optimizer.zero_grad()
        valley = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        valley.backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    np.testing.assert_allclose(ours.path, path, rtol=1e-12, atol=1e-12)


# SciPy


@pytest.mark.parametrize(
    ("momentum", "nesterov"), [(0, False), (0.9, False), (0.9, True)]
)
def test_finds_scipys_minimum_of_a_logistic_loss(momentum, nesterov):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 3))
    y = (X @ [1.0, -2.0, 0.5] + rng.logistic(size=80) > 0).astype(float)

    def loss(w):
        z = X @ w
        return float(np.mean(np.logaddexp(0, z) - y * z) + 0.05 * w @ w)

    def gradient(w):
        return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y) + 0.1 * w

    np.testing.assert_allclose(
        gradient(np.ones(3)), numerical_gradient(loss, np.ones(3)), rtol=1e-7
    )
    trace = gradient_descent(
        loss,
        gradient,
        np.zeros(3),
        rate=0.5,
        momentum=momentum,
        nesterov=nesterov,
        steps=5000,
        tolerance=1e-10,
    )
    oracle = minimize(loss, np.zeros(3), jac=gradient, options={"gtol": 1e-10})
    assert trace.converged
    np.testing.assert_allclose(trace.x, oracle.x, atol=1e-8)


def test_crosses_rosenbrocks_valley_to_its_minimum():
    trace = gradient_descent(
        rosen,
        rosen_der,
        [-1.2, 1.0],
        rate=5e-4,
        momentum=0.95,
        steps=20_000,
        tolerance=1e-9,
    )
    assert trace.converged
    np.testing.assert_allclose(trace.x, [1, 1], atol=1e-7)


# Properties


@given(quadratics, st.floats(0.001, 1.999))
def test_loss_never_rises_on_a_convex_quadratic_below_the_stable_rate(bowl, share):
    rate = share / 2 * optim.largest_stable_rate(bowl.hessian)
    losses = bowl.descend(rate=rate, steps=50).losses
    noise = 1e-13 * losses[0]
    assert (np.diff(losses) <= noise).all()


@given(quadratics, st.floats(1.05, 1.8))
def test_loss_rises_at_last_above_the_stable_rate(bowl, share):
    rate = share * optim.largest_stable_rate(bowl.hessian)
    steepest = bowl.axes[:, [bowl.curvatures.argmax()]].T
    bowl.start = bowl.minimum + steepest[0]
    losses = bowl.descend(rate=rate, steps=8).losses
    assert (np.diff(losses) > 0).all()


@given(quadratics, st.floats(0.1, 1.5), st.floats(0, 0.9))
def test_rotating_the_space_rotates_the_path(bowl, share, momentum):
    rotation = np.random.default_rng(1).normal(size=bowl.axes.shape)
    rotation, _ = np.linalg.qr(rotation)
    rate = share / bowl.curvatures.max()
    turned = gradient_descent(
        lambda x: bowl.loss(rotation.T @ x),
        lambda x: rotation @ bowl.gradient(rotation.T @ x),
        rotation @ bowl.start,
        rate=rate,
        momentum=momentum,
        steps=20,
    )
    straight = bowl.descend(rate=rate, momentum=momentum, steps=20)
    # Whether a step lands on the minimum exactly, and ends the walk, is rounding.
    both = min(len(turned.path), len(straight.path))
    expected = straight.path @ rotation.T
    np.testing.assert_allclose(turned.path[:both], expected[:both], atol=1e-10)
    np.testing.assert_allclose(turned.x, expected[-1], atol=1e-6)


@given(quadratics, st.floats(0.1, 1.5), st.sampled_from([2.0**-30, 2.0**40]))
def test_loss_times_a_constant_and_rate_divided_by_it_change_nothing(
    bowl, share, factor
):
    rate = share / bowl.curvatures.max()
    scaled = gradient_descent(
        lambda x: factor * bowl.loss(x),
        lambda x: factor * bowl.gradient(x),
        bowl.start,
        rate=rate / factor,
        momentum=0.5,
        steps=20,
    )
    straight = bowl.descend(rate=rate, momentum=0.5, steps=20)
    np.testing.assert_array_equal(scaled.path, straight.path)


def test_same_call_same_path():
    bowl = Quadratic([1, 10], seed=0)
    first, second = (bowl.descend(rate=0.1, momentum=0.3) for _ in range(2))
    np.testing.assert_array_equal(first.path, second.path)


# Stopping


def test_stops_at_the_first_point_within_the_tolerance():
    trace = gradient_descent(
        lambda x: x @ x / 2, lambda x: x, [8.0], rate=0.5, tolerance=1.0
    )
    assert trace.converged
    np.testing.assert_array_equal(trace.path[:, 0], [8, 4, 2, 1])


def test_a_start_within_the_tolerance_takes_no_step():
    trace = gradient_descent(lambda x: x @ x, lambda x: 2 * x, [0.0, 0.0], rate=0.1)
    assert trace.converged
    assert trace.steps == 0


def test_steps_that_ran_out_are_not_called_convergence():
    trace = Quadratic([1, 2], seed=0).descend(rate=0.1, steps=3, tolerance=1e-9)
    assert not trace.converged
    assert trace.steps == 3


def test_zero_steps_return_the_start():
    trace = Quadratic([1, 2], seed=0).descend(rate=0.1, steps=0)
    assert trace.steps == 0
    assert not trace.converged


def test_start_is_not_changed_and_not_shared():
    start = np.array([3.0, 4.0])
    trace = gradient_descent(lambda x: x @ x, lambda x: 2 * x, start, rate=0.1, steps=5)
    np.testing.assert_array_equal(start, [3, 4])
    start[0] = 99
    assert trace.path[0, 0] == 3


def test_a_gradient_that_reuses_one_buffer_does_no_harm():
    buffer = np.empty(2)

    def reused(x):
        buffer[:] = x
        return buffer

    settings_ = {"rate": 0.1, "momentum": 0.9, "steps": 10}
    fresh = gradient_descent(lambda x: x @ x / 2, np.copy, [1.0, 2.0], **settings_)
    found = gradient_descent(lambda x: x @ x / 2, reused, [1.0, 2.0], **settings_)
    np.testing.assert_array_equal(found.path, fresh.path)


# Divergence


def test_divergence_names_step_and_loss_and_keeps_the_trace():
    with pytest.raises(
        DivergedError, match=r"Diverged at step 10: the loss is"
    ) as caught:
        gradient_descent(lambda x: x @ x / 2, lambda x: x, [1.0], rate=5.0, steps=1000)
    error = caught.value
    # Each step multiplies x by -4 and the loss by 16; 16^10 / 2 is the first above
    # 1e10 times the scale, which here is rate * |g|^2 = 5.
    assert error.step == 10
    assert error.loss == 16**10 / 2
    np.testing.assert_array_equal(error.trace.path[:, 0], (-4.0) ** np.arange(11))
    assert "0.5" in str(error)
    assert "rate (5)" in str(error)


@pytest.mark.parametrize("rate", [1e200, 1e-3])
@pytest.mark.filterwarnings("error")
def test_overflow_is_divergence_without_a_warning(rate):
    with pytest.raises(DivergedError, match="Diverged at step"):
        gradient_descent(
            lambda x: float(np.sum(x**4)), lambda x: 4 * x**3, [1e30], rate=rate
        )


def test_a_loss_that_turns_nan_is_divergence():
    with pytest.raises(DivergedError, match="the loss is nan"):
        gradient_descent(
            lambda x: x[0] if x[0] > 0 else np.nan, np.ones_like, [1.0], rate=0.3
        )


def test_a_gradient_that_turns_nan_is_divergence():
    with pytest.raises(DivergedError, match="Diverged at step 4"):
        gradient_descent(
            lambda x: float(x[0]),
            lambda x: np.where(x > 0, 1.0, np.nan),
            [1.0],
            rate=0.3,
        )


def test_a_loss_whose_minimum_lies_below_zero_may_fall_from_zero():
    trace = gradient_descent(
        lambda x: float(x @ BOWL @ x / 2 - x.sum()),
        lambda x: BOWL @ x - 1,
        [0.0, 0.0],
        rate=0.05,
        steps=2000,
        tolerance=1e-12,
    )
    assert trace.losses[0] == 0
    np.testing.assert_allclose(trace.x, [1 / 25, 1], rtol=1e-10)


# Theory about quadratics, against NumPy, against each other and against runs


@given(quadratics)
def test_curvatures_are_the_eigenvalues(bowl):
    found = optim.curvatures(bowl.hessian)
    np.testing.assert_allclose(found, np.sort(bowl.curvatures), rtol=1e-9, atol=1e-11)


@given(quadratics)
def test_condition_number_is_numpys(bowl):
    found = optim.condition_number(bowl.hessian)
    assert found == pytest.approx(np.linalg.cond(bowl.hessian), rel=1e-8)


@given(quadratics, st.floats(0, 0.95), st.booleans())
def test_stable_rate_is_where_the_factor_crosses_one(bowl, momentum, nesterov):
    how = {"momentum": momentum, "nesterov": nesterov and momentum > 0}
    rate = optim.largest_stable_rate(bowl.hessian, **how)
    assert optim.convergence_factor(bowl.hessian, rate=0.999 * rate, **how) < 1
    assert optim.convergence_factor(bowl.hessian, rate=1.001 * rate, **how) > 1


@given(quadratics, st.floats(0.1, 1.9))
def test_no_rate_beats_the_best_rate(bowl, share):
    def factor(rate):
        return optim.convergence_factor(bowl.hessian, rate=rate)

    best = optim.best_rate(bowl.hessian)
    kappa = optim.condition_number(bowl.hessian)
    assert factor(best) == pytest.approx((kappa - 1) / (kappa + 1), abs=1e-9)
    assert factor(best) <= factor(share * best) + 1e-9


@given(quadratics, st.floats(0.5, 1.5), st.floats(0, 0.99))
def test_no_rate_and_momentum_beat_the_best_momentum(bowl, share, momentum):
    rate, best = optim.best_momentum(bowl.hessian)
    root = np.sqrt(optim.condition_number(bowl.hessian))
    found = optim.convergence_factor(bowl.hessian, rate=rate, momentum=best)
    # A double root: rounding enters under a square root.
    assert found == pytest.approx((root - 1) / (root + 1), abs=1e-6)
    other = optim.convergence_factor(bowl.hessian, rate=share * rate, momentum=momentum)
    assert found <= other + 1e-6


@pytest.mark.parametrize(
    ("momentum", "nesterov"), [(0, False), (0.6, False), (0.6, True)]
)
def test_factor_is_the_rate_at_which_a_long_run_shrinks(momentum, nesterov):
    bowl = Quadratic([1, 4, 25], seed=2)
    how = {"rate": 0.03, "momentum": momentum, "nesterov": nesterov}
    path = bowl.descend(steps=200, **how).path
    errors = np.linalg.norm(bowl.along_axes(path), axis=1)
    measured = (errors[200] / errors[100]) ** (1 / 100)
    assert measured == pytest.approx(
        optim.convergence_factor(bowl.hessian, **how), rel=5e-3
    )


@settings(max_examples=30)
@given(quadratics, st.floats(1, 100))
def test_theory_scales_with_the_loss(bowl, factor):
    scaled = factor * bowl.hessian
    assert optim.condition_number(scaled) == pytest.approx(
        optim.condition_number(bowl.hessian), rel=1e-8
    )
    for rate_of in (optim.best_rate, optim.largest_stable_rate):
        assert rate_of(scaled) == pytest.approx(
            rate_of(bowl.hessian) / factor, rel=1e-8
        )


def test_a_round_bowl_needs_one_step_and_no_momentum():
    assert optim.best_momentum(2 * np.eye(3)) == pytest.approx((0.5, 0.0))
    assert optim.convergence_factor(2 * np.eye(3), rate=0.5) == 0
    trace = gradient_descent(
        lambda x: x @ x, lambda x: 2 * x, [3.0, 4.0, 5.0], rate=0.5
    )
    assert trace.steps == 1


# Bad input


def run(**changes):
    arguments = {
        "loss": lambda x: float(x @ x),
        "gradient": lambda x: 2 * x,
        "start": [1.0, 2.0],
        "rate": 0.1,
    } | changes
    return gradient_descent(**arguments)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rate": 0}, "rate is 0; expected a positive"),
        ({"rate": -0.1}, "rate is -0.1"),
        ({"rate": np.nan}, "rate is nan"),
        ({"rate": np.inf}, "rate is inf"),
        ({"momentum": -0.1}, "momentum is -0.1"),
        ({"momentum": 1.0}, "momentum is 1.0; expected 0 or more and below 1"),
        ({"momentum": np.nan}, "momentum is nan"),
        ({"nesterov": True}, "nesterov is True with momentum 0"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 2.5}, "steps is 2.5; expected an integer"),
        ({"steps": True}, "steps is True"),
        ({"tolerance": -1e-3}, "tolerance is -0.001"),
        ({"tolerance": np.nan}, "tolerance is nan"),
        ({"start": []}, r"start has shape \(0,\)"),
        ({"start": 3.0}, r"start has shape \(\)"),
        ({"start": [[1.0, 2.0]]}, r"start has shape \(1, 2\)"),
        ({"start": [1.0, np.nan]}, r"start\[1\] is nan"),
        ({"loss": lambda x: x}, r"loss returned shape \(2,\); expected one number"),
        (
            {"gradient": lambda x: x[:1]},
            r"gradient returned shape \(1,\); expected \(2,\)",
        ),
        ({"gradient": lambda x: x @ x}, r"gradient returned shape \(\)"),
        ({"loss": lambda x: np.nan}, "loss at the start is nan.*missing values"),
        (
            {"gradient": lambda x: x * [1, np.nan]},
            "gradient at the start is nan in entry 1",
        ),
    ],
)
def test_bad_arguments_are_named(changes, said):
    with pytest.raises(ValueError, match=said):
        run(**changes)


@pytest.mark.parametrize(
    ("hessian", "said"),
    [
        ([1.0, 2.0], r"hessian has shape \(2,\)"),
        ([[1.0, 2.0]], r"hessian has shape \(1, 2\)"),
        (np.zeros((0, 0)), r"hessian has shape \(0, 0\)"),
        ([[np.nan]], "hessian holds NaN"),
        ([[1.0, 2.0], [0.0, 1.0]], "differs from its transpose by 2"),
    ],
)
def test_what_is_no_hessian_is_named(hessian, said):
    with pytest.raises(ValueError, match=said):
        optim.curvatures(hessian)


@pytest.mark.parametrize(
    "theory", [optim.condition_number, optim.best_rate, optim.best_momentum]
)
@pytest.mark.parametrize("hessian", [np.diag([1.0, 0.0]), np.diag([3.0, -2.0])])
def test_a_flat_or_saddle_shaped_quadratic_is_no_bowl(theory, hessian):
    with pytest.raises(ValueError, match="expected all above 0"):
        theory(hessian)


def test_a_hill_has_no_stable_rate():
    with pytest.raises(ValueError, match="largest curvature is -1"):
        optim.largest_stable_rate([[-1.0]])


def test_divergence_survives_the_way_from_a_worker_process():
    with pytest.raises(DivergedError) as caught:
        run(rate=5.0)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.step) == (str(caught.value), caught.value.step)
    np.testing.assert_array_equal(copy.trace.path, caught.value.trace.path)


def test_a_trace_cannot_be_changed_by_accident():
    trace = Trace(np.zeros((1, 1)), np.zeros(1), converged=True)
    with pytest.raises(AttributeError):
        trace.converged = False
