"""What looks on while an estimator is fitted: a line an epoch, scikit-learn's callbacks."""

from __future__ import annotations

import copy
import sys
from typing import Any

from glassnet.training import Callback, Trainer
from glassnet.training.history import Record


class Telling(Callback):
    """Writes a line after each epoch."""

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Write the figures."""
        figures = (f"{name} {value:.4g}" for name, value in record.items() if name != "epoch")
        sys.stdout.write(f"epoch {record['epoch']:.0f}: {', '.join(figures)}\n")


class FitTask(Callback):
    """Calls scikit-learn's callbacks: the fit is a task, and each epoch a task within it.

    Parameters
    ----------
    estimator : GlassEstimator
        Its network is in training.
    epochs : int
        How many there will be at most.
    data : dict
        X and y as the user gave them, and `metadata`.
    """

    def __init__(self, estimator: Any, epochs: int, data: dict[str, Any]) -> None:
        self.estimator, self.data = estimator, {"estimator": estimator, **data}
        self.left = epochs
        self.fit = estimator._init_callback_context(max_subtasks=epochs)
        self.fit.call_on_fit_task_begin(**self.data)
        self._begin_epoch()

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """End the task of this epoch, and begin that of the next."""
        stop = self.epoch.call_on_fit_task_end(**self.data, reconstruction_attributes=self._fitted)
        self.left -= 1
        if stop:
            trainer.stop("a callback wants it")
        if self.left and not trainer.history.stopped:
            self._begin_epoch()

    def end_fit(self) -> None:
        """End the task of the whole fit."""
        self.fit.call_on_fit_task_end(**self.data, reconstruction_attributes={})

    def _begin_epoch(self) -> None:
        self.epoch = self.fit.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.data)

    def _fitted(self) -> dict[str, Any]:
        """Return what makes a copy of the estimator one that was fitted up to now."""
        return {
            "model_": copy.deepcopy(self.estimator.model_),
            "n_iter_": len(self.estimator.history_),
        }
