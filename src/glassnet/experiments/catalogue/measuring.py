"""Carrying out one trial: a training, or one of the few experiments that are something else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np

from glassnet import threads
from glassnet.data import Dataset
from glassnet.errors import ConfigError, TrainingError
from glassnet.experiments.as_published import FIGURES
from glassnet.experiments.catalogue.gradients import gradient_errors
from glassnet.experiments.catalogue.results import RESULT, to_result
from glassnet.experiments.catalogue.speed import speed_ratios
from glassnet.experiments.catalogue.trials import Trial
from glassnet.experiments.config import Config
from glassnet.experiments.finetuning import finetune_config
from glassnet.experiments.folder import RunFolder, environment, to_json
from glassnet.experiments.outcome import write
from glassnet.experiments.run import Run
from glassnet.kernels import active_kernels, use_kernels
from glassnet.training import History

Figures = dict[str, float]
DataDir = str | Path | None
ONE_AT_A_TIME = Lock()


def carry_out(trial: Trial, data_dir: DataDir = None, kernels: str = "auto") -> dict[str, bytes]:
    """Do what a trial says; return the files that it leaves, by name.

    It depends on nothing but its arguments, so it may run in any process and on any machine that
    has the data, in any order. BLAS and kernels get one thread, whatever goes on beside.

    Parameters
    ----------
    trial : Trial
    data_dir : path, optional
    kernels : str
        The edition of the kernels.

    Raises
    ------
    GlassnetError
        If the data are not there, or parts do not fit together.
    """
    if trial.kind not in KINDS:
        raise ConfigError(
            f"row {trial.row}: there is no kind {trial.kind!r}; there are {', '.join(KINDS)}"
        )
    with TemporaryDirectory() as directory, _alone(kernels):
        folder, started = Path(directory) / "run", time.perf_counter()
        figures, stopped = KINDS[trial.kind](trial, folder, data_dir)
        seconds = time.perf_counter() - started
        result = to_result(figures, seconds, active_kernels(), stopped, environment())
        files = {
            str(file.relative_to(folder)): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }
        return files | {RESULT: to_json(result).encode()}


def trained(trial: Trial, folder: Path, data_dir: DataDir) -> tuple[Figures, str]:
    """Train as the trial says, and write a run folder."""
    return train(trial.config, trial.extra, folder, data_dir)


def finetuned(trial: Trial, folder: Path, data_dir: DataDir) -> tuple[Figures, str]:
    """Train, freeze what ``options.freeze`` says, and train on, as ``options.overrides`` says.

    The figures of the first training are there too, with "before" before their names.
    """
    with TemporaryDirectory() as directory:
        first = Path(directory) / "run"
        before, _ = train(trial.config, trial.extra, first, data_dir)
        config = finetune_config(
            first,
            freeze=trial.options.get("freeze", ()),
            overrides=trial.options.get("overrides", ()),
        )
        after, stopped = train(config, trial.extra, folder, data_dir)
    return {**{f"before {name}": value for name, value in before.items()}, **after}, stopped


def train(
    config: Config, extra: tuple[str, ...], folder: Path, data_dir: DataDir
) -> tuple[Figures, str]:
    """Train, and write a run folder.

    A training whose loss is no longer finite has a result too: that of the weights before.
    """
    run = Run.prepare(config, data_dir=data_dir)
    target = RunFolder.create(folder, config.name)
    target.write("config.toml", run.config.to_toml())
    target.write_data_description(run.data)
    try:
        run.train()
    except TrainingError as error:
        run.trainer.stop(str(error).partition(";")[0])
    metrics = write(run, target, figures=False)
    return {
        **numbers(metrics),
        **last_epoch(run.trainer.history),
        **as_reported(run, extra),
    }, str(metrics["stopped"])


def numbers(metrics: Mapping[str, object]) -> Figures:
    """Return those metrics that are numbers."""
    return {
        name: float(value)
        for name, value in metrics.items()
        if isinstance(value, (int, float)) and name != "seed"
    }


def last_epoch(history: History) -> Figures:
    """Return the figures of the last epoch, which are not those of the best."""
    record = history.epochs[-1] if history.epochs else {}
    return {f"last {name}": value for name, value in record.items()}


def as_reported(run: Run, names: tuple[str, ...]) -> Figures:
    """Return figures of the final model in the way the report computed them."""
    figures: Figures = {}
    if not run.data.classes:
        return figures
    for part in ("valid", "test"):
        data: Dataset | None = getattr(run.data, part)
        if data is None or not names:
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # what diverged has no figure
            probabilities = run.model.predict_proba(data.x)
        finite = bool(np.isfinite(probabilities).all())
        for name in names:
            value = FIGURES[name](probabilities, data.y) if finite else math.nan
            figures[f"{part}_{name}"] = float(value)
    return figures


@contextmanager
def _alone(kernels: str) -> Iterator[None]:
    """Use an edition of the kernels and one thread, and set both back.

    Both are settings of the whole process, so a cluster's worker with several threads does one
    trial at a time.
    """
    with ONE_AT_A_TIME:
        before = active_kernels(), threads.threads()
        use_kernels(kernels)
        threads.set_threads(1)
        try:
            yield
        finally:
            use_kernels(before[0])
            threads.set_threads(before[1])


Measure = Callable[[Trial, Path, DataDir], tuple[Figures, str]]
KINDS: dict[str, Measure] = {
    "train": trained,
    "finetune": finetuned,
    "gradients": gradient_errors,
    "speed": speed_ratios,
}
"""What can be done with a configuration."""
