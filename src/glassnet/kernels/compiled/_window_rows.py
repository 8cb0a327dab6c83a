"""Pooling of one image: a row of windows, from rows of pixels as they lie.

With windows two apart, as they mostly are, two registers of pixels are put together for each place
in the window, and then every second number is picked. Vectors x may be read two registers beyond
the last row.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Inner
from glassnet.kernels.compiled._runs import add_run, empty_pair, every_second, larger_run
from glassnet.kernels.compiled._vectors import lanes, store


@Inner
def largest_in_windows(
    x: Array, place: int, step: int, length: int, rows: int, columns: int, stride: int,
    beside: int, y: Array, target: int, windows: int,
) -> None:  # fmt: skip
    """Write the largest pixel of each window; NaN is larger than all.

    Rows of x are `step` apart, `length` pixels each, with `beside` columns of padding.
    """
    if stride == 2 and beside == 0:
        wide = lanes(x)
        for m in range(0, windows, wide):
            pair = add_run(empty_pair(x), x, place + 2 * m, 2 * wide)
            for p in range(rows):
                for q in range(columns):
                    pair = larger_run(pair, x, place + p * step + 2 * m + q, 2 * wide)
            store(y, target + m, 0, min(wide, windows - m), 1, every_second(pair))
        return
    for m in range(windows):
        first, end = _columns(m * stride - beside, columns, length)
        largest = x[place + first]
        for p in range(rows):
            for q in range(first, end):
                pixel = x[place + p * step + q]
                largest = pixel if (pixel > largest) | np.isnan(pixel) else largest
        y[target + m] = largest


@Inner
def means_of_windows(
    x: Array, place: int, step: int, length: int, rows: int, columns: int, stride: int,
    beside: int, part: Any, y: Array, target: int, windows: int,
) -> None:  # fmt: skip
    """Write the sum of each window times `part`; padding is zero. As `largest_in_windows`."""
    if stride == 2 and beside == 0:
        wide = lanes(x)
        for m in range(0, windows, wide):
            pair = empty_pair(x)
            for p in range(rows):
                for q in range(columns):
                    pair = add_run(pair, x, place + p * step + 2 * m + q, 2 * wide)
            store(y, target + m, 0, min(wide, windows - m), 1, every_second(pair))
        for m in range(windows):
            y[target + m] *= part
        return
    for m in range(windows):
        first, end = _columns(m * stride - beside, columns, length)
        total = part - part  # zero, of the right type
        for p in range(rows):
            for q in range(first, end):
                total += x[place + p * step + q]
        y[target + m] = total * part


@Inner
def _columns(left: int, columns: int, length: int) -> tuple[int, int]:
    """Return where a window begins and ends in a row of pixels."""
    return max(left, 0), min(left + columns, length)
