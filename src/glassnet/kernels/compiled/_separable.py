"""Pooling of few samples: of each window first the rows are dealt with, then the columns.

The rows of the image that a row of windows meets are put together whole: that goes along memory,
however few the samples are. What is left for each window is one number of each of its columns.

Vectors x and y hold channels of rows, in which are the samples of each pixel side by side. `left`
says for each number of a row of outputs where the left column of its window is, in a row of the
image with its padding; it is without a sign, so that Numba need not look for places before the
first. Of windows the loops are told: rows of them, and of each the height, the width, the rows from
one to the next, the rows of padding above, and the numbers of padding beside.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._runs import add_run, larger_run
from glassnet.kernels.compiled._vectors import empty_tile, lanes, store

ONE = (0,)  # sums in a tile, of one register


@Loop
def largest_of_few(
    x: Array, height: int, width: int, samples: int, windows: tuple[int, ...], lowest: Any,
    left: Array, y: Array,
) -> None:  # fmt: skip
    """Write the largest pixel of each window; NaN is larger than all, and padding is lowest."""
    out_height, kh, kw, step, above, beside = windows
    line, wide = len(left), lanes(x)
    for c in prange(len(y) // (out_height * line)):
        rows = np.full(width + 2 * beside, lowest)
        for i in range(out_height):
            top, bottom = max(i * step - above, 0), min(i * step - above + kh, height)
            for m in range(0, width, wide):
                count, place = min(wide, width - m), (c * height + top) * width + m
                run = add_run(empty_tile(x, ONE, ONE), x, place, count)
                for _ in range(top + 1, bottom):
                    place += width
                    run = larger_run(run, x, place, count)
                store(rows, beside + m, 0, count, 1, run)
            target = np.uint64((c * out_height + i) * line)
            for m in range(line):
                place = left[m]
                largest = rows[place]
                for _ in range(1, kw):
                    place += np.uint64(samples)
                    pixel = rows[place]
                    largest = pixel if (pixel > largest) | np.isnan(pixel) else largest
                y[target] = largest
                target += np.uint64(1)


@Loop
def mean_of_few(
    x: Array, height: int, width: int, samples: int, windows: tuple[int, ...], part: Any,
    left: Array, y: Array,
) -> None:  # fmt: skip
    """Write the sum of each window times `part`; padding is zero."""
    out_height, kh, kw, step, above, beside = windows
    line, wide = len(left), lanes(x)
    for c in prange(len(y) // (out_height * line)):
        rows = np.zeros(width + 2 * beside, x.dtype)
        for i in range(out_height):
            top, bottom = max(i * step - above, 0), min(i * step - above + kh, height)
            for m in range(0, width, wide):
                count, place = min(wide, width - m), (c * height + top) * width + m
                run = empty_tile(x, ONE, ONE)
                for _ in range(top, bottom):
                    run = add_run(run, x, place, count)
                    place += width
                store(rows, beside + m, 0, count, 1, run)
            target = np.uint64((c * out_height + i) * line)
            for m in range(line):
                place = left[m]
                total = rows[place]
                for _ in range(1, kw):
                    place += np.uint64(samples)
                    total += rows[place]
                y[target] = total * part
                target += np.uint64(1)
