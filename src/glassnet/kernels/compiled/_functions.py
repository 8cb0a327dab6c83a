"""Non-linearities with an exponential, and their slopes, inside a compiled loop (float32).

Slopes are functions of the input or the output, as in the NumPy edition.
"""

from typing import Any

import numpy as np

from glassnet.kernels.compiled._exponentials import exp, exp_minus_one
from glassnet.kernels.compiled._loops import Exact

_ZERO, _ONE, _TWO = (np.float32(n) for n in (0, 1, 2))
_T = tuple(
    np.float32(c)
    for c in (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
              -3.33332819422e-1)
)  # fmt: skip
_SMALL = np.float32(0.625)
"""Up to here 1 − 2 / (e²ˣ + 1) would lose digits, and a polynomial takes its place (Cephes)."""


@Exact
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e⁻ˣ)."""
    return _ONE / (_ONE + exp(-x))


@Exact
def sigmoid_slope(y: Any) -> Any:
    """Return σ′ = y (1 − y)."""
    return y * (_ONE - y)


@Exact
def tanh(x: Any) -> Any:
    """Return tanh x."""
    size, s = abs(x), x * x
    near = ((((_T[0] * s + _T[1]) * s + _T[2]) * s + _T[3]) * s + _T[4]) * s * x + x
    far = _ONE - _TWO / (exp(_TWO * size) + _ONE)
    return near if size < _SMALL else (-far if x < _ZERO else far)


@Exact
def tanh_slope(y: Any) -> Any:
    """Return 1 − y²."""
    return _ONE - y * y


@Exact
def silu(x: Any) -> Any:
    """Return x σ(x) = x / (1 + e⁻ˣ)."""
    return x / (_ONE + exp(-x))


@Exact
def silu_slope(x: Any) -> Any:
    """Return σ (1 + x (1 − σ))."""
    s = sigmoid(x)
    return s * (_ONE + x * (_ONE - s))


@Exact
def elu(x: Any, alpha: Any) -> Any:
    """Return x above zero, else α (eˣ − 1)."""
    below = alpha * exp_minus_one(x)
    return x if x > _ZERO else below


@Exact
def elu_slope(x: Any, alpha: Any) -> Any:
    """Return 1 above zero, else α eˣ."""
    below = alpha * exp(x)
    return _ONE if x > _ZERO else below
