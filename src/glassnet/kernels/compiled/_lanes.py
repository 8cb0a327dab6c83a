"""Rows of any length, a register full at a time: words beside those of `_vectors` (float32).

Left to itself, LLVM takes what is left of a row, after all full registers, one number after the
other: of a row of ten all, of a row of a hundred for as long as the rest takes. Here lanes without
a number hold −∞, which is no maximum and whose exponential is zero.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.kernels.compiled._exponentials import (
    LOG2_E,
    LOG_2_HIGH,
    LOG_2_LOW,
    LOWEST,
    ROUNDING,
    E,
)
from glassnet.kernels.compiled._llvm import (
    Values,
    integers,
    load,
    multiply_add,
    pointer,
    spread,
    store_lanes,
)
from glassnet.kernels.compiled._vectors import REGISTER, Vector

LANES = REGISTER // 4
_REGISTER = Vector(types.float32, LANES)


def _constant(number: Any) -> Any:
    return ir.Constant(ir.VectorType(ir.FloatType(), LANES), [float(number)] * LANES)


@intrinsic
def lanes(typing: Any, x: Any, i: Any, count: Any, rest: Any) -> Any:
    """Return x[i : i + count], at most a register of them; the lanes after them are `rest`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        x, i, count, rest = arguments
        place = pointer(context, builder, signature.args[0], x, i)
        other = spread(builder, rest, _constant(0).type)
        return load(builder, place, other.type, count, other)

    return _REGISTER(x, i, count, rest), generate


@intrinsic
def filled(typing: Any, number: Any) -> Any:
    """Return lanes that all are that number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        return spread(builder, arguments[0], _constant(0).type)

    return _REGISTER(number), generate


@intrinsic
def put(typing: Any, y: Any, i: Any, count: Any, register: Any) -> Any:
    """Write the first `count` lanes to y[i : i + count]."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        y, i, count, register = arguments
        place = pointer(context, builder, signature.args[0], y, i)
        store_lanes(builder, register, place, count)
        return context.get_dummy_value()

    return types.void(y, i, count, register), generate


@intrinsic
def added(typing: Any, a: Any, b: Any) -> Any:
    """Return a + b."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        return builder.fadd(*arguments)

    return _REGISTER(a, b), generate


@intrinsic
def scaled(typing: Any, a: Any, factor: Any, term: Any) -> Any:
    """Return a · factor + term; either may be a number or a register."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        a, *others = arguments
        b, c = (x if x.type == a.type else spread(builder, x, a.type) for x in others)
        return multiply_add(builder, a, b, c)

    return _REGISTER(a, factor, term), generate


@intrinsic
def powers(typing: Any, a: Any, largest: Any) -> Any:
    """Return e^{a − largest}: `exp` of `_exponentials`, of numbers up to zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        a, largest = arguments
        x = builder.fsub(a, spread(builder, largest, a.type))
        lowest, one, whole = _constant(LOWEST), _constant(1), ir.VectorType(ir.IntType(32), LANES)
        x = builder.select(builder.fcmp_ordered("<", x, lowest), lowest, x)
        rounded = multiply_add(builder, x, _constant(LOG2_E), _constant(ROUNDING))
        n = builder.fsub(rounded, _constant(ROUNDING))
        r = multiply_add(builder, n, _constant(-LOG_2_HIGH), x)
        r = multiply_add(builder, n, _constant(-LOG_2_LOW), r)
        y = _constant(E[-1])
        for coefficient in (*E[-2::-1], 1, 1):
            y = multiply_add(builder, y, r, _constant(coefficient))
        place = ir.Constant(whole, [23] * LANES)
        power = builder.shl(builder.bitcast(rounded, whole), place)
        return builder.fmul(y, builder.bitcast(power, one.type))

    return _REGISTER(a, largest), generate


def _folded(combine: Any) -> Any:
    """Return what generates the combination of all lanes, half with half, again and again."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        (result,) = arguments
        half = LANES // 2
        while half:
            other = integers([lane ^ half for lane in range(LANES)])
            result = combine(builder, result, builder.shuffle_vector(result, result, other))
            half //= 2
        return builder.extract_element(result, ir.Constant(ir.IntType(32), 0))

    return generate


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", b, a), b, a)


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """Return the larger of each two lanes; where b is NaN, a."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        return _larger(builder, *arguments)

    return _REGISTER(a, b), generate


@intrinsic
def largest(typing: Any, register: Any) -> Any:
    """Return the largest of all lanes."""
    return types.float32(register), _folded(_larger)


@intrinsic
def total(typing: Any, register: Any) -> Any:
    """Return the sum of all lanes."""
    return types.float32(register), _folded(lambda builder, a, b: builder.fadd(a, b))
