"""In which order the layers of a `state_dict` stand, where their names do not say it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from glassnet import layers as library
from glassnet.layers import Layer

MOST_STEPS = 10_000
"""Of the search; names that mean something need few."""


def chained(layers: Mapping[str, Layer]) -> tuple[str, ...]:
    """Return the names in an order in which each layer takes what the one before gives.

    The order of the names if that is one, else the first that is, preferring earlier names; where
    there is none, the names as they are.

    Examples
    --------
    >>> layers = {"head": gn.Linear(6, 3), "stem": gn.Linear(8, 6)}
    >>> chained(layers)
    ('stem', 'head')
    """
    sizes = {name: _sizes(layer) for name, layer in layers.items()}
    names = tuple(layers)
    steps = 0

    def extended(chain: tuple[str, ...]) -> tuple[str, ...] | None:
        nonlocal steps
        if len(chain) == len(names):
            return chain
        for name in names:
            steps += 1
            fits = not chain or sizes[chain[-1]][1] == sizes[name][0]
            if name not in chain and fits and steps < MOST_STEPS:
                found = extended((*chain, name))
                if found is not None:
                    return found
        return None

    def is_chain(order: tuple[str, ...]) -> bool:
        return all(sizes[a][1] == sizes[b][0] for a, b in pairwise(order))

    return names if is_chain(names) or len(names) > 200 else extended(()) or names


def _sizes(layer: Layer) -> tuple[int, int]:
    """Return how many features a layer takes and gives."""
    if isinstance(layer, library.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, library.BatchNorm1d):
        return layer.num_features, layer.num_features
    assert isinstance(layer, library.LayerNorm)
    return layer.normalized_shape[0], layer.normalized_shape[0]
