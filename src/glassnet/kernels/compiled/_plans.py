"""Where in memory the numbers of a convolution are, worked out once for each shape.

Everything is batch-innermost, (C, H, W, N): a pixel of one channel is a run of N numbers, and so is
an output. Along each axis an output u *meets* the pixels v = u·s + k − pad of the taps k = 0, 1, …;
for the gradient of the input it is the other way round: a pixel u meets the outputs
v = (u + pad − k) / s, where that is a whole number. From there on both are the same work.

Four ways of dealing with the edges, and it is here that one of them is chosen:

- *As it lies.* Taps that fall off the image are left out, so columns near the edges have lists of
  terms of their own. No copy is made; but with a stride, or at the edges, a run is N long.
- *Prepared.* Zeros are put left and right, and with a stride of s the columns 0, s, 2s, … are
  brought side by side, then 1, s + 1, …. Then all columns have the same list of terms, and a whole
  row of outputs is one run. For batches of fewer samples than fill the registers.
- *In bands.* Zeros all around make a band of the image one run; see `_bands`. For so few samples
  that not even a row fills the registers. For the gradient of the input it is a whole image, or
  with a stride what is left of it when every s-th row and column is taken; see `_phases`.
- *In patches.* What each weight meets is copied, for BLAS; see `_patches`. Where there is little.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape

FEW = 32
"""Samples up to which images are prepared."""
PREPARING = 300_000
"""Multiply-adds that take as long as to prepare a small image."""
SPREADING = 250_000
"""The same for cutting bands out of it; with a stride, as many times as long."""
ENCLOSING = 600_000
"""The same for putting zeros around errors, and phases together, beside preparing."""
LONG = 1 << 10
"""Numbers of an output up to which patches may be better."""
COPIES = 1 << 13
"""Numbers of patches up to which they are better: they stay in the nearest cache."""
LITTLE = 1 << 20
"""Multiply-adds up to which patches are better: BLAS has one thread."""
PIECE = 512
"""Numbers in a piece of work: enough pieces for all threads, few enough to be cheap."""

Geometry = tuple[int, Shape, Pair, Pair, Pair]
"""Samples, (C, H, W), kernel, stride and padding."""
Meetings = list[list[Pair]]
"""For each place along an axis, the (tap, place) that it meets."""
Terms = tuple[Array, Array, Array]
"""Where each term is, which weight belongs to it, and the pieces; see `SumPlan`."""


class Layout(NamedTuple):
    """How the columns of an image lie."""

    border: Pair
    """Columns of zeros left and right."""
    split: int
    """Columns so far apart are brought side by side."""
    row: int
    """Numbers in a row."""


class SumPlan(NamedTuple):
    """The terms of weighted sums."""

    layout: Layout
    met: Pair
    """Height and width of what is summed."""
    out: Pair
    """Height and width of what is computed."""
    offset: Array
    """Where in the image each term starts, from the place of a piece."""
    tap: Array
    """Which weight belongs to each term, in the order (channel, kh, kw)."""
    pieces: Array
    """Runs of outputs: place in the image, place in the result, length, first and last term."""
    operations: int
    """Multiply-adds for one channel of the result."""

    @property
    def terms(self) -> Terms:
        """What the loop takes of it."""
        return self.offset, self.tap, self.pieces


def output_size(size: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """Return the height and width of a convolution's outputs.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded image.
    """
    height, width = (
        (n + 2 * p - k) // s + 1
        for n, k, s, p in zip(size[-2:], kernel, stride, padding, strict=True)
    )
    if min(height, width) < 1:
        raise ValueError(f"a kernel of {kernel} is larger than an image of {size[-2:]}")
    return height, width


@lru_cache(maxsize=256)
def forward_plan(
    samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair, bordered: bool = True
) -> SumPlan:
    """Return the plan of a convolution of images (C, H, W), which may have borders of zeros."""
    out = output_size(size, kernel, stride, padding)
    meetings = [
        [[(k, u * s + k - p) for k in range(taps)] for u in range(places)]
        for places, taps, s, p in zip(out, kernel, stride, padding, strict=True)
    ]
    return _sum_plan(samples, size, kernel, meetings, stride[1], bordered)


@lru_cache(maxsize=256)
def backward_plan(
    samples: int, outputs: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair
) -> SumPlan:
    """Return the plan of the gradient of the images; what is summed are errors of `outputs`."""
    out = output_size(size, kernel, stride, padding)
    meetings = [
        [[(k, (u + p - k) // s) for k in range(taps) if (u + p - k) % s == 0] for u in range(n)]
        for n, taps, s, p in zip(size[1:], kernel, stride, padding, strict=True)
    ]
    return _sum_plan(samples, (outputs, *out), kernel, meetings, 1)


def layout_of(
    samples: int, width: int, columns: Meetings, split: int, bordered: bool = True
) -> Layout:
    """Choose whether images are taken as they lie, or prepared."""
    met = [v for column in columns for _, v in column] or [0]
    border = (max(0, -min(met)), max(0, max(met) + 1 - width)) if bordered else (0, 0)
    if samples >= FEW or (split == 1 and not any(border)):
        return Layout((0, 0), 1, width * samples)
    group = -(-(border[0] + width + border[1]) // split)
    return Layout(border, split, split * group * samples)


def place_of(layout: Layout, samples: int, v: int) -> int:
    """Return where in a row column v is."""
    group, column = (v + layout.border[0]) % layout.split, (v + layout.border[0]) // layout.split
    return group * (layout.row // layout.split) + column * samples


def _sum_plan(
    samples: int,
    size: Shape,
    kernel: Pair,
    meetings: list[Meetings],
    split: int,
    bordered: bool = True,
) -> SumPlan:
    """Return the plan of sums over an image of (channels, height, width).

    The terms are in the order (row, channel, column); so where the upper or lower rows fall off the
    image, the terms that are left follow each other in the same list.
    """
    (channels, height, width), (rows, columns) = size, meetings
    layout = layout_of(samples, width, columns, split, bordered)
    left, right = layout.border
    across = [
        [(k, place_of(layout, samples, v)) for k, v in column if -left <= v < width + right]
        for column in columns
    ]
    offset: list[Array] = []
    tap: list[Array] = []
    lists: dict[object, int] = {}
    runs: list[tuple[int, ...]] = []
    for u, row in enumerate(rows):
        taps = tuple(k for k, _ in row)
        inside = [n for n, (_, v) in enumerate(row) if 0 <= v < height]
        step = row[1][1] - row[0][1] if len(row) > 1 else 1
        for (start, end), terms in _runs_of(across, samples):
            key = taps, tuple((k, place - terms[0][1]) for k, place in terms)
            if key not in lists:
                lists[key] = sum(map(len, offset))
                p, c, q = np.ogrid[: len(taps), :channels, : len(terms)]
                kh, kw = np.array(taps, int), np.array([k for k, _ in terms], int)
                first = np.array([place for _, place in key[1]], int)
                offset.append(((c * height + p * step) * layout.row + first[q]).ravel())
                tap.append(((c * kernel[0] + kh[p]) * kernel[1] + kw[q]).ravel())
            many = channels * len(terms)
            span = [
                lists[key] + n * many for n in ((inside[0], inside[-1] + 1) if inside else (0, 0))
            ]
            source = (row[0][1] * layout.row if row else 0) + (terms[0][1] if terms else 0)
            target, length = (u * len(across) + start) * samples, (end - start) * samples
            if runs and (source, target, *span) == _after(*runs[-1]):
                source, target, before, *span = runs.pop()
                length += before
            runs.append((source, target, length, *span))
    table = np.array([
        (source + r, target + r, min(PIECE, length - r), *span)
        for source, target, length, *span in runs
        for r in range(0, length, PIECE)
    ])  # fmt: skip
    operations = int((table[:, 2] * (table[:, 4] - table[:, 3])).sum())
    return SumPlan(
        layout, (height, width), (len(rows), len(across)), np.concatenate(offset),
        np.concatenate(tap), table, operations,
    )  # fmt: skip


def _after(source: int, target: int, length: int, *span: int) -> tuple[int, ...]:
    """Return where a run begins that goes on with another."""
    return source + length, target + length, *span


def _runs_of(across: Meetings, samples: int) -> list[tuple[Pair, list[Pair]]]:
    """Return (first, end) of columns whose terms are those of the first, moved along; and these."""
    found: list[tuple[Pair, list[Pair]]] = []
    for u, terms in enumerate(across):
        if found:
            start, before = found[-1][0][0], found[-1][1]
            moved = [(k, place + (u - start) * samples) for k, place in before]
            if moved == terms:
                found[-1] = (start, u + 1), before
                continue
        found.append(((u, u + 1), terms))
    return found
