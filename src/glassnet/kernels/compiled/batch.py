"""Drawing a batch: choosing, scaling, casting and turning in one pass (Numba).

Images come batch-innermost in memory, (C, H, W, N), as convolutions want them. Some samples at a
time are scaled into a few rows, which stay in the cache, and turned from there. Rows of features
stay rows. Each thread draws samples of its own.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import COMPILED, flat, vector
from glassnet.kernels.compiled._loops import MEMORY

__all__ = ["gather"]

SMALL = 1 << 13
"""Numbers up to which NumPy is as fast."""


def gather(
    samples: Array, chosen: Array, scale: float | Array, offset: float | Array, dtype: DTypeLike
) -> Array:
    """Return the chosen samples, scaled: y_n = x_{chosen_n} · scale + offset."""
    size, dtype = len(chosen) * math.prod(samples.shape[1:]), np.dtype(dtype)
    if (
        size < SMALL
        or samples.ndim not in (2, 4)
        or samples.dtype not in (np.uint8, np.float32)
        or not samples.flags.c_contiguous
        or dtype not in COMPILED
    ):
        return vectorised.gather(samples, chosen, scale, offset, dtype)
    from glassnet.kernels.compiled._squares import gather_and_turn, gather_rows

    if chosen.min() < 0 or chosen.max() >= len(samples):
        raise IndexError(f"a sample is none of {len(samples)}")
    shape = samples.shape[1:]
    y = vector(size, dtype)
    factor, shift = (
        _single(n, dtype)
        if isinstance(n, float)
        else np.array(np.broadcast_to(n, shape) if np.ndim(n) else n, dtype).reshape(-1)
        for n in (scale, offset)
    )
    given = samples.reshape(-1)
    given.flags.writeable = False  # for Numba another type: it is compiled for this one alone
    if len(shape) == 1:
        gather_rows(MEMORY * size, given, flat(chosen), factor, shift, y)
        return y.reshape(len(chosen), *shape)
    gather_and_turn(4 * MEMORY * size, given, flat(chosen), factor, shift, y)
    return y.reshape(*shape, len(chosen)).transpose(3, 0, 1, 2)


@lru_cache(maxsize=16)
def _single(number: float, dtype: np.dtype[Any]) -> Array:
    """Return a vector of one number, that is only read."""
    return np.full(1, number, dtype)
