"""Reading convolutions and poolings.

A convolution with groups, with dilation, or with more zeros on one side than on the other is one
without, whose kernels have zeros in the places that it does not look at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.interop.from_onnx.node import Node
from glassnet.interop.from_onnx.steps import Zeros, padded
from glassnet.interop.from_onnx.values import Value
from glassnet.layers import Layer

MOST_WEIGHTS = 1 << 26
"""Of a convolution after zeros have been put into its kernels."""


def conv(node: Node) -> Value:
    """Read Conv."""
    x, weight, bias = node.value(), node.array(1), node.constant(2)
    if weight.ndim != 4:
        raise ValueError(f"has kernels of shape {weight.shape[2:]}, not of images")
    node.refuse(kernel_shape=list(weight.shape[2:]))
    groups, gaps = int(node.attributes.get("group", 1)), node.attributes.get("dilations", [1, 1])
    span = [(k - 1) * gap + 1 for k, gap in zip(weight.shape[2:], gaps, strict=True)]
    stride, pads = _stride(node), _pads(node, span)
    if x.steps and isinstance(zeros := x.steps[-1], Zeros):
        shape = padded(x.shape, [-n for n in zeros.pads])
        pads = [a + b for a, b in zip(pads, zeros.pads, strict=True)]
        x = Value(x.steps[:-1], shape)
    padding = [max(pads[i], pads[i + 2]) for i in (0, 1)]
    if min(pads) < 0 or groups < 1 or min(gaps) < 1 or weight.shape[0] % groups:
        raise ValueError(f"has pads = {pads}, group = {groups} and dilations = {list(gaps)}")
    wider = [span[i] + 2 * padding[i] - pads[i] - pads[i + 2] for i in (0, 1)]
    shape = (weight.shape[0], weight.shape[1] * groups, *wider)
    if shape != weight.shape:
        if np.prod(shape, dtype=float) > MOST_WEIGHTS:
            raise ValueError(f"needs kernels of shape {shape}, too large")
        first = [padding[i] - pads[i] for i in (0, 1)]
        weight = _with_zeros(weight, shape, groups, first, gaps)
        node.notes.append(
            "zeros in kernels in place of groups, dilation or uneven padding; training would "
            "change them"
        )
    layer = library.Conv2d(shape[1], shape[0], shape[2:], stride, padding, bias is not None)
    layer.weight.value = weight
    if layer.bias is not None and bias is not None:
        layer.bias.value = bias
    return x.then(layer)


def _with_zeros(
    weight: Array, shape: Sequence[int], groups: int, first: Sequence[int], gaps: Sequence[int]
) -> Array:
    """Return kernels of a larger shape that compute the same."""
    wide = np.zeros(shape, weight.dtype)
    outputs, inputs, height, width = weight.shape
    rows, columns = (
        slice(first[i], first[i] + (n - 1) * gaps[i] + 1, gaps[i])
        for i, n in enumerate((height, width))
    )
    each = outputs // groups
    for group in range(groups):
        own = slice(group * each, (group + 1) * each)
        wide[own, group * inputs : (group + 1) * inputs, rows, columns] = weight[own]
    return wide


def pad(node: Node) -> Value:
    """Read Pad: zeros around images."""
    node.refuse(mode=b"constant")
    x = node.value()
    given = node.attributes.get("pads")
    pads = np.ravel(node.array(1) if given is None else given).astype(int).tolist()
    axes = node.constant(3)
    filling = node.attributes.get("value", 0.0) if given is not None else node.constant(2)
    if filling is not None and np.any(filling):
        raise ValueError(f"puts {float(np.ravel(filling)[0])} around its input, not zeros")
    whole = np.zeros((2, len(x.shape) + 1), int)
    chosen = slice(None) if axes is None else np.ravel(axes).astype(int)
    whole[:, chosen] = np.reshape(pads, (2, -1))
    if not whole.any():
        return x
    if len(x.shape) != 3 or x.order is not None or whole[:, :2].any() or whole.min() < 0:
        raise ValueError(f"has pads = {pads}, and only those around images are read")
    around = tuple(whole[:, 2:].ravel().tolist())
    if x.steps and isinstance(x.steps[-1], Zeros):
        raise ValueError("pads what is padded already")
    return Value((*x.steps, Zeros(around)), padded(x.shape, around))


def pool(kind: Callable[..., Layer]) -> Callable[[Node], Value]:
    """Return a reader of MaxPool or AveragePool."""

    def read(node: Node) -> Value:
        x = node.value()
        kernel = list(node.attributes.get("kernel_shape", []))
        if len(kernel) != 2:
            raise ValueError(f"has windows of shape {tuple(kernel)}, not of images")
        node.refuse(dilations=[1, 1], storage_order=0)
        stride, pads = _stride(node), _pads(node, kernel)
        if pads[:2] != pads[2:]:
            raise ValueError(f"has other padding on one side than on the other ({pads})")
        sizes = zip(x.shape[1:], kernel, stride, pads[:2], strict=True)
        if node.attributes.get("ceil_mode", 0) and any((n + 2 * p - k) % s for n, k, s, p in sizes):
            raise ValueError("has ceil_mode = 1, and windows that reach over the edge")
        counts = node.attributes.get("count_include_pad", 0)
        if node.kind == "AveragePool" and any(pads) and not counts:
            raise ValueError("has count_include_pad = 0 and padding")
        return x.then(kind(tuple(kernel), stride, tuple(pads[:2])))

    return read


def _stride(node: Node) -> tuple[int, ...]:
    return tuple(node.attributes.get("strides", [1, 1]))


def _pads(node: Node, kernel: Sequence[int]) -> list[int]:
    """Return the padding: top, left, bottom, right."""
    pads = list(node.attributes.get("pads", [0, 0, 0, 0]))
    auto = node.attributes.get("auto_pad", b"NOTSET")
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        sizes = zip(node.value().shape[1:], kernel, _stride(node), strict=True)
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sizes]
        less, more = [n // 2 for n in total], [n - n // 2 for n in total]
        pads = [*less, *more] if auto == b"SAME_UPPER" else [*more, *less]
    elif auto == b"VALID":
        pads = [0, 0, 0, 0]
    elif auto != b"NOTSET":
        raise ValueError(f"has auto_pad = {auto!r}")
    if len(pads) != 4:
        raise ValueError(f"has pads = {pads}, not those of images")
    return [int(n) for n in pads]
