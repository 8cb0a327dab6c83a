"""The loops of maximum pooling: maxima of runs, and where they were.

Forward, a maximum and its place in the window stay in registers until all of the window has been
seen; `_plans` says where the runs are, as for sums. Backward, each row of pixels looks up the
windows it is in, so that no two threads write one place, and the innermost loop goes along the
batch; of few samples each window sends its error to its winner, channel by channel.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from glassnet.arrays import Array
from glassnet.kernels.compiled._llvm import Values, load, pointer, spread, store_lanes
from glassnet.kernels.compiled._loops import Loop, prange
from glassnet.kernels.compiled._runs import run_of, run_width
from glassnet.kernels.compiled._vectors import Vector


@intrinsic
def _no_maximum(typing: Any, array: Any, where: Any) -> Any:
    """Return maxima of nothing, a vector of −∞ and one of places, all `where`."""
    run = run_of(array.dtype)
    pair = types.Tuple((run, Vector(types.uint32, run.lanes)))

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        least, places = (context.get_value_type(part) for part in pair)
        nothing = ir.Constant(least, [float("-inf")] * least.count)
        place = builder.trunc(arguments[1], places.element)
        return context.make_tuple(builder, pair, [nothing, spread(builder, place, places)])

    return pair(array, where), generate


@intrinsic
def _larger(typing: Any, best: Any, x: Any, i: Any, count: Any, where: Any) -> Any:
    """Return the maxima of `best` and x[i : i + count], and where they are; NaN is larger."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        pair, x, i, count, where = arguments
        before, places = (builder.extract_value(pair, part) for part in (0, 1))
        place = pointer(context, builder, signature.args[1], x, i)
        row = load(builder, place, before.type, count)
        above = builder.fcmp_ordered(">", row, before)
        wins = builder.or_(above, builder.fcmp_unordered("uno", row, row))
        here = spread(builder, builder.trunc(where, places.type.element), places.type)
        found = builder.select(wins, row, before), builder.select(wins, here, places)
        return context.make_tuple(builder, best, found)

    return best(best, x, i, count, where), generate


@intrinsic
def _store_maxima(typing: Any, best: Any, y: Any, winner: Any, i: Any, count: Any) -> Any:
    """Write the maxima to y[i : i + count] and their places to `winner`, unless that is empty."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Values) -> Any:
        pair, y, winner, i, count = arguments
        kinds = signature.args
        to = pointer(context, builder, kinds[1], y, i)
        store_lanes(builder, builder.extract_value(pair, 0), to, count)
        size = context.make_array(kinds[2])(context, builder, winner).nitems
        with builder.if_then(builder.icmp_signed(">", size, ir.Constant(size.type, 0))):
            places = builder.extract_value(pair, 1)
            short = ir.VectorType(ir.IntType(16), places.type.count)
            to = pointer(context, builder, kinds[2], winner, i)
            store_lanes(builder, builder.trunc(places, short), to, count)
        return context.get_dummy_value()

    return types.void(best, y, winner, i, count), generate


@Loop
def maxima(
    image: Array,
    image_step: int,
    offset: Array,
    tap: Array,
    pieces: Array,
    y: Array,
    winner: Array,
    y_step: int,
    channels: int,
) -> None:
    """Write y[c, r] = max_t image[c, t, r], for the pieces of a `SumPlan` of one channel.

    Which tap t it was is written to `winner`, if that is not empty: the first among equals.
    Channels are `image_step` and `y_step` apart.
    """
    wide = run_width(image)
    for turn in prange(len(pieces) * channels):
        piece, channel = turn // channels, turn % channels
        source = pieces[piece, 0] + channel * image_step
        target = pieces[piece, 1] + channel * y_step
        length, first, end = pieces[piece, 2], pieces[piece, 3], pieces[piece, 4]
        for r in range(0, length, wide):
            count = min(wide, length - r)
            best = _no_maximum(image, tap[first])
            for t in range(first, end):
                best = _larger(best, image, source + r + offset[t], count, tap[t])
            _store_maxima(best, y, winner, target + r, count)


# The loops below index all four axes at once: a view of one pixel costs more than its numbers,
# because threads would take turns at counting how often the array is in use.


@Loop
def errors_of_maxima(
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
    """Write for each pixel the sum of the errors of the windows that it has won."""
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


@Loop
def errors_to_winners(
    dy: Array, winner: Array, first: Array, tap: Array, channels: int, dx: Array
) -> None:
    """Write the same, window by window, channel by channel: for few samples.

    All are vectors. In a channel of dx window r begins at `first[r]`, tap t of it `tap[t]` further.
    """
    windows, pixels = len(first), len(dx) // channels
    for c in prange(channels):
        for m in range(c * pixels, (c + 1) * pixels):
            dx[m] = 0
        for r in range(windows):
            place = first[r] + tap[min(winner[c * windows + r], len(tap) - 1)]
            if 0 <= place < pixels:  # so it is, with winners of these images
                dx[c * pixels + place] += dy[c * windows + r]
