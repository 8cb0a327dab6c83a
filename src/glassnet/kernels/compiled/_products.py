"""The loop of inner products of errors and pixels: the gradient of a convolution's weights.

Of two vectors loaded, one from each side, every number is used several times; see `_windows`.
"""

from typing import Any

import numpy as np
from numba.cpython.unsafe.tuple import tuple_setitem

from glassnet.arrays import Array
from glassnet.kernels.compiled._loops import Inner, Loop, new_zeros, prange
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
    image: Array,
    weight: Array,
    bias: Array,
    step: int,
    image_step: int,
    row: int,
    taps: Array,
    runs: Array,
    bounds: Array,
    panels: Array,
    nothing: Array,
    parts: int,
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    """Write weight[k, t] = Σ_r errors[k, r] · image[t, r] and bias[k] = Σ_r errors[k, r].

    The innermost loop goes along a run of outputs r (see `ProductPlan`), with as many k and taps t
    as fill the registers; around it, taps before k before panels, so that the errors of a panel
    are in the nearest cache and the pixels they meet in the next. Meanwhile the next panel is
    fetched, as the processor does not foresee by itself which pieces of memory are wanted next. A
    tap that falls off the image, where another of its tile does not, meets the zeros of `nothing`.
    A tile has `len(left)` of k and `len(right)` of t. The channels of the image are `image_step`
    apart, and its rows `row`.

    The outputs are divided in `parts`, whose sums are kept apart (first those of the weights, a
    tile side by side, then those of the bias) and added up at the end.
    """
    outputs, across = len(bias), len(bounds)
    down = (outputs + len(left) - 1) // len(left)
    kept = down * across * SLOT + outputs  # of each part
    partial = new_zeros(parts * kept, errors)
    shares = min(down, max(1, 8 // parts))
    for turn in prange(parts * shares):
        part, share = turn // shares, turn % shares
        found = partial[part * kept : (part + 1) * kept]
        for panel in range(part * len(panels) // parts, (part + 1) * len(panels) // parts):
            _products(
                errors, step, image, image_step, row, runs, bounds, panels, nothing, panel,
                share * down // shares, (share + 1) * down // shares, found, outputs, left, right,
            )  # fmt: skip
    for k in prange(outputs):
        bias[k] = 0
        for part in range(parts):
            bias[k] += partial[(part + 1) * kept - outputs + k]
        row = k // len(left) * across * SLOT + k % len(left) * len(right)
        for b in range(across):
            for t in range(b * len(right), min((b + 1) * len(right), len(taps))):
                place = row + b * (SLOT - len(right)) + t
                total = partial[place]
                for part in range(1, parts):
                    total += partial[part * kept + place]
                weight[k * len(taps) + taps[t]] = total


@Inner
def _products(
    errors: Array,
    step: int,
    image: Array,
    image_step: int,
    row: int,
    runs: Array,
    bounds: Array,
    panels: Array,
    nothing: Array,
    panel: int,
    first_tile: int,
    end_tile: int,
    found: Array,
    outputs: int,
    left: tuple[int, ...],
    right: tuple[int, ...],
) -> None:
    """Do a panel, and of the outputs some tiles; the sums are added to `found`."""
    side, high, wide, across = lanes(image), len(left), len(right), len(bounds)
    for a in range(first_tile, end_tile):
        for k in range(a * high, min((a + 1) * high, outputs)):
            start = panels[panel, 0] + k * step
            found[len(found) - outputs + k] += _sum(errors[start : start + panels[panel, 1]])
        if panel + 1 < len(panels):
            share = a - first_tile, end_tile - first_tile
            _fetch(errors, a * high, high, step, image, image_step, row, panels[panel + 1], share)
        for b in range(across):
            total = empty_tile(image, left, right)
            for run in range(bounds[b, panel], bounds[b, panel + 1]):
                i, j = left, right
                for m in range(high):  # at the end a tile takes the last output several times
                    k = min(a * high + m, outputs - 1)
                    i = tuple_setitem(i, m, np.int64(runs[run, 0]) + k * step)
                for m in range(wide):
                    j = tuple_setitem(j, m, np.int64(runs[run, 2 + m]))
                length = np.int64(runs[run, 1])
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
    image_step: int,
    row: int,
    panel: Array,
    share: tuple[int, int],
) -> None:
    """Fetch the errors of a tile in a panel, and a share of the pixels that they meet."""
    for k in range(first_output, first_output + high):
        start = k * step + panel[0]
        for r in range(start, start + panel[1], LINE):
            prefetch(errors, r)
    for channel in range(share[0], len(image) // image_step, share[1]):
        for h in range(panel[3]):
            start = channel * image_step + panel[2] + h * row
            for r in range(start, start + panel[4], LINE):
                prefetch(image, r)
