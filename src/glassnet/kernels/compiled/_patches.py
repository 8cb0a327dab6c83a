"""Little convolutions: matrix products of patches, which BLAS does.

What each weight meets is brought side by side, a row of numbers for each weight. Then the outputs
are the weights times these rows; the gradient of the weights is the errors times the rows,
transposed; and that of the image is the transposed weights times the errors, each number of which
is added to the pixel from which the patch has it. Where all this is so little that it stays in the
nearest cache, not much is lost by copying every pixel as often as it is met; and however short the
rows of the image are, all of them together are a long one.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._arrays import batch_innermost
from glassnet.kernels.compiled._loops import MEMORY, Loop, prange
from glassnet.kernels.compiled._plans import output_size
from glassnet.kernels.compiled.activation import relu_backward


class Patches(NamedTuple):
    """Where the numbers of the patches are."""

    origin: Array | None
    """For each number of a channel's patches, in the order (kh, kw, row, column, sample), its place
    in that channel of the image, or -1 beside it; None where the image is its own patches."""
    shape: Pair
    """Rows of the patches, one for each weight of an output, and numbers in each."""
    image: Shape
    """The image, (channels, height, width, samples)."""
    out: Shape
    """The outputs, (outputs, height, width, samples)."""
    errors: Shape
    """The same, as (samples, outputs, height, width)."""


@lru_cache(maxsize=256)
def patches(size: Shape, weights: Shape, stride: Pair, padding: Pair) -> Patches:
    """Return where the patches of images (N, C, H, W) are."""
    (samples, channels, height, width), (outputs, _, kh, kw) = size, weights
    rows, columns = output_size(size, (kh, kw), stride, padding)
    p, q, i, j, n = np.ogrid[:kh, :kw, :rows, :columns, :samples]
    h, w = i * stride[0] + p - padding[0], j * stride[1] + q - padding[1]
    inside = (0 <= h) & (h < height) & (0 <= w) & (w < width)
    origin = np.where(inside, (h * width + w) * samples + n, -1).ravel().astype(np.int32)
    as_it_lies = (kh, kw, rows, columns) == (1, 1, height, width) and padding == (0, 0)
    return Patches(
        None if as_it_lies else origin, (channels * kh * kw, rows * columns * samples),
        (channels, height, width, samples), (outputs, rows, columns, samples),
        (samples, outputs, rows, columns),
    )  # fmt: skip


def sums_of_patches(
    plan: Patches, x: Array, weight: Array, bias: Array | None, rectify: bool
) -> Array:
    """Return the convolution of images, or what a ReLU makes of it."""
    y: Array = weight.reshape(len(weight), -1).dot(_gathered(plan, x))
    if bias is not None:
        y += bias[:, None]
    if rectify:
        np.maximum(y, 0, out=y)
    return y.reshape(plan.out).transpose(3, 0, 1, 2)


def errors_of_patches(plan: Patches, dy: Array, weight: Array, below: Array | None) -> Array:
    """Return the gradient of the images, or of the input of a ReLU that made them."""
    outputs = len(weight)
    errors = batch_innermost(dy).reshape(outputs, -1)
    dx: Array = weight.reshape(outputs, -1).T.dot(errors)
    if plan.origin is not None:
        met, dx = dx.ravel(), np.empty(plan.image, dx.dtype)
        _fold(MEMORY * len(met), met, plan.origin, plan.image[0], dx.ravel())
    dx = dx.reshape(plan.image).transpose(3, 0, 1, 2)
    return dx if below is None else relu_backward(dx, below)


def products_of_patches(
    plan: Patches, dy: Array, x: Array, out: Array, bias_out: Array | None
) -> None:
    """Write the gradients of the weights and of the bias."""
    outputs = len(out)
    errors = batch_innermost(dy).reshape(outputs, -1)
    met = _gathered(plan, x).T
    if out.flags.carray:
        errors.dot(met, out=out.reshape(outputs, -1))
    else:
        out[...] = errors.dot(met).reshape(out.shape)
    if bias_out is not None:
        bias_out[...] = errors.dot(_ones(plan.shape[1], dy.dtype))


def _gathered(plan: Patches, x: Array) -> Array:
    """Return the patches."""
    image = batch_innermost(x)
    if plan.origin is None:
        return image.reshape(plan.shape)
    met = np.empty(plan.shape, x.dtype)
    _gather(MEMORY * met.size, image, plan.origin, plan.image[0], met.ravel())
    return met


@lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> Array:
    """Return a vector that is only read: BLAS adds up faster than NumPy."""
    return np.ones(count, dtype)


@Loop
def _gather(image: Array, origin: Array, channels: int, met: Array) -> None:
    """Copy each number of the patches from its place in the image; zero beside it."""
    many, step = len(origin), len(image) // channels
    for c in prange(channels):
        for i in range(many):
            place = origin[i]
            met[c * many + i] = image[c * step + place] if place >= 0 else 0


@Loop
def _fold(met: Array, origin: Array, channels: int, image: Array) -> None:
    """Write for each pixel the sum of what its patches have at its places."""
    many, step = len(origin), len(image) // channels
    for c in prange(channels):
        for i in range(c * step, (c + 1) * step):
            image[i] = 0
        for i in range(many):
            place = origin[i]
            if place >= 0:
                image[c * step + place] += met[c * many + i]
