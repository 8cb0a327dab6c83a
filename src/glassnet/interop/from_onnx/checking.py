"""Comparing a model with the ONNX file that it was read from."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.interop.certificate import Certificate
from glassnet.interop.certify import SAMPLES
from glassnet.interop.from_onnx.graph import Ends, needed
from glassnet.interop.from_onnx.node import ANY_BATCH
from glassnet.interop.from_onnx.values import MOST_VALUES
from glassnet.interop.onnx_running import certify_onnx
from glassnet.layers import Layer


def compared(
    proto: Any,
    file: str,
    ends: Ends,
    model: Layer,
    largest: float,
    *,
    order: Array | None,
    logarithm: bool,
    output_shape: Shape,
) -> Certificate:
    """Compare the model's outputs with those of the file, on as many samples as memory takes.

    Parameters
    ----------
    proto : ModelProto
    file : str
        Its name.
    ends : Ends
    model : Layer
    largest : float
        How many values one sample has where it has most.
    order : ndarray of int, optional
        Where in the file's sample each value of the model's stands.
    logarithm : bool
        Whether the file gives the logarithm of what the model's softmax would be.
    output_shape : tuple of int
        Of one sample, as the file has it.
    """
    samples = int(max(1, min(SAMPLES, MOST_VALUES // largest)))
    any_batch = ends.batch == ANY_BATCH
    if not any_batch and ends.batch > samples:
        reason = f"outputs, because the file takes batches of {ends.batch:,} only"
        return Certificate(file, unchecked=[reason])
    size = samples if any_batch else ends.batch
    x = np.random.default_rng(0).normal(size=(size, *ends.shape)).astype(ends.dtype)
    ours = model.predict(x if order is None else x.reshape(size, -1)[:, order])
    if logarithm:
        ours = ours - ours.max(axis=1, keepdims=True)
        ours = ours - np.log(np.exp(ours).sum(axis=1, keepdims=True))
    opset = next(e.version for e in proto.opset_import if e.domain in ("", "ai.onnx"))
    return certify_onnx(
        _with_one_output(proto, ends), x, ours.reshape(size, *output_shape), file,
        opset=opset, any_batch=any_batch,
    )  # fmt: skip


def _with_one_output(proto: Any, ends: Ends) -> bytes:
    """Return the file with only the output that was read, and the nodes that it needs."""
    if len(proto.graph.output) == 1:
        return proto.SerializeToString()  # type: ignore[no-any-return]
    from onnx import helper

    alone = type(proto)()
    alone.CopyFrom(proto)
    nodes = [node for _, node in needed(proto.graph, ends.output)]
    del alone.graph.node[:]
    alone.graph.node.extend(nodes)
    del alone.graph.output[:]
    kind = helper.np_dtype_to_tensor_dtype(ends.dtype)
    alone.graph.output.append(helper.make_tensor_value_info(ends.output, kind, None))
    return alone.SerializeToString()  # type: ignore[no-any-return]
