"""Normalisation to mean 0 and variance 1, and its gradient, group by group.

The values that share a mean are a group: one feature over the batch (batch normalisation), or one
sample over its features (layer normalisation). Shapes are as in the NumPy edition.
"""

import math
from collections.abc import Iterable

import numpy as np

from glassnet.arrays import Array, Shape

__all__ = ["normalize_backward", "normalize_forward"]


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
