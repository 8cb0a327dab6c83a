"""Learning rates along a line or half a cosine, over the length of the training."""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassnet.schedules.base import Progress, Schedule, require


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
        require(self.floor >= 0, "Cosine: floor must be at least 0", self.floor)

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
        require(self.length >= 1, "Warmup: length must be at least 1", self.length)

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
        require(0 < self.warmup < 1, "OneCycle: warmup must lie between 0 and 1", self.warmup)
        require(min(self.start, self.end) > 0, "OneCycle: start and end must be above 0", self)

    def __call__(self, lr: float, progress: Progress) -> float:
        """Return the rate at this part of the cycle."""
        last = max(1, progress.total(self.unit) - 1)
        part = min(1.0, progress.elapsed(self.unit) / last)
        if part < self.warmup:
            return _half_cosine(lr / self.start, lr, part / self.warmup)
        return _half_cosine(lr, lr / self.end, (part - self.warmup) / (1 - self.warmup))


def _half_cosine(first: float, last: float, part: float) -> float:
    return last + 0.5 * (first - last) * (1 + math.cos(math.pi * part))
