"""Two-dimensional convolution and its gradients, without a copy of every patch (Numba).

Arrays are batch-innermost in memory: (C, H, W, N). The pixels that one weight meets along a row of
outputs are then runs of numbers side by side, at a fixed distance from those of the next weight. So

- forward, a run of outputs is a sum of such runs, each times a weight;
- the gradient of the input is the same again, with the errors as the image;
- the gradient of a weight is the inner product of errors and pixels along such runs;

for any kernel, stride, padding and batch. `_plans` says where the runs are.
"""

import math
from functools import cache
from typing import Any

import numpy as np

from glassnet import threads
from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, flat, is_plain, require, vector
from glassnet.kernels.compiled._images import as_vector, prepared
from glassnet.kernels.compiled._loops import MEMORY
from glassnet.kernels.compiled._patches import (
    Patches,
    errors_of_patches,
    products_of_patches,
    sums_of_patches,
)
from glassnet.kernels.compiled._shapes import (
    Sums,
    forward_sums,
    gradient_sums,
    in_phases,
    products,
)

__all__ = [
    "conv2d_forward",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
]


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
    sums = forward_sums(x.shape, weight.shape, stride, padding)
    if isinstance(sums, Patches):
        return sums_of_patches(sums, x, weight, bias, rectify)
    start = np.zeros(len(weight), x.dtype) if bias is None else flat(bias)
    floor = 0.0 if rectify else -np.inf
    if sums is None:
        return _in_bands(x, weight, start, stride, padding, floor)
    y = _summed(sums, prepared(x, sums.layout), weight, start, floor, None)
    return y.reshape(sums.shape).transpose(3, 0, 1, 2)


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
    geometry = weight.shape, tuple(input_shape), stride, padding
    sums = gradient_sums(len(dy), *geometry)
    if below is not None:
        require(below.shape, (len(dy), *input_shape), "outputs of a rectifier")
    if isinstance(sums, Patches):
        require(dy.shape, sums.errors, "errors")
        return errors_of_patches(sums, dy, weight, below)
    if below is not None:
        below = batch_innermost(below)
    if sums is None:
        return _phase_sums(dy, weight, geometry, below)
    require(dy.shape[1:], sums.met, "errors")
    start = np.zeros(sums.shape[0], dy.dtype)
    dx = _summed(sums, prepared(dy, sums.layout), weight, start, -np.inf, below)
    return dx.reshape(sums.shape).transpose(3, 0, 1, 2)


def _summed(
    sums: Sums, image: Array, weight: Array, start: Array, floor: float, below: Array | None
) -> Array:
    """Return the sums, of which some may be left unwritten."""
    y = vector(sums.numbers, image.dtype)
    rest = y[:0] if below is None else below, y, *sums.rest
    _convolve()(sums.operations, image, flat(weight), start, floor, *rest)
    return y


def _in_bands(
    x: Array, weight: Array, start: Array, stride: Pair, padding: Pair, floor: float
) -> Array:
    """Return the convolution of a few samples, each band of whose images is a single run."""
    plan = _bands().bands(x.shape, weight.shape, stride, padding, threads.threads())
    source, steps = as_vector(x)
    y = vector(math.prod(plan.shape), x.dtype)
    _bands().convolve_bands(
        plan.operations, source, *x.shape[2:], len(x), *steps, *stride, *padding, *plan.shape[1:3],
        *plan[2:7], plan.offset, flat(weight), start, x.dtype.type(floor), y, plan.tile,
    )  # fmt: skip
    return y.reshape(plan.shape).transpose(3, 0, 1, 2)


def _phase_sums(
    dy: Array, weight: Array, geometry: tuple[Shape, Shape, Pair, Pair], below: Array | None
) -> Array:
    """Return the gradient of a few samples' images, each phase of theirs a single run."""
    samples, (_, size, stride, padding) = len(dy), geometry
    plan, sums = in_phases(samples, *geometry)
    require(dy.shape[1:], sums.met, "errors")
    channels, height, width = size
    enclose, put_together = _phase_loops()
    above, rows, row, lead = plan.enclosure
    image = vector(len(weight) * (lead + rows * row), dy.dtype)
    enclose(
        MEMORY * image.size, batch_innermost(dy), plan.met[0], plan.met[1] * samples, above, rows,
        row, lead, image,
    )  # fmt: skip
    wide = _summed(sums, image, weight, np.zeros(channels, dy.dtype), -np.inf, None)
    dx = vector(channels * height * width * samples, dy.dtype)
    put_together(
        MEMORY * dx.size, wide, plan.places, plan.phases, row, *stride, padding[0], height, width,
        samples, dx[:0] if below is None else below, dx,
    )  # fmt: skip
    return dx.reshape(*size, samples).transpose(3, 0, 1, 2)


def conv2d_weight_gradient(
    dy: Array, x: Array, stride: Pair, padding: Pair, out: Array, bias_out: Array | None = None
) -> None:
    """Write ∂L/∂W into `out`, inner products of runs of errors and of pixels, and ∂L/∂b."""
    if not is_plain(dy, x, out):
        vectorised.conv2d_weight_gradient(dy, x, stride, padding, out, bias_out)
        return
    given = products(x.shape, out.shape, stride, padding, x.dtype)
    if isinstance(given, Patches):
        require(dy.shape, given.errors, "errors")
        products_of_patches(given, dy, x, out, bias_out)
        return
    require(dy.shape, given.errors, "errors")
    gradient = out if out.flags.carray else np.empty(out.shape, out.dtype)
    bias = np.empty(len(out), x.dtype)
    _correlate()(
        given.operations, batch_innermost(dy), prepared(x, given.layout), gradient.ravel(), bias,
        *given.rest,
    )  # fmt: skip
    if gradient is not out:
        out[...] = gradient
    if bias_out is not None:
        bias_out[...] = bias


@cache
def _convolve() -> Any:
    from glassnet.kernels.compiled._windows import convolve

    return convolve


@cache
def _bands() -> Any:
    from glassnet.kernels.compiled import _bands

    return _bands


@cache
def _phase_loops() -> Any:
    from glassnet.kernels.compiled._phases import enclose, put_together

    return enclose, put_together


@cache
def _correlate() -> Any:
    from glassnet.kernels.compiled._products import correlate

    return correlate
