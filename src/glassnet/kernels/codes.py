"""The numbers by which kernels of whole networks know non-linearities, losses and update rules.

The place in the tuple is the number.
"""

from typing import Final

ACTIVATIONS: Final = (
    "identity", "relu", "leaky_relu", "sigmoid", "tanh", "elu", "silu", "gelu",
)  # fmt: skip
LOSSES: Final = ("softmax_cross_entropy", "squared_error", "binary_cross_entropy")
RULES: Final = ("sgd", "momentum", "nesterov", "adam")
