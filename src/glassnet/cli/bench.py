"""`glassnet bench`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from glassnet.cli.options import Json, Threads

if TYPE_CHECKING:
    from glassnet.bench import Result, Roof

ROUNDS, QUICK_ROUNDS = 7, 3
TURN, QUICK_TURN = 0.03, 0.003
"""Seconds of one case in one round."""


def bench(
    only: Annotated[
        str,
        typer.Option(
            help="Time only what has this in its name or family: conv, adam, training.",
            metavar="TEXT",
        ),
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter rounds.")] = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Time every kernel and workload against what this machine can do at best.

    The roof is measured in the same rounds: BLAS's rate in large matrix products, and the rate of
    copying. A case's share of it is the least time in which its operations could be done and its
    bytes moved, over the time that it took; above 100 % it is faster than BLAS. Times are medians,
    with the quartiles.

    $GLASSNET_KERNELS chooses the edition of the kernels, as everywhere.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from glassnet import kernels
    from glassnet.bench import cases, describe_machine, run
    from glassnet.cli.output import notes, print_json
    from glassnet.threads import threads as threads_in_use

    chosen = cases(only)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=notes, transient=True, disable=not notes.is_terminal,
    ) as bar:  # fmt: skip
        turns = bar.add_task("", total=(rounds + 1) * (len(chosen) + 1))
        roof, results = run(
            chosen,
            rounds=rounds,
            turn=QUICK_TURN if quick else TURN,
            on_turn=lambda name: bar.update(turns, advance=1, description=name),
        )
    machine = describe_machine() | {
        "threads": threads_in_use(),
        "kernels": kernels.active_kernels(),
    }
    if as_json:
        bandwidth = {str(size): rate / 1e9 for size, rate in roof.bandwidth.items()}
        print_json(
            {
                "machine": machine,
                "rounds": rounds,
                "roof": {
                    "gflops": roof.peak / 1e9,
                    "gbytes_per_second": bandwidth,
                    "multiply_add_gflops": roof.arithmetic and roof.arithmetic / 1e9,
                },
                "cases": [result.to_dict() for result in results],
            }
        )
    else:
        _print(machine, roof, results)


def _print(machine: dict[str, str | int], roof: Roof, results: Sequence[Result]) -> None:
    """Print machine, roof, and the table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from glassnet.bench import readable
    from glassnet.cli.output import print_table
    from glassnet.cli.output import results as console

    console.print(", ".join(f"{key} {value}" for key, value in machine.items()), markup=False)
    copying = ", ".join(
        f"{rate / 1e9:.0f} GB/s in {_size(size)}" for size, rate in roof.bandwidth.items()
    )
    console.print(f"{'matrix products':<16} {roof.peak / 1e9:.0f} GFLOP/s (BLAS)")
    if roof.arithmetic:
        console.print(f"{'multiply-adds':<16} {roof.arithmetic / 1e9:.0f} GFLOP/s (in registers)")
    console.print(f"{'copying':<16} {copying}")
    table = Table(box=box.SIMPLE)
    table.add_column("family")
    table.add_column("what")
    for column in ("time", "quartiles", "rate", "of the roof"):
        table.add_column(column, justify="right")
    family = ""
    for result in results:
        if family and result.family != family:
            table.add_section()
        seconds = result.seconds
        table.add_row(
            "" if result.family == family else result.family,
            escape(result.name),
            readable(seconds.median),
            f"{readable(seconds.low)}–{readable(seconds.high)}",
            _rate(result),
            f"{100 * result.share.median:.{0 if result.share.median >= 0.1 else 1}f} %",
        )
        family = result.family
    print_table(table)


def _rate(result: Result) -> str:
    """Write how fast it was: operations if there are any to speak of, else bytes."""
    if result.operations:
        return f"{result.operations / result.seconds.median / 1e9:.1f} GFLOP/s"
    return f"{result.bytes / result.seconds.median / 1e9:.1f} GB/s"


def _size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
