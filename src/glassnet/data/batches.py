"""Batches: one pass over a data set in pieces."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import DTypeLike

from glassnet.arrays import Array
from glassnet.data.dataset import Dataset
from glassnet.errors import ConfigError

Batch = tuple[Array, Array, Array | None]
"""Samples (n, ...), targets (n,) or (n, K), and sample weights (n,) or `None`."""

AT_ONCE = 16_384
"""Numbers that are gathered at once: 64 KiB of float32, which stay in the cache until used."""


def batches(
    dataset: Dataset,
    batch_size: int,
    rng: np.random.Generator | None = None,
    *,
    drop_last: bool = False,
    dtype: DTypeLike = np.float32,
    augment: Callable[[Array], Array] | None = None,
    seen: int = 0,
    together: bool = False,
    as_rows: bool = False,
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
    seen : int
        Leave out the batches of so many samples at the beginning: the pass goes on where another
        was left, which drew the same order.
    together : bool
        Return batches that were gathered at once as one: so many samples that they stay in the
        cache, but at least those of a batch.
    as_rows : bool
        Return each sample as one row of features; see `Dataset.batch`.

    Raises
    ------
    ConfigError
        At once, if `batch_size` is not an integer from 1 to the number of samples, or `seen` is
        not the end of a batch.

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
    if not 0 <= seen <= samples or (seen % batch_size and seen != samples):
        raise ConfigError(f"no batch of {batch_size} ends after {seen} of {samples} samples")
    return _draw(dataset, int(batch_size), rng, drop_last, dtype, augment, seen, together, as_rows)


def _draw(
    dataset: Dataset,
    batch_size: int,
    rng: np.random.Generator | None,
    drop_last: bool,
    dtype: DTypeLike,
    augment: Callable[[Array], Array] | None,
    seen: int,
    together: bool,
    as_rows: bool,
) -> Iterator[Batch]:
    samples = len(dataset)
    order = None if rng is None else rng.permutation(samples)
    stop = samples - samples % batch_size if drop_last else samples
    size = max(1, batch_size * math.prod(dataset.sample_shape))
    several = batch_size
    if augment is None:  # then nothing is random, and small batches are gathered many at a time
        several *= max(1, AT_ONCE // size)
    # A pass that goes on gathers the same pieces, so that each batch lies in memory as it would.
    first = seen - seen % several if seen < stop else stop
    for start in range(first, stop, several):
        piece = slice(start, min(start + several, stop))
        chosen = piece if order is None else order[piece]
        x, y = dataset.batch(chosen, dtype, augment, as_rows)
        weight = None if dataset.sample_weight is None else dataset.sample_weight[chosen]
        left = max(0, seen - start)
        if several == batch_size or (together and not left):
            yield x, y, weight
            continue
        for i in range(left, len(x), len(x) if together else batch_size):
            one = slice(i, i + (len(x) if together else batch_size))
            yield x[one], y[one], None if weight is None else weight[one]
