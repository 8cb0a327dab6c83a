"""Pictures of rows, drawn from the runs that are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from glassnet.experiments.catalogue.entries import Report, Row, Variant
from glassnet.experiments.catalogue.reading import rows_called
from glassnet.experiments.catalogue.results import Results
from glassnet.experiments.catalogue.trials import Trial
from glassnet.experiments.loaded import LoadedRun
from glassnet.experiments.reading import read_data
from glassnet.experiments.record import RunRecord
from glassnet.training import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from glassnet.pictures import Panel

TRAININGS = ("train", "finetune")
"""Kinds of rows whose results are run folders."""


class Picture(NamedTuple):
    """A figure, with what it is of.

    Parameters
    ----------
    of : str
        The id of a row, or of a report where it shows several.
    name : str
        That of its file, without ending.
    caption : str
    figure : Figure
    """

    of: str
    name: str
    caption: str
    figure: Figure


def runs_of(id: str, results: Results, seeds: int = 1000) -> list[tuple[Variant, int, Path]]:
    """Return variant, seed and run folder of every finished training of a row.

    Parameters
    ----------
    id : str
        Of the row.
    results : Results
    seeds : int
        Up to which seed to look.
    """
    found = []
    for report, row in rows_called([id]):
        if row.id.lower() != id.lower() or row.kind not in TRAININGS:  # a stand-in; no training
            continue
        for variant in row.variants:
            for seed in range(seeds):
                trial = Trial.of(report, row, variant, seed)
                if not results.has(trial):
                    break
                found.append((variant, seed, results.path(trial)))
    return found


def pictures(
    rows: Iterable[tuple[Report, Row]],
    results: Results,
    seeds: int = 1000,
    data_dir: str | Path | None = None,
) -> Iterator[Picture]:
    """Yield the pictures of some rows, one after the other.

    Of each row the curves of its variants, mean and 95 % interval over the seeds; against the
    iteration too where every step was recorded; what the row asks for besides, of the first seed.
    Of points in the plane the decision boundaries, those of all rows of a report as one grid.
    """
    from glassnet.pictures import decision_boundaries

    panels: dict[str, list[Panel]] = {}
    for report, row in rows:
        runs = {
            variant.name: [folder for _, _, folder in group]
            for variant, group in groupby(runs_of(row.id, results, seeds), lambda run: run[0])
        }
        if not runs:
            continue
        yield from _curves(row, runs)
        yield from _insides(row, runs, data_dir)
        panels.setdefault(report.id, []).extend(_panels(row, runs, data_dir))
    for id, several in panels.items():
        if several:
            caption = "The boundaries, one network of each row and variant"
            yield Picture(id, f"{id}-boundaries", caption, decision_boundaries(several))


def _curves(row: Row, runs: Mapping[str, Sequence[Path]]) -> Iterator[Picture]:
    from glassnet.pictures import family_curves

    families: dict[str, list[History]] = {}
    for variant, folders in runs.items():
        histories = [RunRecord.read(folder).with_steps() for folder in folders]
        # What diverged in its first epoch has nothing to draw.
        if lasting := [history for history in histories if history.epochs]:
            families[variant or row.id] = lasting
    if not families:
        return
    yield Picture(row.id, f"{row.id}-curves", f"{row.title}: by epoch", family_curves(families))
    if all(history.steps for histories in families.values() for history in histories):
        drawn = family_curves(families, by="step")
        yield Picture(row.id, f"{row.id}-steps", f"{row.title}: by iteration", drawn)


def _insides(
    row: Row, runs: Mapping[str, Sequence[Path]], data_dir: str | Path | None
) -> Iterator[Picture]:
    """Yield what the row asks for of its networks: weights, kernels, maps, recorded layers."""
    from glassnet.pictures import feature_maps, weight_matrices
    from glassnet.pictures.run import model_figures

    if not row.pictures:
        return
    for variant, folders in runs.items():
        run, record = LoadedRun.read(folders[0]), RunRecord.read(folders[0]).layers()
        drawn = model_figures(run.model, run.sample_shape, record)
        if "matrices" in row.pictures:
            drawn["matrices"] = weight_matrices(run.model)
        if "features" in row.pictures:
            data = read_data(run.config, data_dir)
            drawn["features"] = feature_maps(run.model, data.test or data.train)
        for name, figure in drawn.items():
            if figure is not None and name.startswith(row.pictures):
                caption = ": ".join(filter(None, (row.title, variant, name.replace("-", " "))))
                yield Picture(row.id, _file_name(row.id, variant, name), caption, figure)


def _panels(
    row: Row, runs: Mapping[str, Sequence[Path]], data_dir: str | Path | None
) -> Iterator[Panel]:
    """Yield a panel for the first seed of every variant, if the row's data are points."""
    from glassnet.pictures import Panel

    for variant, folders in runs.items():
        run = LoadedRun.read(folders[0])
        if run.sample_shape != (2,):
            return
        data = read_data(run.config, data_dir)
        yield Panel(f"{row.id}: {variant}", run.model, data.train, data.test)


def _file_name(*parts: str) -> str:
    """Return the parts as a name without spaces, which an address in Markdown could not have."""
    return "-".join(re.findall(r"[A-Za-z0-9_.]+", " ".join(parts)))
