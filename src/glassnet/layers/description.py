"""What a layer was made with: its `repr`, and its place in a file."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from glassnet.errors import ConfigError

if TYPE_CHECKING:
    from glassnet.layers.base import Layer

KNOWN: dict[str, type[Any]] = {}
"""Every layer type by the name under which a file mentions it."""


class Described:
    """Remembers the arguments it is made with, so that no subclass has to say them again."""

    _type_name: ClassVar[str] = "Layer"
    _arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Remember the arguments: they are the layer's `repr` and its description in a file."""
        layer = super().__new__(cls)
        layer._arguments = (args, kwargs)
        return layer

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._type_name = cls.__name__
        namesake = KNOWN.get(cls.__name__)
        if namesake is not None and namesake.__module__ != cls.__module__:
            cls._type_name = f"{cls.__module__}.{cls.__name__}"  # a ReLU that is not Glassnet's
        KNOWN[cls._type_name] = cls

    def arguments(self) -> dict[str, Any]:
        """Return the arguments the layer was made with, by name, without defaults."""
        args, kwargs = self._arguments
        return dict(inspect.signature(type(self)).bind(*args, **kwargs).arguments)

    def config(self) -> dict[str, Any]:
        """Return a description in plain dictionaries and lists, from which `from_config` builds.

        Examples
        --------
        >>> gn.Linear(2, 3).config()
        {'type': 'Linear', 'in_features': 2, 'out_features': 3}
        """
        arguments = {name: _describe(value) for name, value in self.arguments().items()}
        return {"type": self._type_name, **arguments}

    def __repr__(self) -> str:
        args, kwargs = self._arguments
        words = [repr(a) for a in args] + [f"{name}={value!r}" for name, value in kwargs.items()]
        return f"{type(self).__name__}({', '.join(words)})"


def from_config(config: Mapping[str, Any]) -> Layer:
    """Build a layer, or a whole model, from what `Layer.config` returned.

    Raises
    ------
    ConfigError
        If the type is unknown or the arguments are not its own.
    """
    arguments = dict(config)
    kind = arguments.pop("type", None)
    layer_class: type[Layer] | None = KNOWN.get(kind) if isinstance(kind, str) else None
    if layer_class is None:
        raise ConfigError(
            f"no layer type is called {kind!r}; if it is your own, import its module first"
        )
    try:
        bound = inspect.signature(layer_class).bind_partial()
        if unknown := arguments.keys() - bound.signature.parameters.keys():
            raise TypeError(f"it knows no {', '.join(sorted(unknown))}")
        bound.arguments.update({name: _build(value) for name, value in arguments.items()})
        return layer_class(*bound.args, **bound.kwargs)
    except (TypeError, KeyError) as error:
        raise ConfigError(f"the arguments of layer type {kind!r} do not fit: {error}") from error


def _describe(value: Any) -> Any:
    """Turn layers, and sequences that may hold them, into plain data."""
    if isinstance(value, Described):
        return value.config()
    if isinstance(value, (list, tuple)):
        return [_describe(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ConfigError(
        f"a layer made with a {type(value).__name__} cannot be described in a file; "
        "give it numbers, strings, lists or layers"
    )


def _build(value: Any) -> Any:
    """Undo `_describe`."""
    if isinstance(value, Mapping):
        return from_config(value)
    if isinstance(value, list):
        return tuple(_build(item) for item in value)
    return value
