"""Where the numbers of a weight gradient's inner products are, worked out once for each shape."""

from functools import lru_cache
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
    runs: Array
    """Runs of outputs: place in the errors, and length."""
    starts: Array
    """Where in the image run r meets tap t, in the order (channel, kh, kw); -1 if beside it."""
    panels: Array
    """Where in `runs` each panel begins, and the end."""


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
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair
) -> ProductPlan:
    """Return the plan of the gradient of a convolution's weights."""
    (channels, height, width), (kh, kw) = size, kernel
    (sh, sw), (ph, pw) = stride, padding
    out = output_size(size, kernel, stride, padding)
    columns: Meetings = [[(q, j * sw + q - pw) for q in range(kw)] for j in range(out[1])]
    layout = layout_of(samples, width, columns, sw)
    prepared = np.bool_(layout.split > 1 or any(layout.border))
    inner = range(pw, width - kw + pw + 1) if sw == 1 else ()  # where all taps meet pixels
    longest = max(1, PANEL // samples)
    spans: list[Pair] = []  # columns that are one run
    for j in range(out[1]):
        together = prepared or (j in inner and j - 1 in inner)
        if spans and together and j - spans[-1][0] < longest:
            spans[-1] = (spans[-1][0], j + 1)
        else:
            spans.append((j, j + 1))
    c, p, q = (axis.ravel() for axis in np.mgrid[:channels, :kh, :kw])
    met = [np.array(columns[j])[q, 1] for j, _ in spans]
    beside = [~prepared & ((w < 0) | (w >= width)) for w in met]
    across = [np.array([place_of(layout, samples, v) for _, v in columns[j]])[q] for j, _ in spans]
    places: list[Pair] = []
    starts: list[Array] = []
    for i in range(out[0]):
        h = i * sh + p - ph
        row, off = (c * height + h) * layout.row, (h < 0) | (h >= height)
        starts += [np.where(off | b, -1, row + a) for a, b in zip(across, beside, strict=True)]
        places += [((i * out[1] + j) * samples, (end - j) * samples) for j, end in spans]
    ends = np.cumsum([length for _, length in places])
    panels, before = [0], 0
    for run, end in enumerate(ends):
        if end - before > PANEL and run > panels[-1]:
            panels.append(run)
            before = ends[run - 1]
    panels.append(len(places))
    return ProductPlan(layout, out, np.array(places), np.array(starts), np.array(panels))
