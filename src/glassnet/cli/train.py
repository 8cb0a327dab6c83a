"""`glassnet train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.options import DataDir, Json, Out, Seed, Set, TensorBoard, Threads

if TYPE_CHECKING:
    from glassnet.cli.view import View
    from glassnet.experiments import Config


def train(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE|FILE", hidden=True),  # hidden: the text below tells
    ] = "digits-mlp",
    settings: Set = None,
    data_dir: DataDir = None,
    out: Out = None,
    seed: Seed = None,
    tensorboard: TensorBoard = False,
    threads: Threads = None,
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
    from glassnet.cli.output import print_recipes
    from glassnet.experiments import Config, Run

    if listing:
        print_recipes()
        return
    overrides = list(settings or [])
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    if tensorboard:
        overrides.append("tensorboard.on=true")
    config = Config.from_recipe(recipe, overrides)
    if show:
        print(Run.prepare(config, data_dir=data_dir).config.to_toml(), end="")
        return
    carry_out(config, out=out, data_dir=data_dir, as_json=as_json)


def carry_out(config: Config, *, out: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Train as configured; show progress, and at the end the results."""
    from glassnet import experiments

    with observed(as_json) as view:
        experiments.train(
            config,
            out=out,
            data_dir=data_dir,
            callbacks=view.follow(config),
            clock=view.clock,
            on_ready=view.announce,
            on_test=view.test,
            on_end=view.end,
            tell=view.tell,
        )


@contextmanager
def observed(as_json: bool) -> Iterator[View]:
    """Show a run while this is active; after Ctrl-C or SIGTERM, say what there is."""
    from glassnet.cli.output import lament
    from glassnet.cli.view import View
    from glassnet.training import Terminated

    try:
        yield View(as_json)
    except (KeyboardInterrupt, Terminated) as interruption:
        lament(str(interruption) or "interrupted")
        raise
