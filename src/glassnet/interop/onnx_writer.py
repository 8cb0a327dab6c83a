"""A model as an ONNX graph (opset 17, any batch size)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from glassnet import __version__
from glassnet import layers as library
from glassnet.arrays import Array
from glassnet.data import Scaling
from glassnet.errors import ConfigError
from glassnet.interop.program import Operation, Program

OPSET = 17
"""The first with LayerNormalization, so that each layer is an operator of its own."""
IR_VERSION = 8
"""The file format that belongs to that opset."""


def require_onnx() -> Any:
    """Return the module `onnx`.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise ConfigError(
            "ONNX files need the onnx package; install it with pip install 'glassnet[onnx]'"
        ) from None
    return onnx


class _Graph:
    """Nodes and constants while they are collected."""

    def __init__(self, helper: Any, numpy_helper: Any) -> None:
        self._helper, self._numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, array: Array) -> str:
        """Keep an array under a name."""
        self.constants[name] = self._numpy_helper.from_array(np.asarray(array, np.float32), name)
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add a node; return its output's name."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, inputs, [output], name=name, **attributes))
        return output


Writer = Callable[[_Graph, Operation, list[str], str], None]


def _weights(graph: _Graph, op: Operation, *names: str) -> list[str]:
    prefix = f"{op.name}." if op.name else ""
    known = op.weights()
    return [graph.constant(prefix + n, known[prefix + n]) for n in names if prefix + n in known]


def _window(op: Operation) -> dict[str, list[int]]:
    layer = op.source
    return {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.stride),
        "pads": [*layer.padding, *layer.padding],  # top, left, bottom, right
    }


def _plain(kind: str, **attributes: Any) -> Writer:
    """Return a writer of one node without weights."""

    def write(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
        graph.node(kind, x, y, **attributes)

    return write


def _linear(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("Gemm", [*x, *_weights(graph, op, "weight", "bias")], y, transB=1)


def _conv2d(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("Conv", [*x, *_weights(graph, op, "weight", "bias")], y, **_window(op))


def _max_pool(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("MaxPool", x, y, **_window(op))


def _avg_pool(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("AveragePool", x, y, count_include_pad=1, **_window(op))


def _global_average(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("GlobalAveragePool", x, f"{y}_kept")
    graph.node("Flatten", [f"{y}_kept"], y, axis=1)


def _batch_norm(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    arrays = _weights(graph, op, "weight", "bias", "running_mean", "running_var")
    layer = op.source  # ONNX's momentum is the part that stays
    graph.node(
        "BatchNormalization", [*x, *arrays], y, epsilon=layer.eps, momentum=1 - layer.momentum
    )


def _layer_norm(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    arrays = _weights(graph, op, "weight", "bias")
    graph.node("LayerNormalization", [*x, *arrays], y, axis=1, epsilon=op.source.eps)


def _gelu(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    """Write x/2 · (1 + erf(x/√2)): Gelu is an operator from opset 20 only."""
    graph.node("Mul", [*x, graph.constant("root_half", np.sqrt(0.5))], f"{y}_scaled")
    graph.node("Erf", [f"{y}_scaled"], f"{y}_erf")
    graph.node("Add", [f"{y}_erf", graph.constant("one", np.array(1.0))], f"{y}_twice_phi")
    graph.node("Mul", [*x, f"{y}_twice_phi"], f"{y}_twice")
    graph.node("Mul", [f"{y}_twice", graph.constant("half", np.array(0.5))], y)


def _silu(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("Sigmoid", x, f"{y}_sigmoid")
    graph.node("Mul", [*x, f"{y}_sigmoid"], y)


def _scaling(graph: _Graph, op: Operation, x: list[str], y: str) -> None:
    graph.node("Mul", [*x, graph.constant("scale", op.source.scale)], f"{y}_scaled")
    graph.node("Add", [f"{y}_scaled", graph.constant("offset", op.source.offset)], y)


WRITERS: dict[type[Any], Writer] = {
    library.Linear: _linear,
    library.Conv2d: _conv2d,
    library.MaxPool2d: _max_pool,
    library.AvgPool2d: _avg_pool,
    library.GlobalAvgPool2d: _global_average,
    library.BatchNorm1d: _batch_norm,
    library.BatchNorm2d: _batch_norm,
    library.LayerNorm: _layer_norm,
    library.Flatten: _plain("Flatten", axis=1),
    library.ReLU: _plain("Relu"),
    library.LeakyReLU: lambda g, op, x, y: _plain("LeakyRelu", alpha=op.source.negative_slope)(
        g, op, x, y
    ),
    library.ELU: lambda g, op, x, y: _plain("Elu", alpha=op.source.alpha)(g, op, x, y),
    library.GELU: _gelu,
    library.SiLU: _silu,
    library.Sigmoid: _plain("Sigmoid"),
    library.Tanh: _plain("Tanh"),
    library.Softmax: _plain("Softmax", axis=1),
    library.Residual: _plain("Add"),
    Scaling: _scaling,
}
"""How each layer is written."""


def to_onnx(program: Program, class_names: tuple[str, ...] | None = None) -> Any:
    """Return a program as an ONNX model, float32, checked by `onnx.checker`.

    The input is called ``input``, the output ``output``; their first axis has any length. The
    names of the classes stand in the metadata as JSON.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.ReLU()).initialize(seed=0)
    >>> [node.op_type for node in to_onnx(Program.of(model, (2,))).graph.node]
    ['Gemm', 'Relu']
    """
    onnx = require_onnx()
    helper = onnx.helper
    graph = _Graph(helper, onnx.numpy_helper)
    names = {0: "input"} | {op.output: f"value_{op.output}" for op in program.operations}
    if program.result:
        names[program.result] = "output"
    for op in program.operations:
        WRITERS[op.kind](graph, op, [names[value] for value in op.inputs], names[op.output])
    if not program.result:
        graph.node("Identity", ["input"], "output")
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *shape])
        for name, shape in (("input", program.input_shape), ("output", program.output_shape))
    ]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "glassnet", values[:1], values[1:], list(graph.constants.values())
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="glassnet",
        producer_version=__version__,
    )
    if class_names is not None:
        helper.set_model_props(model, {"classes": json.dumps(class_names)})
    onnx.checker.check_model(model, full_check=True)
    return model
