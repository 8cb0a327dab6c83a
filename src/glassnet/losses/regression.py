"""Losses for numbers: squared, absolute and Huber's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError
from glassnet.losses.base import Loss, aligned, weighted_mean


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """Squared distance: ℓ = (y − t)², ∂ℓ/∂y = 2 (y − t); mean over samples and outputs.

    Works on any output: behind a Softmax or Sigmoid layer that layer's Jacobian does the rest.

    Notes
    -----
    `target` has the shape of the output; (N,) will do for (N, 1). Integer labels (N,) beside
    outputs (N, K) stand for one-hot rows.

    Parameters
    ----------
    targets : (float, float)
        For labels, what the outputs of the other classes and of the right one should be. A sigmoid
        reaches neither 0 nor 1, so some ask it for .01 and .99.

    Examples
    --------
    >>> gn.MeanSquaredError()(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]]))
    (0.5, array([[1., 0.]]))
    """

    targets: tuple[float, float] = (0.0, 1.0)

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean squared error and its gradient, shape of the output."""
        error = output - self.rows(target, output)
        return weighted_mean(np.square(error), 2 * error, sample_weight)

    def rows(self, target: Array, output: Array) -> Array:
        """Return what each output should have been; labels become rows of `targets`."""
        wanted = aligned(target, output)
        if target.shape != output.shape and output.shape[1] > 1:  # rows made of labels
            low, high = self.targets
            wanted = low + (high - low) * wanted
        return wanted


@dataclass(frozen=True)
class MeanAbsoluteError(Loss):
    """Distance: ℓ = |y − t|, ∂ℓ/∂y = sign(y − t); mean over samples and outputs.

    Targets are those of `MeanSquaredError`.

    Examples
    --------
    >>> gn.MeanAbsoluteError()(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]]))
    (0.5, array([[0.5, 0. ]]))
    """

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean absolute error and its gradient, shape of the output."""
        error = output - aligned(target, output)
        return weighted_mean(np.abs(error), np.sign(error), sample_weight)


@dataclass(frozen=True)
class Huber(Loss):
    """Squared near zero, absolute far from it (Huber, 1964); mean over samples and outputs.

        ℓ = ½ e²  for |e| ≤ δ,  else δ (|e| − ½ δ);    ∂ℓ/∂y = e, cut off at ± δ;    e = y − t

    Targets are those of `MeanSquaredError`.

    Parameters
    ----------
    delta : float
        δ > 0, where one form passes into the other.

    Examples
    --------
    >>> gn.Huber()(np.array([[3.0]]), np.array([[0.0]]))
    (2.5, array([[1.]]))
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        if not self.delta > 0:
            raise ConfigError(f"Huber's delta must be above 0, not {self.delta}")

    def __call__(
        self, output: Array, target: Array, sample_weight: Array | None = None
    ) -> tuple[float, Array]:
        """Return the mean Huber loss and its gradient, shape of the output."""
        error = output - aligned(target, output)
        clipped = np.clip(error, -self.delta, self.delta)
        return weighted_mean(clipped * (error - 0.5 * clipped), clipped, sample_weight)
