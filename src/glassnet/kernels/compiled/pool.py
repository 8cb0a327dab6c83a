"""Average and maximum over windows, and their gradients, the batch innermost (Numba).

Both are made of runs, as convolutions are (`_plans`); `_averages` and `_maxima` have the loops.
"""

import math
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, is_plain, require, vector
from glassnet.kernels.compiled._images import prepared
from glassnet.kernels.compiled._loops import MEMORY
from glassnet.kernels.compiled._shapes import Means, forward_means, gradient_means
from glassnet.kernels.compiled.activation import relu_backward

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_infer",
]

FEW = 8
"""Samples below which errors are handed out window by window: they do not fill the registers."""


def max_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> tuple[Array, Array]:
    """Return the largest value of each window, and which position of the window held it."""
    if not is_plain(x):
        return vectorised.max_pool2d_forward(x, kernel, stride, padding)
    return _maxima(x, kernel, stride, padding, True)


def max_pool2d_infer(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the largest value of each window."""
    if not is_plain(x):
        return vectorised.max_pool2d_infer(x, kernel, stride, padding)
    if len(x) < FEW and stride[1] > 1:  # else a row is a run as it lies
        return _of_few(_separable().largest_of_few, -np.inf, x, kernel, stride, padding)
    return _maxima(x, kernel, stride, padding, False)[0]


def _maxima(
    x: Array, kernel: Pair, stride: Pair, padding: Pair, with_winner: bool
) -> tuple[Array, Array]:
    """Return the maxima of windows and, if they are wanted, their places."""
    means = forward_means(x.shape, kernel, stride, padding, False)
    plan, channels, (step, places) = means.plan, means.shape[0], means.steps
    y = vector(channels * places, x.dtype)
    winner: Array = np.empty(y.size if with_winner else 0, np.uint16)
    _max_loops()[0](
        MEMORY * means.operations, prepared(x, plan.layout), step, *plan.terms, y, winner, places,
        channels,
    )  # fmt: skip
    if with_winner:
        winner = winner.reshape(means.shape).transpose(3, 0, 1, 2)
    return y.reshape(means.shape).transpose(3, 0, 1, 2), winner


def max_pool2d_backward(
    dy: Array,
    winner: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window sends its error to the one pixel that won it."""
    if not is_plain(dy, below) or winner.dtype != np.uint16:
        return vectorised.max_pool2d_backward(
            dy, winner, input_shape, kernel, stride, padding, below
        )
    require(winner.shape, dy.shape, "winners")
    windows = kernel, stride, padding
    if len(dy) < FEW:
        few = _places_of_few(len(dy), tuple(input_shape), *windows, False)
        require(dy.shape, few.errors, "errors")
        given = batch_innermost(dy), batch_innermost(winner), *few.where
        return _handed_out(_max_loops()[2], few, given, dy.dtype, below)
    size = (*input_shape, len(dy))
    require((*dy.shape[1:], len(dy)), _output_shape(size, *windows), "errors")
    dx = vector(math.prod(size), dy.dtype).reshape(size)
    rectified = dx[:0] if below is None else _fitting(below, dx)
    errors = _four(dy), _four(winner)
    _max_loops()[1](MEMORY * dx.size, *errors, rectified, *kernel, *stride, *padding, dx)
    return dx.transpose(3, 0, 1, 2)


def avg_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the mean of each window; zeros of the padding count."""
    if not is_plain(x):
        return vectorised.avg_pool2d_forward(x, kernel, stride, padding)
    if len(x) < FEW and stride[1] > 1:
        return _of_few(_separable().mean_of_few, 1 / math.prod(kernel), x, kernel, stride, padding)
    return _means(x, forward_means(x.shape, kernel, stride, padding), None)


def avg_pool2d_backward(
    dy: Array,
    input_shape: Shape,
    kernel: Pair,
    stride: Pair,
    padding: Pair,
    below: Array | None = None,
) -> Array:
    """Return ∂L/∂x: each window shares its error equally among its pixels."""
    if not is_plain(dy, below):
        return vectorised.avg_pool2d_backward(dy, input_shape, kernel, stride, padding, below)
    windows = kernel, stride, padding
    if len(dy) < FEW and stride[1] > 1:
        few = _places_of_few(len(dy), tuple(input_shape), *windows, True)
        require(dy.shape, few.errors, "errors")
        given = batch_innermost(dy), dy.dtype.type(1 / math.prod(kernel)), *few.where
        return _handed_out(_average_loops()[1], few, given, dy.dtype, below)
    means = gradient_means(len(dy), tuple(input_shape), *windows)
    require(dy.shape[1:], means.met, "errors")
    return _means(dy, means, below)


def _means(x: Array, means: Means, below: Array | None) -> Array:
    """Return the sums of a plan, channel by channel, over the size of the window."""
    plan, channels, (step, places) = means.plan, means.shape[0], means.steps
    y = vector(channels * places, x.dtype)
    shaped = y.reshape(means.shape)
    _average_loops()[0](
        means.operations, prepared(x, plan.layout), step, plan.offset, plan.pieces,
        x.dtype.type(means.part), y, places, channels,
        y[:0] if below is None else _fitting(below, shaped).reshape(-1),
    )  # fmt: skip
    return shaped.transpose(3, 0, 1, 2)


def _of_few(loop: Any, border: float, x: Array, *windows: Pair) -> Array:
    """Return what a loop of `_separable` makes of each window."""
    samples = len(x)
    shape, plan, left = _few_windows(samples, x.shape[1:], *windows)
    y = vector(math.prod(shape), x.dtype)
    loop(
        MEMORY * x.size, batch_innermost(x), x.shape[2], x.shape[3] * samples, samples, plan,
        x.dtype.type(border), left, y,
    )  # fmt: skip
    return y.reshape(shape).transpose(3, 0, 1, 2)


@lru_cache(maxsize=256)
def _few_windows(
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair
) -> tuple[Shape, tuple[int, ...], Array]:
    """Return the outputs' shape (C, Ho, Wo, N), and where the windows are."""
    shape = _output_shape((*size, samples), kernel, stride, padding)
    column, sample = np.divmod(np.arange(shape[2] * samples), samples)
    left = (column * stride[1] * samples + sample).astype(np.uint64)
    return shape, (shape[1], *kernel, stride[0], padding[0], padding[1] * samples), left


class _Places(NamedTuple):
    """Where windows are in images of few samples, which lie batch-innermost."""

    errors: Shape
    """Shape (N, C, Ho, Wo) of the errors."""
    size: Shape
    """Shape (C, H, W, N) of the images."""
    numbers: int
    where: tuple[Array, Array]
    """What the loop is told of a channel: where each window begins, which with a padding may be
    before the image, and how far behind each pixel of it is; or pairs of a window and a pixel."""


@lru_cache(maxsize=64)
def _places_of_few(
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair, in_pairs: bool
) -> _Places:
    """Return where the windows of images (C, H, W) are."""
    channels, rows, columns, _ = _output_shape((*size, samples), kernel, stride, padding)
    i, j, n, p, q = np.ogrid[:rows, :columns, :samples, : kernel[0], : kernel[1]]
    h, w = i * stride[0] - padding[0] + p, j * stride[1] - padding[1] + q
    place = ((h * size[2] + w) * samples + n).astype(np.int32)
    place = place.reshape(rows * columns * samples, -1)
    where = place[:, 0].copy(), place[0] - place[0, 0]
    if in_pairs:
        inside = (0 <= h) & (h < size[1]) & (0 <= w) & (w < size[2]) & (n >= 0)
        window, tap = np.nonzero(inside.reshape(place.shape))
        where = window.astype(np.int32), place[window, tap]
    errors = samples, channels, rows, columns
    return _Places(errors, (*size, samples), math.prod(size) * samples, where)


def _handed_out(
    loop: Any, few: _Places, given: tuple[Any, ...], dtype: Any, below: Array | None
) -> Array:
    """Return the gradient of few samples, whose errors a loop hands out window by window."""
    dx = vector(few.numbers, dtype)
    loop(MEMORY * few.numbers, *given, few.size[0], dx)
    dx = dx.reshape(few.size).transpose(3, 0, 1, 2)
    return dx if below is None else relu_backward(dx, below)


@cache
def _separable() -> Any:
    from glassnet.kernels.compiled import _separable

    return _separable


@cache
def _max_loops() -> Any:
    from glassnet.kernels.compiled._maxima import errors_of_maxima, errors_to_winners, maxima

    return maxima, errors_of_maxima, errors_to_winners


@cache
def _average_loops() -> Any:
    from glassnet.kernels.compiled._averages import average, share_errors

    return average, share_errors


def _fitting(below: Array, dx: Array) -> Array:
    """Return the output of a rectifier as (C, H, W, N), as its gradient dx is."""
    require((*below.shape[1:], len(below)), dx.shape, "outputs of a rectifier")
    return _four(below)


def _four(x: Array) -> Array:
    """Return x of axes (N, C, H, W) as (C, H, W, N); a copy only where it does not lie so."""
    return batch_innermost(x).reshape(*x.shape[1:], len(x))


def _output_shape(size: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Shape:
    """Return the shape (C, Ho, Wo, N) of what comes out of (C, H, W, N)."""
    channels, *image, samples = size
    each = zip(image, kernel, stride, padding, strict=True)
    out = [(n + 2 * p - k) // s + 1 for n, k, s, p in each]
    if min(out) < 1:
        raise ValueError(f"a window of {kernel} is larger than an image of {image}")
    return (channels, *out, samples)
