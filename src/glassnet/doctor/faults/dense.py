"""Faults in the formulas of fully connected layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.faults.plant import Plant, in_mlp
from glassnet.layers import Linear, Residual, Sequential, Tanh
from glassnet.parameters import Parameter


class Altered(Linear):
    """A Linear whose gradients are altered by `alter(layer, dx, dy, x)`, which returns dx."""

    def backward(self, dy: Array, cache: Array) -> Any:
        """Compute the right gradients, then spoil them."""
        dx = super().backward(dy, cache)
        return self.alter(dx, dy, cache)

    def alter(self, dx: Array, dy: Array, x: Array) -> Any:
        """Spoil the gradients."""
        raise NotImplementedError

    @property
    def b(self) -> Parameter:
        """The bias, which these layers have."""
        assert self.bias is not None
        return self.bias


class MeanInLayer(Altered):
    """The batch mean is taken in the layer too."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Divide the parameters' gradients by N."""
        self.weight.grad = self.weight.grad / len(x)
        self.b.grad = self.b.grad / len(x)
        return dx


class BiasMean(Altered):
    """The bias gradient is a mean over the batch."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Take the mean."""
        self.b.grad = dy.mean(axis=0)
        return dx


class BiasSum(Altered):
    """The bias gradient is multiplied by N, as where the weight's is divided by it."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Multiply by N."""
        self.b.grad = dy.sum(axis=0) * len(dy)
        return dx


class FixedBatch(Altered):
    """The gradient is scaled by the batch size that the first batch had."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Scale by N over the N of before."""
        self.__dict__.setdefault("size", len(x))
        self.weight.grad = self.weight.grad * (len(x) / self.__dict__["size"])
        return dx


class Negative(Altered):
    """The sign of the weight's gradient is turned."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Turn the sign."""
        self.weight.grad = -self.weight.grad
        return dx


class NegativeInput(Altered):
    """The sign of the input gradient is turned."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Turn the sign."""
        return -dx


class Transposed(Altered):
    """The weight's gradient is transposed."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Write xᵀ dy."""
        self.weight.grad = x.T @ dy
        return dx


class Reshaped(Altered):
    """The weight's gradient is reshaped where it should be transposed."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Reshape xᵀ dy."""
        self.weight.grad = (x.T @ dy).reshape(self.weight.shape)
        return dx


class TransposedInput(Altered):
    """The input gradient is made with the transposed weight."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Return dy Wᵀ."""
        return dy @ self.weight.value.T


class NoInputGradient(Altered):
    """No input gradient is returned."""

    def alter(self, dx: Array, dy: Array, x: Array) -> None:
        """Return nothing."""


class ZeroInputGradient(Altered):
    """The input gradient is zero."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Return zeros."""
        return np.zeros_like(dx)


class InputGradientSummed(Altered):
    """The input gradient is summed over the batch."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Sum."""
        total: Array = dx.sum(axis=0)
        return total


class NoGradient(Linear):
    """The bias gets no gradient."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Forget the bias."""
        self.weight.grad = dy.T @ cache
        return dy @ self.weight.value


class OneRow(Altered):
    """All outputs get the gradient of all rows, the index being forgotten."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Add all rows into each."""
        self.weight.grad = np.broadcast_to(self.weight.grad.sum(axis=0), self.weight.shape)
        return dx


class LastSample(Altered):
    """Only the last sample of the batch counts."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Overwrite instead of adding."""
        for d, row in zip(dy, x, strict=True):
            self.weight.grad = np.outer(d, row)
        return dx


class WeightForInput(Altered):
    """The weight's gradient is dy times w instead of dy times x."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Use w."""
        self.weight.grad = dy.sum(axis=0)[:, None] * self.weight.value
        return dx


class DecayInside(Altered):
    """The penalty's gradient is in the layer."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Add λ w."""
        self.weight.grad = self.weight.grad + 0.1 * self.weight.value
        return dx


class DecayOnBias(Altered):
    """The bias is decayed in the layer."""

    def alter(self, dx: Array, dy: Array, x: Array) -> Array:
        """Add λ b."""
        self.b.grad = self.b.grad + 0.1 * self.b.value
        return dx


class NoShortcut(Residual):
    """The short cut's gradient is forgotten."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Pass back the body's only."""
        dx: Array = self.body.backward(dy, cache.body)
        return dx


def both(title: str, kind: str, make: type[Linear]) -> list[Plant]:
    """Plant in the first layer and in a square one in the middle."""
    return [
        Plant(f"{title}, first layer", kind, lambda: in_mlp(at={0: make(6, 5)})),
        Plant(f"{title}, middle layer", kind, lambda: in_mlp(at={2: make(5, 5)})),
    ]


PLANTS: list[Plant] = [
    *both("1/N in the layer too", "batch-mean-twice", MeanInLayer),
    *both("bias gradient a mean", "bias-mean", BiasMean),
    *both("bias gradient N times too large", "bias-sum", BiasSum),
    *both("scaled by the first batch's size", "batch-mean-wrong-n", FixedBatch),
    *both("sign of the weight gradient", "sign", Negative),
    *both("sign of the input gradient", "sign", NegativeInput),
    *both("weight gradient transposed", "weight-transposed", Transposed),
    Plant("weight gradient reshaped", "weight-transposed", lambda: in_mlp(at={0: Reshaped(6, 5)})),
    Plant("input gradient with Wᵀ", "weight-transposed",
          lambda: in_mlp(at={2: TransposedInput(5, 5)})),
    *both("no input gradient", "input-gradient-missing", NoInputGradient),
    *both("input gradient zero", "input-gradient-missing", ZeroInputGradient),
    *both("input gradient summed over the batch", "wrong-shape", InputGradientSummed),
    *both("bias without gradient", "parameter-without-gradient", NoGradient),
    *both("one row's gradient for all", "output-channel-shared", OneRow),
    *both("only the last sample", "only-one-sample", LastSample),
    *both("w·δ for x·δ", "input-ignored", WeightForInput),
    *both("λw in the layer", "regularizer-in-layer", DecayInside),
    *both("λb in the layer", "regularizer-on-bias", DecayOnBias),
    Plant("short cut's gradient missing", "shortcut-missing",
          lambda: in_mlp(at={2: NoShortcut(Sequential(Linear(5, 5), Tanh()))})),
]  # fmt: skip
