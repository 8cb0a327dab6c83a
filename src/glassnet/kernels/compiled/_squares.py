"""Transposing a matrix, square by square, inside the processor's registers.

Element by element a transpose waits for memory on one of its sides. A square of as many rows as a
register has lanes is read and written by whole registers; in between, blocks of it change places:
first single numbers, then squares of two, of four, … (Eklundh, 1972).
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._llvm import Values, integers, load, pointer, store_lanes
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._runs import prefetch
from glassnet.kernels.compiled._vectors import REGISTER, lanes

SQUARES = 4
"""Squares side by side that are done together: memory hands over more than one line at a time."""


@intrinsic
def turn_square(typing: Any, x: Any, i: Any, x_step: Any, y: Any, j: Any, y_step: Any) -> Any:
    """Write y[j + c·y_step + r] = x[i + r·x_step + c] for all r and c below the number of lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        x, i, x_step, y, j, y_step = arguments
        side = REGISTER * 8 // signature.args[0].dtype.bitwidth
        kind = ir.VectorType(context.get_value_type(signature.args[0].dtype), side)
        whole = ir.Constant(i.type, side)
        rows = []
        for _ in range(side):
            place = pointer(context, builder, signature.args[0], x, i)
            rows.append(load(builder, place, kind, whole))
            i = builder.add(i, x_step)
        half = 1
        while half < side:
            upper = [c - half + side if c & half else c for c in range(side)]
            lower = [c + side if c & half else c + half for c in range(side)]
            for r in (r for r in range(side) if not r & half):
                a, b = rows[r], rows[r + half]
                rows[r] = builder.shuffle_vector(a, b, integers(upper))
                rows[r + half] = builder.shuffle_vector(a, b, integers(lower))
            half *= 2
        for row in rows:
            store_lanes(builder, row, pointer(context, builder, signature.args[3], y, j), whole)
            j = builder.add(j, y_step)
        return context.get_dummy_value()

    return types.void(x, i, x_step, y, j, y_step), generate


@Loop
def transpose(x: Array, rows: int, columns: int, y: Array) -> None:
    """Write the transpose of x, of so many rows and columns, into y; both are vectors."""
    side = lanes(x)
    wide = SQUARES * side
    for strip in prange((columns + wide - 1) // wide):
        first, end = strip * wide, min((strip + 1) * wide, columns)
        for top in range(0, rows, side):
            for left in range(first, end, side):
                if left + side <= columns and top + side <= rows:
                    turn_square(x, top * columns + left, columns, y, left * rows + top, rows)
                    continue
                for column in range(left, min(left + side, end)):
                    for row in range(top, min(top + side, rows)):
                        y[column * rows + row] = x[row * columns + column]


@Loop
def gather_and_turn(x: Array, chosen: Array, scale: Array, offset: Array, y: Array) -> None:
    """Write y[f, n] = x[chosen[n], f] · scale[f] + offset[f]; either may be a single number."""
    side, samples = lanes(y), len(chosen)
    features = len(y) // samples
    for group in prange((samples + side - 1) // side):
        first = group * side
        count = min(side, samples - first)
        rows = np.empty(side * features, y.dtype)
        for m in range(count):
            following = chosen[first + min(m + 1, count - 1)] * features
            for f in range(0, features, side):  # the processor does not foresee which is next
                prefetch(x, following + f)
            place = chosen[first + m] * features
            _scale(x[place : place + features], scale, offset, rows[m * features :])
        for f in range(0, features, side):
            if count == side and f + side <= features:
                turn_square(rows, f, features, y, f * samples + first, samples)
                continue
            for feature in range(f, min(f + side, features)):
                for m in range(count):
                    y[feature * samples + first + m] = rows[m * features + feature]


@Loop
def gather_rows(x: Array, chosen: Array, scale: Array, offset: Array, y: Array) -> None:
    """Write y[n, f] = x[chosen[n], f] · scale[f] + offset[f]; either may be a single number."""
    samples = len(chosen)
    features = len(y) // samples
    for n in prange(samples):
        following = chosen[min(n + 1, samples - 1)] * features
        for f in range(0, features, lanes(y)):
            prefetch(x, following + f)
        place = chosen[n] * features
        _scale(x[place : place + features], scale, offset, y[n * features :])


@Inner
def _scale(x: Array, scale: Array, offset: Array, y: Array) -> None:
    one_scale, one_offset = y.dtype.type(scale[0]), y.dtype.type(offset[0])
    if len(scale) == 1 and len(offset) == 1:
        for f in range(len(x)):
            y[f] = y.dtype.type(x[f]) * one_scale + one_offset
        return
    for f in range(len(x)):
        factor = scale[f] if len(scale) > 1 else one_scale
        y[f] = y.dtype.type(x[f]) * factor + (offset[f] if len(offset) > 1 else one_offset)
