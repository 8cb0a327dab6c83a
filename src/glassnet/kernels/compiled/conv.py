"""Two-dimensional convolution and its gradients, without a copy of every patch (Numba).

Arrays are batch-innermost in memory: (C, H, W, N). In an image padded with zeros, the pixels that
one weight meets along a row of outputs are then one long run, Wo·N numbers side by side, at a fixed
distance from those of the next weight. So

- forward, a row of outputs is a sum of such runs, each times a weight;
- the gradient of the input is the same again, with the errors as the image;
- the gradient of a weight is the inner product of errors and pixels along such runs;

for any kernel, padding and batch. With a stride of s, the columns 0, s, 2s, … of the image are
brought side by side first, then 1, s + 1, …, and it is so again. To prepare an image costs little,
as every pixel is used up to C·kh·kw times.
"""

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, is_plain, require
from glassnet.kernels.compiled._images import backward_plan, forward_plan, prepared
from glassnet.kernels.compiled._weights import packed, padded, tile_for

__all__ = [
    "conv2d_forward",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
]

NEAR = 1 << 20  # numbers that stay in a processor's own cache


def conv2d_forward(
    x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair
) -> Array:
    """Return the convolution of a batch of images: each row a sum of rows of pixels, weighted."""
    if not is_plain(x, weight, bias):
        return vectorised.conv2d_forward(x, weight, bias, stride, padding)
    from glassnet.kernels.compiled._products import weighted_sums

    (samples, *size), outputs = x.shape, len(weight)
    require(weight.shape[1:2], x.shape[1:2], "channels of weights")
    plan = forward_plan(samples, tuple(size), weight.shape[2:], stride, padding)
    tile = tile_for(outputs)
    y = np.empty((outputs, *plan.out, samples), x.dtype)
    image = prepared(x, plan.border, stride[1])
    terms, start = plan.offset.size, padded(bias, outputs, len(tile), x)
    rows = packed(weight.transpose(2, 1, 3, 0).reshape(terms, outputs), len(tile))
    weighted_sums(
        terms * y.size, image, plan.offset.reshape(-1), rows, terms * len(tile), len(tile), start,
        y.reshape(-1), y.size // outputs, outputs, plan.pieces, tile,
    )  # fmt: skip
    return y.transpose(3, 0, 1, 2)


def conv2d_weight_gradient(dy: Array, x: Array, stride: Pair, padding: Pair, out: Array) -> None:
    """Write ∂L/∂W into `out`: inner products of rows of errors and rows of pixels."""
    if not is_plain(dy, x, out):
        vectorised.conv2d_weight_gradient(dy, x, stride, padding, out)
        return
    from glassnet.kernels.compiled._products import inner_products

    (samples, *size), outputs = x.shape, len(out)
    plan = forward_plan(samples, tuple(size), out.shape[2:], stride, padding)
    require(dy.shape, (samples, outputs, *plan.out), "errors")
    require(out.shape[1:2], x.shape[1:2], "channels of weights")
    image, errors = prepared(x, plan.border, stride[1]), batch_innermost(dy)
    offset = plan.offset.transpose(1, 0, 2).ravel()  # (C, kh, kw), as the weights lie
    terms, rows = offset.size, plan.out[0]
    gradient = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    panel = max(1, NEAR * rows // (image.size + errors.size))
    inner_products(
        terms * dy.size, errors, dy.size // outputs, outputs, image, offset, rows,
        plan.run, plan.row_step, plan.run, panel, np.zeros(outputs, x.dtype),
        gradient.reshape(-1), terms, 1,
    )  # fmt: skip
    if gradient is not out:
        out[...] = gradient


def conv2d_input_gradient(
    dy: Array, weight: Array, input_shape: Shape, stride: Pair, padding: Pair
) -> Array:
    """Return ∂L/∂x: each row of pixels is a sum of rows of errors, weighted.

    A pixel meets every s-th weight only, and which ones depends on its place modulo s; the plan
    knows the terms of each.
    """
    if not is_plain(dy, weight):
        return vectorised.conv2d_input_gradient(dy, weight, input_shape, stride, padding)
    from glassnet.kernels.compiled._products import weighted_sums

    samples, channels = len(dy), input_shape[0]
    geometry = (tuple(input_shape), weight.shape[2:], stride, padding)
    out = forward_plan(samples, *geometry).out
    require(dy.shape, (samples, len(weight), *out), "errors")
    require(weight.shape[1:2], (channels,), "channels of weights")
    plan = backward_plan(samples, len(weight), *geometry)
    tile = tile_for(channels)
    dx = np.empty((*input_shape, samples), dy.dtype)
    image = prepared(dy, plan.border, 1)
    terms, start = plan.offset.size, padded(None, channels, len(tile), dy)
    columns = weight.transpose(2, 0, 3, 1).reshape(terms, channels)
    rows = packed(columns if plan.order is None else columns[plan.order], len(tile))
    weighted_sums(
        terms * dx.size // (stride[0] * stride[1]), image, plan.offset, rows, terms * len(tile),
        len(tile), start, dx.reshape(-1), dx.size // channels, channels, plan.pieces, tile,
    )  # fmt: skip
    return dx.transpose(3, 0, 1, 2)
