"""The model's parameters as flat vectors, for as long as they stay there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from glassnet.store import ParameterStore
from glassnet.training.finetuning import Part, rate_parts

if TYPE_CHECKING:
    from glassnet.training.trainer import Trainer


class Packing:
    """The store of a training.

    Parameters
    ----------
    lr_of : mapping of str to float
        Learning rates of parameters by name.

    Attributes
    ----------
    parts : list of Part
        The stretches of the vectors with learning rates of their own.
    """

    def __init__(self, lr_of: Mapping[str, float]) -> None:
        self._lr_of = lr_of
        self._store: ParameterStore | None = None
        self.parts: list[Part] = []

    def store(self, trainer: Trainer) -> ParameterStore:
        """Return the store as it was packed last."""
        return self._store or self.pack(trainer)

    def current(self, trainer: Trainer) -> ParameterStore:
        """Return the store, packed anew if a parameter's array is another."""
        store = self._store
        return store if store is not None and store.is_home else self.pack(trainer)

    def pack(self, trainer: Trainer) -> ParameterStore:
        """Return the store, packed anew if parameters have moved out or are others.

        The optimizer's state, being vectors over the same parameters, is carried over by name.
        """
        parameters = dict(trainer.model.named_parameters())
        before, optimizer = self._store, trainer.optimizer
        if before is not None and before.packs(parameters):
            return before
        self._store = store = ParameterStore(parameters)
        if self._lr_of:
            self.parts = rate_parts(store, self._lr_of, optimizer.lr)
        if before is not None and optimizer.state:
            optimizer.state = {
                name: store.gathered(before.by_name(vector))
                for name, vector in optimizer.state.items()
            }
        return store
