"""`glassnet gradcheck`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json, Set
from glassnet.errors import OutputError

PNG = b"\x89PNG\r\n\x1a\n"
"""With which every PNG file begins."""


def gradcheck(
    what: Annotated[
        str,
        typer.Argument(metavar="RECIPE|FILE", hidden=True),
    ] = "digits-mlp",
    settings: Set = None,
    data_dir: DataDir = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Find an error of 1e-4 in a single weight, too.")
    ] = False,
    curve: Annotated[
        Path | None,
        typer.Option(
            help="Draw the error of finite differences over their step.", metavar="FILE.png"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every gradient of a model, and name what is wrong with it.

    Give a recipe, a TOML file, or a Python file that defines model, x and target; without one, the
    recipe digits-mlp is checked.

    Exit code 0: all gradients are right; 1: a fault was found; 2: it could not be checked.
    """
    from glassnet.cli.output import notes, print_json, results
    from glassnet.experiments import Config
    from glassnet.experiments.checking import check_config, check_file

    if curve is not None:
        _refuse_unsuitable(curve)
    if what.endswith(".py"):
        if settings:
            raise typer.BadParameter("--set goes with a recipe or a TOML file")
        report = check_file(Path(what), thorough=thorough)
    else:
        config = Config.from_recipe(what, settings or ())
        report = check_config(config, data_dir=data_dir, thorough=thorough)
    if curve is not None:
        from glassnet.pictures import save
        from glassnet.pictures.gradients import error_curve_figure

        save(error_curve_figure(report.error_curve()), curve)
        notes.print(f"error curve in {curve}")
    if as_json:
        print_json(report.to_dict())
    else:
        results.print(str(report), markup=False)
    if not report.ok:
        raise typer.Exit(1)


def _refuse_unsuitable(picture: Path) -> None:
    """Raise `OutputError` unless a PNG file may be written there, in place of another at most."""
    if picture.suffix.lower() != ".png":
        raise OutputError(f"--curve draws a PNG, but {picture} does not end in .png")
    if not picture.parent.is_dir():
        raise OutputError(f"--curve: there is no folder {picture.parent}; make it first")
    if picture.exists() and not (picture.is_file() and _is_png(picture)):
        raise OutputError(f"--curve: {picture} is there and is no PNG file; choose another name")


def _is_png(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(PNG)) == PNG
