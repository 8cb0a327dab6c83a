"""One step: forward, loss, backward, update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.training.history import Record
from glassnet.training.nonfinite import FailedStep, locate

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


def take_step(
    trainer: Trainer, x: Array, y: Array, sample_weight: Array | None
) -> tuple[Array, Record]:
    """Take one step on a batch; return the outputs before it, and its record."""
    model, optimizer, store = trainer.model, trainer.optimizer, trainer.packing.current(trainer)
    rng = trainer.streams["dropout"]
    buffers = [buffer.value.copy() for buffer in trainer.buffers]
    output, cache = model.forward(x, training=True, rng=rng)
    value, dy = trainer.loss(output, y, sample_weight)
    model.backward_parameters(dy, cache)
    for regularizer in trainer.regularizers:
        regularizer.add_gradient(store.value[store.decayed], store.grad[store.decayed])
    norm = math.sqrt(kernels.squared_norm(store.grad))
    lr = trainer.schedule(optimizer.lr, trainer.progress)
    if not math.isfinite(value + norm):
        failed = FailedStep(x, y, output, cache, value, dy)
        fault = locate(model, failed, store, trainer.regularizers, rng)
        what = "gradient" if math.isfinite(value) else "loss"
        raise trainer.safeguard.error(trainer, what, fault, buffers)
    if trainer.clip_norm is not None and norm > trainer.clip_norm:
        store.grad *= trainer.clip_norm / norm
    optimizer.step(store.value, store.grad, lr, decayed=store.decayed, parts=trainer.packing.parts)
    trainer.step_count += 1
    return output, {"loss": float(value), "lr": float(lr), "grad_norm": norm}
