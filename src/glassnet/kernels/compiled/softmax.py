"""Softmax and its logarithm: NumPy's, because batches of logits are small."""

from glassnet.kernels.vectorised.softmax import (
    log_softmax_forward,
    softmax_backward,
    softmax_forward,
)

__all__ = [
    "log_softmax_forward",
    "softmax_backward",
    "softmax_forward",
]
