"""Penalties on the size of weights: value and gradient.

They act on the slice of the flat vector that decays: on weights, not on biases or the scales of
normalisations. Their value is reported beside the loss, never inside it.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError


@dataclass(frozen=True)
class Regularizer:
    """Base of the penalties.

    Parameters
    ----------
    strength : float
        λ ≥ 0.
    """

    strength: float

    def __post_init__(self) -> None:
        if not isinstance(self.strength, Real) or not 0 <= self.strength < np.inf:
            raise ConfigError(
                f"the strength of {type(self).__name__} must be finite and at least 0, "
                f"not {self.strength!r}"
            )

    def penalty(self, weights: Array) -> float:
        """Return the penalty of a vector of weights."""
        raise NotImplementedError

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Add the penalty's gradient to `grad`, in place."""
        raise NotImplementedError


@dataclass(frozen=True)
class L2(Regularizer):
    """λ Σ w², with gradient 2 λ w: mind the 2; some write ½ λ Σ w² (Krogh & Hertz, 1991).

    Examples
    --------
    >>> gn.L2(0.1).penalty(np.array([3.0, 4.0]))
    2.5
    """

    def penalty(self, weights: Array) -> float:
        """Return λ Σ w²."""
        return self.strength * float(np.dot(weights, weights))

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Add 2 λ w."""
        grad += (2 * self.strength) * weights


@dataclass(frozen=True)
class L1(Regularizer):
    """λ Σ |w|, with gradient λ sign(w): it drives weights to exactly zero (Tibshirani, 1996).

    Examples
    --------
    >>> round(gn.L1(0.1).penalty(np.array([3.0, -4.0])), 6)
    0.7
    """

    def penalty(self, weights: Array) -> float:
        """Return λ Σ |w|."""
        return self.strength * float(np.abs(weights).sum())

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Add λ sign(w)."""
        grad += self.strength * np.sign(weights)
