"""The multi-layer perceptron, from a short description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.errors import ConfigError
from glassnet.layers import Layer, Sequential
from glassnet.words import nearest

T = TypeVar("T")

ACTIVATIONS: dict[str, type[Layer]] = {
    "relu": library.ReLU,
    "leaky-relu": library.LeakyReLU,
    "elu": library.ELU,
    "gelu": library.GELU,
    "silu": library.SiLU,
    "sigmoid": library.Sigmoid,
    "tanh": library.Tanh,
    "identity": library.Identity,
}


@dataclass(frozen=True)
class MLP:
    """Fully connected layers, an activation after each but the last.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    activation : str, or tuple of str
        relu, leaky-relu, elu, gelu, silu, sigmoid, tanh or identity: one for all hidden layers, or
        one for each.
    dropout : float, or tuple of float
        Probability after all hidden layers, or after each.
    batch_norm : bool
        Whether each hidden layer is normalised before its activation.
    init : str, or tuple of str, optional
        Initializer of all weights, or one for each layer, the last included.
    bias : bool
        Whether the layers have one.
    output : str
        The activation after the last layer, which a squared error may want.

    Examples
    --------
    >>> MLP(hidden=(16,)).build((1, 8, 8), 10)
    Sequential(
      (0) Flatten()
      (1) Linear(64, 16)
      (2) ReLU()
      (3) Linear(16, 10)
    )
    """

    hidden: tuple[int, ...] = (128,)
    activation: str | tuple[str, ...] = "relu"
    dropout: float | tuple[float, ...] = 0.0
    batch_norm: bool = False
    init: str | tuple[str, ...] | None = None
    bias: bool = True
    output: str = "identity"
    has_windows: ClassVar[bool] = False

    def build(self, sample_shape: Shape, outputs: int) -> Sequential:
        """Return the network for samples of that shape and so many outputs.

        Raises
        ------
        ConfigError
            If there is no activation of that name, or not one for each hidden layer, or not an
            initializer for each layer.
        """
        several = self.activation if isinstance(self.activation, tuple) else (self.activation,)
        for option, name in (*(("activation", name) for name in several), ("output", self.output)):
            if name not in ACTIVATIONS:
                raise ConfigError(
                    f"MLP: {option} is {name!r}{nearest(name, ACTIVATIONS)}; "
                    f"there are {', '.join(ACTIVATIONS)}"
                )
        activations = self._each("activation", self.activation)
        dropouts = self._each("dropout", self.dropout)
        *rules, last_rule = self._rules()
        stack: list[Layer] = [library.Flatten()] if len(sample_shape) > 1 else []
        features = library.Flatten().output_shape(sample_shape)
        width = (features or (0,))[0] or 0
        each = zip(self.hidden, activations, dropouts, rules, strict=True)
        for units, activation, dropout, rule in each:
            stack.append(library.Linear(width, units, **rule))
            if self.batch_norm:
                stack.append(library.BatchNorm1d(units))
            stack.append(ACTIVATIONS[activation]())
            if dropout:
                stack.append(library.Dropout(dropout))
            width = units
        stack.append(library.Linear(width, outputs, **last_rule))
        if self.output != "identity":
            stack.append(ACTIVATIONS[self.output]())
        return Sequential(*stack)

    def _rules(self) -> list[dict[str, Any]]:
        """Return how the weights of each layer begin, and whether it has a bias, as arguments."""
        layers = len(self.hidden) + 1
        inits = self.init if isinstance(self.init, tuple) else (self.init,) * layers
        if len(inits) != layers:
            raise ConfigError(
                f"MLP: init has {len(inits)} values for {layers} layers; give one for each, the "
                "last included, or a single one for all"
            )
        bias: dict[str, Any] = {} if self.bias else {"bias": False}
        return [bias if init is None else {"init": init, **bias} for init in inits]

    def _each(self, option: str, value: T | tuple[T, ...]) -> tuple[T, ...]:
        """Return one value for each hidden layer."""
        if not isinstance(value, tuple):
            return (value,) * len(self.hidden)
        if len(value) != len(self.hidden):
            raise ConfigError(
                f"MLP: {option} has {len(value)} values for {len(self.hidden)} hidden layers; give "
                "one for each, or a single one for all"
            )
        return value
