"""`glassnet verify-resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.options import DataDir, Json, Seed, Set, Threads

if TYPE_CHECKING:
    from glassnet.experiments.verification import Certificate


def verify_resume(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE|FILE", hidden=True),
    ] = "digits-mlp",
    settings: Set = None,
    kills: Annotated[int, typer.Option(min=1, help="How often to kill.", metavar="N")] = 3,
    every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.", metavar="N")] = 25,
    data_dir: DataDir = None,
    seed: Seed = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Prove that a resumed run is the same: train once through, train again killed, compare bytes.

    Give a recipe or a TOML file, as to glassnet train. The second training is killed at random
    instants (SIGKILL) and resumed. Exit code 1 if anything differs.
    """
    from glassnet.cli.output import notes, print_json
    from glassnet.experiments.verification import verify_resume

    overrides = list(settings or [])
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    certificate = verify_resume(
        recipe, overrides, kills=kills, every=every, data_dir=data_dir, tell=notes.print
    )
    if as_json:
        print_json(certificate.to_dict())
    else:
        _print(certificate)
    if not certificate.identical:
        raise typer.Exit(1)


def _print(certificate: Certificate) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from glassnet.cli.output import print_table, results
    from glassnet.words import count

    table = Table(box=box.SIMPLE)
    table.add_column("compared")
    table.add_column("")
    for what, same in certificate.compared.items():
        table.add_row(escape(what), "[green]the same bytes[/]" if same else "[red]differs[/]")
    results.print(f"{escape(certificate.recipe)}: {count(certificate.steps, 'step')}")
    for kill in certificate.kills:
        results.print(f"{kill.in_words()}; resumed after step {kill.step}")
    for fault in certificate.unreadable:
        results.print(f"[red]unreadable[/] {escape(fault)}")
    print_table(table)
    verdict = "identical" if certificate.identical else "not identical"
    results.print(f"resumed and uninterrupted run: [bold]{verdict}[/]")
    about = certificate.environment
    results.print(
        f"{certificate.date}, Glassnet {about['glassnet']} ({about['source']}), Python "
        f"{about['python']}, NumPy {about['numpy']}, {about['kernels']} kernels, "
        f"{count(int(about['threads']), 'thread')}, {escape(about['platform'])}"
    )
