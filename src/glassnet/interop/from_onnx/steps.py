"""What leads from the input of an ONNX graph to a value: layers, and what is not yet one.

Files write as several operators what is one layer, so that some steps only become clear by what
follows: constants are folded into a layer beside them, zeros around an image into a convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.layers import Layer, Sequential


@dataclass(frozen=True, eq=False)
class Affine:
    """x · scale + offset by constants, to be folded into the layer before or after, or made one."""

    scale: Array
    offset: Array


@dataclass(frozen=True, eq=False)
class Erf:
    """The error function, which only a GELU is read from."""


@dataclass(frozen=True, eq=False)
class LogSoftmax:
    """The logarithm of probabilities; at the end it is left out, as losses take logits."""


@dataclass(frozen=True, eq=False)
class Zeros:
    """Zeros around images (top, left, bottom, right), which only convolutions take."""

    pads: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Relaid:
    """The input in another layout: samples of that shape are the file's, taken in that order.

    Attributes
    ----------
    order : ndarray of int
        For each value of a sample the place where the file's sample has it.
    """

    order: Array


Step = Layer | Affine | Erf | LogSoftmax | Zeros | Relaid
UNFINISHED = {
    Erf: "has an Erf that is not part of a GELU",
    LogSoftmax: "has a LogSoftmax before its end",
    Zeros: "puts zeros around something that no convolution takes then",
    Relaid: "takes its input in two layouts",
}
"""What is wrong where such a step is left."""


def shape_after(steps: Sequence[Step], shape: Shape) -> Shape:
    """Return the shape of a sample after steps."""
    for step in steps:
        if isinstance(step, Layer):
            shape = tuple(int(n or 0) for n in step.output_shape(shape) or ())
        elif isinstance(step, Relaid):
            shape = step.order.shape
        elif isinstance(step, Zeros):
            shape = padded(shape, step.pads)
    return shape


def padded(shape: Shape, pads: Sequence[int]) -> Shape:
    """Return the shape of an image with zeros around it."""
    channels, height, width = shape
    return channels, height + pads[0] + pads[2], width + pads[1] + pads[3]


def finished(steps: Sequence[Step], shape: Shape) -> Sequential:
    """Return the layers, without what only reading needed.

    Raises
    ------
    ValueError
        If a step is left that no layer takes.
    """
    done: list[Layer] = []
    waiting: Affine | None = None
    for step in steps:
        if isinstance(step, Affine):
            waiting = step
            continue
        if not isinstance(step, Layer):
            raise ValueError(UNFINISHED[type(step)])
        layer = step
        if waiting is not None:
            layer = _put_affine(done, waiting, shape, step) or step
            waiting = None
        done.append(layer)
        shape = shape_after([layer], shape)
    if waiting is not None:
        _put_affine(done, waiting, shape, None)
    return Sequential(*done)


def of_constants(layer: Any) -> bool:
    """Whether a batch normalisation does nothing but multiply by constants and add some."""
    return (
        isinstance(layer, (library.BatchNorm1d, library.BatchNorm2d))
        and not np.any(layer.running_mean.value)
        and bool(np.all(layer.running_var.value == np.float32(1 - layer.eps)))
    )


def _put_affine(done: list[Layer], step: Affine, shape: Shape, after: Layer | None) -> Layer | None:
    """Fold constants into the layer before, or the one after, which is then returned.

    Where neither is one that takes them, they become a batch normalisation that does what they do.
    """
    scale, offset = (_per_channel(values, shape) for values in (step.scale, step.offset))
    if np.all(scale == 1) and not np.any(offset):
        return None
    if done and isinstance(done[-1], (library.Linear, library.Conv2d)):
        done[-1] = _scaled_after(done[-1], scale, offset)
        return None
    if isinstance(after, library.Linear) or (
        isinstance(after, library.Conv2d) and not (any(after.padding) and np.any(offset))
    ):
        return _scaled_before(after, scale, offset)
    kind = library.BatchNorm1d if len(shape) == 1 else library.BatchNorm2d
    layer = kind(shape[0])
    layer.running_var.value = np.full(shape[0], 1 - layer.eps)
    layer.weight.value, layer.bias.value = scale, offset
    done.append(layer)
    return None


def _scaled_after(layer: Any, scale: Array, offset: Array) -> Layer:
    """Return a Linear or Conv2d whose output is scaled and shifted: s (W x + b) + o."""
    weight: Array = layer.weight.value
    bias = 0.0 if layer.bias is None else layer.bias.value
    return with_weights(
        layer, weight * scale.reshape((-1,) + (1,) * (weight.ndim - 1)), bias * scale + offset
    )


def _scaled_before(layer: Any, scale: Array, offset: Array) -> Layer:
    """Return a Linear or Conv2d whose input is scaled and shifted: W (s x + o) + b."""
    weight: Array = layer.weight.value
    per_input = (1, -1) + (1,) * (weight.ndim - 2)
    shift = (weight * offset.reshape(per_input)).sum(axis=tuple(range(1, weight.ndim)))
    bias = 0.0 if layer.bias is None else layer.bias.value
    return with_weights(layer, weight * scale.reshape(per_input), bias + shift)


def with_weights(layer: Any, weight: Array, bias: Array) -> Layer:
    """Return a Linear or Conv2d like another with other weights, and with a bias."""
    new: Any = type(layer)(**(layer.arguments() | {"bias": True}))
    new.weight.value, new.bias.value = weight, bias
    return new  # type: ignore[no-any-return]


def _per_channel(values: Array, shape: Shape) -> Array:
    """Return one value a channel (a feature), where that is what the constants are."""
    full = np.broadcast_to(values, shape)
    first = full.reshape(shape[0], -1)[:, :1]
    if np.any(full.reshape(shape[0], -1) != first):
        raise ValueError("has constants that differ from pixel to pixel")
    return np.array(first[:, 0])
