"""Modules: what counts as a part, and states that move across to torch and back."""

import copy
import pickle

import numpy as np
import pytest
import torch

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor


class Block(nn.Module):
    """Parameters, a buffer and parts, set in an order that is not that of torch."""

    def __init__(self, rng):
        self.first = nn.Linear(3, 3, rng=rng)
        self.scale = nn.Parameter(np.ones(3, np.float32))
        self.register_buffer("count", np.zeros(2))
        self.norm = nn.BatchNorm1d(3)
        self.many = nn.ModuleList([nn.Linear(3, 3, bias=False, rng=rng), nn.ReLU()])
        self.name = "not a part"

    def forward(self, x):
        return self.many[1](self.many[0](self.norm(self.first(x)) * self.scale))


class TheirBlock(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 3)
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.register_buffer("count", torch.zeros(2))
        self.norm = torch.nn.BatchNorm1d(3)
        parts = [torch.nn.Linear(3, 3, bias=False), torch.nn.ReLU()]
        self.many = torch.nn.ModuleList(parts)

    def forward(self, x):
        return self.many[1](self.many[0](self.norm(self.first(x)) * self.scale))


def test_names_and_their_order_are_those_of_torch(rng):
    ours, theirs = Block(rng), TheirBlock()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for ask in ("named_parameters", "named_modules"):
        names = [name for name, _ in getattr(ours, ask)()]
        assert names == [name for name, _ in getattr(theirs, ask)()]
    assert next(name for name, _ in ours.named_parameters("net")) == "net.scale"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_torch_state_gives_the_same_outputs_and_gradients(
    agrees_after_loading, rng, dtype
):
    tolerance = 1e-10 if dtype == np.float64 else 1e-4
    x = rng.normal(size=(8, 3)).astype(dtype)
    agrees_after_loading(
        Block(rng), TheirBlock(), x, rtol=tolerance, atol=tolerance / 10
    )


def test_our_state_loads_into_torch(rng):
    ours, theirs = Block(rng), TheirBlock()
    state = {name: torch.tensor(value) for name, value in ours.state_dict().items()}
    theirs.load_state_dict(state)
    x = rng.normal(size=(5, 3)).astype(np.float32)
    found, expected = ours.eval()(Tensor(x)), theirs.eval()(torch.tensor(x))
    np.testing.assert_allclose(found.data, expected.detach().numpy(), atol=1e-6)


def test_a_state_dict_is_a_snapshot(rng):
    model = nn.Linear(2, 2, rng=rng)
    best = model.state_dict()
    model.weight.data -= 1.0
    assert not np.array_equal(best["weight"], model.weight.data)
    model.load_state_dict(best)
    best["weight"][...] = 0.0
    assert np.abs(model.weight.data).min() > 0


def test_what_does_not_fit_is_named_and_changes_nothing(rng):
    model = Block(rng)
    before = model.state_dict()
    wrong = {**before, "scale": np.ones(4), "extra": np.ones(1)}
    del wrong["count"]
    with pytest.raises(
        ValueError,
        match=r"does not fit Block: missing count; unexpected extra; "
        r"misshapen scale is \(4,\), here \(3,\)",
    ):
        model.load_state_dict(wrong)
    with pytest.raises(ValueError, match="misshapen scale"):
        model.load_state_dict(wrong, strict=False)
    with pytest.raises(TypeError, match="scale holds <U1; expected numbers"):
        model.load_state_dict({**before, "scale": ["a", "b", "c"]})
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_without_strict_what_is_there_is_taken(rng):
    model = Block(rng)
    found = model.load_state_dict({"scale": [1, 2, 3], "x": 1}, strict=False)
    assert found == ([name for name in model.state_dict() if name != "scale"], ["x"])
    np.testing.assert_array_equal(model.scale.data, [1, 2, 3])
    assert model.scale.dtype == np.float32


def test_loading_keeps_the_parameters_that_an_optimiser_holds(rng):
    model = nn.Linear(2, 2, rng=rng)
    held = list(model.parameters())
    model.load_state_dict(nn.Linear(2, 2, rng=rng).state_dict())
    assert all(a is b for a, b in zip(held, model.parameters(), strict=True))


def test_what_two_names_share_is_trained_once_and_saved_twice(rng):
    model = nn.Sequential(nn.Linear(2, 2, rng=rng), nn.Linear(2, 2, rng=rng))
    model[1].weight = model[0].weight
    assert [name for name, _ in model.named_parameters()] == [
        "0.weight",
        "0.bias",
        "1.bias",
    ]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    twice = nn.Sequential(model[0], model[0])
    assert len(list(twice.parameters())) == 2
    x = Tensor(np.ones((1, 2)))
    np.testing.assert_array_equal(twice(x).data, model[0](model[0](x)).data)


def test_an_attribute_that_is_replaced_or_deleted_is_gone(rng):
    model = Block(rng)
    model.first = nn.ReLU()
    del model.scale
    assert "first.weight" not in model.state_dict()
    assert "scale" not in dict(model.named_parameters())


def test_a_buffer_is_saved_and_not_trained_and_may_be_assigned(rng):
    model = Block(rng)
    model.count = np.array([1.0, 2.0])
    model.register_buffer("count", model.count + 1)
    assert "count" not in dict(model.named_parameters())
    assert model.state_dict()["count"].tolist() == [2.0, 3.0]
    assert list(model.state_dict()).count("count") == 1
    assert "count" not in nn.Linear(1, 1, rng=rng).state_dict()


def test_train_eval_freezing_and_zero_grad_reach_every_part(rng):
    model = Block(rng)
    assert all(part.training for part in model.modules())
    assert not any(part.training for part in model.eval().modules())
    assert all(part.training for part in model.train().modules())
    model(Tensor(rng.normal(size=(4, 3)))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.requires_grad_(False)
    assert not model(Tensor(rng.normal(size=(4, 3)))).requires_grad


def test_to_changes_floats_only_and_drops_gradients(rng):
    model = Block(rng)
    model(Tensor(rng.normal(size=(4, 3)))).sum().backward()
    model.to(np.float64)
    state = model.state_dict()
    assert state.pop("norm.num_batches_tracked").dtype == np.int64
    assert {value.dtype for value in state.values()} == {np.dtype(np.float64)}
    assert all(p.grad is None for p in model.parameters())
    with pytest.raises(TypeError, match="float16; expected float32 or float64"):
        model.to(np.float16)


def test_copies_and_pickles_are_independent_and_equal(rng):
    model = Block(rng)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        again.scale.data += 1.0
        assert model.scale.data[0] == 1.0
        again.load_state_dict(model.state_dict())
        x = Tensor(rng.normal(size=(4, 3)))
        np.testing.assert_array_equal(again.eval()(x).data, model.eval()(x).data)
        model.train()


def test_sequential_counts_slices_and_grows(rng):
    parts = [nn.Linear(2, 3, rng=rng), nn.ReLU(), nn.Linear(3, 1, rng=rng)]
    model = nn.Sequential(*parts)
    assert len(model) == 3
    assert model[-1] is parts[2]
    body = model[:-1]
    assert type(body) is nn.Sequential
    assert list(body) == parts[:2]
    assert body(Tensor(np.ones((4, 2)))).shape == (4, 3)
    assert len(body.append(nn.Tanh())) == 3
    assert nn.Sequential()(5) == 5
    with pytest.raises(IndexError, match="no module 3 in a Sequential of 3"):
        model[3]
    with pytest.raises(TypeError, match="Sequential holds modules, found int"):
        nn.Sequential(3)


def test_a_module_without_a_forward_pass_says_so():
    with pytest.raises(NotImplementedError, match="Module has no forward pass"):
        nn.Module()(1)


def test_a_module_is_printed_as_a_tree(rng):
    model = nn.Sequential(
        nn.Linear(2, 3, rng=rng), nn.Sequential(nn.Dropout(0.1, rng=rng))
    )
    assert repr(model) == (
        "Sequential(\n  (0): Linear(2, 3)\n  (1): Sequential(\n"
        "    (0): Dropout(p=0.1)\n  )\n)"
    )


def test_every_layer_prints_itself(rng):
    layers = {
        "Linear(2, 3, bias=False)": nn.Linear(2, 3, bias=False, rng=rng),
        "Embedding(4, 2)": nn.Embedding(4, 2, rng=rng),
        "Conv2d(1, 2, kernel_size=(3, 3), stride=2, padding=1)": nn.Conv2d(
            1, 2, 3, 2, 1, rng=rng
        ),
        "MaxPool2d(2)": nn.MaxPool2d(2),
        "AvgPool2d(2)": nn.AvgPool2d(2),
        "BatchNorm2d(3, eps=1e-05, momentum=0.1)": nn.BatchNorm2d(3),
        "LayerNorm((3,), eps=1e-05)": nn.LayerNorm(3),
        "GELU()": nn.GELU(),
    }
    assert {repr(layer): layer for layer in layers.values()} == layers
