"""An epoch: its steps, and what it takes to stop in the middle of it and to go on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.data.batches import Batches
from glassnet.training.arguments import quiet
from glassnet.training.callbacks import Callback
from glassnet.training.evaluation import evaluate
from glassnet.training.history import Record
from glassnet.training.interruption import Interruption
from glassnet.training.layerwise import begins_flat
from glassnet.training.metrics import RunningMean
from glassnet.training.step import take_step
from glassnet.training.together import Steps

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


class Epoch:
    """Where in an epoch a training stands.

    The order of the samples is not kept, but the state of the stream before it was drawn: whoever
    goes on draws it again.

    Parameters
    ----------
    shuffle : Generator, optional
        The stream that the order of the samples is about to be drawn from, if it is.

    Attributes
    ----------
    before : dict, optional
        The state of that stream.
    mean : RunningMean
        Of the epoch's figures so far; its count is the samples that were seen.
    last : dict
        The record of the last step.
    """

    def __init__(self, shuffle: np.random.Generator | None) -> None:
        self.before = None if shuffle is None else shuffle.bit_generator.state
        self.mean = RunningMean()
        self.last: Record = {}
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long the epoch has taken so far, interruptions not counted."""
        return time.perf_counter() - self._started

    @property
    def seen(self) -> int:
        """How many samples of the epoch were seen."""
        return int(self.mean.count)

    def state_dict(self) -> dict[str, Any]:
        """Return means, last record and time; the stream's state is kept with the other streams."""
        return {"mean": self.mean.state_dict(), "last": dict(self.last), "seconds": self.seconds}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.mean.load_state_dict(state["mean"])
        self.last = {str(name): float(value) for name, value in state["last"].items()}
        missing = {"loss", "lr", "grad_norm"} - self.last.keys()
        missing |= {"train_loss", "grad_norm"} - state["mean"]["sums"].keys()
        if missing:
            raise ValueError(f"an epoch without {', '.join(sorted(missing))}")
        self._started = time.perf_counter() - float(state["seconds"])


class Course:
    """How steps are taken, until a callback may have frozen, thawed or cast something."""

    def __init__(self, trainer: Trainer, train: Dataset) -> None:
        store, self.batch_size = trainer.pack(), trainer.plan["batch_size"]
        trainer.together = Steps.of(trainer)
        self.watchers = [callback for callback in trainer.callbacks if _watches_steps(callback)]
        self.batches = Batches(
            train,
            self.batch_size,
            dtype=store.value.dtype,
            augment=trainer.augment,
            together=trainer.together is not None and not self.watchers,
            as_rows=begins_flat(trainer.model),
        )


def train_epochs(
    trainer: Trainer, train: Dataset, valid: Dataset | None, interruption: Interruption
) -> bool:
    """Train till the end, or for one epoch where callbacks are to look at it.

    Return whether it went so far; it did not if a signal came.
    """
    course = Course(trainer, train)
    with quiet():
        while True:
            record = train_epoch(trainer, course, interruption)
            if interruption.requested:
                return False
            end_epoch(trainer, record, valid)
            if trainer.callbacks or trainer.is_over:
                return True


def train_epoch(trainer: Trainer, course: Course, interruption: Interruption) -> Record:
    """Take the steps of an epoch, or those that are left of it; return its means."""
    shuffle = trainer.streams["shuffle"] if trainer.plan["shuffle"] else None
    trainer.epoch = epoch = trainer.epoch or Epoch(shuffle)
    trainer.safeguard.begin_epoch(trainer)
    for x, y, weight in course.batches.draw(shuffle, epoch.seen):
        for output, target, record in _steps(trainer, course, x, y, weight):
            figures = {"train_loss": record["loss"], "grad_norm": record["grad_norm"]}
            found = {}
            for name, metric in trainer.train_metrics.items():
                figures[f"train_{name}"] = found[name] = metric(output, target)
            epoch.mean.add(figures, len(output))
            epoch.last = record
            if trainer.record_steps:
                trainer.history.steps.append({"step": trainer.step_count, **record, **found})
        for callback in course.watchers:
            callback.on_step(trainer, record)
        if interruption.requested:
            break
    return {
        "epoch": len(trainer.history) + 1,
        **epoch.mean.result(),
        "penalty": trainer.penalty(),
        "lr": epoch.last["lr"],
    }


def _watches_steps(callback: Callback) -> bool:
    """Whether a callback does anything after a step."""
    return getattr(callback.on_step, "__func__", None) is not Callback.on_step


def _steps(
    trainer: Trainer, course: Course, x: Array, y: Array, weight: Array | None
) -> Iterator[tuple[Array, Array, Record]]:
    """Take a step on each of several batches; yield outputs, targets and record."""
    start, size, together = 0, course.batch_size, trainer.together
    if together is not None and weight is None and together.fits(trainer):
        outputs, records = together.take(trainer, x, y, size)
        for record in records:
            trainer.step_count += 1
            stop = start + size
            yield outputs[start:stop], y[start:stop], record
            start = stop
    for i in range(start, len(x), size):
        one = slice(i, i + size)
        part = None if weight is None else weight[one]
        output, record = take_step(trainer, x[one], y[one], part)
        yield output, y[one], record


def end_epoch(trainer: Trainer, record: Record, valid: Dataset | None) -> None:
    """Evaluate, and write the epoch down."""
    if valid is not None:
        record |= evaluate(trainer.model, valid, trainer.loss, metrics=trainer.metrics).record(
            "valid"
        )
    record["seconds"] = trainer.epoch.seconds if trainer.epoch else 0.0
    trainer.epoch = None
    trainer.history.epochs.append(record)
    trainer.watched_losses.append(record.get("valid_loss", record["train_loss"]))
