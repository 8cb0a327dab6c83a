"""`glassnet compare`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from glassnet.experiments.comparison import Comparison, Difference
    from glassnet.experiments.intervals import Estimate


def compare(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", hidden=True)],
    figure: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What to compare, e.g. valid_loss; by default the test metric."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare finished runs, and say whether the comparison is fair.

    Give the folders of two runs or more. Runs that differ in their seed only make one group; the
    others are compared with the first one's group, over the seeds they have in common.
    """
    from rich.markup import escape

    from glassnet.cli.output import print_json, print_table, results
    from glassnet.experiments.comparison import compare as compare_runs

    comparison = compare_runs(runs, figure)
    if as_json:
        print_json(comparison.to_dict())
        return
    print_table(_groups(comparison))
    for difference in comparison.differences:
        _print_difference(difference)
    for note in comparison.notes:
        results.print(f"note: {escape(note)}")


def _groups(comparison: Comparison) -> Table:
    """Return the table of groups: seeds, figures, time, folders."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    names = dict.fromkeys(
        name for group in comparison.groups for name in (group.headline, _loss_of(group.headline))
    )
    names = {name: None for name in names if name}
    table = Table(box=box.SIMPLE)
    table.add_column("")
    table.add_column("seeds", justify="right")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("runs", overflow="fold")
    for group in comparison.groups:
        folders = ", ".join(str(run.path) for run in group.runs[:3])
        more = f", … ({len(group.runs)})" if len(group.runs) > 3 else ""
        table.add_row(
            group.letter,
            str(len(group.runs)),
            *(_mean(group.figures.get(name)) for name in names),
            f"{group.seconds.value:.1f}",
            escape(folders + more),
        )
    return table


def _print_difference(difference: Difference) -> None:
    from rich.markup import escape

    from glassnet.cli.output import results

    results.print(f"[bold]{difference.second} against {difference.first}[/]")
    for change in difference.changes:
        results.print(f"  {escape(change.key)}: {escape(change.first)} → {escape(change.second)}")
    if difference.difference is not None:
        results.print(f"  {difference.figure.replace('_', ' ')} {_told(difference)}")
    if found := difference.mcnemar:
        results.print(
            f"  on the same test samples: {found.only_first} right in {difference.first} only, "
            f"{found.only_second} in {difference.second} only; accuracy "
            f"{_interval(found.difference)}, McNemar p = {found.p_value:.2g}"
        )
    if difference.confounds:
        results.print("  [bold red]confounded[/]")
        for confound in difference.confounds:
            results.print(f"  - {escape(confound.sentence)}")
    else:
        results.print("  [bold green]a fair comparison[/]")


def _told(difference: Difference) -> str:
    found = difference.difference
    if found is None or math.isnan(found.value):
        return "–"
    over = "paired over common seeds" if difference.paired else "between seeds"
    if math.isnan(found.low):
        return f"{found.value:+.4f}"
    sure = "0 lies outside" if found.excludes_zero else "0 lies inside: no difference is shown"
    return f"{_interval(found)}, {over} ({found.count}); {sure}"


def _interval(found: Estimate) -> str:
    return f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def _mean(found: Estimate | None) -> str:
    if found is None or math.isnan(found.value):
        return "–"
    if math.isnan(found.low):
        return f"{found.value:.4f}"
    return f"{found.value:.4f} ± {(found.high - found.low) / 2:.4f}"


def _loss_of(figure: str) -> str:
    return f"{figure.partition('_')[0]}_loss" if figure else ""
