"""One dense layer of a network, forward and back, on one thread.

`_shared_layers` has the same for several threads; their number, `parts`, matters only there.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._affine import NEXT, NO, affine, input_gradient, parameter_gradient
from glassnet.kernels.compiled._elements import activate, differentiate
from glassnet.kernels.compiled._loops import MANY, Inner
from glassnet.kernels.compiled._matrices import turn_columns


@Inner
def layer_forward(
    x: Array, layer: Array, slope: float, value: Array, zeros: Array, room: Array, at: int,
    samples: int, parts: int,
) -> None:  # fmt: skip
    """Lay what a layer gives behind its inputs, which lie from `at` on: all sums, then f of each.

    The first layer's inputs are the samples x, and are laid there now.
    """
    inputs, outputs, w, b, kind = layer
    if at == 0 and samples >= MANY:
        turn_columns(x, NO, inputs, samples, inputs, room, samples)
    elif at == 0:
        for i in range(len(x)):
            room[i] = x[i]
    z = at + samples * inputs
    y, end = z + samples * outputs, z + 2 * samples * outputs
    start, bias, step = (value, b, NEXT) if b >= 0 else (zeros, NO, NO)
    affine(room, at, value, w, start, bias, step, room, z, samples, inputs, outputs)
    activate(kind, np.float32(slope), room[z:y], room[y:end])


@Inner
def layer_backward(
    x: Array, layer: Array, below: int, slope: float, value: Array, grad: Array, zeros: Array,
    room: Array, at: int, to: int, samples: int, parts: int,
) -> None:  # fmt: skip
    """Write the gradient of a layer's parameters, given that of its sums, from `to` on.

    Behind it comes that of the sums of the layer before, whose non-linearity has the number
    `below`; there is none before the first, at 0.
    """
    inputs, outputs, w, b, _ = layer
    parameter_gradient(room, at, room, to, grad, w, b, zeros, samples, inputs, outputs)
    if at > 0:
        size, dx = samples * inputs, to + samples * outputs
        input_gradient(room, to, value, w, room, dx, zeros, samples, inputs, outputs)
        y, dz = room[at : at + size], room[dx : dx + size]
        differentiate(below, np.float32(slope), room[at - size : at], y, dz)
