"""A chain of Linear layers and element-wise non-linearities, as one table of numbers.

Between two layers of a small network Python takes longer than the layers do. Kernels that go by the
table do the work of all layers in one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.kernels.codes import ACTIVATIONS
from glassnet.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from glassnet.layers.base import Layer
from glassnet.layers.linear import Linear
from glassnet.layers.reshaping import Flatten, Identity

FEW, MANY = 15, 33
"""Samples up to which, and from which, all threads have part in one call."""
SMALL = 1 << 20
"""Multiply-adds up to which, between these, one call is faster than layers nevertheless."""

_ACTIVATIONS: dict[type[Layer], tuple[str, str]] = {
    ReLU: ("relu", ""),
    LeakyReLU: ("leaky_relu", "negative_slope"),
    Sigmoid: ("sigmoid", ""),
    Tanh: ("tanh", ""),
    ELU: ("elu", "alpha"),
    SiLU: ("silu", ""),
    GELU: ("gelu", ""),
}
_MEMBERS = {Linear, Flatten, Identity, *_ACTIVATIONS}


class DenseChain:
    """What a kernel has to know of such a chain; `DenseChain.of` finds it out.

    Attributes
    ----------
    table : ndarray of int64, shape (L, 5)
    slopes : ndarray of float64, shape (L,)
        As `kernels.dense_network_forward` takes them.
    value : ndarray, shape (P,)
        The vector in which all parameters lie.
    multiply_adds : int
        Of one sample.
    """

    def __init__(self, layers: Sequence[Layer], table: Array, slopes: Array, value: Array) -> None:
        self.table, self.slopes, self.value = table, slopes, value
        self.multiply_adds = int((table[:, 0] * table[:, 1]).sum())
        self._inputs = int(table[0, 0])
        kinds = [type(layer) for layer in layers]
        self._flattens = Flatten in kinds[: kinds.index(Linear)]
        self._layers = [(layer, dict(vars(layer))) for layer in layers]
        self._parameters = [p for layer in layers for _, p in layer.own_parameters()]

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> DenseChain | None:
        """Return the table of a chain; None if it is none, or its parameters lie apart."""
        if any(type(layer) not in _MEMBERS for layer in layers):
            return None
        linear = [layer for layer in layers if type(layer) is Linear]
        value = linear[0].weight.value.base if linear else None
        if value is None or value.ndim != 1 or value.dtype != np.float32:
            return None
        rows: list[list[int]] = []
        slopes: list[float] = []
        layer: Any
        for layer in layers:
            kind = type(layer)
            if "forward" in vars(layer) or "backward" in vars(layer):
                return None
            if kind is Linear:
                parameters = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
                if any(p.value.base is not value for p in parameters):
                    return None
                at = [_place(p.value, value) for p in parameters]
                rows.append([layer.in_features, layer.out_features, *at, *[-1] * (2 - len(at)), 0])
                slopes.append(0.0)
            elif kind in _ACTIVATIONS and rows and rows[-1][4] == 0:
                name, slope = _ACTIVATIONS[kind]
                rows[-1][4] = ACTIVATIONS.index(name)
                slopes[-1] = float(getattr(layer, slope)) if slope else 0.0
            elif kind in _ACTIVATIONS:  # behind another, or in front of all
                return None
        return cls(layers, np.array(rows, np.int64), np.array(slopes), value)

    def fits(self, layers: Sequence[Layer]) -> bool:
        """Whether these are the layers still, unchanged, and their parameters where they were."""
        if len(layers) != len(self._layers):
            return False
        for layer, (known, state) in zip(layers, self._layers, strict=True):
            if layer is not known or vars(layer) != state:
                return False
        return all(p.value.base is self.value for p in self._parameters)

    def takes(self, x: Array) -> bool:
        """Whether x is samples of the right size, and so many that one call is faster."""
        if x.dtype != np.float32 or x.ndim < 2 or x.size != len(x) * self._inputs:
            return False
        if x.ndim > 2 and not self._flattens:
            return False
        samples = len(x)
        if 0 < samples <= FEW or samples >= MANY:
            return True
        return 0 < samples * self.multiply_adds <= SMALL

    def outputs(self, x: Array) -> Array:
        """Return the outputs, shape (N, K)."""
        rows = x if x.ndim == 2 else x.reshape(len(x), -1)
        return kernels.dense_network_forward(rows, self.table, self.slopes, self.value)


def _place(window: Array, vector: Array) -> int:
    """Return where in a vector a window of it begins."""
    address = window.__array_interface__["data"][0] - vector.__array_interface__["data"][0]
    return int(address) // vector.itemsize
