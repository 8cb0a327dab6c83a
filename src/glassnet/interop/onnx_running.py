"""Running ONNX models, to compare their outputs with a model's."""

from __future__ import annotations

import importlib.util

from glassnet.arrays import Array
from glassnet.interop.certificate import Certificate, Difference

FEW = 4
"""Samples for the reference evaluator, which is slow."""
FIRST_TO_EVALUATE = 14
"""Opset from which the reference evaluator normalises batches as in evaluation."""


def certify_onnx(
    content: bytes, x: Array, ours: Array, file: str, *, opset: int, any_batch: bool = True
) -> Certificate:
    """Compare a model's outputs in onnxruntime and in ONNX's reference evaluator with our own.

    Parameters
    ----------
    content : bytes
        The ONNX model.
    x, ours : ndarray
        Samples, and what the Glassnet model makes of them.
    file : str
        Name of the file that is certified.
    opset : int
    any_batch : bool
        Whether it takes fewer samples than `x` has, too.
    """
    differences, unchecked = [], []
    if importlib.util.find_spec("onnxruntime") is not None:
        theirs = run_onnxruntime(content, x)
        differences.append(Difference.between("outputs in onnxruntime", ours, theirs))
    else:
        unchecked.append("outputs in onnxruntime, because it is not installed")
    few = FEW if any_batch else len(x)
    compared = "outputs in ONNX's reference evaluator"
    try:
        if opset < FIRST_TO_EVALUATE and b"BatchNormalization" in content:
            raise NotImplementedError("it takes batch normalisations of such opsets for training")
        theirs = run_reference(content, x[:few])
    except Exception as error:  # it fails on some windows of unequal sides, in many ways
        unchecked.append(f"{compared}, which fails with {type(error).__name__}: {error}")
    else:
        differences.append(Difference.between(compared, ours[:few], theirs))
    libraries = ("numpy", "onnx", "onnxruntime")
    return Certificate(file, differences, unchecked, libraries, form=f"ONNX, opset {opset}")


def run_onnxruntime(content: bytes, x: Array) -> Array:
    """Return a model's outputs by onnxruntime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    outputs: list[Array] = session.run(None, {session.get_inputs()[0].name: x})
    return outputs[0]


def run_reference(content: bytes, x: Array) -> Array:
    """Return a model's outputs by ONNX's own evaluator."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(onnx.load_model_from_string(content))
    outputs: list[Array] = evaluator.run(None, {evaluator.input_names[0]: x})
    return outputs[0]
