"""Softmax of columns: what lies side by side in memory is the same class of neighbours.

Neighbours are samples, where the batch lies innermost, or the places of an image. Of so many at a
time that all their classes stay in the nearest cache, the loops take one class after the other.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.compiled._exponentials import exp, log
from glassnet.kernels.compiled._loops import Exact, Inner, Loop, prange
from glassnet.kernels.compiled._softmax_rows import CACHE, MANY, mean

FEW = 32
"""So many neighbours are always taken at a time, so that no line of the cache is fetched twice."""
_ZERO, _ONE, _NAN = (np.float32(n) for n in (0, 1, np.nan))


@Exact
def _at_a_time(classes: int) -> int:
    """Return of how many neighbours a thread keeps all it needs in its nearest cache."""
    return max(FEW, min(MANY, CACHE // classes))


@Exact
def _turns(size: int, classes: int, step: int, width: int) -> int:
    """Return how often there are some neighbours, `step` being all that there are in a stretch."""
    return size // (classes * step) * ((step + width - 1) // width)


@Exact
def _place(turn: int, width: int, classes: int, step: int) -> tuple[int, int]:
    """Return where the first class of some neighbours begins, and how many of them there are."""
    turns = (step + width - 1) // width
    first = turn % turns * width
    return turn // turns * classes * step + first, min(width, step - first)


@Inner
def _powers(
    x: Array, start: int, classes: int, step: int, largest: Array, total: Array, y: Array
) -> None:
    """Find the largest of each column; write e^{x − largest}, and their sums."""
    width = len(largest)
    largest[:] = x[start : start + width]
    total[:] = _ZERO
    for k in range(1, classes):
        given = x[start + k * step : start + k * step + width]
        for n in range(width):
            largest[n] = max(largest[n], given[n])
    for k in range(classes):
        given = x[start + k * step : start + k * step + width]
        result = y[start + k * step : start + k * step + width]
        for n in range(width):
            result[n] = exp(given[n] - largest[n])
            total[n] += result[n]


@Loop
def softmax(x: Array, classes: int, step: int, y: Array) -> None:
    """Write p_k = e^{x_k} / Σ_j e^{x_j}."""
    width = _at_a_time(classes)
    for turn in prange(_turns(len(y), classes, step, width)):
        start, count = _place(turn, width, classes, step)
        largest, total = np.empty(count, np.float32), np.empty(count, np.float32)
        _powers(x, start, classes, step, largest, total, y)
        for n in range(count):
            total[n] = _ONE / total[n]
        for k in range(classes):
            result = y[start + k * step : start + k * step + count]
            for n in range(count):
                result[n] *= total[n]


@Loop
def log_softmax(x: Array, classes: int, step: int, y: Array) -> None:
    """Write log p_k = x_k − log Σ_j e^{x_j}."""
    width = _at_a_time(classes)
    for turn in prange(_turns(len(y), classes, step, width)):
        start, count = _place(turn, width, classes, step)
        largest, total = np.empty(count, np.float32), np.empty(count, np.float32)
        _powers(x, start, classes, step, largest, total, y)
        for n in range(count):
            total[n] = log(total[n])
        for k in range(classes):
            given = x[start + k * step : start + k * step + count]
            result = y[start + k * step : start + k * step + count]
            for n in range(count):
                result[n] = given[n] - largest[n] - total[n]


@Loop
def gradient(dy: Array, y: Array, classes: int, step: int, dx: Array) -> None:
    """Write y · (dy − Σ_j y_j dy_j)."""
    width = _at_a_time(classes)
    for turn in prange(_turns(len(y), classes, step, width)):
        start, count = _place(turn, width, classes, step)
        mean = np.zeros(count, np.float32)
        for k in range(classes):
            error = dy[start + k * step : start + k * step + count]
            given = y[start + k * step : start + k * step + count]
            for n in range(count):
                mean[n] += error[n] * given[n]
        for k in range(classes):
            error = dy[start + k * step : start + k * step + count]
            given = y[start + k * step : start + k * step + count]
            result = dx[start + k * step : start + k * step + count]
            for n in range(count):
                result[n] = given[n] * (error[n] - mean[n])


@Loop
def cross_entropy(z: Array, classes: int, labels: Array, smoothing: float, dz: Array) -> Any:
    """Return the mean loss; write (p − q) / N, as that of rows does."""
    step, width, part = len(labels), _at_a_time(classes), _ONE / np.float32(len(labels))
    losses = np.empty(step, np.float32)
    wanted, rest = np.float32(1 - smoothing), np.float32(smoothing / classes)
    for turn in prange(_turns(len(z), classes, step, width)):
        start, count = _place(turn, width, classes, step)
        largest, total = np.empty(count, np.float32), np.empty(count, np.float32)
        shifted, less = np.zeros(count, np.float32), part * rest
        _powers(z, start, classes, step, largest, total, dz)
        if rest > _ZERO:
            for k in range(classes):
                given = z[start + k * step : start + k * step + count]
                for n in range(count):
                    shifted[n] += given[n] - largest[n]
        result = losses[start : start + count]
        for n in range(count):
            result[n] = log(total[n])
            total[n] = part / total[n]
        for k in range(classes):
            error = dz[start + k * step : start + k * step + count]
            for n in range(count):
                error[n] = error[n] * total[n] - less
        for n in range(count):
            label = labels[start + n]
            if 0 <= label < classes:
                own = start + n + label * step
                dz[own] -= part * wanted
                loss = wanted * (result[n] - (z[own] - largest[n]))
                if rest > _ZERO:
                    loss += rest * (classes * result[n] - shifted[n])
                result[n] = loss
            else:
                result[n] = _NAN
    return mean(losses)
