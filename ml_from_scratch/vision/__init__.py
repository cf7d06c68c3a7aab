"""Images: boxes and how detectors are judged, masks, resizing and augmentation."""

from ml_from_scratch.vision.augment import (
    color_jitter,
    cutmix,
    cutout,
    mixup,
    random_crop,
    random_flip,
    random_rotation,
)
from ml_from_scratch.vision.boxes import (
    Detections,
    Truths,
    anchor_boxes,
    average_precisions,
    box_iou,
    decode_boxes,
    detection_average_precision,
    encode_boxes,
    generalized_box_iou,
    nms,
)
from ml_from_scratch.vision.images import dice_score, mask_iou, resize, rgb_to_gray

__all__ = [
    "Detections",
    "Truths",
    "anchor_boxes",
    "average_precisions",
    "box_iou",
    "color_jitter",
    "cutmix",
    "cutout",
    "decode_boxes",
    "detection_average_precision",
    "dice_score",
    "encode_boxes",
    "generalized_box_iou",
    "mask_iou",
    "mixup",
    "nms",
    "random_crop",
    "random_flip",
    "random_rotation",
    "resize",
    "rgb_to_gray",
]
