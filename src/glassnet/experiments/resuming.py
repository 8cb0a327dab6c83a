"""Going on with a run that was interrupted or killed, as if nothing had happened."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassnet.errors import CheckpointError, ConfigError
from glassnet.experiments.carrying_out import carry_out
from glassnet.experiments.circumstances import circumstances, differences
from glassnet.experiments.clock import Clock
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder
from glassnet.experiments.holding import Holding
from glassnet.experiments.lock import locked
from glassnet.experiments.run import Run
from glassnet.parsing import from_json
from glassnet.training import Callback, Checkpoint, Evaluation, newest_checkpoint
from glassnet.training.checkpoint import files
from glassnet.training.checkpointer import warn


def resume(
    path: str | Path,
    *,
    data_dir: str | Path | None = None,
    strict: bool = False,
    callbacks: Sequence[Callback] | Callable[[Config], Sequence[Callback]] = (),
    clock: Clock | None = None,
    on_ready: Callable[[Run], None] | None = None,
    on_test: Callable[[Run, Evaluation], None] | None = None,
    on_end: Callable[[RunFolder, dict[str, Any]], None] | None = None,
    tell: Callable[[str], None] = warn,
) -> tuple[RunFolder, dict[str, Any]]:
    """Go on with a run from its newest whole checkpoint; return its folder and metrics.

    A run that was killed before its first checkpoint begins anew, which comes to the same. What is
    different from before (the data, the code, the number of threads, ...) is told first. The other
    parameters are those of `train`.

    Parameters
    ----------
    path : path
        The run folder.
    strict : bool
        Refuse to go on if anything that decides the bits is different.
    callbacks : sequence of Callback, or a function that makes them for a configuration
    tell : callable
        Is told what the user should know, in sentences.

    Raises
    ------
    CheckpointError
        If it is no run folder, or the run is complete, or another process works on it, or no
        checkpoint is whole; with `strict`, if anything is different.
    """
    path = Path(path)
    if not (path / "config.toml").is_file():
        raise CheckpointError(
            f"{path} is no run folder that could be resumed: it has no config.toml; give one that "
            "glassnet train made"
        )
    with locked(path) as lock:
        _refuse_complete(path)
        folder = RunFolder(path)
        folder.tidy()
        config = _configuration(path)
        checkpoint = _newest(folder, tell)
        place = data_dir or os.environ.get("GLASSNET_DATA")
        if place is None and checkpoint is not None:
            place = checkpoint.about.get("data_dir")
        own = callbacks(config) if callable(callbacks) else callbacks
        run = Run.prepare(config, data_dir=place, callbacks=own, clock=clock)
        if checkpoint is not None:
            _compare(checkpoint, circumstances(run.config, run.data, place), strict, tell)
        text = (path / "config.toml").read_text(encoding="utf-8")
        holding = Holding(folder, lock, text, tell)
        run.show_in_tensorboard(holding)
        run.keep_checkpoints(holding, data_dir=place)
        run.watch(tell)
        return carry_out(
            run, holding, resume=checkpoint, on_ready=on_ready, on_test=on_test, on_end=on_end
        )


def _configuration(path: Path) -> Config:
    try:
        return Config.from_recipe(str(path / "config.toml"))
    except ConfigError as error:
        raise CheckpointError(f"{path / 'config.toml'} cannot be used: {error}") from error


def _refuse_complete(path: Path) -> None:
    """Refuse a run that has ended; what Ctrl-C ended may go on."""
    file = path / "metrics.json"
    if not file.is_file():
        return
    try:
        stopped = from_json(file.read_text(encoding="utf-8"))["stopped"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{file} cannot be read ({error}); remove it to resume the run"
        ) from error
    if stopped != "interrupted":
        why = f" ({stopped})" if stopped else ""
        raise CheckpointError(
            f"the run in {path} has ended{why}, so there is nothing to resume; "
            "glassnet finetune goes on from its weights"
        )


def _newest(folder: RunFolder, tell: Callable[[str], None]) -> Checkpoint | None:
    if not files(folder.checkpoints):
        tell("there is no checkpoint yet: the run begins anew")
        return None
    checkpoint, passed = newest_checkpoint(folder.checkpoints)
    for reason in passed:
        tell(f"{reason}; an older one is used")
    tell(f"goes on after step {checkpoint.step}")
    return checkpoint


def _compare(
    checkpoint: Checkpoint, now: dict[str, Any], strict: bool, tell: Callable[[str], None]
) -> None:
    """Say what is different from when the checkpoint was written."""
    changed = differences(checkpoint.about, now)
    if not changed:
        return
    sentence = f"since the checkpoint was written there have changed: {'; '.join(changed)}"
    if strict:
        raise CheckpointError(f"{sentence}; set it back, or leave out --strict")
    tell(f"{sentence}; so the bits may differ from those of an uninterrupted run")
