"""Reverse-mode automatic differentiation over NumPy arrays.

`tensor` holds the tensor and its operations, `ops` those of several tensors and the
fused ones, `tape` what they share, `gradcheck` the proof by finite differences.

Taught in: deep-learning/autograd
"""

from ml_from_scratch.autograd.gradcheck import GradientError, gradcheck
from ml_from_scratch.autograd.ops import (
    concatenate,
    cross_entropy,
    log_softmax,
    logsumexp,
    maximum,
    softmax,
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
    "gradcheck",
    "log_softmax",
    "logsumexp",
    "maximum",
    "no_grad",
    "record",
    "softmax",
    "unbroadcast",
    "where",
]
