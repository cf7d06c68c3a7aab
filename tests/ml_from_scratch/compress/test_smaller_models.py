"""Pruning and distillation against torch's, LoRA against its formula."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits
from torch.nn.utils import prune

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, gradcheck
from ml_from_scratch.compress import (
    LoRALinear,
    apply_masks,
    distillation_loss,
    global_masks,
    magnitude_mask,
    sparsity,
    structured_mask,
)

F = torch.nn.functional
SEEDS = st.integers(0, 9999)
SHARES = st.sampled_from([0.0, 0.1, 0.5, 0.77, 1.0])


# Pruning --------------------------------------------------------------------------


@given(SEEDS, SHARES)
@settings(max_examples=25)
def test_single_weights_go_as_in_torch(seed, amount):
    torch.manual_seed(seed)
    layer = torch.nn.Linear(7, 5)
    weight = layer.weight.detach().numpy().copy()
    prune.l1_unstructured(layer, "weight", amount)
    np.testing.assert_array_equal(
        magnitude_mask(weight, amount), layer.weight_mask.numpy() == 1
    )


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("axis", [0, 1, -1])
@given(SEEDS, SHARES)
@settings(max_examples=10)
def test_whole_slices_go_as_in_torch(axis, norm, seed, amount):
    torch.manual_seed(seed)
    layer = torch.nn.Conv2d(4, 6, 3)
    weight = layer.weight.detach().numpy().copy()
    prune.ln_structured(layer, "weight", amount, n=norm, dim=axis)
    np.testing.assert_array_equal(
        structured_mask(weight, amount, axis, norm), layer.weight_mask.numpy() == 1
    )


@given(SEEDS, SHARES)
@settings(max_examples=20)
def test_one_threshold_for_all_layers_as_in_torch(seed, amount):
    torch.manual_seed(seed)
    layers = {"wide": torch.nn.Linear(7, 5), "thin": torch.nn.Linear(5, 2)}
    weights = {k: v.weight.detach().numpy().copy() for k, v in layers.items()}
    prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()],
        pruning_method=prune.L1Unstructured,
        amount=amount,
    )
    masks = global_masks(weights, amount)
    for name, layer in layers.items():
        np.testing.assert_array_equal(masks[name], layer.weight_mask.numpy() == 1)


@given(SEEDS, st.floats(0, 1))
@settings(max_examples=30)
def test_exactly_the_share_goes_even_where_weights_tie(seed, amount):
    weight = np.random.default_rng(seed).integers(-2, 3, (5, 6))
    kept = magnitude_mask(weight, amount)
    assert (~kept).sum() == round(amount * 30)
    if kept.any() and not kept.all():
        assert np.abs(weight)[kept].min() >= np.abs(weight)[~kept].max()


def test_pruned_weights_stay_zero_while_the_rest_is_trained():
    X, y = load_digits(return_X_y=True)
    X, rng = X / 16, np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(64, 10, rng=rng)).to(np.float64)
    masks = {"0.weight": magnitude_mask(model[0].weight.data, 0.8)}
    apply_masks(model, masks)
    assert sparsity(model) == pytest.approx(512 / 650)
    before = model[0].weight.data.copy()
    for _ in range(5):
        model.zero_grad()
        nn.CrossEntropyLoss()(model(Tensor(X)), y).backward()
        for parameter in model.parameters():
            parameter.data = parameter.data - 0.5 * parameter.grad
        apply_masks(model, masks)
    assert not model[0].weight.data[~masks["0.weight"]].any()
    assert (model[0].weight.data != before)[masks["0.weight"]].any()
    assert model[0].weight.dtype == np.float64


def test_dropping_the_pruned_units_gives_the_same_network():
    rng = np.random.default_rng(0)
    first, last = nn.Linear(5, 8, rng=rng), nn.Linear(8, 2, rng=rng)
    rows = structured_mask(first.weight.data, 0.5)[:, 0]
    apply_masks(first, {"weight": np.repeat(rows[:, None], 5, 1), "bias": rows})
    small, end = nn.Linear(5, 4, rng=rng), nn.Linear(4, 2, rng=rng)
    small.load_state_dict({k: v[rows] for k, v in first.state_dict().items()})
    end.load_state_dict({"weight": last.weight.data[:, rows], "bias": last.bias.data})
    x = Tensor(rng.normal(size=(3, 5)))
    whole, cut = (b(a(x).relu()).data for a, b in ((first, last), (small, end)))
    np.testing.assert_allclose(whole, cut)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda m: magnitude_mask([1.0], 1.5), "amount is 1.5; expected a share"),
        (lambda m: magnitude_mask([np.nan, 1.0], 0.5), "a weight is NaN"),
        (lambda m: structured_mask([[1.0]], 0.5, axis=2), r"axis is 2.*\(1, 1\)"),
        (lambda m: apply_masks(m, {"w": [True]}), "Linear has no parameter 'w'"),
        (lambda m: apply_masks(m, {"weight": [True]}), r"is \(1,\); expected \(2, 3\)"),
        (lambda m: sparsity(nn.ReLU()), "ReLU has no parameters"),
    ],
)
def test_pruning_refuses_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask(nn.Linear(3, 2, rng=np.random.default_rng(0)))


def test_nothing_to_prune_is_nothing():
    assert global_masks({}, 0.5) == {}
    assert magnitude_mask(np.zeros((0, 3)), 0.5).shape == (0, 3)


# Distillation ---------------------------------------------------------------------


@given(SEEDS, st.floats(0.3, 20), st.floats(0, 1), st.booleans())
@settings(max_examples=40)
def test_distillation_is_torchs_divergence_and_cross_entropy(
    seed, temperature, alpha, labelled
):
    rng = np.random.default_rng(seed)
    student, teacher = rng.normal(size=(2, 6, 4)) * 5
    y = rng.integers(0, 4, 6)
    ours = Tensor(student, requires_grad=True)
    theirs = torch.tensor(student, requires_grad=True)
    options = {"temperature": temperature, "alpha": alpha}
    found = distillation_loss(ours, teacher, y if labelled else None, **options)
    soft = F.kl_div(
        F.log_softmax(theirs / temperature, dim=1),
        F.log_softmax(torch.tensor(teacher) / temperature, dim=1),
        reduction="batchmean",
        log_target=True,
    )
    expected = temperature**2 * soft
    if labelled:
        hard = F.cross_entropy(theirs, torch.tensor(y))
        expected = alpha * expected + (1 - alpha) * hard
    np.testing.assert_allclose(found.item(), expected.item(), rtol=1e-9, atol=1e-12)
    found.backward()
    expected.backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_distillation_agrees_with_differences_and_leaves_the_teacher_alone():
    rng = np.random.default_rng(0)
    teacher = Tensor(rng.normal(size=(5, 3)), requires_grad=True)
    gradcheck(
        lambda s: distillation_loss(s, teacher, [0, 1, 2, 0, 1], temperature=3.0),
        [rng.normal(size=(5, 3))],
    )
    distillation_loss(Tensor(np.zeros((5, 3)), True), teacher).backward()
    assert teacher.grad is None


@given(SEEDS, st.floats(0.5, 10))
@settings(max_examples=20)
def test_the_divergence_is_not_negative_and_zero_for_the_teachers_own_logits(seed, t):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 4, 3)) * 100
    assert distillation_loss(Tensor(a), b, temperature=t).item() >= 0
    assert distillation_loss(Tensor(a), a + 7, temperature=t).item() == pytest.approx(
        0, abs=1e-9
    )


@pytest.mark.parametrize(
    ("teacher", "options", "words"),
    [
        (np.zeros((2, 2)), {}, r"found \(2, 3\) and \(2, 2\)"),
        (np.zeros((2, 3)), {"temperature": 0.0}, "temperature is 0.0"),
        (np.zeros((2, 3)), {"alpha": 1.5}, "alpha is 1.5"),
    ],
)
def test_distillation_refuses_in_a_sentence(teacher, options, words):
    with pytest.raises(ValueError, match=words):
        distillation_loss(Tensor(np.zeros((2, 3))), teacher, **options)


# LoRA -----------------------------------------------------------------------------


def test_lora_is_its_formula_in_torch_with_gradients_for_its_factors_only():
    rng = np.random.default_rng(0)
    layer = nn.Linear(7, 5, rng=rng).to(np.float64)
    adapted = LoRALinear(layer, rank=3, alpha=6.0, rng=rng)
    adapted.lora_B.data = rng.normal(size=(5, 3))
    x = rng.normal(size=(2, 4, 7))
    out = adapted(Tensor(x))
    w, b, A, B = (
        torch.tensor(p.data, requires_grad=True)
        for p in (layer.weight, layer.bias, adapted.lora_A, adapted.lora_B)
    )
    expected = F.linear(torch.tensor(x), w + 6.0 / 3 * B @ A, b)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), atol=1e-12)
    seed = rng.normal(size=out.shape)
    out.backward(seed)
    expected.backward(torch.tensor(seed))
    np.testing.assert_allclose(adapted.lora_A.grad, A.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(adapted.lora_B.grad, B.grad.numpy(), atol=1e-12)
    assert layer.weight.grad is None
    assert layer.bias.grad is None
    merged = adapted.merge()
    np.testing.assert_allclose(merged(Tensor(x)).data, out.data, atol=1e-12)
    assert merged.weight.requires_grad
    assert not layer.weight.requires_grad


def test_lora_learns_a_task_that_its_frozen_layer_does_not_know():
    X, y = load_breast_cancer(return_X_y=True)
    X, rng = (X - X.mean(0)) / X.std(0), np.random.default_rng(0)
    layer = nn.Linear(30, 2, rng=rng).to(np.float64)
    before = layer.state_dict()
    model = LoRALinear(layer, 1, alpha=1.0, rng=rng)
    at_first = nn.CrossEntropyLoss()(model(Tensor(X)), y).item()
    assert at_first == nn.CrossEntropyLoss()(layer(Tensor(X)), y).item()
    for _ in range(200):
        model.zero_grad()
        loss = nn.CrossEntropyLoss()(model(Tensor(X)), y)
        loss.backward()
        for parameter in (model.lora_A, model.lora_B):
            parameter.data = parameter.data - 0.3 * parameter.grad
    assert (model(Tensor(X)).data.argmax(axis=1) == y).mean() > 0.95
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("rank", [0, 3, 1.5])
def test_lora_refuses_a_rank_that_is_none(rank):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=f"rank is {rank}; expected an integer from 1"):
        LoRALinear(nn.Linear(4, 2, rng=rng), rank, rng=rng)
