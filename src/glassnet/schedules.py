"""Schedules: the learning rate of a step, as a pure function of the progress so far.

A schedule keeps no count: it is given the optimizer's own learning rate and the `Progress`, and
answers. So a resumed training needs nothing but its progress to go on with the same rates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from glassnet.errors import ConfigError

Unit = Literal["step", "epoch"]


@dataclass(frozen=True)
class Progress:
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


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate throughout.

    Examples
    --------
    >>> gn.Constant()(0.1, gn.Progress(1000))
    0.1
    """

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return lr."""
        return lr


@dataclass(frozen=True)
class StepDecay(Schedule):
    """lr · γ^⌊t / every⌋: by a factor γ after every so many steps or epochs.

    Parameters
    ----------
    every : int
    gamma : float
    unit : {"step", "epoch"}

    Examples
    --------
    >>> [gn.StepDecay(every=2, gamma=0.5)(1.0, gn.Progress(t)) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    every: int
    gamma: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.every >= 1, "StepDecay: every must be at least 1", self.every)
        _require(self.gamma > 0, "StepDecay: gamma must be above 0", self.gamma)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return lr · γ^⌊t / every⌋."""
        return lr * self.gamma ** (progress.elapsed(self.unit) // self.every)


@dataclass(frozen=True)
class MultiStep(Schedule):
    """lr · γ^(number of milestones reached).

    Parameters
    ----------
    milestones : tuple of int
    gamma : float
    unit : {"step", "epoch"}

    Examples
    --------
    >>> [round(gn.MultiStep((1, 3))(1.0, gn.Progress(t)), 6) for t in range(4)]
    [1.0, 0.1, 0.1, 0.01]
    """

    milestones: tuple[int, ...]
    gamma: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.gamma > 0, "MultiStep: gamma must be above 0", self.gamma)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return lr · γ^(milestones reached)."""
        t = progress.elapsed(self.unit)
        return lr * self.gamma ** sum(t >= milestone for milestone in self.milestones)


@dataclass(frozen=True)
class Exponential(Schedule):
    """max(floor, lr · γᵗ).

    Parameters
    ----------
    gamma : float
    floor : float
        The rate below which it does not fall.
    unit : {"step", "epoch"}

    Examples
    --------
    >>> [gn.Exponential(0.5, floor=0.2)(1.0, gn.Progress(t)) for t in range(4)]
    [1.0, 0.5, 0.25, 0.2]
    """

    gamma: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.gamma > 0, "Exponential: gamma must be above 0", self.gamma)
        _require(self.floor >= 0, "Exponential: floor must be at least 0", self.floor)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return max(floor, lr · γᵗ)."""
        return max(self.floor, lr * self.gamma ** progress.elapsed(self.unit))


@dataclass(frozen=True)
class Cosine(Schedule):
    """From lr down to floor along half a cosine (Loshchilov & Hutter, 2017, without restarts).

        floor + ½ (lr − floor) (1 + cos(π t / T)),    T the length of the training

    Parameters
    ----------
    floor : float
    unit : {"step", "epoch"}

    Examples
    --------
    >>> [round(gn.Cosine()(1.0, gn.Progress(t, steps_per_epoch=4)), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.floor >= 0, "Cosine: floor must be at least 0", self.floor)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return floor + ½ (lr − floor) (1 + cos(π t / T))."""
        part = min(1.0, progress.elapsed(self.unit) / progress.total(self.unit))
        return self.floor + 0.5 * (lr - self.floor) * (1 + math.cos(math.pi * part))


@dataclass(frozen=True)
class Warmup(Schedule):
    """Linearly up to lr: lr · min(1, (t + 1) / length) (Goyal et al., 2017).

    Parameters
    ----------
    length : int
        Steps or epochs until the full rate.
    unit : {"step", "epoch"}

    Examples
    --------
    >>> [gn.Warmup(4)(1.0, gn.Progress(t)) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    length: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(self.length >= 1, "Warmup: length must be at least 1", self.length)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return lr · min(1, (t + 1) / length)."""
        return lr * min(1.0, (progress.elapsed(self.unit) + 1) / self.length)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from lr / start to lr, then down to lr / end, both along half a cosine (Smith, 2018).

    Parameters
    ----------
    warmup : float
        Part of the training that goes up, between 0 and 1.
    start, end : float
        lr is divided by them at the beginning and at the end.
    unit : {"step", "epoch"}

    Examples
    --------
    >>> rates = [gn.OneCycle()(1.0, gn.Progress(t, steps_per_epoch=11)) for t in range(11)]
    >>> round(rates[0], 3), round(max(rates), 3), round(rates[-1], 6)
    (0.04, 1.0, 4e-06)
    """

    warmup: float = 0.3
    start: float = 25.0
    end: float = 250_000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(0 < self.warmup < 1, "OneCycle: warmup must lie between 0 and 1", self.warmup)
        _require(min(self.start, self.end) > 0, "OneCycle: start and end must be above 0", self)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return the rate at this part of the cycle."""
        last = max(1, progress.total(self.unit) - 1)
        part = min(1.0, progress.elapsed(self.unit) / last)
        if part < self.warmup:
            return _half_cosine(lr / self.start, lr, part / self.warmup)
        return _half_cosine(lr, lr / self.end, (part - self.warmup) / (1 - self.warmup))


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """lr · γ^k after k plateaus of the validation loss (of the training loss, where there is none).

    A plateau is `patience` + 1 epochs in a row none of which is better than the best before them by
    more than the relative `threshold`; then counting begins anew.

    Parameters
    ----------
    gamma : float
    patience : int
    threshold : float
    floor : float

    Examples
    --------
    >>> schedule, losses = gn.ReduceOnPlateau(0.5, patience=1), [1.0, 1.0, 1.0, 1.0]
    >>> [schedule(1.0, gn.Progress(n, losses=losses[:n])) for n in range(5)]
    [1.0, 1.0, 1.0, 0.5, 0.5]
    """

    gamma: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(0 < self.gamma < 1, "ReduceOnPlateau: gamma must lie between 0 and 1", self.gamma)
        _require(self.patience >= 0, "ReduceOnPlateau: patience must be at least 0", self.patience)
        _require(self.floor >= 0, "ReduceOnPlateau: floor must be at least 0", self.floor)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return lr · γ^(plateaus so far), at least the floor."""
        best, waited, plateaus = math.inf, 0, 0
        for loss in progress.losses:
            if loss < best * (1 - self.threshold):
                best, waited = loss, 0
            else:
                waited += 1
            if waited > self.patience:
                waited, plateaus = 0, plateaus + 1
        return max(self.floor, lr * self.gamma**plateaus)


def _half_cosine(first: float, last: float, part: float) -> float:
    return last + 0.5 * (first - last) * (1 + math.cos(math.pi * part))


def _require(condition: bool, message: str, value: object) -> None:
    if not condition:
        raise ConfigError(f"{message}, not {value}")
