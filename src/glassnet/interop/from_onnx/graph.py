"""Which part of an ONNX graph is read: from which input to which output, by which nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Shape
from glassnet.errors import CheckpointError
from glassnet.interop.from_onnx.node import ANY_BATCH

FLOATS = (1, 11)
"""ONNX's numbers for float and double."""


@dataclass(frozen=True)
class Ends:
    """Input and output of what is read.

    Attributes
    ----------
    input : str
        Its name.
    shape : tuple of int
        Of one sample.
    batch : int
        The size of the batch that the file is for; `ANY_BATCH` where it is for any.
    dtype : numpy.dtype
    output : str
        The name of the value that is read.
    note : str
        What should be known of the choice.
    """

    input: str
    shape: Shape
    batch: int
    dtype: np.dtype[Any]
    output: str
    note: str = ""

    @classmethod
    def of(cls, graph: Any, path: Path, shape: Shape | None, output: str | None) -> Ends:
        """Return the only input and the chosen output of a graph.

        Raises
        ------
        CheckpointError
            If they are not to be told, or none that are read.
        """
        from onnx import helper

        constants = {tensor.name for tensor in graph.initializer}
        inputs = [entry for entry in graph.input if entry.name not in constants]
        if len(inputs) != 1:
            raise CheckpointError(
                f"{path} has {len(inputs)} inputs; only networks with one are read"
            )
        entry = inputs[0].type.tensor_type
        if entry.elem_type not in FLOATS:
            raise CheckpointError(
                f"{path} takes {_kind(entry.elem_type)}; only float and double are read"
            )
        sizes = [d.dim_value if d.HasField("dim_value") else 0 for d in entry.shape.dim]
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(entry.elem_type))
        chosen, note = _chosen(graph, path, output)
        known = _sample_shape(sizes, shape, path)
        batch = sizes[0] if sizes and sizes[0] > 0 else ANY_BATCH
        return cls(inputs[0].name, known, batch, dtype, chosen, note)


def _kind(number: int) -> str:
    """Return what ONNX calls a type of elements."""
    from onnx import TensorProto

    known: dict[int, str] = {value: name for name, value in TensorProto.DataType.items()}
    return known.get(number, f"elements of an unknown type ({number})")


def _sample_shape(sizes: Sequence[int], given: Shape | None, path: Path) -> Shape:
    """Return the shape of a sample, by the file and by what is given beside it."""
    said = tuple(sizes[1:])
    if given is None:
        if not said or min(said) < 1:
            shown = " × ".join(str(n or "?") for n in sizes) or "nothing"
            raise CheckpointError(
                f"{path} does not say the shape of its samples (it says {shown}); give it, for "
                "instance --input-shape 1,28,28"
            )
        return said
    fits = len(said) == len(given) and all(
        a < 1 or a == b for a, b in zip(said, given, strict=True)
    )
    if said and not fits:
        raise CheckpointError(f"{path} takes samples of shape {said}, not {given}")
    return given


def _chosen(graph: Any, path: Path, wanted: str | None) -> tuple[str, str]:
    """Return the value to be read, and what to say about the choice."""
    maps = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "ZipMap"}
    names = [entry.name for entry in graph.output]
    possible = [
        entry.name
        for entry in graph.output
        if entry.type.tensor_type.elem_type in FLOATS or entry.name in maps
    ]
    if wanted is not None:
        if wanted not in names:
            raise CheckpointError(f"{path} has no output {wanted!r}; there are {', '.join(names)}")
        possible = [wanted]
    if len(possible) != 1:
        raise CheckpointError(
            f"{path} has the outputs {', '.join(names)}; choose one of numbers with --output"
        )
    (name,) = possible
    note = "" if len(names) == 1 else f"the output {name} alone, of {', '.join(names)}"
    return maps.get(name, name), note


def needed(graph: Any, output: str) -> list[tuple[int, Any]]:
    """Return the nodes that an output depends on, with their numbers, in their order."""
    wanted, kept = {output}, []
    for number, node in reversed(list(enumerate(graph.node))):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append((number, node))
    return kept[::-1]
