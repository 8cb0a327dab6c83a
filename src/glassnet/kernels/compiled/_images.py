"""Images as the convolutions want them."""

from functools import cache, lru_cache
from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.kernels.compiled._arrays import batch_innermost, flat, vector
from glassnet.kernels.compiled._plans import Layout

COPY = 4
"""Multiply-adds that take as long as to copy a number, in rows."""


def prepared(x: Array, layout: Layout) -> Array:
    """Return images of axes (N, C, H, W) as a vector (C, H, split, columns, N), with borders.

    Not a copy if they lie so already.
    """
    if layout.split == 1 and layout.border == (0, 0):
        return batch_innermost(x)
    ordered = x.flags.c_contiguous
    size, rest = _preparation(x.shape, ordered, layout)
    image = vector(size, x.dtype)
    source = flat(x) if ordered else flat(x.transpose(1, 2, 3, 0))
    _prepare()(COPY * size, source, image, *rest)
    return image


@lru_cache(maxsize=256)
def _preparation(size: Shape, ordered: bool, layout: Layout) -> tuple[int, tuple[Any, ...]]:
    """Return the numbers of the prepared images, and what the loop is told last."""
    samples, channels, height, width = size
    (left, _), split, row = layout
    columns = _columns(layout, row // samples, width)
    return channels * height * row, (
        samples, channels * height, width, *_steps(size, ordered), height, columns,
        left if split == 1 else -1,
    )  # fmt: skip


def _columns(layout: Layout, columns: int, width: int) -> Array:
    """Return which column of an image each column of the prepared one is, or -1 for zeros."""
    phase, place = np.divmod(np.arange(columns), columns // layout.split)
    column = place * layout.split + phase - layout.border[0]
    return np.where(column < width, np.maximum(column, -1), -1)


def as_vector(x: Array) -> tuple[Array, list[int]]:
    """Return images as a vector, and the steps along their four axes, counted in numbers."""
    ordered = x.flags.c_contiguous
    return flat(x if ordered else x.transpose(1, 2, 3, 0)), _steps(x.shape, ordered)


def _steps(size: Shape, ordered: bool) -> list[int]:
    """Return the steps along the axes of images in C order, or with the batch innermost."""
    samples, channels, height, width = size
    if ordered:
        return [channels * height * width, height * width, width, 1]
    return [1, height * width * samples, width * samples, samples]


@cache
def _prepare() -> Any:
    from glassnet.kernels.compiled._preparing import prepare

    return prepare
