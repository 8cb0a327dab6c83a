"""Steps of a dense network, many in one call of a kernel.

Between two layers of a small network Python takes longer than the layers do. A chain of Linear
layers and element-wise non-linearities with a common loss and a common optimizer is a table of
numbers, and one kernel takes step after step by that table. It does what `take_step` does, and is
exact to rounding; a step whose loss or gradient is not finite it leaves to `take_step`, which finds
where that came from.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.kernels.codes import LOSSES, RULES
from glassnet.layers import Layer, Sequential
from glassnet.layers.dense_chain import DenseChain
from glassnet.losses import BinaryCrossEntropy, Loss, MeanSquaredError, SoftmaxCrossEntropy
from glassnet.optimizers import SGD, Adam, AdamW
from glassnet.regularizers import L1, L2
from glassnet.schedules import Constant, Progress
from glassnet.store import ParameterStore
from glassnet.training.history import Record
from glassnet.training.layerwise import chain

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


LARGE = 1 << 27
"""Multiply-adds of a forward pass up to which one call is faster than layer by layer."""
NARROW, ALONE = 8, 1 << 19
"""Layers of fewer units are one thread's work, which is faster up to so many multiply-adds."""

_LOSSES: dict[type[Loss], str] = {
    SoftmaxCrossEntropy: "softmax_cross_entropy",
    MeanSquaredError: "squared_error",
    BinaryCrossEntropy: "binary_cross_entropy",
}
_SGD, _MOMENTUM, _NESTEROV, _ADAM = range(len(RULES))
_NOTHING = np.zeros(0, np.float32)
_NO_LABELS = np.zeros(0, np.int64)
_NO_ROWS = np.zeros((0, 1), np.float32)


class Steps:
    """What the kernel has to know of a training.

    Parameters
    ----------
    trainer : Trainer
    store : ParameterStore
        Of all parameters of the model.
    layers, slopes : ndarray
        As `kernels.dense_network_steps` takes them.
    """

    def __init__(
        self, trainer: Trainer, store: ParameterStore, layers: Array, slopes: Array
    ) -> None:
        self.store, self.layers, self.slopes = store, layers, slopes
        self.outputs = int(layers[-1, 1])
        self.loss = LOSSES.index(_LOSSES[type(trainer.loss)])
        self.low, self.high = _asked_by_labels(trainer.loss, self.outputs)
        self.decayed = store.decayed.stop
        self.l1, self.l2 = (
            sum(r.strength for r in trainer.regularizers if type(r) is kind) for kind in (L1, L2)
        )

    @classmethod
    def of(cls, trainer: Trainer) -> Steps | None:
        """Return what the kernel has to know, or None where steps go layer by layer."""
        store, loss = trainer.store, trainer.loss
        known = (
            kernels.active_kernels() == "numba"
            and store.value.dtype == np.float32
            and type(loss) in _LOSSES
            and getattr(loss, "class_weight", None) is None
            and type(trainer.optimizer) in (SGD, Adam, AdamW)
            and all(type(r) in (L1, L2) for r in trainer.regularizers)
            and not trainer.packing.parts
        )
        if not known or not _is_its_layers(trainer.model):
            return None
        found = DenseChain.of([layer for _, layer in chain(trainer.model)], training=True)
        if found is None or found.value is not store.value:
            return None
        sizes, batch = found.table[:, :2].tolist(), trainer.plan["batch_size"]
        alone = sum(inputs * outputs for inputs, outputs in sizes if min(inputs, outputs) < NARROW)
        if batch * found.multiply_adds > LARGE or batch * alone > ALONE:
            return None
        return cls(trainer, store, found.table, found.slopes)

    def fits(self, trainer: Trainer) -> bool:
        """Whether the parameters are still where they were."""
        return trainer.store is self.store and self.store.is_home

    def take(
        self, trainer: Trainer, x: Array, y: Array, batch_size: int
    ) -> tuple[Array, list[Record]]:
        """Take a step on each batch of several; return the outputs before it, and its record.

        It ends before a step that would come to no number. The Trainer counts the steps.
        """
        optimizer, store = trainer.optimizer, self.store
        output = np.empty((len(x), self.outputs), np.float32)
        count = -(-len(x) // batch_size)
        rates = _rates(trainer, count)
        figures = np.empty((count, 2))
        labels, rows = _NO_LABELS, _NO_ROWS
        if y.ndim == 1 and y.dtype == np.int64 and self.outputs > 1:
            labels = y
        else:
            rows = trainer.loss.rows(y, output)
        if optimizer.steps == 0 and not optimizer.state:
            optimizer.reset(store.value)
        rule, settings, first, second = _rule(optimizer)
        taken = kernels.dense_network_steps(
            x.reshape(len(x), -1), labels, rows, self.low, self.high, batch_size, self.layers,
            self.slopes, self.loss, store.value, store.grad, self.decayed, self.l1,
            self.l2, trainer.clip_norm or math.inf, optimizer.weight_decay, rule, settings,
            first, second, optimizer.steps, np.array(rates), output, figures,
        )  # fmt: skip
        optimizer.steps += taken
        records = [
            {"loss": value, "lr": lr, "grad_norm": norm}
            for lr, (value, norm) in zip(rates, figures.tolist(), strict=True)
        ]
        return output, records[:taken]


def _rates(trainer: Trainer, count: int) -> list[float]:
    """Return the learning rates of so many steps to come."""
    lr, schedule = trainer.optimizer.lr, trainer.schedule
    if type(schedule) is Constant:
        return [lr] * count
    done, length, epochs, losses = trainer.progress
    return [float(schedule(lr, Progress(done + k, length, epochs, losses))) for k in range(count)]


def _is_its_layers(model: Layer) -> bool:
    """Return whether a model does nothing but one layer after the other."""
    if not isinstance(model, Sequential):
        return True
    passes = ("forward", "backward", "backward_parameters")
    return all(
        name not in vars(model) and getattr(type(model), name) is getattr(Sequential, name)
        for name in passes
    ) and all(_is_its_layers(layer) for _, layer in model.children())


def _rule(optimizer: Any) -> tuple[int, Array, Array, Array]:
    """Return the number of the optimizer's rule, its hyperparameters, and what it remembers."""
    state = optimizer.state
    if isinstance(optimizer, Adam):
        settings = _settings(optimizer.beta1, optimizer.beta2, optimizer.eps)
        return _ADAM, settings, state["mean"], state["mean_square"]
    settings = _settings(optimizer.momentum, optimizer.dampening, 0.0)
    if "velocity" not in state:
        return _SGD, settings, _NOTHING, _NOTHING
    return _NESTEROV if optimizer.nesterov else _MOMENTUM, settings, state["velocity"], _NOTHING


@lru_cache(maxsize=16)
def _settings(*numbers: float) -> Array:
    """Return hyperparameters as kernels take them, which only read them."""
    return np.array(numbers, np.float64)


def _asked_by_labels(loss: Loss, outputs: int) -> tuple[float, float]:
    """Return what a label asks of the other outputs and of its own."""
    if isinstance(loss, MeanSquaredError):
        return loss.targets
    rest = getattr(loss, "label_smoothing", 0.0) / outputs
    return rest, 1 - getattr(loss, "label_smoothing", 0.0) + rest
