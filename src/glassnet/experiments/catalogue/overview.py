"""What is known of each row: how many trials are done, what they found, what that means."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet import data as library
from glassnet.experiments.catalogue.entries import Report, Row, Variant
from glassnet.experiments.catalogue.results import Result, Results
from glassnet.experiments.catalogue.trials import Trial
from glassnet.experiments.catalogue.verdicts import Verdict, overall, verdict
from glassnet.experiments.intervals import Estimate, mean_of


@dataclass(frozen=True)
class Line:
    """One figure of one variant: as published, as found, and the verdict."""

    figure: str
    published: float | None
    ours: Estimate | None
    verdict: Verdict | None


@dataclass(frozen=True)
class VariantState:
    """What is known of a variant.

    Attributes
    ----------
    variant : Variant
    lines : tuple of Line
        One for each figure.
    done : int
        Seeds that are finished.
    seconds : float
        What one took, on average; NaN where none is finished.
    kernels : tuple of str
        The editions of the kernels that computed them.
    diverged : int
        How many seeds ended because the loss was no longer finite.
    origins : frozenset of str
        With what versions, and on what, they were computed.
    """

    variant: Variant
    lines: tuple[Line, ...]
    done: int
    seconds: float
    kernels: tuple[str, ...]
    diverged: int
    origins: frozenset[str]


@dataclass(frozen=True)
class RowState:
    """What is known of a row.

    Attributes
    ----------
    report, row
    variants : tuple of VariantState
    seeds : int
        How many are asked for.
    missing : str
        Files without which it cannot run; empty where all are there.
    """

    report: Report
    row: Row
    variants: tuple[VariantState, ...]
    seeds: int
    missing: str

    @property
    def done(self) -> int:
        """The trials that are finished."""
        return sum(variant.done for variant in self.variants)

    @property
    def planned(self) -> int:
        """The trials that are asked for."""
        return self.seeds * len(self.variants)

    @property
    def origins(self) -> frozenset[str]:
        """With what versions, and on what, its results were computed."""
        return frozenset().union(*(variant.origins for variant in self.variants))

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts on its published figures, those with a planted fault apart."""
        return tuple(
            line.verdict
            for state in self.variants
            if not state.variant.fault
            for line in state.lines
            if line.verdict is not None
        )

    @property
    def verdict(self) -> Verdict | None:
        """The least favourable of its verdicts; None where there is none yet or no number."""
        if not self.done:
            return Verdict.NOT_RUN if self.missing else None
        return overall(self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as nested tables, for JSON."""
        return {
            "id": self.row.id,
            "title": self.row.title,
            "done": self.done,
            "planned": self.planned,
            "missing": self.missing,
            "verdict": self.verdict,
            "stands_in_for": self.row.stands_in_for,
            "variants": [
                {
                    "name": state.variant.name,
                    "fault": state.variant.fault,
                    "done": state.done,
                    "seconds": state.seconds,
                    "kernels": list(state.kernels),
                    "diverged": state.diverged,
                    "figures": [_figure(line) for line in state.lines],
                }
                for state in self.variants
            ],
        }


def overview(
    rows: Iterable[tuple[Report, Row]],
    results: Results,
    seeds: int,
    data_dir: str | Path | None = None,
) -> list[RowState]:
    """Return what is known of the rows, looking at the seeds 0 to `seeds` - 1."""
    return [
        RowState(
            report,
            row,
            tuple(_state(report, row, variant, results, seeds) for variant in row.variants),
            seeds,
            missing(report, row, data_dir),
        )
        for report, row in rows
    ]


def missing(report: Report, row: Row, data_dir: str | Path | None = None) -> str:
    """Return which files a row lacks, as a sentence without its full stop; empty: none."""
    names = dict.fromkeys(report.config(row, variant).data.name for variant in row.variants)
    files = [file for name in names for file in library.missing_files(name, data_dir)]
    return f"bring {', '.join(files)}" if files else ""


def runnable(
    rows: Sequence[tuple[Report, Row]], data_dir: str | Path | None = None
) -> list[tuple[Report, Row]]:
    """Return the rows that can run; stand-ins only where what they stand in for cannot."""
    lacking = {row.id for report, row in rows if missing(report, row, data_dir)}
    return [
        (report, row)
        for report, row in rows
        if row.id not in lacking
        and (not row.stands_in_for or _is_missing(report, row.stands_in_for, data_dir))
    ]


def _is_missing(report: Report, id: str, data_dir: str | Path | None) -> bool:
    return any(row.id == id and missing(report, row, data_dir) for row in report.rows)


def _state(
    report: Report, row: Row, variant: Variant, results: Results, seeds: int
) -> VariantState:
    found = [
        result
        for seed in range(seeds)
        if (result := results.read(Trial.of(report, row, variant, seed))) is not None
    ]
    names = dict.fromkeys((*variant.published, *variant.report))
    return VariantState(
        variant,
        tuple(_line(name, row, variant, found) for name in names),
        len(found),
        statistics.median(r.seconds for r in found) if found else math.nan,
        tuple(sorted({result.kernels for result in found})),
        sum(result.diverged for result in found),
        frozenset(result.origin for result in found),
    )


def _line(name: str, row: Row, variant: Variant, found: Sequence[Result]) -> Line:
    values = [result.figures[name] for result in found if name in result.figures]
    ours = mean_of(values) if values else None
    published = variant.published.get(name)
    if published is None:
        return Line(name, None, ours, None)
    trap = "" if variant.fault else variant.trap  # what has the fault is there to be compared
    judged = verdict(name, published, ours, margin=row.margin, trap=trap)
    return Line(name, published, ours, judged)


def _figure(line: Line) -> dict[str, Any]:
    ours = line.ours
    return {
        "figure": line.figure,
        "published": line.published,
        "mean": None if ours is None else ours.value,
        "half_width": None if ours is None else ours.half_width,
        "seeds": 0 if ours is None else ours.count,
        "verdict": line.verdict,
    }
