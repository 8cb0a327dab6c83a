"""Convolution of a few samples: the outputs of a band of the image are one run.

With few samples a row of outputs does not fill the registers. So the image is copied with zeros
around it, and with a stride of s into s·s images, of every s-th row and column each. If the
outputs are then kept as far apart as the pixels they meet, what one weight meets is a single run
from the first output to the last. The few outputs that lie between one row's end and the next row's
beginning are computed for nothing, and left out in the end.

Each turn does all of this for a band of rows and a share of the outputs, in room of its own, so
that no thread ever waits for another. A weight meets so few pixels here that it is taken from where
it lies.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._affine import NO
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._matrices import add_row
from glassnet.kernels.compiled._plans import output_size
from glassnet.kernels.compiled._rectify import raised
from glassnet.kernels.compiled._runs import copy_row
from glassnet.kernels.compiled._vectors import filled_tile, store, width

TILE = 8
"""Outputs that are summed at once, if there are so many."""


class Bands(NamedTuple):
    """How such a convolution is divided and laid out."""

    shape: Shape
    """What is computed, (outputs, height, width, samples)."""
    operations: int
    rows: int
    """Rows of outputs in a band."""
    shares: int
    """Parts in which the outputs are divided."""
    height: int
    """Rows that a band has of each of the s·s images."""
    row: int
    """Numbers in such a row, of samples and columns."""
    images: int
    offset: Array
    """Where in a band each tap starts, in the order (channel, kh, kw)."""
    tile: tuple[int, ...]


@lru_cache(maxsize=256)
def bands(size: Shape, weights: Shape, stride: Pair, padding: Pair, parts: int) -> Bands:
    """Return the layout for images (N, C, H, W) that so many threads share."""
    (samples, *image), (outputs, _, kh, kw), (sh, sw) = size, weights, stride
    out = output_size(tuple(image), (kh, kw), stride, padding)
    tile = (0,) * min(outputs, TILE)
    row = (out[1] + (kw - 1) // sw) * samples
    images = image[0] * sh * sw
    # Each thread has a band; or, where there are too few rows, some of the outputs.
    rows, shares = (-(-out[0] // parts), 1) if out[0] >= parts else (out[0], parts)
    height = rows + (kh - 1) // sh
    c, p, q = (axis.ravel() for axis in np.mgrid[: image[0], :kh, :kw])
    number = (c * sh + p % sh) * sw + q % sw
    offset = (number * height + p // sh) * row + q // sw * samples
    operations = out[0] * row * len(offset) * outputs
    shape = (outputs, *out, samples)
    return Bands(shape, operations, rows, shares, height, row, images, offset, tile)


@Loop
def convolve_bands(
    x: Array, image_height: int, image_width: int, samples: int,
    step_n: int, step_c: int, step_h: int, step_w: int,
    sh: int, sw: int, ph: int, pw: int,
    out_height: int, out_width: int, rows: int, shares: int, height: int, row: int, images: int,
    offset: Array, weight: Array, bias: Array, floor: float, y: Array, tile: tuple[int, ...],
) -> None:  # fmt: skip
    """Write y[k, r] = b[k] + Σ_t w[k, t] · image[offset t + r], and nothing below the floor.

    Samples, channels, rows and columns of x are `step_…` apart. y is (outputs, height, width,
    samples), as a vector. There are at least as many outputs as in a tile.
    """
    sums, outputs = len(tile), len(bias)
    blocks, line = (outputs + sums - 1) // sums, out_width * samples
    for turn in prange((out_height + rows - 1) // rows * shares):
        band, share = turn // shares, turn % shares
        top = band * rows
        many = min(rows, out_height - top)
        image = np.zeros(images * height * row, x.dtype)
        lay_out(
            x, NO, image_height, image_width, samples, step_n, step_c, step_h, step_w, sh, sw,
            top * sh - ph, pw, height, row, image,
        )  # fmt: skip
        run = (many - 1) * row + line
        sparse = np.empty(sums * run, x.dtype)
        for block in range(share * blocks // shares, (share + 1) * blocks // shares):
            k = min(block * sums, outputs - sums)  # the last may do some outputs once more
            sums_of_band(image, offset, weight, k * len(offset), bias, k, floor, sparse, run, tile)
            for o in range(sums):
                for h in range(many):
                    target = ((k + o) * out_height + top + h) * line
                    copy_row(sparse, o * run + h * row, y, target, line)


@Inner
def sums_of_band(
    image: Array, offset: Array, weight: Array, w: int, bias: Array, b: int, floor: Any,
    sparse: Array, run: int, tile: tuple[int, ...],
) -> None:  # fmt: skip
    """Write the sums of a tile's outputs, each a run, as far apart as the pixels they meet."""
    wide, taps = width(image, tile), len(offset)
    for r in range(0, run, wide):
        count = min(wide, run - r)
        total = filled_tile(bias, b, tile)
        place = w
        for t in range(taps):
            total = add_row(total, image, offset[t] + r, count, weight, place, taps)
            place += 1
        store(sparse, r, run, count, len(tile), raised(total, floor))


@Inner
def lay_out(
    x: Array, start: int, image_height: int, image_width: int, samples: int,
    step_n: int, step_c: int, step_h: int, step_w: int, sh: int, sw: int, top: int, pw: int,
    height: int, row: int, image: Array,
) -> None:  # fmt: skip
    """Copy a band to where there are zeros: of each channel s·s images, from row `top` on."""
    side_by_side = sw == 1 and step_w == samples and (step_n == 1 or samples == 1)
    wide, target = row // samples, 0
    for c in range(len(image) // (sh * sw * height * row)):
        for p in range(sh):
            for q in range(sw):
                left = q - pw  # every sw-th column from there on
                first = max(0, (sw - 1 - left) // sw)
                many = max(0, min(wide, (image_width - left + sw - 1) // sw) - first)
                for h in range(top + p, top + p + height * sh, sh):
                    if 0 <= h < image_height:
                        source = start + c * step_c + h * step_h + (first * sw + left) * step_w
                        if side_by_side:
                            copy_row(x, source, image, target + first * samples, many * samples)
                        else:
                            _spread(
                                x, source, sw * step_w, many, step_n, samples, image,
                                target + first * samples,
                            )  # fmt: skip
                    target += row


@Inner
def _spread(
    x: Array, source: int, step: int, many: int, step_n: int, samples: int, image: Array,
    target: int,
) -> None:  # fmt: skip
    """Copy pixels that are so far apart, and their samples, side by side."""
    for w in range(many):
        for n in range(samples):
            image[target + w * samples + n] = x[source + w * step + n * step_n]
