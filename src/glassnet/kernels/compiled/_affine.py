"""The three products of a dense layer, for few samples or many, on one thread; and one on all.

What a layer gives lies sample by sample, or, where there are samples enough to fill registers, unit
by unit. In both cases all three products are made of two things: inner products of two rows, and
sums of rows, each times a number. Arrays are parts of longer vectors, from a place on.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import MANY, Inner, Loop, prange
from glassnet.kernels.compiled._matrices import add_row
from glassnet.kernels.compiled._runs import filled_run, run_width
from glassnet.kernels.compiled._vectors import (
    add_products,
    empty_tile,
    filled_tile,
    lanes,
    store,
    totals,
    width,
)

EIGHT, ONE = (0,) * 8, (0,)  # sums in a tile
NO, NEXT = np.int64(0), np.int64(1)  # steps; as plain numbers each would be a type of its own
_ZERO = np.float32(0)


@Inner
def sums_of_rows(
    x: Array, at: int, row: int, length: int, terms: int,
    w: Array, k: int, output_step: int, term_step: int,
    start: Array, first: int, start_step: int, y: Array, to: int, outputs: int,
) -> None:  # fmt: skip
    """Write y[o, r] = start[o] + Σ_t w[o, t] · x[t, r]."""
    whole = outputs // 8 * 8
    wide = width(x, EIGHT)
    for o in range(0, whole, 8):
        for r in range(0, length, wide):
            count = min(wide, length - r)
            total = filled_tile(start, first + o * start_step, EIGHT)
            here, place = at + r, k + o * output_step
            for _ in range(terms):
                total = add_row(total, x, here, count, w, place, output_step)
                here += row
                place += term_step
            store(y, to + o * length + r, length, count, 8, total)
    wide = run_width(x)
    for o in range(whole, outputs):
        for r in range(0, length, wide):
            count = min(wide, length - r)
            single = filled_run(start, first + o * start_step)
            here, place = at + r, k + o * output_step
            for _ in range(terms):
                single = add_row(single, x, here, count, w, place, output_step)
                here += row
                place += term_step
            store(y, to + o * length + r, length, count, 1, single)


@Inner
def products_of_rows(
    a: Array, i: int, rows: int, b: Array, j: int, columns: int, length: int,
    start: Array, first: int, start_step: int, y: Array, to: int, row: int, column: int,
) -> None:  # fmt: skip
    """Write y[p, q] = start[p] + Σ_t a[p, t] · b[q, t]."""
    last = i + (rows - 1) * length
    for p in range(0, rows, 8):  # of the last eight some may be the last row once more
        k = i + p * length
        places = (
            k, min(k + length, last), min(k + 2 * length, last), min(k + 3 * length, last),
            min(k + 4 * length, last), min(k + 5 * length, last), min(k + 6 * length, last),
            min(k + 7 * length, last),
        )  # fmt: skip
        for q in range(columns):
            total = empty_tile(a, EIGHT, ONE)
            for t in range(0, length, lanes(a)):
                count = min(lanes(a), length - t)
                total = add_products(total, a, places, b, (j + q * length,), b, t, count)
            found = totals(total)
            for o in range(min(8, rows - p)):
                y[to + (p + o) * row + q * column] = start[first + (p + o) * start_step] + found[o]


@Loop
def affine_of_few(
    x: Array, weight: Array, bias: Array, y: Array, samples: int, inputs: int, outputs: int,
    parts: int,
) -> None:  # fmt: skip
    """Write y = W x + b sample by sample, the outputs in parts: memory hands W to all threads."""
    for turn in prange(parts):
        first, end = turn * outputs // parts, (turn + 1) * outputs // parts
        products_of_rows(
            weight, first * inputs, end - first, x, NO, samples, inputs, bias, first, NEXT, y,
            first, NEXT, outputs,
        )  # fmt: skip


@Inner
def affine(
    x: Array, at: int, value: Array, w: int, start: Array, first: int, start_step: int,
    y: Array, to: int, samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write y = W x + b."""
    if samples >= MANY:
        sums_of_rows(
            x, at, samples, samples, inputs, value, w, inputs, NEXT, start, first, start_step, y,
            to, outputs,
        )  # fmt: skip
    else:
        products_of_rows(
            value,
            w,
            outputs,
            x,
            at,
            samples,
            inputs,
            start,
            first,
            start_step,
            y,
            to,
            NEXT,
            outputs,
        )


@Inner
def parameter_gradient(
    x: Array, at: int, dz: Array, to: int, grad: Array, w: int, b: int, zeros: Array,
    samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write ∂L/∂W = δᵀ x and ∂L/∂b = Σ_n δ_n."""
    if samples >= MANY:
        products_of_rows(
            dz, to, outputs, x, at, inputs, samples, zeros, NO, NO, grad, w, inputs, NEXT
        )
    else:
        sums_of_rows(
            x, at, inputs, inputs, samples, dz, to, NEXT, outputs, zeros, NO, NO, grad, w, outputs
        )
    if b >= 0:
        bias_gradient(dz, to, grad, b, samples, outputs)


@Inner
def bias_gradient(dz: Array, to: int, grad: Array, b: int, samples: int, outputs: int) -> None:
    """Write ∂L/∂b = Σ_n δ_n."""
    unit, sample = (samples, 1) if samples >= MANY else (1, outputs)
    for o in range(outputs):
        total = _ZERO
        for n in range(samples):
            total += dz[to + o * unit + n * sample]
        grad[b + o] = total


@Inner
def input_gradient(
    dz: Array, to: int, value: Array, w: int, dx: Array, at: int, zeros: Array,
    samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write ∂L/∂x = δ W."""
    if samples >= MANY:
        sums_of_rows(
            dz, to, samples, samples, outputs, value, w, NEXT, inputs, zeros, NO, NO, dx, at, inputs
        )
    else:
        sums_of_rows(
            value, w, inputs, inputs, outputs, dz, to, outputs, NEXT, zeros, NO, NO, dx, at, samples
        )
