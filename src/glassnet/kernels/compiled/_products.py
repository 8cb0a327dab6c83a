"""The loop of inner products of errors and pixels: the gradient of a convolution's weights.

Of two vectors loaded, one from each side, every number is used several times; see `_windows`.
"""

from typing import Any

from numba.cpython.unsafe.tuple import tuple_setitem

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._runs import prefetch
from glassnet.kernels.compiled._vectors import (
    add_products,
    add_totals,
    empty_tile,
    lanes,
)

SLOT = 32
"""Numbers kept for the totals of a tile."""
LINE = 16
"""Numbers in a line of the cache, or less."""


@Loop
def correlate(
    errors: Array,
    step: int,
    image: Array,
    runs: Array,
    starts: Array,
    panels: Array,
    nothing: Array,
    parts: int,
    partial: Array,
    weight: Array,
    bias: Array,
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    """Write weight[k, t] = Σ_r errors[k, r] · image[t, r] and bias[k] = Σ_r errors[k, r].

    The innermost loop goes along a run of outputs r (see `ProductPlan`), with as many k and taps t
    as fill the registers; around it, taps before k before panels, so that the errors of a panel
    are in the nearest cache and the pixels they meet in the next. Meanwhile the next panel is
    fetched, as the processor does not foresee by itself which pieces of memory are wanted next. A
    tap that falls off the image meets the zeros of `nothing`. A tile has `len(left)` of k and
    `len(right)` of t.

    The outputs are divided in `parts`, whose sums are kept in `partial` (first those of the
    weights, a tile side by side, then those of the bias) and added up at the end.
    """
    outputs, weights = len(bias), starts.shape[1]
    down = (outputs + len(left) - 1) // len(left)
    across = (weights + len(right) - 1) // len(right)
    kept = down * across * SLOT + outputs  # of each part
    shares = min(down, max(1, 8 // parts))
    count = len(panels) - 1
    for turn in prange(parts * shares):
        part, share = turn // shares, turn % shares
        given = panels[part * count // parts : (part + 1) * count // parts + 1]
        found = partial[part * kept : (part + 1) * kept]
        first, end = share * down // shares, (share + 1) * down // shares
        _products(
            errors, step, image, runs, starts, given, nothing, first, end, found, outputs,
            left, right,
        )  # fmt: skip
    for k in prange(outputs):
        for part in range(parts):
            found = partial[part * kept : (part + 1) * kept]
            if part == 0:
                bias[k] = 0
                weight[k * weights : (k + 1) * weights] = 0
            bias[k] += found[down * across * SLOT + k]
            for t in range(weights):
                slot = k // len(left) * across + t // len(right)
                place = slot * SLOT + k % len(left) * len(right) + t % len(right)
                weight[k * weights + t] += found[place]


@Inner
def _products(
    errors: Array,
    step: int,
    image: Array,
    runs: Array,
    starts: Array,
    panels: Array,
    nothing: Array,
    first_tile: int,
    end_tile: int,
    found: Array,
    outputs: int,
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    """Do some panels, and of the outputs some tiles; the sums are added to `found`."""
    side, weights = lanes(image), starts.shape[1]
    high, wide = len(left), len(right)
    across = (weights + wide - 1) // wide
    for panel in range(len(panels) - 1):
        first, end = panels[panel], panels[panel + 1]
        following = panels[panel + 2] if panel + 2 < len(panels) else end
        for a in range(first_tile, end_tile):
            for k in range(a * high, min((a + 1) * high, outputs)):
                for run in range(first, end):
                    start = runs[run, 0] + k * step
                    found[len(found) - outputs + k] += _sum(errors[start : start + runs[run, 1]])
            share = a - first_tile, end_tile - first_tile
            _fetch(errors, a * high, high, step, image, runs, starts, end, following, share)
            for b in range(across):
                total = empty_tile(image, left, right)
                for run in range(first, end):
                    i, j = left, right  # at the end a tile takes the last several times
                    for m in range(high):
                        k = min(a * high + m, outputs - 1)
                        i = tuple_setitem(i, m, runs[run, 0] + k * step)
                    for m in range(wide):
                        j = tuple_setitem(j, m, starts[run, min(b * wide + m, weights - 1)])
                    length = runs[run, 1]
                    whole = length // side * side
                    for r in range(0, whole, side):
                        total = add_products(total, errors, i, image, j, nothing, r, side)
                    if whole < length:
                        rest = length - whole
                        total = add_products(total, errors, i, image, j, nothing, whole, rest)
                add_totals(found, (a * across + b) * SLOT, total)


@Inner
def _sum(x: Array) -> Any:
    total = x[0] * 0
    for i in range(len(x)):
        total += x[i]
    return total


@Inner
def _fetch(
    errors: Array,
    first_output: int,
    high: int,
    step: int,
    image: Array,
    runs: Array,
    starts: Array,
    first: int,
    end: int,
    share: tuple[int, int],
) -> None:
    """Fetch the errors of a tile in some runs, and a share of the pixels that they meet."""
    for run in range(first, end):
        for k in range(first_output, first_output + high):
            start = k * step + runs[run, 0]
            for r in range(start, start + runs[run, 1], LINE):
                prefetch(errors, r)
        for t in range(share[0], starts.shape[1], share[1]):
            start = starts[run, t]
            if start >= 0:
                for r in range(start, start + runs[run, 1], LINE):
                    prefetch(image, r)
