"""Boxes: how much two overlap, which of many to keep, and how good a detector is.

A box is (left, top, right, bottom). Overlap is the one idea: suppression drops boxes
that overlap a better one, anchors learn from the truth that they overlap most, and a
detection is right if it overlaps a true box enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ml_from_scratch.base import Floats, Integers

__all__ = [
    "Detections",
    "Truths",
    "anchor_boxes",
    "average_precisions",
    "box_iou",
    "decode_boxes",
    "detection_average_precision",
    "encode_boxes",
    "generalized_box_iou",
    "nms",
]


def box_iou(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return intersection over union of each box with each other box.

    Parameters
    ----------
    first : array_like of shape (n, 4)
        Boxes (left, top, right, bottom).
    second : array_like of shape (m, 4)
        Boxes.

    Returns
    -------
    numpy.ndarray of shape (n, m)
        1 for equal boxes, 0 for boxes that at most touch, and for two without area.

    Raises
    ------
    ValueError
        If a box is not finite, or ends before it begins.

    Notes
    -----
    O(n m) time and memory.

    Taught in: domains/vision-detection.

    Examples
    --------
    >>> box_iou([[0, 0, 2, 2]], [[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6]]).round(3)
    array([[0.333, 1.   , 0.   ]])
    """
    a, b = _boxes(first, "first"), _boxes(second, "second")
    shared, union = _shared_and_union(a, b)
    return _ratio(shared, union)


def generalized_box_iou(first: ArrayLike, second: ArrayLike) -> Floats:
    """Return IoU less the share of the enclosing box that neither box covers.

    Parameters
    ----------
    first : array_like of shape (n, 4)
        Boxes (left, top, right, bottom).
    second : array_like of shape (m, 4)
        Boxes.

    Returns
    -------
    numpy.ndarray of shape (n, m)
        From -1, far apart, to 1, equal: unlike IoU it tells near misses from far ones.

    Raises
    ------
    ValueError
        If a box is not finite, or ends before it begins.

    Notes
    -----
    O(n m) time and memory.

    Taught in: domains/vision-detection.

    References
    ----------
    Rezatofighi et al. (2019), Generalized Intersection over Union, CVPR.

    Examples
    --------
    >>> generalized_box_iou([[0, 0, 1, 1]], [[1, 0, 2, 1], [3, 0, 4, 1]])
    array([[ 0. , -0.5]])
    """
    a, b = _boxes(first, "first"), _boxes(second, "second")
    shared, union = _shared_and_union(a, b)
    low = np.minimum(a[:, None, :2], b[None, :, :2])
    high = np.maximum(a[:, None, 2:], b[None, :, 2:])
    around = np.prod(high - low, axis=2)
    return _ratio(shared, union) - _ratio(around - union, around)


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> Integers:
    """Keep the best box of each heap: non-maximum suppression.

    Parameters
    ----------
    boxes : array_like of shape (n, 4)
        Boxes (left, top, right, bottom).
    scores : array_like of shape (n,)
        How sure the detector is of each.
    iou_threshold : float
        A box goes if it overlaps a kept one with a better score by more than this.

    Returns
    -------
    numpy.ndarray of int
        The rows kept, best score first; of equal scores, the earlier row first.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is not finite, or the threshold no share.

    Notes
    -----
    O(n log n + n k) time for k kept boxes, O(n) memory: each kept box meets all that
    are left at once, and no (n, n) matrix is made.

    Taught in: domains/vision-detection.

    References
    ----------
    Felzenszwalb, Girshick, McAllester and Ramanan (2010), Object Detection with
    Discriminatively Trained Part-Based Models, section 7.2, PAMI 32(9).

    Examples
    --------
    >>> boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]]
    >>> nms(boxes, [0.8, 0.9, 0.1], iou_threshold=0.5)
    array([1, 2])
    """
    boxes = _boxes(boxes, "boxes")
    scores = _scores(scores, len(boxes))
    _check_threshold(iou_threshold)
    left = np.argsort(-scores, kind="stable")  # rows still in the race, best first
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        overlap = _ratio(*_shared_and_union(boxes[best : best + 1], boxes[left]))[0]
        left = left[overlap <= iou_threshold]
    return np.array(kept, dtype=np.intp)


# Anchors --------------------------------------------------------------------------


def anchor_boxes(
    rows: int,
    columns: int,
    stride: float,
    sizes: Sequence[float],
    ratios: Sequence[float] = (1.0,),
) -> Floats:
    """Return boxes of several sizes and shapes around each cell of a grid.

    Parameters
    ----------
    rows, columns : int
        Of the feature map.
    stride : float
        How many pixels of the image a cell covers, each way.
    sizes : sequence of float
        Square roots of areas, in pixels.
    ratios : sequence of float
        Height over width.

    Returns
    -------
    numpy.ndarray of shape (rows * columns * sizes * ratios, 4)
        Row by row of the grid; in each cell all ratios of the first size come first.

    Raises
    ------
    ValueError
        If a size, ratio or stride is not positive, or the grid is empty.

    Notes
    -----
    Taught in: domains/vision-detection.

    References
    ----------
    Ren, He, Girshick and Sun (2015), Faster R-CNN, section 3.1, NeurIPS.

    Examples
    --------
    >>> anchor_boxes(1, 2, stride=8, sizes=[4])
    array([[ 2.,  2.,  6.,  6.],
           [10.,  2., 14.,  6.]])
    """
    if min(rows, columns) < 1 or not min(stride, *sizes, *ratios) > 0:
        raise ValueError(
            f"expected rows, columns, stride, sizes and ratios above 0, found {rows}, "
            f"{columns}, {stride}, {list(sizes)} and {list(ratios)}."
        )
    y, x = (np.indices((rows, columns)).reshape(2, -1) + 0.5) * stride
    size, stretch = (m.ravel() for m in np.meshgrid(sizes, ratios, indexing="ij"))
    half_width, half_height = size / np.sqrt(stretch) / 2, size * np.sqrt(stretch) / 2
    x, y = x[:, None], y[:, None]  # (cells, 1) against (shapes,)
    corners = [x - half_width, y - half_height, x + half_width, y + half_height]
    return np.stack(corners, axis=-1).reshape(-1, 4)


def encode_boxes(boxes: ArrayLike, anchors: ArrayLike) -> Floats:
    """Say where boxes lie relative to their anchors, as a network should predict it.

    Parameters
    ----------
    boxes, anchors : array_like of shape (n, 4)
        Boxes (left, top, right, bottom), with an area above 0, row by row.

    Returns
    -------
    numpy.ndarray of shape (n, 4)
        How far the centre moved, in widths and heights of the anchor, and the
        logarithms of how much wider and higher the box is.

    Raises
    ------
    ValueError
        If the shapes differ, or a box has no area.

    Notes
    -----
    Taught in: domains/vision-detection.

    References
    ----------
    Girshick et al. (2014), Rich Feature Hierarchies for Accurate Object Detection,
    appendix C, CVPR.

    Examples
    --------
    >>> encode_boxes([[1, 0, 3, 2]], [[0, 0, 2, 2]])
    array([[0.5, 0. , 0. , 0. ]])
    """
    (centre, size), (at, scale) = _centre_size(boxes), _centre_size(anchors)
    if len(centre) != len(at):
        raise ValueError(f"{len(centre)} boxes do not belong to {len(at)} anchors.")
    return np.hstack([(centre - at) / scale, np.log(size / scale)])


def decode_boxes(codes: ArrayLike, anchors: ArrayLike) -> Floats:
    """Turn what `encode_boxes` gave back into boxes.

    Parameters
    ----------
    codes : array_like of shape (n, 4)
        Shifts and logarithms of sizes.
    anchors : array_like of shape (n, 4)
        Boxes (left, top, right, bottom), with an area above 0.

    Returns
    -------
    numpy.ndarray of shape (n, 4)
        Boxes (left, top, right, bottom).

    Raises
    ------
    ValueError
        If the shapes differ, or an anchor has no area.

    Notes
    -----
    Taught in: domains/vision-detection.

    Examples
    --------
    >>> decode_boxes([[0.5, 0.0, 0.0, 0.0]], [[0, 0, 2, 2]])
    array([[1., 0., 3., 2.]])
    """
    codes = np.asarray(codes, dtype=np.float64)
    at, scale = _centre_size(anchors)
    if codes.shape != (len(at), 4):
        raise ValueError(f"codes of {codes.shape} do not belong to {len(at)} anchors.")
    centre, half = at + codes[:, :2] * scale, np.exp(codes[:, 2:]) * scale / 2
    return np.hstack([centre - half, centre + half])


def _centre_size(boxes: ArrayLike) -> tuple[Floats, Floats]:
    corners = _boxes(boxes, "boxes")
    size = corners[:, 2:] - corners[:, :2]
    if not (size > 0).all():
        raise ValueError("a box without width or height has no code.")
    return (corners[:, :2] + corners[:, 2:]) / 2, size


# How good a detector is -----------------------------------------------------------


class Detections(NamedTuple):
    """What a detector found in one image.

    Parameters
    ----------
    boxes : array_like of shape (n, 4)
        Boxes (left, top, right, bottom).
    scores : array_like of shape (n,)
        How sure it is.
    labels : array_like of shape (n,)
        Classes.

    Notes
    -----
    Taught in: domains/vision-detection.

    Examples
    --------
    >>> Detections([[0, 0, 1, 1]], [0.9], ["cat"]).labels
    ['cat']
    """

    boxes: ArrayLike
    scores: ArrayLike
    labels: ArrayLike


class Truths(NamedTuple):
    """What is in one image.

    Parameters
    ----------
    boxes : array_like of shape (n, 4)
        Boxes (left, top, right, bottom).
    labels : array_like of shape (n,)
        Classes.

    Notes
    -----
    Taught in: domains/vision-detection.

    Examples
    --------
    >>> Truths([[0, 0, 1, 1]], ["cat"]).labels
    ['cat']
    """

    boxes: ArrayLike
    labels: ArrayLike


def average_precisions(
    found: Sequence[Detections], truth: Sequence[Truths], iou_threshold: float = 0.5
) -> dict[object, float]:
    """Return, for each class, the area under its curve of precision by recall.

    Parameters
    ----------
    found : sequence of Detections
        One for each image.
    truth : sequence of Truths
        One for each image, in the same order.
    iou_threshold : float
        How much a detection must overlap a true box to be right.

    Returns
    -------
    dict
        Average precision, 0 to 1, of each class that is in the truth.

    Raises
    ------
    ValueError
        If there are not as many of both, or shapes do not fit.

    Notes
    -----
    Best score first, each detection takes the true box of its class and image that it
    overlaps most; if that one is taken, it counts as wrong: seeing a thing twice is
    a mistake. Precision is then made to fall with recall, and all its steps are added
    up (PASCAL VOC from 2010 on). O(n m) for each image.

    Taught in: domains/vision-detection.

    References
    ----------
    Everingham et al. (2010), The PASCAL Visual Object Classes (VOC) Challenge,
    section 4.2, IJCV 88.

    Examples
    --------
    >>> found = [Detections([[0, 0, 2, 2], [9, 9, 10, 10]], [0.6, 0.9], ["cat", "cat"])]
    >>> average_precisions(found, [Truths([[0, 0, 2, 2]], ["cat"])])
    {'cat': 0.5}
    """
    if len(found) != len(truth):
        raise ValueError(
            f"found has {len(found)} images and truth {len(truth)}; expected as many."
        )
    _check_threshold(iou_threshold)
    classes = sorted({label for image in truth for label in _labels(image).tolist()})
    return {
        label: _average_precision(found, truth, label, iou_threshold)
        for label in classes
    }


def detection_average_precision(
    found: Sequence[Detections],
    truth: Sequence[Truths],
    iou_thresholds: Sequence[float] = (0.5,),
) -> float:
    """Return average precision, averaged over classes and overlap thresholds.

    Parameters
    ----------
    found : sequence of Detections
        One for each image.
    truth : sequence of Truths
        One for each image, in the same order.
    iou_thresholds : sequence of float
        How much a detection must overlap a true box to be right; COCO takes ten from
        0.5 to 0.95.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If there is no true box or no threshold, or shapes do not fit.

    Notes
    -----
    See `average_precisions`.

    Taught in: domains/vision-detection.

    References
    ----------
    Lin et al. (2014), Microsoft COCO: Common Objects in Context, ECCV.

    Examples
    --------
    >>> found = [Detections([[0, 0, 2, 2]], [0.6], ["cat"])]
    >>> detection_average_precision(found, [Truths([[0, 0, 2, 2]], ["cat"])])
    1.0
    """
    tables = [average_precisions(found, truth, at) for at in iou_thresholds]
    values = [value for table in tables for value in table.values()]
    if not values:
        raise ValueError(
            "detection_average_precision needs a true box and a threshold."
        )
    return float(np.mean(values))


def _average_precision(
    found: Sequence[Detections],
    truth: Sequence[Truths],
    label: object,
    threshold: float,
) -> float:
    scores, right, total = [], [], 0
    for detected, there in zip(found, truth, strict=True):
        boxes = _boxes(there.boxes, "boxes")[_labels(there) == label]
        of_class = _labels(detected) == label
        rated = _scores(detected.scores, len(of_class))[of_class]
        guesses = _boxes(detected.boxes, "boxes")[of_class]
        scores.append(rated)
        right.append(_matched(guesses, rated, boxes, threshold))
        total += len(boxes)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return _area(np.concatenate(right)[order], total)


def _matched(guesses: Floats, scores: Floats, boxes: Floats, at: float) -> Floats:
    """Say of each detection in an image whether it finds a box not found before."""
    right = np.zeros(len(guesses))
    if not len(boxes):
        return right
    overlap = box_iou(guesses, boxes)
    taken = np.zeros(len(boxes), dtype=bool)
    for i in np.argsort(-scores, kind="stable"):
        best = overlap[i].argmax()
        if overlap[i, best] >= at and not taken[best]:
            right[i] = taken[best] = True
    return right


def _area(right: Floats, total: int) -> float:
    """Add up precision over the steps of recall, once it is made to fall."""
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float((best_from_here * right).sum() / total)


# What they share ------------------------------------------------------------------


def _shared_and_union(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    low = np.maximum(a[:, None, :2], b[None, :, :2])  # (n, m, 2)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2)
    return shared, _area_of(a)[:, None] + _area_of(b) - shared


def _area_of(boxes: Floats) -> Floats:
    area: Floats = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return area


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _boxes(values: ArrayLike, name: str) -> Floats:
    boxes = np.asarray(values, dtype=np.float64)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} has shape {boxes.shape}; expected (n, 4).")
    if not np.isfinite(boxes).all():
        raise ValueError(f"{name} holds NaN or infinity; expected finite numbers.")
    if (boxes[:, 2:] < boxes[:, :2]).any():
        raise ValueError(f"{name} holds a box that ends before it begins.")
    return boxes


def _scores(values: ArrayLike, n: int) -> Floats:
    scores = np.asarray(values, dtype=np.float64)
    if scores.shape != (n,):
        raise ValueError(f"scores has shape {scores.shape}; expected ({n},).")
    if not np.isfinite(scores).all():
        raise ValueError("scores holds NaN or infinity; expected finite numbers.")
    return scores


def _labels(image: Detections | Truths) -> np.ndarray:
    labels, n = np.asarray(image.labels), len(_boxes(image.boxes, "boxes"))
    if labels.shape != (n,):
        raise ValueError(f"labels has shape {labels.shape}; expected ({n},).")
    return labels


def _check_threshold(value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"an IoU threshold is {value}; expected 0 to 1.")
