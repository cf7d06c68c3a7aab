"""Resizing against torch, masks against scikit-learn, augmentation by properties."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.metrics import f1_score, jaccard_score

from ml_from_scratch import vision

F = torch.nn.functional
SEEDS = st.integers(0, 9999)
SIDES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def photos(n=6, seed=0):
    """Return smooth colour images (n, 3, 8, 8) from 0 to 1."""
    raw = np.random.default_rng(seed).random((n, 3, 8, 8))
    return ndimage.uniform_filter(raw, (0, 0, 3, 3))


# Resizing and grey values ---------------------------------------------------------


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@given(SIDES, SIDES, SEEDS)
@settings(max_examples=40)
def test_resizing_is_torchs_interpolation(mode, old, new, seed):
    x = np.random.default_rng(seed).normal(size=(2, 3, *old))
    options = {"align_corners": False} if mode == "bilinear" else {}
    expected = F.interpolate(torch.tensor(x), new, mode=mode, **options).numpy()
    found = vision.resize(x, new, mode)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    last = vision.resize(x.transpose(0, 2, 3, 1), new, mode, axes=(-3, -2))
    np.testing.assert_allclose(last, expected.transpose(0, 2, 3, 1), atol=1e-12)


def test_resizing_to_the_same_size_changes_nothing_and_keeps_float32():
    x = load_digits().images.astype(np.float32)
    for mode in ("bilinear", "nearest"):
        found = vision.resize(x, (8, 8), mode)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, x)
    bytes_ = x.astype(np.uint8)
    assert vision.resize(bytes_, (4, 4), "nearest").dtype == np.uint8
    assert vision.resize(bytes_, (16, 16)).dtype == np.float64
    assert vision.resize(bytes_, (16, 16)).max() <= bytes_.max()


def test_grey_is_the_weighted_mean_of_channels():
    x = photos()
    expected = 0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2]
    np.testing.assert_allclose(vision.rgb_to_gray(x, channel_axis=1), expected)
    assert vision.rgb_to_gray(x.astype(np.float32), 1).dtype == np.float32
    assert vision.rgb_to_gray([255, 255, 255]) == pytest.approx(255)


# Masks ----------------------------------------------------------------------------


@given(SEEDS, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30)
def test_mask_scores_are_scikit_learns(seed, p, q):
    rng = np.random.default_rng(seed)
    a, b = rng.random((5, 4)) < p, rng.random((5, 4)) < q
    iou, dice = vision.mask_iou(a, b), vision.dice_score(a.astype(float), b)
    flat = a.ravel(), b.ravel()
    assert iou == pytest.approx(jaccard_score(*flat, zero_division=1.0))
    assert dice == pytest.approx(f1_score(*flat, zero_division=1.0))
    assert dice == pytest.approx(2 * iou / (1 + iou))


# Augmentation ---------------------------------------------------------------------

MOVES = {
    "flip": lambda x, rng: vision.random_flip(x, rng=rng),
    "crop": lambda x, rng: vision.random_crop(x, 2, rng=rng),
    "turn": lambda x, rng: vision.random_rotation(x, 30, rng=rng),
    "jitter": lambda x, rng: vision.color_jitter(x, 0.5, 0.5, 0.5, rng=rng),
    "cutout": lambda x, rng: vision.cutout(x, 3, rng=rng),
    "mixup": lambda x, rng: vision.mixup(x, np.eye(len(x)), rng=rng)[0],
    "cutmix": lambda x, rng: vision.cutmix(x, np.eye(len(x)), rng=rng)[0],
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype_stay_and_the_input_is_not_touched(name, dtype):
    x = photos(16).astype(dtype)
    before = x.copy()
    one, two = (MOVES[name](x, np.random.default_rng(4)) for _ in range(2))
    assert (one.shape, one.dtype) == (x.shape, dtype)
    np.testing.assert_array_equal(one, two)  # the same seed
    np.testing.assert_array_equal(x, before)
    assert not np.array_equal(one, x)
    assert one.min() >= 0
    assert one.max() <= 1


NHWC = {
    "crop": lambda x, rng: vision.random_crop(x, 2, axes=(-3, -2), rng=rng),
    "turn": lambda x, rng: vision.random_rotation(x, 30, axes=(-3, -2), rng=rng),
    "jitter": lambda x, rng: vision.color_jitter(
        x, 0.5, 0.5, 0.5, channel_axis=-1, rng=rng
    ),
    "cutout": lambda x, rng: vision.cutout(x, 3, axes=(-3, -2), rng=rng),
    "cutmix": lambda x, rng: vision.cutmix(x, np.eye(len(x)), axes=(-3, -2), rng=rng)[
        0
    ],
    "flip": lambda x, rng: vision.random_flip(x, axis=-2, rng=rng),
}


@pytest.mark.parametrize("name", NHWC)
def test_channels_may_come_last(name):
    x = photos(8)
    first = MOVES[name](x, np.random.default_rng(1))
    last = NHWC[name](x.transpose(0, 2, 3, 1), np.random.default_rng(1))
    np.testing.assert_allclose(last.transpose(0, 3, 1, 2), first, atol=1e-12)


def test_flips_mirror_about_half_of_the_images():
    x = photos(400)
    out = vision.random_flip(x, rng=np.random.default_rng(0))
    mirrored = (out == x[..., ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (out == x).all(axis=(1, 2, 3))).all()
    assert 160 < mirrored.sum() < 240


def test_crops_are_all_the_shifts_there_are_and_no_other():
    image = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    out = vision.random_crop(np.repeat(image, 300, 0), 1, rng=np.random.default_rng(0))
    padded = np.pad(image[0, 0], 1)
    shifts = {padded[i : i + 3, j : j + 3].tobytes() for i, j in np.ndindex(3, 3)}
    assert {crop[0].tobytes() for crop in out} == shifts


def test_a_turn_is_scipys_and_its_sign_is_the_same_for_each_channel():
    x = photos(3)
    out = vision.random_rotation(x, 40, rng=np.random.default_rng(2))
    angles = np.random.default_rng(2).uniform(-40, 40, 3)
    for i, c in np.ndindex(3, 3):
        expected = ndimage.rotate(x[i, c], angles[i], reshape=False, order=1)
        np.testing.assert_allclose(out[i, c], expected, atol=1e-12)
    np.testing.assert_array_equal(
        vision.random_rotation(x, 0, rng=np.random.default_rng(0)), x
    )


def test_jitter_does_what_each_factor_says():
    x, rng = photos(5), np.random.default_rng
    brighter = vision.color_jitter(x, brightness=0.3, rng=rng(0))
    factors = rng(0).uniform(0.7, 1.3, 5)[:, None, None, None]
    np.testing.assert_allclose(brighter, np.clip(x * factors, 0, 1))
    gray = vision.rgb_to_gray(x, 1)
    flatter = vision.color_jitter(0.4 + 0.2 * x, contrast=0.9, rng=rng(0))
    mean = 0.4 + 0.2 * gray.mean(axis=(1, 2))
    np.testing.assert_allclose(
        vision.rgb_to_gray(flatter, 1).mean(axis=(1, 2)), mean, atol=1e-9
    )
    paler = vision.color_jitter(0.4 + 0.2 * x, saturation=0.9, rng=rng(0))
    np.testing.assert_allclose(vision.rgb_to_gray(paler, 1), 0.4 + 0.2 * gray)
    assert np.abs(paler - 0.4 - 0.2 * x).max() > 0.001


@given(SEEDS, st.integers(0, 12))
@settings(max_examples=25)
def test_cutout_blacks_out_one_rectangle_of_at_most_the_size(seed, size):
    x = np.ones((4, 3, 9, 7))
    out = vision.cutout(x, size, rng=np.random.default_rng(seed))
    for image in out:
        np.testing.assert_array_equal(image[0], image[2])
        rows, columns = np.nonzero(image[0] == 0)
        if size == 0:
            assert not len(rows)
            continue
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert len(rows) == height * width  # a full rectangle
        assert min(size, 9) // 2 <= height <= min(size, 9)
        assert 1 <= width <= min(size, 7)


@given(SEEDS, st.floats(0.1, 5.0))
@settings(max_examples=25)
def test_labels_are_mixed_as_pixels_are(seed, alpha):
    """Image i is full of the number i, so pixels say what they are made of."""
    n = 5
    x = np.broadcast_to(np.arange(n, dtype=float)[:, None, None, None], (n, 1, 9, 7))
    for mix in (vision.mixup, vision.cutmix):
        out, labels = mix(x, np.eye(n), alpha, rng=np.random.default_rng(seed))
        np.testing.assert_allclose(labels.sum(axis=1), 1.0)
        assert (labels >= 0).all()
        np.testing.assert_allclose(
            out.mean(axis=(1, 2, 3)), labels @ np.arange(n), atol=1e-9
        )


def test_mixing_draws_its_share_from_the_beta_distribution():
    shares = []
    for seed in range(300):
        _, labels = vision.mixup(
            np.zeros((2, 1)), np.eye(2), 0.2, rng=np.random.default_rng(seed)
        )
        shares.append(labels[0, 0])
    pure = np.mean([share in (0.0, 1.0) or not 0.01 < share < 0.99 for share in shares])
    assert pure > 0.5  # a small alpha rarely blends by halves
    big = [
        vision.mixup(np.zeros((2, 1)), np.eye(2), 1e4, rng=np.random.default_rng(s))[1]
        for s in range(20)
    ]
    assert all(abs(labels[0, 0] - 0.5) < 0.05 or labels[0, 0] == 1.0 for labels in big)


# Bad input ------------------------------------------------------------------------

X, RNG = np.zeros((2, 3, 4, 4)), np.random.default_rng(0)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: vision.resize(X, (0, 4)), r"cannot resize \(4, 4\) to \(0, 4\)"),
        (lambda: vision.resize(X[..., :0], (2, 2)), r"cannot resize \(4, 0\)"),
        (lambda: vision.resize(X, (2, 2), "cubic"), "mode is 'cubic'"),
        (lambda: vision.rgb_to_gray(X), "axis -1 has 4 channels; expected 3"),
        (lambda: vision.mask_iou([1, 0], [1]), r"masks of \(2,\) and \(1,\)"),
        (lambda: vision.dice_score([0.5, 0], [1, 0]), "0 and 1 only"),
        (lambda: vision.random_flip([1, 2], rng=RNG), r"found int64 of shape \(2,\)"),
        (lambda: vision.random_flip([["a"]], rng=RNG), "of numbers, found <U1"),
        (lambda: vision.random_flip(X, 2.0, rng=RNG), "p is 2.0"),
        (lambda: vision.random_crop(X, -1, rng=RNG), "padding is -1"),
        (lambda: vision.random_rotation(X, -1, rng=RNG), "degrees is -1"),
        (lambda: vision.cutout(X, -1, rng=RNG), "size is -1"),
        (lambda: vision.color_jitter(X, 2.0, rng=RNG), "brightness is 2.0"),
        (lambda: vision.color_jitter(X + 7, rng=RNG), "floats from 0 to 1; divide"),
        (lambda: vision.color_jitter(X.astype(int), rng=RNG), "divide bytes by 255"),
        (lambda: vision.color_jitter(X[:, :1], rng=RNG), "has 1 channels; expected 3"),
        (lambda: vision.mixup(X, [0, 1], rng=RNG), r"targets has shape \(2,\)"),
        (lambda: vision.cutmix(X, np.eye(3), rng=RNG), r"expected \(2, classes\)"),
        (lambda: vision.mixup(X, np.eye(2), 0.0, rng=RNG), "alpha is 0.0"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()
