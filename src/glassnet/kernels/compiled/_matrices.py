"""The loop that dense layers are made of: sums of rows of a matrix, each times a number.

A tile of sums stays in registers from the first term to the last: eight outputs of twice as many
neighbours as a register holds. Of what is loaded every number is used several times, so that
arithmetic and not memory sets the pace.

Neighbours are samples wherever they can be, and each thread has samples of its own: what it wrote
in one layer it finds in its own cache in the next. To fetch it from the cache of another processor
takes as long as the arithmetic.
"""

from typing import Any

import numpy as np
from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._arrays import LINE
from glassnet.kernels.compiled._llvm import Values, load, multiply_add, pointer, spread
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._rectify import passed, raised
from glassnet.kernels.compiled._squares import turn_square
from glassnet.kernels.compiled._vectors import filled_tile, lanes, store, width


@intrinsic
def add_row(
    typing: Any, tile: Any, x: Any, i: Any, count: Any, weight: Any, j: Any, step: Any
) -> Any:
    """Return tile[k] + weight[j + k·step] · x[i : i + count] for all k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        sums, x, i, count, weight, j, step = arguments
        kind = context.get_value_type(tile.dtype)
        row = load(builder, pointer(context, builder, signature.args[1], x, i), kind, count)
        result = []
        for k in range(tile.count):
            place = pointer(context, builder, signature.args[4], weight, j)
            factor = spread(builder, builder.load(place), kind)
            result.append(multiply_add(builder, factor, row, builder.extract_value(sums, k)))
            j = builder.add(j, step)
        return context.make_tuple(builder, tile, result)

    return tile(tile, x, i, count, weight, j, step), generate


@Inner
def turn_columns(
    x: Array, start: int, column_step: int, count: int, terms: int, strip: Array, wide: int
) -> None:
    """Copy `count` columns that lie one after the other so that they lie side by side."""
    side = lanes(x)
    for left in range(0, count, side):
        squares = terms // side * side if left + side <= count else 0
        for t in range(0, squares, side):
            source = start + left * column_step + t
            turn_square(x, source, column_step, strip, t * wide + left, wide)
        for t in range(squares, terms):
            for c in range(left, min(left + side, count)):
                strip[t * wide + c] = x[start + c * column_step + t]


@Loop
def sums_of_rows(
    x: Array,
    row_step: int,
    column_step: int,
    length: int,
    terms: int,
    weight: Array,
    output_step: int,
    term_step: int,
    bias: Array,
    y: Array,
    outputs: int,
    shares: int,
    floor: float,
    below: Array,
    tile: tuple[int, ...],
) -> None:
    """Write y[k, r] = b[k] + Σ_t w[k, t] · x[t, r], and what a rectifier beside it makes of that.

    A turn is a strip of columns r, as wide as the tile, and a share of the outputs. Where the
    columns do not lie side by side they are turned first.

    What a rectifier beside the layer would do is done before the sums leave the registers. One
    after it: no sum is below `floor`, which is zero; without one it is −∞. One before it, whose
    output is `below`, when this is the gradient of that: where it is not above zero, a sum is zero.
    There is none if `below` is empty.

    Parameters
    ----------
    x : vector
        x[t, r] is at t · row_step + r · column_step, one of which is 1; r < length, t < terms.
    weight : vector
        w[k, t] is at k · output_step + t · term_step.
    bias, y : vector
        y[k] is a row of `length` numbers; there are `outputs`, at least as many as in a tile.
    shares : int
        Parts in which the outputs are divided.
    floor : float
    below : vector
        As y, or empty.
    """
    sums = len(tile)
    wide = width(x, tile)
    blocks = (outputs + sums - 1) // sums
    strips = (length + wide - 1) // wide
    for turn in prange(shares * strips):
        share, r = turn // strips, turn % strips * wide
        count = min(wide, length - r)
        strip, start, step = x, r, row_step
        if column_step != 1:
            strip, step = np.empty((terms + 1) * wide, x.dtype), wide
            start = (-strip.ctypes.data % LINE) // strip.itemsize
            turn_columns(x, r * column_step, column_step, count, terms, strip[start:], wide)
        for block in range(share * blocks // shares, (share + 1) * blocks // shares):
            k = min(block * sums, outputs - sums)  # the last may do some outputs once more
            total = filled_tile(bias, k, tile)
            place = k * output_step
            for t in range(terms):
                total = add_row(total, strip, start + t * step, count, weight, place, output_step)
                place += term_step
            place = k * length + r
            if len(below) > 0:
                total = passed(total, below, place, length, count)
            elif floor == 0:
                total = raised(total, floor)
            store(y, place, length, count, sums, total)
