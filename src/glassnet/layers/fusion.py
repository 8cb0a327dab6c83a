"""Layers that do the work of the ReLU beside them on the way.

A ReLU reads what a convolution has just written only to write it again, which on small images takes
half as long as the convolution. So a convolution or a Linear layer compares with zero before it
writes, and going back, these and a pooling do so for the ReLU before them. What comes out, and what
is kept for the backward pass, is what the two layers would have made one after the other.
"""

from collections.abc import Sequence
from typing import TypeGuard

from glassnet.layers.activations import ReLU
from glassnet.layers.base import Layer
from glassnet.layers.convolution import Conv2d
from glassnet.layers.linear import Linear
from glassnet.layers.pooling import AvgPool2d, MaxPool2d
from glassnet.layers.reshaping import Flatten


def rectifies_after(layer: Layer, following: Layer | None) -> TypeGuard[Conv2d | Linear]:
    """Return whether a layer does the work of the one after it, going forward."""
    return (
        type(following) is ReLU
        and type(layer) in (Conv2d, Linear)
        and untouched(layer)
        and untouched(following)
    )


def rectifier_before(layers: Sequence[Layer], i: int, first: int) -> int | None:
    """Return the place, after `first`, of the ReLU whose work layer i does going back.

    Before a Linear layer a Flatten may stand between, which changes no number.
    """
    place = i - 1
    if place > first and type(layers[i]) is Linear and type(layers[place]) is Flatten:
        place -= 1
    if place <= first or type(layers[place]) is not ReLU:
        return None
    known = type(layers[i]) in (Conv2d, Linear, AvgPool2d, MaxPool2d)
    return place if known and all(map(untouched, layers[place : i + 1])) else None


def untouched(layer: Layer) -> bool:
    """Return whether a layer has been given no function of its own, in place of its class's."""
    return "forward" not in vars(layer) and "backward" not in vars(layer)
