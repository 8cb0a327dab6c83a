"""The loops that go through a whole dense network, and take training steps of it, on one thread.

Small networks lose their time between the operations, not in them; here nothing is between.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import RULES
from glassnet.kernels.compiled import update
from glassnet.kernels.compiled._affine import (
    NEXT,
    NO,
    affine,
    input_gradient,
    parameter_gradient,
)
from glassnet.kernels.compiled._elements import activate, ask_for_labels, differentiate, loss
from glassnet.kernels.compiled._loops import MANY, Inner, Loop
from glassnet.kernels.compiled.update import sum_of_squares

descend: Any = update.descend
descend_with_momentum: Any = update.descend_with_momentum
descend_nesterov: Any = update.descend_nesterov
adam: Any = update.adam

_SGD, _MOMENTUM, _NESTEROV, _ADAM = range(len(RULES))


@Inner
def _turn(x: Array, rows: int, y: Array) -> None:
    """Write the transpose of x, which has so many rows, to y."""
    columns = len(x) // rows
    for c in range(columns):
        for r in range(rows):
            y[c * rows + r] = x[r * columns + c]


@Inner
def _layer(
    layer: Array, slope: float, value: Array, zeros: Array, room: Array, at: int, samples: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """Lay what outputs `first` to `last` are behind the inputs: all sums, then f of them."""
    inputs, outputs, w, b, kind = layer
    z = at + samples * inputs + first * samples
    y, many = z + samples * outputs, (last - first) * samples
    start, bias, step = (value, b + first, NEXT) if b >= 0 else (zeros, NO, NO)
    affine(
        room, at, value, w + first * inputs, start, bias, step, room, z, samples, inputs,
        last - first,
    )  # fmt: skip
    activate(kind, np.float32(slope), room[z : z + many], room[y : y + many])


@Inner
def _gradient(
    x: Array, labels: Array, rows: Array, low: Any, high: Any, layers: Array, slopes: Array,
    kind_of_loss: int, value: Array, grad: Array, output: Array, room: Array,
) -> Any:  # fmt: skip
    """Return the loss of a batch; write the gradient and the outputs."""
    # In `room` lie, one after the other, the samples, each layer's sums and outputs, what the
    # outputs should be, and the gradients of the sums, from the last layer to the first.
    depth, samples, classes = len(layers), len(x) // layers[0, 0], layers[-1, 1]
    zeros, several = np.zeros(8, np.float32), samples * classes
    unit_by_unit = samples >= MANY
    _turn(x, samples if unit_by_unit else NEXT, room)
    at = NO
    for layer in range(depth):
        inputs, outputs = layers[layer, 0], layers[layer, 1]
        _layer(layers[layer], slopes[layer], value, zeros, room, at, samples, NO, outputs)
        at += samples * (inputs + outputs)
    end = at + several
    to, y = end + several, room[at:end]
    wanted, dz = room[end:to], room[to : to + several]
    if len(rows) > 0:
        _turn(rows, samples if unit_by_unit else NEXT, wanted)
    else:
        ask_for_labels(labels, low, high, wanted, classes, unit_by_unit)
    result = loss(kind_of_loss, y, wanted, samples, dz, unit_by_unit)
    _turn(y, classes if unit_by_unit else NEXT, output)
    for layer in range(depth - 1, -1, -1):
        inputs, outputs, w, b, kind = layers[layer]
        size = samples * outputs
        z = at - size
        dz = room[to : to + size]
        differentiate(kind, np.float32(slopes[layer]), room[z:at], room[at : at + size], dz)
        at = z - samples * inputs
        parameter_gradient(room, at, room, to, grad, w, b, zeros, samples, inputs, outputs)
        if layer:
            input_gradient(room, to, value, w, room, to + size, zeros, samples, inputs, outputs)
            to += size
    return result


@Inner
def _update(
    rule: int, settings: Array, value: Array, grad: Array, first: Array, second: Array, step: int,
    rate: float, tiny: Any,
) -> None:  # fmt: skip
    """Change the parameters by the optimizer's rule."""
    a, b, c = settings
    lr, p, q = np.float32(rate), np.float32(a), np.float32(1 - b)
    if rule == _SGD:
        descend(value, grad, lr)
    elif rule == _MOMENTUM:
        descend_with_momentum(value, grad, first, lr, p, q, tiny)
    elif rule == _NESTEROV:
        descend_nesterov(value, grad, first, lr, p, q, tiny)
    else:
        adam(
            value, grad, first, second, np.float32(rate / (1 - a**step)),
            np.float32(1 / np.sqrt(1 - b**step)), p, np.float32(1 - a), np.float32(b), q,
            np.float32(c), tiny,
        )  # fmt: skip


@Loop
def network_steps(
    x: Array, labels: Array, rows: Array, low: float, high: float, batch: int, layers: Array,
    slopes: Array, kind_of_loss: int, value: Array, grad: Array, decayed: int, l1: float,
    l2: float, clip_norm: float, weight_decay: float, rule: int, settings: Array, first: Array,
    second: Array, taken: int, rates: Array, output: Array, figures: Array, tiny: Any,
) -> int:  # fmt: skip
    """Take the steps; return how many. See the NumPy edition."""
    samples, inputs = x.shape
    classes, units = layers[-1, 1], inputs
    for layer in range(len(layers)):
        units += 3 * layers[layer, 1]
    room = np.empty((units + 2 * classes) * min(batch, samples), np.float32)
    x, rows, output = x.reshape(-1), rows.reshape(-1), output.reshape(-1)
    for k in range(len(rates)):
        start, end = k * batch, min((k + 1) * batch, samples)
        figures[k, 0] = _gradient(
            x[start * inputs : end * inputs], labels[start:end],
            rows[start * classes : end * classes], np.float32(low), np.float32(high), layers,
            slopes, kind_of_loss, value, grad, output[start * classes : end * classes], room,
        )  # fmt: skip
        if l1 != 0 or l2 != 0:
            for i in range(decayed):
                grad[i] += np.float32(2 * l2) * value[i] + np.float32(l1) * np.sign(value[i])
        norm = np.sqrt(np.float64(sum_of_squares(grad)))
        figures[k, 1] = norm
        if not np.isfinite(figures[k, 0] + norm):
            return k
        if norm > clip_norm:
            for i in range(len(grad)):
                grad[i] *= np.float32(clip_norm / norm)
        if weight_decay != 0:
            for i in range(decayed):
                value[i] *= np.float32(1 - rates[k] * weight_decay)
        step = taken + k + 1
        _update(rule, settings, value, grad, first, second, step, rates[k], tiny)
    return len(rates)
