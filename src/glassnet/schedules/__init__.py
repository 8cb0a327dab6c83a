"""Schedules: the learning rate of a step, as a pure function of the progress so far.

A schedule keeps no count: it is given the optimizer's own learning rate and the `Progress`, and
answers. So a resumed training needs nothing but its progress to go on with the same rates.
"""

from glassnet.schedules.base import Progress, Schedule, Unit
from glassnet.schedules.cycles import Cosine, OneCycle, Warmup
from glassnet.schedules.decays import (
    Constant,
    Exponential,
    MultiStep,
    ReduceOnPlateau,
    StepDecay,
)

__all__ = [
    "Constant",
    "Cosine",
    "Exponential",
    "MultiStep",
    "OneCycle",
    "Progress",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "Unit",
    "Warmup",
]
