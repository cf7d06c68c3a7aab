"""Eight bits: half a step at most, torch's rounding, exact integer sums."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor
from ml_from_scratch.compress import (
    QuantizedArray,
    QuantizedLinear,
    calibrated_range,
    int8_matmul,
    quantize,
    quantize_dynamic,
)

SEEDS = st.integers(0, 9999)
DATA = {
    "digits": lambda: load_digits().data,  # many zeros, constant columns
    "cancer": lambda: load_breast_cancer().data,  # columns from 0.001 to 4,000
    "wine": lambda: load_wine().data,
    "normal": lambda: np.random.default_rng(0).normal(size=(50, 8)),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_no_value_moves_by_more_than_half_a_step(name, symmetric, axis):
    x = DATA[name]()
    coded = quantize(x, symmetric=symmetric, axis=axis)
    gap = np.abs(coded.dequantize() - x)
    assert (gap <= coded.scale * 0.5 * (1 + 1e-9)).all()
    assert coded.values.dtype == np.int8
    np.testing.assert_array_equal(coded.dequantize()[x == 0], 0.0)


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=20),
    st.booleans(),
)
@settings(max_examples=100)
def test_nor_does_any_of_any_values(values, symmetric):
    x = np.array(values)
    coded = quantize(x, symmetric=symmetric)
    gap = np.abs(coded.dequantize() - x)
    assert (gap <= coded.scale * 0.5 * (1 + 1e-9)).all()
    if symmetric and np.abs(x).max() > 1e-300:
        mirrored = quantize(-x, symmetric=True)
        np.testing.assert_array_equal(mirrored.values, -coded.values)


@given(SEEDS)
@settings(max_examples=25)
def test_scaling_the_values_scales_the_ruler_only(seed):
    x = np.random.default_rng(seed).normal(size=30)
    for symmetric in (True, False):
        one, two = (quantize(v, symmetric=symmetric) for v in (x, 2.0**5 * x))
        np.testing.assert_array_equal(one.values, two.values)
        assert two.scale == 2.0**5 * one.scale


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("symmetric", [True, False])
def test_rounding_is_torchs_on_the_same_ruler(name, symmetric):
    x = DATA[name]()
    coded = quantize(x, symmetric=symmetric)
    twin = torch.fake_quantize_per_tensor_affine(
        torch.tensor(x.astype(np.float32)),
        float(coded.scale),
        int(coded.zero_point),
        -127 if symmetric else -128,
        127,
    )
    apart = np.abs(coded.dequantize() - twin.numpy()) / coded.scale
    # torch rounds in float32: halfway between two marks either may be the nearest.
    tie = np.abs(x / coded.scale % 1 - 0.5) < 1e-3
    assert apart[~tie].max() < 1e-3
    assert apart.max() < 1 + 1e-3


def test_a_ruler_for_each_channel_is_the_ruler_of_that_channel_alone():
    x = DATA["cancer"]()
    whole = quantize(x, axis=1)
    for j in range(x.shape[1]):
        alone = quantize(x[:, j])
        np.testing.assert_array_equal(whole.values[:, j], alone.values)
    assert whole.scale.shape == (1, x.shape[1])
    error = np.abs(whole.dequantize() - x).mean(axis=0)
    assert (error <= np.abs(quantize(x).dequantize() - x).mean(axis=0) + 1e-12).all()


def test_values_outside_the_range_become_its_ends():
    coded = quantize([-5.0, 0.25, 9.0], symmetric=False, value_range=(0.0, 1.0))
    np.testing.assert_allclose(coded.dequantize(), [0.0, 64 / 255, 1.0])


@pytest.mark.parametrize("value", [0.0, 3.0, -3.0, 5e-324])
def test_constant_arrays_have_a_ruler(value):
    for symmetric in (True, False):
        coded = quantize(np.full(4, value), symmetric=symmetric)
        np.testing.assert_allclose(coded.dequantize(), value, atol=1e-12)
        assert coded.scale > 0


def test_memory_is_a_quarter_of_float32():
    x = np.zeros((100, 64), np.float32)
    assert quantize(x).nbytes == x.nbytes // 4 + 5
    assert quantize(x, axis=0).nbytes == x.nbytes // 4 + 500


# Products -------------------------------------------------------------------------


@given(SEEDS, st.booleans(), st.booleans(), st.sampled_from([None, 0]))
@settings(max_examples=40)
def test_integer_products_are_those_of_what_the_bytes_stand_for(
    seed, first, second, axis
):
    rng = np.random.default_rng(seed)
    a = quantize(rng.normal(1, 5, (4, 30)), symmetric=first)
    b = quantize(rng.normal(-1, 2, (6, 30)), symmetric=second, axis=axis)
    found = int8_matmul(a, b)
    one, other = a.dequantize(), b.dequantize()
    # Terms cancel, so what rounding may cost goes by their sizes, not by their sum.
    sizes = np.abs(one) @ np.abs(other).T
    assert (np.abs(found - one @ other.T) <= 1e-14 * sizes).all()
    sums = a.marks().astype(np.int32) @ b.marks().T  # NumPy's own integer product
    scales = a.scale.reshape(-1, 1) * b.scale.reshape(1, -1)
    np.testing.assert_allclose(found, sums * scales, rtol=1e-14)


def test_the_longest_rows_do_not_overflow():
    k, one = 2**31 // 255**2, np.array(1.0)
    a = QuantizedArray(np.full((1, k), 127, np.int8), one, np.array(-128))
    assert int8_matmul(a, a)[0, 0] == 255**2 * k < 2**31
    longer = QuantizedArray(np.full((1, k + 1), 127, np.int8), one, np.array(-128))
    with pytest.raises(ValueError, match=f"length {k + 1} may overflow 32 bits"):
        int8_matmul(longer, longer)


# Layers ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 64), (64,), (2, 3, 64), (0, 64)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_quantised_layer_is_the_product_of_rounded_inputs_and_weights(shape, bias):
    rng = np.random.default_rng(0)
    layer = nn.Linear(64, 10, bias, rng=rng)
    x = rng.normal(size=shape).astype(np.float32)
    found = QuantizedLinear(layer)(Tensor(x))
    assert (found.shape, found.dtype) == ((*shape[:-1], 10), np.float32)
    if x.size:
        rounded = quantize(x, symmetric=False).dequantize()
        weight = quantize(layer.weight.data, axis=0).dequantize()
        expected = rounded @ weight.T + (layer.bias.data if bias else 0)
        np.testing.assert_allclose(found.data, expected, rtol=1e-5, atol=1e-6)
        exact = layer(Tensor(x)).data
        assert np.abs(found.data - exact).max() < 0.03
        assert not np.array_equal(found.data, exact)


def digits_network():
    """A network trained on digits, by plain descent; its test images and labels."""
    X, y = load_digits(return_X_y=True)
    X, rng = (X / 16).astype(np.float32), np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(64, 32, rng=rng), nn.ReLU(), nn.Linear(32, 10, rng=rng)
    )
    loss = nn.CrossEntropyLoss()
    for _ in range(30):
        rows = nn.TensorDataset(X[:1300], y[:1300])
        for images, labels in nn.DataLoader(rows, 64, shuffle=True, rng=rng):
            model.zero_grad()
            loss(model(Tensor(images)), labels).backward()
            for parameter in model.parameters():
                parameter.data -= np.float32(0.3) * parameter.grad
    return model, X[1300:], y[1300:]


def test_a_quantised_network_reads_digits_as_well():
    model, X, y = digits_network()
    small = quantize_dynamic(model)
    exact, rounded = (m(Tensor(X)).data for m in (model, small))
    accuracy = (exact.argmax(axis=1) == y).mean()
    assert accuracy > 0.9
    assert abs((rounded.argmax(axis=1) == y).mean() - accuracy) < 0.01
    assert (exact.argmax(axis=1) == rounded.argmax(axis=1)).mean() > 0.98
    assert [type(part).__name__ for part in small] == [
        "QuantizedLinear",
        "ReLU",
        "QuantizedLinear",
    ]
    assert isinstance(model[0], nn.Linear)  # the model itself is as it was
    again = quantize_dynamic(model)
    again.load_state_dict(small.state_dict())
    np.testing.assert_array_equal(again(Tensor(X)).data, rounded)


def test_a_layer_inside_anything_is_found_and_one_by_itself_too():
    rng = np.random.default_rng(0)
    deep = nn.Sequential(nn.ModuleList([nn.Sequential(nn.Linear(3, 2, rng=rng))]))
    kinds = [type(part).__name__ for part in quantize_dynamic(deep).modules()]
    assert kinds[-1] == "QuantizedLinear"
    assert "Linear" not in kinds
    assert not quantize_dynamic(deep).training
    assert isinstance(quantize_dynamic(nn.Linear(3, 2, rng=rng)), QuantizedLinear)


def test_calibration_fixes_the_ruler_of_inputs():
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(100, 8)) for _ in range(5)]
    everything = np.concatenate(batches)
    assert calibrated_range(iter(batches)) == (everything.min(), everything.max())
    low, high = calibrated_range(batches, 99.0)
    expected = np.percentile(everything, [1, 99])
    np.testing.assert_allclose([low, high], expected)
    layer = nn.Linear(8, 3, rng=rng)
    fixed = QuantizedLinear(layer, (low, high))
    x = batches[0]
    whole, single = fixed(Tensor(x)).data, fixed(Tensor(x[:1])).data
    np.testing.assert_allclose(whole[:1], single)  # does not depend on the batch
    clipped = layer(Tensor(np.clip(x, low, high))).data
    np.testing.assert_allclose(whole, clipped, atol=0.05)


def test_a_percentile_gives_the_rest_a_finer_ruler():
    x = np.append(np.random.default_rng(0).normal(size=10_000), 1000.0)
    fine = calibrated_range([x], 99.9)
    for value_range, error in [(None, 1.1), (fine, 0.01)]:
        coded = quantize(x, symmetric=False, value_range=value_range)
        gap = np.abs(coded.dequantize() - x)[:-1].mean()
        assert gap < error


# Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: quantize([]), "the array is empty"),
        (lambda: quantize([1.0, np.nan]), "NaN or infinity"),
        (lambda: quantize([np.inf]), "NaN or infinity"),
        (
            lambda: quantize([1.0], value_range=(2.0, 1.0)),
            "from 2.0 to 1.0 has no steps",
        ),
        (lambda: quantize([1.0], value_range=(0.0, np.nan)), "has no steps"),
        (lambda: calibrated_range([]), "at least one batch"),
        (lambda: calibrated_range([], 99.0), "the array is empty"),
        (lambda: calibrated_range([[1.0]], 0.0), "percentile is 0.0"),
        (lambda: calibrated_range([[np.nan]]), "NaN or infinity"),
        (lambda: int8_matmul(quantize([1.0]), quantize([[1.0]])), r"shape \(1,\) with"),
        (
            lambda: int8_matmul(
                quantize(np.ones((2, 3)), axis=1), quantize([[1.0] * 3])
            ),
            r"found shape \(2, 3\) with rulers \(1, 3\)",
        ),
        (
            lambda: int8_matmul(quantize([[1.0]]), quantize([[1.0, 2.0]])),
            "lengths 1 and 2 cannot be multiplied",
        ),
        (
            lambda: QuantizedLinear(nn.Linear(3, 2, rng=np.random.default_rng(0)))(
                Tensor(np.zeros((2, 2)))
            ),
            r"rows of 3 expected, found shape \(2, 2\)",
        ),
    ],
)
def test_bad_input_is_refused_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()
