"""The loops of non-linearities with an exponential, one for each function and one for its slope."""

from typing import Any, Final

from glassnet.arrays import Array
from glassnet.kernels.compiled import _functions as f
from glassnet.kernels.compiled._loops import Loop, part_of, prange
from glassnet.kernels.compiled._normal import gelu, gelu_slope

of: Any = None
"""The function that a loop is made for: handed over beside it."""


def _curve(x: Array, more: Any, parts: int, rows: int, y: Array) -> None:
    """Write y = f(x)."""
    length = len(x) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        given, result = x[start:end], y[start:end]
        for i in range(len(given)):
            result[i] = of(given[i], *more)


def _slopes(dy: Array, known: Array, more: Any, parts: int, rows: int, dx: Array) -> None:
    """Write dx = dy · f′; `known` is the input or the output of f, whichever f′ follows from."""
    length = len(dy) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        errors, given, result = dy[start:end], known[start:end], dx[start:end]
        for i in range(len(given)):
            result[i] = errors[i] * of(given[i], *more)


CURVES: Final = {
    "sigmoid": Loop(_curve, of=f.sigmoid),
    "tanh": Loop(_curve, of=f.tanh),
    "silu": Loop(_curve, of=f.silu),
    "elu": Loop(_curve, of=f.elu),
    "gelu": Loop(_curve, of=gelu),
}
SLOPES: Final = {
    "sigmoid": Loop(_slopes, of=f.sigmoid_slope),
    "tanh": Loop(_slopes, of=f.tanh_slope),
    "silu": Loop(_slopes, of=f.silu_slope),
    "elu": Loop(_slopes, of=f.elu_slope),
    "gelu": Loop(_slopes, of=gelu_slope),
}
