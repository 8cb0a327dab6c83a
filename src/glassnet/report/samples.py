"""Samples to time a model with: the run's own, if its data are at hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from glassnet import data as library
from glassnet.arrays import Array
from glassnet.errors import GlassnetError, ShapeError
from glassnet.experiments import Config, RunRecord
from glassnet.experiments.identity import fingerprint
from glassnet.layers import Layer

MOST_NUMBERS = 100_000_000


def batch_of(
    run: RunRecord, model: Layer, size: int, data_dir: str | Path | None = None
) -> tuple[Array, bool]:
    """Return a batch as the run's network sees it, and whether it is of its training samples.

    Nothing is fetched: where the data are not at hand, or are others than those of the run, the
    batch is of random numbers.

    Raises
    ------
    ShapeError
        If the model cannot take such samples, or a batch of them is too large.
    """
    shape = tuple(run.data.sample_shape)
    model.output_shape(shape)  # before any memory is taken
    if size * math.prod(shape) > MOST_NUMBERS:
        raise ShapeError(f"a batch of {size} samples of shape {shape} is too large")
    own = _own_samples(run, model, size, data_dir)
    if own is not None:
        return own, True
    noise = np.random.default_rng(0).standard_normal((size, *shape))
    return noise.astype(model.dtype), False


def _own_samples(
    run: RunRecord, model: Layer, size: int, data_dir: str | Path | None
) -> Array | None:
    """Return the first training samples, or None where they cannot be had."""
    try:
        if not library.is_at_hand(run.data.name, data_dir):
            return None
        config = Config.from_dict(run.config)
        data = config.augment.with_copies(config.load_data(data_dir), config.training.seed)
    except GlassnetError:  # the page says that the samples are random, and that is enough
        return None
    if fingerprint(data.train) != run.data.fingerprints.get("train"):
        return None
    x, _ = data.train.batch(slice(size), model.dtype)
    return x
