"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override one field of the configuration, e.g. optimizer.lr=0.05; repeatable.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="Folder with mnist/, fashion-mnist/ and so on; by default $GLASSNET_DATA, "
        "else a cache.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Run folder to make; by default runs/NAME-001 and so on.", metavar="DIR"),
]
Seed = Annotated[int | None, typer.Option(help="Same as --set training.seed=N.", metavar="N")]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object as the last line of standard output.")
]


def _use_threads(count: int | None) -> int | None:
    if count is not None:
        from glassnet.threads import set_threads

        set_threads(count)
    return count


Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        callback=_use_threads,
        help="Threads that work on one step; by default $OMP_NUM_THREADS, else all processors.",
    ),
]
