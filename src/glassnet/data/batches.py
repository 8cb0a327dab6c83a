"""Batches: one pass over a data set in pieces."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array
from glassnet.data.dataset import Dataset
from glassnet.errors import ConfigError

Batch = tuple[Array, Array, Array | None]
"""Samples (n, ...), targets (n,) or (n, K), and sample weights (n,) or `None`."""


def batches(
    dataset: Dataset,
    batch_size: int,
    rng: np.random.Generator | None = None,
    *,
    drop_last: bool = False,
    dtype: DTypeLike = np.float32,
    augment: Callable[[Array], Array] | None = None,
) -> Iterator[Batch]:
    """Return one pass over the data set as batches (x, y, sample_weight or `None`).

    Parameters
    ----------
    dataset : Dataset
        What to go through.
    batch_size : int
        Samples per batch; the last batch has what is left, never nothing.
    rng : Generator, optional
        Shuffles: one permutation per pass. Without it samples come in their order.
    drop_last : bool
        Leave out a last batch smaller than the others.
    dtype : data type
        Of the samples.
    augment : callable, optional
        Changes each batch's samples as they came, before they are scaled; see `Dataset.batch`.

    Raises
    ------
    ConfigError
        At once, if `batch_size` is not an integer from 1 to the number of samples.

    Examples
    --------
    >>> data = Dataset(np.arange(5.0).reshape(5, 1), [0, 1, 0, 1, 0])
    >>> [y.tolist() for x, y, weight in batches(data, 2)]
    [[0, 1], [0, 1], [0]]
    """
    samples = len(dataset)
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
        raise ConfigError(f"batch_size must be an integer, not {batch_size!r}")
    if batch_size < 1:
        raise ConfigError(f"batch_size must be at least 1, not {batch_size}")
    if batch_size > samples:
        raise ConfigError(
            f"a batch of {batch_size} is larger than {dataset.name or 'the data'} with its "
            f"{samples} samples; choose a batch_size of at most {samples}"
        )
    return _draw(dataset, int(batch_size), rng, drop_last, dtype, augment)


def _draw(
    dataset: Dataset,
    batch_size: int,
    rng: np.random.Generator | None,
    drop_last: bool,
    dtype: DTypeLike,
    augment: Callable[[Array], Array] | None,
) -> Iterator[Batch]:
    samples = len(dataset)
    order = None if rng is None else rng.permutation(samples)
    stop = samples - samples % batch_size if drop_last else samples
    for start in range(0, stop, batch_size):
        piece = slice(start, start + batch_size)
        chosen = piece if order is None else order[piece]
        x, y = dataset.batch(chosen, dtype, augment)
        weight = None if dataset.sample_weight is None else dataset.sample_weight[chosen]
        yield x, y, weight
