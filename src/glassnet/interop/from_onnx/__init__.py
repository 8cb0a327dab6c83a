"""Models from ONNX files: a graph is walked once, and each node is a layer or a constant."""

from glassnet.interop.from_onnx.reader import FromOnnx, import_onnx

__all__ = ["FromOnnx", "import_onnx"]
