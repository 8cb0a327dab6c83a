"""What the loops of convolutions and pools take beside the arrays, worked out once for each shape.

In a small network Python would take as long as the loops. So whatever follows from the shapes alone
is kept here, and a call of a kernel only hands over the arrays.
"""

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.arrays import Pair, Shape
from glassnet.kernels.compiled._arrays import require
from glassnet.kernels.compiled._patches import Patches, patches
from glassnet.kernels.compiled._plans import (
    COPIES,
    ENCLOSING,
    FEW,
    LITTLE,
    LONG,
    PREPARING,
    SPREADING,
    Layout,
    SumPlan,
    Terms,
    backward_plan,
    forward_plan,
    output_size,
)
from glassnet.kernels.compiled._product_plans import PANEL, best_tile, gradient_plan

if TYPE_CHECKING:
    from glassnet.kernels.compiled._phases import PhasePlan

TILE = 8
"""Outputs that are summed at once, if there are so many: the best balance of what is loaded to what
is computed."""


class Sums(NamedTuple):
    """What the loop of weighted sums has to know beside the arrays."""

    operations: int
    layout: Layout
    numbers: int
    """Numbers of all outputs."""
    rest: tuple[Any, ...]
    """What the loop is told last: the numbers of each output, the terms, the steps from output to
    output and from channel to channel of the weights, weights of each channel and of each output,
    and the tile."""
    shape: Shape
    """What is computed, (outputs, height, width, samples)."""
    met: Shape
    """What is summed, (channels, height, width)."""


@lru_cache(maxsize=256)
def forward_sums(size: Shape, weights: Shape, stride: Pair, padding: Pair) -> Sums | Patches | None:
    """Return what a convolution needs, or None where it is better done in bands."""
    require(weights[1:2], size[1:2], "channels of weights")
    kernel = weights[2], weights[3]
    height, width = output_size(size, kernel, stride, padding)
    if _is_little(size[0], (height, width), weights):
        return patches(size, weights, stride, padding)
    if _better_in_bands(size[0], weights, (height, width), stride, padding):
        return None
    plan = forward_plan(size[0], size[1:], kernel, stride, padding)
    shape = weights[0], *plan.out, size[0]
    return _sums(plan.layout, plan.terms, plan.operations, weights, 0, shape, size[1:])


@lru_cache(maxsize=256)
def gradient_sums(
    samples: int, weights: Shape, size: Shape, stride: Pair, padding: Pair
) -> Sums | Patches | None:
    """Return what the gradient of images (C, H, W) needs, or None where phases are better."""
    require(weights[1:2], size[:1], "channels of weights")
    out = output_size(size, (weights[2], weights[3]), stride, padding)
    if _is_little(samples, out, weights):
        return patches((samples, *size), weights, stride, padding)
    if samples < FEW and (stride[1] > 1 or _better_in_phases(samples, weights, size, padding)):
        return None
    plan = backward_plan(samples, weights[0], size, (weights[2], weights[3]), stride, padding)
    shape, met = (weights[1], *plan.out, samples), (weights[0], *plan.met)
    return _sums(plan.layout, plan.terms, plan.operations, weights, 1, shape, met)


def _is_little(samples: int, out: Pair, weights: Shape) -> bool:
    """Whether a convolution with such outputs is best done by patches."""
    places, taps = samples * math.prod(out), math.prod(weights[1:])
    much = places > LONG or places * taps > COPIES or places * taps * weights[0] > LITTLE
    return samples < FEW and not much


def _better_in_bands(samples: int, weights: Shape, out: Pair, stride: Pair, padding: Pair) -> bool:
    """Whether less is done in bands than by rows, with what is computed for nothing."""
    outputs, _, _, kw = weights
    by_rows = out[0] * _held(samples * out[1], outputs) * math.prod(weights)
    if stride[1] > 1 or padding[1]:
        by_rows += PREPARING
    row = samples * (out[1] + (kw - 1) // stride[1])
    in_bands = _held(out[0] * row, outputs) * math.prod(weights) + stride[1] * SPREADING
    return samples < FEW and in_bands < by_rows


def _better_in_phases(samples: int, weights: Shape, size: Shape, padding: Pair) -> bool:
    """Whether much less is done so of the gradient of images (C, H, W), with a stride of 1."""
    channels, height, width = size
    by_rows = height * _held(samples * width, channels)
    in_phases = _held(samples * height * (width + padding[1]), channels)
    saved = (by_rows - in_phases) * math.prod(weights)
    return saved > ENCLOSING and 2 * by_rows >= 3 * in_phases


def _tile(outputs: int, longest: int) -> int:
    """Return how many outputs are summed at once: more of them if a run fills one register only."""
    from glassnet.kernels.compiled._vectors import REGISTER, registers

    narrow = outputs > TILE and longest <= REGISTER // 4 and registers(TILE) > 1
    return min(outputs, 2 * TILE if narrow else TILE)


def _held(length: int, outputs: int) -> int:
    """Return how many numbers the registers have in which so many neighbours are summed."""
    from glassnet.kernels.compiled._vectors import REGISTER, registers

    wide = registers(_tile(outputs, length)) * REGISTER // 4
    return -(-length // wide) * wide


def _sums(
    layout: Layout,
    terms: Terms,
    operations: int,
    weights: Shape,
    outputs_axis: int,
    shape: Shape,
    met: Shape,
) -> Sums:
    """Return what the loop needs; the outputs are an axis of the weights, 0 or 1."""
    outputs, window = weights[outputs_axis], weights[2] * weights[3]
    steps = weights[1] * window, window
    places = shape[1] * shape[2] * shape[3]
    rest = (
        places, *terms, steps[outputs_axis], steps[1 - outputs_axis], window,
        weights[1 - outputs_axis] * window, (0,) * _tile(outputs, terms[2][:, 2].max()),
    )  # fmt: skip
    return Sums(outputs * operations, layout, outputs * places, rest, shape, met)


@lru_cache(maxsize=256)
def in_phases(
    samples: int, weights: Shape, size: Shape, stride: Pair, padding: Pair
) -> tuple["PhasePlan", Sums]:
    """Return how the gradient of images (C, H, W) is done in phases, and the size of that."""
    from glassnet.kernels.compiled._phases import phase_plan

    plan = phase_plan(samples, weights[0], size, (weights[2], weights[3]), stride, padding)
    wide, met = (weights[1], 1, 1, plan.places), (weights[0], *plan.met)
    layout = Layout((0, 0), 1, plan.enclosure[2])
    return plan, _sums(layout, plan.terms, plan.operations, weights, 1, wide, met)


class Products(NamedTuple):
    """What the loop of inner products has to know beside the arrays."""

    operations: int
    layout: Layout
    errors: Shape
    rest: tuple[Any, ...]
    """What the loop is told last: the errors of each output, numbers of a channel of the image and
    of a row, the plan, zeros, parts, and the tile's sides."""


@lru_cache(maxsize=256)
def products(
    size: Shape, weights: Shape, stride: Pair, padding: Pair, dtype: Any
) -> Products | Patches:
    """Return what the gradient of weights needs."""
    from glassnet.kernels.compiled._vectors import PRODUCTS

    require(weights[1:2], size[1:2], "channels of weights")
    samples, outputs = size[0], weights[0]
    out = output_size(size, (weights[2], weights[3]), stride, padding)
    if _is_little(samples, out, weights):
        return patches(size, weights, stride, padding)
    taps = weights[1] * weights[2] * weights[3]
    high, wide = best_tile(PRODUCTS, outputs, taps)
    plan = gradient_plan(samples, size[1:], (weights[2], weights[3]), stride, padding, wide)
    places = samples * math.prod(out)
    parts = 4 if len(plan.panels) >= 16 else 1  # with few, sharing out the outputs is more even
    rest = (
        places, size[2] * plan.layout.row, plan.layout.row, plan.taps, plan.runs, plan.bounds,
        plan.panels, np.zeros(max(PANEL, samples), dtype), parts, (0,) * high, (0,) * wide,
    )  # fmt: skip
    errors = samples, outputs, *plan.out
    return Products(taps * outputs * places, plan.layout, errors, rest)


class Means(NamedTuple):
    """What the loop of averages has to know beside the arrays."""

    plan: SumPlan
    met: Shape
    """What is summed, (C, H, W)."""
    shape: Shape
    """What is computed, (C, H, W, N)."""
    operations: int
    steps: Pair
    """Numbers in a channel of what is summed, and of what is computed."""
    part: float


@lru_cache(maxsize=256)
def forward_means(
    size: Shape, kernel: Pair, stride: Pair, padding: Pair, bordered: bool = True
) -> Means:
    """Return what the means of images (N, C, H, W) need, or their maxima, which see no border."""
    plan = forward_plan(size[0], (1, *size[2:]), kernel, stride, padding, bordered)
    return _means(plan, size[0], size[1], kernel)


@lru_cache(maxsize=256)
def gradient_means(samples: int, size: Shape, kernel: Pair, stride: Pair, padding: Pair) -> Means:
    """Return what the gradient of images (C, H, W) needs."""
    plan = backward_plan(samples, 1, (1, *size[1:]), kernel, stride, padding)
    return _means(plan, samples, size[0], kernel)


def _means(plan: SumPlan, samples: int, channels: int, kernel: Pair) -> Means:
    """Return what the loop needs, channel by channel."""
    steps = plan.met[0] * plan.layout.row, plan.out[0] * plan.out[1] * samples
    return Means(
        plan, (channels, *plan.met), (channels, *plan.out, samples), channels * plan.operations,
        steps, 1 / (kernel[0] * kernel[1]),
    )  # fmt: skip
