"""When two things are the same: caches, gradients, outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.arrays import Array


def same(a: Any, b: Any) -> bool:
    """Whether two caches, arrays or other things hold the same, nan being equal to nan."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        numeric = a.dtype.kind in "fc" and b.dtype.kind in "fc"
        return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=numeric))
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return True  # other things (shapes, numbers, generators) are not what a backward edits


def agree(a: dict[str, Array], b: dict[str, Array]) -> bool:
    """Whether two sets of gradients are equal but for rounding."""
    return a.keys() == b.keys() and all(
        a[n].shape == b[n].shape
        and np.allclose(a[n], b[n], rtol=1e-9, atol=1e-9 * float(np.abs(a[n]).max(initial=0)))
        for n in a
    )
