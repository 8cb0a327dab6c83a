"""`glassnet finetune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glassnet.cli.options import DataDir, Json, Out, Seed, Set, TensorBoard, Threads
from glassnet.cli.train import carry_out


def finetune(
    run: Annotated[Path, typer.Argument(metavar="RUN", hidden=True)],
    freeze: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help='Parameters that stay as they are, such as "0.*", or all-but-last; repeatable.',
        ),
    ] = None,
    new_head: Annotated[
        bool,
        typer.Option("--new-head", help="Begin anew with a last layer as wide as the data need."),
    ] = False,
    lr: Annotated[
        float | None, typer.Option(help="Same as --set optimizer.lr=RATE.", metavar="RATE")
    ] = None,
    lr_of: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN=RATE",
            help='Learning rate of some parameters, such as "0.*=0.001"; repeatable.',
        ),
    ] = None,
    settings: Set = None,
    data_dir: DataDir = None,
    out: Out = None,
    seed: Seed = None,
    tensorboard: TensorBoard = False,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Go on from a finished run: on other data, with parts frozen, with other learning rates.

    Give the folder of the run. The new run has a folder of its own, whose config.toml says where
    its first weights came from; glassnet train with that file repeats it.
    """
    from glassnet.experiments.finetuning import finetune_config

    overrides = list(settings or [])
    if lr is not None:
        overrides.append(f"optimizer.lr={lr!r}")
    if seed is not None:
        overrides.append(f"training.seed={seed}")
    if tensorboard:
        overrides.append("tensorboard.on=true")
    config = finetune_config(
        run,
        freeze=freeze or (),
        new_head=new_head,
        lr_of=dict(_rate(text) for text in lr_of or ()),
        overrides=overrides,
    )
    carry_out(config, out=out, data_dir=data_dir, as_json=as_json)


def _rate(text: str) -> tuple[str, float]:
    """Return pattern and rate of ``PATTERN=RATE``."""
    from glassnet.errors import ConfigError

    pattern, _, rate = text.rpartition("=")
    try:
        return pattern.strip(), float(rate) if pattern.strip() else float("no pattern")
    except ValueError:
        raise ConfigError(
            f'--lr-of takes PATTERN=RATE, such as "0.*=0.001", not {text!r}'
        ) from None
