"""Each ONNX operator that a layer of Glassnet is, and how it is read.

A reader gets the node with its inputs, constants as arrays and all else as `Value`, and gives a
`Value`. It raises `ValueError` with what is unusual about the node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.interop.onnx_node import Node
from glassnet.interop.onnx_shapes import flatten, global_average, reduce_mean, reshape, squeeze
from glassnet.interop.onnx_values import Erf, Value, added, multiplied
from glassnet.layers import Layer

Reader = Callable[[Node], Value]


def _layer(make: Callable[[Node], Layer]) -> Reader:
    return lambda node: node.value().then(make(node))


def _same(node: Node) -> Value:
    return node.value()


def _gemm(node: Node) -> Value:
    node.refuse(transA=0)
    weight = node.array(1) * node.attributes.get("alpha", 1.0)
    weight = weight if node.attributes.get("transB", 0) else weight.T
    bias = node.constant(2)
    if bias is not None:
        bias = np.broadcast_to(bias * node.attributes.get("beta", 1.0), (1, len(weight)))[0]
    return _linear(node.value(), weight, bias)


def _matmul(node: Node) -> Value:
    return _linear(node.value(), node.array(1).T, None)


def _linear(x: Value, weight: Array, bias: Array | None) -> Value:
    if weight.ndim != 2 or len(x.shape) != 1:
        raise ValueError(f"multiplies samples of shape {x.shape} by a matrix of {weight.shape}")
    layer = library.Linear(weight.shape[1], weight.shape[0], bias is not None)
    return x.then(_with(layer, weight=weight, bias=bias))


def _conv(node: Node) -> Value:
    weight, bias = node.array(1), node.constant(2)
    if weight.ndim != 4:
        raise ValueError(f"has kernels of {weight.ndim - 2} dimensions, not two")
    node.refuse(group=1, dilations=[1, 1], kernel_shape=list(weight.shape[2:]))
    stride, padding = _stride_and_padding(node, weight.shape[2:])
    layer = library.Conv2d(
        weight.shape[1], weight.shape[0], weight.shape[2:], stride, padding, bias is not None
    )
    return node.value().then(_with(layer, weight=weight, bias=bias))


def _pool(kind: Callable[..., Layer]) -> Reader:
    def read(node: Node) -> Value:
        kernel = list(node.attributes.get("kernel_shape", []))
        if len(kernel) != 2:
            raise ValueError(f"has windows of {len(kernel)} dimensions, not two")
        node.refuse(ceil_mode=0, dilations=[1, 1], storage_order=0)
        stride, padding = _stride_and_padding(node, kernel)
        counts = node.attributes.get("count_include_pad", 0)
        if node.kind == "AveragePool" and any(padding) and not counts:
            raise ValueError("has count_include_pad = 0 and padding")
        return node.value().then(kind(tuple(kernel), stride, padding))

    return read


def _stride_and_padding(node: Node, kernel: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return stride and padding, which must be the same on both sides."""
    stride = list(node.attributes.get("strides", [1, 1]))
    pads = list(node.attributes.get("pads", [0, 0, 0, 0]))
    auto = node.attributes.get("auto_pad", b"NOTSET")
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        sizes = zip(node.value().shape[1:], kernel, stride, strict=True)
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sizes]
        begin = [n // 2 for n in total]
        pads = [*begin, *(n - b for n, b in zip(total, begin, strict=True))]
    elif auto not in (b"NOTSET", b"VALID"):
        raise ValueError(f"has auto_pad = {auto!r}")
    if len(pads) != 4 or pads[:2] != pads[2:]:
        raise ValueError(f"has other padding on one side than on the other ({pads})")
    return tuple(stride), tuple(pads[:2])


def _batch_norm(node: Node) -> Value:
    node.refuse(training_mode=0, spatial=1)
    x = node.value()
    arrays = [node.array(i) for i in range(1, 5)]
    kind = library.BatchNorm1d if len(x.shape) == 1 else library.BatchNorm2d
    eps, momentum = node.attributes.get("epsilon", 1e-5), node.attributes.get("momentum", 0.9)
    layer = kind(len(arrays[0]), eps=_shorter(eps), momentum=_shorter(1 - momentum))
    names = ("weight", "bias", "running_mean", "running_var")
    return x.then(_with(layer, **dict(zip(names, arrays, strict=True))))


def _layer_norm(node: Node) -> Value:
    x = node.value()
    if node.axis(-1, len(x.shape) + 1) != 1:
        raise ValueError("normalises a part of each sample, not the whole")
    layer = library.LayerNorm(x.shape, eps=_shorter(node.attributes.get("epsilon", 1e-5)))
    bias = node.constant(2)
    return x.then(_with(layer, weight=node.array(1), bias=0.0 if bias is None else bias))


def _softmax(node: Node) -> Value:
    x = node.value()
    rank = len(x.shape) + 1
    axis = node.axis(-1 if node.opset >= 13 else 1, rank)
    if axis != 1 or (node.opset < 13 and rank > 2):
        raise ValueError(f"is along axis {axis}, not along the classes")
    return x.then(library.Softmax())


def _gelu(node: Node) -> Value:
    node.refuse(approximate=b"none")
    return node.value().then(library.GELU())


def _swish(node: Node) -> Value:
    node.refuse(alpha=1.0)
    return node.value().then(library.SiLU())


def _clip(node: Node) -> Value:
    least, most = (
        node.attributes.get(name, node.constant(i)) for i, name in ((1, "min"), (2, "max"))
    )
    if least is None or least != 0 or (most is not None and most < np.finfo(np.float32).max):
        raise ValueError(f"keeps values between {least} and {most}, which only ReLU does from 0 up")
    return node.value().then(library.ReLU())


def _max(node: Node) -> Value:
    """Read the larger of x and 0."""
    values = [value for value in node.inputs if isinstance(value, Value)]
    constants = [value for value in node.inputs if not isinstance(value, Value)]
    if len(values) != 1 or len(constants) != 1 or np.any(constants[0] != 0):
        raise ValueError("takes the maximum of other things than a value and 0")
    return values[0].then(library.ReLU())


def _erf(node: Node) -> Value:
    x = node.value()
    return Value((*x.steps, Erf()), x.shape)


def _arithmetic(node: Node) -> Value:
    """Read Add, Sub, Mul and Div, of two values or of one and a constant."""
    a, b = node.inputs
    if isinstance(a, Value) and isinstance(b, Value):
        if node.kind == "Add":
            return added(a, b, node.input_shape)
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


def _without_batch(constant: Array, x: Value) -> Array:
    """Return a constant as it broadcasts over one sample."""
    if constant.ndim == len(x.shape) + 1 and constant.shape[0] == 1:
        first: Array = constant[0]
        return first
    return constant


def _with(layer: Layer, **arrays: Any) -> Layer:
    """Return the layer with arrays in its parameters and buffers."""
    for name, array in arrays.items():
        if array is not None:
            getattr(layer, name).value = np.broadcast_to(array, getattr(layer, name).shape)
    return layer


def _shorter(number: float) -> float:
    """Return a float32 as the shortest decimal that it is: 1e-05, not 9.99999974e-06."""
    return float(str(np.float32(number)))


READERS: dict[str, Reader] = {
    "Add": _arithmetic,
    "AveragePool": _pool(library.AvgPool2d),
    "BatchNormalization": _batch_norm,
    "Cast": _same,
    "Clip": _clip,
    "Conv": _conv,
    "Div": _arithmetic,
    "Dropout": _same,
    "Elu": _layer(lambda n: library.ELU(_shorter(n.attributes.get("alpha", 1.0)))),
    "Erf": _erf,
    "Flatten": flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": global_average,
    "Identity": _same,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": _layer(lambda n: library.LeakyReLU(_shorter(n.attributes.get("alpha", 0.01)))),
    "MatMul": _matmul,
    "Max": _max,
    "MaxPool": _pool(library.MaxPool2d),
    "Mul": _arithmetic,
    "ReduceMean": reduce_mean,
    "Relu": _layer(lambda n: library.ReLU()),
    "Reshape": reshape,
    "Sigmoid": _layer(lambda n: library.Sigmoid()),
    "Softmax": _softmax,
    "Squeeze": squeeze,
    "Sub": _arithmetic,
    "Swish": _swish,
    "Tanh": _layer(lambda n: library.Tanh()),
}
"""How each operator is read."""
HINTS = {
    "LogSoftmax": "export the network without it, because softmax cross-entropy takes logits",
}
"""What to do about operators that are often met and are no layer of Glassnet."""
