"""The loops that take samples through a whole dense network.

Few samples meet all weights once, and memory sets the pace: the threads share the outputs of each
large layer. Many go in blocks: each thread takes one through all layers, so that what lies between
two layers stays in its cache.

In `room` lie the inputs of a layer and, from its middle on, the sums; f of them takes the place of
the inputs.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._affine import NEXT, NO, products_of_rows, sums_of_rows
from glassnet.kernels.compiled._elements import activate
from glassnet.kernels.compiled._loops import ENOUGH, Inner, Loop, new_zeros, prange
from glassnet.kernels.compiled._matrices import turn_columns

LARGE = ENOUGH // 2
"""Multiply-adds from which threads share a layer."""
STRIP = 32
"""Samples as many as a tile of sums is wide, of which a block is made."""
BLOCK = 1 << 14
"""Numbers that lie between two layers of a block: they fit the cache, beside the weights."""


@Inner
def _widest(layers: Array) -> Any:
    """Return the largest number of units that a layer has."""
    widest = layers[0, 0]
    for layer in range(len(layers)):
        widest = max(widest, layers[layer, 1])
    return widest


@Inner
def _copy(x: Array, y: Array) -> None:
    """Write the first of y, on this thread."""
    for i in range(len(x)):
        y[i] = x[i]


@Loop
def outputs_of_few(
    x: Array, layers: Array, slopes: Array, value: Array, parts: int, output: Array
) -> None:
    """Write the outputs of a network, sample by sample."""
    samples, half = len(output), len(output) * _widest(layers)
    room, zeros = np.empty(2 * half, np.float32), new_zeros(8, value)
    _copy(x.reshape(-1), room)
    for layer in range(len(layers)):
        inputs, outputs, w = layers[layer, 0], layers[layer, 1], layers[layer, 2]
        b, kind, slope = layers[layer, 3], layers[layer, 4], np.float32(slopes[layer])
        start, bias, step = (value, b, NEXT) if b >= 0 else (zeros, NO, NO)
        if samples * inputs * outputs >= LARGE:
            for part in prange(parts):
                first, end = part * outputs // parts, (part + 1) * outputs // parts
                products_of_rows(
                    value, w + first * inputs, end - first, room, NO, samples, inputs, start,
                    bias + first * step, step, room, half + first, NEXT, outputs,
                )  # fmt: skip
        else:
            products_of_rows(
                value, w, outputs, room, NO, samples, inputs, start, bias, step, room, half, NEXT,
                outputs,
            )  # fmt: skip
        many = samples * outputs
        activate(kind, slope, room[half : half + many], room[:many])
    _copy(room[: output.size], output.reshape(-1))


@Loop
def outputs_of_many(
    x: Array, layers: Array, slopes: Array, value: Array, parts: int, output: Array
) -> None:
    """Write the outputs of a network, in blocks in which the samples of a unit lie together."""
    samples, classes = output.shape
    inputs, widest, zeros = layers[0, 0], _widest(layers), new_zeros(8, value)
    share = (samples + parts - 1) // parts
    block = min((share + STRIP - 1) // STRIP, max(2, BLOCK // widest // STRIP)) * STRIP
    for turn in prange((samples + block - 1) // block):
        first = turn * block
        many = min(block, samples - first)
        half = widest * many
        room = np.empty(2 * half, np.float32)
        turn_columns(x.reshape(-1), first * inputs, inputs, many, inputs, room, many)
        for layer in range(len(layers)):
            _layer(layers[layer], slopes[layer], value, zeros, room, half, many)
        for k in range(classes):
            for n in range(many):
                output[first + n, k] = room[k * many + n]


@Inner
def _layer(
    layer: Array, slope: float, value: Array, zeros: Array, room: Array, half: int, samples: int
) -> None:
    """Replace a layer's inputs by its outputs, unit by unit."""
    inputs, outputs, w, b, kind = layer[0], layer[1], layer[2], layer[3], layer[4]
    start, bias, step = (value, b, NEXT) if b >= 0 else (zeros, NO, NO)
    sums_of_rows(
        room, NO, samples, samples, inputs, value, w, inputs, NEXT, start, bias, step, room, half,
        outputs,
    )  # fmt: skip
    many = samples * outputs
    activate(kind, np.float32(slope), room[half : half + many], room[:many])
