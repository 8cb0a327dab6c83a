"""A step gone through again, elementary layer by layer, with the caches that it left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Dropout, Layer, Residual, Sequential


class Visit(NamedTuple):
    """An elementary layer in the repeated forward pass; its cache is that of the failed step."""

    name: str
    layer: Layer
    input: Array
    output: Array
    cache: Any


def forward_again(
    layer: Layer, name: str, x: Array, cache: Any, rng: np.random.Generator
) -> Iterator[Visit]:
    """Go through the forward pass again, elementary layer by layer."""
    if isinstance(layer, Sequential):
        y = x
        for (child, part), part_cache in zip(layer.children(), cache, strict=True):
            visit = None
            for visit in forward_again(part, join(name, child), y, part_cache, rng):
                yield visit
            y = y if visit is None else visit.output
    elif isinstance(layer, Residual):
        ends = [x, x]
        for i, child in enumerate(("body", "shortcut")):
            part = getattr(layer, child)
            if part is not None:
                for visit in forward_again(part, join(name, child), x, getattr(cache, child), rng):
                    ends[i] = visit.output
                    yield visit
        yield Visit(name, layer, x, ends[0] + ends[1], None)
    elif isinstance(layer, Dropout):
        yield Visit(name, layer, x, x if cache is None else x * cache, cache)
    else:
        yield Visit(name, layer, x, layer.forward(x, training=True, rng=rng)[0], cache)


def backward_again(layer: Layer, name: str, dy: Array, cache: Any) -> tuple[Array, str | None]:
    """Go through the backward pass again; return the gradient, and the layer at fault if any."""
    if isinstance(layer, Sequential):
        for (child, part), part_cache in reversed(list(zip(layer.children(), cache, strict=True))):
            dy, place = backward_again(part, join(name, child), dy, part_cache)
            if place is not None:
                return dy, place
        return dy, None
    if isinstance(layer, Residual):
        dx, place = backward_again(layer.body, join(name, "body"), dy, cache.body)
        if place is None and layer.shortcut is not None:
            shortcut = join(name, "shortcut")
            dx, place = backward_again(layer.shortcut, shortcut, dy, cache.shortcut)
        if place is not None:
            return dx, place
    dx = layer.backward(dy, cache)
    whole = finite(dx) and all(finite(p.grad) for _, p in layer.named_parameters())
    return dx, None if whole else name


def join(name: str, child: str) -> str:
    """Return the name of a layer within another."""
    return f"{name}.{child}" if name else child


def arrays(value: Any) -> Iterator[Array]:
    """Yield the arrays in a cache: an array, or tuples and lists of such."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from arrays(item)


def floats(value: Any) -> Iterator[Array]:
    """Return those of the arrays in a cache that could hold NaN."""
    return (array for array in arrays(value) if np.issubdtype(array.dtype, np.floating))


def finite(value: Any) -> bool:
    """Whether all numbers in an array, or a cache, are finite."""
    return all(bool(np.isfinite(array).all()) for array in floats(value))
