"""`glassnet data`: what data sets there are, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json

app = typer.Typer(
    help="List the data sets, or fetch one.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: Json = False) -> None:
    """List the data sets: what they hold, and where they are or would come from."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from glassnet import data
    from glassnet.cli.output import print_json, print_table

    found = [data.describe(name, data_dir) for name in data.names()]
    if as_json:
        print_json({"data": found})
        return
    table = Table("name", "what", "samples", "shape", "classes", "where", box=box.SIMPLE)
    for entry in found:
        shape = "×".join(map(str, entry["sample_shape"])) if entry["sample_shape"] else "–"
        table.add_row(
            entry["name"],
            entry["description"],
            entry["samples"],
            shape,
            str(entry["classes"] or "–"),
            escape(entry["where"]),
        )
    print_table(table)


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME", hidden=True)],
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            metavar="DIR",
            help="Folder to put them into; by default $GLASSNET_DATA, else a cache.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Download data sets by name, once, with their checksums verified."""
    from glassnet import data
    from glassnet.cli.output import print_json, results

    places = {name: [str(path) for path in data.fetch(name, data_dir)] for name in names}
    if as_json:
        print_json({"fetched": places})
        return
    for name, paths in places.items():
        results.print(f"{name}: {', '.join(paths)}", markup=False)
