"""The work that is compared: networks and how they are trained, said once for both libraries."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Work:
    """One network and how it is trained; `samples` are drawn for one measurement."""

    layers: tuple[tuple[Any, ...], ...]
    batch: int
    optimizer: str
    samples: int
    inputs: tuple[int, ...] = (1, 28, 28)
    classes: int = 10


def mlp(*widths: int, activation: str) -> tuple[tuple[Any, ...], ...]:
    """Return the layers of a fully connected network."""
    stack: list[tuple[Any, ...]] = [("Flatten",)]
    for left, right in pairwise(widths):
        stack += [("Linear", left, right), (activation,)]
    return tuple(stack[:-1])


# Conv2d is (in, out, kernel, stride, padding), pools are (kernel, stride).
WORK = {
    "784-128-10 tanh, batch 128, SGD": Work(
        mlp(784, 128, 10, activation="Tanh"), 128, "sgd", 12_800
    ),
    "784-512-256-10, batch 32, Adam": Work(
        mlp(784, 512, 256, 10, activation="ReLU"), 32, "adam", 3_200
    ),
    "784-512-256-10, batch 128, SGD": Work(
        mlp(784, 512, 256, 10, activation="ReLU"), 128, "sgd", 6_400
    ),
    "conv 1-4-8-16 (B), batch 128": Work(
        (
            ("Conv2d", 1, 4, 5, 2, 1), ("ReLU",), ("Conv2d", 4, 8, 5, 2, 1), ("ReLU",),
            ("Conv2d", 8, 16, 3, 2, 1), ("ReLU",), ("Flatten",),
            ("Linear", 144, 128), ("ReLU",), ("Linear", 128, 10),
        ), 128, "sgd", 12_800,
    ),
    "conv 3, pool, conv 5, pool (D), batch 64": Work(
        (
            ("Conv2d", 1, 3, 5, 1, 0), ("ReLU",), ("AvgPool2d", 4, 2),
            ("Conv2d", 3, 5, 3, 1, 0), ("ReLU",), ("AvgPool2d", 3, 1), ("Flatten",),
            ("Linear", 245, 100), ("ReLU",), ("Linear", 100, 64), ("ReLU",), ("Linear", 64, 10),
        ), 64, "sgd", 6_400,
    ),
    "conv5-32, conv5-64, FC 1024 (E), batch 50": Work(
        (
            ("Conv2d", 1, 32, 5, 1, 2), ("ReLU",), ("MaxPool2d", 2, 2),
            ("Conv2d", 32, 64, 5, 1, 2), ("ReLU",), ("MaxPool2d", 2, 2), ("Flatten",),
            ("Linear", 3136, 1024), ("ReLU",), ("Dropout", 0.5), ("Linear", 1024, 10),
        ), 50, "adam", 500,
    ),
    "conv3-32-32-64, FC 128, batch 128": Work(
        (
            ("Conv2d", 1, 32, 3, 1, 1), ("ReLU",), ("Conv2d", 32, 32, 3, 1, 1), ("ReLU",),
            ("MaxPool2d", 2, 2), ("Conv2d", 32, 64, 3, 1, 1), ("ReLU",), ("MaxPool2d", 2, 2),
            ("Flatten",), ("Linear", 3136, 128), ("ReLU",), ("Linear", 128, 10),
        ), 128, "adam", 768,
    ),
    "2-3-2 tanh, 200 points": Work(
        mlp(2, 3, 2, activation="Tanh"), 200, "sgd", 200, (2,), 2
    ),
    "256-50-10 sigmoid, batch 1": Work(
        mlp(256, 50, 10, activation="Sigmoid"), 1, "sgd", 200, (256,)
    ),
}  # fmt: skip


def data(work: Work) -> tuple[np.ndarray, np.ndarray]:
    """Return samples as dense as pictures are, and labels."""
    rng = np.random.default_rng(0)
    x = rng.random((work.samples, *work.inputs), np.float32)
    x *= x > 0.7
    return x, rng.integers(0, work.classes, work.samples)
