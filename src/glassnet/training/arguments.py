"""What is given to a Trainer: refused where it is given, not where it fails."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import ConfigError, ShapeError, TrainingError

Data = Dataset | tuple[Array, Array]
"""What can be trained on: a data set, or samples and targets."""


def expect(name: str, value: object, kind: Any, example: str) -> None:
    """Raise `ConfigError` unless `value` is an object of that kind (and not a class)."""
    if isinstance(value, type) or not isinstance(value, kind):
        what = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
        raise ConfigError(f"Trainer: {name} must be like {example}, not {what}")


def as_dataset(data: Data) -> Dataset:
    """Return samples and targets as a data set."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        return Dataset(*data)
    raise ShapeError(f"data must be a Dataset or a pair (x, y), not {type(data).__name__}")


def quiet() -> np.errstate:
    """Silence NumPy's warnings of a loss that diverges, which a step refuses in words."""
    return np.errstate(over="ignore", invalid="ignore")


def not_finite(loss: float, step: int, epoch: int, lr: float) -> TrainingError:
    """Return the error of a step whose loss or gradient is no number."""
    what = "loss" if not math.isfinite(loss) else "gradient"
    return TrainingError(
        f"the {what} is no longer finite at step {step} (epoch {epoch}, learning rate {lr:g}); "
        "the weights are those before that step; try a smaller learning rate, clip_norm, or data "
        "scaled to about 0 to 1"
    )
