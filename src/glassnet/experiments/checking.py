"""What the gradient doctor needs, taken from a configuration or from a Python file."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import data as library
from glassnet.data import Dataset, DataSplits
from glassnet.doctor import Report, gradcheck
from glassnet.errors import ConfigError, DataError, GlassnetError
from glassnet.experiments.config import Config
from glassnet.experiments.fitting_together import output_width
from glassnet.losses import SoftmaxCrossEntropy
from glassnet.randomness import stream


def check_config(
    config: Config,
    *,
    data_dir: str | Path | None = None,
    samples: int = 16,
    thorough: bool = False,
) -> Report:
    """Check the gradients of a configured model, loss and regularisers, on samples of its data.

    Where the data are not at hand, random samples of the same shape take their place, and a note in
    the report says so: for a gradient any point will do.
    """
    data, note = _samples(config, data_dir)
    loss = config.loss_for(data.train)
    seed = config.training.seed
    model = config.model.build(data.sample_shape, output_width(data, loss)).initialize(seed)
    x, y = data.train.batch(slice(0, min(samples, len(data.train))), np.float64)
    report = gradcheck(
        model, x, y, loss, regularizers=config.regularizers, thorough=thorough, seed=seed
    )
    return replace(report, notes=[*report.notes, note]) if note else report


def check_file(path: Path, *, thorough: bool = False) -> Report:
    """Check the gradients of a model that a Python file defines.

    The file is run, as `python` would run it, and should leave behind ``model``, ``x`` and
    ``target``, and may leave ``loss`` (softmax cross-entropy if not) and ``regularizers``.

    Raises
    ------
    ConfigError
        If it fails, or leaves one of them out.
    """
    try:
        names: dict[str, Any] = runpy.run_path(str(path))
    except GlassnetError:
        raise
    except Exception as error:  # whatever the file's own code raises is the file's fault
        raise ConfigError(f"{path} stopped with {type(error).__name__}: {error}") from error
    missing = [name for name in ("model", "x", "target") if name not in names]
    if missing:
        raise ConfigError(
            f"{path} does not define {', '.join(missing)}; it should leave behind model, x and "
            "target, and may leave loss and regularizers"
        )
    return gradcheck(
        names["model"],
        names["x"],
        names["target"],
        names.get("loss", SoftmaxCrossEntropy()),
        regularizers=names.get("regularizers", ()),
        thorough=thorough,
    )


def _samples(config: Config, data_dir: str | Path | None) -> tuple[DataSplits, str]:
    """Return the data, or random ones of the same shape and a note."""
    try:
        return config.load_data(data_dir), ""
    except DataError:
        known = library.describe(config.data.name, data_dir)
        if known["sample_shape"] is None or known["classes"] is None:
            raise
        rng = stream(config.training.seed, "split")
        x = rng.random((64, *known["sample_shape"]), dtype=np.float32)
        y = np.arange(64) % known["classes"]
        note = f"{config.data.name} is not at hand; random samples of its shape were used"
        return DataSplits(Dataset(x, y, name=config.data.name)), note
