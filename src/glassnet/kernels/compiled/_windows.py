"""The loop of weighted sums of pixels, of which convolutions are made; `_products` has the other.

Both keep a tile of sums in registers from the first term to the last: of what is loaded, every
number is used several times, so that arithmetic and not memory sets the pace. That is what BLAS
does too; but here a row is a piece of an image, so no patch is ever copied.

Every argument is a vector or a number, so each loop is compiled once for each dtype and tile.
"""

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._rectify import passed, raised
from glassnet.kernels.compiled._vectors import add_multiples, filled_tile, store, width

ALONE = 4_096
"""Numbers up to which one thread copies faster than it would tell another of it."""


@Loop
def convolve(
    image: Array,
    weight: Array,
    bias: Array,
    floor: float,
    below: Array,
    y: Array,
    y_step: int,
    offset: Array,
    tap: Array,
    pieces: Array,
    output_step: int,
    channel_step: int,
    window: int,
    taps: int,
    tile: tuple[int, ...],
) -> None:
    """Write sums of runs, each times a weight: y[k, r] = b[k] + Σ_t w[k, tap t] · image[t, r].

    The innermost loop goes over the terms of a piece (see `SumPlan`), with `len(tile)` outputs k
    and as many r as fill the registers; around it, k before r, so that the pixels just read are
    still near. There are at least as many outputs as in a tile; in `y` they are `y_step` apart. The
    weights of a tile's outputs, `taps` for each, are brought side by side first: they are
    `output_step` and `channel_step` apart, and there are `window` of each channel of the image.

    What a rectifier beside the convolution would do is done before the sums leave the registers.
    One after it: no sum is below `floor`. One before it, whose output is `below`, when this is the
    gradient of that: where it is not above zero, a sum is zero. There is none if `below` is empty.
    """
    sums, outputs = len(tile), len(bias)
    wide = width(image, tile)
    blocks = (outputs + sums - 1) // sums
    packed = np.empty(blocks * sums * taps, image.dtype)
    if len(packed) < ALONE:
        for block in range(blocks):
            k = min(block * sums, outputs - sums)
            _pack(
                weight,
                k,
                output_step,
                channel_step,
                taps // window,
                window,
                packed,
                block * taps * sums,
                sums,
            )
    else:
        for block in prange(blocks):
            k = min(block * sums, outputs - sums)
            _pack(
                weight,
                k,
                output_step,
                channel_step,
                taps // window,
                window,
                packed,
                block * taps * sums,
                sums,
            )
    shares = min(blocks, max(1, 16 // len(pieces)))  # where pieces are few, outputs are shared too
    for turn in prange(len(pieces) * shares):
        piece, share = turn // shares, turn % shares
        source, target, length = pieces[piece, 0], pieces[piece, 1], pieces[piece, 2]
        first, end = pieces[piece, 3], pieces[piece, 4]
        for r in range(0, length, wide):
            count = min(wide, length - r)
            for block in range(share * blocks // shares, (share + 1) * blocks // shares):
                k = min(block * sums, outputs - sums)  # the last may do some outputs once more
                total = filled_tile(bias, k, tile)
                for t in range(first, end):
                    start = source + r + offset[t]
                    place = (block * taps + tap[t]) * sums
                    total = add_multiples(total, image, start, count, packed, place)
                place = target + r + k * y_step
                if len(below) == 0:
                    store(y, place, y_step, count, sums, raised(total, floor))
                else:
                    total = passed(total, below, place, y_step, count)
                    store(y, place, y_step, count, sums, total)


@Inner
def _pack(
    weight: Array,
    first: int,
    output_step: int,
    channel_step: int,
    channels: int,
    window: int,
    packed: Array,
    place: int,
    sums: int,
) -> None:
    """Bring the weights of some outputs side by side; taps are in the order (channel, kh, kw)."""
    for channel in range(channels):
        for t in range(window):
            source = first * output_step + channel * channel_step + t
            for k in range(sums):
                packed[place + k] = weight[source + k * output_step]
            place += sums
