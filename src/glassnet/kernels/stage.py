"""A stage of a network: a convolution, the non-linearity behind it, and the pooling behind that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from glassnet.arrays import Array, Pair
from glassnet.kernels.codes import ACTIVATIONS, POOLINGS


class Stage(NamedTuple):
    """What kernels have to know of it; to them it is a row of numbers, in this order."""

    channels: int
    outputs: int
    kernel: Pair
    stride: Pair
    padding: Pair
    weight: int
    """Where in the vector of all parameters the weights begin."""
    bias: int
    """Where the biases begin; below 0 there are none."""
    activation: int = ACTIVATIONS.index("identity")
    """The number of the non-linearity in `codes.ACTIVATIONS`."""
    pooling: int = POOLINGS.index("none")
    """That of the pooling in `codes.POOLINGS`."""
    window: Pair = (1, 1)
    step: Pair = (1, 1)
    border: Pair = (0, 0)
    """Its kernel, stride and padding."""

    def row(self) -> list[int]:
        """Return the numbers."""
        return [n for field in self for n in (field if isinstance(field, tuple) else (field,))]

    @classmethod
    def of(cls, row: Sequence[int]) -> Stage:
        """Return what a row of numbers says."""
        channels, outputs, kh, kw, sh, sw, ph, pw, w, b, kind, pooling, *rest = row
        wh, ww, vh, vw, above, beside = rest
        return cls(
            channels, outputs, (kh, kw), (sh, sw), (ph, pw), w, b, kind, pooling, (wh, ww),
            (vh, vw), (above, beside),
        )  # fmt: skip

    def parameters(self, value: Array) -> tuple[Array, Array | None]:
        """Return weights (O, C, kh, kw) and biases (O,), windows of the vector of all."""
        shape = self.outputs, self.channels, *self.kernel
        size = self.outputs * self.channels * self.kernel[0] * self.kernel[1]
        weight = value[self.weight : self.weight + size].reshape(shape)
        return weight, value[self.bias : self.bias + self.outputs] if self.bias >= 0 else None


def stages_of(table: Array) -> Iterator[Stage]:
    """Yield the stages of a table, shape (S, 18)."""
    return map(Stage.of, table.tolist())
