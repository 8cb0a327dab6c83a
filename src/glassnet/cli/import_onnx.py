"""`glassnet import-onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import InputShape, Json, shape_from


def import_onnx(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", hidden=True)],
    input_shape: InputShape = None,
    output: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which output, where there are several.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it; by default NAME-glassnet."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a Glassnet model of an ONNX file whose operators are layers that Glassnet has.

    Files by PyTorch, by Glassnet and by others; the outputs are compared with onnxruntime's and
    with ONNX's reference evaluator's.
    """
    from glassnet import interop
    from glassnet.cli.exchange import print_imported
    from glassnet.interop.from_onnx import import_onnx as read

    found = read(file, shape_from(input_shape), output)
    path = out or file.with_name(f"{file.stem}-glassnet.safetensors")
    written = interop.save_imported(found.imported, found.certificate, path, overwrite=overwrite)
    print_imported(written, found.input_shape, as_json=as_json)
    if not found.certificate.ok:
        raise typer.Exit(1)
