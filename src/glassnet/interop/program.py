"""A model as a list of elementary operations, which every exporter walks.

Containers are gone: a `Sequential` is its layers in order, a `Residual` is both its ways and a sum.
What does nothing in evaluation (Dropout, Identity) is no operation. Values are numbered in the
order in which they are computed; 0 is the input.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.data import Scaling
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers import Layer, Residual, Sequential

NOTHING = (library.Dropout, library.Identity)
"""What hands on its input in evaluation."""
SHARED: frozenset[type[Any]] = frozenset(
    kind
    for name in library.__all__
    if isinstance(kind := getattr(library, name), type) and issubclass(kind, Layer)
) - {Layer}
"""Every layer type that can be exported."""


@dataclass(frozen=True)
class Operation:
    """One elementary computation in evaluation.

    Attributes
    ----------
    kind : type
        A layer type; `Residual` stands for the sum of its two ways, `Scaling` for a scaling.
    name : str
        Where the layer stands in the model, such as ``"3.body.0"``.
    source : Layer or Scaling
    inputs : tuple of int
        Numbers of the values it takes: two for a sum, else one.
    output : int
        Number of the value it makes.
    input_shape, output_shape : tuple of int
        Of one sample.
    """

    kind: type[Any]
    name: str
    source: Any
    inputs: tuple[int, ...]
    output: int
    input_shape: Shape
    output_shape: Shape

    def weights(self) -> dict[str, Array]:
        """Return the arrays it computes with, under the names of the model's `state_dict`."""
        if not isinstance(self.source, Layer) or isinstance(self.source, Residual):
            return {}
        prefix = f"{self.name}." if self.name else ""
        found = {prefix + name: value for name, value in self.source.state_dict().items()}
        found.pop(f"{prefix}num_batches_tracked", None)  # counts, and takes no part
        return found


@dataclass(frozen=True)
class Program:
    """The operations of a model in the order in which they are computed."""

    operations: tuple[Operation, ...]
    input_shape: Shape
    output_shape: Shape
    result: int
    """Number of the value that is the output."""

    @classmethod
    def of(cls, model: Layer, input_shape: Shape, scaling: Scaling | None = None) -> Program:
        """Take a model apart.

        Parameters
        ----------
        model : Layer
        input_shape : tuple of int
            Of one sample.
        scaling : Scaling, optional
            Computed first, so that the program takes samples as they are in the data.

        Raises
        ------
        ConfigError
            If a layer is not Glassnet's own.
        ShapeError
            If the model cannot take such samples.

        Examples
        --------
        >>> model = gn.Sequential(gn.Flatten(), gn.Dropout(), gn.Residual(gn.Linear(4, 4)))
        >>> program = Program.of(model, (2, 2))
        >>> [(op.kind.__name__, op.inputs, op.output) for op in program.operations]
        [('Flatten', (0,), 1), ('Linear', (1,), 2), ('Residual', (2, 1), 3)]
        """
        refuse_own_layers(model)
        model.output_shape(input_shape)
        maker = _Maker()
        value, shape = 0, input_shape
        if scaling is not None:
            _refuse_unfitting(scaling, shape)
            value, shape = maker.add(Scaling, "", scaling, (0,), shape, shape)
        value, shape = maker.lower(model, "", value, shape)
        return cls(tuple(maker.operations), input_shape, shape, value)

    def weights(self) -> dict[str, Array]:
        """Return every array the program computes with, by name."""
        return {name: array for op in self.operations for name, array in op.weights().items()}

    def places(self, in_place: frozenset[type[Any]] = SHARED) -> dict[int, int]:
        """Return for each value the number of a place for it, so that few places suffice.

        A place is free again after the last use of its value. An operation of a kind that is not
        in `in_place` cannot write where it reads.
        """
        last = {self.result: len(self.operations)}
        for i, op in enumerate(self.operations):
            last.update({value: max(i, last.get(value, 0)) for value in op.inputs})
        taken = {0: 0}
        for i, op in enumerate(self.operations):
            held = {
                place
                for value, place in taken.items()
                if value < op.output
                and (last.get(value, -1) > i or (last.get(value) == i and op.kind not in in_place))
            }
            taken[op.output] = next(n for n in range(len(taken) + 1) if n not in held)
        return taken


class _Maker:
    """Numbers the values while the operations are listed."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def add(
        self, kind: type[Any], name: str, source: Any, inputs: tuple[int, ...],
        before: Shape, after: Shape,
    ) -> tuple[int, Shape]:  # fmt: skip
        """List one operation; return number and shape of its output."""
        number = len(self.operations) + 1
        self.operations.append(Operation(kind, name, source, inputs, number, before, after))
        return number, after

    def lower(self, layer: Layer, name: str, value: int, shape: Shape) -> tuple[int, Shape]:
        """List the operations of a layer; return number and shape of its output."""
        inner = f"{name}." if name else ""
        if isinstance(layer, Sequential):
            for number, child in layer.children():
                value, shape = self.lower(child, inner + number, value, shape)
            return value, shape
        if isinstance(layer, Residual):
            body, after = self.lower(layer.body, f"{inner}body", value, shape)
            direct = value
            if layer.shortcut is not None:
                direct, _ = self.lower(layer.shortcut, f"{inner}shortcut", value, shape)
            return self.add(Residual, name, layer, (body, direct), after, after)
        if isinstance(layer, NOTHING):
            return value, shape
        after = tuple(int(size or 0) for size in layer.output_shape(shape) or ())
        return self.add(type(layer), name, layer, (value,), shape, after)


def refuse_own_layers(model: Layer, name: str = "") -> None:
    """Raise `ConfigError` if a layer, or one inside it, is not of a type that others know."""
    if type(model) not in SHARED:
        where = f"layer {name}, a {type(model).__name__}," if name else type(model).__name__
        raise ConfigError(
            f"{where} is a layer of your own and cannot be exported: only its Python code says "
            "what it computes; put layers of Glassnet in its place"
        )
    for number, child in model.children():
        refuse_own_layers(child, f"{name}.{number}" if name else number)


def _refuse_unfitting(scaling: Scaling, shape: Shape) -> None:
    for numbers in (scaling.scale, scaling.offset):
        try:
            fits = np.broadcast_shapes(np.shape(numbers), shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ShapeError(
                f"the scaling is for samples of shape {np.shape(numbers)}, not {shape}; "
                "give the shape that the data have"
            )


def size(shape: Shape) -> int:
    """Return the number of values of one sample."""
    return math.prod(shape)
