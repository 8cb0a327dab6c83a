"""k-fold cross-validation: as many runs as folds, each judged on the fold it has not seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from glassnet.errors import ConfigError, GlassnetError
from glassnet.experiments.carrying_out import train
from glassnet.experiments.config import Config
from glassnet.experiments.folder import RunFolder, to_json
from glassnet.experiments.intervals import mean_of
from glassnet.experiments.run import Run
from glassnet.schedules import ReduceOnPlateau
from glassnet.training import Callback

RESULTS = "crossvalidation.json"


def cross_validate(
    config: Config,
    folds: int = 5,
    *,
    out: str | Path | None = None,
    data_dir: str | Path | None = None,
    callbacks: Callable[[int], Sequence[Callback]] = lambda fold: (),
    on_ready: Callable[[int, Run], None] | None = None,
    on_fold: Callable[[dict[str, Any]], None] | None = None,
) -> tuple[RunFolder, dict[str, Any]]:
    """Train once for each fold; return the folder with all runs, and the results.

    Everything but the test part is dealt into folds, evenly by class, as `data.load` does with
    `folds` and `fold`; scalings are fitted on what each run trains on. A validation part is held
    out of that only where something watches it (patience, a plateau schedule) or data.valid asks
    for one. After each fold the results so far are in the folder, so Ctrl-C loses none of them.

    Parameters
    ----------
    config : Config
    folds : int
    out : path, optional
        By default the next free ``runs/NAME-5-folds-001``.
    data_dir : path, optional
    callbacks : callable
        Given the number of a fold, returns what looks on at its training.
    on_ready : callable, optional
        Called with fold and run before its first step.
    on_fold : callable, optional
        Called with the results so far after each fold.

    Returns
    -------
    folder : RunFolder
        With a run folder ``fold-1``, ``fold-2``, … for each and ``crossvalidation.json``.
    results : dict
        For each figure its mean over the folds, under its name; under "interval" half the width of
        its 95 % interval, and under "runs" the figures of each fold. The runs share most of their
        training samples, so the interval is somewhat too narrow; no estimate without that fault
        exists (Bengio & Grandvalet, 2004).
    """
    config = _without_idle_validation(config)
    Run.prepare(_of_fold(config, folds, 1), data_dir=data_dir)  # refuses before a folder is made
    folder = RunFolder.create(out, f"{config.name}-{folds}-folds"[:100])
    runs: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    for fold in range(1, folds + 1):
        try:
            _, metrics = train(
                _of_fold(config, folds, fold),
                out=folder.path / f"fold-{fold}",
                data_dir=data_dir,
                callbacks=callbacks(fold),
                on_ready=None if on_ready is None else partial(on_ready, fold),
            )
        except GlassnetError:
            folder.discard()  # if nothing is in it
            raise
        runs.append({"fold": fold, **_figures(metrics)})
        result = _summary(folds, runs)
        folder.write(RESULTS, json.dumps(json.loads(to_json(result)), indent=2) + "\n")
        if on_fold is not None:
            on_fold(result)
    return folder, result


def _of_fold(config: Config, folds: int, fold: int) -> Config:
    options = {**config.data.options, "folds": folds, "fold": fold}
    return replace(config, data=replace(config.data, options=options))


def _without_idle_validation(config: Config) -> Config:
    """Leave every sample to the training where nobody looks at a validation part."""
    if {"folds", "fold"} & config.data.options.keys():
        raise ConfigError(
            "data.folds and data.fold are set by the cross-validation; leave them out"
        )
    training = config.training
    watched = training.patience > 0 and training.monitor.startswith("valid")
    if watched or isinstance(config.schedule, ReduceOnPlateau) or "valid" in config.data.options:
        return config
    options = {**config.data.options, "valid": 0}
    return replace(config, data=replace(config.data, options=options))


def _figures(metrics: dict[str, Any]) -> dict[str, float]:
    """Return what is compared between folds: figures of the fold held out, and the effort."""
    wanted = ("epochs", "best_epoch", "seconds")
    return {k: v for k, v in metrics.items() if k.startswith("test_") or k in wanted}


def _summary(folds: int, runs: list[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in runs[0] if name.startswith("test_")]
    means = {name: mean_of([run[name] for run in runs]) for name in names}
    return {
        **{name: mean.value for name, mean in means.items()},
        "interval": {name: mean.half_width for name, mean in means.items()},
        "folds": folds,
        "finished": len(runs),
        "seconds": sum(run["seconds"] for run in runs),
        "runs": runs,
    }
