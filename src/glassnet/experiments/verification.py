"""Proving that a resumed run is the run: once through, once killed at random points, compared."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from glassnet.errors import CheckpointError
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder, environment
from glassnet.experiments.killing import Kill, ended, killed, moments, unreadable
from glassnet.kernels import active_kernels
from glassnet.threads import threads as threads_in_use
from glassnet.training import Checkpoint, History, newest_checkpoint
from glassnet.training.checkpoint import files

ALIKE = (
    "model.safetensors", "last.safetensors", "predictions.safetensors", "layers.safetensors",
    "steps.csv", "evaluations.csv",
)  # fmt: skip
"""Files of a run folder whose every byte must be the same, where there are such."""


@dataclass(frozen=True)
class Certificate:
    """What was compared, and whether it was the same.

    Attributes
    ----------
    steps : int
        Of the newest checkpoint.
    compared : dict of str to bool
        For each thing whether both runs have the same bytes.
    unreadable : tuple of str
        Files that could not be read after a kill, and why.
    """

    recipe: str
    steps: int
    kills: tuple[Kill, ...]
    compared: dict[str, bool]
    unreadable: tuple[str, ...]
    date: str
    environment: dict[str, str]

    @property
    def identical(self) -> bool:
        """Whether a run that was killed at least once came to the same in everything."""
        return bool(self.kills) and not self.unreadable and all(self.compared.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as JSON knows it."""
        return {**asdict(self), "identical": self.identical}


def verify_resume(
    recipe: str,
    overrides: Sequence[str] = (),
    *,
    kills: int = 3,
    every: int = 25,
    data_dir: str | Path | None = None,
    threads: int | None = None,
    kernels: str | None = None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Certificate:
    """Train once through, train again killed at random instants and resumed, compare bytes.

    Each training is a process of its own, ended by SIGKILL (or what the system has in its place):
    nothing of it can clean up. Some kills wait until a file is being written.

    Parameters
    ----------
    recipe, overrides
        As `Config.from_recipe` takes them.
    kills : int
        How often to kill; fewer where the training ends before.
    every : int
        Steps between checkpoints.
    data_dir : path, optional
    threads, kernels : optional
        What the processes use; by default what this one does.
    tell : callable
        Is told what goes on.

    Raises
    ------
    CheckpointError
        If a process ends with an error of its own, or the training is too short for a checkpoint.
    """
    config = Config.from_recipe(recipe, overrides)
    config = replace(config, checkpoint=replace(config.checkpoint, minutes=0, steps=every))
    threads, kernels = threads or threads_in_use(), kernels or active_kernels()
    options = [] if data_dir is None else ["--data-dir", str(data_dir)]
    options += ["--threads", str(threads), "--json"]
    surroundings = {**os.environ, "GLASSNET_KERNELS": kernels}
    with TemporaryDirectory(prefix="glassnet-") as temporary:
        place = Path(temporary)
        (place / "config.toml").write_text(config.to_toml(), encoding="utf-8")
        whole, broken = RunFolder(place / "whole"), RunFolder(place / "broken")
        train = ["train", str(place / "config.toml"), *options, "--out"]
        tell("trains once through")
        result = json.loads(ended([*train, str(whole.path)], surroundings))
        if not files(whole.checkpoints):
            raise CheckpointError(
                f"{config.name} has ended before its first checkpoint, after {every} steps; "
                "write some more often with --every"
            )
        steps = newest_checkpoint(whole.checkpoints)[0].step
        parts = result["seconds_by_part"]
        made: list[Kill] = []
        faults: list[str] = []
        command = [*train, str(broken.path)]
        for share, moment in moments(kills):
            kill = killed(
                command,
                surroundings,
                broken,
                moment=moment,
                step=share * steps,
                start=parts["start"] + parts["data"],
            )
            if kill is None:
                break
            made.append(kill)
            faults += unreadable(broken)
            tell(f"{kill.in_words()}; the newest checkpoint is of step {kill.step}")
            if (broken.path / "config.toml").exists():
                command = ["resume", str(broken.path), "--strict", *options]
        if not (broken.path / "metrics.json").exists():
            ended(command, surroundings)
        return Certificate(
            config.name,
            steps,
            tuple(made),
            _compared(whole.path, broken.path),
            tuple(faults),
            f"{datetime.now(UTC):%Y-%m-%d}",
            {**environment(), "threads": str(threads), "kernels": kernels},
        )


def _compared(whole: Path, broken: Path) -> dict[str, bool]:
    """Compare two run folders."""
    compared = {}
    for name in ALIKE:
        first, second = whole / name, broken / name
        if first.exists() or second.exists():
            both = first.exists() and second.exists()
            compared[name] = both and first.read_bytes() == second.read_bytes()
    compared["history.csv, but for the seconds"] = _history(whole) == _history(broken)
    states = [newest_checkpoint(RunFolder(path).checkpoints)[0] for path in (whole, broken)]
    first_bytes, second_bytes = (_timeless(state).to_bytes() for state in states)
    compared["newest checkpoint: weights, optimizer, random streams, history"] = (
        first_bytes == second_bytes
    )
    return compared


def _history(folder: Path) -> list[dict[str, float]]:
    history = History.from_csv((folder / "history.csv").read_text(encoding="utf-8"))
    return [
        {name: value for name, value in record.items() if name != "seconds"}
        for record in history.epochs
    ]


def _timeless(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint without what a clock says, and without what it belongs to."""
    return Checkpoint(checkpoint.step, _without_seconds(checkpoint.state), {})


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        kept = (name for name in value if name != "seconds")
        return {name: _without_seconds(value[name]) for name in kept}
    if isinstance(value, list):
        named = (isinstance(item, str) and item == "seconds" for item in value)
        return [_without_seconds(v) for v, drop in zip(value, named, strict=True) if not drop]
    return value
