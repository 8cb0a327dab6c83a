"""`glassnet export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import InputShape, Json, Overwrite, shape_from


def export(
    model: Annotated[Path, typer.Argument(metavar="RUN|FILE.safetensors", hidden=True)],
    torch: Annotated[
        bool, typer.Option("--torch", help="A PyTorch script, and the weights beside it.")
    ] = False,
    onnx: Annotated[
        bool, typer.Option("--onnx", help="An ONNX file (needs glassnet[onnx]).")
    ] = False,
    numpy: Annotated[
        bool, typer.Option("--numpy", help="One Python file that needs NumPy alone.")
    ] = False,
    c: Annotated[
        bool, typer.Option("--c", help="One C99 file that needs nothing but libm.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it; by default here, named as the run."),
    ] = None,
    scaling: Annotated[
        bool,
        typer.Option(
            "--scaling",
            help="Put the run's scaling into what is written: it then takes samples as they are "
            "in the data.",
        ),
    ] = False,
    input_shape: InputShape = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Write a trained network for another program, and check that it computes the same.

    Give the folder of a run, or a model.safetensors, and one of --torch, --onnx, --numpy, --c.

    What was written is run beside the model; the certificate, a JSON file beside it, says how far
    the two are apart. Exit code 1: further than rounding explains.
    """
    from rich.markup import escape

    from glassnet import interop
    from glassnet.cli.exchange import print_certificate
    from glassnet.cli.output import print_json, results
    from glassnet.errors import ConfigError
    from glassnet.experiments.exporting import Portable

    wanted = {"torch": torch, "onnx": onnx, "numpy": numpy, "c": c}
    chosen = [name for name, given in wanted.items() if given]
    if len(chosen) != 1:
        raise ConfigError("choose what to write: one of --torch, --onnx, --numpy and --c")
    (target,) = chosen
    portable = Portable.read(model, shape_from(input_shape))
    if scaling and portable.scaling is None:
        raise ConfigError(f"{model} is a model without its data, so --scaling has none to write")
    written = interop.export(
        portable.model,
        portable.input_shape,
        target,
        out or Path(portable.name + interop.TARGETS[target].ending),
        scaling=portable.scaling if scaling else None,
        class_names=portable.class_names,
        overwrite=overwrite,
    )
    if as_json:
        print_json(
            {"target": target, "files": [str(file) for file in written.files]}
            | {"certificate": str(written.certificate_file)}
            | written.certificate.to_dict()
        )
    else:
        for file in written.files:
            results.print(f"{'written':<16} {escape(str(file))}")
        print_certificate(written.certificate, written.certificate_file)
    if not written.certificate.ok:
        raise typer.Exit(1)
