"""`glassnet resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json, Threads


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", hidden=True)],
    data_dir: DataDir = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Refuse if data, code, threads or kernels are not those of before."
        ),
    ] = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Go on with a run that was interrupted or killed, as if nothing had happened.

    Give its folder. The newest whole checkpoint is taken; every later step has the same bits as if
    the run had never been left.
    """
    from glassnet import experiments
    from glassnet.cli.train import observed

    with observed(as_json) as view:
        experiments.resume(
            run,
            data_dir=data_dir,
            strict=strict,
            callbacks=view.follow,
            clock=view.clock,
            on_ready=view.announce,
            on_test=view.test,
            on_end=view.end,
            tell=view.tell,
        )
