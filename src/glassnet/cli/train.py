"""`glassnet train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from glassnet.cli.options import DataDir, Json, Set


def train(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE|FILE", hidden=True),  # hidden: the text below tells
    ] = "digits-mlp",
    settings: Set = None,
    data_dir: DataDir = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Run folder to make; by default runs/RECIPE-001 and so on.", metavar="DIR"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same as --set training.seed=N.", metavar="N")
    ] = None,
    as_json: Json = False,
    listing: Annotated[bool, typer.Option("--list", help="List the recipes and end.")] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the whole configuration as TOML and end.")
    ] = False,
) -> None:
    """Train a network and leave a run folder: weights, history, metrics, pictures.

    Give a recipe (see --list) or a TOML file. Without one: handwritten digits that come with
    scikit-learn, in a few seconds.
    """
    from glassnet import experiments
    from glassnet.cli.output import (
        TrainingProgress,
        print_json,
        print_recipes,
        print_test,
        print_training,
    )
    from glassnet.experiments import Run, RunFolder
    from glassnet.experiments.clock import Clock, seconds_of_process

    def report(folder: RunFolder, metrics: dict[str, Any]) -> None:
        if as_json:
            print_json({**metrics, "run": str(folder.path)})
        else:
            print_training(folder, metrics)

    if listing:
        print_recipes()
        return
    overrides = list(settings or [])
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    config = experiments.Config.from_recipe(recipe, overrides)
    if show:
        print(Run.prepare(config, data_dir=data_dir).config.to_toml(), end="")
        return
    clock = Clock(before=seconds_of_process())
    progress = TrainingProgress(config.training.epochs)
    try:
        experiments.train(
            config,
            out=out,
            data_dir=data_dir,
            callbacks=[progress],
            clock=clock,
            on_ready=progress.announce,
            on_test=print_test,
            on_end=report,
        )
    except KeyboardInterrupt as interruption:
        typer.echo(f"glassnet: {str(interruption) or 'interrupted'}", err=True)
        raise
