"""Comparing runs: what differs, by how much, and whether the comparison is fair."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from glassnet.errors import CheckpointError, ConfigError
from glassnet.experiments.confounds import (
    PARTS,
    Change,
    Confound,
    changes_between,
    confounds_of_data,
)
from glassnet.experiments.groups import Group, grouped, rank
from glassnet.experiments.intervals import (
    Estimate,
    McNemar,
    mcnemar,
    paired_difference,
    unpaired_difference,
)
from glassnet.experiments.record import RunRecord


@dataclass(frozen=True)
class Difference:
    """How a group differs from the first one.

    Attributes
    ----------
    first, second : str
        The groups' letters.
    changes : tuple of Change
    figure : str
        The figure that is compared; empty where the groups have none in common.
    difference : Estimate or None
        Second − first.
    paired : bool
        Whether over common seeds.
    mcnemar : McNemar or None
        Of two single runs whose predictions of the same test samples were kept.
    confounds : tuple of Confound
        Why the difference does not show what was changed; none where it does.
    """

    first: str
    second: str
    changes: tuple[Change, ...]
    figure: str
    difference: Estimate | None
    paired: bool
    mcnemar: McNemar | None
    confounds: tuple[Confound, ...]


@dataclass(frozen=True)
class Comparison:
    """What `compare` found."""

    groups: tuple[Group, ...]
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def confounded(self) -> bool:
        """Whether any of the differences is."""
        return any(difference.confounds for difference in self.differences)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "groups": [
                {
                    "letter": group.letter,
                    "runs": [str(run.path) for run in group.runs],
                    "seeds": list(group.seeds),
                    "figures": {name: asdict(value) for name, value in group.figures.items()},
                    "seconds": asdict(group.seconds),
                    "keeps_best": group.keeps_best,
                }
                for group in self.groups
            ],
            "differences": [asdict(difference) for difference in self.differences],
            "confounded": self.confounded,
            "notes": list(self.notes),
        }


def compare(paths: Sequence[str | Path], figure: str | None = None) -> Comparison:
    """Compare runs: put those together that differ in their seed only, and each with the first.

    Parameters
    ----------
    paths : sequence of path
        Run folders; the first belongs to the group that the others are compared with.
    figure : str, optional
        What to compare, such as ``"valid_loss"``; by default the metric of the test part.

    Raises
    ------
    CheckpointError
        If a folder is no finished run, or a file of it cannot be read.
    ConfigError
        If there are fewer than two runs, one is given twice, or one lacks the figure.
    """
    places = [Path(path).resolve() for path in paths]
    if len(places) < 2:
        raise ConfigError("a comparison needs at least two runs; give two run folders or more")
    if twice := [str(p) for p, place in zip(paths, places, strict=True) if places.count(place) > 1]:
        raise ConfigError(f"{twice[0]} is given twice; give every run once")
    runs = [RunRecord.read(path) for path in paths]
    for run in runs:
        if figure is not None and figure not in run.metrics.figures:
            raise ConfigError(
                f"{run.path} has no {figure!r}; it has {', '.join(run.metrics.figures) or 'none'}"
            )
    groups, notes = grouped(runs)
    differences = tuple(_difference(groups[0], other, figure) for other in groups[1:])
    return Comparison(tuple(groups), differences, tuple(_notes(groups, notes, differences)))


def _difference(first: Group, second: Group, figure: str | None) -> Difference:
    common = sorted(first.figures.keys() & second.figures.keys(), key=rank)
    changes = changes_between(first.runs[0], second.runs[0])
    confounds = confounds_of_data(changes, first.runs[0], second.runs[0])
    confounds += _confounds_of_figures(first, second, asked=figure is not None)
    chosen = figure or next(iter(common), "")
    seeds = sorted(set(first.seeds) & set(second.seeds))
    difference = None
    if chosen:
        a, b = ({r.seed: r.metrics.figures[chosen] for r in g.runs} for g in (first, second))
        if seeds:
            difference = paired_difference([a[s] for s in seeds], [b[s] for s in seeds])
        else:
            difference = unpaired_difference([*a.values()], [*b.values()])
    return Difference(
        first.letter,
        second.letter,
        tuple(changes),
        chosen,
        difference,
        bool(seeds),
        _on_same_samples(first, second),
        tuple(confounds),
    )


def _confounds_of_figures(first: Group, second: Group, *, asked: bool) -> Iterator[Confound]:
    """Yield what makes the figures themselves unlike: weights, part of the data, seeds, an end."""
    if first.keeps_best != second.keeps_best:
        best, last = (first, second) if first.keeps_best else (second, first)
        yield Confound(
            "last-against-best",
            f"last epoch against best: {last.letter} has the weights of its last epoch, "
            f"{best.letter} those of its best",
        )
    parts = [group.headline.partition("_")[0] for group in (first, second)]
    if parts[0] != parts[1] and not asked:
        told = " against ".join(PARTS.get(part, "no figure") for part in parts)
        yield Confound(
            "validation-against-test",
            f"{told}: {first.letter} reports figures of the {PARTS.get(parts[0], 'missing')} part, "
            f"{second.letter} of the {PARTS.get(parts[1], 'missing')} part",
        )
    common = set(first.seeds) & set(second.seeds)
    fewest = min(len(first.runs), len(second.runs))
    if fewest < 2:
        yield Confound(
            "one-seed", "one seed only: nobody knows how much of the difference is chance"
        )
    if not common or (len(common) < 2 and fewest >= 2):
        yield Confound(
            "other-seeds",
            f"{'one common seed' if common else 'no common seed'}: {first.letter} has "
            f"{_listed(first.seeds)}, {second.letter} {_listed(second.seeds)}",
        )
    for sentence in _unfinished((*first.runs, *second.runs)):
        yield Confound("unfinished", sentence)


def _unfinished(runs: Sequence[RunRecord]) -> Iterator[str]:
    """Yield a sentence for each run that ended before its time, but for early stopping."""
    for run in runs:
        stopped = run.metrics.stopped
        if stopped and not stopped.startswith("no better"):
            yield f"{run.path.name} did not finish: {stopped}"


def _on_same_samples(first: Group, second: Group) -> McNemar | None:
    """Compare what two single runs predicted, if it was of the same test samples."""
    if len(first.runs) > 1 or len(second.runs) > 1:
        return None
    a, b = first.runs[0], second.runs[0]
    prints = [run.data.fingerprints.get("test") for run in (a, b)]
    if prints[0] is None or prints[0] != prints[1]:
        return None
    said = [run.predictions() for run in (a, b)]
    if said[0] is None or said[1] is None:
        return None
    if said[0].true.shape != said[1].true.shape or (said[0].true != said[1].true).any():
        raise CheckpointError(
            f"{a.path} and {b.path} name the same test samples, but their predictions do not; "
            "train one of them anew"
        )
    return mcnemar(said[0].right, said[1].right)


def _notes(
    groups: Sequence[Group], notes: Sequence[str], differences: Sequence[Difference]
) -> Iterator[str]:
    """Yield what should be known, but forbids nothing."""
    yield from notes
    if len(groups) == 1:
        yield "all runs have one configuration and differ in their seed only"
        yield from _unfinished(groups[0].runs)
    if len(differences) > 1:
        yield f"{len(differences)} comparisons: the intervals are not widened for their number"
    runs = [run for group in groups for run in group.runs]
    for name in ("numpy", "processor", "platform"):
        if len(values := {run.metrics.environment.get(name, "unknown") for run in runs}) > 1:
            yield f"not all ran with the same {name}: {', '.join(sorted(values))}"
    if len(editions := {run.metrics.kernels for run in runs}) > 1:
        yield f"not all ran on the same kernels: {', '.join(sorted(editions))}"
    if any(group.keeps_best and group.headline.startswith("valid") for group in groups):
        yield "figures of the validation part flatter weights that were chosen by it"
    for group in groups:
        name = group.headline
        if name and math.isnan(group.figures[name].value):
            yield f"{group.letter} has a {name} that is not finite"


def _listed(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
