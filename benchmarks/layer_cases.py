"""Single layers of many shapes, chosen by a rule and not by hand.

Each property of a layer has five levels. Row (a, b) of a Latin square takes levels a, b, a + b,
a + 2b, … (mod 5), so any two levels of two different properties meet in one of its 25 rows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from glassnet.arrays import Shape

KERNELS = (1, 2, 3, 5, 7)
CHANNELS = ((1, 3), (3, 5), (5, 7), (7, 13), (16, 32))
BATCHES = (1, 7, 32, 128, 1000)
STRIDES = (1, 2, 3, 1, 2)
PADDED = (True, False, True, False, True)
SIDES = (28, 14, 7, 28, 14)
WINDOWS = (2, 3, 2, 3, 5)
FEATURES = ((3, 7), (17, 5), (101, 33), (257, 10), (785, 129))


class LayerCase(NamedTuple):
    """A layer: its class in Glassnet and in PyTorch, its arguments, and what it is given."""

    kind: str
    arguments: tuple[int, ...]
    input: Shape

    @property
    def name(self) -> str:
        """What the table calls it."""
        batch, *sample = self.input
        return f"{self.kind}{self.arguments}".rstrip(")").rstrip(",") + (
            f") on {'×'.join(map(str, sample))}, batch {batch}"
        )


def _convolutions() -> Iterator[LayerCase]:
    for a in range(5):
        for b in range(5):
            kernel, (inputs, outputs), batch = KERNELS[a], CHANNELS[b], BATCHES[(a + b) % 5]
            stride, side = STRIDES[(a + 2 * b) % 5], SIDES[(a + 4 * b) % 5]
            padding = kernel // 2 if PADDED[(a + 3 * b) % 5] else 0
            yield LayerCase(
                "Conv2d", (inputs, outputs, kernel, stride, padding), (batch, inputs, side, side)
            )


def _pools() -> Iterator[LayerCase]:
    for b, kind in enumerate(("MaxPool2d", "AvgPool2d")):
        for a in range(5):
            window, (channels, _) = WINDOWS[a], CHANNELS[(a + b) % 5]
            stride, side = STRIDES[(a + 2 * b) % 5], SIDES[(a + 4 * b) % 5]
            padding = window // 2 if PADDED[(a + 3 * b) % 5] else 0
            batch = BATCHES[(2 * a + b) % 5]
            yield LayerCase(kind, (window, stride, padding), (batch, channels, side, side))


def _dense() -> Iterator[LayerCase]:
    for b in (0, 2):
        for a in range(5):
            features = FEATURES[a]
            yield LayerCase("Linear", features, (BATCHES[(a + b) % 5], features[0]))


LAYER_CASES = {case.name: case for case in (*_convolutions(), *_pools(), *_dense())}
