"""What is known of a value of an ONNX graph while it is read.

A value is the steps that lead to it from the input. Where two of them are added, what their lists
share is the way to the fork, and what follows are the two ways of a `Residual`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.errors import CheckpointError
from glassnet.interop.from_onnx.layouts import identity, in_own_order, reordered
from glassnet.interop.from_onnx.steps import Affine, Relaid, Step, finished, shape_after
from glassnet.layers import Layer, Residual
from glassnet.layers.activations import Activation

MOST_VALUES = 1 << 24
"""Of one sample between two layers."""
MOST_MOVED = 1 << 21
"""The same, where values are in another order than Glassnet's."""


@dataclass(frozen=True)
class Value:
    """A value that depends on the input.

    Attributes
    ----------
    steps : tuple
        From the input to here.
    shape : tuple of int
        Of one sample, as the file has it.
    order : ndarray of int, optional
        Where each value of the file's sample stands in ours, which the steps make; None where that
        is the same place in the same shape.
    own : tuple of int, optional
        The shape of our sample, where there is an order.
    averaged : bool
        Whether the last step is the mean of whole images, kept as images of one pixel.
    """

    steps: tuple[Step, ...]
    shape: Shape
    order: Array | None = None
    own: Shape = ()
    averaged: bool = False

    def then(self, layer: Layer) -> Value:
        """Return the value after a layer."""
        if self.order is not None:
            if isinstance(layer, Activation) and not isinstance(layer, library.Softmax):
                return replace(self, steps=(*self.steps, layer), averaged=False)
            layer = reordered(layer, self.order, self.own)
            kept = None if isinstance(layer, library.Linear) else self.order
            after = shape_after([layer], self.shape)
            return Value((*self.steps, layer), after, kept, self.own if kept is not None else ())
        shape = shape_after([layer], self.shape)
        if np.prod(shape, dtype=float) > MOST_VALUES:
            raise CheckpointError(
                f"a layer gives {shape} values for each sample, more than the {MOST_VALUES:,} "
                "that are read"
            )
        return Value((*self.steps, layer), shape)

    def affine(self, scale: Array | float, offset: Array | float) -> Value:
        """Return the value times and plus constants, given without the batch's axis."""
        s, o = np.asarray(scale, np.float64), np.asarray(offset, np.float64)
        if np.broadcast_shapes(s.shape, o.shape, self.shape) != self.shape:
            raise ValueError(f"constants of shape {s.shape or o.shape} enlarge {self.shape}")
        if self.order is not None:
            s, o = (in_own_order(values, self.order, self.own) for values in (s, o))
        steps = self.steps
        if steps and isinstance(last := steps[-1], Affine):
            s, o, steps = last.scale * s, last.offset * s + o, steps[:-1]
        return replace(self, steps=(*steps, Affine(s, o)), averaged=False)

    def moved(self, order: Array) -> Value:
        """Return the value with the same numbers elsewhere.

        Parameters
        ----------
        order : ndarray of int
            In the new shape: where each number stands in the file's sample now.
        """
        own = self.own if self.order is not None else self.shape
        if self.order is not None:
            order = self.order.ravel()[order]
        straight = identity(order)
        if straight and order.shape == own:
            return Value(self.steps, own)
        if order.size > MOST_MOVED:
            raise ValueError(f"moves {order.size:,} values of each sample, too many")
        if order.ndim == 1 and len(own) > 1:
            way = library.GlobalAvgPool2d() if self.averaged else library.Flatten()
            steps = self.steps[:-1] if self.averaged else self.steps
            flat = Value((*steps, way), order.shape)
            return flat if straight else replace(flat, order=order, own=order.shape)
        if all(isinstance(step, (Affine, Activation, Relaid)) for step in self.steps):
            return self._from_the_input(order, own)
        return Value(self.steps, order.shape, order, own, self.averaged and straight)

    def _from_the_input(self, order: Array, own: Shape) -> Value:
        """Return the value where samples have the new layout from the beginning."""
        whole = order
        steps: list[Step] = []
        for step in self.steps:
            if isinstance(step, Relaid):
                whole = step.order.ravel()[order]
            elif isinstance(step, Affine):
                full = (np.broadcast_to(a, own).ravel()[order] for a in (step.scale, step.offset))
                steps.append(Affine(*full))
            elif isinstance(step, library.Softmax):
                raise ValueError("moves values after a Softmax")
            else:
                steps.append(step)
        return Value((Relaid(whole), *steps), order.shape)

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
    if (a.order is None) != (b.order is None) or (
        a.order is not None and not np.array_equal(a.order, b.order)  # type: ignore[arg-type]
    ):
        raise ValueError(f"adds samples of shape {a.shape} in two orders of memory")
    shared, body, direct = a.fork(b)
    before = shape_after(shared, input_shape)
    if not body:
        body, direct = direct, body
    ways = [finished(steps, before) for steps in (body, direct)]
    block = Residual(ways[0], ways[1] if direct else None)
    return replace(a, steps=(*shared, block), averaged=False)
