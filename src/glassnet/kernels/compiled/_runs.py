"""Runs: as many neighbours as some registers hold, where one sum at a time is enough.

Words beside those of `_vectors`: a run is a tile of one sum.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._llvm import (
    Values,
    fetch,
    integers,
    load,
    pointer,
    spread,
    store_lanes,
)
from glassnet.kernels.compiled._loops import Inner
from glassnet.kernels.compiled._vectors import REGISTER, Vector, lanes, store

RUN = 4
"""Registers that hold one sum: while one addition is under way, others can begin."""


def run_of(dtype: Any) -> Vector:
    """Return the type of a run."""
    return Vector(dtype, RUN * REGISTER * 8 // dtype.bitwidth)


def _run(dtype: Any) -> Any:
    """Return the type of a tile of one sum."""
    return types.UniTuple(run_of(dtype), 1)


@intrinsic
def run_width(typing: Any, array: Any) -> Any:
    """Return how many numbers of `array` are in such a sum."""
    count = _run(array.dtype).dtype.lanes

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        return ir.Constant(ir.IntType(64), count)

    return types.int64(array), generate


@intrinsic
def empty_run(typing: Any, array: Any) -> Any:
    """Return a sum of nothing."""
    tile = _run(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        zero = ir.Constant(context.get_value_type(tile.dtype), [0.0] * tile.dtype.lanes)
        return context.make_tuple(builder, tile, [zero])

    return tile(array), generate


@intrinsic
def filled_run(typing: Any, start: Any, i: Any) -> Any:
    """Return a sum all of whose lanes are start[i]."""
    tile = _run(start.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        number = builder.load(pointer(context, builder, signature.args[0], *arguments))
        vector = spread(builder, number, context.get_value_type(tile.dtype))
        return context.make_tuple(builder, tile, [vector])

    return tile(start, i), generate


@intrinsic
def add_run(typing: Any, tile: Any, x: Any, i: Any, count: Any) -> Any:
    """Return tile + x[i : i + count]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        total, x, i, count = arguments
        kind = context.get_value_type(tile.dtype)
        row = load(builder, pointer(context, builder, signature.args[1], x, i), kind, count)
        return context.make_tuple(
            builder, tile, [builder.fadd(builder.extract_value(total, 0), row)]
        )

    return tile(tile, x, i, count), generate


@intrinsic
def larger_run(typing: Any, tile: Any, x: Any, i: Any, count: Any) -> Any:
    """Return the larger of tile and x[i : i + count], number by number; NaN is larger than all."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        largest, x, i, count = arguments
        kind = context.get_value_type(tile.dtype)
        row = load(builder, pointer(context, builder, signature.args[1], x, i), kind, count)
        before = builder.extract_value(largest, 0)
        wins = builder.or_(
            builder.fcmp_ordered(">", row, before), builder.fcmp_unordered("uno", row, row)
        )
        return context.make_tuple(builder, tile, [builder.select(wins, row, before)])

    return tile(tile, x, i, count), generate


@intrinsic
def empty_pair(typing: Any, array: Any) -> Any:
    """Return a sum of nothing, of two registers."""
    tile = types.UniTuple(Vector(array.dtype, 2 * REGISTER * 8 // array.dtype.bitwidth), 1)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        zero = ir.Constant(context.get_value_type(tile.dtype), [0.0] * tile.dtype.lanes)
        return context.make_tuple(builder, tile, [zero])

    return tile(array), generate


@intrinsic
def every_second(typing: Any, pair: Any) -> Any:
    """Return the lanes 0, 2, 4, … of a pair of registers, which fill one."""
    tile = types.UniTuple(Vector(pair.dtype.dtype, pair.dtype.lanes // 2), 1)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        vector = builder.extract_value(arguments[0], 0)
        even = integers(range(0, vector.type.count, 2))
        return context.make_tuple(builder, tile, [builder.shuffle_vector(vector, vector, even)])

    return tile(pair), generate


@intrinsic
def _move(typing: Any, x: Any, i: Any, y: Any, j: Any, count: Any) -> Any:
    """Write y[j : j + count] = x[i : i + count], a register at most."""
    vector = Vector(x.dtype, REGISTER * 8 // x.dtype.bitwidth)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        x, i, y, j, count = arguments
        source = pointer(context, builder, signature.args[0], x, i)
        row = load(builder, source, context.get_value_type(vector), count)
        store_lanes(builder, row, pointer(context, builder, signature.args[2], y, j), count)
        return context.get_dummy_value()

    return types.void(x, i, y, j, count), generate


@Inner
def copy_row(x: Array, i: int, y: Array, j: int, count: int) -> None:
    """Write y[j : j + count] = x[i : i + count]: for short rows faster than a slice."""
    wide = lanes(x)
    for m in range(0, count, wide):
        _move(x, i + m, y, j + m, min(wide, count - m))


@intrinsic
def prefetch(typing: Any, x: Any, i: Any) -> Any:
    """Ask for the line of x[i] to be brought into the cache; where it is does not matter."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        fetch(builder, pointer(context, builder, signature.args[0], *arguments))
        return context.get_dummy_value()

    return types.void(x, i), generate


@Inner
def clear_row(y: Array, j: int, length: int) -> None:
    """Write y[j : j + length] = 0."""
    wide = run_width(y)
    for m in range(0, length, wide):
        store(y, j + m, 0, min(wide, length - m), 1, empty_run(y))
