"""Bringing arrays into the one form that the compiled loops take: flat vectors of one dtype.

With a single form each loop is compiled once for float32 and, where wanted, once for float64.
"""

from ctypes import addressof, c_char
from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape

COMPILED = {np.dtype(np.float32), np.dtype(np.float64)}
"""The dtypes for which loops are compiled; all others are NumPy's work."""

LINE = 64
"""Bytes in a line of the cache."""
LARGE = 1 << 12
"""Numbers from which it pays that a vector begins with a line."""
TURN = 8
"""Multiply-adds that take as long as to move one number of a transpose."""


def compile_float64(wanted: bool) -> None:
    """Say whether loops are compiled for float64 too, or leave that to NumPy."""
    (COMPILED.add if wanted else COMPILED.discard)(np.dtype(np.float64))


def is_plain(first: Array, *others: Array | None) -> bool:
    """Whether all are of one dtype, and of one that is compiled; NumPy has to do all others."""
    dtype = first.dtype
    if dtype not in COMPILED or first.size == 0:
        return False
    for other in others:  # noqa: SIM110 — all() takes twice as long
        if other is not None and other.dtype != dtype:
            return False
    return True


def require(found: Shape, wanted: Shape, what: str) -> None:
    """Refuse arrays that do not fit: compiled loops would read beside them.

    Raises
    ------
    ValueError
    """
    if found != wanted:
        raise ValueError(f"{what} of shape {found} where {wanted} fits")


def vector(size: int, dtype: Any) -> Array:
    """Return room for so many numbers which, if it is large, begins with a line of the cache.

    What NumPy hands out begins anywhere. Then most registers are loaded from two lines each, and a
    loop that does little else takes up to a quarter longer.
    """
    if size < LARGE:
        return np.empty(size, dtype)
    itemsize = np.dtype(dtype).itemsize
    room = np.empty(size + LINE // itemsize, dtype)
    first = c_char.from_buffer(room)  # type: ignore[arg-type]
    start = -addressof(first) % LINE // itemsize
    return room[start : start + size]


def flat(x: Array) -> Array:
    """Return x as a vector; a copy only if it does not lie in C order.

    For Numba an array that may not be written is of another type, and the loop would be compiled
    again; as such arrays are rare in training, they are copied.
    """
    return x.ravel() if x.flags.carray else x.copy("C").ravel()


def batch_innermost(x: Array) -> Array:
    """Return x of axes (N, ...) as a vector with the axes (..., N); a copy only where needed."""
    if len(x) == 1 and x.flags.carray:  # then both orders are the same
        return x.ravel()
    inner = x.transpose(1, 2, 3, 0) if x.ndim == 4 else x.transpose(*range(1, x.ndim), 0)
    if inner.flags.carray:
        return inner.ravel()
    if x.flags.c_contiguous and not inner.flags.c_contiguous:
        return transposed(x.reshape(len(x), -1))
    return flat(inner)


def transposed(x: Array) -> Array:
    """Return xᵀ as a vector."""
    rows, columns = x.shape
    if x.dtype not in (np.float32, np.float64):  # places of maxima, which no register holds
        return np.ascontiguousarray(x.T).reshape(-1)
    from glassnet.kernels.compiled._squares import transpose

    y = vector(x.size, x.dtype)
    transpose(TURN * x.size, flat(x), rows, columns, y)
    return y


def lies_innermost(x: Array) -> bool:
    """Whether x lies in memory with the batch innermost, and not in C order."""
    if x.ndim <= 2 or x.flags.c_contiguous:
        return x.flags.fnc  # in Fortran's order, and not in C's
    return bool(x.transpose(*range(1, x.ndim), 0).flags.c_contiguous)


def as_lies(x: Array, innermost: bool) -> Array:
    """Return x as a vector with the batch innermost, or else in C order; copied where needed."""
    return batch_innermost(x) if innermost else flat(x)


def shaped(vector: Array, like: Array, innermost: bool) -> Array:
    """Return a vector of `as_lies` in the shape of `like`."""
    if not innermost:
        return vector.reshape(like.shape)
    if like.ndim == 2:
        return vector.reshape(like.shape[::-1]).T
    return vector.reshape(*like.shape[1:], len(like)).transpose(-1, *range(like.ndim - 1))
