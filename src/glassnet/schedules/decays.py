"""Learning rates that only fall."""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassnet.schedules.base import Progress, Schedule, require


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
        require(self.every >= 1, "StepDecay: every must be at least 1", self.every)
        require(self.gamma > 0, "StepDecay: gamma must be above 0", self.gamma)

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
        require(self.gamma > 0, "MultiStep: gamma must be above 0", self.gamma)

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
        require(self.gamma > 0, "Exponential: gamma must be above 0", self.gamma)
        require(self.floor >= 0, "Exponential: floor must be at least 0", self.floor)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return max(floor, lr · γᵗ)."""
        return max(self.floor, lr * self.gamma ** progress.elapsed(self.unit))


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
        require(0 < self.gamma < 1, "ReduceOnPlateau: gamma must lie between 0 and 1", self.gamma)
        require(self.patience >= 0, "ReduceOnPlateau: patience must be at least 0", self.patience)
        require(self.floor >= 0, "ReduceOnPlateau: floor must be at least 0", self.floor)

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
