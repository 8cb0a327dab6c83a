"""Layers that compute nothing: Flatten and Identity."""

import math

import numpy as np

from glassnet.arrays import Array, PartialShape, Shape, size_of
from glassnet.layers.base import Layer


class Flatten(Layer):
    """(N, C, H, W) → (N, C·H·W): a sample becomes one row; only the view changes.

    Examples
    --------
    >>> gn.Flatten().infer(np.zeros((2, 3, 4, 5))).shape
    (2, 60)
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Shape]:
        """Return y, shape (N, F), and the shape of the input samples."""
        if x.ndim == 2:
            return x, x.shape[1:]
        return x.reshape(len(x), math.prod(x.shape[1:])), x.shape[1:]

    def backward(self, dy: Array, cache: Shape) -> Array:
        """Return dy in the shape of the input."""
        return dy.reshape(len(dy), *cache)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return (C·H·W,)."""
        return (size_of(input_shape),)


class Identity(Layer):
    """y = x: a place-holder.

    Examples
    --------
    >>> gn.Identity().infer(np.ones((1, 2)))
    array([[1., 1.]])
    """

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, None]:
        """Return x."""
        return x, None

    def backward(self, dy: Array, cache: None) -> Array:
        """Return dy."""
        return dy

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the input's shape."""
        return input_shape
