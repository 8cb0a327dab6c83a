"""`glassnet crossvalidate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glassnet.cli.options import DataDir, Json, Seed, Set, Threads

if TYPE_CHECKING:
    from glassnet.experiments import Run


def crossvalidate(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE|FILE", hidden=True),
    ] = "digits-mlp",
    folds: Annotated[
        int, typer.Option(help="How many folds; as many runs.", metavar="K", min=2)
    ] = 5,
    settings: Set = None,
    data_dir: DataDir = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for all runs; by default runs/NAME-K-folds-001 and so on.", metavar="DIR"
        ),
    ] = None,
    seed: Seed = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Train once for each fold, and judge it on that fold: mean and 95 % interval.

    Give a recipe or a TOML file. The test part is put away; everything else is dealt into folds,
    evenly by class, and each run trains on all folds but one. Its scaling is fitted on these.
    """
    from glassnet.cli.output import TrainingProgress, lament, notes, print_run
    from glassnet.experiments import Config, cross_validate
    from glassnet.training import Terminated

    overrides = list(settings or [])
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    config = Config.from_recipe(recipe, overrides)
    done: dict[str, Any] = {}
    progress: list[TrainingProgress] = []

    def watchers(fold: int) -> list[TrainingProgress]:
        progress[:] = [TrainingProgress(config.training.epochs)]
        return progress

    def announce(fold: int, run: Run) -> None:
        if fold == 1:
            print_run(run)
        notes.print(f"[bold]fold {fold} of {folds}[/]")
        progress[0].follow(run)

    try:
        folder, _ = cross_validate(
            config,
            folds,
            out=out,
            data_dir=data_dir,
            callbacks=watchers,
            on_ready=announce,
            on_fold=done.update,
        )
    except (KeyboardInterrupt, Terminated) as interruption:
        if done:
            _show(done, as_json)
        lament(str(interruption) or "interrupted")
        raise
    _show({**done, "run": str(folder.path)}, as_json)


def _show(result: dict[str, Any], as_json: bool) -> None:
    """Print a row for each fold, and mean and interval below."""
    from rich import box
    from rich.table import Table

    from glassnet.cli.output import number, print_json, print_table, results

    if as_json:
        print_json(result)
        return
    names = list(result["interval"])
    table = Table("fold", box=box.SIMPLE)
    for name in (*names, "epochs", "seconds"):
        table.add_column(name.removeprefix("test_").replace("_", " "), justify="right")
    for run in result["runs"]:
        figures = [number(run[name]) for name in names]
        table.add_row(str(run["fold"]), *figures, str(run["epochs"]), f"{run['seconds']:.1f}")
    print_table(table)
    for name in names:
        half = number(result["interval"][name])
        results.print(f"{name.replace('_', ' '):<16} {number(result[name])} ± {half}")
    missing = result["folds"] - result["finished"]
    which = f"{result['finished']} of {result['folds']} folds" if missing else "all folds"
    results.print(f"{'':<16} mean over {which}, each on samples it was not trained on; ± 95 %")
    if "run" in result:
        results.print(f"{'runs':<16} {result['run']}", markup=False)
