"""Element-wise non-linearities that are one comparison: in one pass, by all threads (Numba).

Those with an exponential are NumPy's, whose exponentials are vectorised.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import as_lies, is_plain, lies_innermost, shaped
from glassnet.kernels.compiled._loops import MEMORY, Loop, prange
from glassnet.kernels.vectorised.activation import (
    elu_backward,
    elu_forward,
    gelu_backward,
    gelu_forward,
    sigmoid_backward,
    sigmoid_forward,
    silu_backward,
    silu_forward,
    tanh_backward,
    tanh_forward,
)

__all__ = [
    "elu_backward",
    "elu_forward",
    "gelu_backward",
    "gelu_forward",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "relu_backward",
    "relu_forward",
    "sigmoid_backward",
    "sigmoid_forward",
    "silu_backward",
    "silu_forward",
    "tanh_backward",
    "tanh_forward",
]

SMALL = 1 << 18  # numbers up to which one pass of NumPy takes no longer than to share them out


def relu_forward(x: Array) -> Array:
    """Return y = max(x, 0)."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.relu_forward(x)
    innermost = lies_innermost(x)
    y = np.empty(x.size, x.dtype)
    _relu(MEMORY * x.size, as_lies(x, innermost), y)
    return shaped(y, x, innermost)


def relu_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y where y > 0, else 0 (also at the kink)."""
    if y.size < SMALL or not is_plain(dy, y) or dy.shape != y.shape:
        return vectorised.relu_backward(dy, y)
    innermost = lies_innermost(y)
    dx = np.empty(y.size, y.dtype)
    _relu_slope(MEMORY * y.size, as_lies(dy, innermost), as_lies(y, innermost), y.dtype.type(0), dx)
    return shaped(dx, y, innermost)


def leaky_relu_forward(x: Array, slope: float) -> Array:
    """Return y = x for x > 0, else slope · x."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.leaky_relu_forward(x, slope)
    innermost = lies_innermost(x)
    y = np.empty(x.size, x.dtype)
    _leaky_relu(MEMORY * x.size, as_lies(x, innermost), x.dtype.type(slope), y)
    return shaped(y, x, innermost)


def leaky_relu_backward(dy: Array, x: Array, slope: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else slope · ∂L/∂y."""
    if x.size < SMALL or not is_plain(dy, x) or dy.shape != x.shape:
        return vectorised.leaky_relu_backward(dy, x, slope)
    innermost = lies_innermost(x)
    dx = np.empty(x.size, x.dtype)
    low = x.dtype.type(slope)
    _relu_slope(MEMORY * x.size, as_lies(dy, innermost), as_lies(x, innermost), low, dx)
    return shaped(dx, x, innermost)


@Loop
def _relu(x: Array, y: Array) -> None:
    for i in prange(len(x)):
        y[i] = 0 if x[i] <= 0 else x[i]  # so that NaN stays


@Loop
def _leaky_relu(x: Array, slope: float, y: Array) -> None:
    for i in prange(len(x)):
        y[i] = x[i] if x[i] > 0 else slope * x[i]


@Loop
def _relu_slope(dy: Array, x: Array, slope: float, dx: Array) -> None:
    for i in prange(len(x)):
        # A factor, not a choice of the result: where dy is NaN or infinite it shows.
        dx[i] = dy[i] if x[i] > 0 else dy[i] * slope
