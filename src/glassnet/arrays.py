"""The words used for arrays and shapes throughout the package."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""A NumPy array; shapes and dtypes are stated in words where it is used."""

Shape = tuple[int, ...]
"""The shape of one sample, without the batch axis."""

PartialShape = tuple[int | None, ...] | None
"""A sample's shape as far as it is known: `None` for an unknown size, or for everything."""

Pair = tuple[int, int]
"""(height, width) of a kernel, a stride or a padding."""


def as_pair(value: int | Sequence[int], name: str, *, minimum: int = 1) -> Pair:
    """Return `value` as (height, width); an integer stands for both.

    Raises
    ------
    ConfigError
        If `value` is neither an integer nor two of them, or one is below `minimum`.
    """
    from glassnet.errors import ConfigError

    sizes = tuple(value) if isinstance(value, (Sequence, np.ndarray)) else (value, value)
    if (
        len(sizes) != 2
        or any(isinstance(size, bool) or not isinstance(size, (int, np.integer)) for size in sizes)
        or min(sizes) < minimum
    ):
        raise ConfigError(
            f"{name} must be an integer or a pair of integers of at least {minimum}, not {value!r}"
        )
    return int(sizes[0]), int(sizes[1])


def size_of(shape: PartialShape) -> int | None:
    """Return the number of values in a sample of that shape, None where it is not known."""
    if shape is None or any(size is None for size in shape):
        return None
    return math.prod(size for size in shape if size is not None)


def misfits(wanted: Mapping[str, Array], given: Mapping[str, Array]) -> list[str]:
    """Return in words in what named arrays differ from those wanted: names, shapes and dtypes.

    Examples
    --------
    >>> misfits({"a": np.zeros(2), "b": np.zeros(1)}, {"a": np.zeros(3), "c": np.zeros(1)})
    ['missing: b', 'not wanted: c', 'a has shape (3,) in place of (2,)']
    """
    faults = []
    if missing := sorted(wanted.keys() - given.keys()):
        faults.append(f"missing: {', '.join(missing)}")
    if extra := sorted(given.keys() - wanted.keys()):
        faults.append(f"not wanted: {', '.join(extra)}")
    for name in sorted(wanted.keys() & given.keys()):
        here, there = given[name], wanted[name]
        if here.shape != there.shape:
            faults.append(f"{name} has shape {here.shape} in place of {there.shape}")
        elif here.dtype != there.dtype:
            faults.append(f"{name} is {here.dtype} in place of {there.dtype}")
    return faults
