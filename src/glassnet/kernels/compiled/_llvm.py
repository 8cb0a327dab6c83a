"""The instructions of LLVM that `_vectors` is written with.

Arguments called `builder` append an instruction to the function that is being compiled; what these
functions take and return are LLVM's values, not numbers.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

Values = Sequence[Any]


def integer(like: Any, number: int) -> Any:
    return ir.Constant(like.type, number)


def integers(values: Sequence[int], bits: int = 32) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(bits), len(values)), list(values))


def pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c, rounded once where the processor can."""
    once = ("contract",)
    return builder.fadd(builder.fmul(a, b, flags=once), c, flags=once)


def spread(builder: Any, number: Any, vector: Any) -> Any:
    """Return a vector of equal numbers."""
    none, first = ir.Constant(vector, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(builder.insert_element(none, number, first), none, everywhere)


def _mask(builder: Any, count: Any, vector: Any) -> Any:
    """Return which lanes are among the first `count`."""
    everywhere = spread(builder, count, ir.VectorType(count.type, vector.count))
    return builder.icmp_signed("<", integers(range(vector.count), count.type.width), everywhere)


def _masked(builder: Any, what: str, result: Any, arguments: Values, vector: Any) -> Any:
    """Call one of LLVM's operations on some lanes of a vector."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    name = f"llvm.masked.{what}.v{vector.count}{vector.element.intrinsic_name}.p0"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, arguments)


def _align(vector: Any) -> int:
    return {"f32": 4, "f64": 8, "i16": 2}[vector.element.intrinsic_name]


def load(builder: Any, pointer: Any, vector: Any, count: Any, rest: Any = None) -> Any:
    """Load `count` numbers; the lanes after them are zero, or those of `rest`.

    The memory of those lanes is not touched.
    """
    pointer, align = builder.bitcast(pointer, vector.as_pointer()), _align(vector)
    with builder.if_else(
        builder.icmp_signed(">=", count, integer(count, vector.count)), likely=True
    ) as (whole, part):
        with whole:
            all_lanes, from_whole = builder.load(pointer, align=align), builder.block
        with part:
            rest = ir.Constant(vector, [0.0] * vector.count) if rest is None else rest
            aligned = ir.Constant(ir.IntType(32), align)
            arguments = [pointer, aligned, _mask(builder, count, vector), rest]
            some_lanes = _masked(builder, "load", vector, arguments, vector)
            from_part = builder.block
    loaded = builder.phi(vector)
    loaded.add_incoming(all_lanes, from_whole)
    loaded.add_incoming(some_lanes, from_part)
    return loaded


def store_lanes(builder: Any, value: Any, pointer: Any, count: Any) -> None:
    """Store the first `count` lanes."""
    vector = value.type
    pointer, align = builder.bitcast(pointer, vector.as_pointer()), _align(vector)
    with builder.if_else(
        builder.icmp_signed(">=", count, integer(count, vector.count)), likely=True
    ) as (whole, part):
        with whole:
            builder.store(value, pointer, align=align)
        with part:
            aligned = ir.Constant(ir.IntType(32), align)
            arguments = [value, pointer, aligned, _mask(builder, count, vector)]
            _masked(builder, "store", ir.VoidType(), arguments, vector)


def fetch(builder: Any, pointer: Any) -> None:
    """Bring a line of memory into the second cache, without waiting for it."""
    number = ir.IntType(32)
    place = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    to_read, second_cache, data = (ir.Constant(number, n) for n in (0, 2, 1))
    builder.call(function, [place, to_read, second_cache, data])
