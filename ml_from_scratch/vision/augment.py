"""Augmentation: images that could have been taken, from those that were.

All work on a batch, the first axis, and draw for each image by itself. Height and
width are the last two axes (NCHW) unless `axes` says otherwise; (-3, -2) is NHWC.
Labels change only where pixels of two images are mixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ml_from_scratch.base import Floats
from ml_from_scratch.vision.images import rgb_to_gray

__all__ = [
    "color_jitter",
    "cutmix",
    "cutout",
    "mixup",
    "random_crop",
    "random_flip",
    "random_rotation",
]

Images = NDArray[Any]
NCHW = (-2, -1)


def random_flip(
    images: ArrayLike, p: float = 0.5, *, axis: int = -1, rng: np.random.Generator
) -> Images:
    """Mirror some images, chosen at random.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch.
    p : float
        The probability of each image.
    axis : int
        Along which: -1 is left and right for NCHW, -2 for NHWC.
    rng : numpy.random.Generator
        Chooses.

    Returns
    -------
    numpy.ndarray
        A copy, of the same shape and dtype.

    Raises
    ------
    ValueError
        If there is no batch, or `p` is no probability.

    Notes
    -----
    Taught in: domains/vision-classification.

    Examples
    --------
    >>> random_flip([[[1, 2]]], p=1.0, rng=np.random.default_rng(0)).tolist()
    [[[2, 1]]]
    """
    out = _batch(images).copy()
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p is {p}; expected a probability.")
    chosen = rng.random(len(out)) < p
    out[chosen] = np.flip(out[chosen], axis)
    return out


def random_crop(
    images: ArrayLike,
    padding: int,
    *,
    axes: tuple[int, int] = NCHW,
    rng: np.random.Generator,
) -> Images:
    """Put a border of zeros around each image and cut the old size out at random.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch.
    padding : int
        The width of the border: images move by up to so many pixels.
    axes : (int, int)
        Height and width.
    rng : numpy.random.Generator
        Chooses where.

    Returns
    -------
    numpy.ndarray
        Of the same shape and dtype.

    Raises
    ------
    ValueError
        If there is no batch, or the padding is negative.

    Notes
    -----
    All crops are taken by one indexing operation from a view of all windows.

    Taught in: domains/vision-classification.

    Examples
    --------
    >>> random_crop(np.ones((5, 3, 8, 8)), 2, rng=np.random.default_rng(0)).shape
    (5, 3, 8, 8)
    """
    moved = np.moveaxis(_batch(images), axes, (-2, -1))  # (n, ..., h, w)
    if padding < 0:
        raise ValueError(f"padding is {padding}; expected 0 or more.")
    border = [(0, 0)] * (moved.ndim - 2) + [(padding, padding)] * 2
    windows = sliding_window_view(np.pad(moved, border), moved.shape[-2:], (-2, -1))
    top, left = rng.integers(0, 2 * padding + 1, (2, len(moved)))
    out = windows[np.arange(len(moved)), ..., top, left, :, :]
    return np.moveaxis(out, (-2, -1), axes)


def random_rotation(
    images: ArrayLike,
    degrees: float,
    *,
    axes: tuple[int, int] = NCHW,
    rng: np.random.Generator,
) -> Floats:
    """Turn each image around its centre by a random angle.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch.
    degrees : float
        The largest angle, either way.
    axes : (int, int)
        Height and width.
    rng : numpy.random.Generator
        Draws angles evenly.

    Returns
    -------
    numpy.ndarray
        Floats of the same shape; neighbours are mixed, and corners become zero.

    Raises
    ------
    ValueError
        If there is no batch, or `degrees` is negative.

    Notes
    -----
    Taught in: domains/vision-classification.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> turned = random_rotation(np.ones((2, 1, 9, 9)), 30, rng=rng)
    >>> turned.shape, turned[:, 0, 4, 4].tolist()
    ((2, 1, 9, 9), [1.0, 1.0])
    """
    batch = _batch(images)
    if not degrees >= 0:
        raise ValueError(f"degrees is {degrees}; expected 0 or more.")
    floats = batch if batch.dtype.kind == "f" else batch.astype(np.float64)
    # `axes` counts from the end, so it names the same axes of one image.
    height, width = axes
    out = np.empty_like(floats)
    for i, angle in enumerate(rng.uniform(-degrees, degrees, len(floats))):
        ndimage.rotate(floats[i], angle, (width, height), False, out[i], order=1)
    return out


def color_jitter(
    images: ArrayLike,
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
    *,
    channel_axis: int = 1,
    rng: np.random.Generator,
) -> Floats:
    """Change brightness, contrast and saturation of each image a little.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        Colour images, floats from 0 to 1.
    brightness, contrast, saturation : float
        How far each factor may be from 1: 0 for no change, at most 1.
    channel_axis : int
        The axis of red, green and blue: 1 for NCHW, -1 for NHWC.
    rng : numpy.random.Generator
        Draws factors evenly.

    Returns
    -------
    numpy.ndarray
        Of the same shape, from 0 to 1.

    Raises
    ------
    ValueError
        If pixels are not from 0 to 1, there are not three channels, or a strength is
        out of range.

    Notes
    -----
    Each of the three moves an image away from, or towards, a duller one: black, its
    mean grey, and its grey values.

    Taught in: domains/vision-classification.

    Examples
    --------
    >>> gray = np.full((2, 3, 4, 4), 0.5)
    >>> same = color_jitter(gray, 0.0, 0.5, 0.5, rng=np.random.default_rng(0))
    >>> bool(np.allclose(same, gray))
    True
    """
    out = np.moveaxis(_batch(images), channel_axis, -1)
    if out.dtype.kind != "f" or (out.size and not (out.min() >= 0 and out.max() <= 1)):
        raise ValueError("color_jitter takes floats from 0 to 1; divide bytes by 255.")
    for name, strength in [
        ("brightness", brightness),
        ("contrast", contrast),
        ("saturation", saturation),
    ]:
        if not 0.0 <= strength <= 1.0:
            raise ValueError(f"{name} is {strength}; expected 0 to 1.")
        gray = rgb_to_gray(out)[..., None]
        dull = {
            "brightness": np.zeros_like(gray),
            "contrast": gray.mean(axis=tuple(range(1, gray.ndim)), keepdims=True),
            "saturation": gray,
        }[name]
        factor = rng.uniform(1 - strength, 1 + strength, len(out)).astype(out.dtype)
        factor = factor.reshape(-1, *(1,) * (out.ndim - 1))
        out = np.clip(dull + factor * (out - dull), 0.0, 1.0)
    return np.moveaxis(out, -1, channel_axis)


def cutout(
    images: ArrayLike,
    size: int,
    *,
    axes: tuple[int, int] = NCHW,
    rng: np.random.Generator,
) -> Images:
    """Black out a square around a random pixel of each image.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch.
    size : int
        The side of the square; what would lie outside the image is cut off.
    axes : (int, int)
        Height and width.
    rng : numpy.random.Generator
        Chooses the pixels.

    Returns
    -------
    numpy.ndarray
        A copy, of the same shape and dtype.

    Raises
    ------
    ValueError
        If there is no batch, or the size is negative.

    Notes
    -----
    Taught in: domains/vision-classification.

    References
    ----------
    DeVries and Taylor (2017), Improved Regularization of Convolutional Neural
    Networks with Cutout, arXiv 1708.04552.

    Examples
    --------
    >>> holes = cutout(np.ones((1, 1, 50, 50)), 3, rng=np.random.default_rng(0))
    >>> int((holes == 0).sum())
    9
    """
    out = _batch(images).copy()
    if size < 0:
        raise ValueError(f"size is {size}; expected 0 or more.")
    view = np.moveaxis(out, axes, (-2, -1))
    height, width = view.shape[-2:]
    tops = rng.integers(0, height, len(view)) - size // 2
    lefts = rng.integers(0, width, len(view)) - size // 2
    for image, top, left in zip(view, tops, lefts, strict=True):
        rows = slice(max(top, 0), max(top + size, 0))
        columns = slice(max(left, 0), max(left + size, 0))
        image[..., rows, columns] = 0
    return out


def mixup(
    images: ArrayLike,
    targets: ArrayLike,
    alpha: float = 0.2,
    *,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Blend each image with another of the batch, and their labels alike.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch; it need not be of images.
    targets : array_like of shape (n, k)
        A distribution over classes for each, such as one-hot rows.
    alpha : float
        The share of the first is drawn from Beta(alpha, alpha), once a batch: near 0
        or 1 for a small alpha.
    rng : numpy.random.Generator
        Draws the share and the partners.

    Returns
    -------
    images : numpy.ndarray of shape (n, ...)
        The blends; floats.
    targets : numpy.ndarray of shape (n, k)
        Distributions, for a cross-entropy that takes them.

    Raises
    ------
    ValueError
        If targets are not (n, k), or alpha is not positive.

    Notes
    -----
    Taught in: domains/vision-classification.

    References
    ----------
    Zhang, Cisse, Dauphin and Lopez-Paz (2018), mixup: Beyond Empirical Risk
    Minimization, ICLR.

    Examples
    --------
    >>> X, y = mixup([[0.0], [1.0]], np.eye(2), rng=np.random.default_rng(0))
    >>> bool(np.allclose(X[:, 0], y[:, 1])), y.sum(axis=1).tolist()
    (True, [1.0, 1.0])
    """
    batch, labels, share, partner = _mixed(images, targets, alpha, rng)
    kept = batch.dtype.type(share)
    blends = kept * batch + (1 - kept) * batch[partner]
    return blends, share * labels + (1 - share) * labels[partner]


def cutmix(
    images: ArrayLike,
    targets: ArrayLike,
    alpha: float = 1.0,
    *,
    axes: tuple[int, int] = NCHW,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Paste a rectangle of another image into each, and mix labels by its area.

    Parameters
    ----------
    images : array_like of shape (n, ...)
        A batch.
    targets : array_like of shape (n, k)
        A distribution over classes for each, such as one-hot rows.
    alpha : float
        The share of the image that stays is drawn from Beta(alpha, alpha), once a
        batch.
    axes : (int, int)
        Height and width.
    rng : numpy.random.Generator
        Draws the share, the place and the partners.

    Returns
    -------
    images : numpy.ndarray of shape (n, ...)
        Floats.
    targets : numpy.ndarray of shape (n, k)
        Distributions, by the area that was really pasted.

    Raises
    ------
    ValueError
        If targets are not (n, k), or alpha is not positive.

    Notes
    -----
    Taught in: domains/vision-classification.

    References
    ----------
    Yun et al. (2019), CutMix: Regularization Strategy to Train Strong Classifiers
    with Localizable Features, ICCV.

    Examples
    --------
    >>> pictures = np.stack([np.zeros((1, 8, 8)), np.ones((1, 8, 8))])
    >>> X, y = cutmix(pictures, np.eye(2), rng=np.random.default_rng(1))
    >>> bool(np.allclose(X.mean(axis=(1, 2, 3)), y[:, 1]))
    True
    """
    batch, labels, share, partner = _mixed(images, targets, alpha, rng)
    out = batch.copy()
    view, other = (np.moveaxis(a, axes, (-2, -1)) for a in (out, batch[partner]))
    rows, columns = (_stretch(n, np.sqrt(1 - share), rng) for n in view.shape[-2:])
    view[..., rows, columns] = other[..., rows, columns]
    pasted = (rows.stop - rows.start) * (columns.stop - columns.start)
    kept = 1.0 - pasted / (view.shape[-2] * view.shape[-1])
    return out, kept * labels + (1 - kept) * labels[partner]


def _mixed(
    images: ArrayLike, targets: ArrayLike, alpha: float, rng: np.random.Generator
) -> tuple[Floats, Floats, float, NDArray[np.intp]]:
    """Check both, and draw the share of the first and a partner for each."""
    batch, labels = _batch(images), np.asarray(targets, dtype=np.float64)
    if labels.ndim != 2 or len(labels) != len(batch):
        raise ValueError(
            f"targets has shape {labels.shape}; expected ({len(batch)}, classes)."
        )
    if not alpha > 0:
        raise ValueError(f"alpha is {alpha}; expected a number above 0.")
    floats = batch if batch.dtype.kind == "f" else batch.astype(np.float64)
    return floats, labels, float(rng.beta(alpha, alpha)), rng.permutation(len(batch))


def _stretch(n: int, share: float, rng: np.random.Generator) -> slice:
    """Return a stretch of n pixels around a random one, cut off at the ends."""
    length, centre = round(n * share), int(rng.integers(0, n))
    start = max(centre - length // 2, 0)
    return slice(start, max(start, min(centre - length // 2 + length, n)))


def _batch(images: ArrayLike) -> Images:
    batch = np.asarray(images)
    if batch.ndim < 2 or batch.dtype.kind not in "biuf":
        raise ValueError(
            f"expected a batch (n, ...) of numbers, found {batch.dtype} of shape "
            f"{batch.shape}."
        )
    return batch
