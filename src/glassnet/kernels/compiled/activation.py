"""Element-wise non-linearities that are one comparison: in one pass, by all threads (Numba).

Those with an exponential are NumPy's, whose exponentials are vectorised.
"""

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import as_lies, is_plain, lies_innermost, shaped, vector
from glassnet.kernels.compiled._loops import MEMORY, Inner, Loop, prange
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

PARTS = 8  # of a row, to be shared among threads
SMALL = 1 << 13  # numbers up to which one pass of NumPy is as fast


def relu_forward(x: Array) -> Array:
    """Return y = max(x, 0)."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.relu_forward(x)
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    _relu(MEMORY * x.size, as_lies(x, innermost), _rows(x), y)
    return shaped(y, x, innermost)


def relu_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y where y > 0, else 0 (also at the kink)."""
    return leaky_relu_backward(dy, y, 0) if y.size >= SMALL else vectorised.relu_backward(dy, y)


def leaky_relu_forward(x: Array, slope: float) -> Array:
    """Return y = x for x > 0, else slope · x."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.leaky_relu_forward(x, slope)
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    _leaky_relu(MEMORY * x.size, as_lies(x, innermost), x.dtype.type(slope), _rows(x), y)
    return shaped(y, x, innermost)


def leaky_relu_backward(dy: Array, x: Array, slope: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else slope · ∂L/∂y."""
    if x.size < SMALL or not is_plain(dy, x) or dy.shape != x.shape:
        return vectorised.leaky_relu_backward(dy, x, slope)
    innermost = lies_innermost(x)
    dx = vector(x.size, x.dtype)
    given = as_lies(dy, innermost), as_lies(x, innermost)
    _slope(MEMORY * x.size, *given, x.dtype.type(slope), _rows(x), dx)
    return shaped(dx, x, innermost)


def _rows(x: Array) -> int:
    """Return in how many rows x is cut, of which each thread takes its part.

    In images the rows are channels: a convolution shares the places of a channel among threads, and
    each finds its own in its cache.
    """
    return x.shape[1] if x.ndim == 4 else 1


@Loop
def _relu(x: Array, rows: int, y: Array) -> None:
    length, zero = len(x) // rows, x.dtype.type(0)
    for turn in prange(PARTS * rows):
        start, end = _part_of(turn, rows, length)
        given, result = x[start:end], y[start:end]
        for i in range(len(given)):
            result[i] = zero if given[i] <= zero else given[i]  # so that NaN stays


@Loop
def _leaky_relu(x: Array, slope: float, rows: int, y: Array) -> None:
    length = len(x) // rows
    for turn in prange(PARTS * rows):
        start, end = _part_of(turn, rows, length)
        given, result = x[start:end], y[start:end]
        for i in range(len(given)):
            result[i] = given[i] if given[i] > 0 else slope * given[i]


@Loop
def _slope(dy: Array, x: Array, slope: float, rows: int, dx: Array) -> None:
    length = len(x) // rows
    for turn in prange(PARTS * rows):
        start, end = _part_of(turn, rows, length)
        errors, given, result = dy[start:end], x[start:end], dx[start:end]
        for i in range(len(given)):
            # A factor, not a choice of the result: where dy is NaN or infinite it shows.
            result[i] = errors[i] if given[i] > 0 else errors[i] * slope


@Inner
def _part_of(turn: int, rows: int, length: int) -> tuple[int, int]:
    """Return where a turn starts and ends: the first part of every row comes first."""
    part, start = turn // rows, turn % rows * length
    return start + part * length // PARTS, start + (part + 1) * length // PARTS
