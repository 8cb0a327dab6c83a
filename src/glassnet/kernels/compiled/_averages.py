"""The loop of average pooling: sums of runs, all with the same weight, channel by channel.

The mean of each window is a convolution of every channel by itself, whose weights are all equal,
and so is its gradient; `_plans` says where the runs are. A sum stays in registers until it is done.
"""

from typing import Any

from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._llvm import Values, spread
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._rectify import passed
from glassnet.kernels.compiled._runs import add_run, empty_run, run_width
from glassnet.kernels.compiled._vectors import store


@intrinsic
def _times(typing: Any, tile: Any, factor: Any) -> Any:
    """Return tile · factor."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        total, factor = arguments
        vector = builder.extract_value(total, 0)
        product = builder.fmul(vector, spread(builder, factor, vector.type))
        return context.make_tuple(builder, tile, [product])

    return tile(tile, tile.dtype.dtype), generate


@Loop
def average(
    image: Array,
    image_step: int,
    offset: Array,
    pieces: Array,
    part: float,
    y: Array,
    y_step: int,
    channels: int,
    below: Array,
) -> None:
    """Write y[c, r] = part · Σ_t image[c, t, r], for the pieces of a `SumPlan` of one channel.

    Channels are `image_step` and `y_step` apart. If `below` is not empty, it is the output of a
    rectifier, the gradient of whose input is wanted: where it is not above zero, y is zero.
    """
    wide = run_width(image)
    for turn in prange(len(pieces) * channels):
        piece, channel = turn // channels, turn % channels
        source = pieces[piece, 0] + channel * image_step
        target = pieces[piece, 1] + channel * y_step
        length, first, end = pieces[piece, 2], pieces[piece, 3], pieces[piece, 4]
        for r in range(0, length, wide):
            count = min(wide, length - r)
            total = empty_run(image)
            for t in range(first, end):
                total = add_run(total, image, source + r + offset[t], count)
            total = _times(total, part)
            if len(below) == 0:
                store(y, target + r, 0, count, 1, total)
            else:
                store(y, target + r, 0, count, 1, passed(total, below, target + r, 0, count))


@Loop
def share_errors(
    dy: Array, part: Any, window: Array, pixel: Array, channels: int, dx: Array
) -> None:
    """Write the gradient of averages of few samples.

    With a stride, what one pixel of all samples meets is a short run; so all pairs of a window and
    a pixel in it are gone through instead, channel by channel.
    """
    windows, pixels = len(dy) // channels, len(dx) // channels
    for c in prange(channels):
        for m in range(c * pixels, (c + 1) * pixels):
            dx[m] = 0
        for pair in range(len(window)):
            dx[c * pixels + pixel[pair]] += part * dy[c * windows + window[pair]]
