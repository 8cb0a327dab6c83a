"""Normalisation to mean 0 and variance 1, and its gradient, group by group.

The values that share a mean are a group: one feature over the batch (batch normalisation), or one
sample over its features (layer normalisation). Shapes are as in the NumPy edition.
"""

import math
from collections.abc import Iterable

import numpy as np

from glassnet.arrays import Array, Shape

__all__ = [
    "batch_norm_backward",
    "batch_norm_forward",
    "normalize_backward",
    "normalize_forward",
]


def normalize_forward(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """Return x̂ = (x − μ) / √(σ² + ε), μ and σ², where μ = Σ x / m and σ² = Σ (x − μ)² / m."""
    normalized = np.zeros(x.shape)
    mean = np.zeros([1 if axis in _counted(axes, x) else n for axis, n in enumerate(x.shape)])
    variance = np.zeros(mean.shape)
    for group, members in _groups(x, axes):
        m = len(members)
        mean[group] = sum(float(x[i]) for i in members) / m
        variance[group] = sum((float(x[i]) - mean[group]) ** 2 for i in members) / m
        for i in members:
            normalized[i] = (float(x[i]) - mean[group]) / math.sqrt(variance[group] + eps)
    return normalized.astype(x.dtype), mean.astype(x.dtype), variance.astype(x.dtype)


def normalize_backward(
    dy: Array, normalized: Array, variance: Array, axes: tuple[int, ...], eps: float
) -> Array:
    """Return ∂L/∂x_i = Σ_j ∂L/∂x̂_j · ∂x̂_j/∂x_i, with the whole Jacobian of a group.

        ∂x̂_j/∂x_i = ([i = j] − 1/m − x̂_i x̂_j / m) / √(σ² + ε)

    Every x̂_j of the group depends on every x_i of it: on its own directly, and on all through the
    mean, ∂μ/∂x_i = 1/m, and through the variance, ∂σ²/∂x_i = 2 (x_i − μ) / m.
    """
    dx = np.zeros(dy.shape)
    for group, members in _groups(dy, axes):
        m = len(members)
        for i in members:
            for j in members:
                own = 1.0 if i == j else 0.0
                jacobian = own - 1 / m - float(normalized[i]) * float(normalized[j]) / m
                dx[i] += float(dy[j]) * jacobian / math.sqrt(float(variance[group]) + eps)
    return dx.astype(dy.dtype)


def batch_norm_forward(
    x: Array, weight: Array, bias: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array, Array]:
    """Return y = γ x̂ + β with a γ and β for each group, and x̂, μ and σ²."""
    normalized, mean, variance = normalize_forward(x, axes, eps)
    y = np.zeros(x.shape)
    for number, (_, members) in enumerate(_groups(x, axes)):
        for i in members:
            y[i] = float(weight[number]) * float(normalized[i]) + float(bias[number])
    return y.astype(x.dtype), normalized, mean, variance


def batch_norm_backward(
    dy: Array, normalized: Array, variance: Array, weight: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array, Array]:
    """Return ∂L/∂x, ∂L/∂γ = Σ ∂L/∂y · x̂ and ∂L/∂β = Σ ∂L/∂y.

    γ multiplies every x̂ of its group and β is added to each, hence the sums; and ∂L/∂x̂ = γ ∂L/∂y.
    """
    dweight, dbias = np.zeros((2, variance.size))
    d_normalized = np.zeros(dy.shape)
    for number, (_, members) in enumerate(_groups(dy, axes)):
        for i in members:
            dweight[number] += float(dy[i]) * float(normalized[i])
            dbias[number] += float(dy[i])
            d_normalized[i] = float(weight[number]) * float(dy[i])
    dx = normalize_backward(d_normalized, normalized, variance, axes, eps)
    return dx.astype(dy.dtype), dweight.astype(dy.dtype), dbias.astype(dy.dtype)


def _groups(x: Array, axes: tuple[int, ...]) -> Iterable[tuple[Shape, list[Shape]]]:
    """List the groups: index of the statistics (0 along `axes`), and indices of the members."""
    groups: dict[Shape, list[Shape]] = {}
    for index in np.ndindex(x.shape):
        group = tuple(0 if axis in _counted(axes, x) else i for axis, i in enumerate(index))
        groups.setdefault(group, []).append(index)
    return groups.items()


def _counted(axes: tuple[int, ...], x: Array) -> set[int]:
    """Return the axes counted from the front, as −1 may stand for the last one."""
    return {axis % x.ndim for axis in axes}
