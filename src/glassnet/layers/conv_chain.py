"""The convolutions at the beginning of a network, as one table of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.kernels.codes import POOLINGS
from glassnet.layers.base import Layer
from glassnet.layers.chain import Chain, activation, common_vector, places
from glassnet.layers.convolution import Conv2d
from glassnet.layers.dropout import Dropout
from glassnet.layers.fusion import untouched
from glassnet.layers.pooling import AvgPool2d, MaxPool2d, Pool2d
from glassnet.layers.reshaping import Identity

FEW = 8
"""Images up to which one call is faster than layer by layer, which takes them side by side."""

_ACTIVATION, _POOLING = 10, 11  # columns of the table
_KINDS: dict[type[Layer], str] = {MaxPool2d: "largest", AvgPool2d: "mean"}
_NO_POOLING = [POOLINGS.index("none"), 1, 1, 1, 1, 0, 0]


class ConvChain(Chain):
    """The first layers of a network: convolutions, non-linearities and poolings behind them.

    The table is that of `kernels.conv_stages_forward`.
    """

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> ConvChain | None:
        """Return the table of as many layers as fit it, from the first on; None if none does."""
        value = common_vector(layers)
        if value is None:
            return None
        rows: list[list[int]] = []
        slopes: list[float] = []
        count = 0
        for layer in layers:
            if not (untouched(layer) and _write(layer, value, rows, slopes)):
                break
            count += 1
        return cls(layers[:count], rows, slopes, value) if rows else None

    def takes(self, x: Array) -> bool:
        """Whether x is images, and so few that one call is faster."""
        return x.dtype == self.value.dtype and x.ndim == 4 and 0 < len(x) <= FEW

    def outputs(self, x: Array) -> Array:
        """Return what comes out of these layers, shape (N, C, H, W)."""
        return kernels.conv_stages_forward(x, self.table, self.slopes, self.value)


def _write(layer: Layer, value: Array, rows: list[list[int]], slopes: list[float]) -> bool:
    """Write a layer into the table; return whether it has a place there."""
    open_stage, found = bool(rows) and not rows[-1][_POOLING], activation(layer)
    if type(layer) is Conv2d and (at := places(layer, value)) is not None:
        windows = *layer.kernel_size, *layer.stride, *layer.padding
        rows.append([layer.in_channels, layer.out_channels, *windows, *at, 0, *_NO_POOLING])
        slopes.append(0.0)
    elif open_stage and isinstance(layer, Pool2d) and type(layer) in _KINDS:
        kind = POOLINGS.index(_KINDS[type(layer)])
        rows[-1][_POOLING:] = [kind, *layer.kernel_size, *layer.stride, *layer.padding]
    elif open_stage and found is not None and not rows[-1][_ACTIVATION]:
        rows[-1][_ACTIVATION], slopes[-1] = found
    else:
        return type(layer) in (Identity, Dropout)  # which do nothing in evaluation
    return True
