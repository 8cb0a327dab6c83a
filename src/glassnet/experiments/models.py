"""Networks described in a configuration: a multi-layer perceptron, or a list of layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.errors import ConfigError, ShapeError
from glassnet.experiments import as_published
from glassnet.experiments.registry import build, checked, option_types
from glassnet.layers import Layer, Sequential
from glassnet.words import nearest

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
LAYERS: dict[str, type[Layer]] = {
    name: kind
    for name in library.__all__
    if isinstance(kind := getattr(library, name), type) and issubclass(kind, Layer)
    if kind not in (Layer, Sequential)
}


@dataclass(frozen=True)
class MLP:
    """Fully connected layers, an activation after each but the last.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    activation : str
        relu, leaky-relu, elu, gelu, silu, sigmoid, tanh or identity.
    dropout : float
        Probability after each hidden layer.
    batch_norm : bool
        Whether each hidden layer is normalised before its activation.
    init : str, optional
        Initializer of all weights.
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
    activation: str = "relu"
    dropout: float = 0.0
    batch_norm: bool = False
    init: str | None = None
    bias: bool = True
    output: str = "identity"
    has_windows: ClassVar[bool] = False

    def build(self, sample_shape: Shape, outputs: int) -> Sequential:
        """Return the network for samples of that shape and so many outputs."""
        for option in ("activation", "output"):
            if (name := getattr(self, option)) not in ACTIVATIONS:
                raise ConfigError(
                    f"model.{option} is {name!r}{nearest(name, ACTIVATIONS)}; "
                    f"there are {', '.join(ACTIVATIONS)}"
                )
        rule: dict[str, Any] = {} if self.init is None else {"init": self.init}
        if not self.bias:
            rule["bias"] = False
        stack: list[Layer] = [library.Flatten()] if len(sample_shape) > 1 else []
        features = library.Flatten().output_shape(sample_shape)
        width = (features or (0,))[0] or 0
        for units in self.hidden:
            stack.append(library.Linear(width, units, **rule))
            if self.batch_norm:
                stack.append(library.BatchNorm1d(units))
            stack.append(ACTIVATIONS[self.activation]())
            if self.dropout:
                stack.append(library.Dropout(self.dropout))
            width = units
        stack.append(library.Linear(width, outputs, **rule))
        if self.output != "identity":
            stack.append(ACTIVATIONS[self.output]())
        return Sequential(*stack)


@dataclass(frozen=True)
class LayerList:
    """Layers one after the other; what follows from the shapes may be left out.

    Parameters
    ----------
    layers : tuple
        For each layer its name, or a table of its ``type`` and options. in_features, in_channels,
        num_features and normalized_shape follow from the layer before, and the last Linear's
        out_features from the data. Residual takes a list of layers as its ``body``.

    Examples
    --------
    >>> LayerList((
    ...     {"type": "Conv2d", "out_channels": 4, "kernel_size": 3}, "ReLU", "Flatten", "Linear",
    ... )).build((1, 8, 8), 10)
    Sequential(
      (0) Conv2d(out_channels=4, kernel_size=3, in_channels=1)
      (1) ReLU()
      (2) Flatten()
      (3) Linear(in_features=144, out_features=10)
    )
    """

    layers: tuple[str | dict[str, Any], ...]

    @property
    def has_windows(self) -> bool:
        """Whether convolutions or poolings are among them, also within a Residual."""
        return any(kind in str(self.layers) for kind in ("Conv2d", "Pool2d"))

    def build(self, sample_shape: Shape, outputs: int) -> Sequential:
        """Return the network for samples of that shape and so many outputs."""
        return _stack(self.layers, sample_shape, outputs, "model.layers")


MODELS: dict[str, type[MLP] | type[LayerList]] = {"mlp": MLP, "layers": LayerList}


def _stack(
    entries: tuple[Any, ...] | list[Any], shape: Shape, outputs: int | None, where: str
) -> Sequential:
    """Build the layers of a list; `outputs` is None inside a Residual."""
    stack: list[Layer] = []
    for i, entry in enumerate(entries):
        place = f"{where}[{i}]"
        last = i == len(entries) - 1
        layer = _layer(entry, shape, outputs if last else None, place)
        try:
            after = layer.output_shape(shape)
        except ShapeError as error:
            is_plain = next(layer.children(), None) is None
            word = repr(layer) if is_plain else type(layer).__name__
            raise ShapeError(f"{place}, {word}, {error}") from None
        shape = tuple(int(size or 0) for size in after or ())
        stack.append(layer)
    return Sequential(*stack)


def _layer(entry: Any, shape: Shape, outputs: int | None, where: str) -> Layer:
    table = {"type": entry} if isinstance(entry, str) else entry
    if not isinstance(table, Mapping) or not isinstance(table.get("type"), str):
        raise ConfigError(f"{where} must be a layer's name or a table with its type, not {entry!r}")
    name = table["type"]
    kind = LAYERS.get(name) or as_published.LAYERS.get(name)
    if kind is None:
        raise ConfigError(
            f"{where}: no layer is called {name!r}{nearest(name, LAYERS)}; "
            f"there are {', '.join(LAYERS)}"
        )
    options = {key: value for key, value in table.items() if key != "type"}
    types = option_types(kind)
    inferred: dict[str, Any] = {
        "in_features": shape[0] if len(shape) == 1 else None,
        "in_channels": shape[0] if len(shape) == 3 else None,
        "num_features": shape[0] if shape else None,
        "normalized_shape": shape,
        "out_features": outputs,
    }
    for key, value in inferred.items():
        if key in types and key not in options and value is not None:
            options[key] = value
    if name == "Residual":
        return _residual(options, shape, where)
    if "in_features" in types and "in_features" not in options:
        raise ShapeError(f"{where}: {name} takes flat features but gets {shape}; put Flatten first")
    return build(where, kind, options, what=name)


def _residual(options: dict[str, Any], shape: Shape, where: str) -> Layer:
    """Build a Residual, whose body and short cut are lists of layers themselves."""
    ways: dict[str, Sequential] = {}
    for key, value in options.items():
        if key not in ("body", "shortcut"):
            raise ConfigError(f"{where}.{key} is not an option of Residual; it has body, shortcut")
        ways[key] = _stack(checked(f"{where}.{key}", list[Any], value), shape, None, where)
    if "body" not in ways:
        raise ConfigError(f"{where}: Residual needs a body, a list of layers")
    return library.Residual(ways["body"], ways.get("shortcut"))
