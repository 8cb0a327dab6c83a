"""Softmax, its logarithm and its gradient, and the cross-entropy of it in one call (Numba).

Whichever axis lies innermost in memory, the classes of a sample or the samples of a class, is what
the loops take many numbers of at once. Small arrays are NumPy's, and float64, for which there is no
exponential in `_exponentials`; but small cross-entropies are not: ten operations of NumPy on a few
numbers each take longer than a layer.
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
    lies_innermost,
    require,
    shaped,
    vector,
)

__all__ = [
    "log_softmax_forward",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_forward",
]

EXPONENTIAL = 32
"""Multiply-adds that are worth as much as an exponential."""
SMALL = 1 << 8
"""Numbers up to which it does not pay to load a loop."""


def softmax_forward(x: Array) -> Array:
    """Return p_k = e^{x_k} / Σ_j e^{x_j} along axis 1."""
    return _along(x, "softmax") if _is_large(x) else vectorised.softmax_forward(x)


def log_softmax_forward(x: Array) -> Array:
    """Return log p_k = x_k − log Σ_j e^{x_j} along axis 1."""
    return _along(x, "log_softmax") if _is_large(x) else vectorised.log_softmax_forward(x)


def softmax_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = y · (∂L/∂y − Σ_j y_j ∂L/∂y_j)."""
    if not _is_large(y) or dy.dtype != y.dtype or dy.shape != y.shape:
        return vectorised.softmax_backward(dy, y)
    return _along(y, "gradient", dy)


def softmax_cross_entropy(logits: Array, labels: Array, smoothing: float) -> tuple[float, Array]:
    """Return the mean cross-entropy of softmax(z) against classes, and its gradient by z."""
    samples, classes = logits.shape
    if logits.dtype != np.float32 or logits.size == 0:
        return vectorised.softmax_cross_entropy(logits, labels, smoothing)
    require(labels.shape, (samples,), "labels")
    innermost = lies_innermost(logits)
    gradient = vector(logits.size, logits.dtype)
    value = _loops(rows=not innermost).cross_entropy(
        EXPONENTIAL * logits.size, as_lies(logits, innermost), classes, flat(labels), smoothing,
        gradient,
    )  # fmt: skip
    if math.isnan(value) and not (labels.min() >= 0 and labels.max() < classes):
        raise IndexError("a label is out of range")
    return value, shaped(gradient, logits, innermost)


def _is_large(x: Array) -> bool:
    return x.dtype == np.float32 and x.size >= SMALL and x.size > 0 and x.ndim > 1


def _along(x: Array, name: str, *before: Array) -> Array:
    """Return what the loop of that name makes of the classes."""
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    given = [as_lies(array, innermost) for array in (*before, x)]
    samples, classes = x.shape[:2]
    step = x.size // (classes if innermost else samples * classes)
    shape = (classes,) if step == 1 else (classes, step)
    getattr(_loops(rows=step == 1), name)(EXPONENTIAL * x.size, *given, *shape, y)
    return shaped(y, x, innermost)


@cache
def _loops(*, rows: bool) -> Any:
    """Return the loops for classes that lie side by side, or for neighbours that do."""
    from glassnet.kernels.compiled import _softmax_columns, _softmax_rows

    return _softmax_rows if rows else _softmax_columns
