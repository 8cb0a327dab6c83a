"""Average and maximum over windows, and their gradients, the batch innermost (Numba).

Forward, each row of outputs is made by one thread; backward, each row of pixels, which looks up the
windows it is in: so no two threads write one place, whether or not windows overlap. The innermost
loop goes along the batch, where numbers lie side by side and all samples do the same.
"""

import math
from functools import cache, lru_cache
from typing import Any

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import batch_innermost, is_plain, require, vector
from glassnet.kernels.compiled._images import prepared
from glassnet.kernels.compiled._loops import MEMORY, Loop, prange
from glassnet.kernels.compiled._shapes import Means, forward_means, gradient_means

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_infer",
]

FEW = 8
"""Samples that do not fill the registers."""


def max_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> tuple[Array, Array]:
    """Return the largest value of each window, and which position of the window held it."""
    if not is_plain(x):
        return vectorised.max_pool2d_forward(x, kernel, stride, padding)
    out = _output_shape((*x.shape[1:], len(x)), kernel, stride, padding)
    y = vector(math.prod(out), x.dtype).reshape(out)
    winner = np.empty(y.shape, np.uint16)
    _max_forward(MEMORY * x.size, _four(x), *kernel, *stride, *padding, y, winner)
    return y.transpose(3, 0, 1, 2), winner.transpose(3, 0, 1, 2)


def max_pool2d_infer(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the largest value of each window."""
    if not is_plain(x):
        return vectorised.max_pool2d_infer(x, kernel, stride, padding)
    if len(x) < FEW:
        return _of_few(_separable().largest_of_few, -np.inf, x, kernel, stride, padding)
    return max_pool2d_forward(x, kernel, stride, padding)[0]


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
    size = (*input_shape, len(dy))
    out = _output_shape(size, kernel, stride, padding)
    require(winner.shape, dy.shape, "winners")
    require((*dy.shape[1:], len(dy)), out, "errors")
    dx = vector(math.prod(size), dy.dtype).reshape(size)
    given = _four(dy), _four(winner), dx[:0] if below is None else _rectified(below, dx)
    _max_backward(MEMORY * dx.size, *given, *kernel, *stride, *padding, dx)
    return dx.transpose(3, 0, 1, 2)


def avg_pool2d_forward(x: Array, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the mean of each window; zeros of the padding count."""
    if not is_plain(x):
        return vectorised.avg_pool2d_forward(x, kernel, stride, padding)
    if len(x) < FEW:
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
    means = gradient_means(len(dy), tuple(input_shape), kernel, stride, padding)
    require(dy.shape[1:], means.met, "errors")
    return _means(dy, means, below)


def _means(x: Array, means: Means, below: Array | None) -> Array:
    """Return the sums of a plan, channel by channel, over the size of the window."""
    plan, channels, (step, places) = means.plan, means.shape[0], means.steps
    y = vector(channels * places, x.dtype)
    shaped = y.reshape(means.shape)
    _average()(
        means.operations, prepared(x, plan.layout), step, plan.offset, plan.pieces,
        x.dtype.type(means.part), y, places, channels,
        y[:0] if below is None else _rectified(below, shaped).reshape(-1),
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


@cache
def _separable() -> Any:
    from glassnet.kernels.compiled import _separable

    return _separable


@cache
def _average() -> Any:
    from glassnet.kernels.compiled._averages import average

    return average


def _rectified(below: Array, dx: Array) -> Array:
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


# The loops index all four axes at once: a view of one pixel costs more than its numbers, because
# threads would take turns at counting how often the array is in use.


@Loop
def _max_forward(
    x: Array, kh: int, kw: int, sh: int, sw: int, ph: int, pw: int, y: Array, winner: Array
) -> None:
    channels, out_h, out_w, samples = y.shape
    _, height, width, _ = x.shape
    for turn in prange(channels * out_h):
        c, i = turn // out_h, turn % out_h
        top, bottom = max(i * sh - ph, 0), min(i * sh - ph + kh, height)
        for j in range(out_w):
            left, right = max(j * sw - pw, 0), min(j * sw - pw + kw, width)
            first = np.uint16((top - i * sh + ph) * kw + left - j * sw + pw)
            if samples < FEW:  # one sample after the other
                for n in range(samples):
                    largest, where = x[c, top, left, n], first
                    for h in range(top, bottom):
                        for w in range(left, right):
                            pixel = x[c, h, w, n]
                            wins = pixel > largest or np.isnan(pixel)
                            here = np.uint16((h - i * sh + ph) * kw + w - j * sw + pw)
                            where = here if wins else where
                            largest = pixel if wins else largest
                    y[c, i, j, n] = largest
                    winner[c, i, j, n] = where
                continue
            for n in range(samples):
                y[c, i, j, n] = x[c, top, left, n]
                winner[c, i, j, n] = first
            for h in range(top, bottom):
                for w in range(left, right):
                    here = np.uint16((h - i * sh + ph) * kw + w - j * sw + pw)
                    for n in range(samples):
                        pixel, largest = x[c, h, w, n], y[c, i, j, n]
                        wins = pixel > largest or np.isnan(pixel)  # NaN is larger
                        winner[c, i, j, n] = here if wins else winner[c, i, j, n]
                        y[c, i, j, n] = pixel if wins else largest


@Loop
def _max_backward(
    dy: Array,
    winner: Array,
    below: Array,
    kh: int,
    kw: int,
    sh: int,
    sw: int,
    ph: int,
    pw: int,
    dx: Array,
) -> None:
    channels, height, width, samples = dx.shape
    _, out_h, out_w, _ = dy.shape
    zero = dx.dtype.type(0)
    for turn in prange(channels * height):
        c, h = turn // height, turn % height
        first_i, last_i = max(0, (h + ph - kh) // sh + 1), min(out_h - 1, (h + ph) // sh)
        for w in range(width):
            first_j, last_j = max(0, (w + pw - kw) // sw + 1), min(out_w - 1, (w + pw) // sw)
            for n in range(samples):
                dx[c, h, w, n] = zero
            for i in range(first_i, last_i + 1):
                for j in range(first_j, last_j + 1):
                    here = np.uint16((h + ph - i * sh) * kw + w + pw - j * sw)
                    for n in range(samples):
                        won = winner[c, i, j, n] == here
                        dx[c, h, w, n] += dy[c, i, j, n] if won else zero
            if len(below) > 0:
                for n in range(samples):
                    dx[c, h, w, n] *= below[c, h, w, n] > 0
