"""Splits into parts: a stratified hold-out and k folds, as arrays of indices."""

from collections.abc import Iterator, Sequence

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ConfigError, DataError


def held_count(held: float, samples: int, part: str = "the part held out") -> int:
    """Return how many of `samples` a fraction (a float in (0, 1)) or a count (an integer) is.

    Raises
    ------
    ConfigError
        If it is neither, or leaves one of the two parts empty.

    Examples
    --------
    >>> held_count(0.2, 50), held_count(7, 50)
    (10, 7)
    """
    if isinstance(held, bool) or not isinstance(held, (int, float, np.integer, np.floating)):
        raise ConfigError(f"{part} must be a number of samples or a fraction, not {held!r}")
    if isinstance(held, (float, np.floating)) and not 0 < held < 1:
        raise ConfigError(
            f"{part} as a fraction must lie between 0 and 1, not be {held}; "
            "a number of samples is written as an integer"
        )
    count = round(held * samples) if isinstance(held, (float, np.floating)) else int(held)
    if not 0 < count < samples:
        raise ConfigError(
            f"{part} would have {count} of {samples} samples; it needs at least 1, "
            "and at least 1 must be left"
        )
    return count


def stratified_split(
    y: Array,
    held: float,
    rng: np.random.Generator,
    *,
    class_names: Sequence[str] | None = None,
) -> tuple[Array, Array]:
    """Return (rest, held): sorted indices that together name each sample once.

    Integer labels are split class by class, each class in proportion; what rounding leaves is
    given to the largest remainders, so the count is exact. Other targets are split at random.

    Parameters
    ----------
    y : array, shape (N,) or (N, K)
        Labels or other targets.
    held : float or int
        The fraction to hold out, or the number of samples.
    rng : Generator
        Chooses the samples.
    class_names : sequence of str, optional
        What messages call the classes.

    Raises
    ------
    ConfigError
        If `held` is no fraction or count that leaves both parts some samples.
    DataError
        If a class has too few samples to be in the rest as well.

    Examples
    --------
    >>> y = np.array([0] * 8 + [1] * 4)
    >>> rest, held = stratified_split(y, 0.25, np.random.default_rng(0))
    >>> y[held]
    array([0, 0, 1])
    """
    y = np.asarray(y)
    count = held_count(held, len(y))
    if y.dtype.kind not in "iu":
        order = rng.permutation(len(y))
        return np.sort(order[count:]), np.sort(order[:count])
    labels, sizes = np.unique(y, return_counts=True)
    if sizes.min() < 2:
        rarest = labels[sizes.argmin()]
        name = repr(class_names[rarest]) if class_names else rarest
        raise DataError(
            f"class {name} has a single sample and cannot be in both parts of a split; "
            "add samples of it, or hold nothing out"
        )
    quotas = sizes * count / len(y)
    shares = np.minimum(quotas.astype(np.int64), sizes - 1)
    if count > (sizes - 1).sum():
        raise ConfigError(
            f"holding out {count} of {len(y)} samples leaves fewer than one for each of the "
            f"{len(labels)} classes; hold out less"
        )
    # One more to the class furthest below its quota, among those that would keep a sample.
    while shares.sum() < count:
        shares[np.where(shares < sizes - 1, quotas - shares, -np.inf).argmax()] += 1
    chosen = np.zeros(len(y), bool)
    for label, share in zip(labels, shares, strict=True):
        chosen[rng.permutation(np.flatnonzero(y == label))[:share]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def k_folds(
    y: Array, k: int, rng: np.random.Generator, stratified: bool = True
) -> Iterator[tuple[Array, Array]]:
    """Yield k pairs (train, held) of sorted indices; each sample is held out exactly once.

    The folds differ by at most one sample in size and, if stratified, in each class.

    Parameters
    ----------
    y : array, shape (N,) or (N, K)
        Labels or other targets.
    k : int
        The number of folds, at least 2.
    rng : Generator
        Chooses the samples.
    stratified : bool
        Deal each class evenly; only for integer labels, others are dealt at random.

    Raises
    ------
    ConfigError
        If k is below 2 or above the number of samples.
    DataError
        If a class has fewer samples than there are folds.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> [y[held].tolist() for _, held in k_folds(y, 3, np.random.default_rng(0))]
    [[0, 1], [0, 1], [0, 1]]
    """
    y = np.asarray(y)
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 2 <= k <= len(y):
        raise ConfigError(
            f"k must be an integer from 2 to the {len(y)} samples there are, not {k!r}"
        )
    order = rng.permutation(len(y))
    if stratified and y.dtype.kind in "iu":
        labels, sizes = np.unique(y, return_counts=True)
        if sizes.min() < k:
            raise DataError(
                f"class {labels[sizes.argmin()]} has {sizes.min()} samples, too few for {k} folds; "
                "take fewer folds, or stratified=False"
            )
        order = order[np.argsort(y[order], kind="stable")]
    fold = np.empty(len(y), np.int64)
    fold[order] = np.arange(len(y)) % k  # dealt like cards, class after class
    return ((np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(k))
