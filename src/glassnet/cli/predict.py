"""`glassnet predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import Json


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", hidden=True)],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", hidden=True)],
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
    """Name what is on pictures: the class, and the probability of the likeliest ones.

    Give the folder of a run, and PNG or JPEG files of any size.

    Ink may be dark on light or light on dark; the drawing is cut out and centred. A picture that
    cannot be used is reported, the others are predicted; the exit code is then 2.
    """
    from rich.markup import escape

    from glassnet.cli.output import print_json, results
    from glassnet.experiments import predict_images

    answers = predict_images(run, images, top=top, save_input=save_input)
    predictions = [answer for answer in answers if "error" not in answer]
    errors = [answer for answer in answers if "error" in answer]
    width = max(len(str(image)) for image in images)
    for found in () if as_json else predictions:
        likeliest = "   ".join(f"{c['class']} {c['probability']:.3f}" for c in found["classes"])
        image, name = escape(f"{found['image']:<{width}}"), escape(found["class"])
        results.print(f"{image}  [bold]{name}[/]   ({escape(likeliest)})")
    for unusable in errors:
        typer.echo(f"glassnet: {' '.join(unusable['error'].split())}", err=True)
    if as_json:
        print_json({"run": str(run), "predictions": predictions, "errors": errors})
    if errors:
        raise typer.Exit(2)
