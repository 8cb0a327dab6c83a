"""GELU and its slope inside a compiled loop (float32): what needs the normal distribution.

The tail Φ(−t) is e^{−t²/2} R(t), where R falls slowly from ½ to 1 / (t √2π). R is a quotient of
polynomials with positive coefficients (the largest relative error is least, at 1e-7 near zero and
more where t² itself is rounded more; found by linear programming). So the tail keeps its digits,
where ½ (1 + erf) would lose them all in the 1, and slope and value share the exponential.
"""

from typing import Any

import numpy as np

from glassnet.kernels.compiled._exponentials import ROUNDING, power_of_two
from glassnet.kernels.compiled._loops import Exact

_FAR = np.float32(13.26)
"""Where e^{−t²/2} becomes zero."""
_HALF_LOG2_E, _TWICE_LOG_2 = np.float32(0.5 / np.log(2)), np.float32(2 * np.log(2))
_DENSITY = np.float32(1 / np.sqrt(2 * np.pi))
_ZERO, _ONE = np.float32(0), np.float32(1)
_E = tuple(
    np.float32(c)
    for c in (-0.49999985, 0.12499787, -0.020834547, 0.0026186311, -0.00025907141)
)  # fmt: skip
_P = tuple(np.float32(c) for c in (0.5, 0.343761712, 0.109149031, 0.0146093834))
_Q = tuple(np.float32(c) for c in (1.48540461, 0.903518736, 0.273223519, 0.0366314091))


@Exact
def _tail(size: Any) -> Any:
    """Return e^{−t²/2}, and numerator and denominator of R(t)."""
    t = _FAR if size > _FAR else size
    s = t * t
    rounded = ROUNDING - s * _HALF_LOG2_E
    r = s + (rounded - ROUNDING) * _TWICE_LOG_2
    e = ((((_E[4] * r + _E[3]) * r + _E[2]) * r + _E[1]) * r + _E[0]) * r + _ONE
    p = ((_P[3] * t + _P[2]) * t + _P[1]) * t + _P[0]
    q = (((_Q[3] * t + _Q[2]) * t + _Q[1]) * t + _Q[0]) * t + _ONE
    return e * power_of_two(rounded), p, q


@Exact
def gelu(x: Any) -> Any:
    """Return x Φ(x)."""
    e, p, q = _tail(abs(x))
    tail = e * p / q
    return x * (_ONE - tail if x > _ZERO else tail)


@Exact
def gelu_slope(x: Any) -> Any:
    """Return Φ(x) + x φ(x); of −x it is what of x is missing to 1."""
    size = abs(x)
    e, p, q = _tail(size)
    tail = e * (p / q - _DENSITY * size)
    return _ONE - tail if x > _ZERO else tail
