"""What a finished run is good for: evaluating it again, and predicting with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.data import Dataset
from glassnet.errors import ConfigError
from glassnet.experiments.drawing import picture_for
from glassnet.experiments.folder import LoadedRun
from glassnet.experiments.run import default_loss, per_class
from glassnet.training import evaluate


def evaluate_run(
    path: str | Path, *, part: str = "test", data_dir: str | Path | None = None
) -> dict[str, Any]:
    """Return loss and metrics of a finished run's model on a part of its data."""
    run = LoadedRun.read(path)
    data = run.config.data.load(data_dir)
    chosen: Dataset | None = getattr(data, part)
    if chosen is None:
        raise ConfigError(f"the data of {path} has no {part} part")
    loss = run.config.loss or default_loss(data.train)
    chosen = replace(chosen, scaling=run.scaling)
    found = evaluate(run.model, chosen, loss, metrics=run.config.training.metrics)
    result = found.record(part) | {"run": str(path), "samples": len(chosen)}
    if data.classes:
        result["per_class"] = per_class(found, chosen)
    return result


def predict_images(
    path: str | Path, images: Sequence[str | Path], *, top: int = 3
) -> list[dict[str, Any]]:
    """Return, for each image file, the class a run's model sees and the likeliest ones.

    Raises
    ------
    CheckpointError, DataError
        If the run or an image cannot be read, or the run is not about classes of images.
    """
    run = LoadedRun.read(path)
    names = run.class_names
    if run.config.loss is not None and run.config.loss.kind == "regression" and names is None:
        raise ConfigError(f"the run in {path} predicts numbers, not classes")
    samples = [picture_for(image, run.sample_shape, run.drawing) for image in images]
    probabilities = run.model.predict_proba(run.scaling.apply(np.stack(samples)))
    if probabilities.shape[1] == 1:
        probabilities = np.hstack([1 - probabilities, probabilities])
    results = []
    for image, row in zip(images, probabilities, strict=True):
        order = np.argsort(-row, kind="stable")[:top]
        classes = [
            {"class": names[k] if names else str(k), "probability": float(row[k])} for k in order
        ]
        results.append({"image": str(image), "class": classes[0]["class"], "classes": classes})
    return results
