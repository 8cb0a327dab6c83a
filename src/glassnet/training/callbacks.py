"""What can look on, and step in, while a training runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import ConfigError
from glassnet.training.evaluation import evaluate
from glassnet.training.history import Record, columns, goes_down, is_better, records

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


class Callback:
    """Base of all callbacks; each method does nothing unless a subclass says otherwise.

    A callback that remembers something which the training depends on, or which it reports, gives it
    to checkpoints with `state_dict` and takes it back with `load_state_dict`.

    Examples
    --------
    >>> class Loud(gn.Callback):
    ...     def on_epoch(self, trainer, record):
    ...         print(f"epoch {record['epoch']}: {record['train_loss']:.3f}")
    """

    is_last: ClassVar[bool] = False
    """Whether it comes after the others, because it looks at what they remember."""

    def on_start(self, trainer: Trainer) -> None:
        """Act before the first epoch."""

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Act after a step; `record` holds its loss, learning rate and gradient norm."""

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Act after an epoch; `record` is the one just added to the history."""

    def on_interrupt(self, trainer: Trainer) -> None:
        """Act when Ctrl-C or SIGTERM has ended the training between two steps, before `on_end`."""

    def on_end(self, trainer: Trainer) -> None:
        """Act at the end, also when the training was stopped or interrupted."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training must know: numbers, text and arrays in dicts and lists."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; called after `on_start`."""


class EvaluateEvery(Callback):
    """Evaluate the model on some data every so many steps, also in the middle of an epoch.

    Parameters
    ----------
    steps : int
    parts : dict of str to Dataset
        What to evaluate on, by the name that its figures begin with.

    Attributes
    ----------
    records : list of dict
        For each time the step, its training loss and learning rate, and the figures of every part.

    Examples
    --------
    >>> data = gn.data.load("moons")
    >>> every = gn.EvaluateEvery(20, {"test": data.test})
    >>> model = gn.Sequential(gn.Linear(2, 2))
    >>> trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(), callbacks=[every])
    >>> _ = trainer.fit(data.train, epochs=2, batch_size=16)
    >>> [record["step"] for record in every.records], list(every.records[0])
    ([20, 40, 60, 80], ['step', 'loss', 'lr', 'grad_norm', 'test_loss', 'test_accuracy'])
    """

    def __init__(self, steps: int, parts: Mapping[str, Dataset]) -> None:
        if steps < 1:
            raise ConfigError(f"EvaluateEvery: steps must be at least 1, not {steps}")
        self.steps, self.parts = steps, dict(parts)
        self.records: list[Record] = []

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Evaluate, if it is time."""
        if trainer.step_count % self.steps:
            return
        figures: Record = {"step": trainer.step_count, **record}
        for name, data in self.parts.items():
            found = evaluate(trainer.model, data, trainer.loss, metrics=trainer.metrics)
            figures |= found.record(name)
        self.records.append(figures)

    def state_dict(self) -> dict[str, Any]:
        """Return the records."""
        return {"records": columns(self.records)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the records back."""
        self.records = records(state["records"])


class EarlyStopping(Callback):
    """Stop when a figure has not improved for some epochs, and go back to the best weights.

    Parameters
    ----------
    metric : str
        A column of the history, such as ``"valid_loss"`` or ``"valid_accuracy"``. Losses and errors
        should fall, everything else should rise.
    patience : int
        How many epochs in a row may pass without improvement; the training stops after the last of
        them.
    min_delta : float
        What counts as an improvement: by more than this.
    restore_best : bool
        Give the model back its best weights at the end, however the training ended.

    Attributes
    ----------
    best, best_epoch : float, int
        The best value so far and its epoch, counted from 1.
    best_weights, last_weights : dict of str to ndarray, or None
        The state of the model at the best epoch, and at the end before it went back to the best.

    Examples
    --------
    >>> gn.EarlyStopping("valid_accuracy", patience=3)
    EarlyStopping('valid_accuracy', patience=3, min_delta=0.0, restore_best=True)
    """

    def __init__(
        self,
        metric: str = "valid_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if patience < 1:
            raise ConfigError(f"EarlyStopping: patience must be at least 1, not {patience}")
        if not 0 <= min_delta < math.inf:
            raise ConfigError(f"EarlyStopping: min_delta must be at least 0, not {min_delta}")
        self.metric, self.patience = metric, patience
        self.min_delta, self.restore_best = min_delta, restore_best
        self._begin()

    def _begin(self) -> None:
        self.best = math.inf if goes_down(self.metric) else -math.inf
        self.best_epoch = 0
        self.best_weights: dict[str, Array] | None = None
        self.last_weights: dict[str, Array] | None = None
        self._waited = 0

    def on_start(self, trainer: Trainer) -> None:
        """Start counting; a second `fit` goes on from the first one's best, a new Trainer anew."""
        if not trainer.history.epochs:
            self._begin()
        self._waited = 0

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Compare with the best epoch so far."""
        if self.metric not in record:
            raise ConfigError(
                f"early stopping watches {self.metric!r}, but the epochs have only "
                f"{', '.join(record)}; choose one of these, or give validation data"
            )
        value = record[self.metric]
        if is_better(self.metric, value, self.best, self.min_delta):
            self.best, self.best_epoch, self._waited = value, int(record["epoch"]), 0
            self.best_weights = trainer.model.state_dict()
            return
        self._waited += 1
        if self._waited >= self.patience:
            trainer.stop(f"no better {self.metric} for {self.patience} epochs")

    def on_end(self, trainer: Trainer) -> None:
        """Go back to the best weights."""
        self.last_weights = trainer.model.state_dict()
        if self.restore_best and self.best_weights is not None:
            trainer.model.load_state_dict(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, its epoch and weights, and how long it has been waited since."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_weights": self.best_weights,
            "waited": self._waited,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on waiting."""
        weights = state["best_weights"]
        if weights is not None and not all(isinstance(w, np.ndarray) for w in weights.values()):
            raise ValueError("the best weights are not all arrays")
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        self.best_weights, self._waited = weights, int(state["waited"])

    def __repr__(self) -> str:
        return (
            f"EarlyStopping({self.metric!r}, patience={self.patience}, "
            f"min_delta={self.min_delta}, restore_best={self.restore_best})"
        )
