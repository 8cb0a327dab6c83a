"""The shape of a model's samples, and random ones to compare with."""

from __future__ import annotations

import numpy as np

from glassnet import layers as library
from glassnet.arrays import Array, Shape
from glassnet.data import Scaling
from glassnet.errors import ConfigError
from glassnet.interop.program import NOTHING, Program
from glassnet.layers import Layer, Residual, Sequential
from glassnet.layers.activations import Activation


def input_shape_of(model: Layer) -> Shape:
    """Return the shape of one input sample, as far as the first layers tell it.

    Raises
    ------
    ConfigError
        If they do not: the size of an image, for instance, is in no layer.

    Examples
    --------
    >>> input_shape_of(gn.Sequential(gn.Flatten(), gn.Linear(784, 10)))
    (784,)
    """
    layer = _first_that_tells(model)
    if isinstance(layer, library.Linear):
        return (layer.in_features,)
    if isinstance(layer, library.BatchNorm1d):
        return (layer.num_features,)
    if isinstance(layer, library.LayerNorm):
        return layer.normalized_shape
    raise ConfigError(
        "the model does not say the shape of its input; give it, for instance "
        "--input-shape 1,28,28 for images of one channel"
    )


def random_inputs(program: Program, samples: int, seed: int = 0) -> Array:
    """Return normal random samples; before a scaling, such that they are normal after it."""
    x = np.random.default_rng(seed).normal(size=(samples, *program.input_shape))
    first = program.operations[0] if program.operations else None
    if first is not None and first.kind is Scaling:
        scale = np.asarray(first.source.scale)
        x = (x - first.source.offset) / np.where(scale == 0, 1, scale)
    return x.astype(np.float32)


def _first_that_tells(layer: Layer) -> Layer | None:
    """Return the first layer that needs its input to have a certain shape."""
    if isinstance(layer, Residual):
        return _first_that_tells(layer.body)
    if isinstance(layer, Sequential):
        found = (_first_that_tells(child) for _, child in layer.children())
        return next((child for child in found if child is not None), None)
    return None if isinstance(layer, (Activation, library.Flatten, *NOTHING)) else layer
