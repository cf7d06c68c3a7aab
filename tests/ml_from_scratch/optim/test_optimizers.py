"""Optimisers against torch.optim over 50 steps, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes

from ml_from_scratch import optim
from ml_from_scratch.autograd import Tensor, cross_entropy

TOLERANCE = 1e-12

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-6}),
    ("RMSprop", {"centered": True}),
    # Longer steps with momentum swing so wildly that rounding errors grow tenfold.
    ("RMSprop", {"lr": 1e-3, "momentum": 0.9}),
    (
        "RMSprop",
        {"lr": 1e-3, "momentum": 0.9, "centered": True, "weight_decay": 0.1},
    ),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-6}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3}),
    ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.3}),
]
NAMES = [f"{name} {options}" for name, options in OPTIONS]


def synthetic() -> tuple[np.ndarray, np.ndarray]:
    """Return rows whose columns differ a thousandfold in scale."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [0.1, 1.0, 10.0, 0.0]
    return X, (X[:, 1] > 0).astype(int)


def cancer() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_breast_cancer(return_X_y=True)
    return X[:100] / X.max(axis=0), y[:100]


def diabetes() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_diabetes(return_X_y=True)
    return X[:100], (y[:100] > 140).astype(int)


DATA = {"synthetic": synthetic, "cancer": cancer, "diabetes": diabetes}


def first_weights(d: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.normal(size=(d, 5)), np.zeros(5), rng.normal(size=(5, 2))]


def our_path(make: Any, X: np.ndarray, y: np.ndarray, steps: int = 50) -> list[Any]:
    params = [Tensor(w, requires_grad=True) for w in first_weights(X.shape[1])]
    optimizer = make(params)
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        A, b, B = params
        cross_entropy((X @ A + b).tanh() @ B, y).backward()
        optimizer.step()
        path.append(np.concatenate([p.data.ravel() for p in params]))
    return path


def their_path(make: Any, X: np.ndarray, y: np.ndarray, steps: int = 50) -> list[Any]:
    params = [torch.tensor(w, requires_grad=True) for w in first_weights(X.shape[1])]
    optimizer = make(params)
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        A, b, B = params
        logits = torch.tanh(torch.tensor(X) @ A + b) @ B
        torch.nn.functional.cross_entropy(logits, torch.tensor(y)).backward()
        optimizer.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in params]))
    return path


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=NAMES)
def test_fifty_steps_are_those_of_torch(
    name: str, options: dict[str, Any], data: str
) -> None:
    X, y = DATA[data]()
    ours = our_path(lambda params: getattr(optim, name)(params, **options), X, y)
    theirs = their_path(
        lambda params: getattr(torch.optim, name)(params, **options), X, y
    )
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adagrad", "Adam", "AdamW"])
def test_groups_have_settings_of_their_own_as_in_torch(name: str) -> None:
    X, y = synthetic()

    def grouped(params: list[Any]) -> list[dict[str, Any]]:
        return [{"params": params[:2]}, {"params": params[2], "lr": 0.5}]

    ours = our_path(lambda p: getattr(optim, name)(grouped(p), lr=0.01), X, y)
    theirs = their_path(lambda p: getattr(torch.optim, name)(grouped(p), lr=0.01), X, y)
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=NAMES)
def test_float32_stays_float32(name: str, options: dict[str, Any]) -> None:
    w = Tensor(np.ones(3, np.float32), requires_grad=True)
    optimizer = getattr(optim, name)([w], **options)
    for _ in range(3):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    assert w.dtype == np.float32
    for value in optimizer.state[w].values():
        assert not isinstance(value, np.ndarray) or value.dtype == np.float32


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=NAMES)
def test_a_saved_optimiser_goes_on_as_if_nothing_had_happened(
    name: str, options: dict[str, Any]
) -> None:
    def steps(optimizer: Any, w: Tensor, n: int) -> None:
        for _ in range(n):
            optimizer.zero_grad()
            (w * w * w).sum().backward()
            optimizer.step()

    kind = getattr(optim, name)
    straight = Tensor([1.0, 2.0], requires_grad=True)
    steps(kind([straight], **options), straight, 6)
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = kind([w], **options)
    steps(optimizer, w, 3)
    saved = optimizer.state_dict()
    steps(optimizer, w, 1)  # must not reach into what was saved
    w = Tensor(w.data * 0, requires_grad=True)
    halfway = Tensor([1.0, 2.0], requires_grad=True)
    steps(kind([halfway], **options), halfway, 3)
    w.data[:] = halfway.data
    again = kind([w], lr=123.0)
    again.load_state_dict(saved)
    steps(again, w, 3)
    np.testing.assert_array_equal(w.data, straight.data)


def test_the_state_of_torch_can_be_taken_over() -> None:
    X, _ = synthetic()
    params = [torch.tensor(w, requires_grad=True) for w in first_weights(4)]
    theirs = torch.optim.Adam(params)
    (torch.tensor(X) @ params[0]).sum().backward()
    theirs.step()
    state = theirs.state_dict()["state"]
    plain = {0: {k: v.numpy() for k, v in state[0].items()}}
    ours = optim.Adam([Tensor(params[0].detach().numpy().copy(), requires_grad=True)])
    group = ours.state_dict()["param_groups"]
    ours.load_state_dict({"state": plain, "param_groups": group})
    w = ours.param_groups[0]["params"][0]
    w.grad = np.ones_like(w.data)
    params[0].grad = torch.ones_like(params[0])
    params[2].grad = None
    ours.step()
    theirs.step()
    np.testing.assert_allclose(w.data, params[0].detach().numpy(), rtol=TOLERANCE)


def test_a_parameter_without_a_gradient_stays_where_it_is() -> None:
    moved, left = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.AdamW([moved, left], lr=0.1, weight_decay=0.5)
    (moved * 1.0).sum().backward()
    optimizer.step()
    assert left.data.tolist() == [1.0]
    assert moved.data[0] < 1
    assert optimizer.state_dict()["state"].keys() == {0}


@given(st.integers(0, 1000), st.floats(1e-6, 1e6))
@settings(max_examples=25)
def test_adam_does_not_see_the_scale_of_the_gradient(seed: int, scale: float) -> None:
    gradients = np.random.default_rng(seed).normal(size=(5, 3))
    ends = []
    for factor in (1.0, scale):
        w = Tensor(np.zeros(3), requires_grad=True)
        optimizer = optim.Adam([w], lr=0.1, eps=1e-300)
        for g in gradients:
            w.grad = factor * g
            optimizer.step()
        ends.append(w.data)
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-9)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adagrad", "Adam", "AdamW"])
def test_a_gradient_of_zero_moves_nothing_and_warns_of_nothing(name: str) -> None:
    w = Tensor([1.0, -1.0], requires_grad=True)
    options = {"weight_decay": 0.0} if name == "AdamW" else {}
    optimizer = getattr(optim, name)([w], **options)
    w.grad = np.zeros(2)
    optimizer.step()
    assert w.data.tolist() == [1.0, -1.0]


# --- clipping ----------------------------------------------------------------------


@pytest.mark.parametrize("order", [1.0, 2.0, 3.5, np.inf])
@pytest.mark.parametrize("longest", [0.0, 0.1, 1.0, 1e6])
def test_norms_are_clipped_as_in_torch(order: float, longest: float) -> None:
    rng = np.random.default_rng(0)
    grads = [rng.normal(size=(3, 2)), rng.normal(size=4) * 10, np.zeros(2)]
    ours = [Tensor(np.zeros_like(g), requires_grad=True) for g in grads]
    theirs = [torch.zeros(g.shape, dtype=torch.float64) for g in grads]
    for a, b, g in zip(ours, theirs, grads, strict=True):
        a.grad, b.grad = g.copy(), torch.tensor(g)
    without = Tensor([1.0], requires_grad=True)
    found = optim.clip_grad_norm_([*ours, without], longest, order)
    expected = torch.nn.utils.clip_grad_norm_(theirs, longest, order)
    assert found == pytest.approx(expected.item(), rel=TOLERANCE)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=TOLERANCE, atol=1e-18)


def test_values_are_clipped_as_in_torch() -> None:
    g = np.array([-3.0, -0.2, 0.0, 0.5, 7.0])
    ours = Tensor(np.zeros(5), requires_grad=True)
    theirs = torch.zeros(5, dtype=torch.float64)
    ours.grad, theirs.grad = g.copy(), torch.tensor(g)
    optim.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    np.testing.assert_array_equal(ours.grad, theirs.grad.numpy())


def test_the_norm_of_huge_gradients_does_not_overflow() -> None:
    w = Tensor(np.zeros(2), requires_grad=True)
    w.grad = np.array([3e200, 4e200])
    assert optim.clip_grad_norm_(w, 5.0) == pytest.approx(5e200)
    np.testing.assert_allclose(w.grad, [3, 4])


def test_no_gradient_at_all_has_norm_zero() -> None:
    assert optim.clip_grad_norm_([Tensor([1.0], requires_grad=True)], 1.0) == 0.0


# --- what is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("SGD", {"lr": -1.0}, "lr is -1.0; expected a finite number from 0"),
        ("SGD", {"lr": np.nan}, "lr is nan"),
        ("SGD", {"momentum": -0.1}, "momentum is -0.1"),
        ("SGD", {"nesterov": True}, "nesterov needs a momentum above 0"),
        (
            "SGD",
            {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
            "a dampening of 0",
        ),
        ("SGD", {"weight_decay": -1.0}, "weight_decay is -1.0"),
        ("RMSprop", {"alpha": 1.0}, "alpha is 1.0; expected a number below 1"),
        ("RMSprop", {"eps": -1e-8}, "eps is -1e-08"),
        ("Adam", {"eps": 0.0}, "eps is 0; a gradient of 0 would be divided by it"),
        ("Adam", {"betas": (0.9, 1.0)}, "betas is .*from 0, below 1"),
        ("Adam", {"betas": (0.9,)}, "expected two numbers"),
        ("Adagrad", {"initial_accumulator_value": np.inf}, "value is inf"),
    ],
)
def test_bad_settings_are_named(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(optim, name)([Tensor([1.0], requires_grad=True)], **options)


def test_bad_parameters_are_named() -> None:
    w = Tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match="at least one parameter, found none"):
        optim.SGD([])
    with pytest.raises(TypeError, match="found a single Tensor"):
        optim.SGD(w)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="moves tensors, found ndarray"):
        optim.SGD([np.ones(2)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="given to the optimiser twice"):
        optim.SGD([w, w])
    with pytest.raises(ValueError, match="not the result of an operation"):
        optim.SGD([w * 2.0])
    with pytest.raises(TypeError, match="no setting 'betas'; its settings are"):
        optim.SGD([{"params": [w], "betas": (0.1, 0.2)}])
    with pytest.raises(ValueError, match=r"saved groups hold \[1\].*these hold \[2\]"):
        optim.SGD([w, Tensor([2.0])]).load_state_dict(optim.SGD([w]).state_dict())
    w.grad = np.ones(1)
    with pytest.raises(NotImplementedError, match="does not say how to move"):
        optim.Optimizer([w], {"lr": 1.0}).step()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gradients_that_are_not_finite_are_refused_by_clipping(bad: float) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    w.grad = np.array([bad, 1.0])
    with pytest.raises(ValueError, match=f"norm of the gradients is {bad}"):
        optim.clip_grad_norm_(w, 1.0)
    with pytest.raises(ValueError, match="max_norm is -1"):
        optim.clip_grad_norm_(w, -1.0)
    with pytest.raises(ValueError, match="clip_value is nan"):
        optim.clip_grad_value_(w, np.nan)
