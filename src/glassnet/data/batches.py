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
    passes = Batches(
        dataset,
        batch_size,
        drop_last=drop_last,
        dtype=dtype,
        augment=augment,
        together=together,
        as_rows=as_rows,
    )
    return passes.draw(rng, seen)


class Batches:
    """Many passes over a data set; the arguments are those of `batches`, checked once."""

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        *,
        drop_last: bool = False,
        dtype: DTypeLike = np.float32,
        augment: Callable[[Array], Array] | None = None,
        together: bool = False,
        as_rows: bool = False,
    ) -> None:
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
        self.dataset, self.samples, self.batch_size = dataset, samples, int(batch_size)
        self.dtype, self.augment, self.as_rows = np.dtype(dtype), augment, as_rows
        self.stop = samples - samples % batch_size if drop_last else samples
        self.gathered = self.batch_size
        if augment is None:  # then nothing is random, and small batches are gathered many at a time
            size = max(1, batch_size * math.prod(dataset.sample_shape))
            self.gathered *= max(1, AT_ONCE // size)
        self.given = self.gathered if together else self.batch_size

    def draw(self, rng: np.random.Generator | None = None, seen: int = 0) -> Iterator[Batch]:
        """Return one pass, as `batches` does."""
        samples, batch_size = self.samples, self.batch_size
        if not 0 <= seen <= samples or (seen % batch_size and seen != samples):
            raise ConfigError(f"no batch of {batch_size} ends after {seen} of {samples} samples")
        return self._draw(rng, seen)

    def _draw(self, rng: np.random.Generator | None, seen: int) -> Iterator[Batch]:
        dataset, stop, given = self.dataset, self.stop, self.given
        order = np.arange(self.samples) if rng is None else rng.permutation(self.samples)
        # A pass that goes on gathers the same pieces: each batch lies in memory as it would have.
        first = seen - seen % self.gathered if seen < stop else stop
        for start in range(first, stop, self.gathered):
            chosen = order[start : min(start + self.gathered, stop)]
            x, y = dataset.batch(chosen, self.dtype, self.augment, self.as_rows)
            weight = None if dataset.sample_weight is None else dataset.sample_weight[chosen]
            left = max(0, seen - start)
            if given == self.gathered and not left:
                yield x, y, weight
                continue
            for i in range(left, len(x), given):
                one = slice(i, i + given)
                yield x[one], y[one], None if weight is None else weight[one]
