"""Images as arrays: resizing, grey values, and the overlap of masks.

Resizing along one axis is a product with a matrix that says which old pixels each new
one is made of; along two axes it is two products, at any size.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml_from_scratch.base import Floats

__all__ = ["dice_score", "mask_iou", "resize", "rgb_to_gray"]

Image = NDArray[Any]
# How much red, green and blue each add to what we see as brightness.
LUMA = (0.299, 0.587, 0.114)


def resize(
    images: ArrayLike,
    size: tuple[int, int],
    mode: Literal["bilinear", "nearest"] = "bilinear",
    axes: tuple[int, int] = (-2, -1),
) -> Image:
    """Bring images to another height and width.

    Parameters
    ----------
    images : array_like
        Any number of axes.
    size : (int, int)
        New height and width.
    mode : {"bilinear", "nearest"}
        Mix the two nearest pixels of each axis, or take one.
    axes : (int, int)
        Which axes are height and width: (-2, -1) for NCHW, (-3, -2) for NHWC.

    Returns
    -------
    numpy.ndarray
        Floats from "bilinear", the dtype of the images from "nearest".

    Raises
    ------
    ValueError
        If a size is not positive, there is no pixel, or another mode is asked for.

    Notes
    -----
    The centre of a pixel is at + 0.5, as in `torch.nn.functional.interpolate` with
    align_corners=False. It does not blur first: shrink by more than half and thin
    lines break up.

    Taught in: domains/vision-classification.

    Examples
    --------
    >>> resize([[0.0, 4.0]], (1, 4))
    array([[0., 1., 3., 4.]])
    """
    image = np.moveaxis(np.asarray(images), axes, (-2, -1))
    if min(size) < 1 or min(image.shape[-2:]) < 1:
        raise ValueError(f"cannot resize {image.shape[-2:]} to {size}.")
    if mode == "nearest":
        rows, columns = (
            np.arange(new) * old // new
            for new, old in zip(size, image.shape[-2:], strict=True)
        )
        out = image[..., rows[:, None], columns]
    elif mode == "bilinear":
        floats = image if image.dtype.kind == "f" else image.astype(np.float64)
        down, across = (
            _mixing(new, old).astype(floats.dtype)
            for new, old in zip(size, floats.shape[-2:], strict=True)
        )
        out = down @ floats @ across.T
    else:
        raise ValueError(f"mode is {mode!r}; expected 'bilinear' or 'nearest'.")
    return np.moveaxis(out, (-2, -1), axes)


def _mixing(new: int, old: int) -> Floats:
    """Return the matrix (new, old) whose rows mix two neighbours each."""
    place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    before = np.minimum(place.astype(int), max(old - 2, 0))
    share = place - before
    matrix, row = np.zeros((new, old)), np.arange(new)
    matrix[row, before] = 1.0 - share
    matrix[row, np.minimum(before + 1, old - 1)] += share
    return matrix


def rgb_to_gray(images: ArrayLike, channel_axis: int = -1) -> Floats:
    """Return the brightness of each pixel, as the eye weighs colours.

    Parameters
    ----------
    images : array_like
        With three channels, red, green and blue.
    channel_axis : int
        Which axis they are.

    Returns
    -------
    numpy.ndarray
        Without that axis; float.

    Raises
    ------
    ValueError
        If there are not three channels.

    Notes
    -----
    Taught in: domains/vision-classification.

    References
    ----------
    ITU-R Recommendation BT.601, section 2.5.1.

    Examples
    --------
    >>> rgb_to_gray([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]).round(3)
    array([1.   , 0.587])
    """
    image = np.moveaxis(np.asarray(images), channel_axis, -1)
    if image.shape[-1] != 3:
        raise ValueError(
            f"axis {channel_axis} has {image.shape[-1]} channels; expected 3."
        )
    weights = np.array(LUMA, dtype=image.dtype if image.dtype.kind == "f" else None)
    gray: Floats = image @ weights
    return gray


def mask_iou(first: ArrayLike, second: ArrayLike) -> float:
    """Return intersection over union of two masks.

    Parameters
    ----------
    first, second : array_like of bool, of one shape
        Which pixels belong.

    Returns
    -------
    float
        0 to 1; 1 for two empty masks, which agree.

    Raises
    ------
    ValueError
        If the shapes differ, or a mask is not of 0 and 1.

    Notes
    -----
    Taught in: domains/vision-segmentation.

    Examples
    --------
    >>> mask_iou([1, 1, 0, 0], [0, 1, 1, 1])
    0.25
    """
    a, b = _masks(first, second)
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0


def dice_score(first: ArrayLike, second: ArrayLike) -> float:
    """Return twice the intersection of two masks over the sum of their sizes.

    Parameters
    ----------
    first, second : array_like of bool, of one shape
        Which pixels belong.

    Returns
    -------
    float
        0 to 1; 1 for two empty masks. It is the F1 score of the pixels, and 2 i /
        (1 + i) for an IoU of i.

    Raises
    ------
    ValueError
        If the shapes differ, or a mask is not of 0 and 1.

    Notes
    -----
    Taught in: domains/vision-segmentation.

    References
    ----------
    Dice (1945), Measures of the Amount of Ecologic Association Between Species,
    Ecology 26(3).

    Examples
    --------
    >>> dice_score([1, 1, 0, 0], [0, 1, 1, 1])
    0.4
    """
    a, b = _masks(first, second)
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def _masks(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.bool_], ...]:
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape:
        raise ValueError(f"masks of {a.shape} and {b.shape} cannot be compared.")
    for mask in (a, b):
        if not np.isin(mask, (0, 1)).all():
            raise ValueError("a mask holds 0 and 1 only; compare probabilities first.")
    return a.astype(bool), b.astype(bool)
