"""A chain of Linear layers and element-wise non-linearities, as one table of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.layers.base import Layer
from glassnet.layers.chain import Chain, activation, common_vector, places
from glassnet.layers.dropout import Dropout
from glassnet.layers.fusion import untouched
from glassnet.layers.linear import Linear
from glassnet.layers.reshaping import Flatten, Identity

FEW, MANY = 15, 33
"""Samples up to which, and from which, all threads have part in one call."""
SMALL = 1 << 20
"""Multiply-adds up to which, between these, one call is faster than layers nevertheless."""


class DenseChain(Chain):
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

    def __init__(
        self, layers: Sequence[Layer], rows: list[list[int]], slopes: list[float], value: Array
    ) -> None:
        super().__init__(layers, rows, slopes, value)
        self.multiply_adds = int((self.table[:, 0] * self.table[:, 1]).sum())
        self._inputs = rows[0][0]
        kinds = [type(layer) for layer in layers]
        self._flattens = Flatten in kinds[: kinds.index(Linear)]

    @classmethod
    def of(cls, layers: Sequence[Layer], *, training: bool) -> DenseChain | None:
        """Return the table of a chain; None if it is none, or its parameters lie apart.

        In training it is none if it has Dropout, which does nothing in evaluation.
        """
        silent = {Flatten, Identity} if training else {Flatten, Identity, Dropout}
        known = silent | {Linear}
        if any(type(layer) not in known and activation(layer) is None for layer in layers):
            return None
        value = common_vector(layers)
        if value is None:
            return None
        rows: list[list[int]] = []
        slopes: list[float] = []
        for layer in layers:
            if not untouched(layer):
                return None
            if type(layer) is Linear:
                at = places(layer, value)
                if at is None:
                    return None
                rows.append([layer.in_features, layer.out_features, *at, 0])
                slopes.append(0.0)
            elif (found := activation(layer)) is not None:
                if not rows or rows[-1][4]:  # in front of all, or behind another
                    return None
                rows[-1][4], slopes[-1] = found
        return cls(layers, rows, slopes, value)

    def takes(self, x: Array) -> bool:
        """Whether x is samples of the right size, and so many that one call is faster."""
        if x.dtype != self.value.dtype or x.ndim < 2 or x.size != len(x) * self._inputs:
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
