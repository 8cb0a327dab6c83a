"""Layers that do the work of the ReLU beside them on the way.

A ReLU reads what a convolution has just written only to write it again, which on small images takes
half as long as the convolution. So a convolution or a Linear compares with zero before it writes,
and going back, these or a pooling do so for the ReLU before them. What comes out, and what is kept
for the backward pass, is what the two layers would have made one after the other.
"""

from typing import TypeGuard

from glassnet.layers.activations import ReLU
from glassnet.layers.base import Layer
from glassnet.layers.convolution import Conv2d
from glassnet.layers.linear import Linear
from glassnet.layers.pooling import AvgPool2d, MaxPool2d


def rectifies_after(layer: Layer, following: Layer | None) -> TypeGuard[Conv2d | Linear]:
    """Return whether a layer does the work of the one after it, going forward."""
    known = type(layer) in (Conv2d, Linear)
    return type(following) is ReLU and known and _untouched(layer, following)


def rectifies_before(
    layer: Layer, preceding: Layer | None
) -> TypeGuard[Conv2d | Linear | AvgPool2d | MaxPool2d]:
    """Return whether a layer does the work of the one before it, going back."""
    known = type(layer) in (Conv2d, Linear, AvgPool2d, MaxPool2d)
    return type(preceding) is ReLU and known and _untouched(layer, preceding)


def _untouched(*layers: Layer) -> bool:
    """Return whether no layer has been given a function of its own, in place of its class's."""
    return all("forward" not in vars(layer) and "backward" not in vars(layer) for layer in layers)
