"""What goes wrong in a training without a NaN: dead layers, a loss that grows, one that stands."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.layers import ReLU, Softmax
from glassnet.losses import Loss, one_hot
from glassnet.training.callbacks import Callback
from glassnet.training.history import Record
from glassnet.training.layerwise import layer_outputs
from glassnet.training.recording import SAMPLES, dead_share

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer

FEWEST_SAMPLES = 16
"""On fewer, units may give the same by chance."""
MOST_TARGETS = 10_000
GROWN = 2.0
"""A loss has grown that is so many times the best of an earlier epoch, and the constant's."""
STANDS = 0.98
"""A loss has not moved that has never been below this share of the constant's."""
LONG = (5, 500)
"""Epochs and steps after which a loss should have moved."""


def warn(message: str) -> None:
    """Say what goes wrong in a training."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)


class HealthCheck(Callback):
    """Tell, once each, what shows that a training learns nothing.

    - Every unit of a non-linearity is dead: it gives the same for all samples (0, if it is a ReLU),
      so no gradient passes. Looked at after epochs 1, 2, 4, 8, ... and the last.
    - The loss grows: it is twice that of the best epoch so far, and twice that of a constant
      answer.
    - The loss stands: after 5 epochs and 500 steps it has never been 2 % below that of the best
      constant answer, which is ln C for C equally frequent classes.

    The sentences are in ``history.warnings``, by kind. Nothing else of the training changes.

    Parameters
    ----------
    train : Dataset
        The training part.
    tell : callable
        Is given each sentence; by default it becomes a `RuntimeWarning`.

    Examples
    --------
    >>> data = gn.data.load("moons")
    >>> model = gn.Sequential(gn.Linear(2, 8), gn.ReLU(), gn.Linear(8, 2)).initialize(seed=0)
    >>> model[0].bias.value = np.full(8, -100.0)
    >>> check = HealthCheck(data.train, tell=print)
    >>> trainer = gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.SGD(), callbacks=[check])
    >>> history = trainer.fit(data.train, epochs=1)
    all units of layer 1, ReLU, are dead after epoch 1: each gives the same for all samples, ...
    """

    def __init__(self, train: Dataset, tell: Callable[[str], None] = warn) -> None:
        self.train, self.tell = train, tell
        self._best = math.inf
        self._constant: float | None = None

    def on_start(self, trainer: Trainer) -> None:
        """Find the best of the epochs that a resumed training has had."""
        self._best = min(map(_figure, trainer.history.epochs), default=math.inf)

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Look at the losses, and now and then at the layers."""
        epoch = int(record["epoch"])
        if epoch & (epoch - 1) == 0 or epoch == trainer.epochs_planned:
            self._look_at_layers(trainer, epoch)
        before, self._best = self._best, min(self._best, _figure(record))
        loss = record["train_loss"]
        if loss > GROWN * before and loss > GROWN * self._constant_loss(trainer):
            self._say(
                trainer,
                "grows",
                f"the training loss grows: {loss:.4g} in epoch {epoch}, after {before:.4g}; try a "
                f"tenth of the learning rate, {record['lr'] / 10:.2g}, or clip_norm",
            )
        is_long = epoch >= LONG[0] and trainer.step_count >= LONG[1]
        if is_long and self._best > STANDS * self._constant_loss(trainer):
            self._say(
                trainer,
                "stands",
                f"after epoch {epoch} the loss, {self._best:.4g}, is still that of answering every "
                f"sample alike, {self._constant_loss(trainer):.4g}; try a learning rate ten times "
                "larger or smaller, or look whether samples and targets belong together",
            )

    def _look_at_layers(self, trainer: Trainer, epoch: int) -> None:
        if "dead" in trainer.history.warnings or len(self.train) < FEWEST_SAMPLES:
            return
        x, _ = self.train.batch(slice(SAMPLES), trainer.model.dtype)
        with np.errstate(all="ignore"):
            for name, layer, y in layer_outputs(trainer.model, x):
                if layer.preferred_initializer is None or isinstance(layer, Softmax):
                    continue
                dead = not y.any() if isinstance(layer, ReLU) else dead_share(y) == 1
                if dead:
                    self._say(
                        trainer,
                        "dead",
                        f"all units of layer {name}, {type(layer).__name__}, are dead after epoch "
                        f"{epoch}: each gives the same for all samples, so what is below learns "
                        "nothing; try a tenth of the learning rate, LeakyReLU, or scaled data",
                    )
                    return

    def _constant_loss(self, trainer: Trainer) -> float:
        if self._constant is None:
            width = trainer.model.output_shape(self.train.sample_shape)
            outputs = int(width[-1] or 1) if width else 1
            self._constant = constant_loss(trainer.loss, self.train.y[:MOST_TARGETS], outputs)
        return self._constant

    def _say(self, trainer: Trainer, kind: str, sentence: str) -> None:
        if kind not in trainer.history.warnings:
            trainer.history.warnings[kind] = sentence
            self.tell(sentence)


def constant_loss(loss: Loss, targets: Array, outputs: int) -> float:
    """Return the loss of the best answer that is the same for every sample.

    For cross-entropy it is the entropy of the classes' shares, for the squared error the variance.

    Parameters
    ----------
    loss : Loss
    targets : ndarray, shape (N,) or (N, K)
    outputs : int
        How many numbers the network gives for each sample.

    Examples
    --------
    >>> round(constant_loss(gn.SoftmaxCrossEntropy(), np.arange(30) % 3, 3), 4)
    1.0986
    """
    labels = np.issubdtype(targets.dtype, np.integer)
    if labels and outputs > 1:
        shares = one_hot(targets, outputs, np.float64).mean(axis=0)
    else:
        shares = np.atleast_1d(targets.astype(np.float64).mean(axis=0))
    tiny = 1e-7
    if loss.kind == "classification":
        answer = np.log(np.maximum(shares, tiny))
    elif loss.kind == "binary":
        p = np.clip(shares, tiny, 1 - tiny)
        answer = np.log(p / (1 - p))
    else:
        answer = shares
    return float(loss(np.tile(answer, (len(targets), 1)), targets)[0])


def _figure(record: Record) -> float:
    """Return the lower of the losses of an epoch: dropout and augmentation raise the training's."""
    return min(record["train_loss"], record.get("valid_loss", math.inf))
