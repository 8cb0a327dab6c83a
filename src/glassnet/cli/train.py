"""`glassnet train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json, Set


def train(
    recipe: Annotated[
        str, typer.Argument(help="A recipe (see --list) or the path of a TOML file.")
    ] = "digits-mlp",
    settings: Set = None,
    data_dir: DataDir = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to make [default: runs/RECIPE-001, ...].", metavar="DIR"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same as --set training.seed=N.")] = None,
    as_json: Json = False,
    listing: Annotated[bool, typer.Option("--list", help="List the recipes and end.")] = False,
) -> None:
    """Train a network and leave a run folder: weights, history, metrics, pictures.

    Without a recipe: handwritten digits that come with scikit-learn, in a few seconds.
    """
    from glassnet import experiments
    from glassnet.cli.output import (
        TrainingProgress,
        print_json,
        print_recipes,
        print_run,
        print_training,
    )

    if listing:
        print_recipes()
        return
    overrides = list(settings or [])
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    config = experiments.Config.from_recipe(recipe, overrides)
    try:
        folder, metrics = experiments.train(
            config,
            out=out,
            data_dir=data_dir,
            callbacks=[TrainingProgress(config.training.epochs)],
            on_ready=print_run,
        )
    except KeyboardInterrupt as interruption:
        typer.echo(f"glassnet: {str(interruption) or 'interrupted'}", err=True)
        raise
    if as_json:
        print_json({**metrics, "run": str(folder.path)})
    else:
        print_training(folder, metrics)
