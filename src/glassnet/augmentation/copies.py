"""A fixed augmentation: changed copies that join the training part once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from glassnet.augmentation.base import Transform
from glassnet.data import Dataset
from glassnet.errors import ConfigError


def append_copies(
    dataset: Dataset, copies: Sequence[tuple[int, Transform]], rng: np.random.Generator
) -> Dataset:
    """Return the data set with changed copies of some of its samples at its end.

    Parameters
    ----------
    dataset : Dataset
    copies : sequence of (int, Augmentation)
        For each set of copies how many different samples to copy, which `rng` chooses, and what
        changes the copies; labels and weights are those of the originals.
    rng : numpy.random.Generator

    Raises
    ------
    ConfigError
        If there are not so many samples.

    Examples
    --------
    >>> data = gn.data.load("digits").train
    >>> turned = gn.augmentation.Rotate((90, 90))
    >>> len(data), len(append_copies(data, [(100, turned)], np.random.default_rng(0)))
    (1168, 1268)
    """
    chosen, images = [np.arange(len(dataset))], [dataset.raw]
    for samples, change in copies:
        if not 1 <= samples <= len(dataset):
            raise ConfigError(
                f"{samples} copies were asked for, but {dataset.name or 'the data'} has "
                f"{len(dataset)} samples; ask for 1 to {len(dataset)}"
            )
        chosen.append(np.sort(rng.permutation(len(dataset))[:samples]))
        images.append(change(dataset.raw[chosen[-1]], rng))
    source, weight = np.concatenate(chosen), dataset.sample_weight
    return replace(
        dataset,
        raw=np.concatenate(images),
        y=dataset.y[source],
        sample_weight=None if weight is None else weight[source],
    )
