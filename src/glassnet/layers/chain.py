"""Layers whose work one call of a kernel does, by a table of numbers.

Between two layers of a small network Python takes longer than the layers do. What a kernel has to
know of them follows from how they are; so a chain remembers that, and is made anew when one of them
has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS
from glassnet.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from glassnet.layers.base import Layer
from glassnet.layers.convolution import Conv2d
from glassnet.layers.linear import Linear

_NAMES: dict[type[Layer], tuple[str, str]] = {
    ReLU: ("relu", ""),
    LeakyReLU: ("leaky_relu", "negative_slope"),
    Sigmoid: ("sigmoid", ""),
    Tanh: ("tanh", ""),
    ELU: ("elu", "alpha"),
    SiLU: ("silu", ""),
    GELU: ("gelu", ""),
}


class Chain:
    """Such layers, as they were when their table was made.

    Attributes
    ----------
    table : ndarray of int64, shape (L, ...)
    slopes : ndarray of float64, shape (L,)
        As the kernel takes them.
    value : ndarray, shape (P,)
        The vector in which all parameters lie.
    """

    def __init__(
        self, layers: Sequence[Layer], rows: list[list[int]], slopes: list[float], value: Array
    ) -> None:
        self.table, self.slopes, self.value = np.array(rows, np.int64), np.array(slopes), value
        self._layers = list(layers)
        self._states = [dict(vars(layer)) for layer in layers]
        self._parameters = [p for layer in layers for _, p in layer.own_parameters()]

    def __len__(self) -> int:
        return len(self._layers)

    def fits(self, layers: list[Layer]) -> bool:
        """Whether these are the layers still, unchanged, and their parameters where they were.

        It is asked before every call, so it takes less than one microsecond.
        """
        if layers != self._layers or list(map(vars, layers)) != self._states:
            return False
        for parameter in self._parameters:  # noqa: SIM110 — all() takes longer
            if parameter.value.base is not self.value:
                return False
        return True


def common_vector(layers: Iterable[Layer]) -> Array | None:
    """Return the vector of float32 in which the first weights lie, if they lie in one."""
    for layer in layers:
        if isinstance(layer, (Linear, Conv2d)):
            value = layer.weight.value.base
            one = value is not None and value.ndim == 1 and value.dtype == np.float32
            return value if one else None
    return None


def places(layer: Linear | Conv2d, vector: Array) -> list[int] | None:
    """Return where in the vector weights and biases begin, -1 for none; None if they lie apart."""
    found = []
    for parameter in (layer.weight, layer.bias):
        if parameter is None:
            found.append(-1)
        elif parameter.value.base is not vector:
            return None
        else:
            found.append(_place(parameter.value, vector))
    return found


def activation(layer: Any) -> tuple[int, float] | None:
    """Return the number of a non-linearity and its slope; None if it is none."""
    if type(layer) not in _NAMES:
        return None
    name, slope = _NAMES[type(layer)]
    return ACTIVATIONS.index(name), float(getattr(layer, slope)) if slope else 0.0


def _place(window: Array, vector: Array) -> int:
    """Return where in a vector a window of it begins."""
    address = window.__array_interface__["data"][0] - vector.__array_interface__["data"][0]
    return int(address) // vector.itemsize
