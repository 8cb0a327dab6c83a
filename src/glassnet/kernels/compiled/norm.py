"""Normalisation to mean 0 and variance 1, two passes over memory and one to write (Numba).

For batch normalisation of images that lie batch-innermost, and of features, the numbers of a
channel are one run of memory; so are those of a sample for layer normalisation. A thread does
whole runs. Sums are taken in float64 over blocks, so they are as exact as NumPy's.
"""

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels import vectorised
from glassnet.kernels.compiled._arrays import (
    as_lies,
    flat,
    is_plain,
    lies_innermost,
    shaped,
    vector,
)
from glassnet.kernels.compiled._loops import MEMORY, Inner, Loop, prange

__all__ = [
    "batch_norm_backward",
    "batch_norm_forward",
    "normalize_backward",
    "normalize_forward",
]

SMALL = 2_048  # numbers up to which a loop saves less than 2 µs of 15
BLOCK = 4_096


def normalize_forward(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """Return x̂ = (x − μ) / √(σ² + ε), μ and σ², over `axes`."""
    runs = _runs(x, axes)
    if runs == 0:
        return vectorised.normalize_forward(x, axes, eps)
    innermost = lies_innermost(x)
    normalized = vector(x.size, x.dtype)
    mean, variance = np.empty((2, runs), x.dtype)
    _forward(
        2 * MEMORY * x.size, as_lies(x, innermost), x.dtype.type(eps), normalized, mean, variance
    )
    shape = [1 if i in {axis % x.ndim for axis in axes} else n for i, n in enumerate(x.shape)]
    return shaped(normalized, x, innermost), mean.reshape(shape), variance.reshape(shape)


def normalize_backward(
    dy: Array, normalized: Array, variance: Array, axes: tuple[int, ...], eps: float
) -> Array:
    """Return ∂L/∂x for x̂ = (x − μ) / √(σ² + ε)."""
    if _runs(normalized, axes) != variance.size or not _belong(dy, normalized, variance):
        return vectorised.normalize_backward(dy, normalized, variance, axes, eps)
    return _gradients(dy, normalized, 1 / np.sqrt(variance.reshape(-1) + eps))[0]


def batch_norm_forward(
    x: Array, weight: Array, bias: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array, Array]:
    """Return y = γ x̂ + β, and x̂, μ and σ²."""
    if _runs(x, axes) != weight.size or not is_plain(x, weight, bias):
        return vectorised.batch_norm_forward(x, weight, bias, axes, eps)
    normalized, mean, variance = normalize_forward(x, axes, eps)
    y = vector(x.size, x.dtype)
    innermost = lies_innermost(x)
    _scale(MEMORY * x.size, as_lies(normalized, innermost), flat(weight), flat(bias), y)
    return shaped(y, x, innermost), normalized, mean, variance


def batch_norm_backward(
    dy: Array, normalized: Array, variance: Array, weight: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    """Return ∂L/∂x, ∂L/∂γ = Σ ∂L/∂y · x̂ and ∂L/∂β = Σ ∂L/∂y."""
    belong = _belong(dy, normalized, variance) and weight.size == variance.size
    if _runs(normalized, axes) != variance.size or not belong:
        return vectorised.batch_norm_backward(dy, normalized, variance, weight, axes, eps)
    scale = weight.reshape(-1) / np.sqrt(variance.reshape(-1) + eps)
    dx, slopes, means = _gradients(dy, normalized, scale)
    count = dy.size // variance.size
    return dx, slopes * count, means * count


def _belong(dy: Array, normalized: Array, variance: Array) -> bool:
    return is_plain(dy, normalized, variance) and dy.shape == normalized.shape


def _gradients(dy: Array, normalized: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Return (δ − mean(δ) − x̂ · mean(δ x̂)) · scale for δ = dy, and mean(δ x̂) and mean(δ)."""
    innermost = lies_innermost(normalized)
    dx = vector(dy.size, dy.dtype)
    means, slopes = np.empty((2, scale.size), dy.dtype)
    given = as_lies(dy, innermost), as_lies(normalized, innermost)
    _backward(2 * MEMORY * dy.size, *given, scale.astype(dy.dtype, copy=False), means, slopes, dx)
    return shaped(dx, dy, innermost), slopes, means


def _runs(x: Array, axes: tuple[int, ...]) -> int:
    """Return of how many runs of memory x is made, one for each mean; 0 if it is not so."""
    if x.size < SMALL or not is_plain(x):
        return 0
    summed = {axis % x.ndim for axis in axes}
    if lies_innermost(x) and summed == {0, *range(2, x.ndim)}:
        return int(x.shape[1])
    if x.flags.c_contiguous and summed == set(range(1, x.ndim)):
        return len(x)
    return 0


@Inner
def _mean(x: Array) -> Any:
    total = 0.0
    for start in range(0, len(x), BLOCK):
        total += _sum(x[start : start + BLOCK])
    return total / len(x)


@Inner
def _mean_of_products(x: Array, y: Array) -> Any:
    total = 0.0
    for start in range(0, len(x), BLOCK):
        total += _sum_of_products(x[start : start + BLOCK], y[start : start + BLOCK])
    return total / len(x)


@Inner
def _sum(x: Array) -> Any:
    total = x[0] * 0
    for i in range(len(x)):
        total += x[i]
    return total


@Inner
def _sum_of_products(x: Array, y: Array) -> Any:
    total = x[0] * 0
    for i in range(len(x)):
        total += x[i] * y[i]
    return total


@Loop
def _forward(x: Array, eps: float, normalized: Array, mean: Array, variance: Array) -> None:
    length = len(x) // len(mean)
    for run in prange(len(mean)):
        given = x[run * length : (run + 1) * length]
        centred = normalized[run * length : (run + 1) * length]
        mean[run] = _mean(given)
        mu = mean[run]  # rounded to the dtype
        for i in range(length):
            centred[i] = given[i] - mu
        variance[run] = _mean_of_products(centred, centred)
        scale = 1 / np.sqrt(variance[run] + eps)
        for i in range(length):
            centred[i] *= scale


@Loop
def _scale(normalized: Array, weight: Array, bias: Array, y: Array) -> None:
    length = len(y) // len(weight)
    for run in prange(len(weight)):
        value = normalized[run * length : (run + 1) * length]
        result = y[run * length : (run + 1) * length]
        factor, term = weight[run], bias[run]
        for i in range(length):
            result[i] = factor * value[i] + term


@Loop
def _backward(
    dy: Array, normalized: Array, scale: Array, means: Array, slopes: Array, dx: Array
) -> None:
    length = len(dy) // len(scale)
    for run in prange(len(scale)):
        error = dy[run * length : (run + 1) * length]
        value = normalized[run * length : (run + 1) * length]
        result = dx[run * length : (run + 1) * length]
        means[run], slopes[run] = _mean(error), _mean_of_products(error, value)
        mean, slope, factor = means[run], slopes[run], scale[run]
        for i in range(length):
            result[i] = (error[i] - mean - value[i] * slope) * factor
