"""Each ONNX operator that a layer of Glassnet is, and how it is read.

A reader gets the node with its inputs, constants as arrays and all else as `Value`, and gives a
`Value`. It raises `ValueError` with what is unusual about the node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.interop.from_onnx.arithmetic import (
    arithmetic,
    clip,
    concat,
    maximum,
    negative,
    prelu,
    scaler,
)
from glassnet.interop.from_onnx.node import Node
from glassnet.interop.from_onnx.shapes import (
    flatten,
    global_pool,
    reduced,
    reshape,
    squeeze,
    transpose,
    unsqueeze,
)
from glassnet.interop.from_onnx.steps import Erf, LogSoftmax
from glassnet.interop.from_onnx.values import Value
from glassnet.interop.from_onnx.windows import conv, pad, pool
from glassnet.layers import Layer

Reader = Callable[[Node], Value]
FLOATING = (1, 10, 11, 16)
"""ONNX's numbers for float, float16, double and bfloat16."""


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


def _erf(node: Node) -> Value:
    x = node.value()
    return replace(x, steps=(*x.steps, Erf()), averaged=False)


def _log_softmax(node: Node) -> Value:
    x = _softmax(node)
    return replace(x, steps=(*x.steps[:-1], LogSoftmax()))


def _log(node: Node) -> Value:
    """Read Log of a softmax, which older exporters write."""
    x = node.value()
    if not x.steps or not isinstance(x.steps[-1], library.Softmax):
        raise ValueError("takes the logarithm of something else than a Softmax")
    return replace(x, steps=(*x.steps[:-1], LogSoftmax()))


def _cast(node: Node) -> Value:
    if node.attributes.get("to") not in FLOATING:
        raise ValueError("makes whole numbers of values that depend on the data")
    return node.value()


def _celu(node: Node) -> Value:
    node.refuse(alpha=1.0)
    return node.value().then(library.ELU())


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
    "Add": arithmetic,
    "AveragePool": pool(library.AvgPool2d),
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Celu": _celu,
    "Clip": clip,
    "Concat": concat,
    "Conv": conv,
    "Div": arithmetic,
    "Dropout": _same,
    "Elu": _layer(lambda n: library.ELU(_shorter(n.attributes.get("alpha", 1.0)))),
    "Erf": _erf,
    "Flatten": flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": global_pool(library.AvgPool2d),
    "GlobalMaxPool": global_pool(library.MaxPool2d),
    "Identity": _same,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": _layer(lambda n: library.LeakyReLU(_shorter(n.attributes.get("alpha", 0.01)))),
    "Log": _log,
    "LogSoftmax": _log_softmax,
    "MatMul": _matmul,
    "Max": maximum,
    "MaxPool": pool(library.MaxPool2d),
    "Mul": arithmetic,
    "Neg": negative,
    "PRelu": prelu,
    "Pad": pad,
    "ReduceMax": reduced(library.MaxPool2d),
    "ReduceMean": reduced(library.AvgPool2d),
    "Relu": _layer(lambda n: library.ReLU()),
    "Reshape": reshape,
    "Scaler": scaler,
    "Sigmoid": _layer(lambda n: library.Sigmoid()),
    "Softmax": _softmax,
    "Squeeze": squeeze,
    "Sub": arithmetic,
    "Swish": _swish,
    "Tanh": _layer(lambda n: library.Tanh()),
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
"""How each operator is read."""
