"""Finding out before the first step whether everything fits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glassnet.data import Dataset, batches
from glassnet.errors import ConfigError
from glassnet.randomness import stream
from glassnet.training.arguments import check_fit
from glassnet.training.metrics import default_metrics, named_metric

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


def prepare(trainer: Trainer, train: Dataset, epochs: int, batch_size: int, shuffle: bool) -> None:
    """Make a Trainer ready for so many epochs more, or refuse what cannot go well."""
    if epochs < 1:
        raise ConfigError(f"epochs must be at least 1, not {epochs}")
    batches(train, batch_size)  # refuses a batch size that cannot be
    model = trainer.model
    model.initialize(stream(trainer.seed, "init"), missing_only=True)
    check_fit(model, train, batch_size)
    names = trainer.metrics
    if names is None:
        names = default_metrics(trainer.loss, train.y, model.output_shape(train.sample_shape))
    trainer.train_metrics = {name: named_metric(name) for name in names if name != "r2"}
    trainer.buffers = [buffer for _, buffer in model.named_buffers()]
    trainer.pack()
    trainer.steps_per_epoch = math.ceil(len(train) / batch_size)
    trainer.epochs_planned = len(trainer.history) + epochs
    trainer.plan = {
        "epochs": trainer.epochs_planned,
        "batch_size": int(batch_size),
        "shuffle": int(shuffle),
        "samples": len(train),
    }
    trainer.epoch, trainer.history.stopped = None, ""
