"""`glassnet evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from glassnet.cli.options import DataDir, Json, Threads


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", hidden=True)],
    part: Annotated[
        Literal["train", "valid", "test"],
        typer.Option(help="Which part of the data.", metavar="train|valid|test"),
    ] = "test",
    data_dir: DataDir = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Evaluate a finished run's model: loss, accuracy, and every class by itself.

    Give the folder of the run.
    """
    from glassnet.cli.output import print_evaluation, print_json
    from glassnet.experiments import evaluate_run

    result = evaluate_run(run, part=part, data_dir=data_dir)
    if as_json:
        print_json(result)
    else:
        print_evaluation(result)
