"""Proving that a resumed run is the run: once through, once killed at random points, compared."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from glassnet.errors import CheckpointError
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder, environment
from glassnet.experiments.options import CheckpointOptions
from glassnet.training import Checkpoint, History, newest_checkpoint
from glassnet.training.checkpoint import files, step_of

ALIKE = (
    "model.safetensors", "last.safetensors", "predictions.safetensors", "layers.safetensors",
    "steps.csv", "evaluations.csv",
)  # fmt: skip
"""Files of a run folder whose every byte must be the same, where there are such."""

LEAST_HASTE = 0.2


@dataclass(frozen=True)
class Kill:
    """When a process was killed: seconds after its start, and the step of the newest checkpoint."""

    seconds: float
    step: int


@dataclass(frozen=True)
class Certificate:
    """What was compared, and whether it was the same.

    Attributes
    ----------
    compared : dict of str to bool
        For each thing whether both runs have the same bytes.
    """

    recipe: str
    steps: int
    kills: tuple[Kill, ...]
    compared: dict[str, bool]
    environment: dict[str, str]

    @property
    def identical(self) -> bool:
        """Whether a run that was killed at least once came to the same in everything."""
        return bool(self.kills) and all(self.compared.values())

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
    tell: Callable[[str], None] = lambda sentence: None,
) -> Certificate:
    """Train once through, train again killed at random instants and resumed, compare bytes.

    Each training is a process of its own, ended by SIGKILL (or what the system has in its place):
    nothing of it can clean up.

    Parameters
    ----------
    recipe, overrides
        As `Config.from_recipe` takes them.
    kills : int
        How often to kill; fewer where the training ends before.
    every : int
        Steps between checkpoints.
    data_dir : path, optional
    tell : callable
        Is told what goes on.

    Raises
    ------
    CheckpointError
        If a process ends with an error of its own.
    """
    config = replace(
        Config.from_recipe(recipe, overrides),
        checkpoint=CheckpointOptions(minutes=0, steps=every),
    )
    options = [] if data_dir is None else ["--data-dir", str(data_dir)]
    with TemporaryDirectory(prefix="glassnet-") as temporary:
        place = Path(temporary)
        (place / "config.toml").write_text(config.to_toml(), encoding="utf-8")
        whole, broken = place / "whole", place / "broken"
        train = ["train", str(place / "config.toml"), "--json", *options, "--out"]
        tell("trains once through")
        parts = json.loads(_ended([*train, str(whole)]))["seconds_by_part"]
        made: list[Kill] = []
        command = [*train, str(broken)]
        haste = 1.0
        while len(made) < kills:
            # On average the kills together reach three quarters of the training.
            share = random.uniform(0, 1.5) / kills
            seconds = parts["start"] + parts["data"] + share * parts["training"]
            if not _killed(command, haste * seconds):
                if made or haste < LEAST_HASTE:
                    break
                shutil.rmtree(broken, ignore_errors=True)  # faster than the first: kill earlier
                haste *= 0.7
                continue
            step = max(map(step_of, files(RunFolder(broken).checkpoints)), default=0)
            made.append(Kill(round(haste * seconds, 3), step))
            tell(f"killed after {haste * seconds:.2f} s; the newest checkpoint is of step {step}")
            if (broken / "config.toml").exists():
                command = ["resume", str(broken), "--strict", "--json", *options]
        if not (broken / "metrics.json").exists():
            _ended(command)
        return Certificate(
            config.name,
            newest_checkpoint(RunFolder(whole).checkpoints)[0].step,
            tuple(made),
            _compared(whole, broken),
            environment(),
        )


def _ended(arguments: Sequence[str]) -> str:
    """Run the program to its end; return the last line that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "glassnet", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise CheckpointError(f"glassnet {arguments[0]} ended with {done.returncode}: {said[-1]}")
    return done.stdout.splitlines()[-1]


def _killed(arguments: Sequence[str], seconds: float) -> bool:
    """Start the program and kill it after so many seconds, unless it has ended before."""
    program = subprocess.Popen(
        [sys.executable, "-m", "glassnet", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + seconds
    while program.poll() is None and time.monotonic() < end:
        time.sleep(min(0.01, max(0.0, end - time.monotonic())))
    if program.poll() is not None:
        return False
    program.kill()
    program.wait()
    return True


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
        return [_without_seconds(item) for item in value if item != "seconds"]
    return value
