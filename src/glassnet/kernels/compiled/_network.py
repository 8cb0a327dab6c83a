"""The loop that takes training steps of a whole dense network, on one thread.

Small networks lose their time between the operations, not in them; here nothing is between. What a
layer gives lies sample by sample, or, where there are samples enough to fill registers, unit by
unit. In both cases all three products of a layer are made of two things: inner products of two
rows, and sums of rows, each times a number.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS, LOSSES, RULES
from glassnet.kernels.compiled._exponentials import exp, sigmoid, tanh
from glassnet.kernels.compiled._loops import Inner, Loop
from glassnet.kernels.compiled._matrices import add_row
from glassnet.kernels.compiled._vectors import (
    add_products,
    empty_tile,
    filled_tile,
    lanes,
    store,
    totals,
    width,
)
from glassnet.kernels.compiled.update import _adam, _descend, _descend_nesterov, _sum_of_squares
from glassnet.kernels.compiled.update import _descend_with_momentum as _descend_momentum

MANY = 16  # samples from which units lie together
_RELU, _LEAKY, _SIGMOID, _TANH, _ELU, _SILU = range(1, len(ACTIVATIONS))
_CROSS_ENTROPY, _SQUARED, _BINARY = range(len(LOSSES))
_SGD, _MOMENTUM, _NESTEROV, _ADAM = range(len(RULES))
EIGHT, ONE = (0,) * 8, (0,)  # sums in a tile
NO, NEXT = np.int64(0), np.int64(1)  # steps; as plain numbers each would be a type of its own
_ZERO, _ONE, _TWO, _NAN = (np.float32(n) for n in (0, 1, 2, np.nan))


@Inner
def _sums_of_rows(
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
    wide = width(x, ONE)
    for o in range(whole, outputs):
        for r in range(0, length, wide):
            count = min(wide, length - r)
            single = filled_tile(start, first + o * start_step, ONE)
            here, place = at + r, k + o * output_step
            for _ in range(terms):
                single = add_row(single, x, here, count, w, place, output_step)
                here += row
                place += term_step
            store(y, to + o * length + r, length, count, 1, single)


@Inner
def _products_of_rows(
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


@Inner
def _affine(
    x: Array, at: int, value: Array, w: int, start: Array, first: int, start_step: int,
    y: Array, to: int, samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write y = W x + b."""
    if samples >= MANY:
        _sums_of_rows(
            x, at, samples, samples, inputs, value, w, inputs, NEXT, start, first, start_step, y, to,
            outputs,
        )  # fmt: skip
    else:
        _products_of_rows(
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
def _parameter_gradient(
    x: Array, at: int, dz: Array, to: int, grad: Array, w: int, b: int, zeros: Array,
    samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write ∂L/∂W = δᵀ x and ∂L/∂b = Σ_n δ_n."""
    unit, sample = 1, outputs
    if samples >= MANY:
        unit, sample = samples, 1
        _products_of_rows(
            dz, to, outputs, x, at, inputs, samples, zeros, NO, NO, grad, w, inputs, NEXT
        )
    else:
        _sums_of_rows(
            x, at, inputs, inputs, samples, dz, to, NEXT, outputs, zeros, NO, NO, grad, w, outputs
        )
    if b >= 0:
        for o in range(outputs):
            total = _ZERO
            for n in range(samples):
                total += dz[to + o * unit + n * sample]
            grad[b + o] = total


@Inner
def _input_gradient(
    dz: Array, to: int, value: Array, w: int, dx: Array, at: int, zeros: Array,
    samples: int, inputs: int, outputs: int,
) -> None:  # fmt: skip
    """Write ∂L/∂x = δ W."""
    if samples >= MANY:
        _sums_of_rows(
            dz, to, samples, samples, outputs, value, w, NEXT, inputs, zeros, NO, NO, dx, at, inputs
        )
    else:
        _sums_of_rows(
            value, w, inputs, inputs, outputs, dz, to, outputs, NEXT, zeros, NO, NO, dx, at, samples
        )


@Inner
def _activate(kind: int, slope: Any, z: Array, y: Array) -> None:
    """Write y = f(z)."""
    if kind == _TANH:
        for i in range(len(z)):
            y[i] = tanh(z[i])
    elif kind == _SIGMOID:
        for i in range(len(z)):
            y[i] = sigmoid(z[i])
    elif kind == _SILU:
        for i in range(len(z)):
            y[i] = z[i] * sigmoid(z[i])
    elif kind == _ELU:
        for i in range(len(z)):
            y[i] = z[i] if z[i] > 0 else slope * (exp(z[i]) - _ONE)
    else:
        if kind == _RELU:
            slope = _ZERO
        elif kind != _LEAKY:
            slope = _ONE
        for i in range(len(z)):
            y[i] = z[i] if z[i] > 0 else slope * z[i]


@Inner
def _differentiate(kind: int, slope: Any, z: Array, y: Array, dy: Array) -> None:
    """Multiply dy by f′(z), in place."""
    if kind == _TANH:
        for i in range(len(z)):
            dy[i] *= _ONE - y[i] * y[i]
    elif kind == _SIGMOID:
        for i in range(len(z)):
            dy[i] *= y[i] * (_ONE - y[i])
    elif kind == _SILU:
        for i in range(len(z)):
            s = sigmoid(z[i])
            dy[i] *= s * (_ONE + z[i] * (_ONE - s))
    elif kind == _ELU:
        for i in range(len(z)):
            dy[i] *= _ONE if z[i] > 0 else slope * exp(z[i])
    elif kind in (_RELU, _LEAKY):
        if kind == _RELU:
            slope = _ZERO
        for i in range(len(z)):
            dy[i] *= _ONE if z[i] > 0 else slope


@Inner
def _loss(kind: int, z: Array, t: Array, samples: int, dz: Array, unit_by_unit: bool) -> float:
    """Return the mean loss; write its gradient by the outputs."""
    if kind == _CROSS_ENTROPY:
        return _cross_entropy(z, t, samples, dz, unit_by_unit)
    value, part = 0.0, _ONE / np.float32(len(z))
    if kind == _SQUARED:
        for i in range(len(z)):
            error = z[i] - t[i]
            value += error * error
            dz[i] = _TWO * part * error
    else:
        for i in range(len(z)):
            e = exp(-abs(z[i]))
            value += max(z[i], _ZERO) - t[i] * z[i] + np.log1p(e)
            dz[i] = part * (sigmoid(z[i]) - t[i])
    return value / len(z)


@Inner
def _cross_entropy(z: Array, t: Array, samples: int, dz: Array, unit_by_unit: bool) -> float:
    """Return −(1/N) Σ_n Σ_k t log p; write (p Σ_k t − t) / N."""
    classes = len(z) // samples
    unit, sample = (samples, 1) if unit_by_unit else (1, classes)
    largest, total = np.empty(samples, np.float32), np.empty(samples, np.float32)
    mass, inner = np.empty(samples, np.float32), np.empty(samples, np.float32)
    for n in range(samples):
        largest[n], total[n], mass[n], inner[n] = z[n * sample], _ZERO, _ZERO, _ZERO
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            largest[n] = max(largest[n], z[i])
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            shifted = z[i] - largest[n]
            dz[i] = exp(shifted)
            total[n] += dz[i]
            mass[n] += t[i]
            inner[n] += t[i] * shifted
    value, part = 0.0, _ONE / np.float32(samples)
    for n in range(samples):
        value += mass[n] * np.log(total[n]) - inner[n]
        mass[n] *= part / total[n]
    for k in range(classes):
        for n in range(samples):
            i = k * unit + n * sample
            dz[i] = dz[i] * mass[n] - part * t[i]
    return value / samples


@Inner
def _turn(x: Array, rows: int, y: Array) -> None:
    """Write the transpose of x, which has so many rows, to y."""
    columns = len(x) // rows
    for c in range(columns):
        for r in range(rows):
            y[c * rows + r] = x[r * columns + c]


@Inner
def _gradient(
    x: Array, labels: Array, rows: Array, low: Any, high: Any, layers: Array, slopes: Array, loss: int, value: Array, grad: Array,
    output: Array, room: Array,
) -> float:  # fmt: skip
    """Return the loss of a batch; write the gradient and the outputs."""
    depth, samples, classes = len(layers), len(x) // layers[0, 0], layers[-1, 1]
    zeros, several = np.zeros(8, np.float32), samples * classes
    unit_by_unit = samples >= MANY
    _turn(x, samples if unit_by_unit else NEXT, room)
    at = NO
    for layer in range(depth):
        inputs, outputs, w, b, kind = layers[layer]
        z = at + samples * inputs
        y = z + samples * outputs
        end = y + samples * outputs
        start, first, step = (value, b, NEXT) if b >= 0 else (zeros, NO, NO)
        _affine(room, at, value, w, start, first, step, room, z, samples, inputs, outputs)
        _activate(kind, np.float32(slopes[layer]), room[z:y], room[y:end])
        at = y
    end = at + several
    to, y = end + several, room[at:end]
    wanted, dz = room[end:to], room[to : to + several]
    if len(rows) > 0:
        _turn(rows, samples if unit_by_unit else NEXT, wanted)
    else:
        unit, sample = (samples, NEXT) if unit_by_unit else (NEXT, classes)
        for n in range(samples):
            known = 0 <= labels[n] < classes
            for k in range(classes):
                wanted[k * unit + n * sample] = low if known else _NAN
            if known:
                wanted[labels[n] * unit + n * sample] = high
    result = _loss(loss, y, wanted, samples, dz, unit_by_unit)
    _turn(y, classes if unit_by_unit else NEXT, output)
    for layer in range(depth - 1, -1, -1):
        inputs, outputs, w, b, kind = layers[layer]
        size = samples * outputs
        z = at - size
        dz = room[to : to + size]
        _differentiate(kind, np.float32(slopes[layer]), room[z:at], room[at : at + size], dz)
        at = z - samples * inputs
        _parameter_gradient(room, at, room, to, grad, w, b, zeros, samples, inputs, outputs)
        if layer:
            _input_gradient(room, to, value, w, room, to + size, zeros, samples, inputs, outputs)
            to += size
    return result


@Loop
def network_steps(
    x: Array, labels: Array, rows: Array, low: float, high: float, batch: int, layers: Array, slopes: Array, loss: int, value: Array,
    grad: Array, decayed: int, l1: float, l2: float, clip_norm: float, weight_decay: float,
    rule: int, settings: Array, first: Array, second: Array, taken: int, rates: Array,
    output: Array, figures: Array, room: Array, tiny: Any,
) -> None:  # fmt: skip
    """Take the steps; figures[k, 2] is 1 for those that were taken. See the NumPy edition."""
    inputs, classes = layers[0, 0], layers[-1, 1]
    samples = len(x) // inputs
    for k in range(len(rates)):
        start, end = k * batch, min((k + 1) * batch, samples)
        figures[k, 0] = _gradient(
            x[start * inputs : end * inputs], labels[start:end],
            rows[start * classes : end * classes], np.float32(low), np.float32(high), layers,
            slopes, loss, value, grad, output[start * classes : end * classes], room,
        )  # fmt: skip
        if l1 != 0 or l2 != 0:
            for i in range(decayed):
                grad[i] += np.float32(2 * l2) * value[i] + np.float32(l1) * np.sign(value[i])
        norm = np.sqrt(np.float64(_sum_of_squares(grad)))
        figures[k, 1] = norm
        if not np.isfinite(figures[k, 0] + norm):
            break
        if norm > clip_norm:
            for i in range(len(grad)):
                grad[i] *= np.float32(clip_norm / norm)
        if weight_decay != 0:
            for i in range(decayed):
                value[i] *= np.float32(1 - rates[k] * weight_decay)
        lr, a, b, c = np.float32(rates[k]), settings[0], settings[1], settings[2]
        p, q = np.float32(a), np.float32(1 - b)
        if rule == _SGD:
            _descend(value, grad, lr)
        elif rule == _MOMENTUM:
            _descend_momentum(value, grad, first, lr, p, q, tiny)
        elif rule == _NESTEROV:
            _descend_nesterov(value, grad, first, lr, p, q, tiny)
        else:
            step = taken + k + 1
            rate = np.float32(rates[k] / (1 - a**step))
            correction = np.float32(1 / np.sqrt(1 - b**step))
            _adam(
                value, grad, first, second, rate, correction, p, np.float32(1 - a),
                np.float32(b), q, np.float32(c), tiny,
            )  # fmt: skip
        figures[k, 2] = 1
