"""Images as the convolutions want them."""

from functools import lru_cache

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._arrays import batch_innermost, flat, vector
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._plans import Layout
from glassnet.kernels.compiled._runs import clear_row, copy_row

TOGETHER = 16
"""Samples that are copied together where the batch is not innermost."""


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
    _prepare(
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


@Loop
def _prepare(
    source: Array,
    samples: int,
    rows: int,
    width: int,
    sn: int,
    sc: int,
    sh: int,
    sw: int,
    height: int,
    image: Array,
    columns: Array,
    left: int,
) -> None:
    """Copy row by row: columns, of some samples, or whole rows that begin after `left` columns."""
    row = len(columns) * samples
    some = samples if sn == 1 else TOGETHER
    for turn in prange(rows):
        start, target = turn // height * sc + turn % height * sh, turn * row
        if sw == samples and left >= 0:
            before, inside = left * samples, width * samples
            clear_row(image, target, before)
            copy_row(source, start, image, target + before, inside)
            clear_row(image, target + before + inside, row - before - inside)
        elif samples == 1:
            for column in range(len(columns)):
                w = columns[column]
                image[target + column] = source[start + w * sw] if w >= 0 else 0
        else:
            for n in range(0, samples, some):
                count, place = min(some, samples - n), target + n
                for column in range(len(columns)):
                    origin = start + columns[column] * sw + n * sn
                    if columns[column] < 0:
                        clear_row(image, place, count)
                    elif sn == 1:
                        copy_row(source, origin, image, place, count)
                    else:
                        for m in range(count):
                            image[place + m] = source[origin + m * sn]
                    place += samples
