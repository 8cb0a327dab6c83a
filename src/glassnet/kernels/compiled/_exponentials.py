"""Exponentials that a compiled loop takes of many numbers at once (float32).

The processor's vectors know no exponential, and the C library's takes one number at a time. So here
are polynomials, exact to a unit or two in the last place: eˣ = 2ⁿ eʳ with |r| ≤ ½ log 2, and tanh
near zero, where 1 − 2 / (e²ˣ + 1) would lose digits (Cephes, Moshier, 1989).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.kernels.compiled._llvm import Values
from glassnet.kernels.compiled._loops import Exact

_LOWEST, _HIGHEST = np.float32(-87.3), np.float32(88.7)
_LOG2_E = np.float32(1.4426950408889634)
_LOG_2_HIGH, _LOG_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_HALF, _ONE, _TWO, _ZERO = (np.float32(n) for n in (0.5, 1, 2, 0))
_E = tuple(
    np.float32(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1)
)
_T = tuple(
    np.float32(c)
    for c in (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
              -3.33332819422e-1)
)  # fmt: skip
_SMALL = np.float32(0.625)


@intrinsic
def _power_of_two(typing: Any, n: Any) -> Any:
    """Return 2ⁿ of a whole number from −126 to 127, by writing the exponent's bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        (n,) = arguments
        whole, zero = ir.IntType(32), ir.Constant(n.type, 0.0)
        number = builder.select(builder.fcmp_ordered("==", n, n), n, zero)  # NaN has no bits
        exponent = builder.add(builder.fptosi(number, whole), ir.Constant(whole, 127))
        return builder.bitcast(builder.shl(exponent, ir.Constant(whole, 23)), n.type)

    return types.float32(n), generate


@Exact
def exp(x: Any) -> Any:
    """Return eˣ; zero below the smallest normal number, infinity above the largest."""
    inside = _LOWEST if x < _LOWEST else (_HIGHEST if x > _HIGHEST else x)
    n = np.floor(inside * _LOG2_E + _HALF)
    r = (inside - n * _LOG_2_HIGH) - n * _LOG_2_LOW
    p = ((((_E[0] * r + _E[1]) * r + _E[2]) * r + _E[3]) * r + _E[4]) * r + _HALF
    y = ((p * r * r + r) + _ONE) * _power_of_two(n - _ONE) * _TWO
    return _ZERO if x < _LOWEST else (y * np.float32(np.inf) if x > _HIGHEST else y)


@Exact
def tanh(x: Any) -> Any:
    """Return tanh x."""
    size, s = abs(x), x * x
    near = ((((_T[0] * s + _T[1]) * s + _T[2]) * s + _T[3]) * s + _T[4]) * s * x + x
    far = _ONE - _TWO / (exp(_TWO * size) + _ONE)
    return near if size < _SMALL else (-far if x < _ZERO else far)


@Exact
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e⁻ˣ)."""
    return _ONE / (_ONE + exp(-x))
