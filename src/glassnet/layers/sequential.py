"""Layers one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from glassnet.arrays import Array, PartialShape, Shape
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers.base import Layer, Step, checked_pair
from glassnet.layers.fusion import rectifier_before, rectifies_after
from glassnet.layers.shortcut import Shortcut
from glassnet.parameters import Parameter
from glassnet.randomness import stream


class Sequential(Layer):
    """Layers one after the other: the output of each is the input of the next.

    Backward goes through them in the opposite order, handing each the gradient of its output: that
    is the chain rule, and all there is to back-propagation (Rumelhart et al., 1986).

    Parameters
    ----------
    *layers : Layer

    Raises
    ------
    ShapeError
        If one layer cannot take what the one before it gives; the message names the layer.
    ConfigError
        If something is not a layer, or one layer is given twice.

    Examples
    --------
    >>> model = gn.Sequential(gn.Flatten(), gn.Linear(784, 16), gn.ReLU(), gn.Linear(16, 10))
    >>> y, cache = model.initialize(seed=0).forward(np.ones((2, 1, 28, 28), np.float32))
    >>> y.shape, [name for name, _ in model.named_parameters()]
    ((2, 10), ['1.weight', '1.bias', '3.weight', '3.bias'])
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        self.layers = list(layers)
        self._shortcut = Shortcut()
        self._checked: tuple[Shape, list[Layer]] | None = None
        self._check()

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Any]]:
        """Return the last layer's output, and the caches of all layers in order."""
        caches: list[Any] = []
        y, done = x, False
        try:
            for layer, following in zip_longest(self.layers, self.layers[1:]):
                if done:  # by the layer before
                    done = False
                elif rectifies_after(layer, following):
                    y, cache = layer.forward_rectified(y)
                    caches += [cache, y]
                    done = True
                else:
                    y, cache = checked_pair(layer, layer.forward(y, training=training, rng=rng))
                    caches.append(cache)
        except (ValueError, IndexError):
            self.output_shape(x.shape[1:])  # says it in words, where it was the shape
            raise
        return y, caches

    def backward(self, dy: Array, cache: list[Any]) -> Array:
        """Write all gradients; return that of the input."""
        return self._back_to(-1, dy, cache)

    def backward_parameters(self, dy: Array, cache: list[Any]) -> None:
        """Write all gradients of parameters, stopping at the first layer that is trained."""
        first = next((i for i, layer in enumerate(self.layers) if layer.is_trainable), None)
        if first is None:
            return
        dy = self._back_to(first, dy, cache)
        self.layers[first].backward_parameters(dy, cache[first])

    def _back_to(self, first: int, dy: Array, cache: list[Any]) -> Array:
        """Go back through the layers after `first`; return the gradient of what they were given."""
        i = len(self.layers) - 1
        while i > first:
            layer: Any = self.layers[i]
            rectifier = rectifier_before(self.layers, i, first)
            if rectifier is None:
                dy = layer.backward(dy, cache[i])
                i -= 1
            else:
                dy = layer.backward_rectified(dy, cache[i], cache[rectifier])
                if rectifier < i - 1:  # a Flatten stands between
                    dy = self.layers[i - 1].backward(dy, cache[i - 1])
                i = rectifier - 1
        return dy

    def infer(self, x: Array) -> Array:
        """Return the output in evaluation; each layer's cache is dropped at once."""
        try:
            return self._infer_after(0, x)
        except (ValueError, IndexError):
            self.output_shape(x.shape[1:])  # says it in words, where it was the shape
            raise

    def _infer_after(self, done: int, y: Array) -> Array:
        """Return the output from what the first layers, which are done, have given."""
        layers, by_another = self.layers[done:], False
        for layer, following in zip_longest(layers, layers[1:]):
            if by_another:
                by_another = False
            elif rectifies_after(layer, following):
                y = layer.forward_rectified(y)[0]
                by_another = True
            else:
                y = layer.infer(y)
        return y

    def predict(self, x: ArrayLike, *, batch_size: int = 1000) -> Array:
        """Return the outputs of any number of samples, as `Layer.predict` does.

        Chains of layers are one call of a kernel, which goes by blocks of its own; but what it
        would have to copy first goes in batches.
        """
        x = np.asarray(x)
        if x.ndim > 0 and batch_size > 0 and (len(x) <= batch_size or x.flags.carray):
            try:
                y, done = self._shortcut.outputs(self.layers, x)
                if done:
                    return self._infer_after(done, y)
            except (ValueError, IndexError):
                self.output_shape(x.shape[1:])
                raise
        return super().predict(x, batch_size=batch_size)

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the last layer's output shape; the message of an error names the layer."""
        shape = input_shape
        for i, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ShapeError as error:
                joint = ": " if str(error).startswith("layer ") else ", "
                raise ShapeError(f"layer {i}, {_short(layer)}{joint}{error}") from None
        return shape

    def _check_input(self, input_shape: Shape) -> None:
        """Refuse samples that do not fit; of one shape and the same layers once, for all calls."""
        if self._checked != (input_shape, self.layers):
            self.output_shape(input_shape)
            self._checked = input_shape, list(self.layers)

    def children(self) -> Iterator[tuple[str, Layer]]:
        """Yield the layers under their numbers: "0", "1", ..."""
        return ((str(i), layer) for i, layer in enumerate(self.layers))

    def steps(self, input_shape: Shape, prefix: str = "") -> Iterator[Step]:
        """Yield the elementary layers in order."""
        self.output_shape(input_shape)
        for name, layer in self.children():
            step = None
            for step in layer.steps(input_shape, f"{prefix}.{name}" if prefix else name):
                yield step
            if step is not None:
                input_shape = step.output_shape

    def initialize(
        self,
        seed: int | np.random.Generator = 0,
        *,
        default_rule: str = "xavier_uniform",
        missing_only: bool = False,
    ) -> Self:
        """Initialize every layer, with the rule that suits the activation after it."""
        rng = stream(seed, "init") if isinstance(seed, (int, np.integer)) else seed
        for i, layer in enumerate(self.layers):
            rule = _rule_for(self.layers[i + 1 :], default_rule)
            layer.initialize(rng, default_rule=rule, missing_only=missing_only)
        return self

    def arguments(self) -> dict[str, Any]:
        """Return the layers as they are now."""
        return {"layers": tuple(self.layers)}

    @property
    def gives_probabilities(self) -> bool:  # type: ignore[override]
        """Whether the last layer does."""
        return bool(self.layers) and self.layers[-1].gives_probabilities

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getitem__(self, index: int) -> Layer:
        return self.layers[index]

    def __setitem__(self, index: int, layer: Layer) -> None:
        before = self.layers[index]
        self.layers[index] = layer
        try:
            self._check()
        except (ShapeError, ConfigError):
            self.layers[index] = before
            raise

    def __repr__(self) -> str:
        lines = "".join(
            f"  ({name}) {layer!r}\n".replace("\n  ", "\n    ") for name, layer in self.children()
        )
        return f"Sequential(\n{lines})"

    def _check(self) -> None:
        """Refuse what cannot work: it is cheaper to hear it now than in the middle of training."""
        for i, layer in enumerate(self.layers):
            if not isinstance(layer, Layer):
                raise ConfigError(
                    f"layer {i} is {layer!r}, not a layer; give layers one by one, "
                    "as in gn.Sequential(gn.Linear(2, 3), gn.ReLU())"
                )
        seen: dict[int, str] = {}
        for name, layer in _all_layers(self):
            if id(layer) in seen:
                raise ConfigError(
                    f"{_short(layer)} stands at {seen[id(layer)]} and again at {name}; each place "
                    "needs a layer of its own, because a layer's gradient is written once"
                )
            seen[id(layer)] = name
        self.output_shape(None)


def _rule_for(following: list[Layer], default_rule: str) -> str:
    """Return the rule that the next non-linearity prefers, looking past layers without weights."""
    for layer in following:
        if layer.preferred_initializer is not None:
            return layer.preferred_initializer
        if any(_is_weight(p) for _, p in layer.named_parameters()):
            break
    return default_rule


def _is_weight(parameter: Parameter) -> bool:
    return len(parameter.shape) >= 2


def _all_layers(layer: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    for name, child in layer.children():
        yield f"{prefix}{name}", child
        yield from _all_layers(child, f"{prefix}{name}.")


def _short(layer: Layer) -> str:
    """Name a layer in a message: a container by its kind only."""
    return repr(layer) if next(layer.children(), None) is None else type(layer).__name__
