"""Where the numbers of a weight gradient's inner products are, worked out once for each shape.

A tile of products has some taps side by side. What they meet in a row of outputs is cut where one
of them comes onto the image or leaves it, so nothing is read, or multiplied by zero, where none of
them meets a pixel. So that this is often the same for all of a tile, the taps are taken in the
order (block of channels, kh, kw, channel of the block), a block having as many as a tile. With a
stride they are in the order (channel, kh, kw): few are ever beside the image, and taps that are
neighbours meet the same pixels, one output later.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._plans import Layout, Meetings, layout_of, output_size, place_of

PANEL = 1536
"""Numbers of a channel; of four channels, with the pixels that they meet, they are near."""


class ProductPlan(NamedTuple):
    """The runs of inner products of errors and pixels."""

    layout: Layout
    out: Pair
    taps: Array
    """Which weight each tap is, in the order in which tiles take them."""
    runs: Array
    """Runs of outputs, tile by tile: place in the errors, length, and where in the image each tap
    of the tile meets it; -1 if beside it."""
    bounds: Array
    """Where in `runs` each panel of each tile begins, and the end; (tiles, panels + 1)."""
    panels: Array
    """For each: place in the errors, and length; and what it meets that the one before does not:
    place in the image, rows, and length of each."""


@lru_cache(maxsize=256)
def best_tile(tiles: tuple[Pair, ...], outputs: int, taps: int) -> Pair:
    """Return the tile of products with the least that is computed for nothing.

    The first unless another saves a tenth: each has to be compiled.
    """

    def computed(tile: Pair) -> int:
        high, wide = tile
        return -(-outputs // high) * high * -(-taps // wide) * wide

    best = min(tiles, key=computed)
    return best if computed(best) < 0.9 * computed(tiles[0]) else tiles[0]


@lru_cache(maxsize=256)
def gradient_plan(
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair, wide: int
) -> ProductPlan:
    """Return the plan of the gradient of a convolution's weights, `wide` taps to a tile."""
    (channels, height, width), (kh, kw) = size, kernel
    out = output_size(size, kernel, stride, padding)
    columns: Meetings = [
        [(q, j * stride[1] + q - padding[1]) for q in range(kw)] for j in range(out[1])
    ]
    layout = layout_of(samples, width, columns, stride[1])
    geometry = _Geometry(samples, (height, width), out, kernel, stride, padding, layout)
    spans, panels = _panels(geometry)
    taps: list[Array] = []
    tiles: list[Array] = []
    for first in range(0, channels, wide):
        block = min(wide, channels - first)
        if stride[1] == 1:
            p, q, c = (axis.ravel() for axis in np.mgrid[:kh, :kw, :block])
        else:
            c, p, q = (axis.ravel() for axis in np.mgrid[:block, :kh, :kw])
        taps.append(((first + c) * kh + p) * kw + q)
        if first and block == wide:  # as the first block, further on
            step = first * height * layout.row
            for tile in tiles[: kh * kw]:
                tiles.append(tile.copy())
                tiles[-1][:, 2:] += np.where(tile[:, 2:] >= 0, step, 0)
            continue
        for b in range(0, len(c), wide):
            chosen = np.minimum(np.arange(b, b + wide), len(c) - 1)  # the last one several times
            tiles.append(_tile(geometry, spans, first + c[chosen], p[chosen], q[chosen]))
    before = np.cumsum([0, *map(len, tiles)])
    ends = np.append(panels[:, 0], samples * out[0] * out[1])
    bounds = [n + np.searchsorted(tile[:, 0], ends) for n, tile in zip(before, tiles, strict=False)]
    return ProductPlan(
        layout,
        out,
        np.concatenate(taps),
        np.concatenate(tiles).astype(np.int32),
        np.array(bounds),
        panels,
    )


class _Geometry(NamedTuple):
    """What the runs follow from."""

    samples: int
    size: Pair
    out: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    layout: Layout

    @property
    def is_prepared(self) -> bool:
        """Whether all columns of outputs meet numbers, side by side."""
        return self.layout.split > 1 or any(self.layout.border)

    def inside(self, kw: int) -> Pair:
        """Return the first column of outputs that meets a pixel with a tap, and the end."""
        if self.is_prepared:
            return 0, self.out[1]
        step, shift = self.stride[1], self.padding[1] - kw
        first, end = -(-shift // step), (self.size[1] - 1 + shift) // step + 1
        return max(0, first), min(self.out[1], end)


def _panels(g: _Geometry) -> tuple[list[int], Array]:
    """Return the columns of outputs where panels are cut, and the panels."""
    (height, width), (rows, columns), row = g.size, g.out, g.layout.row
    some = max(1, PANEL // (columns * g.samples))  # rows of a panel, or columns of a row
    parts = -(-columns * g.samples // PANEL) if some == 1 else 1
    each = -(-columns // min(parts, columns))
    spans = [*range(0, columns, each), columns]
    panels = []
    bottom = 0
    for i in range(0, rows, some):
        last, seen = min(i + some, rows) - 1, bottom if parts == 1 else 0
        top = max(seen, i * g.stride[0] - g.padding[0])
        bottom = max(top, min(height, last * g.stride[0] - g.padding[0] + g.kernel[0]))
        right = 0
        for j, end in pairwise(spans):
            place = (i * columns + j) * g.samples, ((last - i) * columns + end - j) * g.samples
            left, length = 0, row
            if not g.is_prepared:
                first = max(right, j * g.stride[1] - g.padding[1])
                right = min(width, (end - 1) * g.stride[1] - g.padding[1] + g.kernel[1])
                left, length = first * g.samples, max(0, right - first) * g.samples
            panels.append((*place, top * row + left, bottom - top, length))
    return spans, np.array(panels)


def _tile(g: _Geometry, spans: list[int], c: Array, p: Array, q: Array) -> Array:
    """Return the runs of a tile of the taps (c, p, q), in the order of the outputs."""
    within = np.array([g.inside(kw) for kw in q])
    cuts = {*spans, *within.ravel()}
    if g.stride[1] > 1 and not g.is_prepared:  # then neighbours do not meet neighbours
        cuts |= {*range(g.out[1])}
    i = np.arange(g.out[0])
    h = i[:, None] * g.stride[0] + p - g.padding[0]
    on = (h >= 0) & (h < g.size[0])
    found = [np.empty((0, 2 + len(c)), int)]
    for j, end in pairwise(sorted(cut for cut in cuts if 0 <= cut <= g.out[1])):
        meets = on & (within[:, 0] <= j) & (j < within[:, 1])
        column = np.array(
            [place_of(g.layout, g.samples, j * g.stride[1] + kw - g.padding[1]) for kw in q]
        )
        starts = np.where(meets, (c * g.size[0] + h) * g.layout.row + column, -1)
        lengths = np.full(len(i), (end - j) * g.samples)
        places = (i * g.out[1] + j) * g.samples
        found.append(np.column_stack([places, lengths, starts])[meets.any(axis=1)])
    runs = np.concatenate(found)
    return runs[np.argsort(runs[:, 0])]
