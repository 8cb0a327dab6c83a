"""Values that a file keeps in another order than Glassnet: TensorFlow's channels come last.

An order is an array of places: where each value of the file's sample stands in ours. Transposing
and reshaping only change that array; a matrix that multiplies the values then has its columns
exchanged, and nothing is moved when the model runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.layers import Layer


def places(shape: Shape) -> Array:
    """Return the order of a sample in which everything stands where it is."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def identity(order: Array) -> bool:
    """Whether all values stand one after the other as they are."""
    return bool(np.array_equal(order.ravel(), np.arange(order.size)))


def in_own_order(values: Array, order: Array, own: Shape) -> Array:
    """Return constants for the file's sample as constants for ours."""
    if values.size == 1:
        return values.reshape(())
    ours = np.empty(order.size, values.dtype)
    ours[order.ravel()] = np.broadcast_to(values, order.shape).ravel()
    return ours.reshape(own)


def reordered(layer: Layer, order: Array, own: Shape) -> Layer:
    """Return a layer for the file's samples as one for ours.

    Raises
    ------
    ValueError
        If a layer of that type needs the file's order.
    """
    one_row = len(order.shape) == len(own) == 1
    if isinstance(layer, library.Linear) and one_row:
        arrays: list[Any] = [layer.weight]
    elif isinstance(layer, (library.BatchNorm1d, library.LayerNorm)) and one_row:
        arrays = [layer.weight, layer.bias]
        if isinstance(layer, library.BatchNorm1d):
            arrays += [layer.running_mean, layer.running_var]
    else:
        how = "" if identity(order) else ", in another order"
        raise ValueError(f"takes samples reshaped from {own} to {order.shape}{how}")
    for array in arrays:
        ours = np.empty_like(array.value)
        ours[..., order] = array.value
        array.value = ours
    return layer
