"""Losses: (output, target) → (value, gradient by the output).

Every loss is a mean over the batch, and the gradient is that of the mean: the 1/N is here and
nowhere else. With sample weights s_n it is the weighted mean Σ s_n ℓ_n / Σ s_n.
"""

from glassnet.losses.base import Loss, one_hot
from glassnet.losses.classification import BinaryCrossEntropy, SoftmaxCrossEntropy
from glassnet.losses.regression import Huber, MeanAbsoluteError, MeanSquaredError

BY_NAME: dict[str, type[Loss]] = {
    "softmax-cross-entropy": SoftmaxCrossEntropy,
    "binary-cross-entropy": BinaryCrossEntropy,
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "huber": Huber,
}
"""What configurations and the scikit-learn estimators call them."""

__all__ = [
    "BY_NAME",
    "BinaryCrossEntropy",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SoftmaxCrossEntropy",
    "one_hot",
]
