"""Faults in losses and regularizers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.doctor.faults.plant import Plant, in_cnn, in_mlp
from glassnet.layers import Layer, Sequential, Softmax
from glassnet.losses import Loss, MeanSquaredError, SoftmaxCrossEntropy, one_hot
from glassnet.parameters import Parameter
from glassnet.regularizers import L1, L2

Result = tuple[float, Array]


@dataclass(frozen=True)
class Scaled(Loss):
    """A loss whose gradient is multiplied by `factor`, and by N to the power `power`."""

    inner: Loss = field(default_factory=SoftmaxCrossEntropy)
    factor: float = 1.0
    power: int = 0

    def __call__(self, output: Array, target: Array, sample_weight: Any = None) -> Result:
        """Spoil the gradient."""
        value, gradient = self.inner(output, target)
        return value, gradient * (self.factor * float(len(output)) ** self.power)


class SquaredSoftmax(Loss):
    """Squared error of softmax(z), the softmax's Jacobian left out (report B's fault)."""

    def __call__(self, output: Array, target: Array, sample_weight: Any = None) -> Result:
        """Return 2 (p − t) as if it were the gradient by z."""
        p = kernels.softmax_forward(output)
        return MeanSquaredError()(p, target)


class LogitsOfProbabilities(Loss):
    """Cross-entropy of probabilities, with the gradient by the logits."""

    def __call__(self, output: Array, target: Array, sample_weight: Any = None) -> Result:
        """Return p − t."""
        t = one_hot(target, output.shape[1], output.dtype)
        return -float((t * np.log(output)).sum()) / len(output), (output - t) / len(output)


class NoTarget(Loss):
    """The target is not subtracted."""

    def __call__(self, output: Array, target: Array, sample_weight: Any = None) -> Result:
        """Return p/N."""
        value, _ = SoftmaxCrossEntropy()(output, target)
        return value, kernels.softmax_forward(output) / len(output)


class EditsOutput(Loss):
    """The output is edited in place (report E's fault)."""

    def __call__(self, output: Array, target: Array, sample_weight: Any = None) -> Result:
        """Subtract from the array that was given."""
        value, _ = MeanSquaredError()(output, target)
        output -= one_hot(target, output.shape[1], output.dtype)
        return value, output * (2 / output.size)


@dataclass(frozen=True)
class HalfL2(L2):
    """λ Σ w² with the gradient λ w."""

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Forget the 2."""
        grad += self.strength * weights


@dataclass(frozen=True)
class AssigningL2(L2):
    """The loss's gradient is overwritten."""

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Assign."""
        grad[...] = 2 * self.strength * weights


@dataclass(frozen=True)
class NegativeL1(L1):
    """The penalty's gradient is subtracted."""

    def add_gradient(self, weights: Array, grad: Array) -> None:
        """Subtract."""
        grad -= self.strength * np.sign(weights)


class DecayingBias(Layer):
    """A layer whose bias decays."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.bias = Parameter(np.zeros(features), decay=True)

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> tuple[Array, None]:
        """Add the bias."""
        return x + self.bias.value, None

    def backward(self, dy: Array, cache: None) -> Array:
        """Sum."""
        self.bias.grad = dy.sum(axis=0)
        return dy


def _after_softmax(loss: Loss) -> dict[str, Any]:
    """Put a tanh-free Softmax layer before the loss."""
    patient = in_mlp(loss=loss)
    patient["model"] = Sequential(*patient["model"].layers, Softmax())
    return patient


PLANTS: list[Plant] = [
    Plant("cross-entropy: no 1/N", "batch-mean-missing", lambda: in_mlp(loss=Scaled(power=1))),
    Plant("cross-entropy: no 1/N, CNN", "batch-mean-missing", lambda: in_cnn(loss=Scaled(power=1))),
    Plant("cross-entropy: 1/N twice", "batch-mean-twice", lambda: in_mlp(loss=Scaled(power=-1))),
    Plant("cross-entropy: divided by 128", "batch-mean-wrong-n",
          lambda: in_mlp(loss=Scaled(factor=1 / 128, power=1))),
    Plant("cross-entropy: divided by the first batch's size", "batch-mean-wrong-n",
          lambda: in_mlp(loss=Scaled(factor=1 / 7, power=1))),
    Plant("squared error: 2 forgotten", "factor-half",
          lambda: in_mlp(loss=Scaled(MeanSquaredError(), factor=0.5))),
    Plant("squared error: no mean over outputs", "output-mean-missing",
          lambda: in_mlp(loss=Scaled(MeanSquaredError(), factor=3))),
    Plant("cross-entropy: sign", "sign", lambda: in_mlp(loss=Scaled(factor=-1))),
    Plant("squared error of softmax without Jacobian", "softmax-jacobian-missing",
          lambda: in_mlp(loss=SquaredSoftmax())),
    Plant("p − t behind a Softmax layer", "softmax-jacobian-twice",
          lambda: _after_softmax(LogitsOfProbabilities())),
    Plant("target not subtracted", "target-missing", lambda: in_cnn(loss=NoTarget())),
    Plant("output edited in place", "inplace-input", lambda: in_mlp(loss=EditsOutput())),
    Plant("L2 without its 2, MLP", "regularizer-factor",
          lambda: in_mlp(regularizers=[HalfL2(0.1)])),
    Plant("L2 without its 2, CNN", "regularizer-factor",
          lambda: in_cnn(regularizers=[HalfL2(0.01), L1(0.1)])),
    Plant("L2 overwrites the gradient", "regularizer-overwrites",
          lambda: in_mlp(regularizers=[AssigningL2(0.1)])),
    Plant("L1 subtracted", "sign", lambda: in_mlp(regularizers=[NegativeL1(0.1)])),
    Plant("bias decays", "regularizer-on-bias",
          lambda: in_mlp(at={1: DecayingBias(5)}, regularizers=[L2(0.1)])),
]  # fmt: skip
