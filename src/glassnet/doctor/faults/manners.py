"""Faults in the way a layer treats its arrays: in place, stale, accumulated, cut short, frozen."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.faults.dense import Altered, both
from glassnet.doctor.faults.plant import Plant, in_mlp
from glassnet.layers import Layer, Linear, ReLU, Sigmoid
from glassnet.parameters import Parameter


class Accumulating(Linear):
    """The gradient is added to that of the last step."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Add to the gradient."""
        assert self.bias is not None
        self.weight.grad += dy.T @ cache
        self.bias.grad = dy.sum(axis=0)
        return dy @ self.weight.value


class Stepping(Altered):
    """Backward takes the step too."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Update."""
        self.weight.value -= 0.1 * self.weight.grad
        return dx


class Stale(Layer):
    """The input is kept on the layer, not in the cache."""

    def __init__(self, layer: Linear) -> None:
        super().__init__()
        self.weight, self.bias = Parameter(np.zeros((1, 1))), None
        rng = np.random.default_rng(0)
        self.weight = Parameter(rng.standard_normal(layer.weight.shape))

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, None]:
        """Keep x."""
        self.__dict__["x"] = x
        return x @ self.weight.value.T, None

    def backward(self, dy: Array, cache: None) -> Array:
        """Use what was kept."""
        self.weight.grad = dy.T @ self.__dict__["x"]
        return dy @ self.weight.value


class IntegerInput(Altered):
    """The input gradient goes through an array of integers."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Truncate."""
        return dx.astype(int).astype(float)


class IntegerOutput(Linear):
    """The output is written into an array of integers."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Truncate."""
        y, cache = super().forward(x * 20)
        return y.astype(np.int64), cache


class Float32(Linear):
    """The output is float32, whatever comes in."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Cast."""
        y, cache = super().forward(x)
        return y.astype(np.float32).astype(x.dtype), cache


class Float32Gradient(Altered):
    """The weight's gradient is computed in float32."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Cast."""
        self.weight.grad = dy.T.astype(np.float32) @ x.astype(np.float32)
        return dx


class InputEdited(ReLU):
    """The input is edited in place."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Set the negative values to zero, in x itself."""
        x[x < 0] = 0
        return x, x


class UpstreamEdited(Sigmoid):
    """Dy is edited in place."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Multiply dy itself."""
        dy *= cache * (1 - cache)
        return dy


class CacheEdited(Sigmoid):
    """The cache is edited in place."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Multiply the cache itself."""
        cache *= 1 - cache
        cache *= dy
        return cache


class FrozenWritten(Linear):
    """The gradient of a frozen parameter is written."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Write it."""
        self.weight.grad = dy.T @ cache
        return dy @ self.weight.value


class FrozenStepping(FrozenWritten):
    """A frozen parameter is updated."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Update it."""
        dx = dy @ self.weight.value
        self.weight.value -= 0.1 * (dy.T @ cache)
        return dx


class HalfWritten(Linear):
    """The last row of the gradient is left as it was."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Write all rows but one."""
        assert self.bias is not None
        self.weight.grad[:-1] = dy[:, :-1].T @ cache
        self.bias.grad = dy.sum(axis=0)
        return dy @ self.weight.value


def frozen(layer: Linear) -> Linear:
    """Freeze a layer."""
    for _, p in layer.named_parameters():
        p.trainable = False
    return layer


PLANTS: list[Plant] = [
    *both("gradient accumulated", "gradient-accumulated", Accumulating),
    *both("step taken in backward", "parameter-updated", Stepping),
    *both("input gradient in integers", "integer-truncation", IntegerInput),
    *both("output in integers", "integer-truncation", IntegerOutput),
    *both("output in float32", "float32-truncation", Float32),
    *both("weight gradient in float32", "float32-truncation", Float32Gradient),
    *both("one row unwritten", "partly-written", HalfWritten),
    Plant("input kept on the layer", "stale-cache", lambda: in_mlp(at={2: Stale(Linear(5, 5))})),
    Plant("x edited in place", "inplace-input", lambda: in_mlp(at={1: InputEdited()})),
    Plant("dy edited in place", "inplace-upstream", lambda: in_mlp(at={3: UpstreamEdited()})),
    Plant("cache edited in place", "inplace-cache", lambda: in_mlp(at={3: CacheEdited()})),
    Plant("frozen weight's gradient written", "frozen-gradient",
          lambda: in_mlp(at={0: frozen(FrozenWritten(6, 5))})),
    Plant("frozen weight updated", "frozen-updated",
          lambda: in_mlp(at={2: frozen(FrozenStepping(5, 5))})),
]  # fmt: skip
