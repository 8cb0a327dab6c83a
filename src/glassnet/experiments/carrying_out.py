"""Carrying out a run from beginning to end, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassnet.errors import GlassnetError, TrainingError
from glassnet.experiments.clock import Clock
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder
from glassnet.experiments.lock import locked
from glassnet.experiments.outcome import write
from glassnet.experiments.run import Run
from glassnet.training import Callback, Checkpoint, Evaluation
from glassnet.training.checkpointer import warn


def train(
    config: Config,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    clock: Clock | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
    tell: Callable[[str], None] = warn,
) -> tuple[RunFolder, dict[str, Any]]:
    """Carry out a run from beginning to end; return its folder and metrics.

    `on_ready` is called before the first step, when data and model are there; `on_test` when the
    test part is evaluated; `on_end` with folder and metrics when all is written, also after Ctrl-C;
    `tell` if a checkpoint cannot be written.
    After Ctrl-C, or when the loss is no longer finite, the folder still gets what there is, and the
    exception goes on and names the folder. Where nothing could be trained, because the parts do not
    fit together, no folder is left.
    """
    run = Run.prepare(config, data_dir=data_dir, callbacks=callbacks, clock=clock)
    folder = RunFolder.create(out, config.name)
    try:
        with locked(folder.path):
            folder.write("config.toml", run.config.to_toml())
            run.keep_checkpoints(folder, data_dir=data_dir, tell=tell)
            return carry_out(run, folder, on_ready=on_ready, on_test=on_test, on_end=on_end)
    except GlassnetError:
        if run.refused and not folder.checkpoints.exists():
            folder.discard()
        raise


def carry_out(
    run: Run,
    folder: RunFolder,
    *,
    resume: Checkpoint | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
) -> tuple[RunFolder, dict[str, Any]]:
    """Train, from a checkpoint on if one is given, and write the folder; see `train`."""
    if on_ready is not None:
        on_ready(run)
    interrupted = False
    try:
        run.train(resume)
    except KeyboardInterrupt:
        interrupted = True
    except TrainingError as error:
        run.trainer.stop(str(error).partition(";")[0])
        write(run, folder)
        raise TrainingError(f"{error} ({folder.path} holds what was trained)") from None
    except GlassnetError:
        run.refused = True
        raise
    metrics = write(run, folder, on_test=on_test)
    if on_end is not None:
        on_end(folder, metrics)
    if interrupted:
        raise KeyboardInterrupt(
            f"interrupted; {folder.path} holds what was trained, and glassnet resume "
            f"{folder.path} goes on"
        )
    return folder, metrics
