"""The table of all layers: it drives the conformance tests, so a new layer needs a row here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import glassnet as gn
from glassnet.arrays import Array, Shape


@dataclass(frozen=True)
class Row:
    """One way to make a layer, and what may be expected of it."""

    name: str
    make: Callable[[], gn.Layer]
    shape: Shape
    """Shape of one input sample."""
    stochastic: bool = False
    """Draws random numbers in training."""
    passes_through: bool = False
    """May hand on the very memory it was given, because it does nothing to the values."""

    def layer(self, dtype: type = np.float64) -> gn.Layer:
        """Make the layer, with parameters and running statistics that are not 0 or 1 by chance."""
        layer, rng = self.make().initialize(seed=0), np.random.default_rng(1)
        for _, parameter in layer.named_parameters():
            parameter.value = rng.normal(0, 0.7, parameter.shape)
        for _, buffer in layer.named_buffers():
            buffer.value = rng.uniform(1, 2, buffer.shape)
        return layer.astype(dtype)

    def sample(self, samples: int = 6, dtype: type = np.float64, seed: int = 2) -> Array:
        """Draw a batch of inputs."""
        return np.random.default_rng(seed).normal(size=(samples, *self.shape)).astype(dtype)


def _cnn() -> gn.Layer:
    return gn.Sequential(
        gn.Conv2d(2, 3, 3, padding=1),
        gn.BatchNorm2d(3),
        gn.ReLU(),
        gn.MaxPool2d(2),
        gn.Flatten(),
        gn.Dropout(0.3),
        gn.Linear(18, 4),
    )


def _mlp() -> gn.Layer:
    return gn.Sequential(gn.Linear(5, 4), gn.Sequential(gn.Tanh(), gn.Linear(4, 3)), gn.Softmax())


def _residual() -> gn.Layer:
    return gn.Residual(
        gn.Sequential(gn.Conv2d(2, 4, 3, stride=2, padding=1), gn.Tanh(), gn.Dropout(0.4)),
        gn.Conv2d(2, 4, 1, stride=2),
    )


FLAT, IMAGE = (5,), (2, 6, 5)

LAYERS = (
    Row("Linear", lambda: gn.Linear(5, 3), FLAT),
    Row("Linear, no bias", lambda: gn.Linear(5, 1, bias=False), FLAT),
    Row("Conv2d", lambda: gn.Conv2d(2, 3, 3), IMAGE),
    Row("Conv2d, 1×1, no bias", lambda: gn.Conv2d(2, 3, 1, stride=2, bias=False), IMAGE),
    Row("Conv2d, rectangular", lambda: gn.Conv2d(2, 3, (3, 2), (1, 2), (2, 1)), IMAGE),
    Row("Conv2d, as large as the image", lambda: gn.Conv2d(2, 3, (6, 5)), IMAGE),
    Row("Conv2d, pixels never seen", lambda: gn.Conv2d(2, 2, 2, stride=3), IMAGE),
    Row("AvgPool2d", lambda: gn.AvgPool2d(2), IMAGE),
    Row("AvgPool2d, overlapping", lambda: gn.AvgPool2d((3, 2), (2, 1), (1, 0)), IMAGE),
    Row("MaxPool2d", lambda: gn.MaxPool2d(2), IMAGE),
    Row("MaxPool2d, overlapping", lambda: gn.MaxPool2d((3, 2), (1, 2), (1, 1)), IMAGE),
    Row("GlobalAvgPool2d", gn.GlobalAvgPool2d, IMAGE),
    Row("Flatten", gn.Flatten, IMAGE, passes_through=True),
    Row("Flatten, flat already", gn.Flatten, FLAT, passes_through=True),
    Row("Identity", gn.Identity, FLAT, passes_through=True),
    Row("Dropout", lambda: gn.Dropout(0.4), FLAT, stochastic=True, passes_through=True),
    Row("Dropout, images", lambda: gn.Dropout(0.2), IMAGE, stochastic=True, passes_through=True),
    Row("Dropout of nothing", lambda: gn.Dropout(0.0), FLAT, passes_through=True),
    Row("BatchNorm1d", lambda: gn.BatchNorm1d(5), FLAT),
    Row("BatchNorm2d", lambda: gn.BatchNorm2d(2, eps=1e-3, momentum=0.3), IMAGE),
    Row("LayerNorm", lambda: gn.LayerNorm(5), FLAT),
    Row("LayerNorm, images", lambda: gn.LayerNorm((2, 6, 5), eps=1e-3), IMAGE),
    Row("ReLU", gn.ReLU, FLAT),
    Row("ReLU, images", gn.ReLU, IMAGE),
    Row("LeakyReLU", lambda: gn.LeakyReLU(0.2), FLAT),
    Row("ELU", lambda: gn.ELU(alpha=0.7), FLAT),
    Row("GELU", gn.GELU, FLAT),
    Row("SiLU", gn.SiLU, FLAT),
    Row("Sigmoid", gn.Sigmoid, FLAT),
    Row("Tanh", gn.Tanh, FLAT),
    Row("Softmax", gn.Softmax, FLAT),
    Row("Softmax, images", gn.Softmax, IMAGE),
    Row("Sequential of nothing", gn.Sequential, FLAT, passes_through=True),
    Row("Sequential, nested", _mlp, FLAT),
    Row("Sequential, convolutional", _cnn, IMAGE, stochastic=True),
    Row("Residual", lambda: gn.Residual(gn.Sequential(gn.Linear(5, 5), gn.SiLU())), FLAT),
    Row("Residual of Identity", lambda: gn.Residual(gn.Identity(), gn.Identity()), FLAT),
    Row("Residual with a shortcut", _residual, IMAGE, stochastic=True),
)
