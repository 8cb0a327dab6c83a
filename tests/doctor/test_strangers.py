"""Layers written outside the project, in styles of their own: named if wrong, clean if right."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import glassnet as gn
from glassnet.arrays import Array
from glassnet.doctor import Report, gradcheck

RNG = np.random.default_rng(5)
X, LABELS = RNG.normal(size=(12, 6)), RNG.integers(3, size=12)
IMAGES = RNG.normal(size=(6, 7, 7, 2))


def weights(*shape: int, seed: int = 0) -> gn.Parameter:
    return gn.Parameter(0.5 * np.random.default_rng(seed).normal(size=shape))


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


class Net(gn.Layer):
    """A whole network with a hidden activation as one layer."""

    def __init__(self, f: Any = np.tanh, slope: Any = None, **masks: Any) -> None:
        super().__init__()
        self.first, self.shift = weights(6, 8), weights(8, seed=1)
        self.second, self.last = weights(8, 3, seed=2), weights(3, seed=3)
        self.f, self.slope, self.masks = f, slope or (lambda z, h: 1 - h * h), masks

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> Any:
        z = x @ self.first.value + self.shift.value
        h, mask = self.f(z), np.ones((len(x), 8))
        if training and self.masks:
            mask = (rng.random(mask.shape) < 0.5) * self.masks["scale"]
        return (h * mask) @ self.second.value + self.last.value, (x, z, h, mask)

    def backward(self, dy: Array, cache: Any) -> Array:
        x, z, h, mask = cache
        self.second.grad, self.last.grad = (h * mask).T @ dy, dy.sum(0)
        d = dy @ self.second.value.T * self.slope(z, h)
        if not self.masks.get("forgotten"):
            d = d * mask
        self.first.grad, self.shift.grad = x.T @ d, d.sum(0)
        return np.asarray(d @ self.first.value.T)


class ConvLast(gn.Layer):
    """A convolution (stride 2) with the channels last and, if asked, a ReLU built in."""

    def __init__(self, fault: str = "", relu: bool = False) -> None:
        super().__init__()
        self.kernel, self.b = weights(3, 3, 2, 4), weights(4, seed=1)
        self.fault, self.relu = fault, relu

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> Any:
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
        z = np.einsum("nijckl,klco->nijo", seen, self.kernel.value) + self.b.value
        return (np.maximum(z, 0) if self.relu else z), (seen, padded.shape, z)

    def backward(self, dy: Array, cache: Any) -> Array:
        seen, shape, z = cache
        dz = dy * (z > 0) if self.relu else dy
        self.kernel.grad = np.einsum("nijckl,nijo->klco", seen, dz)
        self.b.grad = dz.sum(axis=(0, 1, 2))
        used = self.kernel.value[::-1, ::-1] if self.fault == "flip" else self.kernel.value
        dx, step = np.zeros(shape), 1 if self.fault == "stride" else 2
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                place = dx[:, step * i : step * i + 3, step * j : step * j + 3]
                part = np.einsum("no,klco->nklc", dz[:, i, j], used)
                place[...] = part if self.fault == "overwrite" else place + part
        return dx[:, :7, :7] if self.fault == "crop" else dx[:, 1:-1, 1:-1]


class Odd(gn.Layer):
    """A layer of two functions."""

    def __init__(self, forth: Callable[[Array], Array], back: Callable[[Array, Array], Any]):
        super().__init__()
        self.forth, self.back = forth, back

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> Any:
        return self.forth(x), x

    def backward(self, dy: Array, cache: Any) -> Any:
        return np.asarray(self.back(dy, cache))


class Choice(gn.Layer):
    """Rows of a table, chosen by whole numbers, which have no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.table = weights(5, 3)

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> Any:
        chosen = x.astype(int)[:, 0]
        return self.table.value[chosen], chosen

    def backward(self, dy: Array, cache: Any) -> Any:
        gradient = np.zeros(self.table.shape)
        np.add.at(gradient, cache, dy)
        self.table.grad = gradient


class Cast(gn.Layer):
    """float32 in the middle of a float64 computation."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = weights(6, 4)

    def forward(self, x: Array, *, training: bool = False, rng: Any = None) -> Any:
        return x @ self.kernel.value.astype(np.float32).astype(float), x

    def backward(self, dy: Array, cache: Any) -> Array:
        self.kernel.grad = cache.T @ dy
        return np.asarray(dy @ self.kernel.value.T)


def examined(layer: gn.Layer, x: Array = X) -> Report:
    y = layer.forward(x, training=True, rng=np.random.default_rng(0))[0]
    model = gn.Sequential(layer, gn.Flatten(), gn.Linear(y[0].size, 3)).initialize(seed=0)
    return gradcheck(model, x, LABELS[: len(x)], gn.SoftmaxCrossEntropy())


SICK = {
    "hidden f′ left out": (Net(slope=lambda z, h: 1.0), "activation-derivative-missing"),
    "hidden f′ at output": (
        Net(slope=lambda z, h: 1 - np.tanh(h) ** 2),
        "derivative-at-output",
    ),
    "hidden formula given z": (Net(sigmoid, lambda z, h: z * (1 - z)), "derivative-at-input"),
    "hidden f′ twice": (
        Net(sigmoid, lambda z, h: (h * (1 - h)) ** 2),
        "activation-derivative-twice",
    ),
    "hidden mask forgotten": (Net(scale=2.0, forgotten=True), "dropout-mask-missing"),
    "hidden mask not inverted": (Net(scale=1.0), "dropout-not-inverted"),
    "kernel": (ConvLast("flip"), "kernel-not-flipped"),
    "kernel behind ReLU": (ConvLast("flip", relu=True), "kernel-not-flipped"),
    "stride": (ConvLast("stride"), "stride-ignored"),
    "crop": (ConvLast("crop", relu=True), "padding-not-cropped"),
    "overwritten": (ConvLast("overwrite"), "overlap-overwritten"),
    "half a product rule": (
        Odd(lambda x: x * sigmoid(x), lambda dy, x: dy * sigmoid(x)),
        "product-rule-half",
    ),
    "rounded": (Odd(np.round, lambda dy, x: dy), "straight-through"),
    "whole numbers inside": (
        Odd(lambda x: (3 * x).astype(int) * 0.37, lambda dy, x: 1.11 * dy),
        "integer-truncation",
    ),
    "weight cast": (Cast(), "float32-truncation"),
    "dy rounded": (Odd(np.sin, lambda dy, x: np.rint(dy) * np.cos(x)), "integer-truncation"),
}
HEALTHY = {
    "net": Net(),
    "sigmoid net": Net(sigmoid, lambda z, h: h * (1 - h)),
    "net with dropout": Net(scale=2.0),
    "convolution": ConvLast(),
    "convolution with ReLU": ConvLast(relu=True),
    "sorted": Odd(
        lambda x: np.sort(x, 1),
        lambda dy, x: np.take_along_axis(dy, np.argsort(np.argsort(x, 1), 1), 1),
    ),
}


def given_to(layer: gn.Layer) -> Array:
    return IMAGES if isinstance(layer, ConvLast) else X


@pytest.mark.parametrize("title", SICK)
def test_sick_stranger_is_named(title: str) -> None:
    layer, kind = SICK[title]
    report = examined(layer, given_to(layer))
    assert {fault.kind for fault in report.faults} == {kind}, str(report)


@pytest.mark.parametrize("title", HEALTHY)
def test_healthy_stranger_is_clean(title: str) -> None:
    report = examined(HEALTHY[title], given_to(HEALTHY[title]))
    assert report.ok, str(report)


def test_indices_are_not_moved_and_need_no_gradient() -> None:
    report = examined(Choice(), RNG.integers(5, size=(12, 1)))
    assert report.ok, str(report)
