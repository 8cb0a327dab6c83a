"""Faults in activations and softmax, alone and built into a dense layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.doctor.faults.plant import Plant, in_cnn, in_mlp
from glassnet.layers import (
    GELU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
)
from glassnet.losses import MeanSquaredError


class DenseSigmoid(Linear):
    """y = σ(x Wᵀ + b); `slope(y, z)` is what backward takes for σ′(z)."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        """Return σ(z), and x, z, y."""
        z = super().forward(x)[0]
        y = kernels.sigmoid_forward(z)
        return y, (x, z, y)

    def backward(self, dy: Array, cache: Any) -> Array:
        """Go on with dz = dy · slope."""
        x, z, y = cache
        return super().backward(dy * self.slope(y, z), x)

    def slope(self, y: Array, z: Array) -> Array:
        """Return σ′(z)."""
        slope: Array = y * (1 - y)
        return slope


class DenseNoDerivative(DenseSigmoid):
    """σ′ is left out."""

    def slope(self, y: Array, z: Array) -> Array:
        """Return 1."""
        return np.ones_like(y)


class DenseFormulaOfInput(DenseSigmoid):
    """The formula y (1 − y) is given z."""

    def slope(self, y: Array, z: Array) -> Array:
        """Return z (1 − z)."""
        slope: Array = z * (1 - z)
        return slope


class DenseAtOutput(DenseSigmoid):
    """σ′ is taken at y."""

    def slope(self, y: Array, z: Array) -> Array:
        """Return σ′(y)."""
        s = kernels.sigmoid_forward(y)
        slope: Array = s * (1 - s)
        return slope


class Passing:
    """Backward passes dy on."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Leave the derivative out."""
        return dy


class SigmoidPassing(Passing, Sigmoid):
    """A sigmoid without derivative."""


class TanhPassing(Passing, Tanh):
    """A tanh without derivative."""


class ReLUPassing(Passing, ReLU):
    """A ReLU without mask."""


class SoftmaxPassing(Passing, Softmax):
    """A softmax without Jacobian."""


class SigmoidAtOutput(Sigmoid):
    """σ′ is taken at y."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Use σ(y)."""
        s = kernels.sigmoid_forward(cache)
        dx: Array = dy * s * (1 - s)
        return dx


class TanhAtOutput(Tanh):
    """The derivative is taken at y."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Use tanh(y)."""
        dx: Array = dy * (1 - np.tanh(cache) ** 2)
        return dx


class KeepsInput:
    """The cache is x where the formula wants y."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Return y and x."""
        y, _ = super().forward(x)  # type: ignore[misc]
        return y, x


class SigmoidKeepsInput(KeepsInput, Sigmoid):
    """A sigmoid with x (1 − x)."""


class TanhKeepsInput(KeepsInput, Tanh):
    """A tanh with 1 − x²."""


class SiLUAtOutput(SiLU):
    """The derivative is taken at y."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Array]:
        """Cache y, not x."""
        y, _ = super().forward(x)
        return y, y


class GELUTwice(GELU):
    """The derivative is taken twice."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Multiply twice."""
        return super().backward(super().backward(dy, cache), cache)


class SigmoidValue(Sigmoid):
    """The value stands in the place of the derivative."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Multiply by y."""
        return dy * cache


class ReLUOfGradient(ReLU):
    """The mask is made of dy."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Mask by dy."""
        return dy * (dy > 0)


class TanhNoUpstream(Tanh):
    """Dy is left out."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Return the derivative only."""
        dx: Array = 1 - cache**2
        return dx


class SoftmaxDiagonal(Softmax):
    """Only the diagonal of the Jacobian is used."""

    def backward(self, dy: Array, cache: Array) -> Array:
        """Multiply by y (1 − y)."""
        dx: Array = dy * cache * (1 - cache)
        return dx


def _end(layer: Any) -> dict[str, Any]:
    """Put a layer at the end, before a squared error."""
    patient = in_mlp(loss=MeanSquaredError())
    model = patient["model"]
    patient["model"] = type(model)(*model.layers, layer)
    return patient


PLANTS: list[Plant] = [
    Plant("dense + sigmoid without σ′, first", "activation-derivative-missing",
          lambda: in_mlp(at={0: DenseNoDerivative(6, 5)})),
    Plant("dense + sigmoid without σ′, middle", "activation-derivative-missing",
          lambda: in_mlp(at={2: DenseNoDerivative(5, 5)})),
    Plant("dense + sigmoid, z (1 − z)", "derivative-at-input",
          lambda: in_mlp(at={0: DenseFormulaOfInput(6, 5)})),
    Plant("dense + sigmoid, σ′(y)", "derivative-at-output",
          lambda: in_mlp(at={2: DenseAtOutput(5, 5)})),
    Plant("sigmoid passes dy on", "activation-derivative-missing",
          lambda: in_mlp(at={3: SigmoidPassing()})),
    Plant("tanh passes dy on", "activation-derivative-missing",
          lambda: in_mlp(at={1: TanhPassing()})),
    Plant("ReLU passes dy on", "activation-derivative-missing",
          lambda: in_cnn(at={1: ReLUPassing()})),
    Plant("σ′ at the output", "derivative-at-output", lambda: in_mlp(at={3: SigmoidAtOutput()})),
    Plant("tanh′ at the output", "derivative-at-output", lambda: in_mlp(at={1: TanhAtOutput()})),
    Plant("SiLU′ at the output", "derivative-at-output", lambda: in_cnn(at={1: SiLUAtOutput()})),
    Plant("x (1 − x) for σ′", "derivative-at-input", lambda: in_mlp(at={3: SigmoidKeepsInput()})),
    Plant("1 − x² for tanh′", "derivative-at-input", lambda: in_cnn(at={1: TanhKeepsInput()})),
    Plant("GELU′ twice", "activation-derivative-twice", lambda: in_mlp(at={1: GELUTwice()})),
    Plant("σ in place of σ′", "activation-value-as-derivative",
          lambda: in_mlp(at={1: SigmoidValue()})),
    Plant("ReLU masked by dy", "mask-from-gradient", lambda: in_cnn(at={1: ReLUOfGradient()})),
    Plant("tanh leaves dy out", "upstream-ignored", lambda: in_mlp(at={1: TanhNoUpstream()})),
    Plant("softmax passes dy on, at the end", "softmax-jacobian-missing",
          lambda: _end(SoftmaxPassing())),
    Plant("softmax passes dy on, inside", "softmax-jacobian-missing",
          lambda: in_mlp(at={1: SoftmaxPassing()})),
    Plant("softmax, diagonal only", "softmax-jacobian-missing", lambda: _end(SoftmaxDiagonal())),
]  # fmt: skip
