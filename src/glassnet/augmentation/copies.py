"""A fixed augmentation: changed copies that join the training part once."""

from __future__ import annotations

import numpy as np

from glassnet.augmentation.base import Transform
from glassnet.data import Dataset
from glassnet.errors import ConfigError


def append_copies(
    dataset: Dataset, samples: int, augment: Transform, rng: np.random.Generator
) -> Dataset:
    """Return the data set with changed copies of some of its samples at its end.

    Parameters
    ----------
    dataset : Dataset
    samples : int
        How many different samples to copy; `rng` chooses them.
    augment : Augmentation
        What changes the copies; labels and weights are those of the originals.
    rng : numpy.random.Generator

    Raises
    ------
    ConfigError
        If there are not so many samples.

    Examples
    --------
    >>> data = gn.data.load("digits").train
    >>> turned = gn.augmentation.Rotate((90, 90))
    >>> len(data), len(append_copies(data, 100, turned, np.random.default_rng(0)))
    (1168, 1268)
    """
    if not 1 <= samples <= len(dataset):
        raise ConfigError(
            f"{samples} copies were asked for, but {dataset.name or 'the data'} has "
            f"{len(dataset)} samples; ask for 1 to {len(dataset)}"
        )
    chosen = np.sort(rng.permutation(len(dataset))[:samples])
    copies = augment(dataset.raw[chosen], rng)
    weight = dataset.sample_weight
    return Dataset(
        np.concatenate([dataset.raw, copies]),
        np.concatenate([dataset.y, dataset.y[chosen]]),
        dataset.scaling,
        None if weight is None else np.concatenate([weight, weight[chosen]]),
        dataset.name,
        dataset.class_names,
    )
