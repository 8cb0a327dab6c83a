"""What a data set's arrays must be; what is not so is refused in one sentence."""

import numpy as np
from numpy.typing import ArrayLike

from glassnet.arrays import Array
from glassnet.errors import DataError


def checked_samples(raw: ArrayLike, where: str) -> Array:
    """Return samples (N, ...) as uint8 or finite float32.

    Raises
    ------
    DataError
        If they are not numbers, not finite, none at all, or lack a feature axis.
    """
    samples = _array(raw, where, "samples")
    if samples.ndim < 2:
        raise DataError(
            f"{where}: samples have shape {samples.shape}, but need one axis for the samples and "
            "at least one for their features; a single feature is x.reshape(-1, 1)"
        )
    if samples.size == 0:
        raise DataError(
            f"{where}: samples of shape {samples.shape} hold nothing; at least one is needed"
        )
    return samples if samples.dtype == np.uint8 else _finite(samples, where, "samples")


def checked_targets(y: ArrayLike, samples: int, names: tuple[str, ...] | None, where: str) -> Array:
    """Return targets as int64 labels (N,) or finite float32, (N,) or (N, K).

    Raises
    ------
    DataError
        If their number, type or values do not fit the samples or the names of the classes.
    """
    targets = _array(y, where, "targets")
    if targets.ndim not in {1, 2}:
        raise DataError(f"{where}: targets have shape {targets.shape}, expected (N,) or (N, K)")
    if len(targets) != samples:
        raise DataError(
            f"{where}: {samples} samples but {len(targets)} targets; each sample needs one"
        )
    if targets.dtype.kind == "f":
        return _finite(targets, where, "targets")
    if targets.ndim == 2:
        raise DataError(
            f"{where}: integer targets are class labels and must have shape (N,), not "
            f"{targets.shape}; give rows of numbers as float32, one column of labels as y.ravel()"
        )
    limit = len(names) if names else np.iinfo(np.int64).max
    labels = targets.astype(np.int64)
    wrong = np.flatnonzero((labels < 0) | (labels >= limit))
    if wrong.size:
        allowed = f"0 to {limit - 1}, as there are {limit} classes" if names else "0 upwards"
        raise DataError(
            f"{where}: label {labels[wrong[0]]} of sample {wrong[0]} is out of range; labels go "
            f"from {allowed} (targets to regress on are given as floats)"
        )
    return labels


def checked_weights(weights: ArrayLike | None, samples: int, where: str) -> Array | None:
    """Return sample weights (N,) as float32, none negative and not all zero.

    Raises
    ------
    DataError
        If they are anything else.
    """
    if weights is None:
        return None
    checked = _finite(_array(weights, where, "sample weights"), where, "sample weights")
    if checked.shape != (samples,):
        raise DataError(
            f"{where}: sample weights have shape {checked.shape}, but there are {samples} samples; "
            "each needs one"
        )
    if checked.min() < 0 or checked.max() == 0:
        raise DataError(f"{where}: sample weights must not be negative, and not all be zero")
    return checked


def _array(values: ArrayLike, where: str, what: str) -> Array:
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{where}: the {what} are not one array: rows differ in length") from error
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"{where}: the {what} must be numbers, not {array.dtype}; turn text into numbers first"
        )
    return array


def _finite(values: Array, where: str, what: str) -> Array:
    with np.errstate(over="ignore"):
        array = values.astype(np.float32, copy=False)
    # The extremes show NaN and infinity without a temporary array as large as the data.
    if array.size == 0 or np.isfinite([array.min(), array.max()]).all():
        return array
    wrong = np.argwhere(~np.isfinite(array))
    first = tuple(wrong[0].tolist())
    place = " of row {}, column {}".format(*first) if len(first) == 2 else f" at index {first}"
    raise DataError(
        f"{where}: {len(wrong)} value{'s' if len(wrong) > 1 else ''} of the {what} "
        f"{'are' if len(wrong) > 1 else 'is'} not finite, the first ({values[first]}){place} "
        "(counted from 0); fill in or leave out what is missing"
    )
