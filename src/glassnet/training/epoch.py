"""An epoch in progress: what it takes to stop in the middle of it and to go on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.training.history import Record
from glassnet.training.metrics import RunningMean


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
