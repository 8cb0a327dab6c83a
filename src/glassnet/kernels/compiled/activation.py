"""Element-wise non-linearities: in one pass, by all threads (Numba).

Small arrays are NumPy's, and float64, for which there is no exponential in `_exponentials`.
"""

from functools import cache

import numpy as np

from glassnet import threads
from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import as_lies, is_plain, lies_innermost, shaped, vector
from glassnet.kernels.compiled._loops import MEMORY, Loop, part_of, prange

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

EXPONENTIAL = 8  # multiply-adds that take as long
SMALL = 1 << 13  # numbers up to which one pass of NumPy is as fast
FEW = 1 << 15  # the same of what NumPy does in one or two passes
TINY = 1 << 9  # the same of what has an exponential, which NumPy does in five passes or more


def relu_forward(x: Array) -> Array:
    """Return y = max(x, 0)."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.relu_forward(x)
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    _relu(MEMORY * x.size, as_lies(x, innermost), *_shares(x), y)
    return shaped(y, x, innermost)


def relu_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y where y > 0, else 0 (also at the kink)."""
    return leaky_relu_backward(dy, y, 0) if y.size >= FEW else vectorised.relu_backward(dy, y)


def leaky_relu_forward(x: Array, slope: float) -> Array:
    """Return y = x for x > 0, else slope · x."""
    if x.size < SMALL or not is_plain(x):
        return vectorised.leaky_relu_forward(x, slope)
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    _leaky_relu(MEMORY * x.size, as_lies(x, innermost), x.dtype.type(slope), *_shares(x), y)
    return shaped(y, x, innermost)


def leaky_relu_backward(dy: Array, x: Array, slope: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else slope · ∂L/∂y."""
    if x.size < SMALL or not is_plain(dy, x) or dy.shape != x.shape:
        return vectorised.leaky_relu_backward(dy, x, slope)
    innermost = lies_innermost(x)
    dx = vector(x.size, x.dtype)
    given = as_lies(dy, innermost), as_lies(x, innermost)
    _slope(MEMORY * x.size, *given, x.dtype.type(slope), *_shares(x), dx)
    return shaped(dx, x, innermost)


def sigmoid_forward(x: Array) -> Array:
    """Return y = 1 / (1 + e^{−x})."""
    return _curve("sigmoid", x) if _is_curved(x) else vectorised.sigmoid_forward(x)


def sigmoid_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · y (1 − y)."""
    if y.size < FEW or not _is_curved(y, dy):
        return vectorised.sigmoid_backward(dy, y)
    return _slopes("sigmoid", dy, y)


def tanh_forward(x: Array) -> Array:
    """Return y = tanh x."""
    if x.size < FEW or not _is_curved(x):
        return vectorised.tanh_forward(x)
    return _curve("tanh", x)


def tanh_backward(dy: Array, y: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · (1 − y²)."""
    if y.size < FEW or not _is_curved(y, dy):
        return vectorised.tanh_backward(dy, y)
    return _slopes("tanh", dy, y)


def elu_forward(x: Array, alpha: float) -> Array:
    """Return y = x for x > 0, else α (eˣ − 1)."""
    return _curve("elu", x, alpha) if _is_curved(x) else vectorised.elu_forward(x, alpha)


def elu_backward(dy: Array, x: Array, alpha: float) -> Array:
    """Return ∂L/∂x = ∂L/∂y for x > 0, else ∂L/∂y · α eˣ."""
    if not _is_curved(x, dy):
        return vectorised.elu_backward(dy, x, alpha)
    return _slopes("elu", dy, x, alpha)


def gelu_forward(x: Array) -> Array:
    """Return y = x Φ(x), Φ being the normal distribution function."""
    return _curve("gelu", x) if _is_curved(x) else vectorised.gelu_forward(x)


def gelu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · (Φ(x) + x φ(x)), φ being the normal density."""
    return _slopes("gelu", dy, x) if _is_curved(x, dy) else vectorised.gelu_backward(dy, x)


def silu_forward(x: Array) -> Array:
    """Return y = x σ(x), also called swish."""
    return _curve("silu", x) if _is_curved(x) else vectorised.silu_forward(x)


def silu_backward(dy: Array, x: Array) -> Array:
    """Return ∂L/∂x = ∂L/∂y · σ(x) (1 + x (1 − σ(x)))."""
    return _slopes("silu", dy, x) if _is_curved(x, dy) else vectorised.silu_backward(dy, x)


def _is_curved(x: Array, dy: Array | None = None) -> bool:
    """Return whether the loops with an exponential take this."""
    fits = dy is None or (dy.dtype == x.dtype and dy.shape == x.shape)
    return x.size >= TINY and x.size > 0 and x.dtype == np.float32 and fits


def _curve(name: str, x: Array, *more: float) -> Array:
    innermost = lies_innermost(x)
    y = vector(x.size, x.dtype)
    given = as_lies(x, innermost), tuple(map(np.float32, more))
    _loops()[0][name](EXPONENTIAL * x.size, *given, *_shares(x), y)
    return shaped(y, x, innermost)


def _slopes(name: str, dy: Array, known: Array, *more: float) -> Array:
    """Return dy times the slope, which follows from what is known: the input or the output."""
    innermost = lies_innermost(known)
    dx = vector(known.size, known.dtype)
    given = as_lies(dy, innermost), as_lies(known, innermost), tuple(map(np.float32, more))
    _loops()[1][name](EXPONENTIAL * dx.size, *given, *_shares(known), dx)
    return shaped(dx, known, innermost)


@cache
def _loops() -> tuple[dict[str, Loop], dict[str, Loop]]:
    """Return the loops of functions, and of slopes, by name."""
    from glassnet.kernels.compiled._curves import CURVES, SLOPES

    return CURVES, SLOPES


def _shares(x: Array) -> tuple[int, int]:
    """Return in how many parts each row of x is cut, one for each thread, and how many rows it has.

    In images the rows are channels: a convolution shares the places of a channel among threads, and
    each finds its own in its cache.
    """
    return threads.threads(), x.shape[1] if x.ndim == 4 else 1


@Loop
def _relu(x: Array, parts: int, rows: int, y: Array) -> None:
    length, zero = len(x) // rows, x.dtype.type(0)
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        given, result = x[start:end], y[start:end]
        for i in range(len(given)):
            result[i] = zero if given[i] <= zero else given[i]  # so that NaN stays


@Loop
def _leaky_relu(x: Array, slope: float, parts: int, rows: int, y: Array) -> None:
    length = len(x) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        given, result = x[start:end], y[start:end]
        for i in range(len(given)):
            result[i] = given[i] if given[i] > 0 else slope * given[i]


@Loop
def _slope(dy: Array, x: Array, slope: float, parts: int, rows: int, dx: Array) -> None:
    length = len(x) // rows
    for turn in prange(parts * rows):
        start, end = part_of(turn, parts, rows, length)
        errors, given, result = dy[start:end], x[start:end], dx[start:end]
        for i in range(len(given)):
            # A factor, not a choice of the result: where dy is NaN or infinite it shows.
            result[i] = errors[i] if given[i] > 0 else errors[i] * slope
