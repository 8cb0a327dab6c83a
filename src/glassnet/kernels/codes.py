"""The numbers by which kernels of whole networks know non-linearities, poolings, losses and rules.

The place in the tuple is the number.
"""

from typing import Final

ACTIVATIONS: Final = (
    "identity", "relu", "leaky_relu", "sigmoid", "tanh", "elu", "silu", "gelu",
)  # fmt: skip
WITH_SLOPE: Final = ("leaky_relu", "elu")
"""Those that have a number of their own: the negative slope, or α."""
POOLINGS: Final = ("none", "largest", "mean")
LOSSES: Final = ("softmax_cross_entropy", "squared_error", "binary_cross_entropy")
RULES: Final = ("sgd", "momentum", "nesterov", "adam")
