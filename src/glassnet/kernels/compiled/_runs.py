"""Runs: as many neighbours as some registers hold, for what takes no weights.

Words beside those of `_vectors`: a run is a tile of one sum.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.kernels.compiled._llvm import Values, fetch, load, pointer
from glassnet.kernels.compiled._vectors import REGISTER, Vector

RUN = 4
"""Registers that hold one sum: while one addition is under way, others can begin."""


def _run(dtype: Any) -> Any:
    """Return the type of a tile of one sum."""
    return types.UniTuple(Vector(dtype, RUN * REGISTER * 8 // dtype.bitwidth), 1)


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
def prefetch(typing: Any, x: Any, i: Any) -> Any:
    """Ask for the line of x[i] to be brought into the cache; where it is does not matter."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        fetch(builder, pointer(context, builder, signature.args[0], *arguments))
        return context.get_dummy_value()

    return types.void(x, i), generate
