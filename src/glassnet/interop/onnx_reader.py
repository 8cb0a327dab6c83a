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
from glassnet.interop.certify import SAMPLES
from glassnet.interop.incoming import Imported
from glassnet.interop.onnx_constants import fold
from glassnet.interop.onnx_file import read_model
from glassnet.interop.onnx_node import ANY_BATCH, Node
from glassnet.interop.onnx_operators import HINTS, READERS
from glassnet.interop.onnx_running import certify_onnx
from glassnet.interop.onnx_values import MOST_VALUES, Value, finished
from glassnet.layers import Layer


@dataclass(frozen=True)
class FromOnnx:
    """What an ONNX file gave."""

    imported: Imported
    input_shape: Shape
    certificate: Certificate


def import_onnx(path: str | Path) -> FromOnnx:
    """Read an ONNX file whose operators are Glassnet's layers, and compare the outputs.

    Parameters
    ----------
    path : path

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
    graph = _Graph.of(proto, path)
    model = graph.read()
    if graph.dtype == np.float64:
        model.astype(np.float64)
    certificate = _certify(proto, graph, model)
    assumed = []
    if graph.batch != ANY_BATCH:
        assumed.append(f"any batch size, where the file has {graph.batch}")
    return FromOnnx(Imported(model, tuple(assumed)), graph.input_shape, certificate)


@dataclass
class _Graph:
    """The values of a graph by name, while its nodes are read."""

    proto: Any
    path: Path
    input_name: str
    input_shape: Shape
    batch: int
    dtype: np.dtype[Any]
    opset: int
    values: dict[str, Value | Array] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Any, path: Path) -> _Graph:
        from onnx import helper, numpy_helper

        graph = model.graph
        constants = {tensor.name: tensor for tensor in graph.initializer}
        inputs = [entry for entry in graph.input if entry.name not in constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise CheckpointError(
                f"{path} has {len(inputs)} inputs and {len(graph.output)} outputs; only networks "
                "with one of each are read"
            )
        entry = inputs[0].type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else 0 for d in entry.shape.dim]
        if len(dims) not in (2, 4) or min(dims[1:]) < 1:
            raise CheckpointError(
                f"{path} does not say the shape of its samples, or it is neither flat nor that of "
                f"images ({dims}); export it with a fixed shape, only the batch's axis dynamic"
            )
        if entry.elem_type not in (1, 11):
            raise CheckpointError(
                f"{path} takes {_kind(entry.elem_type)}; only float and double are read"
            )
        opset = next(e.version for e in model.opset_import if e.domain in ("", "ai.onnx"))
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(entry.elem_type))
        shape = tuple(dims[1:])
        found = cls(graph, path, inputs[0].name, shape, dims[0] or ANY_BATCH, dtype, opset)
        try:
            found.values.update({n: numpy_helper.to_array(t) for n, t in constants.items()})
        except (ValueError, TypeError, KeyError) as error:
            raise CheckpointError(f"{path} has damaged weights ({error}); export it anew") from (
                error
            )
        found.values[inputs[0].name] = Value((), shape)
        return found

    def read(self) -> Layer:
        """Read every node in order, and return the layers that lead to the output."""
        for number, node in enumerate(self.proto.node):
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
        result = self.values.get(self.proto.output[0].name)
        if not isinstance(result, Value):
            raise CheckpointError(f"{self.path} gives an output that does not depend on its input")
        try:
            return finished(result.steps, self.input_shape)
        except ValueError as error:
            raise CheckpointError(f"{self.path} {error}; Glassnet has no such layer") from error

    def _read(self, node: Any) -> None:
        from onnx import helper

        if node.domain not in ("", "ai.onnx"):
            raise ValueError(f"is an operator of {node.domain}, not of ONNX itself")
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if any(name and name not in self.values for name in node.input):
            raise ValueError("takes a value that is not known")
        inputs = tuple(self.values[name] if name else None for name in node.input)
        output = node.output[0]
        if node.op_type == "Constant":
            self.values[output] = _constant(attributes)
        elif node.op_type == "Shape" and inputs and isinstance(inputs[0], Value):
            whole = np.array([self.batch, *inputs[0].shape], np.int64)
            self.values[output] = whole[attributes.get("start", 0) : attributes.get("end")]
        elif any(isinstance(value, Value) for value in inputs):
            self.values[output] = self._layer(node.op_type, inputs, attributes)
        else:
            dtype = (
                helper.tensor_dtype_to_np_dtype(attributes["to"]) if "to" in attributes else None
            )
            made = fold(node.op_type, inputs, attributes, dtype)
            if made is None:
                raise ValueError("computes constants in a way that is not read")
            self.values[output] = made

    def _layer(self, kind: str, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Value:
        if kind not in READERS:
            hint = f" ({HINTS[kind]})" if kind in HINTS else ""
            raise ValueError(f"is an operator that is not read{hint}")
        node = Node(kind, inputs, attributes, self.opset, self.batch, self.input_shape)
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


def _certify(proto: Any, graph: _Graph, model: Layer) -> Certificate:
    """Compare the model's outputs with those of the file, on as many samples as memory takes."""
    values = [value for value in graph.values.values() if isinstance(value, Value)]
    largest = max(np.prod(value.shape, dtype=float) for value in values)
    samples = int(max(1, min(SAMPLES, MOST_VALUES // largest)))
    any_batch = graph.batch == ANY_BATCH
    if not any_batch and graph.batch > samples:
        reason = f"outputs, because the file takes batches of {graph.batch:,} only"
        return Certificate(graph.path.name, unchecked=[reason])
    size = samples if any_batch else graph.batch
    x = np.random.default_rng(0).normal(size=(size, *graph.input_shape)).astype(graph.dtype)
    return certify_onnx(
        proto.SerializeToString(), x, model.predict(x), graph.path.name,
        opset=graph.opset, any_batch=any_batch,
    )  # fmt: skip
