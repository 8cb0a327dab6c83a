"""The gradient of a few samples' images: of every s-th row and column the whole image is one run.

With a stride of s, pixels whose row and column are the same modulo s (a *phase*) meet the same
weights, as in a convolution of stride 1. If the errors have zeros around them, and the pixels of a
phase are kept as far apart as the errors that they meet, then what one weight meets is a single run
from the first pixel of the phase to the last, however few samples there are. Afterwards the phases
are put together, and the few numbers that lie between their rows are left out.

The zeros after a row of errors are those before the next.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair, Shape
from glassnet.kernels.compiled._loops import Inner, Loop, prange
from glassnet.kernels.compiled._plans import PIECE, Terms, output_size
from glassnet.kernels.compiled._rectify import passed
from glassnet.kernels.compiled._runs import add_run, clear_row, copy_row, empty_run, run_width
from glassnet.kernels.compiled._vectors import store

LINE = 16
"""Phases begin at multiples of so many numbers."""


class PhasePlan(NamedTuple):
    """How such a gradient is laid out."""

    met: Pair
    """Height and width of the errors."""
    enclosure: tuple[int, int, int, int]
    """Rows of zeros above, rows in all, numbers from row to row, numbers before the first row."""
    terms: Terms
    """As in a `SumPlan`."""
    phases: Array
    """For each: where it begins, its first row and column in the image, how many columns."""
    places: int
    """Numbers of all phases together."""
    operations: int
    """Multiply-adds for one channel of the images."""


class _Phase(NamedTuple):
    """Pixels along one axis that are the same modulo the stride."""

    first: int
    pixels: int
    meets: int
    """What the first one meets with tap `tap`; with the next, `tap` + stride, the one before."""
    tap: int
    taps: int


def _along(size: int, kernel: int, stride: int, padding: int) -> list[_Phase]:
    """Return the phases of one axis."""
    phases = []
    for tap in range(stride):
        first = (tap - padding) % stride
        pixels, taps = max(0, -(-(size - first) // stride)), max(0, -(-(kernel - tap) // stride))
        phases.append(_Phase(first, pixels, (first + padding) // stride, tap, taps))
    return phases


def _border(phases: list[_Phase], met: int) -> Pair:
    """Return how many zeros must be before and after what is met."""
    used = [phase for phase in phases if phase.pixels and phase.taps]
    before = max((phase.taps - 1 - phase.meets for phase in used), default=0)
    after = max((phase.meets + phase.pixels - met for phase in used), default=0)
    return max(0, before), max(0, after)


@lru_cache(maxsize=64)
def phase_plan(
    samples: int, outputs: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair
) -> PhasePlan:
    """Return the layout for images (C, H, W), whose convolution has so many outputs."""
    met = output_size(size, kernel, stride, padding)
    rows, columns = (_along(*axis) for axis in zip(size[1:], kernel, stride, padding, strict=True))
    (above, below), (left, right) = _border(rows, met[0]), _border(columns, met[1])
    height, row = above + met[0] + below, (met[1] + max(left, right)) * samples
    lead = left * samples
    offset: list[Array] = []
    tap: list[Array] = []
    pieces: list[tuple[int, ...]] = []
    phases: list[tuple[int, ...]] = []
    terms = places = operations = 0
    for down in rows:
        for across in columns:
            phases.append((places, down.first, across.first, across.pixels))
            if not (down.pixels and across.pixels):
                continue
            o, p, q = np.ogrid[:outputs, : down.taps, : across.taps]
            offset.append((o * (lead + height * row) - p * row - q * samples).ravel())
            kh, kw = down.tap + p * stride[0], across.tap + q * stride[1]
            tap.append(((o * kernel[0] + kh) * kernel[1] + kw).ravel())
            source = lead + (above + down.meets) * row + across.meets * samples
            length = (down.pixels - 1) * row + across.pixels * samples
            end = terms + len(offset[-1])
            pieces += [
                (source + r, places + r, min(PIECE, length - r), terms, end)
                for r in range(0, length, PIECE)
            ]
            operations += length * (end - terms)
            terms, places = end, places + -(-length // LINE) * LINE
    return PhasePlan(
        met, (above, height, row, lead),
        (np.concatenate(offset), np.concatenate(tap), np.array(pieces)), np.array(phases),
        places, operations,
    )  # fmt: skip


@Loop
def enclose(
    errors: Array,
    height: int,
    length: int,
    above: int,
    rows: int,
    row: int,
    lead: int,
    image: Array,
) -> None:
    """Put zeros around errors: `lead` and whole rows before them, and after each row of them."""
    for turn in prange(len(image) // (lead + rows * row) * rows):
        number, h = turn // rows, turn % rows - above
        target = turn * row + (number + 1) * lead
        if h == -above:
            clear_row(image, target - lead, lead)
        if h < 0 or h >= height:
            clear_row(image, target, row)
        else:
            copy_row(errors, (number * height + h) * length, image, target, length)
            clear_row(image, target + length, row - length)


@Loop
def put_together(
    x: Array,
    places: int,
    phases: Array,
    row: int,
    down: int,
    across: int,
    padding: int,
    height: int,
    width: int,
    samples: int,
    below: Array,
    y: Array,
) -> None:
    """Put `down` · `across` phases together.

    If `below` is not empty, it is the output of a rectifier, the gradient of whose input is wanted.
    """
    for turn in prange(len(y) // (width * samples)):
        number, h = turn // height, turn % height
        above = (h + padding) % down * across
        for phase in range(above, above + across):
            source = number * places + phases[phase, 0] + (h - phases[phase, 1]) // down * row
            target = (turn * width + phases[phase, 2]) * samples
            columns = phases[phase, 3]
            if across == 1:
                _copy_rectified(x, source, y, target, columns * samples, below)
            elif samples > 1:
                for _ in range(columns):
                    _copy_rectified(x, source, y, target, samples, below)
                    source += samples
                    target += across * samples
            else:
                for m in range(columns):
                    here = target + m * across
                    pixel = x[source + m]
                    y[here] = pixel if len(below) == 0 or below[here] > 0 else pixel * 0


@Inner
def _copy_rectified(x: Array, i: int, y: Array, j: int, length: int, below: Array) -> None:
    """Copy a run; where `below` is not above zero, write zero."""
    wide = run_width(x)
    for m in range(0, length, wide):
        count = min(wide, length - m)
        run = add_run(empty_run(x), x, i + m, count)
        if len(below) > 0:
            run = passed(run, below, j + m, 0, count)
        store(y, j + m, 0, count, 1, run)
