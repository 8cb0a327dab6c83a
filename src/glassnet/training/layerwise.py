"""A model taken layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from glassnet.arrays import Array
from glassnet.layers import Flatten, Layer, Sequential


class LayerOutput(NamedTuple):
    """What one layer of a chain made of a batch."""

    name: str
    layer: Layer
    output: Array


def chain(model: Layer, prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield name and layer of the layers that follow one another.

    A Sequential inside a Sequential is opened; everything else, a Residual too, is one layer.

    Examples
    --------
    >>> model = gn.Sequential(gn.Sequential(gn.Linear(2, 3), gn.ReLU()), gn.Linear(3, 1))
    >>> [name for name, _ in chain(model)]
    ['0.0', '0.1', '1']
    """
    if not isinstance(model, Sequential):
        yield prefix, model
        return
    for name, layer in model.children():
        yield from chain(layer, f"{prefix}.{name}" if prefix else name)


def begins_flat(model: Layer) -> bool:
    """Return whether all that a model does with a sample's axes is to make them one.

    Examples
    --------
    >>> begins_flat(gn.Sequential(gn.Flatten(), gn.Linear(4, 2)))
    True
    >>> begins_flat(gn.Sequential(gn.Conv2d(1, 2, 3), gn.Flatten()))
    False
    """
    if type(model) is not Sequential or not len(model) or type(model[0]) is not Flatten:
        return False
    return "forward" not in vars(model) and "forward" not in vars(model[0])


def layer_outputs(model: Layer, x: Array) -> Iterator[LayerOutput]:
    """Yield what each layer of the chain makes of a batch, in evaluation mode.

    Parameters
    ----------
    model : Layer
    x : ndarray, shape (N, ...)
        Scaled as in training.

    Examples
    --------
    >>> model = gn.Sequential(gn.Linear(2, 3), gn.ReLU()).initialize(seed=0)
    >>> [(name, y.shape) for name, _, y in layer_outputs(model, np.zeros((4, 2), np.float32))]
    [('0', (4, 3)), ('1', (4, 3))]
    """
    for name, layer in chain(model):
        x = layer.infer(x)
        yield LayerOutput(name, layer, x)
