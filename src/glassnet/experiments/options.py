"""The sections of a configuration that describe no object of the library: data and training."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    batch_size : int, optional
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
    """

    epochs: int = 10
    batch_size: int | None = None
    seed: int = 0
    shuffle: bool = True
    patience: int = 0
    monitor: str = "valid_loss"
    clip_norm: float | None = None
    metrics: tuple[str, ...] | None = None
    record_steps: bool = False

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("patience", 0)):
            if (value := getattr(self, name)) is not None and value < least:
                raise ConfigError(f"training.{name} must be at least {least}, not {value}")


def anchored(name: Any, options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a data set's options, relative paths among them made absolute, seen from `folder`."""
    paths = library.path_options_of(name) if name in library.names() else ()
    return {
        key: os.path.abspath(folder / Path(value).expanduser())
        if key in paths and isinstance(value, (str, Path))
        else value
        for key, value in options.items()
    }
