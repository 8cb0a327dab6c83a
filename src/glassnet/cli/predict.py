"""`glassnet predict`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.options import Json


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", hidden=True)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", hidden=True)],
    top: Annotated[
        int, typer.Option(help="How many classes to name for each.", min=1, metavar="K")
    ] = 3,
    save_input: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write what the network was shown into this folder, as PNG."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what pictures show, or what belongs to the rows of a table.

    Give the folder of a run, and PNG or JPEG files of any size, or CSV files if the network was
    trained on rows of features. Classes come with the probability of the likeliest ones.

    On pictures, ink may be dark on light or light on dark; the drawing is cut out and centred. The
    columns of a table are found by their names, or by their order where there are none; the target
    may be among them. A file that cannot be used is reported, the others are predicted; the exit
    code is then 2.
    """
    from rich.markup import escape

    from glassnet import experiments, kernels
    from glassnet.cli.output import print_json, results

    if not os.environ.get("GLASSNET_KERNELS"):
        # A few pictures are done before compiled kernels are loaded, let alone compiled.
        kernels.use_kernels("numpy")
    answers = experiments.predict(run, files, top=top, save_input=save_input)
    predictions = [answer for answer in answers if "error" not in answer]
    errors = [answer for answer in answers if "error" in answer]
    places = [_place(found) for found in predictions]
    width = max(map(len, places), default=0)
    for place, found in () if as_json else zip(places, predictions, strict=True):
        results.print(f"{escape(f'{place:<{width}}')}  {_answer(found)}")
    for unusable in errors:
        typer.echo(f"glassnet: {' '.join(unusable['error'].split())}", err=True)
    if as_json:
        print_json({"run": str(run), "predictions": predictions, "errors": errors})
    if errors:
        raise typer.Exit(2)


def _place(found: dict[str, Any]) -> str:
    """Return what was predicted: a picture, or a line of a table."""
    return str(found["image"]) if "image" in found else f"{found['file']}:{found['line']}"


def _answer(found: dict[str, Any]) -> str:
    """Return the class and the likeliest ones, or the numbers."""
    from rich.markup import escape

    if "classes" not in found:
        values = found["values"] if "values" in found else [found["value"]]
        return "   ".join(f"[bold]{value:.6g}[/]" for value in values)
    likeliest = "   ".join(f"{c['class']} {c['probability']:.3f}" for c in found["classes"])
    return f"[bold]{escape(found['class'])}[/]   ({escape(likeliest)})"
