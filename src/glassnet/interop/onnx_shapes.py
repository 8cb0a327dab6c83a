"""Reading the ONNX operators that only change the shape, and means over all pixels."""

from __future__ import annotations

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Shape
from glassnet.interop.onnx_node import Node
from glassnet.interop.onnx_values import Value


def flatten(node: Node) -> Value:
    """Read Flatten."""
    x = node.value()
    if node.axis(1, len(x.shape) + 1) != 1:
        raise ValueError("flattens the batch into the samples")
    return x.then(library.Flatten())


def reshape(node: Node) -> Value:
    """Read Reshape, where it makes every sample one row."""
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
    given = node.attributes.get("axes") or node.constant(1)
    if given is None:
        return _reshaped(x, tuple(n for n in x.shape if n != 1))
    axes = {int(a) % (len(x.shape) + 1) for a in given}
    return _reshaped(x, tuple(n for i, n in enumerate(x.shape, 1) if i not in axes or n != 1))


def _reshaped(x: Value, shape: Shape) -> Value:
    if shape == x.shape:
        return x
    if shape == (int(np.prod(x.shape)),):
        return x.then(library.Flatten())
    raise ValueError(f"reshapes samples of shape {x.shape} to {shape}, and not to one row")


def global_average(node: Node) -> Value:
    """Read GlobalAveragePool; a Flatten after it makes it a `GlobalAvgPool2d`."""
    x = node.value()
    if len(x.shape) != 3:
        raise ValueError(f"averages samples of shape {x.shape}, not images")
    pooled = x.then(library.AvgPool2d(x.shape[1:]))
    return Value(pooled.steps, pooled.shape, averaged=True)


def reduce_mean(node: Node) -> Value:
    """Read ReduceMean over the pixels."""
    x = node.value()
    given = node.attributes.get("axes") or node.constant(1)
    axes = sorted(int(a) % (len(x.shape) + 1) for a in ([] if given is None else given))
    if axes != [2, 3] or len(x.shape) != 3:
        raise ValueError(f"averages over the axes {axes}, not over the pixels of images")
    kept = global_average(node)
    return kept if node.attributes.get("keepdims", 1) else kept.then(library.Flatten())
