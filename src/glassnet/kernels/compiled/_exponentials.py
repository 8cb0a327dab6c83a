"""Exponentials and logarithms that a compiled loop takes of many numbers at once (float32).

The processor's vectors know neither, and the C library's takes one number at a time. So here are
polynomials, exact to a unit or two in the last place: eˣ = 2ⁿ eʳ with |r| ≤ ½ log 2, and
log x = n log 2 + log m with m near 1 (Cephes, Moshier, 1989). They are those whose largest relative
error is least, found by linear programming.

A loop takes as long as it has operations, so the few below are chosen with care. A number as large
as 2²³ has no room for a fraction: added to x log₂ e, it rounds the sum to n, and the last bits of
the sum are n, to be shifted to where a float32 has its exponent.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.kernels.compiled._llvm import Values
from glassnet.kernels.compiled._loops import Exact

ROUNDING = np.float32(1.5 * 2**23 + 127)
"""What leaves a whole number in the last bits: 127 more, as exponents are written."""
LOWEST, _HIGHEST = np.float32(-127 * np.log(2)), np.float32(128 * np.log(2))
LOG2_E = np.float32(1.4426950408889634)
LOG_2_HIGH, LOG_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_HALF, _ONE = np.float32(0.5), np.float32(1)
_INFINITY = np.float32(np.inf)
E = tuple(
    np.float32(c)
    for c in (0.49999994, 0.16666521, 0.041668389, 0.0083687352, 0.0013814549)
)  # fmt: skip
_L = tuple(
    np.float32(c)
    for c in (0.33333331, -0.2500082, 0.20001227, -0.16623357, 0.14201757, -0.1316018, 0.12761577,
              -0.076345056)
)  # fmt: skip


@intrinsic
def power_of_two(typing: Any, rounded: Any) -> Any:
    """Return 2ⁿ of the sum of n, from −126 to 127, and `ROUNDING`; 0 of −127, ∞ of 128."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        (rounded,) = arguments
        bits = ir.IntType(32)
        shifted = builder.shl(builder.bitcast(rounded, bits), ir.Constant(bits, 23))
        return builder.bitcast(shifted, rounded.type)

    return types.float32(rounded), generate


@intrinsic
def _parts(typing: Any, x: Any) -> Any:
    """Return n and m with x = 2ⁿ m and √½ ≤ m < √2."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        (x,) = arguments
        bits, place = ir.IntType(32), ir.Constant(ir.IntType(32), 23)
        whole = builder.bitcast(x, bits)
        least = ir.Constant(bits, int(np.sqrt(np.float32(0.5)).view(np.int32)))
        n = builder.ashr(builder.sub(whole, least), place)
        m = builder.bitcast(builder.sub(whole, builder.shl(n, place)), x.type)
        return context.make_tuple(builder, signature.return_type, [builder.sitofp(n, x.type), m])

    return types.UniTuple(types.float32, 2)(x), generate


@Exact
def _reduced(x: Any) -> Any:
    """Return r, (eʳ − 1 − r) / r² and 2ⁿ."""
    inside = LOWEST if x < LOWEST else (_HIGHEST if x > _HIGHEST else x)
    rounded = inside * LOG2_E + ROUNDING
    n = rounded - ROUNDING
    r = (inside - n * LOG_2_HIGH) - n * LOG_2_LOW
    curved = (((E[4] * r + E[3]) * r + E[2]) * r + E[1]) * r + E[0]
    return r, curved, power_of_two(rounded)


@Exact
def exp(x: Any) -> Any:
    """Return eˣ; zero below 2^−126.5, and infinity above 2^127.5."""
    r, curved, power = _reduced(x)
    return ((curved * r + _ONE) * r + _ONE) * power


@Exact
def exp_minus_one(x: Any) -> Any:
    """Return eˣ − 1 of x ≤ 0, in which small x keep their digits."""
    r, curved, power = _reduced(x)
    return (power - _ONE) + power * (curved * r * r + r)


@Exact
def log(x: Any) -> Any:
    """Return log x of a normal number above zero; NaN of NaN."""
    n, m = _parts(x)
    f = m - _ONE
    s = f * f
    g = ((_L[7] * f + _L[6]) * f + _L[5]) * f + _L[4]
    g = (((g * f + _L[3]) * f + _L[2]) * f + _L[1]) * f + _L[0]
    y = n * LOG_2_HIGH + (f + (f * s * g + n * LOG_2_LOW - _HALF * s))
    return y if x < _INFINITY else x
