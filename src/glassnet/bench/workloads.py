"""The networks that are timed, and how each is trained: said once, for Glassnet and for others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from glassnet import layers
from glassnet.arrays import Array, Shape, size_of
from glassnet.bench.roofline import Work
from glassnet.data import Dataset
from glassnet.layers import Conv2d, Linear, Sequential
from glassnet.losses import SoftmaxCrossEntropy
from glassnet.optimizers import SGD, Adam
from glassnet.training import Trainer

Layers = tuple[tuple[Any, ...], ...]
FLOAT = 4  # bytes


@dataclass(frozen=True)
class Workload:
    """A network and how it is trained.

    Attributes
    ----------
    layers : tuple of (str, ...)
        Names and arguments that Glassnet and PyTorch have in common.
    batch : int
    optimizer : {"sgd", "adam"}
        SGD has a momentum of 0.9.
    samples : int
        So many make one epoch of a measurement; they are drawn, the time does not depend on them.
    inputs : tuple of int
        Shape of one sample.
    classes : int
    epochs : int
        Of one measurement. A call of `fit` has costs of its own, which would be those of every step
        where an epoch is a single step.
    """

    layers: Layers
    batch: int
    optimizer: str
    samples: int
    inputs: Shape = (1, 28, 28)
    classes: int = 10
    epochs: int = 1

    @property
    def steps(self) -> int:
        """Steps of one measurement."""
        return self.epochs * -(-self.samples // self.batch)

    def data(self) -> tuple[Array, Array]:
        """Return samples as dense as pictures are, and labels."""
        rng = np.random.default_rng(0)
        x = rng.random((self.samples, *self.inputs), np.float32)
        x *= x > 0.7
        return x, rng.integers(0, self.classes, self.samples)

    def dataset(self) -> Dataset:
        """Return the same as a data set."""
        return Dataset(*self.data())

    def model(self) -> Sequential:
        """Return the network, not yet initialised."""
        return Sequential(*(getattr(layers, name)(*more) for name, *more in self.layers))

    def trainer(self) -> Trainer:
        """Return what trains a new network, with no metrics besides the loss."""
        optimizer = Adam(lr=1e-3) if self.optimizer == "adam" else SGD(lr=0.01, momentum=0.9)
        return Trainer(self.model(), SoftmaxCrossEntropy(), optimizer, metrics=())

    def step_work(self) -> Iterator[Work]:
        """Yield what one training step cannot do without: matrix products, and the update.

        Everything else (activations, pooling, the loss) could be done in passing, and counts as
        nothing: the roof is one that no program reaches.
        """
        first = True
        model = self.model()
        for step in model.steps(self.inputs):
            if isinstance(step.layer, Linear | Conv2d):
                products = self.batch * step.layer.multiply_adds(step.input_shape)
                numbers = (size_of(step.input_shape) or 0) + (size_of(step.output_shape) or 0)
                touched = FLOAT * (self.batch * numbers + step.layer.weight.size)
                passes = 2 if first else 3  # nobody wants the gradient of the samples
                yield from [Work(2 * products, touched)] * passes
                first = False
        parameters = sum(p.size for _, p in model.named_parameters())
        yield Work(0, FLOAT * parameters * (7 if self.optimizer == "adam" else 5))


def mlp(*widths: int, activation: str) -> Layers:
    """Return the layers of a fully connected network.

    Examples
    --------
    >>> mlp(4, 3, 2, activation="Tanh")
    (('Flatten',), ('Linear', 4, 3), ('Tanh',), ('Linear', 3, 2))
    """
    stack: list[tuple[Any, ...]] = [("Flatten",)]
    for left, right in pairwise(widths):
        stack += [("Linear", left, right), (activation,)]
    return tuple(stack[:-1])


# Conv2d is (in, out, kernel, stride, padding), pools are (kernel, stride).
WORKLOADS = {
    "784-128-10 tanh, batch 128, SGD": Workload(
        mlp(784, 128, 10, activation="Tanh"), 128, "sgd", 12_800
    ),
    "784-512-256-10, batch 32, Adam": Workload(
        mlp(784, 512, 256, 10, activation="ReLU"), 32, "adam", 3_200
    ),
    "784-512-256-10, batch 128, SGD": Workload(
        mlp(784, 512, 256, 10, activation="ReLU"), 128, "sgd", 6_400
    ),
    "conv 1-4-8-16 (B), batch 128": Workload(
        (
            ("Conv2d", 1, 4, 5, 2, 1), ("ReLU",), ("Conv2d", 4, 8, 5, 2, 1), ("ReLU",),
            ("Conv2d", 8, 16, 3, 2, 1), ("ReLU",), ("Flatten",),
            ("Linear", 144, 128), ("ReLU",), ("Linear", 128, 10),
        ), 128, "sgd", 12_800,
    ),
    "conv 3, pool, conv 5, pool (D), batch 64": Workload(
        (
            ("Conv2d", 1, 3, 5, 1, 0), ("ReLU",), ("AvgPool2d", 4, 2),
            ("Conv2d", 3, 5, 3, 1, 0), ("ReLU",), ("AvgPool2d", 3, 1), ("Flatten",),
            ("Linear", 245, 100), ("ReLU",), ("Linear", 100, 64), ("ReLU",), ("Linear", 64, 10),
        ), 64, "sgd", 6_400,
    ),
    "conv5-32, conv5-64, FC 1024 (E), batch 50": Workload(
        (
            ("Conv2d", 1, 32, 5, 1, 2), ("ReLU",), ("MaxPool2d", 2, 2),
            ("Conv2d", 32, 64, 5, 1, 2), ("ReLU",), ("MaxPool2d", 2, 2), ("Flatten",),
            ("Linear", 3136, 1024), ("ReLU",), ("Dropout", 0.5), ("Linear", 1024, 10),
        ), 50, "adam", 500,
    ),
    "conv3-32-32-64, FC 128, batch 128": Workload(
        (
            ("Conv2d", 1, 32, 3, 1, 1), ("ReLU",), ("Conv2d", 32, 32, 3, 1, 1), ("ReLU",),
            ("MaxPool2d", 2, 2), ("Conv2d", 32, 64, 3, 1, 1), ("ReLU",), ("MaxPool2d", 2, 2),
            ("Flatten",), ("Linear", 3136, 128), ("ReLU",), ("Linear", 128, 10),
        ), 128, "adam", 768,
    ),
    "2-3-2 tanh, 200 points": Workload(
        mlp(2, 3, 2, activation="Tanh"), 200, "sgd", 200, (2,), 2, epochs=100
    ),
    "256-50-10 sigmoid, batch 1": Workload(
        mlp(256, 50, 10, activation="Sigmoid"), 1, "sgd", 200, (256,)
    ),
}  # fmt: skip
