"""Ending the program as nothing else does: SIGKILL, at an instant that chance chose."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from glassnet.errors import CheckpointError, GlassnetError
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder
from glassnet.training import Checkpoint, History
from glassnet.training.checkpoint import files, step_of

Moment = Literal["start", "step", "write", "end"]
"""While it starts, between two checkpoints, inside the writing of a file, after the last step."""
LONGEST = 0.25
"""Seconds between that a moment was seen and the kill, at most."""
LOOK = 0.0005
"""Seconds between two looks at the folder."""


@dataclass(frozen=True)
class Kill:
    """When a process was killed.

    Attributes
    ----------
    moment : {"start", "step", "write", "end"}
        What was waited for: its start, a step, a file being written, or the end of the training.
    seconds : float
        After its start.
    step : int
        Of the newest checkpoint.
    torn : bool
        Whether a file was left half written, under a name that nobody reads.
    """

    moment: Moment
    seconds: float
    step: int
    torn: bool

    def in_words(self) -> str:
        """Return how it was killed.

        Examples
        --------
        >>> Kill("write", 1.25, 40, torn=True).in_words()
        'killed after 1.25 s, inside the writing of a file'
        """
        when = {"start": ", while it started", "end": ", after the last step"}.get(self.moment, "")
        if self.torn:
            when = ", inside the writing of a file"
        return f"killed after {self.seconds:.2f} s{when}"


def moments(count: int) -> list[tuple[float, Moment]]:
    """Return when to kill: shares of the training in order, and moments, as chance has it."""
    kinds: list[Moment] = ["step", "step", "write", "write", "start"]
    drawn = [
        (share, random.choice(kinds)) for share in sorted(random.random() for _ in range(count))
    ]
    if random.random() < 1 / 2:
        drawn[-1] = (1.0, "end")  # nothing can come after
    return drawn


def ended(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run the program to its end; return the last line that it printed.

    Raises
    ------
    CheckpointError
        If it ends with an error; what it said is told.
    """
    done = subprocess.run(
        [sys.executable, "-m", "glassnet", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise CheckpointError(f"glassnet {arguments[0]} ended with {done.returncode}: {said[-1]}")
    return done.stdout.splitlines()[-1]


def killed(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: RunFolder,
    *,
    moment: Moment,
    step: float,
    start: float,
) -> Kill | None:
    """Start the program and kill it; return None if it ended before.

    Parameters
    ----------
    arguments, environment
        Of the program.
    folder : RunFolder
        Where it works.
    moment, step
        What to wait for, and from which step on.
    start : float
        Seconds that a start takes, about.
    """
    begun, left = time.monotonic(), set(folder.half_written())
    program = subprocess.Popen(
        [sys.executable, "-m", "glassnet", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        reached: Callable[[], bool] = {
            "start": lambda: True,
            "step": lambda: newest_step(folder) >= step,
            "write": lambda: newest_step(folder) >= step and bool({*folder.half_written()} - left),
            "end": (folder.path / "model.safetensors").exists,
        }[moment]
        while program.poll() is None and not reached():
            time.sleep(LOOK)
        if moment != "write":
            time.sleep(random.uniform(0, start if moment == "start" else LONGEST))
        if program.poll() is not None:
            return None
    finally:
        program.kill()
        program.wait()
    seconds = round(time.monotonic() - begun, 3)
    return Kill(moment, seconds, newest_step(folder), bool({*folder.half_written()} - left))


def newest_step(folder: RunFolder) -> int:
    """Return the step of the newest checkpoint; 0 where there is none."""
    return max(map(step_of, files(folder.checkpoints)), default=0)


def unreadable(folder: RunFolder) -> list[str]:
    """Return which files of a run folder cannot be read, and why; not of half-written ones."""
    from safetensors import SafetensorError

    found = []
    for path in sorted(folder.path.rglob("*")):
        if path.is_dir() or path.name.startswith("."):
            continue
        try:
            _read(path)
        except (GlassnetError, SafetensorError, ValueError, OSError, SyntaxError) as error:
            found.append(f"{path.relative_to(folder.path)}: {error}")
    return found


def _read(path: Path) -> None:
    """Read a file of a run folder, whatever it is."""
    if step_of(path) >= 0:
        Checkpoint.read(path)
    elif path.suffix == ".safetensors":
        from safetensors.numpy import load_file

        load_file(path)
    elif path.suffix == ".toml":
        Config.from_recipe(str(path))
    elif path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".csv":
        History.from_csv(path.read_text(encoding="utf-8"))
    elif path.suffix == ".png":
        from PIL import Image

        with Image.open(path) as picture:
            picture.load()
