"""Reading sums, products and bounds, of two values or of one and a constant."""

from __future__ import annotations

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.interop.from_onnx.gates import multiplied
from glassnet.interop.from_onnx.node import Node
from glassnet.interop.from_onnx.steps import Affine
from glassnet.interop.from_onnx.values import Value, added


def arithmetic(node: Node) -> Value:
    """Read Add, Sub, Mul and Div."""
    a, b = node.inputs
    if isinstance(a, Value) and isinstance(b, Value):
        if node.kind in ("Add", "Sub"):
            return added(a, b if node.kind == "Add" else b.affine(-1, 0), node.input_shape)
        if node.kind == "Mul":
            return multiplied(a, b)
        raise ValueError("takes two values that depend on the data")
    if isinstance(b, Value):
        x, c = b, _without_batch(node.array(0), b)
        if node.kind == "Div":
            raise ValueError("divides by what depends on the data")
        return {"Add": x.affine(1, c), "Sub": x.affine(-1, c), "Mul": x.affine(c, 0)}[node.kind]
    x = node.value()
    c = _without_batch(node.array(1), x)
    if node.kind == "Div" and np.any(c == 0):
        raise ValueError("divides by zero")
    if node.kind in ("Mul", "Div"):
        return x.affine(c if node.kind == "Mul" else 1 / c, 0)
    return x.affine(1, c if node.kind == "Add" else -c)


def scaler(node: Node) -> Value:
    """Read Scaler, by which scikit-learn's are written: (x - offset) · scale."""
    offset, scale = (np.asarray(node.attributes[name], float) for name in ("offset", "scale"))
    return node.value().affine(scale, -offset * scale)


def negative(node: Node) -> Value:
    """Read Neg."""
    return node.value().affine(-1, 0)


def clip(node: Node) -> Value:
    """Read Clip, where it is a ReLU."""
    least, most = (
        node.attributes.get(name, node.constant(i)) for i, name in ((1, "min"), (2, "max"))
    )
    if least is None or least != 0 or (most is not None and most < np.finfo(np.float32).max):
        raise ValueError(f"keeps values between {least} and {most}, which only ReLU does from 0 up")
    return node.value().then(library.ReLU())


def maximum(node: Node) -> Value:
    """Read the larger of x and 0."""
    values = [value for value in node.inputs if isinstance(value, Value)]
    constants = [value for value in node.inputs if not isinstance(value, Value)]
    if len(values) != 1 or len(constants) != 1 or np.any(constants[0] != 0):
        raise ValueError("takes the maximum of other things than a value and 0")
    return values[0].then(library.ReLU())


def prelu(node: Node) -> Value:
    """Read PRelu of one slope for all, as a LeakyReLU."""
    slopes = np.unique(node.array(1))
    if len(slopes) != 1:
        raise ValueError(f"has {len(slopes)} slopes, one for each channel")
    slope = float(slopes[0])
    node.notes.append(f"the slope {slope:.4g} of {node.name} as that of a LeakyReLU, not trained")
    return node.value().then(library.LeakyReLU(slope))


def concat(node: Node) -> Value:
    """Read [1 - p, p] of p = σ(z), as scikit-learn's are written for two classes: a softmax."""
    if len(node.inputs) == 2 and isinstance(node.inputs[0], Value):
        other, p = node.value(0), node.value(1)
        shared, left, right = other.fork(p)
        if (
            not right and p.shape == (1,) and shared and isinstance(shared[-1], library.Sigmoid)
            and len(left) == 1 and isinstance(left[0], Affine)
            and np.all(left[0].scale == -1) and np.all(left[0].offset == 1)
        ):  # fmt: skip
            both = library.Linear(1, 2, bias=False)  # σ(z) = softmax([0, z])₂
            both.weight.value = np.array([[0.0], [1.0]])
            return Value(shared[:-1], (1,)).then(both).then(library.Softmax())
    raise ValueError("puts values side by side")


def _without_batch(constant: Array, x: Value) -> Array:
    """Return a constant as it broadcasts over one sample."""
    if constant.ndim == len(x.shape) + 1 and constant.shape[0] == 1:
        first: Array = constant[0]
        return first
    return constant
