"""Reading the ONNX operators that only change the shape, and what is taken of all pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.interop.from_onnx.layouts import places
from glassnet.interop.from_onnx.node import Node
from glassnet.interop.from_onnx.values import Value


def flatten(node: Node) -> Value:
    """Read Flatten."""
    x = node.value()
    if node.axis(1, len(x.shape) + 1) != 1:
        raise ValueError("flattens the batch into the samples")
    return _reshaped(x, (int(np.prod(x.shape)),))


def reshape(node: Node) -> Value:
    """Read Reshape, where it leaves the samples apart."""
    x = node.value()
    wanted = [int(n) for n in np.ravel(node.array(1))]
    if not node.attributes.get("allowzero", 0):
        now = (node.batch, *x.shape)
        wanted = [now[i] if n == 0 and i < len(now) else n for i, n in enumerate(wanted)]
    if not wanted or wanted[0] not in (node.batch, -1):
        raise ValueError(f"reshapes the batch into {wanted}")
    rest = wanted[1:]
    if -1 in rest:
        others = int(np.prod([n for n in rest if n != -1]))
        if others < 1 or rest.count(-1) > 1:
            raise ValueError(f"reshapes to {wanted}")
        rest = [int(np.prod(x.shape)) // others if n == -1 else n for n in rest]
    return _reshaped(x, tuple(rest))


def squeeze(node: Node) -> Value:
    """Read Squeeze."""
    x = node.value()
    axes = _axes(node, len(x.shape) + 1)
    if axes is None:
        return _reshaped(x, tuple(n for n in x.shape if n != 1))
    return _reshaped(x, tuple(n for i, n in enumerate(x.shape, 1) if i not in axes or n != 1))


def unsqueeze(node: Node) -> Value:
    """Read Unsqueeze."""
    x = node.value()
    shape = list(x.shape)
    new = _axes(node, len(shape) + 1, added=True) or []
    for axis in new:
        if axis < 1:
            raise ValueError("puts an axis before that of the batch")
        shape.insert(axis - 1, 1)
    return _reshaped(x, tuple(shape))


def transpose(node: Node) -> Value:
    """Read Transpose, where it leaves the samples apart."""
    x = node.value()
    axes = [int(a) for a in node.attributes.get("perm", range(len(x.shape), -1, -1))]
    if sorted(axes) != list(range(len(x.shape) + 1)) or axes[0]:
        raise ValueError(f"turns the batch into another axis ({axes})")
    _refuse_large(x)
    return x.moved(places(x.shape).transpose([a - 1 for a in axes[1:]]))


def global_pool(kind: Any) -> Any:
    """Return a reader of GlobalAveragePool or GlobalMaxPool."""

    def read(node: Node) -> Value:
        return _pooled(node.value(), kind)

    return read


def reduced(kind: Any) -> Any:
    """Return a reader of ReduceMean or ReduceMax over the pixels, wherever the channels are."""

    def read(node: Node) -> Value:
        x = node.value()
        axes = _axes(node, len(x.shape) + 1)
        last = x.order is not None and len(x.own) == len(x.shape) == 3
        if last and axes == [1, 2] and _channels_last(x):
            x, kept_shape = Value(x.steps, x.own), (1, 1, x.own[0])
        elif axes == [2, 3] and len(x.shape) == 3:
            kept_shape = (x.shape[0], 1, 1)
        else:
            raise ValueError(f"goes over the axes {axes}, not over the pixels of images")
        pooled = _pooled(x, kind)
        keep = node.attributes.get("keepdims", 1)
        return _reshaped(pooled, kept_shape if keep else pooled.shape[:1])

    return read


def _pooled(x: Value, kind: Any) -> Value:
    """Return one value a channel; where it is the mean, a Flatten makes it a GlobalAvgPool2d."""
    if len(x.shape) != 3:
        raise ValueError(f"pools samples of shape {x.shape}, not images")
    return replace(x.then(kind(x.shape[1:])), averaged=kind is library.AvgPool2d)


def _channels_last(x: Value) -> bool:
    return np.array_equal(x.order, places(x.own).transpose(1, 2, 0))  # type: ignore[arg-type]


def _axes(node: Node, rank: int, *, added: bool = False) -> list[int] | None:
    """Return the axes that an attribute or the second input gives, from the front."""
    given: Sequence[int] | None = node.attributes.get("axes")
    if given is None:
        constant = node.constant(1)
        given = None if constant is None else np.ravel(constant).tolist()
    if given is None:
        return None
    return sorted(int(a) % (rank + added * len(given)) for a in given)


def _reshaped(x: Value, shape: Shape) -> Value:
    if shape == x.shape:
        return x
    if int(np.prod(shape)) != int(np.prod(x.shape)):
        raise ValueError(f"reshapes samples of shape {x.shape} to {shape}")
    _refuse_large(x)
    return x.moved(places(shape))


def _refuse_large(x: Value) -> None:
    if np.prod(x.shape, dtype=float) > 1 << 24:
        raise ValueError(f"moves samples of shape {x.shape}, which are too large")
