"""Schedules against torch.optim.lr_scheduler; the range test and early stopping."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler as theirs

from ml_from_scratch import optim
from ml_from_scratch.autograd import Tensor

TOLERANCE = 1e-12
STEPS = 40


def our_optimizer(kind: str = "Adam") -> Any:
    groups = [{"params": [Tensor([1.0], requires_grad=True)], "lr": lr} for lr in RATES]
    return getattr(optim, kind)(groups, **MOMENTUM[kind])


def their_optimizer(kind: str = "Adam") -> Any:
    groups = [{"params": [torch.ones(1)], "lr": lr} for lr in RATES]
    return getattr(torch.optim, kind)(groups, **MOMENTUM[kind])


RATES = (0.5, 0.02)
MOMENTUM: dict[str, dict[str, Any]] = {"Adam": {}, "SGD": {"momentum": 0.9}}


def settings_of(optimizer: Any) -> list[Any]:
    return [
        (g["lr"], g["betas"][0] if "betas" in g else g["momentum"])
        for g in optimizer.param_groups
    ]


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.9}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.01, "end_factor": 0.7, "total_iters": 13}),
    ("CosineAnnealingLR", {"T_max": STEPS}),
    ("CosineAnnealingLR", {"T_max": 15, "eta_min": 0.01}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.9**epoch}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": STEPS + 1}),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 77, "anneal_strategy": "linear"},
    ),
    (
        "OneCycleLR",
        {
            "max_lr": 0.3,
            "total_steps": STEPS + 1,
            "pct_start": 0.5,
            "cycle_momentum": False,
            "div_factor": 10.0,
            "final_div_factor": 7.0,
        },
    ),
]


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("kind", ["Adam", "SGD"])
@pytest.mark.parametrize(
    ("name", "options"), SCHEDULES, ids=[f"{n} {list(o)}" for n, o in SCHEDULES]
)
def test_rates_are_those_of_torch(
    name: str, options: dict[str, Any], kind: str
) -> None:
    our, their = our_optimizer(kind), their_optimizer(kind)
    ours = getattr(optim, name)(our, **options)
    oracle = getattr(theirs, name)(their, **options)
    for _ in range(STEPS):
        np.testing.assert_allclose(
            settings_of(our), settings_of(their), rtol=TOLERANCE, atol=1e-15
        )
        np.testing.assert_allclose(ours.get_last_lr(), oracle.get_last_lr())
        ours.step()
        their.step()
        oracle.step()


def test_schedules_in_a_row_are_those_of_torch() -> None:
    our, their = our_optimizer(), their_optimizer()
    ours = optim.SequentialLR(
        our,
        [
            optim.LinearLR(our, 0.1, total_iters=5),
            optim.CosineAnnealingLR(our, 20),
            optim.StepLR(our, 3),
        ],
        milestones=[5, 18],
    )
    # Theirs must be made of schedules with first rates in place, one by one.
    parts = [
        theirs.LinearLR(their, 0.1, total_iters=5),
        theirs.CosineAnnealingLR(their, 20),
        theirs.StepLR(their, 3),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = theirs.SequentialLR(their, parts, milestones=[5, 18])
    for _ in range(30):
        np.testing.assert_allclose(
            ours.get_last_lr(), oracle.get_last_lr(), rtol=TOLERANCE
        )
        ours.step()
        their.step()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle.step()


@given(st.integers(0, 1000), st.data())
@settings(max_examples=25)
def test_plateaus_are_answered_as_by_torch(seed: int, data: Any) -> None:
    options = {
        "mode": data.draw(st.sampled_from(["min", "max"])),
        "factor": data.draw(st.sampled_from([0.1, 0.5])),
        "patience": data.draw(st.integers(0, 4)),
        "threshold": data.draw(st.sampled_from([0.0, 1e-4, 0.2])),
        "threshold_mode": data.draw(st.sampled_from(["rel", "abs"])),
        "cooldown": data.draw(st.integers(0, 3)),
        "min_lr": data.draw(st.sampled_from([0.0, 0.01])),
    }
    our, their = our_optimizer(), their_optimizer()
    ours = optim.ReduceLROnPlateau(our, **options)
    oracle = theirs.ReduceLROnPlateau(their, **options)
    metrics = np.random.default_rng(seed).uniform(0.5, 1.5, size=30)
    metrics[seed % 30] = np.nan
    for metric in metrics:
        ours.step(metric)
        oracle.step(metric)
        assert ours.get_last_lr() == pytest.approx(
            [g["lr"] for g in their.param_groups]
        )
        assert ours.num_bad_epochs == oracle.num_bad_epochs


def test_below_zero_slightly_worse_is_not_better() -> None:
    schedule = optim.ReduceLROnPlateau(our_optimizer(), patience=0, threshold=0.01)
    schedule.step(-10.0)
    schedule.step(-9.95)
    assert schedule.best == -10.0
    assert schedule.get_last_lr() == pytest.approx([0.05, 0.002])


def test_a_saved_schedule_goes_on() -> None:
    first, second = our_optimizer(), our_optimizer()
    schedule = optim.CosineAnnealingLR(first, 10)
    for _ in range(4):
        schedule.step()
    again = optim.CosineAnnealingLR(second, 10)
    again.load_state_dict(schedule.state_dict())
    assert again.get_last_lr() == schedule.get_last_lr()
    again.step()
    schedule.step()
    assert again.get_last_lr() == schedule.get_last_lr()


def test_a_cycle_may_be_stepped_once_after_each_of_its_batches() -> None:
    optimizer = our_optimizer()
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=5)
    for _ in range(5):
        schedule.step()
    assert schedule.get_last_lr() == pytest.approx([1 / 25 / 1e4] * 2)
    with pytest.raises(ValueError, match="Step 6 of a cycle of 5 steps"):
        schedule.step()


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_cycle_may_be_all_rise_or_all_fall(share: float) -> None:
    optimizer = our_optimizer()
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=5, pct_start=share)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(4):
        schedule.step()
        rates += schedule.get_last_lr()[:1]
    assert np.isfinite(rates).all()
    assert rates[-1] == pytest.approx(1.0 if share == 1 else 4e-6)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: optim.StepLR(o, 0), "step_size is 0; expected a whole number"),
        (lambda o: optim.StepLR(o, 2.5), "step_size is 2.5"),
        (lambda o: optim.CosineAnnealingLR(o, 0), "T_max is 0"),
        (lambda o: optim.CosineAnnealingLR(o, 5, -1.0), "eta_min is -1.0"),
        (lambda o: optim.LinearLR(o, 0.0), "start_factor is 0.0"),
        (lambda o: optim.LinearLR(o, total_iters=0), "total_iters is 0"),
        (lambda o: optim.OneCycleLR(o, 1.0, 0), "total_steps is 0"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, 1.5), "pct_start is 1.5"),
        (lambda o: optim.OneCycleLR(o, 1, 9, 0.1, "up"), "anneal_strategy is 'up'"),
        (lambda o: optim.SequentialLR(o, [], [1]), r"milestones is \[1\] for 0"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), "factor is 1.0"),
        (lambda o: optim.ReduceLROnPlateau(o, mode="up"), "mode is 'up'"),
    ],
)
def test_bad_settings_are_named(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(our_optimizer())


def test_what_is_no_optimiser_or_has_no_momentum_is_named() -> None:
    with pytest.raises(TypeError, match="needs an Optimizer, found list"):
        optim.StepLR([], 1)  # type: ignore[arg-type]
    plain = optim.SGD([Tensor([1.0], requires_grad=True)])
    with pytest.raises(ValueError, match="the optimiser has no momentum"):
        optim.OneCycleLR(plain, 1.0, 5)
    with pytest.raises(NotImplementedError, match="has no formula"):
        optim.LRScheduler(plain)


# --- range test and early stopping -------------------------------------------------


def test_the_range_test_explodes_where_theory_says() -> None:
    curvature = np.array([8.0, 1.0])
    w = Tensor([1.0, 1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.3)
    test = optim.find_learning_rate(
        optimizer,
        lambda: (w * w * (curvature / 2)).sum(),
        lowest=1e-4,
        steps=200,
        smoothing=0.0,
    )
    edge = 2 / 8  # above it descent diverges; the loss needs a few steps to show it
    assert edge < test.rates[-1] < 4 * edge
    assert 1e-3 < test.suggestion < edge
    assert w.data.tolist() == [1.0, 1.0]
    assert w.grad is None
    assert optimizer.param_groups[0]["lr"] == 0.3
    assert not optimizer.state


def test_the_range_test_refuses_nonsense() -> None:
    w = Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w])
    with pytest.raises(ValueError, match="0 < lowest < highest"):
        optim.find_learning_rate(optimizer, w.sum, lowest=1.0, highest=0.1)
    with pytest.raises(ValueError, match="The loss is nan before the first step"):
        optim.find_learning_rate(optimizer, lambda: (w * np.nan).sum())


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30), st.integers(1, 5))
@settings(max_examples=50)
def test_early_stopping_keeps_the_best_and_waits_for_patience(
    losses: list[float], patience: int
) -> None:
    w = Tensor([-1.0], requires_grad=True)
    stopping = optim.EarlyStopping([w], patience=patience)
    seen = []
    for loss in losses:
        w.data[:] = loss
        seen.append(loss)
        if stopping.update(loss):
            break
    best = int(np.argmin(seen))
    stopping.restore()
    assert (stopping.best_epoch, w.data[0]) == (best, seen[best])
    waited = len(seen) - 1 - best
    assert waited == patience if len(seen) < len(losses) else waited <= patience


def test_early_stopping_counts_only_clear_gains_and_no_nan() -> None:
    w = Tensor([0.0], requires_grad=True)
    stopping = optim.EarlyStopping([w], patience=2, min_delta=0.1)
    assert [stopping.update(x) for x in (1.0, 0.95, np.nan)] == [False, False, True]
    assert stopping.best == 1.0
    with pytest.raises(ValueError, match="patience is -1"):
        optim.EarlyStopping([w], patience=-1)


def test_a_model_that_never_had_a_loss_gets_its_first_parameters_back() -> None:
    w = Tensor([3.0], requires_grad=True)
    stopping = optim.EarlyStopping([w], patience=2)
    w.data[:] = 9.0
    assert not stopping.update(np.nan)
    assert not stopping.update(np.nan)
    stopping.restore()
    assert w.data.tolist() == [3.0]
