"""`glassnet import-onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import ImportedFile, InputShape, Json, Overwrite, shape_from


def import_onnx(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", hidden=True)],
    input_shape: InputShape = None,
    output: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which output, where there are several.")
    ] = None,
    out: ImportedFile = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make a Glassnet model of an ONNX file whose operators are layers that Glassnet has.

    Files by PyTorch, TensorFlow, scikit-learn, Glassnet and others; the outputs are compared with
    onnxruntime's and with ONNX's reference evaluator's. What is assumed or left out is printed.
    """
    from glassnet.cli.exchange import finish_import
    from glassnet.interop.from_onnx import import_onnx as read

    found = read(file, shape_from(input_shape), output)
    finish_import(
        found.imported, found.certificate, found.input_shape, file, out,
        overwrite=overwrite, as_json=as_json,
    )  # fmt: skip
