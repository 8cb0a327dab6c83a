"""The loop that takes a few images through the convolutions of a network.

A stage is a convolution, the non-linearity behind it, and the pooling behind that. Each turn does
all three for a band of an image, or a share of the outputs, as `_bands` does a convolution alone:
what has just been written is pooled while it is in the nearest cache.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS
from glassnet.kernels.compiled._affine import NEXT, NO
from glassnet.kernels.compiled._bands import lay_out, sums_of_band
from glassnet.kernels.compiled._elements import activate
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._runs import copy_row
from glassnet.kernels.compiled._vectors import lanes
from glassnet.kernels.compiled._window_rows import largest_in_windows, means_of_windows

RELU = ACTIVATIONS.index("relu")
NONE, LARGEST, _ = range(len(POOLINGS))


@Loop
def stages_of_few(
    x: Array, stages: Array, slopes: Array, value: Array, parts: int, y: Array,
    tile: tuple[int, ...],
) -> None:  # fmt: skip
    """Write what comes out of the last stage; images lie one after the other.

    Each stage is done in so many parts of each image. None has fewer outputs than a tile.
    """
    samples, _, height, width = x.shape
    given = x.reshape(-1)
    for s in range(len(stages)):
        stage, slope = stages[s], np.float32(slopes[s])
        _, _, out_rows, out_columns = _sizes(stage, height, width)
        size = stage[1] * out_rows * out_columns
        result = y.reshape(-1) if s == len(stages) - 1 else np.empty(samples * size, x.dtype)
        for turn in prange(samples * parts):
            n, part = turn // parts, turn % parts
            _stage(stage, slope, value, given, n, height, width, part, parts, result, tile)
        given, height, width = result, out_rows, out_columns


@Inner
def _sizes(stage: Array, height: int, width: int) -> tuple[int, int, int, int]:
    """Return height and width of what is convolved, and of what is pooled."""
    rows = (height + 2 * stage[6] - stage[2]) // stage[4] + 1
    columns = (width + 2 * stage[7] - stage[3]) // stage[5] + 1
    out_rows = (rows + 2 * stage[16] - stage[12]) // stage[14] + 1
    out_columns = (columns + 2 * stage[17] - stage[13]) // stage[15] + 1
    return rows, columns, out_rows, out_columns


@Inner
def _stage(
    stage: Array, slope: Any, value: Array, x: Array, n: int, height: int, width: int,
    part: int, parts: int, y: Array, tile: tuple[int, ...],
) -> None:  # fmt: skip
    """Do a part of a stage for image n: a band, or where there are too few rows, some outputs."""
    channels, outputs, kh, kw, sh, sw, ph, pw, w, b, kind = stage[:11]
    pooling, wh, ww, vh, vw, above, beside = stage[11:]
    rows, columns, out_rows, out_columns = _sizes(stage, height, width)
    bands, shares = (parts, 1) if out_rows >= parts else (1, parts)
    band, share = part // shares, part % shares
    first, end = band * out_rows // bands, (band + 1) * out_rows // bands
    top, bottom = max(first * vh - above, 0), min((end - 1) * vh - above + wh, rows)

    row, deep = columns + (kw - 1) // sw, bottom - top + (kh - 1) // sh
    image = np.zeros(channels * sh * sw * deep * row, x.dtype)
    lay_out(
        x, n * channels * height * width, height, width, NEXT, NO, height * width, width, NEXT,
        sh, sw, top * sh - ph, pw, deep, row, image,
    )  # fmt: skip
    offset = _offsets(channels, kh, kw, sh, sw, deep, row)

    sums, zeros = len(tile), np.zeros(8, x.dtype)
    blocks, run = (outputs + sums - 1) // sums, (bottom - top - 1) * row + columns
    beyond = 2 * lanes(x) + ww  # pooling reads so far
    sparse = np.empty(sums * run + beyond, x.dtype)
    scale = np.float32(1 / (wh * ww))
    floor = np.float32(0 if kind == RELU else -np.inf)
    for block in range(share * blocks // shares, (share + 1) * blocks // shares):
        k = min(block * sums, outputs - sums)  # the last may do some outputs once more
        bias, at = (value, b + k) if b >= 0 else (zeros, NO)
        sums_of_band(image, offset, value, w + k * len(offset), bias, at, floor, sparse, run, tile)
        if kind > RELU:
            activate(kind, slope, sparse[: sums * run], sparse[: sums * run])
        for o in range(sums):
            for i in range(first, end):
                h = max(i * vh - above, 0)
                count = min(i * vh - above + wh, rows) - h
                place = o * run + (h - top) * row
                target = (((n * outputs) + k + o) * out_rows + i) * out_columns
                if pooling == NONE:
                    copy_row(sparse, place, y, target, columns)
                elif pooling == LARGEST:
                    largest_in_windows(
                        sparse, place, row, columns, count, ww, vw, beside, y, target, out_columns
                    )
                else:
                    means_of_windows(
                        sparse, place, row, columns, count, ww, vw, beside, scale, y, target,
                        out_columns,
                    )  # fmt: skip


@Inner
def _offsets(channels: int, kh: int, kw: int, sh: int, sw: int, height: int, row: int) -> Array:
    """Return where in a band each tap starts, in the order (channel, kh, kw)."""
    window = kh * kw
    offset = np.empty(channels * window, np.int64)
    for p in range(kh):
        for q in range(kw):
            number = p % sh * sw + q % sw
            offset[p * kw + q] = (number * height + p // sh) * row + q // sw
    for t in range(window, channels * window):
        offset[t] = offset[t - window] + sh * sw * height * row
    return offset
