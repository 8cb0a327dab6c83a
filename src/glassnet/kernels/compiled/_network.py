"""The loop that takes training steps of a whole dense network, on one thread or on all.

Small networks lose their time between the operations, not in them; here nothing is between. It
is compiled around layers of one thread, or around those that threads share, so that a small network
does not wait for the compiler to do the other.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import RULES
from glassnet.kernels.compiled import update
from glassnet.kernels.compiled._affine import NEXT, NO
from glassnet.kernels.compiled._arrays import LINE
from glassnet.kernels.compiled._elements import ask_for_labels, differentiate, loss
from glassnet.kernels.compiled._layers import layer_backward, layer_forward
from glassnet.kernels.compiled._loops import MANY, Inner, Loop, new_zeros, prange
from glassnet.kernels.compiled._shared_layers import shared_backward, shared_forward
from glassnet.kernels.compiled.update import BLOCK, sum_of_squares

descend: Any = update.descend
descend_with_momentum: Any = update.descend_with_momentum
descend_nesterov: Any = update.descend_nesterov
adam: Any = update.adam

forward: Any = None
backward: Any = None
"""What a layer does: handed over beside the loop."""

_SGD, _MOMENTUM, _NESTEROV, _ADAM = range(len(RULES))


@Inner
def _turn(x: Array, rows: int, y: Array) -> None:
    """Write the transpose of x, which has so many rows, to y."""
    columns = len(x) // rows
    for c in range(columns):
        for r in range(rows):
            y[c * rows + r] = x[r * columns + c]


@Inner
def _room(count: int) -> Array:
    """Return room for so many numbers that begins with a line of the cache."""
    room = np.empty(count + LINE // 4, np.float32)
    return room[(-room.ctypes.data % LINE) // 4 :]


@Inner
def _judge(
    labels: Array, rows: Array, low: Any, high: Any, kind_of_loss: int, kind: int, slope: float,
    room: Array, z: int, samples: int, classes: int, output: Array,
) -> Any:  # fmt: skip
    """Return the loss of the outputs; copy these, and lay their sums' gradient behind all else."""
    size, unit_by_unit = samples * classes, samples >= MANY
    y, wanted = room[z + size : z + 2 * size], room[z + 2 * size : z + 3 * size]
    dz = room[z + 3 * size : z + 4 * size]
    if len(rows) > 0:
        _turn(rows, samples if unit_by_unit else NEXT, wanted)
    else:
        ask_for_labels(labels, low, high, wanted, classes, unit_by_unit)
    result = loss(kind_of_loss, y, wanted, samples, dz, unit_by_unit)
    differentiate(kind, np.float32(slope), room[z : z + size], y, dz)
    _turn(y, classes if unit_by_unit else NEXT, output)
    return result


@Inner
def _penalise(value: Array, grad: Array, l1: float, l2: float) -> None:
    """Add the gradients of penalties on the weights."""
    for i in range(len(value)):
        grad[i] += np.float32(2 * l2) * value[i] + np.float32(l1) * np.sign(value[i])


@Inner
def _scale(x: Array, factor: float) -> None:
    for i in range(len(x)):
        x[i] *= np.float32(factor)


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


def _steps(
    x: Array, labels: Array, rows: Array, low: float, high: float, batch: int, layers: Array,
    slopes: Array, kind_of_loss: int, value: Array, grad: Array, decayed: int, l1: float,
    l2: float, clip_norm: float, weight_decay: float, rule: int, settings: Array, first: Array,
    second: Array, taken: int, rates: Array, output: Array, figures: Array, tiny: Any, parts: int,
) -> int:  # fmt: skip
    """Take the steps; return how many. See the NumPy edition."""
    samples, inputs = x.shape
    depth, classes, units = len(layers), layers[-1, 1], inputs
    for layer in range(depth):
        units += 3 * layers[layer, 1]
    # In `room` lie, one after the other, the samples, each layer's sums and outputs, what the
    # outputs should be, and the gradients of the sums, from the last layer to the first.
    room, zeros = _room((units + 2 * classes) * min(batch, samples)), new_zeros(units, value)
    blocks = (len(value) + BLOCK - 1) // BLOCK
    squares = np.empty(blocks)
    x, rows, output = x.reshape(-1), rows.reshape(-1), output.reshape(-1)
    for k in range(len(rates)):
        start, end = k * batch, min((k + 1) * batch, samples)
        many = end - start
        one = x[start * inputs : end * inputs]
        at = NO
        for layer in range(depth):
            forward(one, layers[layer], slopes[layer], value, zeros, room, at, many, parts)
            at += many * (layers[layer, 0] + layers[layer, 1])
        figures[k, 0] = _judge(
            labels[start:end], rows[start * classes : end * classes], np.float32(low),
            np.float32(high), kind_of_loss, layers[-1, 4], slopes[-1], room, at - many * classes,
            many, classes, output[start * classes : end * classes],
        )  # fmt: skip
        to = at + 2 * many * classes
        for layer in range(depth - 1, -1, -1):
            at -= many * (layers[layer, 0] + layers[layer, 1])
            backward(
                one, layers[layer], layers[layer - 1, 4], slopes[layer - 1], value, grad, zeros,
                room, at, to, many, parts,
            )  # fmt: skip
            to += many * layers[layer, 1]
        for block in prange(blocks):
            a, b = block * BLOCK, min((block + 1) * BLOCK, len(value))
            if l1 != 0 or l2 != 0:
                _penalise(value[a : min(b, decayed)], grad[a : min(b, decayed)], l1, l2)
            squares[block] = sum_of_squares(grad[a:b])
        norm = 0.0
        for block in range(blocks):
            norm += squares[block]
        norm = np.sqrt(norm)
        figures[k, 1] = norm
        if not np.isfinite(figures[k, 0] + norm):
            return k
        for block in prange(blocks):
            a, b = block * BLOCK, min((block + 1) * BLOCK, len(value))
            if norm > clip_norm:
                _scale(grad[a:b], clip_norm / norm)
            if weight_decay != 0:
                _scale(value[a : min(b, decayed)], 1 - rates[k] * weight_decay)
            _update(
                rule, settings, value[a:b], grad[a:b], first[a:b], second[a:b], taken + k + 1,
                rates[k], tiny,
            )  # fmt: skip
    return len(rates)


network_steps = Loop(_steps, forward=layer_forward, backward=layer_backward)
shared_steps = Loop(_steps, forward=shared_forward, backward=shared_backward)
