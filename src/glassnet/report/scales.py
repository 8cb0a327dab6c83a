"""From values to places on an axis, and the round values written at it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator


@dataclass(frozen=True)
class Scale:
    """From values to places on an axis, low to high."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return where a value stands; just outside the axis for what lies beyond it."""
        v, low, high = value, self.low, self.high
        if self.is_log:
            v, low, high = (math.log10(max(n, 1e-300)) for n in (v, low, high))
        share = min(max((v - low) / (high - low), -0.05), 1.05)
        return round(self.start + share * (self.end - self.start), 1)

    def marks(self, most: int, *, integer: bool = False) -> list[float]:
        """Return round values to write at the axis."""
        chosen = LogLocator() if self.is_log else MaxNLocator(most, integer=integer)
        with np.errstate(over="ignore"):  # a mark beyond the largest number is none
            marks = chosen.tick_values(self.low, self.high)
        return [float(v) for v in marks if self.low <= v <= self.high]
