"""Layers against torch: outputs and gradients, in both precisions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, gradcheck

F = torch.nn.functional
SEEDS = st.integers(0, 999)


# Linear ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3), (0, 3), (2, 0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_takes_any_number_of_batches(agrees_after_loading, rng, shape, bias):
    ours = nn.Linear(3, 2, bias, rng=rng)
    agrees_after_loading(ours, torch.nn.Linear(3, 2, bias), rng.normal(size=shape))


def test_linear_agrees_with_differences(rng):
    inputs = [rng.normal(size=(2, 4, 3)), rng.normal(size=(5, 3)), rng.normal(size=5)]
    gradcheck(nn.linear, inputs)


def test_linear_takes_arrays_and_refuses_what_does_not_fit(rng):
    layer = nn.Linear(3, 2, rng=rng)
    assert layer(np.zeros((4, 3), np.float32)).dtype == np.float32
    for shape in [(4, 2), ()]:
        with pytest.raises(ValueError, match=r"inputs of length 3, found shape"):
            layer(Tensor(np.zeros(shape)))
    with pytest.raises(ValueError, match="in_features is 0; expected an integer"):
        nn.Linear(0, 2, rng=rng)
    with pytest.raises(ValueError, match=r"out_features is 2\.5"):
        nn.Linear(3, 2.5, rng=rng)


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return X[:64], y[:64]  # columns from 0.001 to 4,000: badly scaled


def digits():
    X, y = load_digits(return_X_y=True)
    return X[:64] / 16, y[:64]


def synthetic():
    rng = np.random.default_rng(1)
    return rng.normal(size=(40, 6)), rng.integers(0, 3, 40)


@pytest.mark.parametrize("data", [cancer, digits, synthetic])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)]
)
def test_an_mlp_trained_ten_steps_is_that_of_torch(data, dtype, tolerance):
    X, y = data()
    if dtype == "float32":  # rounding would drown in columns of such sizes
        X = (X - X.mean(0)) / (X.std(0) + 1e-9)
    X, d, k = X.astype(dtype), X.shape[1], int(y.max()) + 1
    theirs = torch.nn.Sequential(
        torch.nn.Linear(d, 16),
        torch.nn.LayerNorm(16),
        torch.nn.Tanh(),
        torch.nn.Linear(16, k),
    ).to(getattr(torch, dtype))
    rng = np.random.default_rng(0)
    ours = nn.Sequential(
        nn.Linear(d, 16, rng=rng),
        nn.LayerNorm(16),
        nn.Tanh(),
        nn.Linear(16, k, rng=rng),
    ).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    criterion, their_criterion = nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss()
    for _ in range(10):
        loss = criterion(ours(Tensor(X)), y)
        their_loss = their_criterion(theirs(torch.tensor(X)), torch.tensor(y))
        ours.zero_grad()
        theirs.zero_grad()
        loss.backward()
        their_loss.backward()
        np.testing.assert_allclose(
            loss.item(), their_loss.item(), rtol=tolerance, atol=tolerance / 10
        )
        for mine, twin in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(
                mine.grad, twin.grad.numpy(), rtol=tolerance, atol=tolerance / 10
            )
            mine.data = mine.data - np.asarray(0.1, dtype) * mine.grad
            with torch.no_grad():
                twin -= 0.1 * twin.grad


# Embedding ------------------------------------------------------------------------


@pytest.mark.parametrize("padding_idx", [None, 2])
@pytest.mark.parametrize("shape", [(), (7,), (3, 4), (0,)])
def test_embedding_adds_up_repeated_rows(rng, padding_idx, shape):
    ours = nn.Embedding(5, 3, padding_idx, rng=rng).to(np.float64)
    theirs = torch.nn.Embedding(5, 3, padding_idx).double()
    ours.load_state_dict(theirs.state_dict())
    rows = rng.integers(0, 5, shape)
    found, expected = ours(rows), theirs(torch.tensor(rows))
    np.testing.assert_array_equal(found.data, expected.detach().numpy())
    seed = rng.normal(size=found.shape)
    found.backward(seed)
    expected.backward(torch.tensor(seed))
    np.testing.assert_allclose(ours.weight.grad, theirs.weight.grad, atol=1e-14)


def test_embedding_starts_normal_with_a_row_of_zeros_for_nothing(rng):
    table = nn.Embedding(2000, 8, padding_idx=3, rng=rng).weight.data
    assert not table[3].any()
    assert abs(table.std() - 1) < 0.02
    assert abs(table.mean()) < 0.02


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([0.0], TypeError, "looks up integers, found float64"),
        ([True], TypeError, "looks up integers, found bool"),
        ([5], ValueError, "lie in 0 to 4, found 5 to 5"),
        ([-1, 0], ValueError, "lie in 0 to 4, found -1 to 0"),
    ],
)
def test_embedding_refuses_what_is_no_row(rng, rows, error, words):
    with pytest.raises(error, match=words):
        nn.Embedding(5, 3, rng=rng)(rows)


def test_embedding_refuses_a_padding_row_that_is_not_there(rng):
    with pytest.raises(ValueError, match="padding_idx is 5; expected 0 to 4"):
        nn.Embedding(5, 3, padding_idx=5, rng=rng)


# Dropout --------------------------------------------------------------------------


@given(st.floats(0.05, 0.95), SEEDS)
@settings(max_examples=20)
def test_dropout_keeps_the_share_the_scale_and_its_mask(p, seed):
    x = Tensor(np.full(4000, 2.0), requires_grad=True)
    out = nn.dropout(x, p, rng=np.random.default_rng(seed))
    kept = out.data != 0
    assert abs(kept.mean() - (1 - p)) < 5 * np.sqrt(p * (1 - p) / 4000)
    np.testing.assert_allclose(out.data[kept], 2.0 / (1 - p))
    out.sum().backward()
    np.testing.assert_allclose(x.grad, kept / (1 - p))


def test_dropout_does_nothing_at_prediction_nor_with_probability_0(rng):
    x = Tensor([1.0, 2.0])
    assert nn.Dropout(0.5, rng=rng).eval()(x) is x
    assert nn.Dropout(0.0, rng=rng)(x) is x
    np.testing.assert_array_equal(nn.Dropout(1.0, rng=rng)(x).data, [0.0, 0.0])
    assert nn.dropout(Tensor(np.ones(3, np.float32)), rng=rng).dtype == np.float32
    first, second = (nn.dropout(Tensor(np.ones(99)), rng=rng).data for _ in range(2))
    assert not np.array_equal(first, second)
    for p in (-0.1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="expected a share from 0 to 1"):
            nn.Dropout(p, rng=rng)


# Entry by entry and shapes --------------------------------------------------------

ACTIVATIONS = {
    "relu": (nn.ReLU(), torch.nn.ReLU()),
    "leaky": (nn.LeakyReLU(0.2), torch.nn.LeakyReLU(0.2)),
    "sigmoid": (nn.Sigmoid(), torch.nn.Sigmoid()),
    "tanh": (nn.Tanh(), torch.nn.Tanh()),
    "gelu": (nn.GELU(), torch.nn.GELU()),
    "gelu by tanh": (nn.GELU("tanh"), torch.nn.GELU("tanh")),
    "softmax": (nn.Softmax(-1), torch.nn.Softmax(-1)),
    "softmax over rows": (nn.Softmax(0), torch.nn.Softmax(0)),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(SEEDS)
@settings(max_examples=10)
def test_activations(agrees_with_torch, name, seed):
    x = 5 * np.random.default_rng(seed).normal(size=(4, 3))
    agrees_with_torch(*ACTIVATIONS[name], x)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_in_float32(agrees_with_torch, name, rng):
    x = rng.normal(size=(40, 3)).astype(np.float32)
    agrees_with_torch(*ACTIVATIONS[name], x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("ends", [(1, -1), (0, -1), (2, 3), (0, 1), (-2, -1)])
def test_flatten(agrees_with_torch, rng, ends):
    x = rng.normal(size=(2, 3, 4, 5))
    agrees_with_torch(nn.Flatten(*ends), torch.nn.Flatten(*ends), x)


def test_flatten_takes_an_empty_batch_and_refuses_what_is_not_there():
    assert nn.Flatten()(Tensor(np.zeros((0, 3, 2)))).shape == (0, 6)
    for ends in [(2, 1), (1, 3), (-4, -1)]:
        with pytest.raises(ValueError, match="cannot flatten axes"):
            nn.Flatten(*ends)(Tensor(np.zeros((2, 3, 4))))


# Normalisation --------------------------------------------------------------------

NORMS = {
    "1d": (nn.BatchNorm1d, torch.nn.BatchNorm1d, (6, 3)),
    "1d with length": (nn.BatchNorm1d, torch.nn.BatchNorm1d, (4, 3, 5)),
    "2d": (nn.BatchNorm2d, torch.nn.BatchNorm2d, (4, 3, 2, 5)),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.1, 0.7])
def test_batch_norm_over_several_steps_then_at_prediction(
    agrees_with_torch, rng, name, affine, momentum
):
    ours, theirs, shape = NORMS[name]
    ours = ours(3, 1e-3, momentum, affine).to(np.float64)
    theirs = theirs(3, 1e-3, momentum, affine).double()
    if affine:
        state = theirs.state_dict()
        state["weight"] += torch.tensor([0.5, -2.0, 3.0])
        state["bias"] += torch.tensor([0.5, -2.0, 3.0])
        ours.load_state_dict(theirs.state_dict())
    for step in range(4):
        ours.zero_grad()
        theirs.zero_grad()
        agrees_with_torch(ours, theirs, (step + 1) * rng.normal(step, 2.0, shape))
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value, rtol=1e-12)
    assert ours.num_batches_tracked == 4
    ours.eval().zero_grad()
    theirs.eval().zero_grad()
    agrees_with_torch(ours, theirs, rng.normal(size=shape))
    assert ours.num_batches_tracked == 4


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 4, 3)])
@pytest.mark.parametrize(
    "options", [{}, {"bias": False}, {"elementwise_affine": False}]
)
def test_layer_norm(agrees_after_loading, rng, shape, options):
    theirs = torch.nn.LayerNorm(3, **options)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter += torch.arange(3)
    agrees_after_loading(nn.LayerNorm(3, **options), theirs, rng.normal(size=shape))


def test_layer_norm_over_two_axes(agrees_after_loading, rng):
    x = rng.normal(size=(2, 4, 3))
    agrees_after_loading(nn.LayerNorm((4, 3)), torch.nn.LayerNorm((4, 3)), x)


@given(SEEDS, st.sampled_from([(0,), (1,), (0, 2), (-1, -2)]))
@settings(max_examples=15)
def test_standardise_agrees_with_differences(seed, axes):
    x = np.random.default_rng(seed).normal(2.0, 3.0, (3, 4, 2))
    gradcheck(lambda t: nn.standardize(t, axes), [x], rtol=1e-5)


@given(SEEDS, st.floats(0.1, 100), st.floats(-100, 100))
@settings(max_examples=20)
def test_standardise_forgets_scale_and_centre(seed, scale, centre):
    x = np.random.default_rng(seed).normal(size=(5, 4))
    found = nn.standardize(Tensor(scale * x + centre), (1,), eps=0.0).data
    np.testing.assert_allclose(
        found, nn.standardize(Tensor(x), (1,), eps=0.0).data, atol=1e-9
    )
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=1), 1)


def test_constant_channels_become_zero_and_not_nan():
    layer = nn.BatchNorm1d(2)
    out = layer(Tensor(np.full((3, 2), 7.0), requires_grad=True))
    np.testing.assert_array_equal(out.data, np.zeros((3, 2)))
    out.sum().backward()
    np.testing.assert_array_equal(nn.LayerNorm(2)(Tensor([[5.0, 5.0]])).data, [[0, 0]])


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (nn.BatchNorm1d(3), (4, 2), r"BatchNorm1d of 3 channels cannot take"),
        (nn.BatchNorm1d(3), (4, 3, 2, 2), r"cannot take shape \(4, 3, 2, 2\)"),
        (nn.BatchNorm2d(3), (4, 3), r"BatchNorm2d of 3 channels cannot take"),
        (nn.BatchNorm1d(3), (1, 3), "more than one value a channel"),
        (nn.BatchNorm2d(3), (0, 3, 2, 2), "more than one value a channel"),
        (nn.LayerNorm(3), (4, 2), r"LayerNorm over \(3,\) cannot take"),
    ],
)
def test_normalisation_refuses_what_does_not_fit(layer, shape, words):
    with pytest.raises(ValueError, match=words):
        layer(Tensor(np.zeros(shape)))


def test_standardise_over_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to average over axes"):
        nn.standardize(Tensor(np.zeros((0, 3))), (0,))


def test_one_row_is_enough_at_prediction():
    assert nn.BatchNorm1d(3).eval()(Tensor(np.ones((1, 3)))).shape == (1, 3)
