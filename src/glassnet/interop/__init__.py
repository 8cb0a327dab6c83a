"""Models to and from other programs: PyTorch, ONNX, plain NumPy, C."""

from glassnet.interop.certificate import Certificate, Difference
from glassnet.interop.export import TARGETS, Exported, export
from glassnet.interop.incoming import Imported, SavedImport, certify_import, save_imported
from glassnet.interop.program import Program
from glassnet.interop.samples import input_shape_of
from glassnet.interop.torch_weights import (
    from_state,
    outputs_of,
    read_state,
    with_state,
)

__all__ = [
    "TARGETS",
    "Certificate",
    "Difference",
    "Exported",
    "Imported",
    "Program",
    "SavedImport",
    "certify_import",
    "export",
    "from_state",
    "input_shape_of",
    "outputs_of",
    "read_state",
    "save_imported",
    "with_state",
]
