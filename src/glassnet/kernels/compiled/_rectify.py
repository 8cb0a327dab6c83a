"""What a rectifier does to sums before they leave the registers: words beside those of `_vectors`.

To write sums to memory, and read and write them again only to compare each with zero, would take as
long as many a convolution.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from glassnet.kernels.compiled._llvm import Values, load, pointer, spread


@intrinsic
def raised(typing: Any, tile: Any, floor: Any) -> Any:
    """Return the tile with nothing below the floor; NaN stays."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        sums, floor = arguments
        least = spread(builder, floor, context.get_value_type(tile.dtype))
        result = [
            builder.select(builder.fcmp_ordered(">", least, vector), least, vector)
            for vector in cgutils.unpack_tuple(builder, sums)
        ]
        return context.make_tuple(builder, tile, result)

    return tile(tile, tile.dtype.dtype), generate


@intrinsic
def passed(typing: Any, tile: Any, y: Any, i: Any, step: Any, count: Any) -> Any:
    """Return tile[k] where y[i + k·step : + count] is above zero, elsewhere tile[k] · 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        sums, y, i, step, count = arguments
        kind = context.get_value_type(tile.dtype)
        zero = ir.Constant(kind, [0.0] * kind.count)
        result = []
        for vector in cgutils.unpack_tuple(builder, sums):
            row = load(builder, pointer(context, builder, signature.args[1], y, i), kind, count)
            above = builder.fcmp_ordered(">", row, zero)
            # A product, not zero: where an error is NaN or infinite it shows.
            result.append(builder.select(above, vector, builder.fmul(vector, zero)))
            i = builder.add(i, step)
        return context.make_tuple(builder, tile, result)

    return tile(tile, y, i, step, count), generate
