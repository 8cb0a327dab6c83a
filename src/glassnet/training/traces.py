"""The layer at fault, judged by what a failed step left, where repeating it went well.

So it is with a layer that fails at some calls only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.layers import Layer, Residual
from glassnet.training.replay import Visit, finite, floats


def by_caches(visits: Sequence[Visit]) -> Visit:
    """Return what the failed step's caches tell.

    The layer stands behind the last one whose cache shows what it should, and not behind the first
    whose cache is spoilt.
    """
    spoilt = next((i for i, visit in enumerate(visits) if not finite(visit.cache)), len(visits))
    first = 0
    for i, visit in enumerate(visits[:spoilt]):
        if _holds(visit.cache, visit.input):
            first = i
        if _holds(visit.cache, visit.output):
            first = min(i + 1, len(visits) - 1)
    if spoilt == len(visits):
        return _likeliest(visits[first:])
    wrong = [array for array in floats(visits[spoilt].cache) if not finite(array)]
    came = spoilt > first and any(array.shape == visits[spoilt].input.shape for array in wrong)
    if came or not _is_own(visits[spoilt].layer):
        own = [visit for visit in visits[first:spoilt] if _is_own(visit.layer)]
        return own[-1] if own else visits[spoilt - 1 if came else spoilt]
    return visits[spoilt]


def _holds(cache: Any, array: Array) -> bool:
    """Whether a cache holds this very content."""
    return any(np.array_equal(held, array) for held in floats(cache))


def by_gradients(visits: Sequence[Visit], wrong: Iterable[str]) -> Visit:
    """Return what the failed step's gradients tell."""
    layers = {name.rpartition(".")[0] for name in wrong}
    last = max(i for i, visit in enumerate(visits) if visit.name in layers)
    after = last + 1
    while after < len(visits) and not _has_parameters(visits[after].layer):
        after += 1
    return _likeliest(visits[last:after])


def _has_parameters(layer: Layer) -> bool:
    """Whether a layer has some itself; what is inside a Residual has been visited."""
    if isinstance(layer, Residual):
        return False
    return next(layer.named_parameters(), None) is not None


def _likeliest(visits: Sequence[Visit]) -> Visit:
    """Return the one whose layer is of the user's own making, else the last."""
    return ([visit for visit in visits if _is_own(visit.layer)] or list(visits))[-1]


def _is_own(layer: Layer) -> bool:
    """Whether a layer is of the user's own making."""
    return not type(layer).__module__.startswith("glassnet.")
