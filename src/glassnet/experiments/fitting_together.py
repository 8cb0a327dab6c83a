"""Whether data, loss and options fit together, found out before the first step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glassnet.arrays import Array
from glassnet.data import DataSplits
from glassnet.errors import ConfigError, DataError
from glassnet.losses import Loss, SoftmaxCrossEntropy
from glassnet.words import count, nearest


def output_width(data: DataSplits, loss: Loss) -> int:
    """Return how many outputs the network needs."""
    if loss.kind == "binary" and data.classes:
        if data.classes > 2:
            raise ConfigError(
                f"binary cross-entropy has two classes, but {data.name} has {data.classes}; "
                'use loss.name = "softmax-cross-entropy"'
            )
        return 1
    if data.classes:
        return data.classes
    targets: Array = data.train.y
    return 1 if targets.ndim == 1 else targets.shape[1]


def refuse_one_class(data: DataSplits) -> None:
    """Raise `DataError` where there is nothing to tell apart."""
    if data.classes and len(labels := np.unique(data.train.y)) == 1:
        name = repr(data.class_names[labels[0]]) if data.class_names else labels[0]
        raise DataError(
            f"{data.name} has only one class: every training sample is of class {name}; "
            "there is nothing to tell apart, bring samples of another"
        )


def refuse_class_weights(loss: Loss, data: DataSplits, outputs: int) -> None:
    """Raise `ConfigError` unless there is a weight for each class, if there are any."""
    if not isinstance(loss, SoftmaxCrossEntropy) or loss.class_weight is None:
        return
    if len(loss.class_weight) != outputs:
        names = f" ({', '.join(data.class_names)})" if data.class_names else ""
        raise ConfigError(
            f"loss.class_weight has {count(len(loss.class_weight), 'number')} for "
            f"{count(outputs, 'class', 'classes')}{names}; give one for each"
        )


def refuse_monitor(monitor: str, metrics: Sequence[str]) -> None:
    """Raise `ConfigError` if early stopping would watch a column that there will not be."""
    columns = ["train_loss", *(f"train_{name}" for name in metrics if name != "r2")]
    columns += ["valid_loss", *(f"valid_{name}" for name in metrics), "penalty", "grad_norm"]
    if monitor not in columns:
        raise ConfigError(
            f"training.monitor is {monitor!r}{nearest(monitor, columns)}; "
            f"there are {', '.join(columns)}"
        )
