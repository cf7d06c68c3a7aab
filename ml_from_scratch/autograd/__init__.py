"""Reverse-mode automatic differentiation over NumPy arrays.

`tensor` holds the tensor and its operations, `ops` those of several tensors and the
fused ones, `tape` what they share, `gradcheck` the proof by finite differences.

Taught in: deep-learning/autograd.
"""

from ml_from_scratch.autograd.gradcheck import GradientError, gradcheck
from ml_from_scratch.autograd.ops import (
    concatenate,
    cross_entropy,
    gelu,
    log_softmax,
    logsumexp,
    maximum,
    pad,
    softmax,
    split,
    stack,
    where,
)
from ml_from_scratch.autograd.tape import no_grad, unbroadcast
from ml_from_scratch.autograd.tensor import Tensor, as_tensor, record

__all__ = [
    "GradientError",
    "Tensor",
    "as_tensor",
    "concatenate",
    "cross_entropy",
    "gelu",
    "gradcheck",
    "log_softmax",
    "logsumexp",
    "maximum",
    "no_grad",
    "pad",
    "record",
    "softmax",
    "split",
    "stack",
    "unbroadcast",
    "where",
]
