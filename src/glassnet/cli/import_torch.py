"""`glassnet import-torch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, ImportedFile, InputShape, Json, Overwrite, shape_from


def import_torch(
    file: Annotated[Path, typer.Argument(metavar="FILE.safetensors", hidden=True)],
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE|FILE|RUN",
            help="What the layers are: a recipe, a TOML file with a [model], or a run's folder.",
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What stands between Linear layers; without it and a recipe, relu is assumed.",
        ),
    ] = None,
    input_shape: InputShape = None,
    data_dir: DataDir = None,
    out: ImportedFile = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Make a Glassnet model of the weights of a PyTorch one.

    Give a state_dict saved as safetensors. Names and shapes tell a stack of Linear layers; where
    there are convolutions, a recipe has to say how they go together. What is assumed is printed.
    """
    from glassnet import interop
    from glassnet.cli.exchange import finish_import
    from glassnet.errors import ConfigError
    from glassnet.experiments.exporting import from_recipe

    state = interop.read_state(file)
    shape = shape_from(input_shape)
    if recipe is not None:
        if activation is not None:
            raise ConfigError("--activation goes without --recipe, which says the activations")
        imported, shape = from_recipe(state, recipe, shape, data_dir)
    else:
        imported = interop.from_state(state, activation)
        shape = shape or interop.input_shape_of(imported.model)
    certificate = interop.certify_import(imported, state, shape, file.name)
    finish_import(imported, certificate, shape, file, out, overwrite=overwrite, as_json=as_json)
