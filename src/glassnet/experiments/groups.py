"""Runs that differ in their seed only, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, product
from string import ascii_uppercase

from glassnet.experiments.confounds import identity
from glassnet.experiments.intervals import Estimate, mean_of
from glassnet.experiments.record import RunRecord


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed only.

    Attributes
    ----------
    letter : str
    runs : tuple of RunRecord
        By their seeds, each once.
    figures : dict of str to Estimate
        Every loss and metric that all runs have: the mean over the seeds.
    seconds : Estimate
    """

    letter: str
    runs: tuple[RunRecord, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(run.seed for run in self.runs)

    @property
    def figures(self) -> dict[str, Estimate]:
        """The mean over the seeds of every figure that all runs have."""
        first, *others = (run.metrics.figures for run in self.runs)
        return {
            name: mean_of([run.metrics.figures[name] for run in self.runs])
            for name in first
            if all(name in other for other in others)
        }

    @property
    def seconds(self) -> Estimate:
        """The mean time of the training."""
        return mean_of([run.metrics.seconds for run in self.runs])

    @property
    def keeps_best(self) -> bool:
        """Whether the figures are those of the best epoch's weights, not of the last one's."""
        return self.runs[0].metrics.best_epoch is not None

    @property
    def headline(self) -> str:
        """The figure that tells most: of the test part, and no loss, where there is such a one."""
        return min(self.figures, key=rank, default="")


def grouped(runs: Sequence[RunRecord]) -> tuple[list[Group], list[str]]:
    """Put runs together that differ in their seed only; say which were left out."""
    together: dict[str, dict[int, RunRecord]] = {}
    notes = []
    for run in runs:
        seeds = together.setdefault(identity(run), {})
        if run.seed in seeds:
            notes.append(f"{run.path} repeats {seeds[run.seed].path}, seed and all: left out")
        else:
            seeds[run.seed] = run
    letters = ("".join(word) for size in count(1) for word in product(ascii_uppercase, repeat=size))
    groups = [
        Group(letter, tuple(run for _, run in sorted(seeds.items())))
        for letter, seeds in zip(letters, together.values(), strict=False)
    ]
    return groups, notes


def rank(figure: str) -> tuple[int, int]:
    """Order figures: those of the test part first, and metrics before losses."""
    part, _, name = figure.partition("_")
    return ("test", "valid", "train").index(part), int(name == "loss")
