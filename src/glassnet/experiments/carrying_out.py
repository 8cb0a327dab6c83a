"""Carrying out a run from beginning to end, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassnet.errors import GlassnetError, TrainingError
from glassnet.experiments.clock import Clock
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder
from glassnet.experiments.holding import Holding
from glassnet.experiments.lock import locked
from glassnet.experiments.outcome import write
from glassnet.experiments.run import Run
from glassnet.training import Callback, Checkpoint, Evaluation, Interrupted, Terminated
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
    `tell` if a checkpoint cannot be written, or nothing is learnt.
    After Ctrl-C or SIGTERM, or when the loss is no longer finite, the folder still gets what there
    is, and the exception goes on and names the folder; a second Ctrl-C writes nothing more. Where
    nothing could be trained, because the parts do not fit together, no folder is left.
    """
    run = Run.prepare(config, data_dir=data_dir, callbacks=callbacks, clock=clock)
    folder = RunFolder.create(out, config.name)
    try:
        with locked(folder.path) as lock:
            folder.refuse_used()  # by one that was faster between the two lines above
            folder.tidy()
            folder.write("config.toml", text := run.config.to_toml())
            holding = Holding(folder, lock, text, tell)
            run.show_in_tensorboard(holding)
            run.keep_checkpoints(holding, data_dir=data_dir)
            run.watch(tell)
            return carry_out(run, holding, on_ready=on_ready, on_test=on_test, on_end=on_end)
    except GlassnetError:
        if run.refused and not folder.checkpoints.exists():
            folder.discard()
        raise


def carry_out(
    run: Run,
    holding: Holding,
    *,
    resume: Checkpoint | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
) -> tuple[RunFolder, dict[str, Any]]:
    """Train, from a checkpoint on if one is given, and write the folder; see `train`."""
    folder = holding.folder
    if on_ready is not None:
        on_ready(run)
    interrupted: Interrupted | Terminated | None = None
    try:
        run.train(resume)
    except (Interrupted, Terminated) as error:
        interrupted = error
    except TrainingError as error:
        run.trainer.stop(str(error).partition(";")[0])
        holding.secure()
        write(run, folder)
        raise TrainingError(f"{error} ({folder.path} holds what was trained)") from None
    except GlassnetError:
        run.refused = True
        raise
    holding.secure()
    metrics = write(run, folder, on_test=on_test)
    if on_end is not None:
        on_end(folder, metrics)
    if interrupted is not None:
        message = f"interrupted; {folder.path} holds what was trained"
        if metrics["stopped"]:  # and not after the last step
            message += f", and glassnet resume {folder.path} goes on"
        raise interrupted.saying(message)
    return folder, metrics
