"""The sections of a configuration that describe no object of the library: data and training."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from glassnet import data as library
from glassnet.errors import ConfigError


@dataclass(frozen=True)
class DataOptions:
    """What `glassnet.data.load` is called with.

    Parameters
    ----------
    name : str
        See ``glassnet data list``.
    options : dict
        The rest: train, valid, test, scaling, split_seed, and the data set's own options. Paths are
        made absolute, seen from the working folder.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", anchored(self.name, self.options, Path()))

    def load(self, data_dir: str | Path | None = None) -> library.DataSplits:
        """Read, divide and scale the data."""
        return library.load(self.name, data_dir=data_dir, **self.options)


@dataclass(frozen=True)
class TrainingOptions:
    """How long, in what portions, and from which seed.

    Parameters
    ----------
    epochs, seed : int
    batch_size : int or "all", optional
        By default 32, or the whole training part where that is smaller.
    shuffle : bool
    patience : int
        Epochs without improvement after which the training stops; 0 for never. With patience the
        weights of the best epoch are restored.
    monitor : str
        What should improve, a column of the history.
    clip_norm : float, optional
    metrics : tuple of str, optional
    record_steps : bool
        Keep every step's loss, metrics, learning rate and gradient norm, in ``steps.csv``.
    record_layers : bool
        Keep every epoch's statistics and histograms of weights, biases and activations, gradient
        norms and dead units, in ``layers.safetensors``.
    evaluate_every : int
        Steps after which validation and test part are evaluated, also within an epoch, for
        ``evaluations.csv``; 0 for never.
    lr_of : dict of str to float, optional
        Learning rates of parameters by name, in place of the optimizer's; `glassnet.Trainer` says
        more.
    """

    epochs: int = 10
    batch_size: int | Literal["all"] | None = None
    seed: int = 0
    shuffle: bool = True
    patience: int = 0
    monitor: str = "valid_loss"
    clip_norm: float | None = None
    metrics: tuple[str, ...] | None = None
    record_steps: bool = False
    record_layers: bool = False
    evaluate_every: int = 0
    lr_of: dict[str, float] | None = None

    def __post_init__(self) -> None:
        limits = {"epochs": 1, "batch_size": 1, "seed": 0, "patience": 0, "evaluate_every": 0}
        for name, least in limits.items():
            if isinstance(value := getattr(self, name), int) and value < least:
                raise ConfigError(f"training.{name} must be at least {least}, not {value}")


@dataclass(frozen=True)
class CheckpointOptions:
    """When a run writes down where it stands, for ``glassnet resume``.

    Parameters
    ----------
    minutes : float
        After so many minutes since the last checkpoint; 0 for never. At Ctrl-C there is one anyway.
    steps : int
        After every so many steps; 0 for never.
    keep_last : int
        How many of the newest checkpoints are kept.
    keep_best : int
        Of how many of the best epochs, by ``training.monitor``, the checkpoint is kept too.
    """

    minutes: float = 1.0
    steps: int = 0
    keep_last: int = 2
    keep_best: int = 0

    def __post_init__(self) -> None:
        limits = {"minutes": 0, "steps": 0, "keep_last": 1, "keep_best": 0}
        for name, least in limits.items():
            if not least <= (value := getattr(self, name)) < float("inf"):
                raise ConfigError(f"checkpoint.{name} must be at least {least}, not {value}")


@dataclass(frozen=True)
class TensorBoardOptions:
    """Whether a run shows itself in TensorBoard while it trains.

    Parameters
    ----------
    on : bool
        Write events into ``tensorboard/`` in the run folder; layers are recorded too, as with
        ``training.record_layers``.
    every : int
        Steps after which loss, learning rate and gradient norm are shown.
    """

    on: bool = False
    every: int = 10

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ConfigError(f"tensorboard.every must be at least 1, not {self.every}")


@dataclass(frozen=True)
class FinetuneOptions:
    """With which weights to begin, and what of them stays.

    Parameters
    ----------
    run : str
        The folder of the finished run whose model is taken, in place of the one in [model].
    weights : str
        SHA-256 of its ``model.safetensors``; another file there is refused. Empty: any.
    freeze : tuple of str
        Names of parameters that stay as they are; see `glassnet.freeze`.
    new_head : bool
        Whether the last layer begins anew, as wide as the data need.
    """

    run: str
    weights: str = ""
    freeze: tuple[str, ...] = ()
    new_head: bool = False


def anchored(name: Any, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a data set's options, relative paths among them made absolute, seen from `folder`."""
    paths = library.path_options_of(name) if name in library.names() else ()
    return {
        key: os.path.abspath(folder / Path(value).expanduser())
        if key in paths and isinstance(value, (str, Path))
        else value
        for key, value in options.items()
    }
