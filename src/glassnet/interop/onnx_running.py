"""Running ONNX models, to compare their outputs with a model's."""

from __future__ import annotations

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
    few = FEW if any_batch else len(x)
    differences, unchecked = [], []
    for program, run, samples in (
        ("onnxruntime", run_onnxruntime, len(x)),
        ("ONNX's reference evaluator", run_reference, few),
    ):
        compared = f"outputs in {program}"
        try:
            theirs = run(content, x[:samples])
        except Exception as error:  # each fails in many ways on files that are right
            reason = " ".join(str(error).split())[:200]
            unchecked.append(f"{compared}, which gives {type(error).__name__}: {reason}")
        else:
            differences.append(Difference.between(compared, ours[:samples], theirs))
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

    model = onnx.load_model_from_string(content)
    opset = min(entry.version for entry in model.opset_import)
    if opset < FIRST_TO_EVALUATE and any(
        n.op_type == "BatchNormalization" for n in model.graph.node
    ):
        raise NotImplementedError("it takes batch normalisations of such opsets for training")
    evaluator = ReferenceEvaluator(model)
    outputs: list[Array] = evaluator.run(None, {evaluator.input_names[0]: x})
    return outputs[0]
