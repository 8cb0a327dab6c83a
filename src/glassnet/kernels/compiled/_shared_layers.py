"""One dense layer of a network, forward and back: a large one is shared among the threads.

The words are those of `_layers`. A large first layer takes the samples as they lie.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS
from glassnet.kernels.compiled import _affine, _matrices
from glassnet.kernels.compiled._affine import EIGHT, NEXT, bias_gradient, input_gradient
from glassnet.kernels.compiled._elements import activate, differentiate
from glassnet.kernels.compiled._layers import layer_backward, layer_forward
from glassnet.kernels.compiled._loops import ENOUGH, MANY, Inner, Loop, prange
from glassnet.kernels.compiled._vectors import width

affine_of_few: Any = _affine.affine_of_few
sums_of_rows: Any = _matrices.sums_of_rows

_IDENTITY, _RELU = ACTIVATIONS.index("identity"), ACTIVATIONS.index("relu")
_ZERO, _NONE = np.float32(0), np.float32(-np.inf)  # floors


@Inner
def _is_large(samples: int, inputs: int, outputs: int) -> bool:
    return samples * inputs * outputs >= ENOUGH and min(inputs, outputs) >= len(EIGHT)


@Inner
def _steps(samples: int, units: int) -> Any:
    """Return how far apart the values of neighbouring units lie, and those of samples."""
    return (samples, NEXT) if samples >= MANY else (NEXT, units)


@Inner
def _shares(x: Array, results: int, samples: int, length: int, parts: int) -> Any:
    """Return in how many shares the threads take rows of results: one if strips are enough."""
    return parts if results > samples or length < parts * width(x, EIGHT) else NEXT


@Loop
def shared_forward(
    x: Array, layer: Array, slope: float, value: Array, zeros: Array, room: Array, at: int,
    samples: int, parts: int,
) -> None:  # fmt: skip
    """Lay what a layer gives behind its inputs: all sums, if anybody wants them, then f of each."""
    inputs, outputs, w, b, kind = layer
    if not _is_large(samples, inputs, outputs):
        layer_forward(x, layer, slope, value, zeros, room, at, samples, NEXT)
        return
    z, size = at + samples * inputs, samples * outputs
    y, done = z + size, samples >= MANY and kind in (_IDENTITY, _RELU)
    start = value[b:] if b >= 0 else zeros
    source, (unit, sample) = room[at:], _steps(samples, inputs)
    if at == 0:
        source, unit, sample = x, NEXT, inputs
    if samples >= MANY:
        sums_of_rows(
            source, unit, sample, samples, inputs, value[w:], inputs, NEXT, start,
            room[y if done else z :], outputs, _shares(x, outputs, samples, samples, parts),
            _ZERO if kind == _RELU else _NONE, zeros[:0], EIGHT,
        )  # fmt: skip
    else:
        affine_of_few(source, value[w:], start, room[z:], samples, inputs, outputs, 4 * parts)
    if not done:
        for part in prange(parts):
            first, end = part * size // parts, (part + 1) * size // parts
            activate(kind, np.float32(slope), room[z + first : z + end], room[y + first : y + end])


@Loop
def shared_backward(
    x: Array, layer: Array, below: int, slope: float, value: Array, grad: Array, zeros: Array,
    room: Array, at: int, to: int, samples: int, parts: int,
) -> None:  # fmt: skip
    """Write the gradient of a layer's parameters, and of the sums of the layer before."""
    inputs, outputs, w, b, _ = layer
    if not _is_large(samples, inputs, outputs):
        layer_backward(x, layer, below, slope, value, grad, zeros, room, at, to, samples, NEXT)
        return
    source, (unit, sample) = room[at:], _steps(samples, inputs)
    if at == 0:
        source, unit, sample = x, NEXT, inputs
    dz, (dz_unit, dz_sample) = room[to:], _steps(samples, outputs)
    sums_of_rows(
        source, sample, unit, inputs, samples, dz, dz_unit, dz_sample, zeros, grad[w:], outputs,
        _shares(x, outputs, samples, inputs, parts), _NONE, zeros[:0], EIGHT,
    )  # fmt: skip
    if b >= 0:
        bias_gradient(room, to, grad, b, samples, outputs)
    if at == 0:
        return
    size, dx = samples * inputs, to + samples * outputs
    done = samples >= MANY and below in (_IDENTITY, _RELU)
    if samples >= MANY:
        sums_of_rows(
            dz, dz_unit, dz_sample, samples, outputs, value[w:], NEXT, inputs, zeros, room[dx:],
            inputs, _shares(x, inputs, samples, samples, parts), _NONE,
            source if below == _RELU else zeros[:0], EIGHT,
        )  # fmt: skip
    else:
        input_gradient(room, to, value, w, room, dx, zeros, samples, inputs, outputs)
    if not done:
        for part in prange(parts):
            first, end = part * size // parts, (part + 1) * size // parts
            differentiate(
                below, np.float32(slope), room[at - size + first : at - size + end],
                room[at + first : at + end], room[dx + first : dx + end],
            )  # fmt: skip
