"""How a network predicts in few calls of kernels, in place of two or three for each layer."""

from __future__ import annotations

from glassnet import kernels
from glassnet.arrays import Array
from glassnet.layers.base import Layer
from glassnet.layers.conv_chain import ConvChain
from glassnet.layers.convolution import Conv2d
from glassnet.layers.dense_chain import DenseChain


class Shortcut:
    """The chains of a network: convolutions at its beginning, dense layers to its end."""

    def __init__(self) -> None:
        self._head: ConvChain | None = None
        self._tail: DenseChain | None = None

    def outputs(self, layers: list[Layer], x: Array) -> tuple[Array, int]:
        """Return what comes out of so many of the first layers, and how many these are.

        None are done where layers one by one are faster, or x does not fit.
        """
        if not layers or kernels.active_kernels() != "numba":
            return x, 0
        done = 0
        if type(layers[0]) is Conv2d:
            if self._head is None or not self._head.fits(layers[: len(self._head)]):
                self._head = ConvChain.of(layers)
            if self._head is None or not self._head.takes(x):
                return x, 0
            x, done = self._head.outputs(x), len(self._head)
            layers = layers[done:]
        if self._tail is None or not self._tail.fits(layers):
            self._tail = DenseChain.of(layers, training=False)
        if self._tail is None or not self._tail.takes(x):
            return x, done
        return self._tail.outputs(x), done + len(layers)
