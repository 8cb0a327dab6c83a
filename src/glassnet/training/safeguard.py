"""Weights to go back to when a step comes to no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.store import ParameterStore
from glassnet.training.arguments import quiet
from glassnet.training.nonfinite import Fault, NotFiniteError, not_finite, spoilt_weights

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer

GOOD_FOR = 50
"""Steps after which, at the beginning of an epoch, the weights are looked at and copied anew."""


class Safeguard:
    """A copy of weights that were finite, in case that an update spoils them.

    It is made once an epoch at most: at every step it would cost as much as the update itself.
    Mostly a spoilt weight shows in the loss of the next step; behind a tanh it may not.
    """

    def __init__(self) -> None:
        self._kept: tuple[ParameterStore, int, Array] | None = None

    def begin_epoch(self, trainer: Trainer) -> None:
        """Keep the weights, unless that was done a few steps ago."""
        if self._kept is None or trainer.step_count - self._kept[1] >= GOOD_FOR:
            self.keep(trainer)

    def keep(self, trainer: Trainer) -> None:
        """Keep a copy of the weights; refuse spoilt ones."""
        with quiet():
            finite = math.isfinite(kernels.squared_norm(trainer.store.value))
        if not finite and (fault := spoilt_weights(trainer.model)) is not None:
            raise self.error(trainer, "weights", fault, ())
        self._kept = trainer.store, trainer.step_count, trainer.store.value.copy()

    def error(
        self, trainer: Trainer, what: str, fault: Fault, buffers: Sequence[Array]
    ) -> NotFiniteError:
        """Return the error of a step that came to no number, having undone what it did."""
        for buffer, value in zip(trainer.buffers, buffers, strict=False):
            buffer.value = value
        kept, step = "those before that step", trainer.step_count + 1
        if fault.phase == "update":
            kept = "those that it left, which are lost"
            if self._kept is not None and self._kept[0] is trainer.store:
                trainer.store.value[:] = self._kept[2]
                kept = f"those after step {self._kept[1]}"
        lr = trainer.schedule(trainer.optimizer.lr, trainer.progress)
        return not_finite(what, fault, step, len(trainer.history) + 1, lr, kept)
