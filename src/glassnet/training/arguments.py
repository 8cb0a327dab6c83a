"""What is given to a Trainer: refused where it is given, not where it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import ConfigError, ShapeError
from glassnet.layers import BatchNorm1d, Layer
from glassnet.optimizers import Optimizer
from glassnet.training.metrics import named_metric

Data = Dataset | tuple[Array, Array]
"""What can be trained on: a data set, or samples and targets."""


def expect(name: str, value: object, kind: Any, example: str) -> None:
    """Raise `ConfigError` unless `value` is an object of that kind (and not a class)."""
    if isinstance(value, type) or not isinstance(value, kind):
        what = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
        raise ConfigError(f"Trainer: {name} must be like {example}, not {what}")


def check_parts(
    model: object,
    loss: object,
    optimizer: Optimizer,
    regularizers: object,
    callbacks: object,
    metrics: Sequence[str] | None,
    clip_norm: float | None,
) -> None:
    """Refuse parts of a Trainer that are none."""
    expect("model", model, Layer, "gn.Sequential(...)")
    expect("loss", loss, Callable, "gn.SoftmaxCrossEntropy()")
    expect("optimizer", optimizer, Optimizer, "gn.Adam()")
    expect("regularizers", regularizers, Sequence, "[gn.L2(1e-4)]")
    expect("callbacks", callbacks, Sequence, "[gn.EarlyStopping()]")
    if optimizer.steps:
        raise ConfigError(
            f"this {type(optimizer).__name__} has taken {optimizer.steps} steps for another "
            "Trainer, and remembers them; give each Trainer an optimizer of its own"
        )
    if clip_norm is not None and not clip_norm > 0:
        raise ConfigError(f"clip_norm must be above 0, not {clip_norm}")
    for name in metrics or ():
        named_metric(name)  # a wrong name is refused here, where it was written


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


def check_fit(model: Layer, train: Dataset, batch_size: int) -> None:
    """Refuse a training that could not go well."""
    model.output_shape(train.sample_shape)
    if batch_size == 1 and any(
        isinstance(module, BatchNorm1d) and module.is_trainable for module in model.modules()
    ):
        raise ConfigError(
            "BatchNorm1d has nothing to normalise in batches of one sample; use a batch_size "
            "of at least 2, or LayerNorm"
        )
    if not model.is_trainable:
        raise ConfigError("the model has no parameter to train; unfreeze some")
