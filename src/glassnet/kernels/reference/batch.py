"""Drawing a batch from a data set, sample by sample."""

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array

__all__ = ["gather"]


def gather(
    samples: Array, chosen: Array, scale: float | Array, offset: float | Array, dtype: DTypeLike
) -> Array:
    """Return y_n = x_{chosen_n} · scale + offset."""
    shape = samples.shape[1:]
    y = np.empty((len(chosen), *shape), dtype)
    factors, shifts = np.broadcast_to(scale, shape), np.broadcast_to(offset, shape)
    for n, m in enumerate(chosen):
        for place in np.ndindex(shape):
            y[n, *place] = float(samples[m, *place]) * factors[place] + shifts[place]
    return y
