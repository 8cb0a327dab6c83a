"""Vectors of neighbouring numbers, held in registers: the vocabulary of the matrix loops.

Numba has no word for the processor's vectors, and whether a sum stays in a register or goes
through memory at every step is left to luck: a factor of three. These few words are LLVM's own
vectors, which LLVM fits to whatever processor there is.

A tile is K sums of L neighbours each, kept as a tuple of K vectors. K is chosen by handing over a
tuple of K zeros, because the length of a tuple is a part of its type; L follows, as the tile fills
up to half of the registers.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic, models, register_model

from glassnet.kernels.compiled._llvm import (
    Values,
    integer,
    integers,
    load,
    multiply_add,
    pointer,
    spread,
    store_lanes,
)

_ASKED = config.CPU_FEATURES  # of NUMBA_CPU_FEATURES, for another processor than this one
_FEATURES = binding.get_host_cpu_features().flatten() if _ASKED is None else _ASKED
REGISTER = 64 if "+avx512f" in _FEATURES else 32 if "+avx2" in _FEATURES else 16
"""Bytes in a register of the processor."""
TILE = 8 if REGISTER == 32 else 16
"""Registers that a tile fills: AVX2 has 16, the others 32."""
PRODUCTS = ((4, 2),) if TILE == 8 else ((4, 6), (5, 5), (4, 5), (3, 5))
"""Tiles of products, where what is loaded comes from the nearest cache; the first is the best."""


class Vector(types.Type):
    """The type of `lanes` numbers side by side."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        element = manager.lookup(vector.dtype).get_value_type()
        super().__init__(manager, vector, ir.VectorType(element, vector.lanes))


def _tile(dtype: Any, sums: int, registers: int) -> Any:
    """Return the type of a tile of so many sums, each of so many registers."""
    return types.UniTuple(Vector(dtype, _lanes(dtype, registers)), sums)


def registers(sums: int) -> int:
    """Return how many registers each sum of a tile gets: 1, 2, 4, …, else LLVM does badly."""
    return 1 << (TILE // sums).bit_length() - 1


@intrinsic
def width(typing: Any, array: Any, sums: Any) -> Any:
    """Return how many numbers of `array` lie side by side in each of `len(sums)` sums of a tile."""
    count = _lanes(array.dtype, registers(len(sums)))
    return types.int64(array, sums), _constant(count)


@intrinsic
def lanes(typing: Any, array: Any) -> Any:
    """Return how many numbers of `array` fit in one register."""
    return types.int64(array), _constant(_lanes(array.dtype, 1))


def _lanes(dtype: Any, registers: int) -> int:
    return int(registers * REGISTER * 8 // dtype.bitwidth)


def _constant(number: int) -> Any:
    """Return what generates a number that LLVM knows when it compiles."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        return ir.Constant(ir.IntType(64), number)

    return generate


@intrinsic
def filled_tile(typing: Any, start: Any, i: Any, sums: Any) -> Any:
    """Return a tile of `len(sums)` sums, all lanes of sum k being start[i + k]."""
    dtype = start.dtype
    tile = _tile(dtype, len(sums), registers(len(sums)))

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        start, i, _ = arguments
        kind = context.get_value_type(tile.dtype)
        places = [
            pointer(context, builder, signature.args[0], start, builder.add(i, integer(i, k)))
            for k in range(tile.count)
        ]
        vectors = [spread(builder, builder.load(place), kind) for place in places]
        return context.make_tuple(builder, tile, vectors)

    return tile(start, i, sums), generate


@intrinsic
def empty_tile(typing: Any, array: Any, left: Any, right: Any) -> Any:
    """Return a tile of `len(left) · len(right)` inner products, each a vector of sums, all zero."""
    tile = _tile(array.dtype, len(left) * len(right), 1)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        zero = ir.Constant(context.get_value_type(tile.dtype), [0.0] * tile.dtype.lanes)
        return context.make_tuple(builder, tile, [zero] * tile.count)

    return tile(array, left, right), generate


@intrinsic
def add_multiples(typing: Any, tile: Any, x: Any, i: Any, count: Any, weight: Any, j: Any) -> Any:
    """Return tile[k] + weight[j + k] · x[i : i + count] for all k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        sums, x, i, count, weight, j = arguments
        kind = context.get_value_type(tile.dtype)
        row = load(builder, pointer(context, builder, signature.args[1], x, i), kind, count)
        result = []
        for k in range(tile.count):
            here = builder.add(j, integer(j, k))
            place = pointer(context, builder, signature.args[4], weight, here)
            factor = spread(builder, builder.load(place), kind)
            result.append(multiply_add(builder, factor, row, builder.extract_value(sums, k)))
        return context.make_tuple(builder, tile, result)

    return tile(tile, x, i, count, weight, j), generate


@intrinsic
def add_products(
    typing: Any, tile: Any, a: Any, i: Any, b: Any, j: Any, nothing: Any, at: Any, count: Any
) -> Any:
    """Return tile[k, l] + a[i[k] + at : + count] · b[j[l] + at : + count] for all k and l.

    Where j[l] is negative, `nothing`[at : + count] takes the place of b.
    """
    columns = len(j)

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        sums, a, i, b, j, nothing, at, count = arguments
        kind = context.get_value_type(tile.dtype)

        def place(number: int, array: Any, index: Any) -> Any:
            return pointer(context, builder, signature.args[number], array, index)

        def row(start: Any) -> Any:
            return load(builder, builder.gep(start, [at]), kind, count)

        zeros = place(5, nothing, integer(at, 0))
        left = [row(place(1, a, index)) for index in cgutils.unpack_tuple(builder, i)]
        right = []
        for index in cgutils.unpack_tuple(builder, j):
            off = builder.icmp_signed("<", index, integer(index, 0))
            right.append(row(builder.select(off, zeros, place(3, b, index))))
        result = [
            multiply_add(
                builder, left[k // columns], right[k % columns], builder.extract_value(sums, k)
            )
            for k in range(tile.count)
        ]
        return context.make_tuple(builder, tile, result)

    return tile(tile, a, i, b, j, nothing, at, count), generate


@intrinsic
def store(typing: Any, y: Any, i: Any, step: Any, count: Any, used: Any, tile: Any) -> Any:
    """Write y[i + k·step : + count] = tile[k] for the first `used` sums k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        y, i, step, count, used, sums = arguments
        for k in range(tile.count):
            with builder.if_then(builder.icmp_signed("<", integer(i, k), used), likely=True):
                place = pointer(context, builder, signature.args[0], y, i)
                store_lanes(builder, builder.extract_value(sums, k), place, count)
            i = builder.add(i, step)
        return context.get_dummy_value()

    return types.void(y, i, step, count, used, tile), generate


def _totals(builder: Any, vectors: list[Any]) -> list[Any]:
    """Return the sums over the lanes of each vector, in vectors.

    Neighbours are added up, of two vectors at once, until each lane is a sum of its own.
    """
    length = vectors[0].type.count
    zero = ir.Constant(vectors[0].type, [0.0] * length)
    vectors = vectors + [zero] * (-len(vectors) % length)
    even, odd = (integers(range(start, 2 * length, 2)) for start in (0, 1))
    for _ in range(length.bit_length() - 1):
        vectors = [
            builder.fadd(builder.shuffle_vector(a, b, even), builder.shuffle_vector(a, b, odd))
            for a, b in zip(vectors[::2], vectors[1::2], strict=True)
        ]
    return vectors


@intrinsic
def totals(typing: Any, tile: Any) -> Any:
    """Return the sum over the lanes of each vector."""
    dtype, length = tile.dtype.dtype, tile.dtype.lanes

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        tuple_of = cgutils.unpack_tuple(builder, arguments[0])
        vectors = _totals(builder, tuple_of)
        result = [
            builder.extract_element(vectors[k // length], ir.Constant(ir.IntType(32), k % length))
            for k in range(tile.count)
        ]
        return context.make_tuple(builder, signature.return_type, result)

    return types.UniTuple(dtype, tile.count)(tile), generate


@intrinsic
def add_totals(typing: Any, y: Any, i: Any, tile: Any) -> Any:
    """Add to y[i + k] the sum over the lanes of vector k, in whole vectors."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        y, i, sums = arguments
        for vector in _totals(builder, cgutils.unpack_tuple(builder, sums)):
            place = pointer(context, builder, signature.args[0], y, i)
            count = integer(i, vector.type.count)
            before = load(builder, place, vector.type, count)
            store_lanes(builder, builder.fadd(before, vector), place, count)
            i = builder.add(i, count)
        return context.get_dummy_value()

    return types.void(y, i, tile), generate
