"""A trial: one variant of a row with one seed, and the key under which its result is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from glassnet import data as library
from glassnet.experiments.catalogue.entries import Report, Row, Settings, Variant
from glassnet.experiments.config import Config

REVISION = 1
"""Raised when a change of the library changes what a configuration results in, and by more than
rounding: older results then count no more."""


@dataclass(frozen=True)
class Trial:
    """What is done once: a configuration with its seed, and how it is measured.

    Parameters
    ----------
    row, variant, seed
        What it is done for.
    kind, options, extra
        As in the row.
    tables : dict
        The configuration, every option written out.
    seconds : float
        What it takes, roughly.
    """

    row: str
    variant: str
    seed: int
    kind: str
    options: Settings
    extra: tuple[str, ...]
    tables: Settings
    seconds: float

    @classmethod
    def of(cls, report: Report, row: Row, variant: Variant, seed: int) -> Trial:
        """Return the trial of a variant and a seed."""
        tables = report.config(row, variant).to_dict()
        tables["training"]["seed"] = seed
        seconds = row.seconds if variant.seconds is None else variant.seconds
        return cls(row.id, variant.name, seed, row.kind, row.options, report.extra, tables, seconds)

    @property
    def config(self) -> Config:
        """The configuration."""
        return Config.from_dict(self.tables)

    @property
    def key(self) -> str:
        """A hash of all that decides the outcome; what it is called is no part of that.

        Two rows that ask for the same run share it.
        """
        decisive = {
            "revision": REVISION,
            "kind": self.kind,
            "options": self.options,
            "extra": sorted(self.extra),
            "config": {name: table for name, table in self.tables.items() if name != "name"},
            "data": library.identity(self.tables["data"]),
        }
        text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.row} {self.variant}".strip() + f", seed {self.seed}"


def trials(rows: Iterable[tuple[Report, Row]], seeds: int) -> list[Trial]:
    """Return every trial of the rows: all of the first seed, then all of the second, ...

    So what is stopped half-way has something of every row.
    """
    pairs = list(rows)
    return [
        Trial.of(report, row, variant, seed)
        for seed in range(seeds)
        for report, row in pairs
        for variant in row.variants
    ]


def as_toml(trial: Trial) -> str:
    """Return the configuration as `glassnet train` reads it."""
    tables: dict[str, Any] = trial.config.to_dict()
    import tomli_w

    return tomli_w.dumps(tables)
