"""Boxes against brute force, one pixel and one pair at a time, and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve

from ml_from_scratch import vision
from ml_from_scratch.vision import Detections, Truths

SEEDS = st.integers(0, 9999)


def random_boxes(rng, n, least=0, side=12):
    """Boxes on whole pixels, some equal, and without area if `least` is 0."""
    corner = rng.integers(0, side, (n, 2))
    size = rng.integers(least, side // 2 + least, (n, 2))
    return np.hstack([corner, corner + size])


def pixels(box, side=24):
    mask = np.zeros((side, side), dtype=bool)
    left, top, right, bottom = box
    mask[top:bottom, left:right] = True
    return mask


# Overlap --------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=25)
def test_iou_counts_pixels(seed):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, 6), random_boxes(rng, 5)
    found = vision.box_iou(a, b)
    for i, j in np.ndindex(6, 5):
        first, second = pixels(a[i]), pixels(b[j])
        union = (first | second).sum()
        expected = (first & second).sum() / union if union else 0.0
        assert found[i, j] == pytest.approx(expected, abs=1e-12)


@given(SEEDS)
@settings(max_examples=25)
def test_generalised_iou_counts_pixels_too(seed):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, 5, 1), random_boxes(rng, 4, 1)
    found = vision.generalized_box_iou(a, b)
    for i, j in np.ndindex(5, 4):
        first, second = pixels(a[i]), pixels(b[j])
        low, high = np.minimum(a[i], b[j])[:2], np.maximum(a[i], b[j])[2:]
        around = pixels([*low, *high]).sum()
        union = (first | second).sum()
        expected = (first & second).sum() / union - (around - union) / around
        assert found[i, j] == pytest.approx(expected, abs=1e-12)


@given(SEEDS, st.floats(0.01, 1e6), st.floats(-1e3, 1e3))
@settings(max_examples=25)
def test_overlap_forgets_scale_and_place_and_is_symmetric(seed, scale, shift):
    rng = np.random.default_rng(seed)
    a, b = random_boxes(rng, 5), random_boxes(rng, 6)
    for overlap in (vision.box_iou, vision.generalized_box_iou):
        found = overlap(a, b)
        np.testing.assert_allclose(overlap(b, a).T, found, atol=1e-12)
        moved = overlap(scale * (a + shift), scale * (b + shift))
        np.testing.assert_allclose(moved, found, atol=1e-9)
        assert found.min() >= -1
        assert found.max() <= 1
        assert (found <= vision.box_iou(a, b) + 1e-12).all()


def test_no_boxes_overlap_nothing():
    assert vision.box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert vision.box_iou(np.zeros((2, 4)), []).shape == (2, 0)


# Suppression ----------------------------------------------------------------------


def brute_force_nms(boxes, scores, threshold):
    """Ask for each box in turn whether a kept one overlaps it, in Python's numbers."""

    def iou(a, b):
        width = min(a[2], b[2]) - max(a[0], b[0])
        height = min(a[3], b[3]) - max(a[1], b[1])
        shared = max(width, 0) * max(height, 0)
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
        union = sum(areas) - shared
        return shared / union if union else 0.0

    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(iou(boxes[i], boxes[j]) <= threshold for j in kept):
            kept.append(i)
    return kept


@given(SEEDS, st.integers(0, 30), st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0]))
@settings(max_examples=50)
def test_nms_is_brute_force_with_ties_in_scores_and_in_overlap(seed, n, threshold):
    rng = np.random.default_rng(seed)
    boxes, scores = random_boxes(rng, n), rng.integers(0, 4, n) / 4
    found = vision.nms(boxes, scores, threshold)
    assert found.tolist() == brute_force_nms(boxes.tolist(), scores.tolist(), threshold)


def test_nms_keeps_itself_and_does_not_chain():
    """The middle box goes; the last is kept, since only the middle one overlaps it."""
    boxes = [[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]]
    assert vision.nms(boxes, [3, 2, 1], 0.3).tolist() == [0, 2]
    kept = vision.nms(boxes, [3, 2, 1], 0.3)
    again = vision.nms(np.array(boxes)[kept], np.array([3, 2, 1])[kept], 0.3)
    assert again.tolist() == [0, 1]


# Anchors --------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=25)
def test_codes_lead_back_to_the_boxes(seed):
    rng = np.random.default_rng(seed)
    boxes, anchors = (random_boxes(rng, 7, 1) for _ in range(2))
    codes = vision.encode_boxes(boxes, anchors)
    np.testing.assert_allclose(vision.decode_boxes(codes, anchors), boxes, atol=1e-9)
    np.testing.assert_allclose(vision.encode_boxes(boxes, boxes), np.zeros((7, 4)))
    bigger = vision.encode_boxes(3.0 * boxes + 5, 3.0 * anchors + 5)
    np.testing.assert_allclose(bigger, codes, atol=1e-9)


def test_anchors_have_the_areas_shapes_and_centres_asked_for():
    boxes = vision.anchor_boxes(2, 3, 16, sizes=[8, 32], ratios=[0.5, 1, 2])
    assert boxes.shape == (2 * 3 * 6, 4)
    size = boxes[:, 2:] - boxes[:, :2]
    np.testing.assert_allclose(size.prod(axis=1), np.tile([64] * 3 + [1024] * 3, 6))
    np.testing.assert_allclose(size[:, 1] / size[:, 0], np.tile([0.5, 1, 2], 12))
    centre = (boxes[:, 2:] + boxes[:, :2]) / 2
    cells = [(8, 8), (24, 8), (40, 8), (8, 24), (24, 24), (40, 24)]
    np.testing.assert_allclose(centre, np.repeat(cells, 6, axis=0))


# How good a detector is -----------------------------------------------------------


def random_scene(rng, images=4, classes=3):
    found, truth = [], []
    for _ in range(images):
        n = int(rng.integers(0, 6))
        boxes = random_boxes(rng, n, 2)
        labels = rng.integers(0, classes, n)
        truth.append(Truths(boxes, labels))
        seen = rng.integers(0, n, int(rng.integers(0, 8)) if n else 0)
        guesses = boxes[seen] + rng.integers(0, 2, (len(seen), 4))
        scores = rng.permutation(len(seen)) + rng.random()
        found.append(Detections(guesses, scores, rng.integers(0, classes, len(seen))))
    return found, truth


def slow_average_precision(found, truth, label, threshold):
    """All in loops: rank, match, then take the best precision at each higher recall."""
    ranked = sorted(
        (
            (float(score), image, tuple(box))
            for image, d in enumerate(found)
            for box, score, of in zip(d.boxes, d.scores, d.labels, strict=True)
            if of == label
        ),
        key=lambda row: -row[0],
    )
    left = [
        [[box, False] for box, of in zip(t.boxes, t.labels, strict=True) if of == label]
        for t in truth
    ]
    total, hits, curve = sum(map(len, left)), 0, []
    for rank, (_, image, box) in enumerate(ranked, start=1):
        overlaps = [vision.box_iou([box], [there])[0, 0] for there, _ in left[image]]
        if overlaps and max(overlaps) >= threshold:
            best = left[image][int(np.argmax(overlaps))]
            hits += not best[1]
            best[1] = True
        curve.append((hits / total, hits / rank))
    area, before = 0.0, 0.0
    for recall in sorted({r for r, _ in curve}):
        area += (recall - before) * max(p for r, p in curve if r >= recall)
        before = recall
    return area


@given(SEEDS, st.sampled_from([0.3, 0.5, 0.75]))
@settings(max_examples=40)
def test_average_precision_is_that_of_slow_loops(seed, threshold):
    found, truth = random_scene(np.random.default_rng(seed))
    table = vision.average_precisions(found, truth, threshold)
    assert set(table) == {int(label) for t in truth for label in t.labels}
    for label, value in table.items():
        expected = slow_average_precision(found, truth, label, threshold)
        assert value == pytest.approx(expected, abs=1e-12)


@given(SEEDS)
@settings(max_examples=20)
def test_average_precision_is_the_area_under_scikit_learns_curve(seed):
    """Each thing is either found exactly once or not at all: a ranking problem."""
    rng = np.random.default_rng(seed)
    n, total = 20, 15
    right = rng.random(n) < 0.5
    right[0] = True
    corner = 10 * np.arange(n)
    boxes = np.stack([corner, corner, corner + 5, corner + 5], axis=1)
    elsewhere = boxes + 10 * n
    truth = np.vstack([boxes[right], boxes[: max(total - right.sum(), 0)] + 1000])
    guesses, scores = np.where(right[:, None], boxes, elsewhere), rng.random(n)
    value = vision.detection_average_precision(
        [Detections(guesses, scores, ["a"] * n)], [Truths(truth, ["a"] * len(truth))]
    )
    precision, recall, _ = precision_recall_curve(right, scores)
    best = np.maximum.accumulate(precision)  # from high recall down
    area = -np.sum(np.diff(recall) * best[:-1]) * right.sum() / len(truth)
    assert value == pytest.approx(area, abs=1e-12)


def test_seeing_a_thing_twice_is_a_mistake_and_so_is_the_wrong_class_or_image():
    box, away = [0, 0, 4, 4], [8, 8, 9, 9]
    truth = [Truths([box, away], ["cat", "dog"]), Truths([], [])]
    twice = [
        Detections([box, box, away], [3, 2, 1], ["cat"] * 3),
        Detections([], [], []),
    ]
    assert vision.average_precisions(twice, truth) == {"cat": 1.0, "dog": 0.0}
    twice[0].scores[:] = [1, 2, 3]
    assert vision.average_precisions(twice, truth)["cat"] == 0.5
    wrong_image = [Detections([], [], []), Detections([box], [1], ["cat"])]
    assert vision.detection_average_precision(wrong_image, truth) == 0.0
    exact = [Detections([box, away], [1, 1], ["cat", "dog"]), Detections([], [], [])]
    assert vision.detection_average_precision(exact, truth, [0.5, 0.75, 1.0]) == 1.0


def test_stricter_overlap_never_helps():
    found, truth = random_scene(np.random.default_rng(1), images=20)
    values = [
        vision.detection_average_precision(found, truth, [at])
        for at in (0.3, 0.5, 0.7, 0.9)
    ]
    assert values == sorted(values, reverse=True)
    whole = vision.detection_average_precision(found, truth, (0.3, 0.5, 0.7, 0.9))
    assert whole == pytest.approx(np.mean(values))


# Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: vision.box_iou([0, 0, 1, 1], [[0, 0, 1, 1]]),
            r"first has shape \(4,\)",
        ),
        (
            lambda: vision.box_iou([[0, 0, 1, 1]], [[0, 0, 1]]),
            r"second has shape \(1, 3",
        ),
        (
            lambda: vision.box_iou([[0, 0, 1, np.nan]], []),
            "first holds NaN or infinity",
        ),
        (lambda: vision.box_iou([[2, 0, 1, 1]], []), "ends before it begins"),
        (lambda: vision.nms([[0, 0, 1, 1]], [1, 2], 0.5), r"scores has shape \(2,\)"),
        (lambda: vision.nms([[0, 0, 1, 1]], [np.nan], 0.5), "scores holds NaN"),
        (lambda: vision.nms([[0, 0, 1, 1]], [1], 1.5), "threshold is 1.5; expected 0"),
        (lambda: vision.encode_boxes([[0, 0, 0, 1]], [[0, 0, 1, 1]]), "has no code"),
        (lambda: vision.encode_boxes([], [[0, 0, 1, 1]]), "0 boxes do not belong to 1"),
        (
            lambda: vision.decode_boxes([[0, 0, 0]], [[0, 0, 1, 1]]),
            r"codes of \(1, 3\)",
        ),
        (lambda: vision.anchor_boxes(0, 1, 8, [4]), "above 0, found 0, 1, 8"),
        (lambda: vision.anchor_boxes(1, 1, 8, [4, -1]), r"\[4, -1\]"),
        (
            lambda: vision.average_precisions([], [Truths([], [])]),
            "0 images and truth 1",
        ),
        (
            lambda: vision.detection_average_precision([], []),
            "a true box and a threshold",
        ),
        (
            lambda: vision.average_precisions(
                [Detections([], [], [])], [Truths([[0, 0, 1, 1]], [1, 2])]
            ),
            r"labels has shape \(2,\); expected \(1,\)",
        ),
    ],
)
def test_bad_input_is_refused_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()
