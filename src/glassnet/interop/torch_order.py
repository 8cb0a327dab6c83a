"""In which order the layers of a `state_dict` stand, where their names do not say it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from glassnet import layers as library
from glassnet.errors import CheckpointError
from glassnet.layers import Layer

MOST_STEPS = 10_000
"""Of the search; names that mean something need few."""


def chained(layers: Mapping[str, Layer]) -> tuple[str, ...]:
    """Return the names in an order in which each layer takes what the one before gives.

    The order of the names if that is one and they are counted (``fc1``, ``fc2``), else the only one
    that is; where there is none, the names as they are.

    Raises
    ------
    CheckpointError
        If several orders fit and the names do not say which: those of an encoder and its decoder.

    Examples
    --------
    >>> layers = {"head": gn.Linear(6, 3), "stem": gn.Linear(8, 6)}
    >>> chained(layers)
    ('stem', 'head')
    """
    sizes = {name: _sizes(layer) for name, layer in layers.items()}
    names = tuple(layers)
    steps = 0

    found: list[tuple[str, ...]] = []

    def extend(chain: tuple[str, ...]) -> None:
        nonlocal steps
        if len(chain) == len(names):
            found.append(chain)
            return
        for name in names:
            steps += 1
            fits = not chain or sizes[chain[-1]][1] == sizes[name][0]
            if name not in chain and fits and steps < MOST_STEPS and len(found) < 2:
                extend((*chain, name))

    def is_chain(order: tuple[str, ...]) -> bool:
        return all(sizes[a][1] == sizes[b][0] for a, b in pairwise(order))

    counted = all(any(map(str.isdigit, name)) for name in names)
    if len(names) > 200 or (counted and is_chain(names)):
        return names
    extend(())
    if len(found) > 1 and not counted:
        orders = " or ".join(", ".join(order) for order in found)
        raise CheckpointError(
            f"the layers could follow one another in several orders ({orders}), and their names do "
            "not say in which; give a recipe with --recipe"
        )
    return found[0] if found else names


def _sizes(layer: Layer) -> tuple[int, int]:
    """Return how many features a layer takes and gives."""
    if isinstance(layer, library.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, library.BatchNorm1d):
        return layer.num_features, layer.num_features
    assert isinstance(layer, library.LayerNorm)
    return layer.normalized_shape[0], layer.normalized_shape[0]
