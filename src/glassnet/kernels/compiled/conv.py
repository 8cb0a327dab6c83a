"""Two-dimensional convolution and its gradients, without a copy of every patch (Numba).

Arrays are batch-innermost in memory: (C, H, W, N). The pixels that one weight meets along a row of
outputs are then runs of numbers side by side, at a fixed distance from those of the next weight. So

- forward, a run of outputs is a sum of such runs, each times a weight;
- the gradient of the input is the same again, with the errors as the image;
- the gradient of a weight is the inner product of errors and pixels along such runs;

for any kernel, stride, padding and batch. `_plans` says where the runs are.
"""

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, is_plain, require
from glassnet.kernels.compiled._images import prepared
from glassnet.kernels.compiled._plans import (
    PANEL,
    SumPlan,
    backward_plan,
    forward_plan,
    gradient_plan,
)
from glassnet.kernels.compiled._weights import packed, padded, tile_for

__all__ = [
    "conv2d_forward",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
]


def conv2d_forward(
    x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair
) -> Array:
    """Return the convolution of a batch of images: each run a sum of runs of pixels, weighted."""
    if not is_plain(x, weight, bias):
        return vectorised.conv2d_forward(x, weight, bias, stride, padding)
    outputs, channels, *kernel = weight.shape
    require((channels,), x.shape[1:2], "channels of weights")
    plan = forward_plan(len(x), x.shape[1:], tuple(kernel), stride, padding)
    return _sums(x, weight.reshape(outputs, -1), bias, plan)


def conv2d_input_gradient(
    dy: Array, weight: Array, input_shape: Shape, stride: Pair, padding: Pair
) -> Array:
    """Return ∂L/∂x: each run of pixels is a sum of runs of errors, weighted.

    With a stride of s a pixel meets every s-th weight only, and which ones depends on its place
    modulo s; the plan knows the terms of each.
    """
    if not is_plain(dy, weight):
        return vectorised.conv2d_input_gradient(dy, weight, input_shape, stride, padding)
    outputs, channels, *kernel = weight.shape
    require((channels,), input_shape[:1], "channels of weights")
    plan = backward_plan(len(dy), outputs, tuple(input_shape), tuple(kernel), stride, padding)
    out = gradient_plan(len(dy), tuple(input_shape), tuple(kernel), stride, padding).out
    require(dy.shape, (len(dy), outputs, *out), "errors")
    return _sums(dy, weight.swapaxes(0, 1).reshape(channels, -1), None, plan)


def _sums(x: Array, weight: Array, bias: Array | None, plan: SumPlan) -> Array:
    """Return the weighted sums of a plan; weights have the axes (outputs, taps)."""
    from glassnet.kernels.compiled._windows import convolve

    outputs, taps = weight.shape
    y = np.empty((outputs, *plan.out, len(x)), x.dtype)
    tile = tile_for(outputs)
    convolve(
        outputs * plan.operations, prepared(x, plan.layout), plan.offset, plan.tap,
        plan.pieces, packed(weight.T, len(tile)), taps, padded(bias, outputs, len(tile), x),
        y.reshape(-1), y.size // outputs, outputs, tile,
    )  # fmt: skip
    return y.transpose(3, 0, 1, 2)


def conv2d_weight_gradient(
    dy: Array, x: Array, stride: Pair, padding: Pair, out: Array, bias_out: Array | None = None
) -> None:
    """Write ∂L/∂W into `out`, inner products of runs of errors and of pixels, and ∂L/∂b."""
    if not is_plain(dy, x, out):
        vectorised.conv2d_weight_gradient(dy, x, stride, padding, out, bias_out)
        return
    from glassnet.kernels.compiled._windows import LEFT, RIGHT, SLOT, correlate

    outputs, channels, *kernel = out.shape
    plan = gradient_plan(len(x), x.shape[1:], tuple(kernel), stride, padding)
    require(dy.shape, (len(x), outputs, *plan.out), "errors")
    require((channels,), x.shape[1:2], "channels of weights")
    taps, panels = plan.starts.shape[1], len(plan.panels) - 1
    operations = taps * dy.size
    parts = 4 if panels >= 16 else 1  # with few, sharing out the outputs is more even
    size = -(-outputs // LEFT) * -(-taps // RIGHT) * SLOT + outputs
    bias = np.empty(outputs, x.dtype)
    gradient = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    nothing = np.zeros(max(PANEL, len(x)), x.dtype)
    correlate(
        operations, batch_innermost(dy), dy.size // outputs, prepared(x, plan.layout),
        plan.runs, plan.starts, plan.panels, nothing, parts,
        np.zeros(parts * size, x.dtype), gradient.reshape(-1), bias,
    )  # fmt: skip
    if gradient is not out:
        out[...] = gradient
    if bias_out is not None:
        bias_out[...] = bias
