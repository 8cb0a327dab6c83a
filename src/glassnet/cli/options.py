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


TensorBoard = Annotated[
    bool,
    typer.Option(
        "--tensorboard",
        help="Show the training in TensorBoard (needs glassnet[tensorboard]); same as --set "
        "tensorboard.on=true.",
    ),
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
ImportedFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where to write it; by default NAME-glassnet."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
InputShape = Annotated[
    str | None,
    typer.Option(
        "--input-shape",
        metavar="SIZES",
        help="Shape of one sample, such as 1,28,28, where it is not known.",
    ),
]


def shape_from(text: str | None) -> tuple[int, ...] | None:
    """Return the shape that `--input-shape` gives, None where it is not given."""
    from glassnet.errors import ConfigError

    if text is None:
        return None
    try:
        shape = tuple(int(part) for part in text.replace("x", ",").split(","))
    except ValueError:
        shape = (0,)
    if min(shape) < 1 or len(shape) > 3:
        raise ConfigError(f"--input-shape takes sizes, such as 784 or 1,28,28, not {text!r}")
    return shape
