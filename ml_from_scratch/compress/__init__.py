"""Smaller models: eight-bit numbers, pruning, distillation and low-rank adapters."""

from ml_from_scratch.compress.distillation import distillation_loss
from ml_from_scratch.compress.lora import LoRALinear
from ml_from_scratch.compress.pruning import (
    apply_masks,
    global_masks,
    magnitude_mask,
    sparsity,
    structured_mask,
)
from ml_from_scratch.compress.quantization import (
    QuantizedArray,
    QuantizedLinear,
    calibrated_range,
    int8_matmul,
    quantize,
    quantize_dynamic,
)

__all__ = [
    "LoRALinear",
    "QuantizedArray",
    "QuantizedLinear",
    "apply_masks",
    "calibrated_range",
    "distillation_loss",
    "global_masks",
    "int8_matmul",
    "magnitude_mask",
    "quantize",
    "quantize_dynamic",
    "sparsity",
    "structured_mask",
]
