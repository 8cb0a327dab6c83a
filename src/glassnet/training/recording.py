"""What weights, biases, gradients and activations look like, layer by layer, over a training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.layers import Dropout, Flatten, Identity, Softmax
from glassnet.training.callbacks import Callback
from glassnet.training.history import Record
from glassnet.training.layer_record import (
    NOTHING,
    Description,
    Distribution,
    Kind,
    LayerRecord,
    described,
)
from glassnet.training.layerwise import layer_outputs

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer

SAMPLES = 256
"""On so many samples, always the same, the activations are taken."""

ALIKE = 1e-6
"""Outputs that differ by less over all samples are one: the unit tells nothing apart."""


class LayerRecorder(Callback):
    """Record, before the first epoch and after every one, how the values of each layer lie.

    Parameters
    ----------
    samples : ndarray, shape (N, ...), optional
        Scaled as in training; the activations are those of these samples, in evaluation mode.
        Without samples none are recorded.

    Attributes
    ----------
    record : LayerRecord

    Examples
    --------
    >>> data = gn.data.load("moons")
    >>> model = gn.Sequential(gn.Linear(2, 8), gn.ReLU(), gn.Linear(8, 2))
    >>> recorder = gn.LayerRecorder(data.train.x[:SAMPLES])
    >>> trainer = gn.Trainer(
    ...     model, gn.SoftmaxCrossEntropy(), gn.Adam(), callbacks=[recorder]
    ... )
    >>> history = trainer.fit(data.train, epochs=2)
    >>> recorder.record.epochs, recorder.record.names("weight")
    ([0, 1, 2], ['0.weight', '2.weight'])
    """

    def __init__(self, samples: Array | None = None) -> None:
        self.samples = samples
        self.record = LayerRecord()
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._gradients: dict[str, Description] = {}

    def on_start(self, trainer: Trainer) -> None:
        """Record the beginning; a second `fit` goes on."""
        if not self.record.epochs:
            self._record(trainer, 0)

    def on_step(self, trainer: Trainer, record: Record) -> None:
        """Add the norms of the gradients up; look at the last of an epoch while it is there."""
        self._steps += 1
        for name, p in trainer.model.named_parameters():
            if p.trainable:
                norm = math.sqrt(kernels.squared_norm(p.grad.reshape(-1)))
                self._sums[name] = self._sums.get(name, 0.0) + norm
                if trainer.epoch_is_over:
                    self._gradients[name] = described(p.grad)

    def on_epoch(self, trainer: Trainer, record: Record) -> None:
        """Record the end of an epoch."""
        self._record(trainer, int(record["epoch"]))

    def state_dict(self) -> dict[str, Any]:
        """Return the record, the sums of the epoch in progress, and its last gradients."""
        content = np.frombuffer(self.record.to_bytes(), np.uint8)
        gradients = {name: [*found] for name, found in self._gradients.items()}
        sums = dict(self._sums)
        return {"record": content, "sums": sums, "steps": self._steps, "gradients": gradients}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on recording."""
        self.record = LayerRecord.from_bytes(state["record"].tobytes())
        self._sums, self._steps = dict(state["sums"]), int(state["steps"])
        self._gradients = {
            name: (tuple(statistics), counts)
            for name, (statistics, counts) in state["gradients"].items()
        }

    def _record(self, trainer: Trainer, epoch: int) -> None:
        record, steps = self.record, self._steps
        record.epochs.append(epoch)
        for name, p in trainer.model.named_parameters():
            kind: Kind = "bias" if name.endswith("bias") else "weight"
            self._add(kind, name, described(p.value))
            self._add("gradient", name, self._gradients.get(name, NOTHING))
            norms = record.gradient_norms.setdefault(name, [])
            norms.append(self._sums.get(name, 0.0) / steps if steps else math.nan)
        self._sums, self._steps, self._gradients = {}, 0, {}
        if self.samples is None:
            return
        for name, layer, y in layer_outputs(trainer.model, self.samples):
            if isinstance(layer, (Dropout, Flatten, Identity)):  # the values of the layer before
                continue
            record.labels[name] = type(layer).__name__
            self._add("activation", name, described(y))
            if layer.preferred_initializer is not None and not isinstance(layer, Softmax):
                record.dead.setdefault(name, []).append(dead_share(y))

    def _add(self, kind: Kind, name: str, values: Description) -> None:
        self.record.distributions.setdefault((kind, name), Distribution()).add(values)


def dead_share(output: Array) -> float:
    """Return the share of the units whose output is the same for all samples.

    Parameters
    ----------
    output : ndarray, shape (N, K, ...)
        K units: features, or channels of which every place counts.

    Examples
    --------
    >>> dead_share(np.array([[0.0, 1.0, 0.0], [0.0, 2.0, 0.5]]))
    0.3333333333333333
    """
    others = tuple(axis for axis in range(output.ndim) if axis != 1)
    return float((np.ptp(output, axis=others) < ALIKE).mean())
