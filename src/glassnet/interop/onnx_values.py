"""What is known of a value of an ONNX graph while it is read.

A value is the layers that lead to it from the input. Where two of them are added, what their lists
share is the way to the fork, and what follows are the two ways of a `Residual`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.errors import CheckpointError
from glassnet.layers import Layer, Residual, Sequential

MOST_VALUES = 1 << 24
"""Of one sample between two layers."""


@dataclass(frozen=True, eq=False)
class Affine:
    """x · scale + offset by constants, to be folded into the layer before it, or made one."""

    scale: Array
    offset: Array


@dataclass(frozen=True, eq=False)
class Erf:
    """The error function, which only a GELU is read from."""


Step = Layer | Affine | Erf


@dataclass(frozen=True)
class Value:
    """A value that depends on the input.

    Attributes
    ----------
    steps : tuple
        From the input to here.
    shape : tuple of int
        Of one sample.
    averaged : bool
        Whether the last step is the mean of whole images, kept as images of one pixel.
    """

    steps: tuple[Step, ...]
    shape: Shape
    averaged: bool = False

    def then(self, layer: Layer) -> Value:
        """Return the value after a layer."""
        if isinstance(layer, library.Flatten) and len(self.shape) == 1:
            return self
        shape = tuple(int(n or 0) for n in layer.output_shape(self.shape) or ())
        if np.prod(shape, dtype=float) > MOST_VALUES:
            raise CheckpointError(
                f"a layer gives {shape} values for each sample, more than the {MOST_VALUES:,} "
                "that are read"
            )
        if isinstance(layer, library.Flatten) and self.averaged:
            return Value((*self.steps[:-1], library.GlobalAvgPool2d()), shape)
        return Value((*self.steps, layer), shape)

    def affine(self, scale: Array | float, offset: Array | float) -> Value:
        """Return the value times and plus constants, given without the batch's axis."""
        s, o = np.asarray(scale, np.float64), np.asarray(offset, np.float64)
        if np.broadcast_shapes(s.shape, o.shape, self.shape) != self.shape:
            raise ValueError(f"constants of shape {s.shape or o.shape} enlarge {self.shape}")
        steps = self.steps
        if steps and isinstance(last := steps[-1], Affine):
            s, o, steps = last.scale * s, last.offset * s + o, steps[:-1]
        return Value((*steps, Affine(s, o)), self.shape)

    def fork(self, other: Value) -> tuple[tuple[Step, ...], tuple[Step, ...], tuple[Step, ...]]:
        """Return the steps that both share, and those that each has after them."""
        shared = 0
        for a, b in zip(self.steps, other.steps, strict=False):
            if a is not b:
                break
            shared += 1
        return self.steps[:shared], self.steps[shared:], other.steps[shared:]


def added(a: Value, b: Value, input_shape: Shape) -> Value:
    """Return the sum of two values, a `Residual`."""
    if a.shape != b.shape:
        raise ValueError(f"adds samples of shapes {a.shape} and {b.shape}")
    shared, body, direct = a.fork(b)
    before = _shape_after(shared, input_shape)
    if not body:
        body, direct = direct, body
    ways = [finished(steps, before) for steps in (body, direct)]
    block = Residual(ways[0], ways[1] if direct else None)
    return Value((*shared, block), a.shape)


def multiplied(a: Value, b: Value) -> Value:
    """Return the product of two values, where it is a SiLU or a GELU."""
    shared, left, right = a.fork(b)
    if len(left) > len(right):
        left, right = right, left
    x = Value(shared, a.shape)
    if not left and len(right) == 1 and isinstance(right[0], library.Sigmoid):
        return x.then(library.SiLU())
    factor = _factor_of_gelu(left, right)
    if factor is None:
        raise ValueError("multiplies two values, which only SiLU and GELU do")
    return x.then(library.GELU()).affine(factor, 0.0)


def _factor_of_gelu(left: tuple[Step, ...], right: tuple[Step, ...]) -> float | None:
    """Return f where left · right = f · GELU: c x · (k erf(x/√2) + k) = 2 c k x Φ(x)."""
    c = 1.0
    if len(left) == 1 and isinstance(left[0], Affine):
        if left[0].scale.size != 1 or np.any(left[0].offset):
            return None
        c = float(left[0].scale.item())
    elif left:
        return None
    if len(right) != 3 or not isinstance(right[1], Erf):
        return None
    inner, outer = right[0], right[2]
    if not (isinstance(inner, Affine) and isinstance(outer, Affine)):
        return None
    sizes = {number.size for part in (inner, outer) for number in (part.scale, part.offset)}
    if sizes != {1} or inner.offset.item() != 0:
        return None
    k = float(outer.scale.item())
    right_ones = np.isclose(inner.scale.item(), np.sqrt(0.5), rtol=1e-4) and np.isclose(
        outer.offset.item(), k
    )
    return 2 * c * k if right_ones else None


def finished(steps: tuple[Step, ...], shape: Shape) -> Sequential:
    """Return the layers, without what only reading needed.

    Raises
    ------
    ValueError
        If a constant or an error function is left that no layer takes.
    """
    done: list[Layer] = []
    for step in steps:
        if isinstance(step, Erf):
            raise ValueError("has an Erf that is not part of a GELU")
        if isinstance(step, Affine):
            _put_affine(done, step, shape)
        else:
            done.append(step)
            shape = tuple(int(n or 0) for n in step.output_shape(shape) or ())
    return Sequential(*done)


def _put_affine(done: list[Layer], step: Affine, shape: Shape) -> None:
    """Fold constants into the layer before, or make them a batch normalisation that does them."""
    channels = [_per_channel(values, shape) for values in (step.scale, step.offset)]
    if np.all(channels[0] == 1) and not np.any(channels[1]):
        return
    scale, offset = channels
    last = done[-1] if done else None
    if isinstance(last, (library.Linear, library.Conv2d)):
        done[-1] = _folded(last, scale, offset)
        return
    kind = library.BatchNorm1d if len(shape) == 1 else library.BatchNorm2d
    layer = kind(shape[0])
    layer.running_var.value = np.full(shape[0], 1 - layer.eps)
    layer.weight.value, layer.bias.value = scale, offset
    done.append(layer)


def _folded(layer: Any, scale: Array, offset: Array) -> Layer:
    """Return a Linear or Conv2d whose output is scaled and shifted."""
    arguments = layer.arguments() | {"bias": True}
    weight: Array = layer.weight.value
    bias = 0.0 if layer.bias is None else layer.bias.value
    new: Any = type(layer)(**arguments)
    new.weight.value = weight * scale.reshape((-1,) + (1,) * (weight.ndim - 1))
    new.bias.value = bias * scale + offset
    return new  # type: ignore[no-any-return]


def _per_channel(values: Array, shape: Shape) -> Array:
    """Return one value a channel (a feature), where that is what the constants are."""
    full = np.broadcast_to(values, shape)
    first = full.reshape(shape[0], -1)[:, :1]
    if np.any(full.reshape(shape[0], -1) != first):
        raise ValueError("has constants that differ from pixel to pixel")
    return np.array(first[:, 0])


def _shape_after(steps: tuple[Step, ...], shape: Shape) -> Shape:
    for step in steps:
        if isinstance(step, Layer):
            shape = tuple(int(n or 0) for n in step.output_shape(shape) or ())
    return shape
