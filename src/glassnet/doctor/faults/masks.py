"""Faults in dropout and normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.faults.elementwise import Passing
from glassnet.doctor.faults.plant import Plant, in_cnn, in_mlp
from glassnet.layers import BatchNorm1d, BatchNorm2d, Dropout, LayerNorm


class DropoutPassing(Passing, Dropout):
    """A dropout without mask in backward."""


class DropoutNotInverted(Dropout):
    """Kept values are not scaled."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        """Drop, and leave the scale."""
        _, mask = super().forward(x, training=training, rng=rng)
        return (x, None) if mask is None else (x * (mask > 0), (mask > 0) * 1.0)


class DropoutNotScaledBack(Dropout):
    """Backward lacks the scale."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Mask only."""
        return dy if cache is None else dy * (cache > 0)


class DropoutAlways(Dropout):
    """Drops in evaluation too."""

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, Any]:
        """Drop."""
        rng = np.random.default_rng() if rng is None else rng
        return super().forward(x, training=True, rng=rng)


class DropoutRedrawn(Dropout):
    """Backward draws a mask of its own."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Draw again."""
        rng = np.random.default_rng()
        return dy if cache is None else dy * (rng.random(dy.shape) > self.p) / (1 - self.p)


class ConstantStatistics:
    """Mean and variance are taken for constants."""

    def backward(self, dy: Array, cache: Any) -> Array:
        """Leave their terms out."""
        self.backward_parameters(dy, cache)  # type: ignore[attr-defined]
        weight = self.weight.value  # type: ignore[attr-defined]
        weight = weight.reshape((1, -1) + (1,) * (dy.ndim - 2))
        return dy * weight / np.sqrt(cache.variance + self.eps)  # type: ignore[attr-defined,no-any-return]


class BatchNorm1dConstant(ConstantStatistics, BatchNorm1d):
    """A BatchNorm1d without the terms of its statistics."""


class BatchNorm2dConstant(ConstantStatistics, BatchNorm2d):
    """A BatchNorm2d without the terms of its statistics."""


class LayerNormConstant(ConstantStatistics, LayerNorm):
    """A LayerNorm without the terms of its statistics."""


PLANTS: list[Plant] = [
    Plant("dropout without mask, MLP", "dropout-mask-missing",
          lambda: in_mlp(at={1: DropoutPassing(0.4)})),
    Plant("dropout without mask, CNN", "dropout-mask-missing",
          lambda: in_cnn(at={1: DropoutPassing(0.2)})),
    Plant("dropout not inverted, p = 0.5", "dropout-not-inverted",
          lambda: in_mlp(at={1: DropoutNotInverted(0.5)})),
    Plant("dropout not inverted, p = 0.1", "dropout-not-inverted",
          lambda: in_cnn(at={1: DropoutNotInverted(0.1)})),
    Plant("dropout's scale missing backward", "dropout-not-inverted",
          lambda: in_mlp(at={3: DropoutNotScaledBack(0.5)})),
    Plant("dropout in evaluation, MLP", "dropout-in-evaluation",
          lambda: in_mlp(at={1: DropoutAlways(0.5)})),
    Plant("dropout in evaluation, CNN", "dropout-in-evaluation",
          lambda: in_cnn(at={1: DropoutAlways(0.1)})),
    Plant("dropout's mask drawn again", "dropout-mask-redrawn",
          lambda: in_mlp(at={1: DropoutRedrawn(0.5)})),
    Plant("BatchNorm1d, constant statistics", "normalization-terms-missing",
          lambda: in_mlp(at={1: BatchNorm1dConstant(5)})),
    Plant("BatchNorm2d, constant statistics", "normalization-terms-missing",
          lambda: in_cnn(at={1: BatchNorm2dConstant(3)})),
    Plant("LayerNorm, constant statistics", "normalization-terms-missing",
          lambda: in_mlp(at={3: LayerNormConstant(5)})),
]  # fmt: skip
