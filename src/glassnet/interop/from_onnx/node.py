"""One node of an ONNX graph while it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from glassnet.arrays import Array, Shape
from glassnet.interop.from_onnx.values import Value

ANY_BATCH = 1_000_003
"""Stands in shapes for the size of the batch; a prime that no layer has."""


@dataclass(frozen=True)
class Node:
    """One node while it is read."""

    kind: str
    name: str
    inputs: tuple[Value | Array | None, ...]
    attributes: Mapping[str, Any]
    opset: int
    batch: int
    """The size of the batch that the file is for; `ANY_BATCH` where it is for any."""
    input_shape: Shape
    """Of one sample at the input of the whole graph."""
    notes: list[str]
    """What the reader of the whole should know, such as what was assumed."""

    def value(self, index: int = 0) -> Value:
        """Return an input that depends on the graph's input."""
        found = self.inputs[index] if index < len(self.inputs) else None
        if not isinstance(found, Value):
            raise ValueError(f"has a constant as input {index}")
        return found

    def constant(self, index: int) -> Array | None:
        """Return an input that is constant, None where it is left out."""
        found = self.inputs[index] if index < len(self.inputs) else None
        if isinstance(found, Value):
            raise ValueError(f"has an input {index} that depends on the data")
        return found

    def array(self, index: int) -> Array:
        """Return a constant input that must be there."""
        found = self.constant(index)
        if found is None:
            raise ValueError(f"has no input {index}")
        return found

    def refuse(self, **usual: Any) -> None:
        """Raise `ValueError` if an attribute is given with a value other than the usual one."""
        for name, value in usual.items():
            given = self.attributes.get(name, value)
            if given != value:
                given = given.decode(errors="replace") if isinstance(given, bytes) else given
                raise ValueError(f"has {name} = {given}")

    def axis(self, default: int, rank: int) -> int:
        """Return the attribute axis, counted from the front; the batch is axis 0."""
        axis = int(self.attributes.get("axis", default))
        return axis + rank if axis < 0 else axis
