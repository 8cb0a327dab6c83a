"""The convolutions of a network in one call, for a few images (Numba)."""

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

from glassnet import threads
from glassnet.arrays import Array, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._loops import ENOUGH
from glassnet.kernels.compiled._plans import output_size
from glassnet.kernels.stage import stages_of

__all__ = ["conv_stages_forward"]

TILE = 8
"""Outputs that are summed at once, if all stages have so many."""


def conv_stages_forward(x: Array, stages: Array, slopes: Array, value: Array) -> Array:
    """Return what comes out of the last stage, in C order."""
    if x.dtype != np.float32 or value.dtype != x.dtype or not value.flags.carray:
        return vectorised.conv_stages_forward(x, stages, slopes, value)
    shape, tile, operations = _sizes(x.shape[1:], stages.tobytes())
    read = (x, stages, slopes)
    if not all(v.flags.carray for v in read):  # for Numba another type: it may not be written
        x, stages, slopes = (v.copy("C") for v in read)
    y = np.empty((len(x), *shape), x.dtype)
    operations *= len(x)
    parts = threads.threads() if operations >= ENOUGH else 1
    _loop()(operations, x, stages, slopes, value, parts, y, tile)
    return y


@lru_cache(maxsize=256)
def _sizes(shape: Shape, table: bytes) -> tuple[Shape, tuple[int, ...], int]:
    """Return the shape of an output, a tile, and the multiply-adds of the largest stage."""
    channels, size, operations, tile = shape[0], shape[1:], 0, (0,) * TILE
    for stage in stages_of(np.frombuffer(table, np.int64).reshape(-1, 18)):
        if stage.channels != channels:
            raise ValueError(f"{channels} channels do not fit a convolution of {stage.channels}")
        size = output_size(size, stage.kernel, stage.stride, stage.padding)
        products = stage.outputs * channels * math.prod(stage.kernel)
        operations = max(operations, math.prod(size) * products)
        size = output_size(size, stage.window, stage.step, stage.border)
        channels, tile = stage.outputs, tile[: stage.outputs]
    return (channels, *size), tile, operations


@cache
def _loop() -> Any:
    from glassnet.kernels.compiled._stages import stages_of_few

    return stages_of_few
