"""Images as the textbook has them, (N, C, H, W), whatever order of axes a layer uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from glassnet.arrays import Array
from glassnet.doctor.case import Case


class View(NamedTuple):
    """Input, output and upstream gradient with channels first, and the ways there and back."""

    x: Array
    y: Array
    dy: Array
    forth: Callable[[Array], Array]
    back: Callable[[Array], Array]


def views(case: Case) -> Iterator[View]:
    """Yield what a layer of images, or of sequences (N, C, T), may mean by its axes."""
    x, y, dy = case.x, case.output, case.upstream
    if not x.ndim == y.ndim in (3, 4):
        return
    for last in (False, True):
        forth, back = partial(_forth, last=last), partial(_back, last=last, ndim=x.ndim)
        yield View(forth(x), forth(y), forth(dy), forth, back)


def _forth(array: Array, last: bool) -> Array:
    moved = np.moveaxis(array, -1, 1) if last else array
    return moved[:, :, None] if moved.ndim == 3 else moved


def _back(array: Array, last: bool, ndim: int) -> Array:
    flat = array[:, :, 0] if ndim == 3 else array
    return np.moveaxis(flat, 1, -1) if last else flat
