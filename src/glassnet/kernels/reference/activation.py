"""Element-wise non-linearities and their gradients, one number at a time.

An element-wise function y = f(x) has the gradient ∂L/∂x = ∂L/∂y · f′(x): every y depends on its own
x alone. As in the NumPy edition, `backward` takes y instead of x where f′ can be had from y.
"""

import math
from collections.abc import Callable

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
    """Return y = x where x is positive, else 0."""
    return _each(lambda x: 0.0 if x < 0 else x, x)


def relu_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x with f′ = 1 where x, and so y, is positive, else 0 (at the kink too)."""
    return _each(lambda dy, y: dy if y > 0 else 0.0, dy, y)


def leaky_relu_forward(x: Array, slope: float) -> Array:
    """Return y = x where x is positive, else slope · x."""
    return _each(lambda x: x if x > 0 else slope * x, x)


def leaky_relu_backward(dy: Array, x: Array, slope: float) -> Array:
    """Return ∂L/∂x with f′ = 1 where x is positive, else slope."""
    return _each(lambda dy, x: dy if x > 0 else dy * slope, dy, x)


def sigmoid_forward(x: Array) -> Array:
    """Return y = 1 / (1 + e^{−x})."""
    return _each(_sigmoid, x)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x with f′ = e^{−x} / (1 + e^{−x})² = y (1 − y)."""
    return _each(lambda dy, y: dy * y * (1 - y), dy, y)


def tanh_forward(x: Array) -> Array:
    """Return y = tanh x."""
    return _each(math.tanh, x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x with f′ = 1 / cosh² x = 1 − y²."""
    return _each(lambda dy, y: dy * (1 - y * y), dy, y)


def elu_forward(x: Array, alpha: float) -> Array:
    """Return y = x where x is positive, else α (eˣ − 1)."""
    return _each(lambda x: x if x > 0 else alpha * math.expm1(x), x)


def elu_backward(dy: Array, x: Array, alpha: float) -> Array:
    """Return ∂L/∂x with f′ = 1 where x is positive, else α eˣ."""
    return _each(lambda dy, x: dy if x > 0 else dy * alpha * math.exp(x), dy, x)


def gelu_forward(x: Array) -> Array:
    """Return y = x Φ(x), Φ being the normal distribution function."""
    return _each(lambda x: x * _normal_distribution(x), x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x with f′ = Φ(x) + x φ(x), by the product rule; the density φ is Φ′."""
    return _each(lambda dy, x: dy * (_normal_distribution(x) + x * _normal_density(x)), dy, x)


def silu_forward(x: Array) -> Array:
    """Return y = x σ(x), σ being the sigmoid."""
    return _each(lambda x: x * _sigmoid(x), x)


def silu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x with f′ = σ(x) + x σ(x) (1 − σ(x)), by the product rule."""
    return _each(lambda dy, x: dy * (_sigmoid(x) + x * _sigmoid(x) * (1 - _sigmoid(x))), dy, x)


def _each(function: Callable[..., float], *arrays: Array) -> Array:
    """Apply a function of numbers to the elements of arrays of equal shape."""
    result = np.empty(arrays[0].shape, np.result_type(*arrays))
    for index in np.ndindex(result.shape):
        result[index] = function(*(float(array[index]) for array in arrays))
    return result


def _sigmoid(x: float) -> float:
    # One formula, written twice: the exponent is never positive, so the exponential is at most 1.
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (math.exp(x) + 1)


def _normal_distribution(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def _normal_density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
