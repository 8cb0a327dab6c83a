"""The folder of results: finished trials by their keys, each whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.errors import CheckpointError, OutputError
from glassnet.experiments.catalogue.trials import Trial
from glassnet.files import write_atomically
from glassnet.parsing import from_json

FOLDER = Path("runs") / "catalogue"
RESULT = "result.json"


@dataclass(frozen=True)
class Result:
    """How a trial ended.

    Attributes
    ----------
    figures : dict of str to float
    seconds : float
        What it took.
    kernels : str
        The edition of the kernels it was computed with.
    stopped : str
        Why a training ended before its time, if it did.
    environment : dict of str to str
    """

    figures: Mapping[str, float]
    seconds: float
    kernels: str
    stopped: str
    environment: Mapping[str, str]

    @property
    def diverged(self) -> bool:
        """Whether the loss was no longer finite."""
        return "finite" in self.stopped

    @property
    def origin(self) -> str:
        """With what versions, and on what machine, it was computed."""
        of = self.environment
        return (
            f"Glassnet {of['glassnet']} with the {self.kernels} kernels, Python {of['python']}, "
            f"NumPy {of['numpy']}, {of['platform']}, {of['cores']} cores"
        )


@dataclass(frozen=True)
class Results:
    """A folder with a sub-folder for each finished trial, called by its key.

    A sub-folder of a training is a run folder, which `glassnet evaluate` and the like take, with
    ``result.json`` beside the rest.

    Parameters
    ----------
    folder : Path
    """

    folder: Path = FOLDER

    def path(self, trial: Trial) -> Path:
        """Return the trial's own folder."""
        return self.folder / trial.key

    def has(self, trial: Trial) -> bool:
        """Whether the trial is finished."""
        return (self.path(trial) / RESULT).is_file()

    def read(self, trial: Trial) -> Result | None:
        """Return how the trial ended, or None if it is not finished.

        Raises
        ------
        CheckpointError
            If the file is damaged.
        """
        path = self.path(trial) / RESULT
        if not path.is_file():
            return None
        try:
            stored = from_json(path.read_text(encoding="utf-8"))
            figures = {
                name: float("nan") if value is None else float(value)
                for name, value in stored["figures"].items()
            }
            result = Result(
                figures,
                float(stored["seconds"]),
                str(stored["kernels"]),
                str(stored["stopped"]),
                {str(key): str(value) for key, value in stored["environment"].items()},
            )
            result.origin  # noqa: B018  # needs all of the versions
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise CheckpointError(
                f"{path} cannot be read ({error}); take away its folder and run the row again"
            ) from error
        return result

    def keep(self, trial: Trial, files: Mapping[str, bytes]) -> None:
        """Write the files of a finished trial; the folder takes its name in one step.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        target = self.path(trial)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(prefix=f".{trial.key}.", dir=self.folder))
        except OSError as error:
            raise OutputError(
                f"cannot write into {self.folder}: {error.strerror}; choose another with --out"
            ) from error
        try:
            unfinished.chmod(0o755)
            for name, content in files.items():
                write_atomically(unfinished / name, content)
            try:
                os.replace(unfinished, target)
            except OSError as error:  # taken, if somebody else did the same trial meanwhile
                if not self.has(trial):
                    raise OutputError(f"cannot write {target}: {error.strerror}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def sweep(self) -> None:
        """Take away what a killed process had begun to write."""
        for entry in self.folder.glob(".*"):
            shutil.rmtree(entry, ignore_errors=True)


def to_result(
    figures: Mapping[str, float],
    seconds: float,
    kernels: str,
    stopped: str,
    where: Mapping[str, str],
) -> dict[str, Any]:
    """Return what ``result.json`` holds."""
    return {
        "figures": dict(figures),
        "seconds": round(seconds, 3),
        "kernels": kernels,
        "stopped": stopped,
        "environment": dict(where),
    }
