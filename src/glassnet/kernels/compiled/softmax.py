"""Softmax, its logarithm, and the cross-entropy of it in one pass over the logits (Numba).

Alone they are NumPy's, because batches of logits are small. The loss of every step is not: ten
operations of NumPy on a few numbers each take longer than a layer.
"""

import math
from functools import cache
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import (
    as_lies,
    flat,
    is_plain,
    lies_innermost,
    require,
    shaped,
)
from glassnet.kernels.compiled._loops import ENOUGH, Loop, prange
from glassnet.kernels.vectorised.softmax import (
    log_softmax_forward,
    softmax_backward,
    softmax_forward,
)

__all__ = [
    "log_softmax_forward",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_forward",
]

EXPONENTIAL = 32
"""Multiply-adds that are worth as much as an exponential."""


def softmax_cross_entropy(logits: Array, labels: Array, smoothing: float) -> tuple[float, Array]:
    """Return the mean cross-entropy of softmax(z) against classes, and its gradient by z."""
    samples, classes = logits.shape
    if not is_plain(logits):
        return vectorised.softmax_cross_entropy(logits, labels, smoothing)
    require(labels.shape, (samples,), "labels")
    innermost = lies_innermost(logits)
    gradient = np.empty(logits.size, logits.dtype)
    if logits.dtype == np.float32 and EXPONENTIAL * logits.size < ENOUGH:
        given = as_lies(logits, innermost), flat(labels), smoothing, gradient, innermost
        value = _of_few()(*given)
        if math.isnan(value) and not _in_range(labels, classes):
            raise IndexError("a label is out of range")
        return value, shaped(gradient, logits, innermost)
    steps = (1, samples) if innermost else (classes, 1)
    losses = np.empty(samples, logits.dtype)
    _cross_entropy(
        EXPONENTIAL * logits.size, as_lies(logits, innermost), *steps, classes,
        flat(labels), smoothing, losses, gradient,
    )  # fmt: skip
    value = float(losses.sum()) / samples
    if math.isnan(value) and not _in_range(labels, classes):
        raise IndexError("a label is out of range")
    return value, shaped(gradient, logits, innermost)


@cache
def _of_few() -> Any:
    """Return the loop on one thread, whose exponentials are taken of many numbers at once."""
    from glassnet.kernels.compiled._elements import cross_entropy_of_labels

    return cross_entropy_of_labels.serial


def _in_range(labels: Array, classes: int) -> bool:
    return bool(labels.min() >= 0 and labels.max() < classes)


@Loop
def _cross_entropy(
    z: Array,
    sample_step: int,
    class_step: int,
    classes: int,
    labels: Array,
    smoothing: float,
    losses: Array,
    dz: Array,
) -> None:
    """Write each sample's loss and (p − q) / N; a loss of NaN where the label is no class.

    With s = Σ_k e^{z_k − m}, m the largest logit, log p_k = z_k − m − log s.
    """
    part = losses.dtype.type(1 / len(losses))
    rest = losses.dtype.type(smoothing / classes)
    wanted = losses.dtype.type(1 - smoothing)
    for n in prange(len(losses)):
        start, label = n * sample_step, labels[n]
        if label < 0 or label >= classes:
            losses[n] = np.nan
            continue
        largest = z[start]
        for k in range(1, classes):
            largest = max(largest, z[start + k * class_step])
        total, shifted = z[start] * 0, z[start] * 0
        for k in range(classes):
            i = start + k * class_step
            dz[i] = math.exp(z[i] - largest)
            total += dz[i]
            shifted += z[i] - largest
        scale = part / total
        for k in range(classes):
            i = start + k * class_step
            dz[i] = dz[i] * scale - part * rest
        own = start + label * class_step
        dz[own] -= part * wanted
        log_total = math.log(total)
        losses[n] = wanted * (log_total - (z[own] - largest)) + rest * (
            classes * log_total - shifted
        )
