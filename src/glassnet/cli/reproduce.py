"""`glassnet reproduce`: the catalogue of published experiments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json


def reproduce(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Rows such as A2, a variant (A2:50), a report (A), or all."
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="How many seeds of each: 0 to N - 1.", metavar="N", min=1)
    ] = 5,
    jobs: Annotated[
        int, typer.Option(help="How many processes work at once.", metavar="N", min=1)
    ] = 1,
    dask: Annotated[
        str, typer.Option(help="Let the workers of this Dask scheduler do it.", metavar="ADDRESS")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results; by default runs/catalogue.", metavar="DIR"),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write the table of verdicts as Markdown.", metavar="FILE")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Draw the rows' runs into this folder, as PNG.", metavar="DIR"),
    ] = None,
    show: Annotated[
        bool,
        typer.Option("--show", help="Print the rows' configurations for glassnet train, and end."),
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Run the experiments of five published reports, and say which of their numbers hold.

    Without IDs: list the rows and what is known of them. Finished runs are kept and never run
    twice, so a command that was interrupted goes on when it is given again.
    """
    from glassnet.cli.reproduction import (
        CatalogueProgress,
        print_configurations,
        print_rows,
        print_verdicts,
    )
    from glassnet.experiments import catalogue
    from glassnet.files import write_atomically
    from glassnet.pictures import save
    from glassnet.training import prompt_termination

    rows = catalogue.rows_called(ids or ["all"])
    if show:
        asked = {id.lower().partition(":")[0] for id in ids or []}
        print_configurations(
            (report, row)
            for report, row in rows
            if not row.stands_in_for or row.id.lower() in asked
        )
        return
    results = catalogue.Results(out or catalogue.FOLDER)
    failed: dict[str, str] = {}
    if ids:
        wanted = catalogue.trials(catalogue.runnable(rows, data_dir), seeds)
        kept, todo = catalogue.finished_and_not(wanted, results)
        where = catalogue.Where(jobs, dask, data_dir, chosen_kernels())
        results.sweep()
        with prompt_termination(), CatalogueProgress(kept, todo, jobs) as progress:
            for trial, problem in catalogue.carry_out_all(todo, results, where):
                progress.ended(trial, problem)
                if problem:
                    failed[trial.title] = problem
    states = catalogue.overview(rows, results, seeds, data_dir)
    drawn: dict[str, list[tuple[str, str]]] = {}
    if pictures is not None:
        for picture in catalogue.pictures(rows, results, seeds, data_dir):
            file = pictures / f"{picture.name}.png"
            save(picture.figure, file)
            address = os.path.relpath(file, write.parent if write else None)
            drawn.setdefault(picture.of, []).append((picture.caption, Path(address).as_posix()))
    if write is not None:
        write_atomically(write, catalogue.document(states, drawn))
    if as_json:
        print_verdicts(states, failed, results.folder)
    else:
        print_rows(states, details="all" not in (ids or ["all"]))
    if failed:
        raise typer.Exit(2)


def chosen_kernels() -> str:
    """Return the edition that GLASSNET_KERNELS names, else the fastest that is installed."""
    return os.environ.get("GLASSNET_KERNELS") or "auto"
