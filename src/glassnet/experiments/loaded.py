"""A run read from its folder, to go on with its model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassnet.arrays import Shape
from glassnet.data import Scaling
from glassnet.errors import CheckpointError, GlassnetError
from glassnet.experiments.config import Config
from glassnet.experiments.drawing import DrawingStyle
from glassnet.experiments.folder import RunFolder
from glassnet.layers import Layer
from glassnet.parsing import from_json
from glassnet.storage import load


@dataclass(frozen=True)
class LoadedRun:
    """A run read from its folder."""

    folder: RunFolder
    config: Config
    model: Layer
    scaling: Scaling
    sample_shape: Shape
    class_names: tuple[str, ...] | None
    drawing: DrawingStyle
    feature_names: tuple[str, ...] | None = None
    classes: int | None = None
    stopped: str = ""
    """Why the training ended before its time; empty where it did not."""

    def _repr_html_(self) -> str:
        return self.folder._repr_html_() + self.model._repr_html_()

    @property
    def classifies(self) -> bool:
        """Whether the model tells classes apart."""
        loss = self.config.loss
        return self.class_names is not None or (
            self.classes is not None if loss is None else loss.kind != "regression"
        )

    @classmethod
    def read(cls, path: str | Path) -> LoadedRun:
        """Read configuration, model and data description of a finished run.

        Raises
        ------
        CheckpointError
            If it is no run folder, or a file of it is missing or damaged; the file is named.
        """
        path = Path(path)
        if not path.is_dir():
            raise CheckpointError(
                f"there is no run folder {path}; give one that glassnet train made"
            )
        for name in ("config.toml", "data.json", "model.safetensors"):
            if not (path / name).is_file():
                raise CheckpointError(
                    f"{path} is not the folder of a finished run: it has no {name}"
                )
        model = load(path / "model.safetensors")
        file = path / "config.toml"
        try:
            config = Config.from_recipe(str(file))
            file = path / "data.json"
            stored = from_json(file.read_text(encoding="utf-8"))
            names, features = stored["class_names"], stored.get("feature_names")
            shape = tuple(int(size) for size in stored["sample_shape"])
            model.output_shape(shape)  # refuses samples that it does not take
            scaling = Scaling.from_dict(stored["scaling"])
            for numbers in (scaling.scale, scaling.offset):
                np.broadcast_to(numbers, shape)  # refuses what does not go with samples
            return cls(
                RunFolder(path),
                config,
                model,
                scaling,
                shape,
                None if names is None else tuple(map(str, names)),
                DrawingStyle(**stored.get("drawing", {})),
                None if features is None else tuple(map(str, features)),
                stored.get("classes"),
                _reason_of_end(path / "metrics.json"),
            )
        except (
            GlassnetError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError,
        ) as error:  # fmt: skip
            raise CheckpointError(f"{file} cannot be read: {error}; train the run anew") from error


def _reason_of_end(metrics: Path) -> str:
    if not metrics.is_file():
        return ""
    return str(from_json(metrics.read_text(encoding="utf-8")).get("stopped") or "")
