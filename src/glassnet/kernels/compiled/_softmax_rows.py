"""Softmax of rows: the classes of a sample lie side by side in memory.

A NaN among the classes is not found to be the largest, but its exponential is NaN, and so the sum.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._exponentials import log
from glassnet.kernels.compiled._lanes import (
    LANES,
    added,
    filled,
    lanes,
    larger,
    largest,
    powers,
    put,
    scaled,
    total,
)
from glassnet.kernels.compiled._loops import Exact, Inner, Loop, prange

CACHE = 1 << 13
"""Numbers."""
MANY = 256
_ZERO, _ONE, _NAN, _NOTHING = (np.float32(n) for n in (0, 1, np.nan, -np.inf))


@Exact
def _largest(x: Array, start: int, end: int) -> Any:
    """Return the largest number of a row."""
    found = filled(_NOTHING)
    for k in range(start, end, LANES):
        found = larger(found, lanes(x, k, end - k, _NOTHING))
    return largest(found)


@Exact
def _powers(x: Array, start: int, end: int, most: Any, y: Array) -> Any:
    """Write e^{x − most} of a row; return their sum."""
    found = filled(_ZERO)
    for k in range(start, end, LANES):
        power = powers(lanes(x, k, end - k, _NOTHING), most)
        put(y, k, end - k, power)
        found = added(found, power)
    return total(found)


@Inner
def mean(losses: Array) -> Any:
    """Return the mean, of a sum in float64."""
    value = 0.0
    for loss in losses:
        value += loss
    return value / len(losses)


@Exact
def _at_a_time(classes: int) -> int:
    """Return of how many rows a thread keeps all it needs in its nearest cache."""
    return max(1, min(MANY, CACHE // classes))


@Exact
def _sums(
    x: Array, classes: int, first: int, last: int, most: Array, sums: Array, y: Array
) -> None:
    """Find the largest number of some rows, e^{x − most}, and the sums of these.

    In one row each depends on the one before; rows do not, so the processor takes several at once.
    """
    for n in range(first, last):
        most[n - first] = _largest(x, n * classes, (n + 1) * classes)
    for n in range(first, last):
        sums[n - first] = _powers(x, n * classes, (n + 1) * classes, most[n - first], y)


@Loop
def softmax(x: Array, classes: int, y: Array) -> None:
    """Write p_k = e^{x_k} / Σ_j e^{x_j}."""
    samples, rows = len(x) // classes, _at_a_time(classes)
    for turn in prange((samples + rows - 1) // rows):
        first, last = turn * rows, min(turn * rows + rows, samples)
        most, sums = np.empty(rows, np.float32), np.empty(rows, np.float32)
        _sums(x, classes, first, last, most, sums, y)
        for n in range(first, last):
            part, end = _ONE / sums[n - first], (n + 1) * classes
            for k in range(n * classes, end, LANES):
                put(y, k, end - k, scaled(lanes(y, k, end - k, _ZERO), part, _ZERO))


@Loop
def log_softmax(x: Array, classes: int, y: Array) -> None:
    """Write log p_k = x_k − log Σ_j e^{x_j}."""
    samples, rows = len(x) // classes, _at_a_time(classes)
    for turn in prange((samples + rows - 1) // rows):
        first, last = turn * rows, min(turn * rows + rows, samples)
        most, sums = np.empty(rows, np.float32), np.empty(rows, np.float32)
        _sums(x, classes, first, last, most, sums, y)
        for n in range(first, last):
            rest, end = log(sums[n - first]), (n + 1) * classes
            for k in range(n * classes, end, LANES):
                shifted = scaled(lanes(x, k, end - k, _ZERO), _ONE, -most[n - first])
                put(y, k, end - k, scaled(shifted, _ONE, -rest))


@Loop
def gradient(dy: Array, y: Array, classes: int, dx: Array) -> None:
    """Write y · (dy − Σ_j y_j dy_j)."""
    for n in prange(len(y) // classes):
        end, found = (n + 1) * classes, filled(_ZERO)
        for k in range(n * classes, end, LANES):
            left, right = lanes(dy, k, end - k, _ZERO), lanes(y, k, end - k, _ZERO)
            found = scaled(left, right, found)
        mean = total(found)
        for k in range(n * classes, end, LANES):
            error = scaled(lanes(dy, k, end - k, _ZERO), _ONE, -mean)
            put(dx, k, end - k, scaled(error, lanes(y, k, end - k, _ZERO), _ZERO))


@Exact
def _sum_of_shifted(x: Array, start: int, end: int, most: Any) -> Any:
    found = filled(_ZERO)
    for k in range(start, end, LANES):
        found = added(found, scaled(lanes(x, k, end - k, most), _ONE, -most))
    return total(found)


@Loop
def cross_entropy(z: Array, classes: int, labels: Array, smoothing: float, dz: Array) -> Any:
    """Return the mean loss; write (p − q) / N, where q is ε / K and, at the label, 1 − ε more.

    The loss is NaN if a label is no class.

    With s = Σ_k e^{z_k − m}, m the largest logit, log p_k = z_k − m − log s.
    """
    samples, rows, part = len(labels), _at_a_time(classes), _ONE / np.float32(len(labels))
    losses = np.empty(samples, np.float32)
    wanted, rest = np.float32(1 - smoothing), np.float32(smoothing / classes)
    for turn in prange((samples + rows - 1) // rows):
        first, last = turn * rows, min(turn * rows + rows, samples)
        most, sums = np.empty(rows, np.float32), np.empty(rows, np.float32)
        _sums(z, classes, first, last, most, sums, dz)
        for n in range(first, last):
            end, scale = (n + 1) * classes, part / sums[n - first]
            for k in range(n * classes, end, LANES):
                put(dz, k, end - k, scaled(lanes(dz, k, end - k, _ZERO), scale, -part * rest))
        for n in range(first, last):
            label, start, m = labels[n], n * classes, most[n - first]
            losses[n] = _NAN
            if 0 <= label < classes:
                dz[start + label] -= part * wanted
                found = log(sums[n - first])
                loss = wanted * (found - (z[start + label] - m))
                if rest > _ZERO:
                    shifted = _sum_of_shifted(z, start, start + classes, m)
                    loss += rest * (classes * found - shifted)
                losses[n] = loss
    return mean(losses)
