"""Carrying out many trials: here, in several processes, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from glassnet.errors import ConfigError, GlassnetError, TrainingError
from glassnet.experiments.catalogue.measuring import carry_out
from glassnet.experiments.catalogue.results import Results
from glassnet.experiments.catalogue.trials import Trial


@dataclass(frozen=True)
class Where:
    """Where trials are carried out.

    Parameters
    ----------
    jobs : int
        How many processes of this machine work at once.
    dask : str
        The address of a Dask scheduler whose workers do it instead, such as tcp://host:8786.
    data_dir : path, optional
        The workers of a cluster must find the data there too.
    kernels : str
        The edition of the kernels.
    """

    jobs: int = 1
    dask: str = ""
    data_dir: str | Path | None = None
    kernels: str = "auto"

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ConfigError(f"--jobs must be at least 1, not {self.jobs}")


Attempt = tuple[Trial, dict[str, bytes], str]
"""A trial, the files that it left, and why there are none, if there are none."""


def finished_and_not(wanted: Iterable[Trial], results: Results) -> tuple[int, list[Trial]]:
    """Return how many runs are finished, and what is left to do.

    Trials of one key are one run. Of one seed what takes longest comes first, which leaves no
    process idle at the end.
    """
    runs = {trial.key: trial for trial in reversed(list(wanted))}
    left = [trial for trial in runs.values() if not results.has(trial)]
    left.sort(key=lambda trial: (trial.seed, -trial.seconds, trial.title))
    return len(runs) - len(left), left


def carry_out_all(
    todo: Sequence[Trial], results: Results, where: Where
) -> Iterator[tuple[Trial, str]]:
    """Carry out the trials and keep their results; yield each as it ends, with what went wrong.

    What is finished is kept at once, so whatever ends this program costs at most what is in
    progress. The results do not depend on where and in which order they come about.
    """
    for trial, files, problem in _attempts(todo, where):
        if not problem:
            results.keep(trial, files)
        yield trial, problem


def _attempt(trial: Trial, data_dir: str | Path | None, kernels: str) -> Attempt:
    """Carry out one trial; a mistake that a sentence explains concerns this trial alone."""
    try:
        return trial, carry_out(trial, data_dir, kernels), ""
    except GlassnetError as error:
        return trial, {}, str(error)


def _attempts(todo: Sequence[Trial], where: Where) -> Iterator[Attempt]:
    if where.dask:
        yield from _on_dask(todo, where)
    elif where.jobs == 1:
        for trial in todo:
            yield _attempt(trial, where.data_dir, where.kernels)
    else:
        yield from _in_processes(todo, where)


def _in_processes(todo: Sequence[Trial], where: Where) -> Iterator[Attempt]:
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(n_jobs=where.jobs, return_as="generator_unordered", batch_size=1)
        try:
            yield from parallel(
                delayed(_attempt)(trial, where.data_dir, where.kernels) for trial in todo
            )
        except BrokenProcessPool:
            raise TrainingError(
                "one of the processes was killed, perhaps for want of memory; what is finished is "
                f"kept: give the command again, with fewer --jobs than {where.jobs}"
            ) from None


def _on_dask(todo: Sequence[Trial], where: Where) -> Iterator[Attempt]:
    """Let a cluster do it; the trial of a worker that dies is done again by another."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ConfigError(
            "--dask needs Dask, which is not installed; "
            "install it with pip install 'glassnet[dask]'"
        ) from None
    try:
        client = Client(where.dask, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"no Dask scheduler answers at {where.dask} ({error}); start one with dask scheduler"
        ) from None
    with client:
        futures = [
            client.submit(
                _attempt, trial, where.data_dir, where.kernels,
                key=f"glassnet-{trial.key}", priority=-place, pure=False,
            )
            for place, trial in enumerate(todo)
        ]  # fmt: skip
        trials = {future.key: trial for future, trial in zip(futures, todo, strict=True)}
        for future in as_completed(futures, loop=client.loop):
            if future.status == "finished":
                yield future.result()
            else:
                why = f"the cluster gave it up ({future.exception()})"
                yield trials[future.key], {}, why
            future.release()
