"""A layer beside a short cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from glassnet.arrays import Array, PartialShape, Shape
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers.base import Layer, Step


class ResidualCache(NamedTuple):
    """The caches of the two ways through a `Residual`."""

    body: Any
    shortcut: Any


class Residual(Layer):
    """y = body(x) + shortcut(x), the short cut being x itself if none is given (He et al., 2016).

    The gradient of a sum goes to both terms:  ∂L/∂x = body-backward(δ) + shortcut-backward(δ).

    Parameters
    ----------
    body : Layer
    shortcut : Layer, optional
        Brings x to the body's output shape where that differs, for example
        ``Conv2d(8, 16, 1, stride=2)``.

    Examples
    --------
    >>> block = gn.Residual(gn.Sequential(gn.Linear(4, 4), gn.Tanh())).initialize(seed=0)
    >>> block.infer(np.zeros((1, 4), np.float32))
    array([[0., 0., 0., 0.]], dtype=float32)
    """

    def __init__(self, body: Layer, shortcut: Layer | None = None) -> None:
        super().__init__()
        for part in (body,) if shortcut is None else (body, shortcut):
            if not isinstance(part, Layer):
                raise ConfigError(f"body and shortcut must be layers, not {part!r}")
        self.body, self.shortcut = body, shortcut
        self.output_shape(None)

    def forward(
        self, x: Array, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, ResidualCache]:
        """Return y, and the caches of both ways."""
        y, body_cache = self.body.forward(x, training=training, rng=rng)
        if self.shortcut is None:
            return _sum(y, x), ResidualCache(body_cache, None)
        direct, shortcut_cache = self.shortcut.forward(x, training=training, rng=rng)
        return _sum(y, direct), ResidualCache(body_cache, shortcut_cache)

    def backward(self, dy: Array, cache: ResidualCache) -> Array:
        """Write the gradients of both ways; return the sum of their input gradients."""
        dx = self.body.backward(dy, cache.body)
        return dx + (dy if self.shortcut is None else self.shortcut.backward(dy, cache.shortcut))

    def infer(self, x: Array) -> Array:
        """Return the output in evaluation."""
        return _sum(self.body.infer(x), x if self.shortcut is None else self.shortcut.infer(x))

    def output_shape(self, input_shape: PartialShape) -> PartialShape:
        """Return the output shape of the body, which the short cut must have too."""
        after = self.body.output_shape(input_shape)
        direct = input_shape if self.shortcut is None else self.shortcut.output_shape(input_shape)
        if after is None or direct is None:
            return after or direct
        if len(after) != len(direct) or any(
            a is not None and d is not None and a != d for a, d in zip(after, direct, strict=True)
        ):
            raise _unequal(after, direct)
        return after

    def arguments(self) -> dict[str, Any]:
        """Return body and short cut as they are now."""
        shortcut = {} if self.shortcut is None else {"shortcut": self.shortcut}
        return {"body": self.body, **shortcut}

    def steps(self, input_shape: Shape, prefix: str = "") -> Iterator[Step]:
        """Yield the elementary layers: the short cut's, then the body's."""
        for name, layer in (("shortcut", self.shortcut), ("body", self.body)):
            if layer is not None:
                yield from layer.steps(input_shape, f"{prefix}.{name}" if prefix else name)


def _sum(body: Array, direct: Array) -> Array:
    """Add the two ways; broadcasting would hide that they do not meet."""
    if body.shape != direct.shape:
        raise _unequal(body.shape[1:], direct.shape[1:])
    return body + direct


def _unequal(body: PartialShape, direct: PartialShape) -> ShapeError:
    return ShapeError(
        f"adds a body of output shape {body} to a short cut of shape {direct}; give it a "
        "shortcut layer that makes the shapes equal, or pad inside the body"
    )
