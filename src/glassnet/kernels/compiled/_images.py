"""Images as the convolutions want them, and where in them each row of a sum starts."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._arrays import flat
from glassnet.kernels.compiled._loops import Loop, prange

Border = tuple[int, int, int, int]
"""Rows of zeros above and below, columns left and right; negative ones are cut off."""

PIECE = 512  # numbers in a piece of work: enough pieces for all threads, few enough to be cheap


class Plan(NamedTuple):
    """Where the terms of all sums are, for one shape of convolution."""

    border: Border
    out: Pair
    """Height and width of what is computed."""
    run: int
    """How many of its numbers lie in one run."""
    row_step: int
    """In the image, from a row of outputs to the next."""
    offset: Array
    """Where in the image each term starts."""
    pieces: Array
    """Runs of outputs: place in the image, place in the result, length, first and last term."""
    order: Array | None
    """Which weight belongs to each term; None: in their order."""


@lru_cache(maxsize=256)
def forward_plan(samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Plan:
    """Return the plan of a convolution, its terms in the order (kh, C, kw).

    So the terms that meet pixels, not zeros above or below the image, follow each other.
    """
    (channels, height, width), (kh, kw) = size, kernel
    (sh, sw), (ph, pw) = stride, padding
    out = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    if min(out) < 1:
        raise ValueError(f"a kernel of {kernel} is larger than an image of {size[1:]}")
    group = -(-(width + 2 * pw) // sw) * samples  # columns that are s apart, side by side
    row = sw * group
    p, c, q = np.ogrid[:kh, :channels, :kw]
    offset = (c * (height + 2 * ph) + p) * row + q % sw * group + q // sw * samples
    starts: list[tuple[int, ...]] = []
    for i in range(out[0]):
        first, end = max(0, ph - i * sh), min(kh, ph + height - i * sh)
        terms = (first * channels * kw, max(first, end) * channels * kw)
        starts.append((i * sh * row, i * out[1] * samples, out[1] * samples, *terms))
    return Plan((ph, ph, pw, pw), out, out[1] * samples, sh * row, offset, _cut(starts), None)


@lru_cache(maxsize=256)
def backward_plan(
    samples: int, outputs: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair
) -> Plan:
    """Return the plan of the gradient of a convolution's input, its terms in order (kh, O, kw).

    With x[h] seen by y[i] through weight p where h + pad = i·s + p: the pixels with
    h + pad = a·s + ρ meet the weights p = b·s + ρ, b = 0, 1, …, in the outputs i = a − b.
    """
    (_, height, width), (kh, kw) = size, kernel
    (sh, sw), (ph, pw) = stride, padding
    out_h, out_w = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    # Zeros left and right of the errors, so that a − b never points beside them.
    left, right = (kw - 1) // sw, max(0, (width - 1 + pw) // sw - (out_w - 1))
    row = (left + out_w + right) * samples
    offset: list[Array] = []
    order: list[Array] = []
    starts: list[tuple[int, ...]] = []
    before = 0
    for rho_h, rho_w in np.ndindex(sh, sw):
        p, q = np.arange(rho_h, kh, sh), np.arange(rho_w, kw, sw)
        b, o, d = np.ogrid[: len(p), :outputs, : len(q)]
        offset.append(((o * out_h - b) * row + (left - d) * samples).ravel())
        order.append(((p[b] * outputs + o) * kw + q[d]).ravel())
        for h in range((rho_h - ph) % sh, height, sh):
            row_a = (h + ph) // sh
            first, end = max(0, row_a - out_h + 1), min(len(p), row_a + 1)
            terms = [before + n * outputs * len(q) for n in (first, max(first, end))]
            # With a stride, pixels side by side meet different weights: each column is a run.
            wide = width if sw == 1 else 1
            for w in range((rho_w - pw) % sw, width, sw if sw > 1 else width):
                source = row_a * row + (w + pw) // sw * samples
                starts.append((source, (h * width + w) * samples, wide * samples, *terms))
        before += b.size * o.size * d.size
    everything = None if stride == (1, 1) else np.concatenate(order)
    run = width * samples if sw == 1 else samples
    return Plan(
        (0, 0, left, right), (height, width), run, row, np.concatenate(offset), _cut(starts),
        everything,
    )  # fmt: skip


def _cut(starts: list[tuple[int, ...]]) -> Array:
    """Cut long runs, so that threads can share them evenly."""
    pieces = [
        (source + r, target + r, min(PIECE, length - r), first, end)
        for source, target, length, first, end in starts
        for r in range(0, length, PIECE)
    ]
    return np.array(pieces, np.int64)


def prepared(x: Array, border: Border, stride: int) -> Array:
    """Return images of axes (N, C, H, W) as a vector (C, rows, stride, columns, N), with borders.

    Not a copy if they lie so already.
    """
    inner = x.transpose(1, 2, 3, 0)
    if stride == 1 and not any(border) and inner.flags.c_contiguous:
        return flat(inner)
    if x.flags.c_contiguous:
        source, steps = flat(x), x.strides
    else:
        source, inner = flat(inner), np.ascontiguousarray(inner)
        steps = (inner.strides[3], *inner.strides[:3])
    samples, channels, height, width = x.shape
    above, below, left, right = border
    rows, columns = height + above + below, -(-(width + left + right) // stride)
    image = np.empty(channels * rows * stride * columns * samples, x.dtype)
    sn, sc, sh, sw = (step // x.itemsize for step in steps)
    _prepare(
        16 * image.size, source, samples, channels, height, width, sn, sc, sh, sw,
        image, rows, columns, stride, above, left,
    )  # fmt: skip
    return image


@Loop
def _prepare(
    source: Array,
    samples: int,
    channels: int,
    height: int,
    width: int,
    sn: int,
    sc: int,
    sh: int,
    sw: int,
    image: Array,
    rows: int,
    columns: int,
    stride: int,
    above: int,
    left: int,
) -> None:
    """Copy row by row; where the batch is not innermost, some samples at a time."""
    some = samples if sn == 1 else 16
    for turn in prange(channels * rows):
        c, h = turn // rows, turn % rows - above
        for n in range(0, samples, some):
            end = min(n + some, samples)
            for group in range(stride):
                for column in range(columns):
                    w = column * stride + group - left
                    target = ((turn * stride + group) * columns + column) * samples
                    if h < 0 or h >= height or w < 0 or w >= width:
                        image[target + n : target + end] = 0
                    elif sn == 1:
                        start = c * sc + h * sh + w * sw
                        image[target : target + end] = source[start : start + end]
                    else:
                        start = c * sc + h * sh + w * sw
                        for m in range(n, end):
                            image[target + m] = source[start + m * sn]
