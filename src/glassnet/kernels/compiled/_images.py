"""Images as the convolutions want them."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._arrays import batch_innermost, flat, vector
from glassnet.kernels.compiled._plans import Layout


def prepared(x: Array, layout: Layout) -> Array:
    """Return images of axes (N, C, H, W) as a vector (C, H, split, columns, N), with borders.

    Not a copy if they lie so already.
    """
    (left, right), split, row = layout
    if split == 1 and not (left or right):
        return batch_innermost(x)
    source, steps = as_vector(x)
    samples, channels, height, width = x.shape
    image = vector(channels * height * row, x.dtype)
    _prepare()(
        2 * image.size, source, samples, channels * height, width, *steps, height, image,
        _columns(layout, row // samples, width), left if split == 1 else -1,
    )  # fmt: skip
    return image


@lru_cache(maxsize=256)
def _columns(layout: Layout, columns: int, width: int) -> Array:
    """Return which column of an image each column of the prepared one is, or -1 for zeros."""
    phase, place = np.divmod(np.arange(columns), columns // layout.split)
    column = place * layout.split + phase - layout.border[0]
    return np.where(column < width, np.maximum(column, -1), -1)


def as_vector(x: Array) -> tuple[Array, list[int]]:
    """Return images as a vector, and the steps along their four axes, counted in numbers."""
    samples, channels, height, width = x.shape
    if x.flags.c_contiguous:
        return flat(x), [channels * height * width, height * width, width, 1]
    steps = [1, height * width * samples, width * samples, samples]
    return flat(x.transpose(1, 2, 3, 0)), steps


@cache
def _prepare() -> Any:
    from glassnet.kernels.compiled._preparing import prepare

    return prepare
