"""A model from an ONNX file: the graph is walked once, and each node is a layer or a constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.errors import CheckpointError, GlassnetError
from glassnet.interop.certificate import Certificate
from glassnet.interop.from_onnx.checking import compared
from glassnet.interop.from_onnx.constants import fold
from glassnet.interop.from_onnx.file import read_model
from glassnet.interop.from_onnx.graph import Ends, needed
from glassnet.interop.from_onnx.layouts import identity
from glassnet.interop.from_onnx.node import ANY_BATCH, Node
from glassnet.interop.from_onnx.operators import READERS
from glassnet.interop.from_onnx.steps import LogSoftmax, Relaid, Step, finished, of_constants
from glassnet.interop.from_onnx.values import Value
from glassnet.interop.incoming import Imported
from glassnet.layers import Layer


@dataclass(frozen=True)
class FromOnnx:
    """What an ONNX file gave."""

    imported: Imported
    input_shape: Shape
    certificate: Certificate


def import_onnx(
    path: str | Path, input_shape: Shape | None = None, output: str | None = None
) -> FromOnnx:
    """Read an ONNX file whose operators are Glassnet's layers, and compare the outputs.

    Parameters
    ----------
    path : path
    input_shape : tuple of int, optional
        Of one sample, where the file does not say it.
    output : str, optional
        Which output is read, where there are several.

    Raises
    ------
    CheckpointError
        If the file is not ONNX, too large, or has an operator that no layer is; it is named.

    Examples
    --------
    >>> import tempfile
    >>> from glassnet.interop import export
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.Tanh()).initialize(seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = export(model, (2,), "onnx", f"{folder}/net.onnx").files[0]
    ...     found = import_onnx(file)
    >>> found.imported.model, found.certificate.ok
    (Sequential(
      (0) Linear(2, 3, True)
      (1) Tanh()
    ), True)
    """
    path = Path(path)
    proto = read_model(path)
    ends = Ends.of(proto.graph, path, input_shape, output)
    reading = _Reading.of(proto, path, ends)
    result = reading.result()
    steps, notes = list(result.steps), reading.notes
    if ends.note:
        notes.append(ends.note)
    if ends.batch != ANY_BATCH:
        notes.append(f"any batch size, where the file has {ends.batch}")
    if logarithm := bool(steps) and isinstance(steps[-1], LogSoftmax):
        notes.append("logits as outputs: the LogSoftmax at the end is left out, as losses take it")
        steps.pop()
    order = None
    if steps and isinstance(steps[0], Relaid):
        order = steps.pop(0).order  # type: ignore[union-attr]
        notes.append(f"samples of shape {order.shape}, where the file takes {ends.shape}")
    shape: Shape = ends.shape if order is None else order.shape
    model = _model(steps, shape, path)
    if any(of_constants(layer) for layer in model.modules()):
        notes.append("constants as a batch normalisation, which does the same only in evaluation")
    if result.order is not None:
        notes.append(f"outputs of shape {result.own}, where the file gives {result.shape}")
    if ends.dtype == np.float64:
        model.astype(np.float64)
    values = [value for value in reading.values.values() if isinstance(value, Value)]
    largest = max(np.prod(value.shape, dtype=float) for value in values)
    certificate = compared(
        proto, path.name, ends, model, largest, order=order, logarithm=logarithm,
        output_shape=result.shape,
    )  # fmt: skip
    return FromOnnx(Imported(model, tuple(dict.fromkeys(notes))), shape, certificate)


def _model(steps: list[Step], shape: Shape, path: Path) -> Layer:
    try:
        return finished(steps, shape)
    except ValueError as error:
        raise CheckpointError(f"{path} {error}; Glassnet has no such layer") from error


@dataclass
class _Reading:
    """The values of a graph by name, while its nodes are read."""

    graph: Any
    path: Path
    ends: Ends
    opset: int
    values: dict[str, Value | Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model: Any, path: Path, ends: Ends) -> _Reading:
        from onnx import numpy_helper

        opset = next(e.version for e in model.opset_import if e.domain in ("", "ai.onnx"))
        found = cls(model.graph, path, ends, opset)
        try:
            for tensor in model.graph.initializer:
                found.values[tensor.name] = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError) as error:
            raise CheckpointError(f"{path} has damaged weights ({error}); export it anew") from (
                error
            )
        found.values[ends.input] = Value((), ends.shape)
        return found

    def result(self) -> Value:
        """Read every node that the output needs, and return the output."""
        for number, node in needed(self.graph, self.ends.output):
            try:
                self._read(node)
            except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
                where = f"{self.path}, node {number} ({node.name or node.op_type}, {node.op_type})"
                said = (
                    str(error) if isinstance(error, (ValueError, GlassnetError)) else "is unusual"
                )
                raise CheckpointError(
                    f"{where} {' '.join(said.split())[:300]}; Glassnet has no such layer"
                ) from error
        result = self.values.get(self.ends.output)
        if not isinstance(result, Value):
            raise CheckpointError(f"{self.path} gives an output that does not depend on its input")
        if result.order is not None and not identity(result.order):
            raise CheckpointError(
                f"{self.path} gives its outputs, of shape {result.shape}, in another order than "
                f"Glassnet, {result.own}; cut the last Transpose off"
            )
        return result

    def _read(self, node: Any) -> None:
        from onnx import helper

        if node.domain not in ("", "ai.onnx") and node.op_type != "Scaler":
            raise ValueError(f"is an operator of {node.domain}, not of ONNX itself")
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if any(name and name not in self.values for name in node.input):
            raise ValueError("takes a value that is not known")
        inputs = tuple(self.values[name] if name else None for name in node.input)
        output = node.output[0]
        if node.op_type == "Constant":
            self.values[output] = _constant(attributes)
        elif node.op_type == "Shape" and inputs and isinstance(inputs[0], Value):
            whole = np.array([self.ends.batch, *inputs[0].shape], np.int64)
            self.values[output] = whole[attributes.get("start", 0) : attributes.get("end")]
        elif any(isinstance(value, Value) for value in inputs):
            self.values[output] = self._layer(node, inputs, attributes)
        else:
            dtype = (
                helper.tensor_dtype_to_np_dtype(attributes["to"]) if "to" in attributes else None
            )
            made = fold(node.op_type, inputs, attributes, dtype)
            if made is None:
                raise ValueError("computes constants in a way that is not read")
            self.values[output] = made

    def _layer(self, proto: Any, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Value:
        kind = proto.op_type
        if kind not in READERS:
            raise ValueError("is an operator that is not read")
        node = Node(
            kind, proto.name or kind, inputs, attributes, self.opset, self.ends.batch,
            self.ends.shape, self.notes,
        )  # fmt: skip
        return READERS[kind](node)


def _kind(number: int) -> str:
    """Return what ONNX calls a type of elements."""
    from onnx import TensorProto

    known: dict[int, str] = {value: name for name, value in TensorProto.DataType.items()}
    return known.get(number, f"elements of an unknown type ({number})")


def _constant(attributes: Mapping[str, Any]) -> Array:
    from onnx import numpy_helper

    name, value = next(iter(attributes.items()))
    if name == "value":
        return np.asarray(numpy_helper.to_array(value))
    if name in ("value_int", "value_ints", "value_float", "value_floats"):
        return np.asarray(value, np.int64 if "int" in name else np.float32)
    raise ValueError(f"has its constant as {name}")
