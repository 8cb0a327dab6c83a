"""A plant: a healthy model with one fault put in, and the name that the doctor should give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.arrays import Array, Shape
from glassnet.doctor.check import gradcheck
from glassnet.doctor.report import Report
from glassnet.layers import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from glassnet.losses import SoftmaxCrossEntropy


@dataclass(frozen=True)
class Plant:
    """One fault in one place.

    Attributes
    ----------
    title : str
        What is wrong and where, in words.
    kind : str
        What the doctor should call it.
    build : callable
        Nothing → arguments of `gradcheck` by name.
    """

    title: str
    kind: str
    build: Callable[[], dict[str, Any]] = field(repr=False)

    def examine(self) -> Report:
        """Let the doctor see it."""
        return gradcheck(**self.build())


def in_mlp(**changes: Any) -> dict[str, Any]:
    """Return a small perceptron to check; `at` maps places to other layers, the rest replaces."""
    layers: list[Layer] = [Linear(6, 5), Tanh(), Linear(5, 5), Sigmoid(), Linear(5, 3)]
    return _patient(layers, (7, 6), changes)


def in_cnn(**changes: Any) -> dict[str, Any]:
    """Return a small convolutional network to check."""
    layers: list[Layer] = [
        Conv2d(2, 3, 3, stride=2, padding=1),
        ReLU(),
        MaxPool2d(2, stride=1),
        Conv2d(3, 3, 2),
        AvgPool2d(2, stride=1),
        Flatten(),
        Linear(12, 3),
    ]
    return _patient(layers, (7, 2, 9, 9), changes)


def _patient(layers: list[Layer], shape: Shape, changes: dict[str, Any]) -> dict[str, Any]:
    for place, layer in changes.pop("at", {}).items():
        layers[place] = layer
    rng = np.random.default_rng(5)
    x: Array = rng.standard_normal(shape)
    patient = {
        "model": Sequential(*layers).initialize(seed=3),
        "x": x,
        "target": rng.integers(3, size=len(x)),
        "loss": SoftmaxCrossEntropy(),
    }
    return patient | changes
