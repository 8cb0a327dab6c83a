"""Drawing a batch of images: choosing, scaling, casting and turning in one pass (Numba).

Images come batch-innermost in memory, (C, H, W, N), as convolutions want them. Some samples at a
time are scaled into a few rows, which stay in the cache, and turned from there; each thread draws
samples of its own. Tables are NumPy's.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import COMPILED, flat, vector
from glassnet.kernels.compiled._loops import MEMORY

__all__ = ["gather"]

SMALL = 1 << 13
"""Numbers up to which NumPy is as fast."""
KNOWN = np.dtype(np.uint8), np.dtype(np.float32)
"""What samples are of for which the loop is compiled."""


def gather(
    samples: Array, chosen: Array, scale: float | Array, offset: float | Array, dtype: DTypeLike
) -> Array:
    """Return the chosen samples, scaled: y_n = x_{chosen_n} · scale + offset."""
    shape, dtype = samples.shape[1:], np.dtype(dtype)
    size = len(chosen) * math.prod(shape)
    known = samples.dtype in KNOWN and samples.flags.c_contiguous
    if len(shape) != 3 or size < SMALL or not known or dtype not in COMPILED:
        return vectorised.gather(samples, chosen, scale, offset, dtype)
    from glassnet.kernels.compiled._squares import gather_and_turn

    if chosen.min() < 0 or chosen.max() >= len(samples):
        raise IndexError(f"a sample is none of {len(samples)}")
    y = vector(size, dtype)
    factor, shift = _as_vector(scale, shape, dtype), _as_vector(offset, shape, dtype)
    given = samples.reshape(-1)
    given.flags.writeable = False  # for Numba another type: it is compiled for this one alone
    gather_and_turn(4 * MEMORY * size, given, flat(chosen), factor, shift, y)
    return y.reshape(*shape, len(chosen)).transpose(3, 0, 1, 2)


def _as_vector(number: float | Array, shape: Shape, dtype: Any) -> Array:
    """Return a number for each of a sample, or the one of all."""
    if isinstance(number, np.ndarray) and number.ndim:
        return np.array(np.broadcast_to(number, shape), dtype).reshape(-1)
    return _alone(float(number), dtype)


@lru_cache(maxsize=16)
def _alone(number: float, dtype: Any) -> Array:
    return np.array([number], dtype)
