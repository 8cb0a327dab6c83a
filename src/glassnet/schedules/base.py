"""What every schedule is, and the progress that it is asked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from glassnet.errors import ConfigError

Unit = Literal["step", "epoch"]


class Progress(NamedTuple):
    """How far a training has come.

    Parameters
    ----------
    step : int
        Steps taken before this one, in all epochs together.
    steps_per_epoch : int
    epochs : int
        Epochs planned.
    losses : sequence of float
        The watched loss of each epoch that has ended; only `ReduceOnPlateau` looks at it.
    """

    step: int
    steps_per_epoch: int = 1
    epochs: int = 1
    losses: Sequence[float] = ()

    def elapsed(self, unit: Unit) -> int:
        """Return the steps, or the whole epochs, that have been taken."""
        return self.step if unit == "step" else self.step // self.steps_per_epoch

    def total(self, unit: Unit) -> int:
        """Return the steps, or the epochs, that are planned."""
        return self.epochs * (self.steps_per_epoch if unit == "step" else 1)


@dataclass(frozen=True)
class Schedule:
    """Base of all schedules.

    Parameters
    ----------
    unit : {"step", "epoch"}
        Whether the rate changes from step to step or from epoch to epoch, and what all numbers of
        the schedule count.
    """

    unit: Unit = field(default="step", kw_only=True)

    def __post_init__(self) -> None:
        if self.unit not in ("step", "epoch"):
            raise ConfigError(f"a schedule's unit is 'step' or 'epoch', not {self.unit!r}")

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return the learning rate of the coming step.

        Parameters
        ----------
        lr : float
            The optimizer's own learning rate, of which this makes a multiple.
        progress : Progress

        Returns
        -------
        float
        """
        raise NotImplementedError


def require(condition: bool, message: str, value: object) -> None:
    """Raise `ConfigError` with the message and the value unless the condition holds."""
    if not condition:
        raise ConfigError(f"{message}, not {value}")
