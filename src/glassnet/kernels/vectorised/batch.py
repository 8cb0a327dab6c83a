"""Drawing a batch from a data set (NumPy)."""

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array

__all__ = ["gather"]


def gather(
    samples: Array, chosen: Array, scale: float | Array, offset: float | Array, dtype: DTypeLike
) -> Array:
    """Return the chosen samples, scaled: y_n = x_{chosen_n} · scale + offset.

    Parameters
    ----------
    samples : ndarray, shape (M, ...)
        Of any real dtype; integers cannot overflow, because the product is computed in `dtype`.
    chosen : ndarray of int, shape (N,)
    scale, offset : float, or ndarray of the shape of one sample
    dtype : data type
        Of the result.

    Returns
    -------
    ndarray, shape (N, ...)
        Never a view of `samples`.
    """
    # `take` is faster, but would copy all of what does not lie in C order.
    drawn = samples.take(chosen, axis=0) if samples.flags.c_contiguous else samples[chosen]
    if drawn.dtype == dtype and not isinstance(scale, np.ndarray) and scale == 1:
        y: Array = drawn
    else:
        y = np.empty(drawn.shape, dtype)
        # The cast happens inside the product, block by block: no temporary array is made.
        np.multiply(drawn, _like(y, scale), out=y, dtype=y.dtype, casting="unsafe")
    if isinstance(offset, np.ndarray) or offset != 0:
        y += _like(y, offset)
    return y


def _like(y: Array, number: float | Array) -> float | Array:
    return number.astype(y.dtype, copy=False) if isinstance(number, np.ndarray) else number
