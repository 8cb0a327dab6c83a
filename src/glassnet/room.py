"""Memory for what layers keep, within limits: a file of some bytes may describe a giant network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from glassnet.arrays import Array
from glassnet.errors import ShapeError

_LEFT: ContextVar[list[int] | None] = ContextVar("_LEFT", default=None)


@contextmanager
def at_most(values: int) -> Iterator[None]:
    """Let all layers that are made meanwhile have so many values together.

    Examples
    --------
    >>> with at_most(100):
    ...     gn.Linear(20, 10)
    Traceback (most recent call last):
    ...
    glassnet.errors.ShapeError: values of shape (10, 20) are more than the 100 that are left for ...
    """
    token = _LEFT.set([values])
    try:
        yield
    finally:
        _LEFT.reset(token)


def filled(shape: Sequence[int], value: float = 0.0) -> Array:
    """Return a float32 array that holds one value everywhere.

    Raises
    ------
    ShapeError
        If it does not fit into memory, or into what `at_most` allows.
    """
    left, size = _LEFT.get(), math.prod(shape)
    if left is not None:
        if size > left[0]:
            raise ShapeError(
                f"values of shape {tuple(shape)} are more than the {left[0]:,} that are left for "
                "the model; check its layers"
            )
        left[0] -= size
    try:
        return np.full(shape, value, np.float32)
    except (MemoryError, ValueError) as error:
        raise ShapeError(
            f"values of shape {tuple(shape)} do not fit into memory; choose a smaller layer"
        ) from error
