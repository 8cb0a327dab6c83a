"""Element-wise non-linearities and their gradients (NumPy).

Where the derivative can be had from the output y alone, `backward` takes y: it is what the next
layer keeps anyway, and for sigmoid and tanh it saves an exponential.

The two sides of a kink are added up, max(x, 0) and min(x, 0) or the masks x > 0 and x <= 0, rather
than chosen between by `np.where`: half the numbers being on either side at random, choosing costs
a mispredicted branch for every other number, five times as long as the arithmetic.
"""

import math

import numpy as np

from glassnet.arrays import Array

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


def relu_forward(x: Array) -> Array:
    """Return y = max(x, 0)."""
    return np.maximum(x, 0)


def relu_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y where y > 0, else 0 (also at the kink)."""
    return dy * (y > 0)


def leaky_relu_forward(x: Array, slope: float) -> Array:
    """Return y = x for x > 0, else slope · x."""
    y: Array = np.maximum(x, 0) + slope * np.minimum(x, 0)
    return y


def leaky_relu_backward(dy: Array, x: Array, slope: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else slope · ∂L/∂y."""
    dx: Array = dy * (x > 0) + slope * (dy * (x <= 0))
    return dx


def sigmoid_forward(x: Array) -> Array:
    """Return y = 1 / (1 + e^{−x}); as e^{x} / (1 + e^{x}) for x < 0, so that nothing overflows."""
    e = np.exp(-np.abs(x))
    y: Array = np.maximum(e, x >= 0)  # the numerator, 1 or e, which is at most 1
    y /= 1 + e
    return y


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · y (1 − y)."""
    dx: Array = y * (1 - y)
    dx *= dy
    return dx


def tanh_forward(x: Array) -> Array:
    """Return y = tanh x."""
    return np.tanh(x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · (1 − y²)."""
    dx: Array = 1 - np.square(y)
    dx *= dy
    return dx


def elu_forward(x: Array, alpha: float) -> Array:
    """Return y = x for x > 0, else α (eˣ − 1)."""
    y: Array = np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))
    return y


def elu_backward(dy: Array, x: Array, alpha: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else ∂L/∂y · α eˣ."""
    slope: Array = (x > 0) + (x <= 0) * (alpha * np.exp(np.minimum(x, 0)))
    return dy * slope


def gelu_forward(x: Array) -> Array:
    """Return y = x Φ(x), Φ being the normal distribution function (not the tanh approximation)."""
    from scipy.special import ndtr

    return x * ndtr(x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · (Φ(x) + x φ(x)), φ being the normal density."""
    from scipy.special import ndtr

    density: Array = np.exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    slope: Array = ndtr(x) + x * density
    return dy * slope


def silu_forward(x: Array) -> Array:
    """Return y = x σ(x), also called swish."""
    return x * sigmoid_forward(x)


def silu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · σ(x) (1 + x (1 − σ(x)))."""
    s = sigmoid_forward(x)
    slope: Array = s * (1 + x * (1 - s))
    return dy * slope
