"""Convolution of a few samples: the outputs of an image are one run, whatever its width.

With few samples a row of outputs does not fill the registers. So the image is copied with zeros
around it, and with a stride of s into s·s images, of every s-th row and column each. If the
outputs are then kept as far apart as the pixels they meet, what one weight meets is a single run
from the first output to the last. The few outputs that lie between one row's end and the next row's
beginning are computed for nothing, and left out at the end.

Each thread has rows of its own from one loop to the next, in all channels.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._plans import output_size
from glassnet.kernels.compiled._runs import add_run, empty_run, run_width
from glassnet.kernels.compiled._vectors import store

FULL = 16
"""Numbers that fill a register, or more."""


class Plane(NamedTuple):
    """How such a convolution is laid out."""

    out: Pair
    """Height and width of the outputs."""
    rows: int
    """Rows of each of the s·s images."""
    row: int
    """Numbers in a row, of samples and columns."""
    offset: Array
    """Where in the images each tap starts, in the order (channel, kh, kw)."""
    tap: Array
    """Their numbers."""
    pieces: Array
    """Runs of outputs, as in a `SumPlan`."""


@lru_cache(maxsize=64)
def plane(
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair, parts: int
) -> Plane:
    """Return the layout for images (C, H, W), the outputs divided in so many parts."""
    (kh, kw), (sh, sw) = kernel, stride
    out = output_size(size, kernel, stride, padding)
    rows, row = out[0] + (kh - 1) // sh, (out[1] + (kw - 1) // sw) * samples
    c, p, q = (axis.ravel() for axis in np.mgrid[: size[0], :kh, :kw])
    image = (c * sh + p % sh) * sw + q % sw
    offset = (image * rows + p // sh) * row + q // sw * samples
    length = (out[0] - 1) * row + out[1] * samples
    piece = -(-length // (parts * FULL)) * FULL
    pieces = [(r, r, min(piece, length - r), 0, len(offset)) for r in range(0, length, piece)]
    return Plane(out, rows, row, offset, np.arange(len(offset)), np.array(pieces))


@Loop
def spread(
    x: Array,
    height: int,
    width: int,
    samples: int,
    step_n: int,
    step_c: int,
    step_h: int,
    step_w: int,
    sh: int,
    sw: int,
    ph: int,
    pw: int,
    rows: int,
    row: int,
    image: Array,
) -> None:
    """Copy x into images of every sh-th row and sw-th column, with zeros where it has no pixels."""
    columns, step_w = row // samples, step_w * sw
    together = step_w == samples and (step_n == 1 or samples == 1)
    images = len(image) // (rows * row)
    for turn in prange(rows * images):
        g, number = turn // images, turn % images
        top, left = number // sw % sh - ph, number % sw - pw
        first = max(0, (sw - 1 - left) // sw)
        end = max(first, min(columns, (width - left + sw - 1) // sw))
        h, target = g * sh + top, (number * rows + g) * row
        if h < 0 or h >= height:
            first = end = 0
        _copy(x, 0, image, target, first * samples, 0)
        _copy(x, 0, image, target + end * samples, row - end * samples, 0)
        source = number // (sh * sw) * step_c + h * step_h + (first * sw + left) * (step_w // sw)
        target += first * samples
        if together:
            _copy(x, source, image, target, (end - first) * samples, 1)
        else:
            for n in range(samples):
                for w in range(end - first):
                    image[target + w * samples + n] = x[source + w * step_w + n * step_n]


@Inner
def _copy(x: Array, i: int, y: Array, j: int, count: int, whether: int) -> None:
    """Copy a run, or write zeros."""
    wide = run_width(x)
    for m in range(0, count, wide):
        some = min(wide, count - m)
        run = empty_run(x)
        if whether:
            run = add_run(run, x, i + m, some)
        store(y, j + m, 0, some, 1, run)


@Loop
def gather_rows(x: Array, outputs: int, height: int, pitch: int, row: int, y: Array) -> None:
    """Copy from rows that are `pitch` apart, of each output `height`, so many numbers each."""
    for turn in prange(height * outputs):
        number = turn % outputs * height + turn // outputs
        source, target = number * pitch, number * row
        _copy(x, source, y, target, row, 1)
