"""Convolution and pooling against torch and differences, at every stride and edge."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate
from sklearn.datasets import load_digits

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, gradcheck

F = torch.nn.functional

GEOMETRIES = st.fixed_dictionaries(
    {
        "n": st.integers(1, 3),
        "channels": st.integers(1, 3),
        "size": st.tuples(st.integers(3, 7), st.integers(3, 7)),
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    }
)


@given(GEOMETRIES, st.tuples(st.integers(0, 2), st.integers(0, 2)), st.booleans())
@settings(max_examples=40)
def test_convolution_of_any_geometry(agrees_after_loading, geometry, padding, bias):
    rng = np.random.default_rng(0)
    channels, kernel = geometry["channels"], geometry["kernel"]
    x = rng.normal(size=(geometry["n"], channels, *geometry["size"]))
    settings = (channels, 4, kernel, geometry["stride"], padding)
    agrees_after_loading(
        nn.Conv2d(*settings, bias=bias, rng=rng),
        torch.nn.Conv2d(*settings, bias=bias),
        x,
    )


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), ((1, 2), (2, 0))])
def test_convolution_agrees_with_differences(rng, stride, padding):
    inputs = [rng.normal(size=s) for s in [(2, 2, 5, 4), (3, 2, 3, 2), (3,)]]
    gradcheck(lambda x, w, b: nn.conv2d(x, w, b, stride, padding), inputs, rtol=1e-5)


def test_convolution_is_scipys_correlation(rng):
    image, kernel = rng.normal(size=(9, 8)), rng.normal(size=(3, 4))
    found = nn.conv2d(Tensor(image[None, None]), Tensor(kernel[None, None]))
    expected = correlate(image, kernel, mode="valid")
    np.testing.assert_allclose(found.data[0, 0], expected, atol=1e-12)


def test_convolution_in_float32(agrees_after_loading, rng):
    x = rng.normal(size=(4, 3, 8, 8)).astype(np.float32)
    ours, theirs = (
        nn.Conv2d(3, 5, 3, padding=1, rng=rng),
        torch.nn.Conv2d(3, 5, 3, 1, 1),
    )
    agrees_after_loading(ours, theirs, x, rtol=1e-4, atol=1e-4)


def test_moving_the_image_moves_the_maps(rng):
    weight = Tensor(rng.normal(size=(2, 1, 3, 3)))
    image = np.zeros((1, 1, 12, 12))
    image[..., 3:6, 3:6] = rng.normal(size=(3, 3))
    moved = np.roll(image, (2, 3), axis=(2, 3))
    there, here = (nn.conv2d(Tensor(i), weight).data for i in (moved, image))
    np.testing.assert_allclose(there, np.roll(here, (2, 3), axis=(2, 3)), atol=1e-14)


POOLS = {
    "max": (nn.MaxPool2d, torch.nn.MaxPool2d, nn.max_pool2d),
    "average": (nn.AvgPool2d, torch.nn.AvgPool2d, nn.avg_pool2d),
}


@pytest.mark.parametrize("name", POOLS)
@given(GEOMETRIES, st.booleans(), st.booleans())
@settings(max_examples=30)
def test_pooling_of_any_geometry(agrees_with_torch, name, geometry, touch, padded):
    ours, theirs, _ = POOLS[name]
    rng = np.random.default_rng(1)
    x = rng.normal(size=(geometry["n"], geometry["channels"], *geometry["size"]))
    kernel = geometry["kernel"]
    padding = tuple(k // 2 for k in kernel) if padded else 0
    stride = None if touch else geometry["stride"]
    agrees_with_torch(ours(kernel, stride, padding), theirs(kernel, stride, padding), x)


@given(st.integers(0, 999), st.integers(1, 2))
@settings(max_examples=20)
def test_the_first_of_equal_entries_gets_the_gradient_as_in_torch(
    agrees_with_torch, seed, stride
):
    x = np.random.default_rng(seed).integers(0, 2, (2, 1, 5, 5)).astype(float)
    agrees_with_torch(nn.MaxPool2d(3, stride, 1), torch.nn.MaxPool2d(3, stride, 1), x)


@pytest.mark.parametrize("name", POOLS)
def test_pooling_agrees_with_differences(rng, name):
    x = rng.permutation(2 * 5 * 6).reshape(1, 2, 5, 6).astype(float)
    gradcheck(lambda t: POOLS[name][2](t, (2, 3), (1, 2), (1, 1)), [x], rtol=1e-5)


def test_a_nan_in_a_window_is_not_hidden():
    x = np.zeros((1, 1, 2, 4))
    x[0, 0, 1, 1] = np.nan
    np.testing.assert_array_equal(nn.max_pool2d(Tensor(x), 2).data[0, 0], [[np.nan, 0]])


@pytest.mark.parametrize("size", [(7, 5), (4, 4), (1, 3), (3, 8)])
@pytest.mark.parametrize("outputs", [1, 2, (3, 2), (5, 4)])
def test_adaptive_pooling(agrees_with_torch, rng, size, outputs):
    x = rng.normal(size=(2, 3, *size))
    ours, theirs = nn.AdaptiveAvgPool2d(outputs), torch.nn.AdaptiveAvgPool2d(outputs)
    agrees_with_torch(ours, theirs, x)


def test_the_global_mean_is_the_mean(rng):
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    found = nn.adaptive_avg_pool2d(Tensor(x))
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found.data[..., 0, 0], x.mean(axis=(2, 3)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)]
)
def test_a_small_cnn_on_digits_in_training_and_at_prediction(
    agrees_with_torch, rng, dtype, tolerance
):
    images = (load_digits().images[:24, None] / 16).astype(dtype)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 6, 3, stride=2, bias=False),
        torch.nn.BatchNorm2d(6),
        torch.nn.LeakyReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(6, 10),
    ).to(getattr(torch, dtype))
    ours = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=rng),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, bias=False, rng=rng),
        nn.BatchNorm2d(6),
        nn.LeakyReLU(),
        nn.Flatten(),
        nn.Linear(6, 10, rng=rng),
    ).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    for mode in (True, True, True, False):
        ours.train(mode).zero_grad()
        theirs.train(mode).zero_grad()
        agrees_with_torch(ours, theirs, images, rtol=tolerance, atol=tolerance)
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value, rtol=tolerance)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda x, w: nn.conv2d(x, w, stride=0), "stride is 0; expected one integer"),
        (lambda x, w: nn.conv2d(x, w, padding=-1), "padding is -1; expected one"),
        (lambda x, w: nn.conv2d(x, w, stride=(1, 2, 3)), r"stride is \(1, 2, 3\)"),
        (
            lambda x, w: nn.conv2d(x[:, :1], w),
            r"\(n, 2, height, width\), found \(1, 1,",
        ),
        (lambda x, w: nn.conv2d(x[0], w), r"found \(2, 3, 4\)"),
        (lambda x, w: nn.conv2d(x[..., :1], w), "does not fit into padded images"),
        (lambda x, w: nn.max_pool2d(x, 5), "does not fit into padded images"),
        (lambda x, w: nn.max_pool2d(x, 2, padding=2), "at most half of kernel_size"),
        (lambda x, w: nn.avg_pool2d(x[0], 2), r"\(n, channels, height, width\), found"),
        (lambda x, w: nn.adaptive_avg_pool2d(x, 0), "output_size is 0"),
        (lambda x, w: nn.Conv2d(0, 1, 3, rng=None), "in_channels is 0"),
        (lambda x, w: nn.Conv2d(1, 1, 1.5, rng=None), r"kernel_size is 1\.5"),
    ],
)
def test_bad_geometry_is_refused_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask(Tensor(np.zeros((1, 2, 3, 4))), Tensor(np.zeros((1, 2, 3, 2))))


def test_an_empty_batch_stays_empty(rng):
    layer = nn.Sequential(nn.Conv2d(2, 3, 2, rng=rng), nn.MaxPool2d(2), nn.AvgPool2d(1))
    out = layer(Tensor(np.zeros((0, 2, 5, 5)), requires_grad=True))
    assert out.shape == (0, 3, 2, 2)
    out.sum().backward()
    assert not layer[0].weight.grad.any()
