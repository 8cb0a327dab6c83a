"""The convolutions at the beginning of a network, as one table of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.kernels.codes import POOLINGS
from glassnet.kernels.stage import Stage
from glassnet.layers.base import Layer
from glassnet.layers.chain import Chain, activation, common_vector, places
from glassnet.layers.convolution import Conv2d
from glassnet.layers.dropout import Dropout
from glassnet.layers.fusion import untouched
from glassnet.layers.pooling import AvgPool2d, MaxPool2d, Pool2d
from glassnet.layers.reshaping import Identity

FEW = 8
"""Images up to which one call is faster than layer by layer, which takes them side by side."""

_KINDS: dict[type[Layer], str] = {MaxPool2d: "largest", AvgPool2d: "mean"}


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
        stages: list[Stage] = []
        slopes: list[float] = []
        count = 0
        for layer in layers:
            if not (untouched(layer) and _write(layer, value, stages, slopes)):
                break
            count += 1
        rows = [stage.row() for stage in stages]
        return cls(layers[:count], rows, slopes, value) if rows else None

    def takes(self, x: Array) -> bool:
        """Whether x is images, and so few that one call is faster."""
        return x.dtype == self.value.dtype and x.ndim == 4 and 0 < len(x) <= FEW

    def outputs(self, x: Array) -> Array:
        """Return what comes out of these layers, shape (N, C, H, W)."""
        return kernels.conv_stages_forward(x, self.table, self.slopes, self.value)


def _write(layer: Layer, value: Array, stages: list[Stage], slopes: list[float]) -> bool:
    """Write a layer into the last stage, or a new one; return whether it has a place there."""
    last, found = stages[-1] if stages else None, activation(layer)
    if last is not None and POOLINGS[last.pooling] != "none":
        last = None  # it is full
    if type(layer) is Conv2d and (at := places(layer, value)) is not None:
        weight, bias = at
        sizes = layer.in_channels, layer.out_channels
        windows = layer.kernel_size, layer.stride, layer.padding
        stages.append(Stage(*sizes, *windows, weight, bias))
        slopes.append(0.0)
    elif last is not None and isinstance(layer, Pool2d) and type(layer) in _KINDS:
        kind = POOLINGS.index(_KINDS[type(layer)])
        windows = layer.kernel_size, layer.stride, layer.padding
        stages[-1] = Stage(*last[:8], kind, *windows)
    elif last is not None and found is not None and not last.activation:
        number, slopes[-1] = found
        stages[-1] = last._replace(activation=number)
    else:
        return type(layer) in (Identity, Dropout)  # which do nothing in evaluation
    return True
