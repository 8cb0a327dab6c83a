"""The folder that a run leaves behind."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import __version__
from glassnet.data import DataSplits, Scaling
from glassnet.errors import ConfigError, OutputError
from glassnet.experiments.drawing import DrawingStyle
from glassnet.experiments.identity import fingerprint, source_version
from glassnet.experiments.lock import NAME as LOCK
from glassnet.files import flush_folder, make_folder, write_atomically
from glassnet.threads import threads

if TYPE_CHECKING:
    from matplotlib.figure import Figure


HALF_WRITTEN = ".*.*.*"
"""What a file is called before it has taken its name: ``.config.toml.a1b2c3``."""


@dataclass(frozen=True)
class RunFolder:
    """Where a run's files are.

    ``config.toml``
        Everything that decides the outcome.
    ``data.json``
        The fitted scaling, the shape of a sample and the names of the classes, which make the model
        usable without the data, and a fingerprint of each part, which tells data apart.
    ``history.csv``, ``metrics.json``
        What happened, and how it ended; the latter with versions of everything.
    ``predictions.safetensors``
        Of a classifier: the true and the predicted class of every test sample.
    ``steps.csv``, ``layers.safetensors``
        What ``training.record_steps`` and ``training.record_layers`` asked for.
    ``model.safetensors``
        The model the run ends with: the best one where early stopping restores it.
    ``figures/*.png``
        Pictures.
    ``checkpoints/step-*.safetensors``
        Where the training stood, for ``glassnet resume``.
    ``tensorboard/events.*``
        What ``tensorboard.on`` asked for.
    """

    path: Path
    is_new: bool = False
    """Whether `create` made it."""

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints are."""
        return self.path / "checkpoints"

    @property
    def figures(self) -> Path:
        """Where its pictures are."""
        return self.path / "figures"

    @property
    def tensorboard(self) -> Path:
        """Where its events for TensorBoard are."""
        return self.path / "tensorboard"

    @classmethod
    def create(cls, out: str | Path | None, name: str) -> RunFolder:
        """Make a new, empty run folder.

        Parameters
        ----------
        out : path, optional
            The folder itself; by default the next free ``runs/NAME-001``, ``runs/NAME-002``, ...
        name : str

        Raises
        ------
        ConfigError
            If `out` holds anything already.
        OutputError
            If it cannot be made.
        """
        try:
            if out is not None:
                path = Path(out)
                is_new = not path.exists()
                make_folder(path)
                folder = cls(path, is_new)
                folder.refuse_used()
                return folder
            make_folder("runs")
            number = 1
            while True:
                path = Path("runs") / f"{name}-{number:03d}"
                try:
                    path.mkdir()  # fails if another run took the number first
                    flush_folder(path.parent)
                    return cls(path, is_new=True)
                except FileExistsError:
                    number += 1
        except OSError as error:
            raise OutputError(
                f"cannot make a run folder at {error.filename}: {error.strerror}; "
                "choose a folder that can be written to with --out"
            ) from error

    def refuse_used(self) -> None:
        """Raise ConfigError if it holds more than a run leaves that was killed before it began."""
        if not all(map(_is_leftover, self.path.iterdir())):
            raise ConfigError(
                f"{self.path} is not empty, and a run never overwrites; "
                "choose another folder with --out"
            )

    def half_written(self) -> list[Path]:
        """Return files that have not yet taken their names: leftovers, where nobody is writing."""
        places = (self.path, self.checkpoints, self.figures)
        return [file for place in places for file in place.glob(HALF_WRITTEN)]

    def tidy(self) -> None:
        """Remove what a process left that was killed while writing."""
        for file in self.half_written():
            file.unlink(missing_ok=True)

    def _repr_html_(self) -> str:
        from glassnet.experiments.notebook import folder_html

        return folder_html(self.path)

    def write(self, name: str, content: str) -> None:
        """Write a text file of the folder, whole or not at all."""
        write_atomically(self.path / name, content)

    def discard(self) -> None:
        """Take away what `train` writes before the first step, and the folder if it was new."""
        for name in ("config.toml", "data.json"):
            (self.path / name).unlink(missing_ok=True)
        if self.is_new:
            with suppress(OSError):  # it holds something of somebody else's: that stays
                self.path.rmdir()

    def write_figures(self, figures: Mapping[str, Figure]) -> None:
        """Write pictures into ``figures/``."""
        from glassnet.pictures import save

        for name, figure in figures.items():
            save(figure, self.figures / f"{name}.png")

    def write_data_description(self, data: DataSplits) -> None:
        """Write what a later prediction must know of the data."""
        scaling = data.train.scaling or Scaling()
        whole = {"train": data.train, "valid": data.valid, "test": data.test}
        parts = {part: split for part, split in whole.items() if split is not None}
        description = {
            "name": data.name,
            "sample_shape": list(data.sample_shape),
            "class_names": list(data.class_names) if data.class_names else None,
            "feature_names": list(data.feature_names) if data.feature_names else None,
            "classes": data.classes,
            "samples": {part: len(split) for part, split in parts.items()},
            "fingerprints": {part: fingerprint(split) for part, split in parts.items()},
            "scaling": scaling.to_dict(),
        }
        if len(data.sample_shape) == 3:
            description["drawing"] = asdict(DrawingStyle.of(data.train.raw))
        self.write("data.json", json.dumps(description, indent=2) + "\n")


def _is_leftover(path: Path) -> bool:
    """Whether a file is all that a run leaves which was killed before it began."""
    return path.name == LOCK or path.match(HALF_WRITTEN)


def environment() -> dict[str, str]:
    """Return the versions and the machine that a result belongs to."""
    from importlib.metadata import version

    return {
        "glassnet": __version__,
        "source": source_version(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        "platform": platform.platform(),
        "processor": platform.machine(),
        "cores": str(os.cpu_count()),
        "threads": str(threads()),
    }


def to_json(values: Mapping[str, Any]) -> str:
    """Return JSON in which a number that is not finite is null, as the standard has it."""

    def clean(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not np.isfinite(value):
            return None
        return value

    return json.dumps(clean(values), allow_nan=False)
