"""Networks described in a configuration: a multi-layer perceptron, or a list of layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.errors import ConfigError, ShapeError
from glassnet.experiments import as_published
from glassnet.experiments.registry import build, checked, option_types
from glassnet.layers import Layer, Sequential
from glassnet.mlp import MLP
from glassnet.words import nearest

LAYERS: dict[str, type[Layer]] = {
    name: kind
    for name in library.__all__
    if isinstance(kind := getattr(library, name), type) and issubclass(kind, Layer)
    if kind not in (Layer, Sequential)
}


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
