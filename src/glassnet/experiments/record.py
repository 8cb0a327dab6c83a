"""What a run left in its folder, read without its model and without its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glassnet.errors import CheckpointError, GlassnetError
from glassnet.experiments.predictions import Predictions
from glassnet.parsing import from_json, from_toml
from glassnet.training import History, LayerRecord

MEGABYTE = 1 << 20
MOST_BYTES = {
    "config.toml": MEGABYTE,
    "data.json": 16 * MEGABYTE,
    "metrics.json": 16 * MEGABYTE,
    "history.csv": 64 * MEGABYTE,
    "steps.csv": 256 * MEGABYTE,
    "predictions.safetensors": 256 * MEGABYTE,
    "layers.safetensors": 256 * MEGABYTE,
}
"""What is larger was not written by Glassnet, and is not read."""
MOST_WHOLE = 1 << 64
"""A whole number that is larger is no figure, and may be too large for a float."""


class ClassFigures(BaseModel):
    """How well one class is found."""

    name: str = Field(alias="class")
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class Metrics(BaseModel):
    """How a run ended, as ``metrics.json`` has it; the figures themselves are among the extras."""

    model_config = ConfigDict(extra="allow")

    seconds: float = 0.0
    epochs: int = 0
    stopped: str = ""
    warnings: list[str] = []
    seed: int = 0
    parameters: int = 0
    best_epoch: int | None = None
    kernels: str = ""
    per_class: list[ClassFigures] = []
    environment: dict[str, str] = {}

    @property
    def figures(self) -> dict[str, float]:
        """Losses and metrics by name, those of the test part first; what is no number is left out.

        Diverged figures, null in the file, are NaN.
        """
        extras = self.model_extra or {}
        found = {}
        for part in ("test_", "valid_", "train_"):
            for name, value in extras.items():
                if name.startswith(part) and (value is None or _is_number(value)):
                    found[name] = float("nan") if value is None else float(value)
        return found


class DataDescription(BaseModel):
    """What a run was trained and tested on, as ``data.json`` has it."""

    name: str
    sample_shape: list[int]
    class_names: list[str] | None = None
    classes: int | None = None
    samples: dict[str, int] = {}
    fingerprints: dict[str, str] = {}


@dataclass(frozen=True)
class RunRecord:
    """A finished run as its files tell it.

    Attributes
    ----------
    path : Path
    config : dict
        The tables of ``config.toml``.
    metrics : Metrics
    data : DataDescription
    history : History
    """

    path: Path
    config: dict[str, Any]
    metrics: Metrics
    data: DataDescription
    history: History

    def _repr_html_(self) -> str:
        from glassnet.experiments.notebook import record_html

        return record_html(self)

    @classmethod
    def read(cls, path: str | Path) -> RunRecord:
        """Read the folder of a finished run.

        Raises
        ------
        CheckpointError
            If it is none, or a file of it is missing, damaged or far too large; the file is named.
        """
        path = Path(path)
        if not path.is_dir():
            raise CheckpointError(
                f"there is no run folder {path}; give one that glassnet train made"
            )
        needed = ("config.toml", "data.json", "metrics.json", "history.csv")
        content = {name: _content(path, name) for name in needed}
        if missing := [name for name in needed if content[name] is None]:
            raise CheckpointError(
                f"{path} is not the folder of a finished run: it has no {missing[0]}"
            )
        text: dict[str, str] = {}
        name = ""
        try:
            for name in needed:
                text[name] = (content[name] or b"").decode("utf-8")
            name = "config.toml"
            config = from_toml(text[name])
            name = "metrics.json"
            metrics = Metrics.model_validate(from_json(text[name]))
            name = "data.json"
            data = DataDescription.model_validate(from_json(text[name]))
            name = "history.csv"
            history = History.from_csv(text[name])
        except ValidationError as error:
            raise _unreadable(path / name, _first_fault(error)) from None
        except (GlassnetError, ValueError) as error:
            raise _unreadable(path / name, str(error)) from None
        return cls(path, config, metrics, data, history)

    @property
    def seed(self) -> int:
        """The seed of the training."""
        return self.metrics.seed

    def predictions(self) -> Predictions | None:
        """Return what was predicted of each test sample, or None where it was not kept."""
        content = _content(self.path, "predictions.safetensors")
        return None if content is None else Predictions.from_bytes(content)

    def layers(self) -> LayerRecord | None:
        """Return what was recorded of the layers, or None where nothing was."""
        content = _content(self.path, "layers.safetensors")
        return None if content is None else LayerRecord.from_bytes(content)

    def with_steps(self) -> History:
        """Return the history with the steps, where they were recorded."""
        content = _content(self.path, "steps.csv")
        if content is None:
            return self.history
        history = History()
        history.epochs = self.history.epochs
        try:
            history.steps = History.from_csv(content.decode("utf-8")).epochs
        except (GlassnetError, ValueError) as error:
            raise _unreadable(self.path / "steps.csv", str(error)) from None
        return history


def _content(folder: Path, name: str) -> bytes | None:
    """Return the bytes of a file of a run folder, or None where it is not there."""
    file = folder / name
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES[name] + 1)
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if len(content) > MOST_BYTES[name]:
        raise CheckpointError(
            f"{file} is larger than {MOST_BYTES[name] // MEGABYTE} MB, which no run writes; "
            "bring the run folder again"
        )
    return content


def _unreadable(file: Path, reason: str) -> CheckpointError:
    reason = " ".join(reason.split())
    shown = reason if len(reason) <= 200 else reason[:200] + "…"
    return CheckpointError(f"{file} cannot be read: {shown}; bring the file again or train anew")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    place = ".".join(map(str, fault["loc"]))
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= MOST_WHOLE
    return isinstance(value, float)
