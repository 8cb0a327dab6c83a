"""What a finished run is good for: evaluating it again, and predicting with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.data import Dataset
from glassnet.errors import ConfigError, DataError
from glassnet.experiments.drawing import check_takes_images, picture_for, png_of
from glassnet.experiments.loaded import LoadedRun
from glassnet.experiments.outcome import per_class
from glassnet.experiments.rows import answers_of, predict_rows
from glassnet.files import write_atomically
from glassnet.training import evaluate


def evaluate_run(
    path: str | Path, *, part: str = "test", data_dir: str | Path | None = None
) -> dict[str, Any]:
    """Return loss and metrics of a finished run's model on a part of its data."""
    run = LoadedRun.read(path)
    data = run.config.load_data(data_dir)
    chosen: Dataset | None = getattr(data, part)
    if chosen is None:
        raise ConfigError(f"the data of {path} has no {part} part")
    loss = run.config.loss_for(data.train)
    chosen = replace(chosen, scaling=run.scaling)
    found = evaluate(run.model, chosen, loss, metrics=run.config.training.metrics)
    result = found.record(part) | {"run": str(path), "samples": len(chosen)}
    if run.stopped:
        result["stopped"] = run.stopped
    if data.classes:
        result["per_class"] = per_class(found, chosen)
    return result


def predict(
    path: str | Path,
    files: Sequence[str | Path],
    *,
    top: int = 3,
    save_input: str | Path | None = None,
) -> list[dict[str, Any]]:
    """Return what a run's model says of files: tables, if it takes rows of features, or images.

    See `predict_rows` and `predict_images`.
    """
    run = LoadedRun.read(path)
    if len(run.sample_shape) != 1:
        return predict_images(path, files, top=top, save_input=save_input)
    if save_input is not None:
        raise ConfigError("--save-input writes pictures, and this network takes rows of tables")
    return predict_rows(run, files, top=top)


def predict_images(
    path: str | Path,
    images: Sequence[str | Path],
    *,
    top: int = 3,
    save_input: str | Path | None = None,
) -> list[dict[str, Any]]:
    """Return, for each image file, the class a run's model sees and the likeliest ones.

    Parameters
    ----------
    path : path
        The folder of the run.
    images : sequence of path
        In place of a class, one that cannot be used has an "error": why, in a sentence.
    top : int
        How many classes to name for each.
    save_input : path, optional
        A folder to write pictures of what the network was shown into, a PNG for each image.

    Raises
    ------
    CheckpointError, ConfigError, DataError
        If the run cannot be read, or is not about classes of images.
    OutputError
        If a picture cannot be written.
    """
    run = LoadedRun.read(path)
    if not run.classifies:
        raise ConfigError(f"the run in {path} predicts numbers, not classes")
    check_takes_images(run.sample_shape)
    results: list[dict[str, Any]] = [{"image": str(image)} for image in images]
    samples: dict[int, Array] = {}
    for i, image in enumerate(images):
        try:
            samples[i] = picture_for(image, run.sample_shape, run.drawing)
        except DataError as error:
            results[i]["error"] = str(error)
    if not samples:
        return results
    if save_input is not None:
        _save_inputs(Path(save_input), [(images[i], x) for i, x in samples.items()], run)
    x = run.scaling.apply(np.stack(list(samples.values())))
    for i, answer in zip(samples, answers_of(run, x, top), strict=True):
        results[i] |= answer
    return results


def _save_inputs(folder: Path, samples: Sequence[tuple[str | Path, Array]], run: LoadedRun) -> None:
    """Write what the network is shown; pictures of the same name are told apart by numbers."""
    taken: set[str] = set()
    for image, sample in samples:
        stem = Path(image).stem
        tries = chain([stem], (f"{stem}-{number}" for number in count(2)))
        name = next(name for name in tries if name not in taken)
        taken.add(name)
        write_atomically(folder / f"{name}.png", png_of(sample, run.drawing))
