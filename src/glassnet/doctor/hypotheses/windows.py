"""Convolution: what a wrong loop over windows would give.

Whether a layer is one, with which stride and padding, is found by comparing its output with
that of the textbook layer; then the wrong loops are run, and their results compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array, Pair
from glassnet.doctor.case import Case, Verdict
from glassnet.doctor.hypotheses.nonlinearity import slope_by_bias
from glassnet.doctor.hypotheses.views import View, views
from glassnet.kernels import vectorised


class Convolution(NamedTuple):
    """A layer that turned out to be a convolution; `stored` undoes what made its weight usual."""

    name: str
    weight: Array
    stored: Callable[[Array], Array]
    stride: Pair
    padding: Pair


def convolution(case: Case) -> Verdict:
    """Predict: stride ignored, padding not cropped, overlapping windows overwritten."""
    for view in views(case):
        for found, dy in _convolutions(case, view):
            if case.name == "input":
                for kind, words, predicted in _input_faults(found, view.x, dy):
                    if case.is_exactly(view.back(predicted)):
                        return kind, words
            elif case.name == found.name:
                for kind, words, predicted in _weight_faults(found, view.x, dy):
                    if case.is_exactly(found.stored(predicted)):
                        return kind, words
    return None


def _convolutions(case: Case, view: View) -> Iterator[tuple[Convolution, Array]]:
    """Yield the convolution that the layer computes, with the gradient by its output.

    Behind a convolution with an activation built in, z cannot be seen: all that fit are tried.
    """
    probe, x, y = case.layer_probe, view.x, view.y
    if probe is None:
        return
    slope = slope_by_bias(case)
    hidden = slope is not None and not np.allclose(slope, 1)
    dy = view.forth(case.upstream * slope) if slope is not None else view.dy
    with probe.unmoved():
        probe.place_at("input", np.zeros_like(case.x))
        linear = y - view.forth(probe.output())
    for name, weight in probe.point.items():
        for kernel, stored in _kernels(weight, y.shape[1], x.shape[1]) if name != "input" else ():
            for stride, padding in geometries(x.shape, y.shape, kernel.shape[2:]):
                found = Convolution(name, kernel, stored, stride, padding)
                if hidden:
                    yield found, dy
                    continue
                guess = vectorised.conv2d_forward(x, kernel, None, stride, padding)
                if np.allclose(guess, linear, atol=1e-9 * float(np.abs(linear).max())):
                    yield found, view.dy
                    return


def _kernels(
    weight: Array, out: int, channels: int
) -> Iterator[tuple[Array, Callable[[Array], Array]]]:
    """Yield a weight as (O, C, kh, kw) in all ways it may be meant, and the way back."""
    if weight.ndim in (3, 4):
        whole = weight.reshape(*weight.shape, *(1,) * (4 - weight.ndim))
        for order in permutations(range(4)):
            turned = whole.transpose(order)
            if turned.shape[:2] == (out, channels):
                back = tuple(int(i) for i in np.argsort(order))
                yield turned, partial(_reordered, weight.shape, back, False)
                flipped = np.flip(turned, (-1, -2))
                yield flipped, partial(_reordered, weight.shape, back, True)
        if weight.ndim == 3 and len(weight) == out == channels:  # depthwise
            whole = np.einsum("oc,cij->ocij", np.eye(out), weight)
            yield whole, lambda g: np.einsum("ccij->cij", g)
            yield np.flip(whole, (-1, -2)), lambda g: np.einsum("ccij->cij", g)[:, ::-1, ::-1]
        return
    side = math.isqrt(weight.size // max(out * channels, 1))
    if weight.size != out * channels * side * side:
        return
    shape = (out, channels, side, side)
    whole = weight.reshape(shape)
    yield whole, lambda g: g.reshape(weight.shape)
    yield np.flip(whole, (-1, -2)), lambda g: np.flip(g, (-1, -2)).reshape(weight.shape)
    if weight.ndim == 2:
        whole = weight.T.reshape(shape)
        yield whole, lambda g: g.reshape(weight.shape[::-1]).T
        last = weight.reshape(out, side, side, channels).transpose(0, 3, 1, 2)
        yield last, lambda g: g.transpose(0, 2, 3, 1).reshape(weight.shape)


def _reordered(
    shape: tuple[int, ...], order: tuple[int, ...], flipped: bool, gradient: Array
) -> Array:
    turned = np.flip(gradient, (-1, -2)) if flipped else gradient
    return turned.transpose(order).reshape(shape)


def geometries(
    before: tuple[int, ...], after: tuple[int, ...], kernel: tuple[int, ...]
) -> Iterator[tuple[Pair, Pair]]:
    """Yield the strides and paddings with which a kernel leads from one shape to the other."""
    sizes = []
    for axis in (0, 1):
        size, out, k = before[2 + axis], after[2 + axis], kernel[axis]
        sizes.append(
            [
                (s, p)
                for p in range(k)
                for s in range(1, 6)
                if size + 2 * p >= k and (size + 2 * p - k) // s + 1 == out
            ]
        )
    square = sorted(product(*sizes), key=lambda pair: pair[0] != pair[1])
    for (s0, p0), (s1, p1) in square:
        yield (s0, s1), (p0, p1)


def _padded(x: Array, padding: Pair) -> Array:
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


def _weight_faults(c: Convolution, x: Array, dy: Array) -> Iterator[tuple[str, str, Array]]:
    """Yield wrong gradients of the kernel."""
    padded = _padded(x, c.padding)
    turned = np.flip(_correlated(padded, dy, c.stride, c), (-1, -2))
    yield "kernel-not-flipped", "∂L/∂W is right, but turned by 180°", turned
    if c.stride != (1, 1):
        yield "stride-ignored", "∂L/∂W as if the stride were 1", _correlated(padded, dy, (1, 1), c)
    if c.padding != (0, 0):
        (ph, pw) = c.padding
        late = np.pad(x, ((0, 0), (0, 0), (0, 2 * ph), (0, 2 * pw)))
        words = "∂L/∂W is computed with x not padded"
        yield "padding-ignored", words, _correlated(late, dy, c.stride, c)


def _correlated(padded: Array, dy: Array, step: Pair, c: Convolution) -> Array:
    (kh, kw), (rows, columns) = c.weight.shape[2:], dy.shape[2:]
    result = np.zeros(c.weight.shape)
    for p, q in product(range(kh), range(kw)):
        seen = padded[:, :, p : p + step[0] * rows : step[0], q : q + step[1] * columns : step[1]]
        result[:, :, p, q] = np.einsum("noij,ncij->oc", dy, seen)
    return result


def _input_faults(c: Convolution, x: Array, dy: Array) -> Iterator[tuple[str, str, Array]]:
    """Yield wrong gradients of the input."""
    patches = np.einsum("noij,ocpq->ncpqij", dy, c.weight)
    last = np.einsum("nij,cpq->ncpqij", dy[:, -1], c.weight[-1])
    size = (*x.shape[:2], x.shape[2] + 2 * c.padding[0], x.shape[3] + 2 * c.padding[1])
    for turned, words in (
        (np.flip(c.weight, (-1, -2)), "turned by 180°"),
        (np.flip(c.weight, (-1, -2)).swapaxes(-1, -2), "turned by 180° and transposed"),
        (c.weight.swapaxes(-1, -2), "transposed"),
    ):
        kind = "kernel-not-flipped" if "180" in words else "weight-transposed"
        if turned.shape == c.weight.shape:
            spread = np.einsum("noij,ocpq->ncpqij", dy, turned)
            full = spread_windows(spread, size, c.stride, "add")
            yield kind, f"dx is made with the kernel {words}", crop(full, c.padding)
    wrong = (
        ("stride-ignored", "as if the stride were 1",
         spread_windows(patches, size, (1, 1), "add")),
        ("overlap-overwritten", "the last window wins",
         spread_windows(patches, size, c.stride, "last")),
        ("overlap-overwritten", "the last window and channel win",
         spread_windows(last, size, c.stride, "last")),
        ("overlap-overwritten", "the last kernel position wins",
         spread_windows(patches, size, c.stride, "last position")),
        ("output-channel-shared", "only the last output channel counts",
         spread_windows(last, size, c.stride, "add")),
    )  # fmt: skip
    for kind, words, full in wrong:
        yield kind, f"dx: {words}", crop(full, c.padding)
    if c.padding != (0, 0):
        full = spread_windows(patches, size, c.stride, "add")
        height, width = x.shape[2:]
        words = "dx is cut out of its padded version at the wrong place"
        yield "padding-not-cropped", words, full[:, :, :height, :width]
        yield "padding-not-cropped", words, full[:, :, -height:, -width:]
        inner = full[:, :, c.padding[0] : -c.padding[0] or None]
        yield "padding-not-cropped", words, inner[..., :width]


def crop(full: Array, padding: Pair) -> Array:
    """Cut the padding off."""
    (ph, pw) = padding
    return full[:, :, ph : full.shape[2] - ph, pw : full.shape[3] - pw]


def spread_windows(patches: Array, size: tuple[int, ...], step: Pair, how: str) -> Array:
    """Put patches (N, C, kh, kw, Ho, Wo) where their windows lie.

    `how` is "add" (right), "last" (the last window wins) or "last position" (a loop over positions
    inside the window in which the last wins).
    """
    kh, kw, rows, columns = patches.shape[2:]
    full = np.zeros(size)
    if how == "last":
        for i, j in product(range(rows), range(columns)):
            place = full[:, :, i * step[0] : i * step[0] + kh, j * step[1] : j * step[1] + kw]
            place[...] = patches[:, :, : place.shape[2], : place.shape[3], i, j]
        return full
    for p, q in product(range(kh), range(kw)):
        place = full[:, :, p : p + step[0] * rows : step[0], q : q + step[1] * columns : step[1]]
        part = patches[:, :, p, q, : place.shape[2], : place.shape[3]]
        if how == "add":
            place += part
        else:
            place[...] = part
    return full
