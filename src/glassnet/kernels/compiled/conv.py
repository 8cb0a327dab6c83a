"""Two-dimensional convolution and its gradients, without a copy of every patch (Numba).

Arrays are batch-innermost in memory: (C, H, W, N). The pixels that one weight meets along a row of
outputs are then runs of numbers side by side, at a fixed distance from those of the next weight. So

- forward, a run of outputs is a sum of such runs, each times a weight;
- the gradient of the input is the same again, with the errors as the image;
- the gradient of a weight is the inner product of errors and pixels along such runs;

for any kernel, stride, padding and batch. `_plans` says where the runs are.
"""

import numpy as np

from glassnet import threads
from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, flat, is_plain, require, vector
from glassnet.kernels.compiled._images import as_vector, prepared
from glassnet.kernels.compiled._loops import MEMORY
from glassnet.kernels.compiled._plans import (
    Geometry,
    SumPlan,
    backward_plan,
    forward_plan,
    rows_are_short,
)
from glassnet.kernels.compiled._product_plans import PANEL, best_tile, gradient_plan

__all__ = [
    "conv2d_forward",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
]

TILE = 8
"""Outputs that are summed at once, if there are so many: the best balance of what is loaded to what
is computed."""


def conv2d_forward(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Pair,
    padding: Pair,
    rectify: bool = False,
) -> Array:
    """Return the convolution of a batch of images: each run a sum of runs of pixels, weighted."""
    if not is_plain(x, weight, bias):
        return vectorised.conv2d_forward(x, weight, bias, stride, padding, rectify)
    outputs, channels, *kernel = weight.shape
    require((channels,), x.shape[1:2], "channels of weights")
    geometry = len(x), x.shape[1:], tuple(kernel), stride, padding
    start, floor = np.zeros(outputs, x.dtype) if bias is None else flat(bias), -np.inf
    if rectify:
        floor = 0
    if rows_are_short(*geometry, outputs):
        return _plane_sums(x, weight, start, geometry, floor)
    plan = forward_plan(*geometry)
    return _sums(x, weight, 0, start, plan, floor, None)


def conv2d_input_gradient(
    dy: Array,
    weight: Array,
    input_shape: Shape,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each run of pixels is a sum of runs of errors, weighted.

    With a stride of s a pixel meets every s-th weight only, and which ones depends on its place
    modulo s; the plan knows the terms of each.
    """
    if not is_plain(dy, weight, below):
        return vectorised.conv2d_input_gradient(dy, weight, input_shape, stride, padding, below)
    outputs, channels, *kernel = weight.shape
    require((channels,), input_shape[:1], "channels of weights")
    plan = backward_plan(len(dy), outputs, tuple(input_shape), tuple(kernel), stride, padding)
    require(dy.shape[1:], (outputs, *plan.met), "errors")
    return _sums(dy, weight, 1, np.zeros(channels, dy.dtype), plan, -np.inf, below)


def _sums(
    x: Array,
    weight: Array,
    outputs_axis: int,
    bias: Array,
    plan: SumPlan,
    floor: float,
    below: Array | None,
) -> Array:
    """Return the weighted sums of a plan; the outputs are an axis of the weights, 0 or 1."""
    outputs, places = len(bias), plan.out[0] * plan.out[1] * len(x)
    if below is not None:
        require(below.shape, (len(x), outputs, *plan.out), "outputs of a rectifier")
        below = batch_innermost(below)
    image, operations = prepared(x, plan.layout), outputs * plan.operations
    terms = plan.offset, plan.tap, plan.pieces
    y = _convolved(image, operations, terms, weight, outputs_axis, bias, places, floor, below)
    return y.reshape(outputs, *plan.out, len(x)).transpose(3, 0, 1, 2)


def _plane_sums(x: Array, weight: Array, bias: Array, geometry: Geometry, floor: float) -> Array:
    """Return the convolution of a few samples, each image of theirs a single run."""
    from glassnet.kernels.compiled._planes import gather_rows, plane, spread

    (outputs, channels, *_), (samples, size, _, stride, padding) = weight.shape, geometry
    plan = plane(*geometry, threads.threads())
    image = vector(channels * stride[0] * stride[1] * plan.rows * plan.row, x.dtype)
    source, steps = as_vector(x)
    spread(
        MEMORY * image.size, source, *size[1:], samples, *steps, *stride, *padding, plan.rows,
        plan.row, image,
    )  # fmt: skip
    places, terms = plan.out[0] * plan.row, (plan.offset, plan.tap, plan.pieces)
    operations = places * weight.size
    wide = _convolved(image, operations, terms, weight, 0, bias, places, floor, None)
    y, row = vector(outputs * plan.out[0] * plan.out[1] * samples, x.dtype), plan.out[1] * samples
    gather_rows(MEMORY * y.size, wide, outputs, plan.out[0], plan.row, row, y)
    return y.reshape(outputs, *plan.out, samples).transpose(3, 0, 1, 2)


def _convolved(
    image: Array,
    operations: int,
    terms: tuple[Array, Array, Array],
    weight: Array,
    outputs_axis: int,
    bias: Array,
    places: int,
    floor: float,
    below: Array | None,
) -> Array:
    """Return the sums, `places` of each output, of which some may be left unwritten."""
    from glassnet.kernels.compiled._windows import convolve

    outputs, window = len(bias), weight.shape[2] * weight.shape[3]
    steps = weight.shape[1] * window, window
    tile = (0,) * min(outputs, TILE)
    room = -(-outputs // len(tile)) * len(tile) * weight.size // outputs
    y = vector(outputs * places, image.dtype)
    convolve(
        operations, image, *terms, flat(weight), steps[outputs_axis], steps[1 - outputs_axis],
        window, vector(room, image.dtype), bias, y, places, outputs, image.dtype.type(floor),
        y[:0] if below is None else below, tile,
    )  # fmt: skip
    return y


def conv2d_weight_gradient(
    dy: Array, x: Array, stride: Pair, padding: Pair, out: Array, bias_out: Array | None = None
) -> None:
    """Write ∂L/∂W into `out`, inner products of runs of errors and of pixels, and ∂L/∂b."""
    if not is_plain(dy, x, out):
        vectorised.conv2d_weight_gradient(dy, x, stride, padding, out, bias_out)
        return
    from glassnet.kernels.compiled._products import SLOT, correlate
    from glassnet.kernels.compiled._vectors import PRODUCTS

    outputs, channels, *kernel = out.shape
    plan = gradient_plan(len(x), x.shape[1:], tuple(kernel), stride, padding)
    require(dy.shape, (len(x), outputs, *plan.out), "errors")
    require((channels,), x.shape[1:2], "channels of weights")
    taps, panels = plan.starts.shape[1], len(plan.panels) - 1
    operations = taps * dy.size
    parts = 4 if panels >= 16 else 1  # with few, sharing out the outputs is more even
    high, wide = best_tile(PRODUCTS, outputs, taps)
    size = -(-outputs // high) * -(-taps // wide) * SLOT + outputs
    bias = np.empty(outputs, x.dtype)
    gradient = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    nothing = np.zeros(max(PANEL, len(x)), x.dtype)
    correlate(
        operations, batch_innermost(dy), dy.size // outputs, prepared(x, plan.layout),
        plan.runs, plan.starts, plan.panels, nothing, parts,
        np.zeros(parts * size, x.dtype), gradient.reshape(-1), bias,
        (0,) * high, (0,) * wide,
    )  # fmt: skip
    if gradient is not out:
        out[...] = gradient
    if bias_out is not None:
        bias_out[...] = bias
