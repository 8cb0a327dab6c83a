"""Transposing a matrix, square by square, inside the processor's registers.

Element by element a transpose waits for memory on one of its sides. A square of as many rows as a
register has lanes is read and written by whole registers; in between, blocks of it change places:
first single numbers, then squares of two, of four, … (Eklundh, 1972).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._llvm import Values, integers, load, pointer, store_lanes
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._vectors import REGISTER, lanes


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
    strips = (columns + side - 1) // side
    for strip in prange(strips):
        left = strip * side
        for top in range(0, rows, side):
            if left + side <= columns and top + side <= rows:
                turn_square(x, top * columns + left, columns, y, left * rows + top, rows)
                continue
            for column in range(left, min(left + side, columns)):
                for row in range(top, min(top + side, rows)):
                    y[column * rows + row] = x[row * columns + column]
